//! Which operation a path and verb name, which scope it needs and what it costs.

use http::Method;

use crate::failure::Failure;

/// An operation of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    List(String),
    GetOne(String, String),
    Insert(String),
    UpdateMany(String),
    UpdateOne(String, String),
    Upsert(String),
    DeleteMany(String),
    DeleteOne(String, String),
    Deleted(String),
    Search(String),
    Count(String),
    Coql,
    Watch,
    Modules,
    Module(String),
    Fields,
    Field(String),
    PicklistValues(String),
    Layouts,
    Layout(String),
    RelatedLists,
    Org,
    Currencies,
    Users,
    User(String),
}

impl Route {
    /// Finds the operation; `wrong_method` is the status for a known path with another verb.
    pub(crate) fn find(
        method: &Method,
        segments: &[String],
        wrong_method: u16,
    ) -> Result<Self, Failure> {
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ["crm", "v8", rest @ ..] = path.as_slice() else {
            return Err(Failure::invalid_url());
        };
        let refuse = || {
            Err(Failure::invalid_method(
                wrong_method,
                rest.len().saturating_sub(1),
            ))
        };
        let get = |route: Self| {
            if method == Method::GET {
                Ok(route)
            } else {
                refuse()
            }
        };
        let owned = |text: &&str| (*text).to_owned();
        match rest {
            ["coql"] if method == Method::POST => Ok(Self::Coql),
            ["coql"] => refuse(),
            ["actions", "watch"] => match method.as_str() {
                "GET" | "POST" | "PUT" | "PATCH" | "DELETE" => Ok(Self::Watch),
                _ => refuse(),
            },
            ["settings", "modules"] => get(Self::Modules),
            ["settings", "modules", name] => get(Self::Module(owned(name))),
            ["settings", "fields"] => get(Self::Fields),
            ["settings", "fields", id] => get(Self::Field(owned(id))),
            ["settings", "fields", id, "pick_list_values"] => get(Self::PicklistValues(owned(id))),
            ["settings", "layouts"] => get(Self::Layouts),
            ["settings", "layouts", id] => get(Self::Layout(owned(id))),
            ["settings", "related_lists"] => get(Self::RelatedLists),
            ["org"] => get(Self::Org),
            ["org", "currencies"] => get(Self::Currencies),
            ["users"] => get(Self::Users),
            ["users", id] => get(Self::User(owned(id))),
            ["settings" | "actions" | "org" | "users" | "coql", ..] | [] => {
                Err(Failure::invalid_url())
            }
            [module] => match method.as_str() {
                "GET" => Ok(Self::List(owned(module))),
                "POST" => Ok(Self::Insert(owned(module))),
                "PUT" => Ok(Self::UpdateMany(owned(module))),
                "DELETE" => Ok(Self::DeleteMany(owned(module))),
                _ => refuse(),
            },
            [module, "upsert"] if method == Method::POST => Ok(Self::Upsert(owned(module))),
            [_, "upsert"] => refuse(),
            [module, "deleted"] => get(Self::Deleted(owned(module))),
            [module, "search"] => get(Self::Search(owned(module))),
            [module, "actions", "count"] => get(Self::Count(owned(module))),
            [module, id] if id.bytes().all(|byte| byte.is_ascii_digit()) => match method.as_str() {
                "GET" => Ok(Self::GetOne(owned(module), owned(id))),
                "PUT" => Ok(Self::UpdateOne(owned(module), owned(id))),
                "DELETE" => Ok(Self::DeleteOne(owned(module), owned(id))),
                _ => refuse(),
            },
            _ => Err(Failure::invalid_url()),
        }
    }

