//! Giving records to another user (reference: Zoho v8 OpenAPI `change_owner`, `mass_change_owner`, read 2026-11).

use http::Method;
use serde::Serialize;

use super::{Outgoing, calls::WriteCall, outgoing::module_path, record::Place, tags::in_calls};
use crate::{
    error::Error,
    names::{ModuleName, RecordId},
};

const CHANGE: &str = "zoho.records.change_owner";

/// Whom records are given to, and what goes with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerChange {
    owner: RecordId,
    notify: bool,
    related_modules: Vec<ModuleName>,
}

impl OwnerChange {
    /// To the user `owner`, who is not told of it.
    #[must_use]
    pub fn to(owner: RecordId) -> Self {
        Self {
            owner,
            notify: false,
            related_modules: Vec::new(),
        }
    }

    /// Tells the new owner by mail.
    #[must_use]
    pub fn notify(mut self) -> Self {
        self.notify = true;
        self
    }

    /// Changes the owner of related records in these modules too.
    #[must_use]
    pub fn with_related<M: Into<ModuleName>>(
        mut self,
        modules: impl IntoIterator<Item = M>,
    ) -> Self {
        self.related_modules = modules.into_iter().map(Into::into).collect();
        self
    }

    pub(super) fn owner(&self) -> Owner<'_> {
        Owner { id: &self.owner }
    }
}

#[derive(Serialize)]
pub(super) struct Owner<'a> {
    pub(super) id: &'a RecordId,
}

#[derive(Serialize)]
struct Named<'a> {
    api_name: &'a ModuleName,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ids: &'a [RecordId],
    owner: Owner<'a>,
    notify: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_modules: Vec<Named<'a>>,
}

impl<'a> Body<'a> {
    fn new(change: &'a OwnerChange, ids: &'a [RecordId]) -> Self {
        let named = |api_name| Named { api_name };
        Self {
            ids,
            owner: change.owner(),
            notify: change.notify,
            related_modules: change.related_modules.iter().map(named).collect(),
        }
    }
}

/// Giving a record to its owner again changes nothing; telling the owner again would be a nuisance.
fn change(module: &ModuleName, path: &str, change: &OwnerChange) -> Outgoing {
    Outgoing::change(
        CHANGE,
        Method::POST,
        &format!("{path}/actions/change_owner"),
    )
    .of_module(module)
    .repeatable(!change.notify)
}

pub(super) fn one(place: &Place, owner: &OwnerChange) -> Result<Outgoing, Error> {
    change(&place.module, &place.path(CHANGE)?, owner).json(&Body::new(owner, &[]))
}

pub(super) fn many(
    module: &ModuleName,
    ids: &[RecordId],
    owner: &OwnerChange,
) -> Result<Vec<WriteCall>, Error> {
    let path = module_path(CHANGE, module)?;
    in_calls(ids, |ids| {
        change(module, &path, owner)
            .rows(ids.len())
            .json(&Body::new(owner, ids))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::record::place;

    #[test]
    fn one_record_and_many() {
        let owner = OwnerChange::to("9".parse().unwrap());
        let outgoing = one(&place("Accounts", "12"), &owner).unwrap();
        assert!(outgoing.repeatable && outgoing.writes);
        let request = outgoing.into_request().unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "/crm/v8/Accounts/12/actions/change_owner");
        assert_eq!(request.body(), r#"{"owner":{"id":"9"},"notify":false}"#);

        let owner = owner.notify().with_related(["Contacts", "Deals"]);
        let ids = ["12", "13"].map(|id| id.parse().unwrap());
        let call = many(&"Accounts".into(), &ids, &owner).unwrap().remove(0);
        assert!(!call.outgoing.repeatable);
        let request = call.outgoing.into_request().unwrap();
        assert_eq!(request.uri(), "/crm/v8/Accounts/actions/change_owner");
        assert_eq!(
            serde_json::from_slice::<Value>(request.body()).unwrap(),
            json!({"ids": ["12", "13"], "owner": {"id": "9"}, "notify": true, "related_modules": [{"api_name": "Contacts"}, {"api_name": "Deals"}]})
        );
    }
}
