//! What Zoho says of the module's fields.

use std::collections::BTreeMap;

use zoho_crm_client::{DataType, FieldMeta, ModuleName};

use super::settings::ModuleSettings;
use crate::{endpoint::Problem, ids::FieldName};

/// The module's fields.
#[derive(Debug, Default)]
pub(super) struct Schema {
    fields: BTreeMap<String, FieldShape>,
    /// The columns of fields that hold rows.
    rows: BTreeMap<String, Self>,
}

#[derive(Clone, Debug)]
struct FieldShape {
    shape: Shape,
    unique: bool,
    writable: bool,
    /// The module that a lookup points to.
    points_to: Option<ModuleName>,
    /// The module that rows are of.
    rows_of: Option<ModuleName>,
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
    /// Rows of its own module.
    Rows,
    /// Files and the like: no single value.
    Unsupported,
    /// Whatever the JSON says.
    Unknown,
}

/// A field, or a field of the record that a lookup points to.
pub(super) fn split(path: &str) -> (&str, Option<&str>) {
    match path.split_once('.') {
        Some((lookup, field)) => (lookup, Some(field)),
        None => (path, None),
    }
}

impl Schema {
    pub(super) fn new(fields: &[FieldMeta]) -> Self {
        let fields = fields.iter().map(|field| {
            let shape = FieldShape {
                shape: shape(field),
                unique: field.is_unique(),
                writable: field.is_writable(),
                points_to: field.lookup_module(),
                rows_of: field.row_module(),
            };
            (field.api_name.as_str().to_owned(), shape)
        });
        Self {
            fields: fields.collect(),
            rows: BTreeMap::new(),
        }
    }

    /// Adds what is known of the columns of `field`.
    pub(super) fn set_columns(&mut self, field: &FieldName, columns: Self) {
        self.rows.insert(field.as_str().to_owned(), columns);
    }

    /// The columns of a field that holds rows, as far as they are known.
    pub(super) fn columns(&self, field: &str) -> Option<&Self> {
        self.rows.get(field)
    }

    /// The module that has the rows of `field`: named as the field unless Zoho says otherwise (reference: Zoho v8 section
    /// 4.1, read 2026-11).
    pub(super) fn row_module(&self, field: &FieldName) -> Option<ModuleName> {
        let known = self.fields.get(field.as_str())?;
        let named = || (known.shape == Shape::Rows).then(|| ModuleName::from(field.as_str()));
        known.rows_of.clone().or_else(named)
    }

    /// The module that a lookup points to.
    pub(super) fn points_to(&self, lookup: &str) -> Option<&ModuleName> {
        self.fields.get(lookup)?.points_to.as_ref()
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
        let key = &settings.key_field;
        let mut problems = Vec::new();
        let mut add = |message: String| problems.push(Problem { message });
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
        problems.extend(self.field_problems(settings));
        problems
    }

    /// What must be put right before its fields, the key apart, can be read and written.
    pub(super) fn field_problems(&self, settings: &ModuleSettings) -> Vec<Problem> {
        let module = &settings.module;
        let mut problems: Vec<String> = Vec::new();
        let key = &settings.key_field;
        for field in settings.fields.iter().filter(|field| *field != key) {
            match settings.columns_of(field) {
                Some(columns) => self.row_problems(module, field, columns, &mut problems),
                None => problems.extend(self.field_problem(module, field)),
            }
        }
        for field in &settings.written_fields {
            let (name, _) = split(field.as_str());
            let read_only = self.fields.get(name).is_some_and(|field| !field.writable);
            if read_only {
                problems.push(format!(
                    "field `{name}` of Zoho module {module} cannot be written by this user: change its permissions, or map \
                     it from Zoho only"
                ));
            }
        }
        let problems = problems.into_iter();
        problems.map(|message| Problem { message }).collect()
    }

    /// What is wrong with a field that is to hold rows.
    fn row_problems(
        &self,
        module: &ModuleName,
        field: &FieldName,
        columns: &[FieldName],
        problems: &mut Vec<String>,
    ) {
        match self.fields.get(field.as_str()) {
            None => problems.push(format!(
                "Zoho module {module} has no field `{field}`: add it, or take it out of the mapping"
            )),
            Some(known) if known.shape != Shape::Rows => problems.push(format!(
                "field `{field}` of Zoho module {module} holds no rows: map it as a single value"
            )),
            Some(_) => {
                let Some(known) = self.columns(field.as_str()) else {
                    return;
                };
                let name = ModuleName::from(field.as_str());
                let wrong = columns
                    .iter()
                    .filter_map(|column| known.field_problem(&name, column));
                problems.extend(wrong);
            }
        }
    }

    fn field_problem(&self, module: &ModuleName, field: &FieldName) -> Option<String> {
        let (name, pointed) = split(field.as_str());
        let Some(known) = self.fields.get(name) else {
            return Some(format!(
                "Zoho module {module} has no field `{name}`: add it, or take it out of the mapping"
            ));
        };
        if pointed.is_some() && known.points_to.is_none() {
            return Some(format!(
                "field `{name}` of Zoho module {module} points to no other record, so `{field}` means nothing: correct the \
                 mapping"
            ));
        }
        matches!(known.shape, Shape::Rows | Shape::Unsupported).then(|| {
            format!(
                "field `{name}` of Zoho module {module} holds rows or files, which cannot be mapped as one value: take it \
                 out of the mapping, or map its rows as lines"
            )
        })
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
        DataType::Subform => Shape::Rows,
        DataType::Other(word) => match word.as_str() {
            "fileupload" | "imageupload" | "multiselectlookup" | "multiuserlookup" => {
                Shape::Unsupported
            }
            // Taxes on a line are passed on as the objects that they are.
            _ => Shape::Unknown,
        },
        _ => Shape::Unknown,
    }
}
