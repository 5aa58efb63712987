//! Which scopes an operation needs (reference: zoho-crm-v8 section 1.8).

use http::Method;

use super::Route;
use crate::mass;

impl Route {
    /// Scopes that must all be granted.
    pub(crate) fn scopes(&self, method: &Method) -> Vec<String> {
        let verb = match method.as_str() {
            "GET" => "READ",
            "POST" => "CREATE",
            "DELETE" => "DELETE",
            _ => "UPDATE",
        };
        let verb = match self {
            // They are posted, and change records that are there.
            Self::AddTags(..) | Self::RemoveTags(..) | Self::ChangeOwner(..) | Self::Photo(..)
                if method != Method::GET =>
            {
                "UPDATE"
            }
            Self::TagMerge(_) => "UPDATE",
            Self::Mass(mass::Kind::Delete, _) if method == Method::POST => "DELETE",
            Self::Mass(..) if method == Method::POST => "UPDATE",
            _ => verb,
        };
        if let Self::Attachments(_) = self {
            return vec![format!("ZohoCRM.modules.attachments.{verb}")];
        }
        if let Self::Mass(mass::Kind::Convert, module) = self {
            let verb = if method == Method::GET {
                "READ"
            } else {
                "CREATE"
            };
            let module = module.replace('_', "");
            return vec![format!("ZohoCRM.mass_convert.{module}.{verb}")];
        }
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
        // Each part of a composite request needs its own.
        if *self == Self::Composite {
            return Vec::new();
        }
        let area = match self {
            Self::Files => "ZohoCRM.files",
            Self::Tags | Self::Tag(_) | Self::TagCount(_) | Self::TagMerge(_) => {
                "ZohoCRM.settings.tags"
            }
            Self::Upload => "ZohoFiles.files",
            Self::BulkRead
            | Self::BulkReadJob(_)
            | Self::BulkReadResult(_)
            | Self::BulkWrite
            | Self::BulkWriteJob(_)
            | Self::BulkWriteResult(_) => "ZohoCRM.bulk",
            Self::Coql => "ZohoCRM.coql",
            Self::Watch => "ZohoCRM.notifications",
            Self::Modules | Self::Module(_) => "ZohoCRM.settings.modules",
            Self::Fields | Self::Field(_) | Self::PicklistValues(_) => "ZohoCRM.settings.fields",
            Self::Layouts | Self::Layout(_) => "ZohoCRM.settings.layouts",
            Self::RelatedLists | Self::RelatedList(_) => "ZohoCRM.settings.related_lists",
            Self::CustomViews | Self::CustomView(_) => "ZohoCRM.settings.custom_views",
            Self::Pipelines | Self::Pipeline(_) => "ZohoCRM.settings.pipeline",
            Self::GlobalPicklists | Self::GlobalPicklist(_) => "ZohoCRM.settings.global_picklist",
            Self::DuplicateCheck => "ZohoCRM.settings.duplicate_check_preference",
            Self::RecycleBin | Self::RecycleBinItem(_) => "ZohoCRM.settings.recycle_bin",
            Self::Currencies | Self::Currency(_) | Self::AvailableCurrencies => {
                "ZohoCRM.settings.currencies"
            }
            Self::Org => "ZohoCRM.org",
            _ => "ZohoCRM.users",
        };
        // A query is posted, and reads.
        let verb = if *self == Self::Coql { "READ" } else { verb };
        vec![format!("{area}.{verb}")]
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
    use super::scope_covers;

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
