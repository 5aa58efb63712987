//! Which operation a path and a verb name.

use http::Method;

use super::{RelatedPath, Route};
use crate::failure::Failure;
use crate::mass;

/// The first words of paths that no module of that name stands behind.
const RESERVED: [&str; 6] = [
    "actions",
    "org",
    "users",
    "coql",
    "files",
    "__composite_requests",
];

/// A verb on a path: the operation, or the error for a verb the path does not offer.
struct Verb<'a> {
    method: &'a Method,
    wrong_method: u16,
    /// Position of the path's last word.
    index: usize,
}

impl Verb<'_> {
    fn refuse(&self) -> Result<Route, Failure> {
        Err(Failure::invalid_method(self.wrong_method, self.index))
    }

    fn only(&self, verbs: &[&str], route: Route) -> Result<Route, Failure> {
        if verbs.contains(&self.method.as_str()) {
            Ok(route)
        } else {
            self.refuse()
        }
    }

    fn get(&self, route: Route) -> Result<Route, Failure> {
        self.only(&["GET"], route)
    }

    fn post(&self, route: Route) -> Result<Route, Failure> {
        self.only(&["POST"], route)
    }
}

impl Route {
    /// Whether a path belongs to the API and not to the accounts server.
    pub(crate) fn is_api(segments: &[String]) -> bool {
        segments.iter().take(2).any(|segment| segment == "crm")
    }

    /// Finds the operation; `wrong_method` is the status for a known path with another verb.
    pub(crate) fn find(
        method: &Method,
        segments: &[String],
        wrong_method: u16,
    ) -> Result<Self, Failure> {
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let verb = Verb {
            method,
            wrong_method,
            index: path.len().saturating_sub(3),
        };
        let rest = match path.as_slice() {
            ["crm", "v8", rest @ ..] => rest,
            ["crm", "bulk", "v8", rest @ ..] => return bulk(rest, &verb),
            // Where a bulk write's result lies, by the address its job names.
            [_, "crm", _, "bulk-write", id, _] => {
                return verb.get(Self::BulkWriteResult(owned(id)));
            }
            _ => return Err(Failure::invalid_url()),
        };
        match rest {
            ["settings", rest @ ..] => settings(rest, &verb),
            ["upload"] => verb.post(Self::Upload),
            [first, ..] if RESERVED.contains(first) => organisation(rest, &verb),
            [module] => match method.as_str() {
                "GET" => Ok(Self::List(owned(module))),
                "POST" => Ok(Self::Insert(owned(module))),
                "PUT" => Ok(Self::UpdateMany(owned(module))),
                "DELETE" => Ok(Self::DeleteMany(owned(module))),
                _ => verb.refuse(),
            },
            [module, rest @ ..] => records(owned(module), rest, &verb),
            [] => Err(Failure::invalid_url()),
        }
    }
}