    /// The word under which calls are counted.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::List(_) => "list",
            Self::GetOne(..) => "get",
            Self::Insert(_) => "insert",
            Self::UpdateMany(_) | Self::UpdateOne(..) => "update",
            Self::Upsert(_) => "upsert",
            Self::DeleteMany(_) | Self::DeleteOne(..) => "delete",
            Self::Deleted(_) => "deleted",
            Self::Search(_) => "search",
            Self::Count(_) => "count",
            Self::Coql => "coql",
            Self::Watch => "watch",
            Self::Org => "org",
            Self::Currencies => "currencies",
            Self::Users | Self::User(_) => "users",
            _ => "metadata",
        }
    }

    /// The module a record operation works on.
    pub(crate) fn module(&self) -> Option<&str> {
        match self {
            Self::List(module)
            | Self::GetOne(module, _)
            | Self::Insert(module)
            | Self::UpdateMany(module)
            | Self::UpdateOne(module, _)
            | Self::Upsert(module)
            | Self::DeleteMany(module)
            | Self::DeleteOne(module, _)
            | Self::Deleted(module)
            | Self::Search(module)
            | Self::Count(module) => Some(module),
            _ => None,
        }
    }

    /// Whether the body holds rows that are inserted, updated or upserted.
    pub(crate) const fn writes_rows(&self) -> bool {
        matches!(
            self,
            Self::Insert(_) | Self::UpdateMany(_) | Self::UpdateOne(..) | Self::Upsert(_)
        )
    }

    /// Scopes that must all be granted (reference: zoho-crm-v8 section 1.8).
    pub(crate) fn scopes(&self, method: &Method) -> Vec<String> {
        let verb = match method.as_str() {
            "GET" => "READ",
            "POST" => "CREATE",
            "DELETE" => "DELETE",
            _ => "UPDATE",
        };
        if let Some(module) = self.module() {
            let module = module.replace('_', "").to_lowercase();
            let mut scopes = vec![format!("ZohoCRM.modules.{module}.{verb}")];
            if matches!(self, Self::Upsert(_)) {
                scopes.push(format!("ZohoCRM.modules.{module}.UPDATE"));
            }
            if matches!(self, Self::Search(_)) {
                scopes.push("ZohoSearch.securesearch.READ".to_owned());
            }
            return scopes;
        }
        let scope = match self {
            Self::Coql => "ZohoCRM.coql.READ".to_owned(),
            Self::Watch => format!("ZohoCRM.notifications.{verb}"),
            Self::Modules | Self::Module(_) => "ZohoCRM.settings.modules.READ".to_owned(),
            Self::Fields | Self::Field(_) | Self::PicklistValues(_) => {
                "ZohoCRM.settings.fields.READ".to_owned()
            }
            Self::Layouts | Self::Layout(_) => "ZohoCRM.settings.layouts.READ".to_owned(),
            Self::RelatedLists => "ZohoCRM.settings.related_lists.READ".to_owned(),
            Self::Currencies => "ZohoCRM.settings.currencies.READ".to_owned(),
            Self::Org => "ZohoCRM.org.READ".to_owned(),
            _ => "ZohoCRM.users.READ".to_owned(),
        };
        vec![scope]
    }
}

/// Whether a granted scope covers a needed one: `ALL` at any level covers what lies below, `WRITE` covers the writing verbs.
pub(crate) fn scope_covers(granted: &str, needed: &str) -> bool {
    let granted: Vec<String> = granted.split('.').map(str::to_lowercase).collect();
    let needed: Vec<String> = needed.split('.').map(str::to_lowercase).collect();
    for (position, part) in granted.iter().enumerate() {
        if part == "all" {
            return position < needed.len();
        }
        let Some(wanted) = needed.get(position) else {
            return false;
        };
        let writes = part == "write" && matches!(wanted.as_str(), "create" | "update");
        if part != wanted && !writes {
            return false;
        }
    }
    granted.len() == needed.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(method: &Method, path: &str) -> Result<Route, &'static str> {
        let segments: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        Route::find(method, &segments, 400).map_err(|failure| failure.code)
    }

    #[test]
    fn wrong_verbs_and_unknown_paths_are_told_apart() {
        assert_eq!(find(&Method::POST, "/crm/v8/coql"), Ok(Route::Coql));
        assert_eq!(
            find(&Method::GET, "/crm/v8/coql"),
            Err("INVALID_REQUEST_METHOD")
        );
        assert_eq!(
            find(&Method::PATCH, "/crm/v8/Accounts"),
            Err("INVALID_REQUEST_METHOD")
        );
        assert_eq!(
            find(&Method::GET, "/crm/v8/Accounts/upsrt"),
            Err("INVALID_URL_PATTERN")
        );
        assert_eq!(
            find(&Method::GET, "/crm/v9/Accounts"),
            Err("INVALID_URL_PATTERN")
        );
    }

    #[test]
    fn a_scope_covers_what_lies_below_it() {
        assert!(scope_covers(
            "ZohoCRM.modules.ALL",
            "ZohoCRM.modules.accounts.READ"
        ));
        assert!(scope_covers(
            "ZohoCRM.modules.Accounts.ALL",
            "ZohoCRM.modules.accounts.UPDATE"
        ));
        assert!(scope_covers(
            "ZohoCRM.modules.accounts.WRITE",
            "ZohoCRM.modules.accounts.CREATE"
        ));
        assert!(!scope_covers(
            "ZohoCRM.modules.accounts.READ",
            "ZohoCRM.modules.accounts.DELETE"
        ));
        assert!(!scope_covers(
            "ZohoCRM.modules.accounts.ALL",
            "ZohoCRM.modules.contacts.READ"
        ));
        assert!(scope_covers(
            "ZohoCRM.settings.ALL",
            "ZohoCRM.settings.fields.READ"
        ));
    }
}
