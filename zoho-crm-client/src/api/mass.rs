//! One change to many records: by ids at once, by a custom view as a job of Zoho's (reference: Zoho v8 section 2.1 and
//! OpenAPI `mass_update`, `mass_delete_cvid`, `mass_change_owner`, read 2026-11).

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Failure, JobState, Outgoing, OwnerChange, Received, WriteOutcomes, action,
    calls::{WriteCall, run},
    outgoing::module_path,
    owner::Owner,
    tags::in_calls,
};
use crate::{
    client::ZohoClient,
    error::Error,
    model::Record,
    names::{MassJobId, ModuleName, RecordId},
};

/// Mass changes of a module.
#[derive(Clone, Debug)]
pub struct Mass {
    client: ZohoClient,
    module: ModuleName,
}

/// What a job changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MassKind {
    /// Fields.
    Update,
    /// Moves records to the recycle bin.
    Delete,
    /// The owner.
    ChangeOwner,
    /// Converts leads, or quotes and orders.
    Convert,
}

impl MassKind {
    fn action(self) -> &'static str {
        match self {
            Self::Update => "mass_update",
            Self::Delete => "mass_delete",
            Self::ChangeOwner => "mass_change_owner",
            Self::Convert => "mass_convert",
        }
    }

    fn operation(self) -> &'static str {
        match self {
            Self::Update => "zoho.mass.update",
            Self::Delete => "zoho.mass.delete",
            Self::ChangeOwner => "zoho.mass.change_owner",
            Self::Convert => "zoho.mass.convert",
        }
    }

    /// A request to start something of this kind.
    pub(super) fn request(self, module: &ModuleName) -> Result<Outgoing, Error> {
        let operation = self.operation();
        let path = format!(
            "{}/actions/{}",
            module_path(operation, module)?,
            self.action()
        );
        Ok(Outgoing::change(operation, Method::POST, &path).of_module(module))
    }

    fn status_request(self, module: &ModuleName, job: &MassJobId) -> Result<Outgoing, Error> {
        let operation = self.operation();
        let path = format!(
            "{}/actions/{}",
            module_path(operation, module)?,
            self.action()
        );
        Ok(Outgoing::get(operation, &path)
            .of_module(module)
            .query("job_id", job.as_str()))
    }
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MassJobStatus {
    /// Its state.
    pub state: JobState,
    /// Records that it is about.
    pub total: Option<u64>,
    /// Records that were changed, deleted or converted.
    pub done: Option<u64>,
    /// Records that were left as they are.
    pub left: Option<u64>,
    /// Records for which it failed.
    pub failed: Option<u64>,
}

#[derive(Serialize)]
struct Update<'a> {
    data: [&'a Record; 1],
    #[serde(flatten)]
    which: Which<'a>,
}

