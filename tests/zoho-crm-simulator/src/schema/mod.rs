//! Modules and fields: what exists, what type it has, what must be filled in.

mod custom;
mod field;
mod global_picklist;
mod standard;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use custom::CustomField;
pub(crate) use field::{DataType, Field};
pub use global_picklist::GlobalPicklist;

use crate::settings::Settings;

/// A module's definition.
#[derive(Debug, Clone)]
pub(crate) struct Module {
    pub(crate) api_name: String,
    pub(crate) id: String,
    pub(crate) singular: String,
    pub(crate) plural: String,
    pub(crate) fields: Vec<Field>,
    /// The field whose value names a record in look-ups and in `/deleted`.
    pub(crate) title: String,
    /// System-defined duplicate-check field of upsert.
    pub(crate) upsert_field: Option<String>,
    pub(crate) kind: Kind,
    /// Missing below the professional edition.
    pub(crate) inventory: bool,
}

/// Where a module's rows live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Rows of its own.
    Records,
    /// Rows are the lines of another module's records, under that field.
    Lines { parent: String, field: String },
    /// Shown in the metadata, but its rows have paths of their own (attachments, users).
    Elsewhere,
}

impl Module {
    pub(crate) fn field(&self, api_name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.api_name == api_name)
    }

    /// Fields with "no duplicate values", in definition order.
    pub(crate) fn unique_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.unique.is_some())
    }

    /// The line-item subform's field and module.
    pub(crate) fn subforms(&self) -> impl Iterator<Item = (&Field, &str)> {
        self.fields
            .iter()
            .filter_map(|field| match &field.data_type {
                DataType::Subform(module) => Some((field, module.as_str())),
                _ => None,
            })
    }

    /// Fields the store keeps an index of, and whether their case counts: unique ones and the upsert field.
    pub(crate) fn indexed(&self) -> Vec<(String, bool)> {
        let mut indexed: Vec<(String, bool)> = self
            .unique_fields()
            .map(|field| {
                (
                    field.api_name.clone(),
                    field.unique.is_some_and(|unique| unique.case_sensitive),
                )
            })
            .collect();
        if let Some(system) = &self.upsert_field
            && !indexed.iter().any(|(name, _)| name == system)
        {
            indexed.push((system.clone(), false));
        }
        indexed
    }
}

/// All modules of the organisation.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    modules: BTreeMap<String, Arc<Module>>,
    order: Vec<String>,
    next_id: u64,
    pub(crate) global_picklists: Vec<GlobalPicklist>,
    /// The stages of deals by pipeline, of those that do not have all.
    pub(crate) pipelines: BTreeMap<String, Vec<String>>,
}

impl Schema {
    /// The standard modules and the default custom fields on Accounts.
    pub(crate) fn standard() -> Self {
        let mut schema = Self {
            modules: BTreeMap::new(),
            order: Vec::new(),
            next_id: 4_876_876_000_000_000_100,
            global_picklists: vec![GlobalPicklist::delivery_terms()],
            pipelines: BTreeMap::new(),
        };
        for module in standard::modules() {
            schema.add_module(module);
        }
        for field in CustomField::defaults() {
            schema.add_custom_field(&field);
        }
        schema
    }

    fn add_module(&mut self, mut module: Module) {
        module.id = self.take_id();
        for field in &mut module.fields {
            field.id = self.next_id.to_string();
            self.next_id += 2;
        }
        self.order.push(module.api_name.clone());
        self.modules
            .insert(module.api_name.clone(), Arc::new(module));
    }

    fn take_id(&mut self) -> String {
        self.next_id += 2;
        self.next_id.to_string()
    }

    /// Adds or replaces a custom field; false if the module does not exist or the name is a standard field's.
    pub(crate) fn add_custom_field(&mut self, custom: &CustomField) -> bool {
        let id = self.take_id();
        let shared_values = match &custom.global_picklist {
            Some(name) => {
                let known = self.global_picklists.iter();
                let mut known = known.filter(|list| list.api_name == *name);
                let Some(list) = known.next() else {
                    return false;
                };
                Some(list.values.clone())
            }
            None => None,
        };
        let Some(module) = self.modules.get_mut(&custom.module) else {
            return false;
        };
        if module
            .field(&custom.api_name)
            .is_some_and(|field| !field.custom)
        {
            return false;
        }
        let Some(mut field) = custom.to_field() else {
            return false;
        };
        field.id = id;
        if let Some(values) = shared_values {
            field.picklist = values;
        }
        let module = Arc::make_mut(module);
        module
            .fields
            .retain(|existing| existing.api_name != field.api_name);
        module.fields.push(field);
        true
    }

    /// Removes a custom field; false if there is none of that name.
    pub(crate) fn remove_custom_field(&mut self, module: &str, api_name: &str) -> bool {
        let Some(module) = self.modules.get_mut(module) else {
            return false;
        };
        if !module.field(api_name).is_some_and(|field| field.custom) {
            return false;
        }
        Arc::make_mut(module)
            .fields
            .retain(|field| field.api_name != api_name);
        true
    }

    /// Replaces the values of a picklist; false if there is no such picklist.
    pub(crate) fn set_picklist(&mut self, module: &str, api_name: &str, values: &[String]) -> bool {
        let Some(module) = self.modules.get_mut(module) else {
            return false;
        };
        let Some(field) = Arc::make_mut(module)
            .fields
            .iter_mut()
            .find(|field| field.api_name == api_name)
        else {
            return false;
        };
        field.picklist = values.to_vec();
        matches!(
            field.data_type,
            DataType::Picklist | DataType::MultiPicklist
        )
    }

    /// Gives deals a pipeline with stages of its own, or an old one other stages.
    pub(crate) fn set_pipeline(&mut self, name: &str, stages: &[String]) {
        // Those that have all stages have no more than these.
        let all = |field: &str| {
            let field = self.any("Deals").and_then(|deals| deals.field(field));
            field
                .map(|field| field.picklist.clone())
                .unwrap_or_default()
        };
        let stages_so_far = all("Stage");
        for pipeline in all("Pipeline") {
            let own = self.pipelines.entry(pipeline);
            own.or_insert_with(|| stages_so_far.clone());
        }
        for (field, values) in [("Pipeline", &[name.to_owned()][..]), ("Stage", stages)] {
            let known = self.any("Deals").and_then(|deals| deals.field(field));
            let mut all = known
                .map(|field| field.picklist.clone())
                .unwrap_or_default();
            for value in values {
                if !all.contains(value) {
                    all.push(value.clone());
                }
            }
            self.set_picklist("Deals", field, &all);
        }
        self.pipelines.insert(name.to_owned(), stages.to_vec());
    }

    /// A module, whether or not the edition offers it.
    pub(crate) fn any(&self, api_name: &str) -> Option<&Arc<Module>> {
        self.modules.get(api_name)
    }

    /// A module the organisation may use. The spelling counts.
    pub(crate) fn available(&self, api_name: &str, settings: &Settings) -> Option<&Arc<Module>> {
        self.any(api_name)
            .filter(|module| settings.offers_module(module))
    }

    /// The module's place in definition order, counted from 0.
    pub(crate) fn position(&self, api_name: &str) -> usize {
        let mut names = self.order.iter();
        names.position(|name| name == api_name).unwrap_or_default()
    }

    /// All modules in definition order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Module>> {
        self.order.iter().filter_map(|name| self.modules.get(name))
    }
}
