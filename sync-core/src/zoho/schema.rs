//! What Zoho says of the module's fields.

use std::collections::BTreeMap;

use zoho_crm_client::{DataType, FieldMeta};

use super::settings::ModuleSettings;
use crate::{endpoint::Problem, ids::FieldName};

/// The module's fields.
#[derive(Debug)]
pub(super) struct Schema {
    fields: BTreeMap<String, FieldShape>,
}

#[derive(Clone, Copy, Debug)]
struct FieldShape {
    shape: Shape,
    unique: bool,
    writable: bool,
}

/// How a field's values stand in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Number,
    Integer,
    Boolean,
    Date,
    Instant,
    /// A reference; its value is the id.
    Reference,
    /// Several texts.
    List,
    /// Rows, files and the like: no single value.
    Unsupported,
    /// Whatever the JSON says.
    Unknown,
}

impl Schema {
    pub(super) fn new(fields: &[FieldMeta]) -> Self {
        let fields = fields.iter().map(|field| {
            let shape = FieldShape {
                shape: shape(field),
                unique: field.is_unique(),
                writable: field.is_writable(),
            };
            (field.api_name.as_str().to_owned(), shape)
        });
        Self {
            fields: fields.collect(),
        }
    }

    pub(super) fn shape(&self, field: &str) -> Shape {
        self.fields
            .get(field)
            .map_or(Shape::Unknown, |field| field.shape)
    }

    pub(super) fn knows(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    pub(super) fn is_unique(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|field| field.unique)
    }

    /// What must be put right before a flow can run safely.
    pub(super) fn problems(&self, settings: &ModuleSettings) -> Vec<Problem> {
        let module = &settings.module;
        let mut problems = Vec::new();
        let mut add = |message: String| problems.push(Problem { message });
        let key = &settings.key_field;
        if !self.knows(key.as_str()) {
            add(format!(
                "Zoho module {module} has no field `{key}`: add a single-line field with this API name and forbid duplicate \
                 values (Setup > Customization > Modules and Fields)"
            ));
        } else if !self.is_unique(key.as_str()) {
            add(format!(
                "field `{key}` of Zoho module {module} is not unique, so a lost answer could make a duplicate: forbid \
                 duplicate values in its properties (Setup > Customization > Modules and Fields)"
            ));
        }
        for field in settings.fields.iter().filter(|field| *field != key) {
            match self.fields.get(field.as_str()) {
                None => add(format!(
                    "Zoho module {module} has no field `{field}`: add it, or take it out of the mapping"
                )),
                Some(FieldShape {
                    shape: Shape::Unsupported,
                    ..
                }) => add(format!(
                    "field `{field}` of Zoho module {module} holds rows or files, which cannot be mapped: take it out of \
                     the mapping"
                )),
                Some(_) => {}
            }
        }
        for field in &settings.written_fields {
            let read_only = self
                .fields
                .get(field.as_str())
                .is_some_and(|field| !field.writable);
            if read_only {
                add(format!(
                    "field `{field}` of Zoho module {module} cannot be written by this user: change its permissions, or map \
                     it from Zoho only"
                ));
            }
        }
        problems
    }

    /// The unique fields besides `key`.
    pub(super) fn other_unique<'a>(&'a self, key: &'a FieldName) -> impl Iterator<Item = &'a str> {
        let unique = self.fields.iter().filter(|(_, field)| field.unique);
        unique
            .map(|(name, _)| name.as_str())
            .filter(move |name| *name != key.as_str())
    }
}

fn shape(field: &FieldMeta) -> Shape {
    match &field.data_type {
        DataType::Text
        | DataType::TextArea
        | DataType::Email
        | DataType::Phone
        | DataType::Website
        | DataType::Picklist
        | DataType::Autonumber => Shape::Text,
        DataType::Integer | DataType::Bigint => Shape::Integer,
        DataType::Double | DataType::Decimal | DataType::Currency | DataType::Percent => {
            Shape::Number
        }
        DataType::Boolean => Shape::Boolean,
        DataType::Date => Shape::Date,
        DataType::DateTime => Shape::Instant,
        DataType::Lookup | DataType::OwnerLookup | DataType::UserLookup => Shape::Reference,
        DataType::MultiselectPicklist => Shape::List,
        DataType::Subform => Shape::Unsupported,
        DataType::Other(word) => match word.as_str() {
            "fileupload" | "imageupload" | "multiselectlookup" | "multiuserlookup" | "linetax" => {
                Shape::Unsupported
            }
            _ => Shape::Unknown,
        },
        _ => Shape::Unknown,
    }
}
