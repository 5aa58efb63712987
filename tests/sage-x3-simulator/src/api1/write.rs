//! Creates, updates and deletes by classes of the site's own (reference: 4.4).
//!
//! X3's own classes are read-only through the Web API. What stands in the input under column codes becomes the members
//! of the node's input, so that the same rules apply on every way in.

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;

use crate::activation::Operation;
use crate::answer::Answer;
use crate::diagnose::Severity;
use crate::endpoint::Endpoint;
use crate::json::{Json, parse_strict};
use crate::model::{Kind, Model, Node};
use crate::record::View;
use crate::resolve::Tally;
use crate::settings::Settings;
use crate::state::State;
use crate::write::{Refused, Writer, Written};

use super::class::{Class, Column};
use super::render::uuid;
use super::{Api1, Place, Target, diagnose, missing, problem};

/// One writing request.
pub(super) struct Writing<'a> {
    pub(super) target: &'a Target,
    pub(super) class: Class,
    pub(super) base: String,
    pub(super) user: &'a str,
    pub(super) now: Timestamp,
    /// Said beside every successful create.
    pub(super) warning: Option<String>,
}

impl Writing<'_> {
    pub(super) fn run(
        self,
        tally: &mut Tally,
        state: &mut State,
        method: &Method,
        body: &Bytes,
    ) -> Answer {
        let State {
            settings,
            model,
            endpoints,
            ..
        } = state;
        let Some(endpoint) = endpoints.get_mut(&self.target.endpoint) else {
            return problem(404, "Endpoint not found");
        };
        if !self.class.writable {
            let message = format!("Class {} is read-only", self.class.name);
            return problem(settings.api1_read_only_status, &message);
        }
        match (method, &self.target.place, self.target.facet.as_str()) {
            (&Method::POST, Place::Class, "create") => {
                self.store(tally, endpoint, model, settings, body, None)
            }
            (&Method::PUT, Place::Record(key), "edit") => {
                self.store(tally, endpoint, model, settings, body, Some(key))
            }
            (&Method::DELETE, Place::Record(key), "edit") => {
                self.delete(endpoint, model, settings, key)
            }
            _ => problem(400, "Facet is not allowed here"),
        }
    }

    fn store(
        self,
        tally: &mut Tally,
        endpoint: &mut Endpoint,
        model: &Model,
        settings: &Settings,
        body: &Bytes,
        key: Option<&str>,
    ) -> Answer {
        let text = String::from_utf8_lossy(body);
        let Ok(Json::Object(given)) = parse_strict(&text) else {
            return problem(400, "The body is no JSON object");
        };
        let view = View {
            store: &endpoint.store,
            model,
            settings,
        };
        let id = key.map(|key| key.replace('~', "|"));
        if let Some(id) = &id
            && view.by_key(&self.class.node, id).is_none()
        {
            return missing(settings);
        }
        let data = match self.members(&given, id.as_deref(), view) {
            Ok(mut members) => {
                if let Some(id) = &id {
                    members.insert(0, ("_id".to_owned(), Json::text(id)));
                }
                Json::Object(members)
            }
            Err(message) => return problem(400, &message),
        };
        let mut writer = Writer {
            store: &mut endpoint.store,
            sequences: &mut endpoint.sequences,
            model,
            settings,
            now: self.now,
            user: self.user,
        };
        let (operation, written) = match id {
            Some(_) => (Operation::Update, writer.update(&self.class.node, &data)),
            None => (Operation::Create, writer.create(&self.class.node, &data)),
        };
        match written {
            Ok(written) => {
                tally.count(&self.class.node, operation, written.changed);
                self.written(endpoint, model, settings, &written, operation)
            }
            Err(refused) => self.refused(settings, &refused),
        }
    }

    fn written(
        self,
        endpoint: &Endpoint,
        model: &Model,
        settings: &Settings,
        written: &Written,
        operation: Operation,
    ) -> Answer {
        let api1 = Api1 {
            target: self.target,
            class: self.class,
            base: self.base,
            view: View {
                store: &endpoint.store,
                model,
                settings,
            },
        };
        let Some(record) = api1.find(&written.key) else {
            return problem(500, "The record was written and is gone");
        };
        let Json::Object(mut members) = api1.record(&record, true) else {
            return problem(500, "The record cannot be shown");
        };
        let said = written.warnings.iter().chain(&written.diagnoses);
        let warning = self.warning.filter(|_| operation == Operation::Create);
        let said = said
            .map(|one| diagnose(one.severity, &one.message))
            .chain(warning.map(|text| diagnose(Severity::Warning, &text)));
        members.push(("$diagnoses".to_owned(), Json::Array(said.collect())));
        let status = if operation == Operation::Create {
            201
        } else {
            200
        };
        let answer = api1.answer(status, &Json::Object(members));
        if operation == Operation::Create {
            let location = format!(
                "{}/{}('{}')",
                api1.base,
                api1.class.name,
                api1.class.key(&record)
            );
            return answer.with_header("location", &location);
        }
        answer
    }

    fn refused(&self, settings: &Settings, refused: &Refused) -> Answer {
        let diagnoses = refused
            .iter()
            .map(|one| diagnose(Severity::Error, &one.message));
        let body = Json::object([("$diagnoses", Json::Array(diagnoses.collect()))]);
        Answer::json(settings.api1_refusal_status, &body.print())
    }

    fn delete(
        &self,
        endpoint: &mut Endpoint,
        model: &Model,
        settings: &Settings,
        key: &str,
    ) -> Answer {
        let key = key.replace('~', "|");
        let mut writer = Writer {
            store: &mut endpoint.store,
            sequences: &mut endpoint.sequences,
            model,
            settings,
            now: self.now,
            user: self.user,
        };
        if writer
            .store
            .table(self.class.node.table)
            .get(&key)
            .is_none()
        {
            return missing(settings);
        }
        match writer.delete(&self.class.node, &key) {
            Ok(()) => Answer::json(200, &Json::object([]).print()),
            Err(refused) => self.refused(settings, &refused),
        }
    }

    /// The members of the node's input that the columns given make.
    fn members(
        &self,
        given: &[(String, Json)],
        id: Option<&str>,
        view: View<'_>,
    ) -> Result<Vec<(String, Json)>, String> {
        let mut out = Vec::new();
        for (name, value) in given {
            if name.starts_with('$') || name.ends_with("_REF") {
                continue;
            }
            if let Some((_, child)) = self.class.links.iter().find(|(link, _)| link == name) {
                out.push(self.rows(child, value, id, view)?);
                continue;
            }
            let column = self
                .class
                .column(name)
                .ok_or_else(|| format!("{name} is no property of {}", self.class.name))?;
            let Some(member) = &column.member else {
                return Err(format!("{name} cannot be written"));
            };
            out.push((member.clone(), value_of(column, value)?));
        }
        Ok(out)
    }

    fn rows(
        &self,
        child: &std::sync::Arc<Node>,
        value: &Json,
        id: Option<&str>,
        view: View<'_>,
    ) -> Result<(String, Json), String> {
        let collection = self.class.node.properties.iter().find(
            |property| matches!(&property.kind, Kind::Children { node, .. } if *node == child.name),
        );
        let collection = collection.ok_or("The link cannot be written")?;
        let Json::Array(rows) = value else {
            return Err("A link needs an array".to_owned());
        };
        let class = Class::of_rows(child);
        let held = id
            .and_then(|id| view.by_key(&self.class.node, id))
            .map_or_else(Vec::new, |record| view.children(&record, collection));
        let mut out = Vec::new();
        for row in rows {
            let Json::Object(given) = row else {
                return Err("A row needs an object".to_owned());
            };
            let mut members = Vec::new();
            if id.is_some() {
                // Rows of an existing record are told by their `$uuid` (reference: 4.4).
                let known = row
                    .get("$uuid")
                    .and_then(Json::as_str)
                    .and_then(|wanted| held.iter().find(|row| uuid(&class, row) == wanted));
                let action = if known.is_some() { "update" } else { "create" };
                members.push(("_action".to_owned(), Json::text(action)));
                members.extend(known.map(|row| ("_id".to_owned(), Json::text(row.key.as_ref()))));
            }
            for (name, value) in given {
                if name.starts_with('$') || name.ends_with("_REF") {
                    continue;
                }
                let column = class
                    .column(name)
                    .ok_or_else(|| format!("{name} is no property of {}", class.name))?;
                if let Some(member) = &column.member {
                    members.push((member.clone(), value_of(column, value)?));
                }
            }
            out.push(Json::Object(members));
        }
        Ok((collection.name.to_string(), Json::Array(out)))
    }
}

/// A column's value as the member of an input has it: flags and menus come as numbers.
pub(crate) fn member_value(kind: &Kind, value: &Json) -> Option<Json> {
    let number = || match value {
        Json::Number(text) | Json::Text(text) => text.parse::<i64>().ok(),
        _ => None,
    };
    match (kind, value) {
        (_, Json::Null) => Some(Json::Null),
        (Kind::Boolean, _) => match number()? {
            1 => Some(Json::Bool(false)),
            2 => Some(Json::Bool(true)),
            _ => None,
        },
        (Kind::Menu(menu), _) => Some(Json::text(menu.member(number()?)?)),
        (Kind::Int, _) => Some(Json::int(number()?)),
        (Kind::Stream { .. }, Json::Text(text)) => {
            Some(Json::object([("value", Json::text(text))]))
        }
        (_, value) => Some(value.clone()),
    }
}

fn value_of(column: &Column, value: &Json) -> Result<Json, String> {
    member_value(&column.kind, value)
        .ok_or_else(|| format!("{}: Incorrect value {}", column.name, value.print()))
}
