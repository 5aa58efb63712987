//! Records as blocks of a screen: from `objectXml` to a node's input, and from a record to `resultXml`.

use std::fmt::Write as _;

use roxmltree::{Document, Node as Element};

use crate::answer::html_escaped;
use crate::api1::class::Class;
use crate::api1::write::member_value;
use crate::json::{Json, parse_strict};
use crate::model::{Kind, Node};
use crate::record::{Id, Record, Scalar, View};
use crate::settings::DecimalForm;

use super::layout::{Field, Layout, Member, Table};

/// A field as it was sent: one value, or a place each.
type Sent = (String, Vec<String>);

/// A row of a table: its number and its fields.
type SentRow = (usize, Vec<Sent>);

/// `objectXml` as it was sent.
#[derive(Debug, Default)]
pub(super) struct SentObject {
    groups: Vec<(String, Vec<Sent>)>,
    /// Block, and its rows with their number.
    tables: Vec<(String, Vec<SentRow>)>,
}

impl SentObject {
    /// Reads the XML form or the JSON form.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with('{') {
            return match parse_strict(text) {
                Ok(Json::Object(blocks)) => Ok(Self::of_json(&blocks)),
                _ => Err("objectXml is no JSON object".to_owned()),
            };
        }
        let document = Document::parse(text).map_err(|error| format!("objectXml: {error}"))?;
        let root = document.root_element();
        if !root.has_tag_name("PARAM") {
            return Err("objectXml: PARAM expected".to_owned());
        }
        let mut sent = Self::default();
        for block in root.children().filter(Element::is_element) {
            let id = block.attribute("ID").unwrap_or_default().to_owned();
            match block.tag_name().name() {
                "GRP" => sent.groups.push((id, fields(block))),
                "TAB" => {
                    let lines = block
                        .children()
                        .filter(|child| child.has_tag_name("LIN"))
                        .enumerate()
                        .map(|(index, line)| {
                            let number = line.attribute("NUM").and_then(|text| text.parse().ok());
                            (number.unwrap_or(index + 1), fields(line))
                        });
                    sent.tables.push((id, lines.collect()));
                }
                other => return Err(format!("objectXml: unexpected {other}")),
            }
        }
        Ok(sent)
    }

    fn of_json(blocks: &[(String, Json)]) -> Self {
        let mut sent = Self::default();
        for (block, value) in blocks {
            match value {
                Json::Array(rows) => {
                    let rows = rows.iter().enumerate();
                    let rows = rows.map(|(index, row)| (index + 1, json_fields(row)));
                    sent.tables.push((block.clone(), rows.collect()));
                }
                other => sent.groups.push((block.clone(), json_fields(other))),
            }
        }
        sent
    }

    /// The node's input that the fields make; rows of an existing record are matched by their number.
    pub(super) fn members(
        &self,
        layout: &Layout,
        held: Option<&Record>,
        view: View<'_>,
    ) -> Result<Vec<(String, Json)>, String> {
        let node = view.model.node(layout.node).ok_or("unknown object")?;
        let mut out = Vec::new();
        for (block, sent) in &self.groups {
            let known = layout.groups.iter().find(|(name, _)| name == block);
            let (_, fields) = known.ok_or_else(|| format!("Block {block} unknown"))?;
            for one in sent {
                push_member(&mut out, node, fields, block, one)?;
            }
        }
        for (block, rows) in &self.tables {
            let known = layout.tables.iter().find(|table| table.block == block);
            let table = known.ok_or_else(|| format!("Block {block} unknown"))?;
            out.push(table_rows(table, node, rows, held, view)?);
        }
        Ok(out)
    }
}

fn fields(block: Element<'_, '_>) -> Vec<Sent> {
    block
        .children()
        .filter(Element::is_element)
        .map(|field| {
            let name = field.attribute("NAME").unwrap_or_default().to_owned();
            let text = |element: Element<'_, '_>| element.text().unwrap_or_default().to_owned();
            let values = if field.has_tag_name("LST") {
                let items = field.children().filter(|item| item.has_tag_name("ITM"));
                items.map(text).collect()
            } else {
                vec![text(field)]
            };
            (name, values)
        })
        .collect()
}

