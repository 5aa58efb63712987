//! Tags: of a module, and on records (reference: Zoho v8 OpenAPI `tags`, read 2026-11).

use http::Method;
use serde::{Deserialize, Serialize};

use super::{
    Failure, Outgoing, Received, WriteOutcomes, action,
    batch::ROWS_PER_CALL,
    calls::{WriteCall, run},
    outcome::parse_rows,
    outgoing::module_path,
    search::parse_count,
};
use crate::{
    client::ZohoClient,
    error::Error,
    model::Tag,
    names::{ModuleName, RecordId},
};

const LIST: &str = "zoho.tags.list";
const CREATE: &str = "zoho.tags.create";
const UPDATE: &str = "zoho.tags.update";
const DELETE: &str = "zoho.tags.delete";
const MERGE: &str = "zoho.tags.merge";
const COUNT: &str = "zoho.tags.count";
const ADD: &str = "zoho.tags.add";
const REMOVE: &str = "zoho.tags.remove";

/// The tags of a module.
#[derive(Clone, Debug)]
pub struct Tags {
    client: ZohoClient,
    module: ModuleName,
}

/// A tag as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewTag {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    color_code: Option<String>,
}

impl NewTag {
    /// A tag called `name`, of at most 25 characters.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            color_code: None,
        }
    }

    /// Gives it a colour, one of those that Zoho offers, such as `#57B1FD`.
    #[must_use]
    pub fn color_code(mut self, color: impl Into<String>) -> Self {
        self.color_code = Some(color.into());
        self
    }
}

impl From<&str> for NewTag {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

#[derive(Serialize)]
struct Definitions<'a> {
    tags: Vec<Definition<'a>>,
}

#[derive(Serialize)]
struct Definition<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RecordId>,
    #[serde(flatten)]
    tag: &'a NewTag,
}

#[derive(Serialize)]
struct OnRecords<'a> {
    tags: &'a [NewTag],
    #[serde(skip_serializing_if = "Option::is_none")]
    over_write: Option<bool>,
    ids: Vec<&'a RecordId>,
}

impl Tags {
    pub(super) fn new(client: ZohoClient, module: ModuleName) -> Self {
        Self { client, module }
    }