#[derive(Serialize)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner<'a>>,
    #[serde(flatten)]
    which: Which<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Which<'a> {
    Ids(&'a [RecordId]),
    Cvid(&'a RecordId),
}

impl Mass {
    pub(super) fn new(client: ZohoClient, module: ModuleName) -> Self {
        Self { client, module }
    }

    /// Sets the same fields of many records, 100 in a call. Safe to repeat.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its records.
    pub async fn update(
        &self,
        records: &[RecordId],
        fields: &Record,
    ) -> Result<WriteOutcomes, Error> {
        run(&self.client, self.update_calls(records, fields)?).await
    }

    fn update_calls(&self, records: &[RecordId], fields: &Record) -> Result<Vec<WriteCall>, Error> {
        in_calls(records, |ids| {
            MassKind::Update
                .request(&self.module)?
                .writes_rows(ids.len())
                .repeatable(fields.growing_field().is_none())
                .json(&Update {
                    data: [fields],
                    which: Which::Ids(ids),
                })
        })
    }

    /// Starts a job that sets the same fields of all records of a custom view. Not repeated after a lost answer.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it, for example because there are no records.
    pub async fn update_view(&self, view: &RecordId, fields: &Record) -> Result<MassJobId, Error> {
        let outgoing = MassKind::Update.request(&self.module)?.json(&Update {
            data: [fields],
            which: Which::Cvid(view),
        })?;
        self.client.send(outgoing, parse_job).await
    }

    /// Moves many records to the recycle bin, 100 in a call. Costs 1 credit a call.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its records.
    pub async fn delete(&self, records: &[RecordId]) -> Result<WriteOutcomes, Error> {
        run(&self.client, self.delete_calls(records)?).await
    }

    fn delete_calls(&self, records: &[RecordId]) -> Result<Vec<WriteCall>, Error> {
        in_calls(records, |ids| {
            MassKind::Delete
                .request(&self.module)?
                .rows(ids.len())
                .repeatable(true)
                .json(&Change {
                    owner: None,
                    which: Which::Ids(ids),
                })
        })
    }

    /// Starts a job that moves all records of a custom view to the recycle bin. Not repeated after a lost answer.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn delete_view(&self, view: &RecordId) -> Result<MassJobId, Error> {
        let outgoing = MassKind::Delete.request(&self.module)?.json(&Change {
            owner: None,
            which: Which::Cvid(view),
        })?;
        self.client.send(outgoing, parse_job).await
    }

    /// Starts a job that gives all records of a custom view to a user. Who is told of it and what goes along is for
    /// [single changes](crate::ModuleApi::change_owner) only. Not repeated after a lost answer.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn change_owner_of_view(
        &self,
        view: &RecordId,
        owner: &OwnerChange,
    ) -> Result<MassJobId, Error> {
        let outgoing = MassKind::ChangeOwner.request(&self.module)?.json(&Change {
            owner: Some(owner.owner()),
            which: Which::Cvid(view),
        })?;
        self.client.send(outgoing, parse_job).await
    }

    /// How far a job is; `None` when Zoho does not know it. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn status(
        &self,
        kind: MassKind,
        job: &MassJobId,
    ) -> Result<Option<MassJobStatus>, Error> {
        let outgoing = kind.status_request(&self.module, job)?;
        self.client.send(outgoing, parse_status).await
    }
}

pub(super) fn parse_job(received: &Received) -> Result<MassJobId, Failure> {
    #[derive(Deserialize)]
    struct Details {
        job_id: Option<MassJobId>,
        // Zoho's documents show this one, or both.
        id: Option<MassJobId>,
    }
    let details: Details = action::details(received)?;
    details
        .job_id
        .or(details.id)
        .ok_or_else(|| Failure::Inconsistent("Zoho started a job and names none".to_owned()))
}