fn json_fields(row: &Json) -> Vec<Sent> {
    let Json::Object(members) = row else {
        return Vec::new();
    };
    let text = |value: &Json| match value {
        Json::Text(text) => text.clone(),
        Json::Null => String::new(),
        other => other.print(),
    };
    members
        .iter()
        .map(|(name, value)| {
            let values = match value {
                Json::Array(items) => items.iter().map(text).collect(),
                one => vec![text(one)],
            };
            (name.clone(), values)
        })
        .collect()
}

fn push_member(
    out: &mut Vec<(String, Json)>,
    node: &Node,
    fields: &[Field],
    block: &str,
    (name, values): &Sent,
) -> Result<(), String> {
    let field = fields
        .iter()
        .find(|field| field.name == name)
        .ok_or_else(|| format!("Field {name} unknown in block {block}"))?;
    let value = |member: &str, text: &str| {
        let kind = node
            .property(member)
            .map_or(Kind::Text { max: 0 }, |property| property.kind.clone());
        x3_value(&kind, text).ok_or_else(|| format!("{name}: Incorrect value {text}"))
    };
    let first = values.first().map_or("", String::as_str);
    match &field.member {
        // X3 passes over what its screen does not let be entered.
        Member::None => {}
        Member::One(member) => out.push(((*member).to_owned(), value(member, first)?)),
        Member::Flag(member) => {
            let flag = x3_value(&Kind::Boolean, first);
            let flag = flag.ok_or_else(|| format!("{name}: Incorrect value {first}"))?;
            out.push(((*member).to_owned(), flag));
        }
        Member::Each(members) => {
            for (member, text) in members.iter().zip(values) {
                out.push(((*member).to_owned(), Json::text(text)));
            }
        }
        Member::Slots(list, member) => {
            let rows = (1_i64..).zip(values).map(|(index, text)| {
                Json::object([
                    ("denormalizedIndex", Json::int(index)),
                    (*member, Json::text(text)),
                ])
            });
            out.push(((*list).to_owned(), Json::Array(rows.collect())));
        }
        Member::Behind(member, front) => {
            out.push(((*member).to_owned(), Json::text(format!("{front}|{first}"))));
        }
    }
    Ok(())
}

fn table_rows(
    table: &Table,
    node: &Node,
    rows: &[SentRow],
    held: Option<&Record>,
    view: View<'_>,
) -> Result<(String, Json), String> {
    let child = view.model.node(table.node).ok_or("unknown table")?;
    let collection = collection(node, table.node).ok_or("unknown table")?;
    let known = held.map_or_else(Vec::new, |record| rows_of(record, table, view));
    let mut out = Vec::new();
    for (number, sent) in rows {
        let mut members = Vec::new();
        if held.is_some() {
            let row = number.checked_sub(1).and_then(|index| known.get(index));
            let action = if row.is_some() { "update" } else { "create" };
            members.push(("_action".to_owned(), Json::text(action)));
            if let Some(row) = row {
                members.push(("_id".to_owned(), Json::text(view.id_of(child, &row.key))));
            }
        }
        for one in sent {
            push_member(&mut members, child, table.fields, table.block, one)?;
        }
        out.push(Json::Object(members));
    }
    Ok((collection, Json::Array(out)))
}

/// The name of the collection of a node's children.
fn collection(node: &Node, child: &str) -> Option<String> {
    let property = node
        .properties
        .iter()
        .find(|property| matches!(&property.kind, Kind::Children { node, .. } if *node == child))?;
    Some(property.name.to_string())
}

/// The rows of a table in the order of their keys, which is the order of the screen.
fn rows_of(record: &Record, table: &Table, view: View<'_>) -> Vec<Record> {
    let property = record.node.properties.iter().find(
        |property| matches!(&property.kind, Kind::Children { node, .. } if *node == table.node),
    );
    let mut rows = property.map_or_else(Vec::new, |property| view.children(record, property));
    rows.sort_by_key(|row| Id(row.key.to_string()));
    rows
}

/// A field's text as the member of an input has it: dates are `YYYYMMDD`, menus numbers.
fn x3_value(kind: &Kind, text: &str) -> Option<Json> {
    if let Kind::Date = kind {
        if text.is_empty() {
            return Some(Json::Null);
        }
        let (year, month, day) = (text.get(..4)?, text.get(4..6)?, text.get(6..)?);
        return Some(Json::text(format!("{year}-{month}-{day}")));
    }
    member_value(kind, &Json::text(text))
}