fn owned(text: &str) -> String {
    text.to_owned()
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Paths below `/settings`.
fn settings(path: &[&str], verb: &Verb<'_>) -> Result<Route, Failure> {
    match path {
        ["modules"] => verb.get(Route::Modules),
        ["modules", name] => verb.get(Route::Module(owned(name))),
        ["fields"] => verb.only(&["GET", "POST"], Route::Fields),
        ["fields", id] => verb.only(&["GET", "DELETE"], Route::Field(owned(id))),
        ["fields", id, "pick_list_values"] => verb.get(Route::PicklistValues(owned(id))),
        ["layouts"] => verb.get(Route::Layouts),
        ["layouts", id] => verb.get(Route::Layout(owned(id))),
        ["related_lists"] => verb.get(Route::RelatedLists),
        ["related_lists", id] => verb.get(Route::RelatedList(owned(id))),
        ["custom_views"] => verb.get(Route::CustomViews),
        ["custom_views", id] => verb.get(Route::CustomView(owned(id))),
        ["pipeline"] => verb.get(Route::Pipelines),
        ["pipeline", id] => verb.get(Route::Pipeline(owned(id))),
        ["global_picklists"] => verb.get(Route::GlobalPicklists),
        ["global_picklists", id] => verb.get(Route::GlobalPicklist(owned(id))),
        ["tags"] => verb.only(&["GET", "POST", "PUT"], Route::Tags),
        ["tags", id] => verb.only(&["PUT", "DELETE"], Route::Tag(owned(id))),
        ["tags", id, "actions", "records_count"] => verb.get(Route::TagCount(owned(id))),
        ["tags", id, "actions", "merge"] => verb.post(Route::TagMerge(owned(id))),
        // Nobody set one.
        ["duplicate_check_preference"] => verb.get(Route::DuplicateCheck),
        ["recycle_bin"] => verb.only(&["GET", "DELETE"], Route::RecycleBin),
        ["recycle_bin", id] => verb.only(&["GET", "DELETE"], Route::RecycleBinItem(owned(id))),
        _ => Err(Failure::invalid_url()),
    }
}

/// Paths below `/crm/bulk`.
fn bulk(path: &[&str], verb: &Verb<'_>) -> Result<Route, Failure> {
    match path {
        ["read"] => verb.post(Route::BulkRead),
        ["read", id] => verb.get(Route::BulkReadJob(owned(id))),
        ["read", id, "result"] => verb.get(Route::BulkReadResult(owned(id))),
        ["write"] => verb.post(Route::BulkWrite),
        ["write", id] => verb.get(Route::BulkWriteJob(owned(id))),
        _ => Err(Failure::invalid_url()),
    }
}

/// Paths of the whole organisation.
fn organisation(path: &[&str], verb: &Verb<'_>) -> Result<Route, Failure> {
    match path {
        ["coql"] => verb.post(Route::Coql),
        ["actions", "watch"] => verb.only(&["GET", "POST", "PUT", "PATCH", "DELETE"], Route::Watch),
        ["files"] => verb.only(&["GET", "POST"], Route::Files),
        ["__composite_requests"] => verb.post(Route::Composite),
        ["org", "currencies", "actions", "available_currencies"] => {
            verb.get(Route::AvailableCurrencies)
        }
        ["org"] => verb.get(Route::Org),
        ["org", "currencies"] => verb.get(Route::Currencies),
        ["org", "currencies", id] => verb.get(Route::Currency(owned(id))),
        ["users"] => verb.get(Route::Users),
        ["users", id] => verb.get(Route::User(owned(id))),
        _ => Err(Failure::invalid_url()),
    }
}

/// Paths below a module.
fn records(module: String, path: &[&str], verb: &Verb<'_>) -> Result<Route, Failure> {
    match path {
        ["upsert"] => verb.post(Route::Upsert(module)),
        ["deleted"] => verb.get(Route::Deleted(module)),
        ["deleted", id, list] if is_id(id) => verb.get(Route::DeletedRelated(RelatedPath {
            module,
            id: owned(id),
            list: owned(list),
            related: None,
        })),
        ["search"] => verb.get(Route::Search(module)),
        ["actions", "count"] => verb.get(Route::Count(module)),
        ["actions", "change_owner"] => verb.post(Route::ChangeOwner(module, None)),
        ["actions", "add_tags"] => verb.post(Route::AddTags(module, None)),
        ["actions", "remove_tags"] => verb.post(Route::RemoveTags(module, None)),
        ["actions", action] => {
            let kind = match *action {
                "mass_update" => mass::Kind::Update,
                "mass_delete" => mass::Kind::Delete,
                "mass_change_owner" => mass::Kind::Owner,
                "mass_convert" => mass::Kind::Convert,
                _ => return Err(Failure::invalid_url()),
            };
            verb.only(&["GET", "POST"], Route::Mass(kind, module))
        }
        [id, rest @ ..] if is_id(id) => record(module, owned(id), rest, verb),
        _ => Err(Failure::invalid_url()),
    }
}

/// Paths below a record.
fn record(module: String, id: String, path: &[&str], verb: &Verb<'_>) -> Result<Route, Failure> {
    match path {
        [] => match verb.method.as_str() {
            "GET" => Ok(Route::GetOne(module, id)),
            "PUT" => Ok(Route::UpdateOne(module, id)),
            "DELETE" => Ok(Route::DeleteOne(module, id)),
            _ => verb.refuse(),
        },
        ["__conversion_options"] if module == "Leads" => {
            verb.get(Route::ConversionOptions(module, id))
        }
        ["__timeline"] => verb.get(Route::Timeline(module, id)),
        ["photo"] => verb.only(&["GET", "POST", "DELETE"], Route::Photo(module, id)),
        ["actions", action] => match *action {
            "clone" => verb.post(Route::Clone(module, id)),
            "download_fields_attachment" => verb.get(Route::FieldFile(module, id)),
            "fetch_full_data" => verb.get(Route::FullData(module, id)),
            "convert" => verb.post(Route::Convert(module, id)),
            "change_owner" => verb.post(Route::ChangeOwner(module, Some(id))),
            "add_tags" => verb.post(Route::AddTags(module, Some(id))),
            "remove_tags" => verb.post(Route::RemoveTags(module, Some(id))),
            _ => Err(Failure::invalid_url()),
        },
        ["actions", ..] => Err(Failure::invalid_url()),
        [list, rest @ ..] => {
            let related = match rest {
                [] => None,
                [related] => Some(owned(related)),
                _ => return Err(Failure::invalid_url()),
            };
            let list = owned(list);
            let path = RelatedPath {
                module,
                id,
                list,
                related,
            };
            match path.list.as_str() {
                "Attachments" => verb.only(&["GET", "POST", "DELETE"], Route::Attachments(path)),
                "Locking_Information__s" => {
                    verb.only(&["GET", "POST", "PUT", "DELETE"], Route::Locks(path))
                }
                _ => verb.only(&["GET", "POST", "PUT", "DELETE"], Route::Related(path)),
            }
        }
    }
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
}