/// The status stands at the root or in `data`; the counts are named after what the job does, in two spellings.
fn parse_status(received: &Received) -> Result<Option<MassJobStatus>, Failure> {
    let Some(body) = received.json::<Value>()? else {
        return Ok(None);
    };
    let row = body
        .get("data")
        .and_then(|data| data.get(0))
        .unwrap_or(&body);
    let text = |keys: &[&str]| keys.iter().find_map(|key| row.get(key)?.as_str());
    let count = |keys: &[&str]| {
        keys.iter().find_map(|key| match row.get(key)? {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64(),
        })
    };
    let Some(state) = text(&["Status", "status"]) else {
        return Err(received.failure());
    };
    Ok(Some(MassJobStatus {
        state: JobState::parse(state),
        total: count(&["Total_Count", "total_count"]),
        done: count(&[
            "Updated_Count",
            "Deleted_Count",
            "Converted_Count",
            "converted_count",
        ]),
        left: count(&[
            "Not_Updated_Count",
            "Not_Converted_Count",
            "not_converted_count",
        ]),
        failed: count(&["Failed_Count", "failed_count"]),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{answer::received, record::place};

    fn mass() -> Mass {
        Mass::new(place("Leads", "1").client, "Leads".into())
    }

    fn body(outgoing: Outgoing) -> (String, Value) {
        let request = outgoing.into_request().unwrap();
        assert_eq!(request.method(), "POST");
        (
            request.uri().to_string(),
            serde_json::from_slice(request.body()).unwrap(),
        )
    }

    #[test]
    fn records_are_named_by_id_or_by_view() {
        let ids = ["12", "13"].map(|id| id.parse().unwrap());
        let fields = Record::new().with("City", "Bern");
        let update = mass().update_calls(&ids, &fields).unwrap().remove(0);
        assert!(update.outgoing.repeatable);
        assert_eq!(
            body(update.outgoing),
            (
                "/crm/v8/Leads/actions/mass_update".to_owned(),
                json!({"data": [{"City": "Bern"}], "ids": ["12", "13"]})
            )
        );
        let delete = mass().delete_calls(&ids).unwrap().remove(0);
        assert_eq!(
            body(delete.outgoing),
            (
                "/crm/v8/Leads/actions/mass_delete".to_owned(),
                json!({"ids": ["12", "13"]})
            )
        );
        let view = "99".parse().unwrap();
        let owner = OwnerChange::to("9".parse().unwrap());
        let change = MassKind::ChangeOwner.request(&mass().module).unwrap();
        assert!(!change.repeatable);
        let change = change.json(&Change {
            owner: Some(owner.owner()),
            which: Which::Cvid(&view),
        });
        assert_eq!(
            body(change.unwrap()),
            (
                "/crm/v8/Leads/actions/mass_change_owner".to_owned(),
                json!({"owner": {"id": "9"}, "cvid": "99"})
            )
        );
        let mut growing = fields;
        growing.append_values("Colours", vec!["red"]);
        assert!(
            !mass().update_calls(&ids, &growing).unwrap()[0]
                .outgoing
                .repeatable
        );
    }

    #[test]
    fn the_status_of_a_job_is_asked_for_where_it_was_started() {
        let job = "77".parse().unwrap();
        for (kind, action) in [
            (MassKind::Update, "mass_update"),
            (MassKind::Delete, "mass_delete"),
            (MassKind::ChangeOwner, "mass_change_owner"),
            (MassKind::Convert, "mass_convert"),
        ] {
            let outgoing = kind.status_request(&"Leads".into(), &job).unwrap();
            assert!(outgoing.repeatable && !outgoing.writes);
            assert_eq!(
                outgoing.into_request().unwrap().uri(),
                format!("/crm/v8/Leads/actions/{action}?job_id=77").as_str()
            );
        }
    }

    #[test]
    fn jobs_and_their_states_are_read_in_every_spelling() {
        let job = r#"{"data":[{"status":"success","code":"SUCCESS","message":"mass delete scheduled successfully","details":{"job_id":"77"}}]}"#;
        assert_eq!(parse_job(&received(200, job)).unwrap(), "77");
        let both = r#"{"data":[{"status":"success","code":"SUCCESS","message":"owner is successfully updated","details":{"id":"78","job_id":"77"}}]}"#;
        assert_eq!(parse_job(&received(200, both)).unwrap(), "77");
        let none = r#"{"code":"SCHEDULED","details":{},"message":"","status":"success"}"#;
        assert!(matches!(
            parse_job(&received(200, none)),
            Err(Failure::Inconsistent(_))
        ));
        let status = |body: &'static str| parse_status(&received(200, body)).unwrap().unwrap();
        let update = status(
            r#"{"data":[{"Status":"COMPLETED","Failed_Count":1,"Updated_Count":7,"Not_Updated_Count":2,"Total_Count":10}]}"#,
        );
        assert_eq!(
            update,
            MassJobStatus {
                state: JobState::Completed,
                total: Some(10),
                done: Some(7),
                left: Some(2),
                failed: Some(1)
            }
        );
        let convert = status(
            r#"{"total_count":"10","converted_count":9,"not_converted_count":0,"failed_count":1,"status":"Running"}"#,
        );
        assert_eq!(
            (convert.state, convert.done),
            (JobState::InProgress, Some(9))
        );
        assert_eq!(
            status(r#"{"data":[{"Status":"PAUSED"}]}"#).state,
            JobState::Other("PAUSED".to_owned())
        );
        assert!(parse_status(&received(204, "")).unwrap().is_none());
        assert!(parse_status(&received(200, "{}")).is_err());
    }
}