/// A value as X3 shows it in a field.
fn shown(class: &Class, column: &str, record: &Record, view: View<'_>) -> String {
    match class.value(column, record, view) {
        Some(Scalar::Date(date)) => date.strftime("%Y%m%d").to_string(),
        Some(Scalar::Null) | None => String::new(),
        Some(value) => match value.to_json(DecimalForm::Text) {
            Json::Text(text) => text,
            other => other.print(),
        },
    }
}

/// A record or a list as text, in either form.
pub(super) struct Rendering<'a> {
    pub(super) layout: &'a Layout,
    pub(super) class: Class,
    pub(super) view: View<'a>,
    pub(super) json: bool,
}

impl Rendering<'_> {
    pub(super) fn record(&self, record: &Record) -> String {
        let groups = self.layout.groups.iter().map(|(block, fields)| {
            let row = self.fields(fields, &self.class, record);
            ((*block).to_owned(), row)
        });
        let tables = self.layout.tables.iter().filter_map(|table| {
            let class = Class::of_rows(self.view.model.node(table.node)?);
            let rows = rows_of(record, table, self.view);
            let rows = rows.iter();
            let rows = rows.map(|row| self.fields(table.fields, &class, row));
            Some((table.block.to_owned(), rows.collect::<Vec<_>>()))
        });
        if self.json {
            let groups = groups.map(|(block, row)| (block, json_row(&row)));
            let tables = tables.map(|(block, rows)| {
                let rows = rows.iter().map(|row| json_row(row));
                (block, Json::Array(rows.collect()))
            });
            return Json::Object(groups.chain(tables).collect()).print();
        }
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><RESULT>");
        for (block, row) in groups {
            // Writing to a String cannot fail.
            let _ = write!(out, "<GRP ID=\"{block}\">{}</GRP>", xml_row(&row));
        }
        for (block, rows) in tables {
            let size = rows.len();
            let _ = write!(
                out,
                "<TAB ID=\"{block}\" DIM=\"300\" SIZE=\"{size}\">{}</TAB>",
                xml_lines(&rows)
            );
        }
        out.push_str("</RESULT>");
        out
    }

    pub(super) fn list(&self, records: &[Record]) -> String {
        let rows: Vec<Vec<Sent>> = records
            .iter()
            .map(|record| {
                let columns = self.layout.list.iter();
                columns
                    .map(|column| {
                        let text = shown(&self.class, column, record, self.view);
                        ((*column).to_owned(), vec![text])
                    })
                    .collect()
            })
            .collect();
        if self.json {
            return Json::Array(rows.iter().map(|row| json_row(row)).collect()).print();
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><RESULT DIM=\"{size}\" SIZE=\"{size}\">{}</RESULT>",
            xml_lines(&rows),
            size = rows.len()
        )
    }

    fn fields(&self, fields: &[Field], class: &Class, record: &Record) -> Vec<Sent> {
        fields
            .iter()
            .map(|field| {
                let columns = field.columns.iter();
                let values = columns.map(|column| shown(class, column, record, self.view));
                (field.name.to_owned(), values.collect())
            })
            .collect()
    }
}

fn json_row(row: &[Sent]) -> Json {
    let members = row.iter().map(|(name, values)| {
        let value = match values.as_slice() {
            [one] => Json::text(one),
            many => Json::Array(many.iter().map(Json::text).collect()),
        };
        (name.clone(), value)
    });
    Json::Object(members.collect())
}

fn xml_row(row: &[Sent]) -> String {
    let mut out = String::new();
    for (name, values) in row {
        // Writing to a String cannot fail.
        let _ = match values.as_slice() {
            [one] => write!(out, "<FLD NAME=\"{name}\">{}</FLD>", html_escaped(one)),
            many => {
                let items: Vec<String> = many
                    .iter()
                    .map(|item| format!("<ITM>{}</ITM>", html_escaped(item)))
                    .collect();
                write!(
                    out,
                    "<LST NAME=\"{name}\" SIZE=\"{}\">{}</LST>",
                    many.len(),
                    items.join("")
                )
            }
        };
    }
    out
}

fn xml_lines(rows: &[Vec<Sent>]) -> String {
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        let _ = write!(out, "<LIN NUM=\"{}\">{}</LIN>", index + 1, xml_row(row));
    }
    out
}
