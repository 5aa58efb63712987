//! An entry of `errors[]`.

use crate::diagnose::Diagnose;
use crate::json::Json;

use super::ast::Position;

/// A step of the path to the field an error belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathStep {
    Key(String),
    Index(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct GraphqlError {
    pub(crate) message: String,
    pub(crate) locations: Vec<Position>,
    pub(crate) path: Vec<PathStep>,
    pub(crate) diagnoses: Vec<Diagnose>,
}

impl GraphqlError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            locations: Vec::new(),
            path: Vec::new(),
            diagnoses: Vec::new(),
        }
    }

    pub(crate) fn at(message: impl Into<String>, position: Position) -> Self {
        Self {
            locations: vec![position],
            ..Self::new(message)
        }
    }

    pub(crate) fn syntax(message: impl Into<String>, position: Position) -> Self {
        Self::at(format!("Syntax Error: {}", message.into()), position)
    }

    pub(crate) fn to_json(&self) -> Json {
        let mut members = vec![("message".to_owned(), Json::text(&self.message))];
        if !self.locations.is_empty() {
            let locations = self.locations.iter().map(|position| {
                Json::object([
                    ("line", Json::int(position.line as i64)),
                    ("column", Json::int(position.column as i64)),
                ])
            });
            members.push(("locations".to_owned(), Json::Array(locations.collect())));
        }
        if !self.path.is_empty() {
            members.push(("path".to_owned(), path_json(&self.path)));
        }
        if !self.diagnoses.is_empty() {
            let diagnoses = self
                .diagnoses
                .iter()
                .map(|diagnose| diagnose.to_json(&self.path))
                .collect();
            members.push((
                "extensions".to_owned(),
                Json::object([("diagnoses", Json::Array(diagnoses))]),
            ));
        }
        Json::Object(members)
    }
}

pub(crate) fn path_json(path: &[PathStep]) -> Json {
    Json::Array(
        path.iter()
            .map(|step| match step {
                PathStep::Key(key) => Json::text(key),
                PathStep::Index(index) => Json::int(*index as i64),
            })
            .collect(),
    )
}
