//! `resultXml`: the record or list that an operation gives, as XML or as JSON.

use std::{borrow::Cow, collections::BTreeMap};

use client_core::decode_json;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};

use super::{
    object::{SoapField, SoapObject, SoapRow},
    xml::{self, Element},
};
use crate::api1::repair::repair_backslashes;

/// What an operation gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SoapResult {
    /// A record, of `save`, `modify` and `read`.
    pub(super) object: SoapObject,
    /// Rows, of `query`.
    pub(super) list: Vec<SoapRow>,
}

/// Reads `text`; nothing is an empty result.
///
/// # Errors
/// A sentence about what is wrong, without contents.
pub(super) fn parse(text: &str) -> Result<SoapResult, String> {
    let text = text.trim();
    match text.bytes().next() {
        None => Ok(SoapResult::default()),
        Some(b'<') => {
            let root = xml::parse(text).map_err(|error| format!("as XML: {error}"))?;
            Ok(from_xml(&root))
        }
        Some(b'{' | b'[') => from_json(text),
        Some(_) => Err("it is neither XML nor JSON".to_owned()),
    }
}

fn from_xml(root: &Element) -> SoapResult {
    let mut result = SoapResult::default();
    for child in &root.children {
        let name = child.attribute("ID").unwrap_or_default().to_owned();
        match child.name.as_str() {
            "GRP" => result.object.groups.push((name, row(child))),
            "TAB" => {
                let rows = child.children_named("LIN").map(row).collect();
                result.object.tables.push((name, rows));
            }
            "LIN" => result.list.push(row(child)),
            _ => {}
        }
    }
    result
}

fn row(element: &Element) -> SoapRow {
    let fields = element.children.iter().filter_map(|child| {
        let name = child.attribute("NAME")?.to_owned();
        match child.name.as_str() {
            "FLD" => Some((name, SoapField::Single(child.text.clone()))),
            "LST" => {
                let items = child.children_named("ITM").map(|item| item.text.clone());
                Some((name, SoapField::List(items.collect())))
            }
            _ => None,
        }
    });
    SoapRow {
        number: element
            .attribute("NUM")
            .and_then(|number| number.parse().ok()),
        fields: fields.collect(),
    }
}

/// Objects are groups, lists of objects are tables. The known fault of JSON from X3 is repaired here as well.
fn from_json(text: &str) -> Result<SoapResult, String> {
    let repaired = repair_backslashes(text.as_bytes());
    let body = repaired
        .as_ref()
        .map_or(text.as_bytes(), |(body, _)| body.as_ref());
    if text.starts_with('[') {
        let list: Vec<SoapRow> = decode_json(body).map_err(|error| format!("as JSON: {error}"))?;
        return Ok(SoapResult {
            list,
            ..SoapResult::default()
        });
    }
    let blocks: BTreeMap<String, Block> =
        decode_json(body).map_err(|error| format!("as JSON: {error}"))?;
    let mut object = SoapObject::default();
    for (name, block) in blocks {
        match block {
            Block::Group(group) => object.groups.push((name, group)),
            Block::Table(rows) => object.tables.push((name, rows)),
            Block::Other => {}
        }
    }
    Ok(SoapResult {
        object,
        ..SoapResult::default()
    })
}

enum Block {
    Group(SoapRow),
    Table(Vec<SoapRow>),
    Other,
}

/// The text of a single JSON value, whatever its kind. Numbers keep their digits.
struct Text(SoapField);

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: &'de serde_json::value::RawValue = Deserialize::deserialize(deserializer)?;
        let token = raw.get();
        let read = || -> Result<Self, serde_json::Error> {
            Ok(match token.bytes().next() {
                Some(b'{') => Self::Group(serde_json::from_str(token)?),
                Some(b'[') => {
                    let mut rows: Vec<SoapRow> = serde_json::from_str(token)?;
                    for (number, row) in (1..).zip(&mut rows) {
                        row.number = Some(number);
                    }
                    Self::Table(rows)
                }
                _ => Self::Other,
            })
        };
        read().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for SoapRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;
        impl<'de> Visitor<'de> for Row {
            type Value = SoapRow;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SoapRow, A::Error> {
                fields(map)
            }
        }
        deserializer.deserialize_map(Row)
    }
}

fn fields<'de, A: MapAccess<'de>>(mut map: A) -> Result<SoapRow, A::Error> {
    let mut row = SoapRow::default();
    while let Some((name, Text(value))) = map.next_entry::<String, Text>()? {
        row.fields.push((name, value));
    }
    Ok(row)
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The token itself, because numbers must not pass through floating point.
        let raw: &'de serde_json::value::RawValue = Deserialize::deserialize(deserializer)?;
        let token = raw.get();
        let read = || -> Result<SoapField, serde_json::Error> {
            Ok(match token.bytes().next() {
                Some(b'"') => SoapField::Single(serde_json::from_str(token)?),
                Some(b'[') => {
                    let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(token)?;
                    let items = items.iter().map(|item| plain(item.get()).into_owned());
                    SoapField::List(items.collect())
                }
                _ => SoapField::Single(plain(token).into_owned()),
            })
        };
        read().map(Self).map_err(de::Error::custom)
    }
}

fn plain(token: &str) -> Cow<'_, str> {
    if token == "null" {
        return Cow::Borrowed("");
    }
    serde_json::from_str::<String>(token).map_or(Cow::Borrowed(token), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_the_same_as_xml_and_as_json() {
        let xml = parse(
            "<RESULT><GRP ID=\"BPC0_1\"><FLD NAME=\"BPCNUM\" TYPE=\"Char\">NA001</FLD><FLD NAME=\"OSTAUZ\">99999999999999.990</FLD>\
             <LST NAME=\"BPRNAM\" SIZE=\"2\"><ITM>M\u{fc}ller</ITM><ITM/></LST></GRP>\
             <TAB ID=\"BPAC_1\" DIM=\"30\" SIZE=\"1\"><LIN NUM=\"1\"><FLD NAME=\"CTY\">K &amp; L</FLD></LIN></TAB></RESULT>",
        )
        .unwrap();
        let json = parse(
            r#"{"BPAC_1":[{"CTY":"K & L"}],"BPC0_1":{"BPCNUM":"NA001","OSTAUZ":99999999999999.990,"BPRNAM":["Müller",""]},"X":null}"#,
        )
        .unwrap();
        assert_eq!(xml, json);
        assert_eq!(
            json.object.get("BPC0_1", "OSTAUZ"),
            Some("99999999999999.990")
        );
        assert_eq!(json.object.find("BPRNAM"), Some("Müller"));
        assert_eq!(json.object.rows("BPAC_1")[0].get("CTY"), Some("K & L"));
    }

    #[test]
    fn a_list_is_rows() {
        let xml = parse("<RESULT DIM=\"10\" SIZE=\"2\"><LIN NUM=\"1\"><FLD NAME=\"A\">1</FLD></LIN><LIN NUM=\"2\"/></RESULT>").unwrap();
        assert_eq!(xml.list.len(), 2);
        assert_eq!(
            parse(r#"[{"A":"1"},{}]"#).unwrap().list[0].get("A"),
            Some("1")
        );
        assert_eq!(parse(" ").unwrap(), SoapResult::default());
    }

    #[test]
    fn what_is_neither_is_an_error_without_contents() {
        for text in [
            "canary",
            "<canary>",
            r#"{"B":{"F":"canary"#,
            r#"[{"A":"canary"},5]"#,
        ] {
            let error = parse(text).unwrap_err();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
