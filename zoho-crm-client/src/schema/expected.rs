//! What code expects of a module, and what there is.

use crate::{
    api::Metadata,
    error::Error,
    model::{FieldMeta, Layout},
    names::ModuleName,
};

/// What code expects of a module. Written by [`generate_module`](super::generate_module), or by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedModule {
    /// Its API name.
    pub api_name: &'static str,
    /// The fields that the code uses. Others may come and go.
    pub fields: &'static [ExpectedField],
}

/// What code expects of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedField {
    /// Its API name.
    pub api_name: &'static str,
    /// Its id, by which a renamed field is recognised; empty where it is not known. Ids differ from organisation to
    /// organisation.
    pub id: &'static str,
    /// Zoho's word for what it holds, such as `currency`.
    pub data_type: &'static str,
    /// Whether a value is demanded.
    pub mandatory: bool,
    /// The values of a picklist, as records hold them.
    pub picklist: &'static [&'static str],
}

/// What Zoho says of a module that can be used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModuleFacts {
    /// Its API name.
    pub api_name: ModuleName,
    /// Its fields.
    pub fields: Vec<FieldMeta>,
    /// Its layouts. Subforms have none.
    pub layouts: Vec<Layout>,
}

impl ModuleFacts {
    /// Facts from elsewhere, such as a file.
    pub fn new(
        api_name: impl Into<ModuleName>,
        fields: Vec<FieldMeta>,
        layouts: Vec<Layout>,
    ) -> Self {
        Self {
            api_name: api_name.into(),
            fields,
            layouts,
        }
    }

    /// Asks Zoho. Costs 2 credits.
    ///
    /// # Errors
    /// [`Error::Api`] with `INVALID_MODULE` when the module is not there, hidden, or not in this edition.
    pub async fn read(metadata: &Metadata, module: impl Into<ModuleName>) -> Result<Self, Error> {
        let api_name = module.into();
        let fields = metadata.fields(&api_name).await?;
        let layouts = metadata.layouts(&api_name).await?;
        Ok(Self::new(api_name, fields, layouts))
    }

    /// Whether a value is demanded, by the system or by a layout that is in use.
    pub(super) fn demands(&self, field: &FieldMeta) -> bool {
        let in_use = |layout: &&Layout| {
            let status = layout.status.as_ref().and_then(|status| status.as_str());
            layout.visible.unwrap_or(true) && status.is_none_or(|status| status == "active")
        };
        let required =
            |layout: &Layout| layout.required_fields().any(|name| *name == field.api_name);
        field.system_mandatory || self.layouts.iter().filter(in_use).any(required)
    }

    pub(super) fn field(&self, name: &str) -> Option<&FieldMeta> {
        self.fields.iter().find(|field| field.api_name == *name)
    }
}

/// The values of a picklist, as records hold them. `-None-` stands for empty and is no value.
pub(super) fn picklist(field: &FieldMeta) -> Vec<&str> {
    let values = field.pick_list_values.iter();
    values
        .filter_map(|value| {
            value
                .actual_value
                .as_deref()
                .or(value.display_value.as_deref())
        })
        .filter(|value| *value != "-None-")
        .collect()
}

/// Zoho's word for what a field holds.
pub(super) fn data_type(field: &FieldMeta) -> String {
    match serde_json::to_value(&field.data_type) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