    /// All tags of the module. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn list(&self) -> Result<Vec<Tag>, Error> {
        let outgoing = self.settings(Outgoing::get(LIST, "/settings/tags"));
        self.client.send(outgoing, parse_list).await
    }

    /// Creates tags. Not repeated after a lost answer.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its tags.
    pub async fn create(&self, tags: &[NewTag]) -> Result<WriteOutcomes, Error> {
        let tags: Vec<(Option<&RecordId>, &NewTag)> = tags.iter().map(|tag| (None, tag)).collect();
        run(
            &self.client,
            self.define_calls(CREATE, Method::POST, &tags)?,
        )
        .await
    }

    /// Changes name or colour of tags by id. Safe to repeat.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its tags.
    pub async fn update(&self, tags: &[(RecordId, NewTag)]) -> Result<WriteOutcomes, Error> {
        let tags: Vec<(Option<&RecordId>, &NewTag)> =
            tags.iter().map(|(id, tag)| (Some(id), tag)).collect();
        run(&self.client, self.define_calls(UPDATE, Method::PUT, &tags)?).await
    }

    /// Deletes a tag, and takes it off all records. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn delete(&self, id: &RecordId) -> Result<(), Error> {
        let path = format!("/settings/tags/{id}");
        let outgoing = Outgoing::change(DELETE, Method::DELETE, &path)
            .of_module(&self.module)
            .repeatable(true);
        self.client.send(outgoing, action::done).await
    }

    /// Makes one tag of two: records with `other` get `id`, and `other` is gone. Not repeated after a lost answer.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses it.
    pub async fn merge(&self, id: &RecordId, other: &RecordId) -> Result<(), Error> {
        self.client
            .send(self.merge_request(id, other)?, action::done)
            .await
    }

    fn merge_request(&self, id: &RecordId, other: &RecordId) -> Result<Outgoing, Error> {
        #[derive(Serialize)]
        struct Conflict<'a> {
            conflict_id: &'a RecordId,
        }
        #[derive(Serialize)]
        struct Body<'a> {
            tags: [Conflict<'a>; 1],
        }
        let path = format!("/settings/tags/{id}/actions/merge");
        Outgoing::change(MERGE, Method::POST, &path)
            .of_module(&self.module)
            .json(&Body {
                tags: [Conflict { conflict_id: other }],
            })
    }

    /// How many records have the tag. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn count(&self, id: &RecordId) -> Result<u64, Error> {
        let path = format!("/settings/tags/{id}/actions/records_count");
        let outgoing = self.settings(Outgoing::get(COUNT, &path));
        self.client.send(outgoing, parse_count).await
    }

    /// Adds tags to records, 100 in a call; tags that do not exist are created. What a record has already, it has
    /// once: safe to repeat. Costs 1 credit for each started 50 records.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its records.
    pub async fn add_to(
        &self,
        records: &[RecordId],
        tags: &[NewTag],
    ) -> Result<WriteOutcomes, Error> {
        let calls = self.record_calls(ADD, "add_tags", records, tags, Some(false))?;
        run(&self.client, calls).await
    }

    /// Gives records these tags in place of those that they have. Otherwise as [`add_to`](Self::add_to).
    ///
    /// # Errors
    /// As [`add_to`](Self::add_to).
    pub async fn replace_on(
        &self,
        records: &[RecordId],
        tags: &[NewTag],
    ) -> Result<WriteOutcomes, Error> {
        let calls = self.record_calls(ADD, "add_tags", records, tags, Some(true))?;
        run(&self.client, calls).await
    }

    /// Takes tags off records, by name, 100 records in a call. Safe to repeat.
    ///
    /// # Errors
    /// As [`add_to`](Self::add_to).
    pub async fn remove_from(
        &self,
        records: &[RecordId],
        names: &[&str],
    ) -> Result<WriteOutcomes, Error> {
        let tags: Vec<NewTag> = names.iter().copied().map(NewTag::new).collect();
        let calls = self.record_calls(REMOVE, "remove_tags", records, &tags, None)?;
        run(&self.client, calls).await
    }

    fn settings(&self, outgoing: Outgoing) -> Outgoing {
        outgoing
            .of_module(&self.module)
            .query("module", self.module.as_str())
    }

    fn define_calls(
        &self,
        operation: &'static str,
        method: Method,
        tags: &[(Option<&RecordId>, &NewTag)],
    ) -> Result<Vec<WriteCall>, Error> {
        let repeatable = method == Method::PUT;
        in_calls(tags, |tags| {
            let outgoing = Outgoing::change(operation, method.clone(), "/settings/tags");
            self.settings(outgoing)
                .rows(tags.len())
                .repeatable(repeatable)
                .json(&Definitions {
                    tags: tags
                        .iter()
                        .map(|(id, tag)| Definition { id: *id, tag })
                        .collect(),
                })
        })
    }

    fn record_calls(
        &self,
        operation: &'static str,
        action: &str,
        records: &[RecordId],
        tags: &[NewTag],
        over_write: Option<bool>,
    ) -> Result<Vec<WriteCall>, Error> {
        if tags.is_empty() {
            return Err(Error::invalid(operation, "no tag is named"));
        }
        let path = format!("{}/actions/{action}", module_path(operation, &self.module)?);
        in_calls(records, |records| {
            Outgoing::change(operation, Method::POST, &path)
                .of_module(&self.module)
                .rows(records.len())
                .credits(u64::try_from(records.len().div_ceil(50)).unwrap_or(u64::MAX))
                .repeatable(true)
                .json(&OnRecords {
                    tags,
                    over_write,
                    ids: records.iter().collect(),
                })
        })
    }
}

/// A call for each 100 of `rows`.
pub(super) fn in_calls<T>(
    rows: &[T],
    outgoing: impl Fn(&[T]) -> Result<Outgoing, Error>,
) -> Result<Vec<WriteCall>, Error> {
    let mut first = 0;
    let call = |chunk: &[T]| {
        let positions = first..first + chunk.len();
        first = positions.end;
        Ok(WriteCall {
            rows: positions.collect(),
            outgoing: outgoing(chunk)?,
            parse: parse_rows,
        })
    };
    rows.chunks(ROWS_PER_CALL).map(call).collect()
}

