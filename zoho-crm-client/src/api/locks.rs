//! Locking records (reference: Zoho v8 OpenAPI `record_locking`, read 2026-11).

use http::Method;
use serde::Serialize;

use super::{Outgoing, RelatedRequest, Written, outcome::parse_row, record::Place};
use crate::{
    error::Error,
    model::{Model, RecordLock},
    names::{FieldName, RecordId},
};

const LOCK: &str = "zoho.locks.lock";
const UPDATE: &str = "zoho.locks.update";
const UNLOCK: &str = "zoho.locks.unlock";

/// Name of the related list of a record's locks.
const LIST: &str = "Locking_Information__s";

/// The locks of a record: while there is one, only some users can change it.
#[derive(Clone, Debug)]
pub struct Locks {
    place: Place,
}

#[derive(Serialize)]
struct Body<'a> {
    data: [Reason<'a>; 1],
}

#[derive(Serialize)]
struct Reason<'a> {
    #[serde(rename = "Locked_Reason__s")]
    reason: &'a str,
}

impl Locks {
    pub(super) fn new(place: Place) -> Self {
        Self { place }
    }

    /// Lists them. Zoho's own sources spell the fields differently: name those that the organisation's metadata of
    /// `Locking_Information__s` has if the default ones are refused.
    pub fn list(&self) -> RelatedRequest<RecordLock> {
        let fields = RecordLock::fields().iter().copied().map(FieldName::from);
        RelatedRequest::new(self.place.clone(), LIST.into(), fields.collect())
    }

    /// Locks the record. Not repeated after a lost answer. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn lock(&self, reason: &str) -> Result<Written, Error> {
        let outgoing = self.write(LOCK, Method::POST, None, Some(reason))?;
        self.place.client.send(outgoing, parse_row).await
    }

    /// Changes the reason of a lock. Safe to repeat. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn update(&self, lock: &RecordId, reason: &str) -> Result<Written, Error> {
        let outgoing = self.write(UPDATE, Method::PUT, Some(lock), Some(reason))?;
        self.place.client.send(outgoing, parse_row).await
    }

    /// Takes a lock off. Safe to repeat. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn unlock(&self, lock: &RecordId) -> Result<Written, Error> {
        let outgoing = self.write(UNLOCK, Method::DELETE, Some(lock), None)?;
        self.place.client.send(outgoing, parse_row).await
    }

    fn write(
        &self,
        operation: &'static str,
        method: Method,
        lock: Option<&RecordId>,
        reason: Option<&str>,
    ) -> Result<Outgoing, Error> {
        let mut path = format!("{}/{LIST}", self.place.path(operation)?);
        if let Some(lock) = lock {
            path.push('/');
            path.push_str(lock.as_str());
        }
        let outgoing = Outgoing::change(operation, method, &path)
            .of_module(&self.place.module)
            .repeatable(lock.is_some());
        match reason {
            Some(reason) => outgoing.json(&Body {
                data: [Reason { reason }],
            }),
            None => Ok(outgoing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::record::place;

    #[test]
    fn the_requests() {
        let locks = Locks::new(place("Accounts", "12"));
        let lock = locks
            .write(LOCK, Method::POST, None, Some("audit"))
            .unwrap();
        assert!(!lock.repeatable && lock.writes);
        let request = lock.into_request().unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "/crm/v8/Accounts/12/Locking_Information__s");
        assert_eq!(request.body(), r#"{"data":[{"Locked_Reason__s":"audit"}]}"#);
        let id = "34".parse().unwrap();
        let unlock = locks
            .write(UNLOCK, Method::DELETE, Some(&id), None)
            .unwrap();
        assert!(unlock.repeatable);
        let request = unlock.into_request().unwrap();
        assert_eq!(
            request.uri(),
            "/crm/v8/Accounts/12/Locking_Information__s/34"
        );
        assert!(request.body().is_empty());
    }
}
