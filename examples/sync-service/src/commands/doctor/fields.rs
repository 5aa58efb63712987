//! Custom fields that flows need and Zoho does not have.

use sync_core::{Direction, Flow, Kind, Row, Side};
use zoho_crm_client::{DataType, NewField, ZohoClient};

use super::findings::{Finding, Outcome};
use crate::{
    failure::with_causes,
    flows::Definition,
    systems::{Facts, Presence},
};

/// Longest text of a single line. Source: reference zoho-crm-v8 section 8.
const LONGEST_LINE: usize = 255;

/// A field that Zoho does not have.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    pub(super) module: &'static str,
    pub(super) field: String,
    shape: Shape,
}

/// What the field is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text { length: u32, unique: bool },
    LongText,
    Decimal { scale: u32 },
    Plain(Plain),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plain {
    Boolean,
    Date,
    DateTime,
}

/// The fields of a flow's own module that Zoho does not have. Nothing when Zoho does not tell its fields.
pub(super) fn missing(definition: &Definition, flow: &Flow, facts: &Facts) -> Vec<Missing> {
    let Some(module) = definition.zoho_modules.first().copied() else {
        return Vec::new();
    };
    let key = &flow.identity.keys.right.field;
    let mut missing: Vec<Missing> = Vec::new();
    for row in flow.mapping.rows() {
        let field = row.fields.right.as_str();
        // A path leads through a lookup or into lines: its fields are not this module's. `$` begins what is no field.
        let is_own =
            row.direction != Direction::None && !field.contains('.') && !field.starts_with('$');
        if !is_own || facts.has_field(module, field) != Presence::Missing {
            continue;
        }
        if let Some(shape) = shape(row, row.fields.right == *key)
            && !missing.iter().any(|known| known.field == field)
        {
            missing.push(Missing {
                module,
                field: field.to_owned(),
                shape,
            });
        }
    }
    for field in (definition.beside_mapping)(flow) {
        if facts.has_field(module, field) == Presence::Missing {
            missing.push(Missing {
                module,
                field: (*field).to_owned(),
                shape: Shape::Decimal { scale: 2 },
            });
        }
    }
    missing
}

/// What a row's field is to be; none for what cannot be made by API.
fn shape(row: &Row, is_key: bool) -> Option<Shape> {
    let longest = row.max_length.get(Side::Right).unwrap_or(LONGEST_LINE);
    Some(match &row.kind {
        Kind::Text | Kind::Code if longest > LONGEST_LINE => Shape::LongText,
        Kind::Text | Kind::Code | Kind::Reference { .. } => Shape::Text {
            length: u32::try_from(longest).unwrap_or(u32::MAX),
            unique: is_key,
        },
        Kind::Decimal { scale } => Shape::Decimal { scale: *scale },
        Kind::Boolean => Shape::Plain(Plain::Boolean),
        Kind::Date => Shape::Plain(Plain::Date),
        Kind::Instant => Shape::Plain(Plain::DateTime),
        _ => return None,
    })
}

impl Missing {
    /// How to put it right.
    pub(super) fn how(&self) -> String {
        let what = match self.shape {
            Shape::Text { length, unique } => {
                let unique = if unique {
                    ", with `Do not allow duplicate values`"
                } else {
                    ""
                };
                format!("single line of {length} characters{unique}")
            }
            Shape::LongText => "multi line".to_owned(),
            Shape::Decimal { scale } => format!("decimal with {scale} places"),
            Shape::Plain(Plain::Boolean) => "checkbox".to_owned(),
            Shape::Plain(Plain::Date) => "date".to_owned(),
            Shape::Plain(Plain::DateTime) => "date and time".to_owned(),
        };
        format!(
            "run `sync-service doctor --create-fields`, or make it in Setup > Customization > Modules and Fields: label \
             `{}`, {what}",
            self.label()
        )
    }

    /// Zoho makes the API name from the label: blanks become underscores.
    fn label(&self) -> String {
        self.field.replace('_', " ")
    }

    fn definition(&self) -> NewField {
        let label = self.label();
        let field = match self.shape {
            Shape::Text { length, unique } => {
                let field = NewField::text(label, length);
                if unique { field.unique() } else { field }
            }
            Shape::LongText => NewField::new(label, DataType::TextArea),
            Shape::Decimal { scale } => {
                NewField::new(label, DataType::Double).decimal_places(scale)
            }
            Shape::Plain(Plain::Boolean) => NewField::new(label, DataType::Boolean),
            Shape::Plain(Plain::Date) => NewField::new(label, DataType::Date),
            Shape::Plain(Plain::DateTime) => NewField::new(label, DataType::DateTime),
        };
        field.help("Kept by sync-service")
    }
}

/// Creates fields, one by one. What fails is told and does not keep the others from being made.
pub(super) async fn create(zoho: &ZohoClient, missing: &[Missing]) -> Vec<Finding> {
    let mut outcomes = Vec::with_capacity(missing.len());
    for field in missing {
        outcomes.push(create_one(zoho, field).await);
    }
    outcomes
}

async fn create_one(zoho: &ZohoClient, missing: &Missing) -> Finding {
    let metadata = zoho.metadata();
    let (module, field) = (missing.module, &missing.field);
    let created = metadata.create_field(module, &missing.definition()).await;
    let named = match &created {
        Ok(id) => metadata.field(module, id).await,
        Err(error) => {
            return Finding {
                area: "Zoho",
                what: format!("the field {field} of module {module} was not created"),
                outcome: Outcome::Wrong,
                fix: Some(with_causes(error, error)),
            };
        }
    };
    let named = named
        .ok()
        .flatten()
        .map(|known| known.api_name.as_str().to_owned());
    match named {
        Some(name) if name != *field => Finding {
            area: "Zoho",
            what: format!(
                "the field that was created for {field} of module {module} is called {name}"
            ),
            outcome: Outcome::Wrong,
            fix: Some(format!(
                "set its API name to {field} in Setup > Developer Hub > APIs and SDKs > API Names"
            )),
        },
        _ => Finding {
            area: "Zoho",
            what: format!("the field {field} of module {module} was created"),
            outcome: Outcome::Good,
            fix: None,
        },
    }
}
