//! Records, prototypes and templates as JSON (reference: 4.3).

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::answer::Answer;
use crate::json::Json;
use crate::model::Kind;
use crate::record::{Record, Scalar};
use crate::settings::{DecimalForm, NoDate};

use super::class::{Class, Column, TECHNICAL, technical};
use super::{Api1, empty_record};

impl Api1<'_> {
    /// A record with its columns; in details also the rows of its child tables.
    pub(super) fn record(&self, record: &Record, with_rows: bool) -> Json {
        let key = self.class.key(record);
        let mut members = self.meta(&self.class, record);
        members.push(("$key".to_owned(), Json::text(&key)));
        let url = format!(
            "{}/{}('{}')?representation={}.%24details",
            self.base, self.class.name, key, self.target.representation
        );
        members.push(("$url".to_owned(), Json::text(url)));
        self.push_columns(&self.class, record, &mut members);
        if with_rows {
            for (link, child) in &self.class.links {
                members.push(((*link).to_owned(), self.rows(record, child)));
            }
        }
        Json::Object(members)
    }

    fn meta(&self, class: &Class, record: &Record) -> Vec<(String, Json)> {
        let instant = |at: Option<Timestamp>| {
            let text = at.map_or_else(|| self.no_instant(), |at| format!("{at:.0}"));
            Json::Text(text)
        };
        let mut out = vec![
            ("$uuid".to_owned(), Json::text(uuid(class, record))),
            ("$etag".to_owned(), instant(record.row.updated)),
        ];
        out.extend([
            ("$creDate".to_owned(), instant(record.row.created)),
            ("$creUser".to_owned(), Json::text(&record.row.created_by)),
            ("$updDate".to_owned(), instant(record.row.updated)),
            ("$updUsr".to_owned(), Json::text(&record.row.updated_by)),
        ]);
        out
    }

    fn rows(&self, record: &Record, child: &std::sync::Arc<crate::model::Node>) -> Json {
        let class = Class::of_rows(child);
        let collection = record.node.properties.iter().find(
            |property| matches!(&property.kind, Kind::Children { node, .. } if *node == child.name),
        );
        let rows = collection.map_or_else(Vec::new, |collection| {
            let mut rows = self.view.children(record, collection);
            rows.sort_by_key(|row| crate::record::Id(row.key.to_string()));
            rows
        });
        let rows = rows.iter().map(|row| {
            let mut members = self.meta(&class, row);
            self.push_columns(&class, row, &mut members);
            Json::Object(members)
        });
        Json::Array(rows.collect())
    }

    fn push_columns(&self, class: &Class, record: &Record, members: &mut Vec<(String, Json)>) {
        for column in &class.columns {
            let value = column.value(record, self.view);
            members.push((column.name.clone(), self.shown(&value, &column.kind)));
            if let (Kind::Reference { .. }, Scalar::Text(code)) = (&column.kind, &value)
                && !code.is_empty()
            {
                members.push((
                    format!("{}_REF", column.name),
                    self.title(class, record, column, code),
                ));
            }
        }
        for name in TECHNICAL {
            if let Some(value) = technical(name, &record.row, self.view.settings) {
                let kind = if name.ends_with("TIM") {
                    Kind::Text { max: 0 }
                } else {
                    Kind::Date
                };
                members.push((name.to_owned(), self.shown(&value, &kind)));
            }
        }
    }

    /// A value as api1 writes it; "no date" is the database's sentinel unless the server hides it.
    fn shown(&self, value: &Scalar, kind: &Kind) -> Json {
        match (value, kind) {
            (Scalar::Null, Kind::Date) => match self.view.settings.api1_no_date {
                NoDate::Null => Json::Null,
                NoDate::SqlServer => Json::text("1753-01-01"),
                NoDate::Oracle => Json::text("1599-12-31"),
            },
            (Scalar::Null, _) => match self.view.settings.api1_no_date {
                NoDate::Null => Json::Null,
                _ => Json::Text(self.no_instant()),
            },
            (value, _) => value.to_json(DecimalForm::Number),
        }
    }

    fn no_instant(&self) -> String {
        match self.view.settings.api1_no_date {
            NoDate::Oracle => "1599-12-31T00:00:00Z".to_owned(),
            NoDate::Null | NoDate::SqlServer => "1753-01-01T00:00:00Z".to_owned(),
        }
    }

    fn title(&self, class: &Class, record: &Record, column: &Column, code: &str) -> Json {
        let property = column
            .reference
            .and_then(|place| class.node.properties.get(place));
        let target = property.and_then(|property| self.view.target(record, property));
        let text = target.and_then(|target| {
            let names = [
                "localizedDescription",
                "description1",
                "name",
                "companyName1",
            ];
            let property = names.iter().find_map(|name| target.node.property(name))?;
            match self.view.scalar(&target, property) {
                Scalar::Text(text) => Some(text),
                _ => None,
            }
        });
        Json::object([
            ("$title", Json::text(code)),
            ("$description", Json::text(text.unwrap_or_default())),
        ])
    }

    pub(super) fn prototype(&self) -> Answer {
        let mandatory = self.class.node.mandatory;
        let properties = self.class.columns.iter().map(|column| {
            let (kind, length) = match &column.kind {
                Kind::Boolean | Kind::Menu(_) => ("application/x-choice", None),
                Kind::Int => ("application/x-integer", None),
                Kind::Decimal => ("application/x-decimal", None),
                Kind::Date => ("application/x-date", None),
                Kind::Text { max } | Kind::Stream { max } => ("application/x-string", Some(*max)),
                _ => ("application/x-reference", None),
            };
            let required = column
                .member
                .as_deref()
                .is_some_and(|member| mandatory.contains(&member));
            let mut members = vec![
                ("$type".to_owned(), Json::text(kind)),
                ("$title".to_owned(), Json::text(&column.name)),
                ("$isMandatory".to_owned(), Json::Bool(required)),
                ("$isExcluded".to_owned(), Json::Bool(false)),
            ];
            if let Some(length) = length {
                members.push(("$maxLength".to_owned(), Json::int(length as i64)));
            }
            (column.name.clone(), Json::Object(members))
        });
        let body = Json::object([
            ("$baseUrl", Json::text(&self.base)),
            ("$type", Json::text("application/json")),
            ("$properties", Json::Object(properties.collect())),
            ("$localization", Json::object([])),
            ("$links", Json::object([])),
        ]);
        self.answer(200, &body)
    }

    /// A new record as the window opens with it.
    pub(super) fn template(&self) -> Answer {
        let record = empty_record(&self.class);
        let mut members = Vec::new();
        for column in &self.class.columns {
            let value = column.value(&record, self.view);
            members.push((column.name.clone(), self.shown(&value, &column.kind)));
        }
        self.answer(200, &Json::Object(members))
    }
}

/// A row's identity: X3 keeps one in every row, here it is derived from table and key.
pub(super) fn uuid(class: &Class, record: &Record) -> String {
    let hash = Sha256::digest(format!("{}|{}", class.node.table, record.key));
    let hex: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}
