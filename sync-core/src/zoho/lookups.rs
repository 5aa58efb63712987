//! Fields of the records that lookups point to: `Product_Name.Product_Code`.

use std::collections::{BTreeMap, BTreeSet};

use zoho_crm_client::{
    Coql, Error, Filter, Lookup, ModuleName, Order, Record as ZohoRecord, RecordId as ZohoId,
    ZohoClient,
};

use super::{
    schema::{Schema, split},
    settings::ModuleSettings,
};
use crate::{
    endpoint::Write,
    ids::FieldName,
    value::{Document, Value},
};

/// Values that one query takes.
const VALUES_IN_CALL: usize = 50;

/// What every lookup says of the record that it points to.
pub(super) const NAME: &str = "name";

/// Calls `visit` for every row of a record and the paths wanted of it: for the record itself, and for each of its lines.
fn each_row<'a>(
    record: &ZohoRecord,
    settings: &'a ModuleSettings,
    schema: &'a Schema,
    visit: &mut impl FnMut(&ZohoRecord, &'a Schema, &'a FieldName),
) {
    for field in &settings.fields {
        let Some(columns) = settings.columns_of(field) else {
            visit(record, schema, field);
            continue;
        };
        let rows = record.rows(field.as_str()).ok().flatten();
        let Some(known) = schema.columns(field.as_str()) else {
            continue;
        };
        for row in rows.iter().flatten() {
            for column in columns {
                visit(row, known, column);
            }
        }
    }
}

/// Records that lookups of what was read point to.
#[derive(Debug, Default)]
pub(super) struct Pointed(BTreeMap<(ModuleName, ZohoId), ZohoRecord>);

impl Pointed {
    /// Reads what paths of `settings` need and `records` do not hold themselves.
    pub(super) async fn read(
        client: &ZohoClient,
        settings: &ModuleSettings,
        schema: &Schema,
        records: &[ZohoRecord],
    ) -> Result<Self, Error> {
        let mut wanted: BTreeMap<ModuleName, (BTreeSet<ZohoId>, BTreeSet<String>)> =
            BTreeMap::new();
        for record in records {
            each_row(record, settings, schema, &mut |row, schema, path| {
                let (lookup, Some(field)) = split(path.as_str()) else {
                    return;
                };
                let Ok(Some(found)) = row.lookup(lookup) else {
                    return;
                };
                if let Some(module) = schema.points_to(lookup)
                    && field != NAME
                    && !found.other.contains(field)
                {
                    let (ids, fields) = wanted.entry(module.clone()).or_default();
                    ids.insert(found.id);
                    fields.insert(field.to_owned());
                }
            });
        }
        let mut pointed = BTreeMap::new();
        for (module, (ids, fields)) in wanted {
            let ids: Vec<ZohoId> = ids.into_iter().collect();
            let found = client
                .module(module.clone())
                .get_by_ids(&ids, fields)
                .await?;
            let found = found.into_iter();
            pointed.extend(found.map(|(id, record)| ((module.clone(), id), record)));
        }
        Ok(Self(pointed))
    }

    /// The record that has `field` of the record that `lookup` points to.
    pub(super) fn holder<'a>(
        &'a self,
        module: Option<&ModuleName>,
        lookup: &'a Lookup,
        field: &str,
    ) -> Option<&'a ZohoRecord> {
        if lookup.other.contains(field) {
            return Some(&lookup.other);
        }
        self.0.get(&(module?.clone(), lookup.id.clone()))
    }
}

/// Records that writes name by the value of one of their fields.
#[derive(Debug, Default)]
pub(super) struct Named(BTreeMap<(ModuleName, String, String), Vec<ZohoId>>);

impl Named {
    /// Looks up what `writes` name.
    pub(super) async fn find(
        client: &ZohoClient,
        schema: &Schema,
        writes: &[Write],
    ) -> Result<Self, Error> {
        let mut wanted: BTreeMap<(ModuleName, String), BTreeSet<String>> = BTreeMap::new();
        for write in writes {
            let (Write::Create { fields, .. } | Write::Update { fields, .. }) = write else {
                continue;
            };
            collect(fields, schema, &mut wanted);
        }
        let mut named = Self::default();
        for ((module, field), values) in wanted {
            let values: Vec<String> = values.into_iter().collect();
            for portion in values.chunks(VALUES_IN_CALL) {
                named.add(client, &module, &field, portion).await?;
            }
        }
        Ok(named)
    }

    async fn add(
        &mut self,
        client: &ZohoClient,
        module: &ModuleName,
        field: &str,
        values: &[String],
    ) -> Result<(), Error> {
        let filter = Filter::in_(field, values.iter().map(String::as_str));
        let query = Coql::select([field])
            .from(module.clone())
            .filter(filter)
            .order_by("id", Order::Ascending);
        for record in client.coql(&query).await?.records {
            let value = record.text(field).ok().flatten();
            if let (Some(id), Some(value)) = (record.id(), value) {
                let key = (module.clone(), field.to_owned(), folded(&value));
                self.0.entry(key).or_default().push(id);
            }
        }
        Ok(())
    }

    /// The one record of the module that `lookup` points to whose `field` is `value`.
    ///
    /// # Errors
    /// A sentence, when there is none or more than one.
    pub(super) fn id(
        &self,
        schema: &Schema,
        lookup: &str,
        field: &str,
        value: &str,
    ) -> Result<ZohoId, String> {
        let module = schema
            .points_to(lookup)
            .ok_or_else(|| format!("`{lookup}` points to no module"))?;
        let key = (module.clone(), field.to_owned(), folded(value));
        match self.0.get(&key).map(Vec::as_slice) {
            Some([id]) => Ok(id.clone()),
            Some([_, _, ..]) => Err(format!(
                "Zoho module {module} has several records whose `{field}` is `{value}`: make it unique"
            )),
            _ => Err(format!(
                "Zoho module {module} has no record whose `{field}` is `{value}`"
            )),
        }
    }
}

/// Adds the values by which `fields` name records.
fn collect(
    fields: &Document,
    schema: &Schema,
    wanted: &mut BTreeMap<(ModuleName, String), BTreeSet<String>>,
) {
    for (name, value) in fields.iter() {
        let (lookup, pointed) = split(name.as_str());
        match (pointed, value) {
            (Some(field), Value::Text(text)) => {
                if let Some(module) = schema.points_to(lookup) {
                    let values = wanted.entry((module.clone(), field.to_owned()));
                    values.or_default().insert(text.clone());
                }
            }
            (None, Value::List(rows)) => {
                let Some(columns) = schema.columns(lookup) else {
                    continue;
                };
                for row in rows {
                    if let Value::Fields(row) = row {
                        collect(row, columns, wanted);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Zoho compares text without case.
fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}