fn parse_list(received: &Received) -> Result<Vec<Tag>, Failure> {
    #[derive(Deserialize)]
    struct Body {
        tags: Vec<Tag>,
    }
    Ok(received
        .json::<Body>()?
        .map_or_else(Vec::new, |body| body.tags))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{answer::received, record::place};

    fn tags() -> Tags {
        Tags::new(place("Leads", "1").client, "Leads".into())
    }

    fn id(text: &str) -> RecordId {
        text.parse().unwrap()
    }

    fn sent(outgoing: &Outgoing) -> (String, String, Value) {
        let request = outgoing.clone().into_request().unwrap();
        (
            request.method().to_string(),
            request.uri().to_string(),
            serde_json::from_slice(request.body()).unwrap_or_default(),
        )
    }

    #[test]
    fn tags_are_defined_for_a_module() {
        let new = NewTag::new("vip").color_code("#57B1FD");
        let create = tags()
            .define_calls(CREATE, Method::POST, &[(None, &new)])
            .unwrap();
        assert!(!create[0].outgoing.repeatable);
        assert_eq!(
            sent(&create[0].outgoing),
            (
                "POST".to_owned(),
                "/crm/v8/settings/tags?module=Leads".to_owned(),
                json!({"tags": [{"name": "vip", "color_code": "#57B1FD"}]})
            )
        );
        let update = tags()
            .define_calls(UPDATE, Method::PUT, &[(Some(&id("7")), &"gold".into())])
            .unwrap();
        assert!(update[0].outgoing.repeatable);
        assert_eq!(
            sent(&update[0].outgoing).2,
            json!({"tags": [{"id": "7", "name": "gold"}]})
        );
        let merge = tags().merge_request(&id("7"), &id("8")).unwrap();
        assert!(!merge.repeatable);
        assert_eq!(
            sent(&merge),
            (
                "POST".to_owned(),
                "/crm/v8/settings/tags/7/actions/merge".to_owned(),
                json!({"tags": [{"conflict_id": "8"}]})
            )
        );
    }

    #[test]
    fn records_are_tagged_a_hundred_at_a_time() {
        let records: Vec<RecordId> = (0..150).map(|n| id(&format!("1{n}"))).collect();
        let calls = tags()
            .record_calls(ADD, "add_tags", &records, &["vip".into()], Some(false))
            .unwrap();
        let positions: Vec<usize> = calls.iter().flat_map(|call| call.rows.clone()).collect();
        assert_eq!(positions, (0..150).collect::<Vec<_>>());
        assert!(calls[0].outgoing.repeatable);
        let (method, uri, body) = sent(&calls[1].outgoing);
        assert_eq!(
            (method.as_str(), uri.as_str()),
            ("POST", "/crm/v8/Leads/actions/add_tags")
        );
        assert_eq!(body["tags"], json!([{"name": "vip"}]));
        assert_eq!(body["over_write"], json!(false));
        assert_eq!(body["ids"].as_array().unwrap().len(), 50);
        assert!(
            tags()
                .record_calls(ADD, "add_tags", &records, &[], None)
                .is_err()
        );
    }

    #[test]
    fn answers_are_read() {
        let list = parse_list(&received(
            200,
            r##"{"tags":[{"created_time":"2026-11-20T11:00:00+01:00","color_code":"#57B1FD","name":"vip","id":"7","created_by":{"id":"1","name":"P"}}],"info":{"count":1,"allowed_count":100}}"##,
        ))
        .unwrap();
        assert_eq!(list[0].name.value().unwrap(), "vip");
        assert!(parse_list(&received(204, "")).unwrap().is_empty());
        // Definitions answer under `tags`, records under `data`.
        for key in ["tags", "data"] {
            let body = format!(
                r#"{{"{key}":[{{"code":"SUCCESS","details":{{"id":"7","created_time":"2026-11-20T11:00:00+01:00","tags":[{{"name":"vip"}}]}},"message":"tags updated successfully","status":"success"}}],"success_count":"1"}}"#
            );
            let rows = parse_rows(&received(200, body), 1).unwrap();
            assert_eq!(rows[0].as_ref().unwrap().id, "7");
        }
    }
}
