//! SOAP as a write path.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{
    ObjectKey, Soap,
    object::{SoapField, SoapObject, SoapRow, text},
    publication::{SoapPlace, SoapPublication},
};
use crate::{
    client::X3Client,
    error::{Error, InvalidRequest, RecordError, RecordErrorKind},
    graphql::node_path::NodePath,
    ids::RecordId,
    outcome::Outcome,
    write::{
        Presence, RowAction, RowActions, WriteAction, WritePath, WriteRoute, WriteRow, WrittenRows,
        same_key,
    },
};

/// Writes records of one node through a published object.
#[derive(Debug)]
pub(crate) struct SoapRoute {
    node: String,
    publication: SoapPublication,
}

impl SoapRoute {
    pub(crate) fn new(node: String, publication: SoapPublication) -> Self {
        Self { node, publication }
    }
}

#[async_trait]
impl WriteRoute for SoapRoute {
    fn path(&self) -> WritePath {
        WritePath::Soap
    }

    fn serves(&self, node: &NodePath, _action: WriteAction) -> bool {
        node.node == self.node.as_str()
    }

    async fn presence(&self, client: &X3Client, key: &RecordId) -> Presence {
        let (Ok(soap), Ok(key)) = (client.soap(), self.publication.key(key)) else {
            return Presence::Unknown;
        };
        match soap.read(&self.publication.public_name, &key).await {
            Ok(_) => Presence::There,
            // That it is not there is one error among many, with a localised text.
            Err(_) => Presence::Unknown,
        }
    }

    async fn write(
        &self,
        client: &X3Client,
        _node: &NodePath,
        action: WriteAction,
        _operation: &'static str,
        rows: &[WriteRow],
    ) -> Result<WrittenRows, Error> {
        let soap = client.soap()?;
        let mut written = WrittenRows {
            rows: Vec::new(),
            diagnoses: Vec::new(),
        };
        for row in rows {
            let result = self.write_one(&soap, action, row).await;
            written.rows.push(match result {
                Ok(outcome) => outcome,
                Err(Error::Rejected { error, .. }) => Err(*error),
                Err(error) => return Err(error),
            });
        }
        Ok(written)
    }
}

type Written = Result<Outcome<RecordId>, RecordError>;

impl SoapRoute {
    async fn write_one(
        &self,
        soap: &Soap,
        action: WriteAction,
        row: &WriteRow,
    ) -> Result<Written, Error> {
        let public_name = &self.publication.public_name;
        let draft = Draft::new(&self.publication, row)?;
        let answer = match (action, &row.key) {
            (WriteAction::Create, _) => {
                let object = draft.finished(&SoapObject::default(), None)?;
                soap.save(public_name, &object).await?
            }
            (WriteAction::Update, Some(key)) => {
                let key = self.publication.key(key)?;
                let object = if draft.depends_on_the_present() {
                    let present = soap.read(public_name, &key).await?.value;
                    draft.check_rows(&present, &self.publication.row_keys, &soap.client)?;
                    draft.finished(&present, Some(&self.publication.row_keys))?
                } else {
                    draft.finished(&SoapObject::default(), None)?
                };
                soap.modify(public_name, &key, &object).await?
            }
            (WriteAction::Update, None) => {
                return Err(InvalidRequest::new("an update needs the record's key").into());
            }
        };
        let key = self
            .publication
            .key_of(&answer.value)
            .or_else(|| row.key.clone());
        Ok(match key {
            Some(value) => Ok(Outcome {
                value,
                path: WritePath::Soap,
                diagnoses: answer.diagnoses,
            }),
            // X3 says that it wrote something, but not what.
            None => Err(RecordError {
                kind: RecordErrorKind::Unclear,
                diagnoses: answer.diagnoses,
                may_have_been_applied: true,
            }),
        })
    }
}

impl SoapPublication {
    /// The key of a record as fields.
    fn key(&self, id: &RecordId) -> Result<Vec<ObjectKey>, InvalidRequest> {
        if let [field] = self.key_fields.as_slice() {
            return Ok(vec![ObjectKey::new(field.as_str(), id.as_str())]);
        }
        let parts: Vec<&str> = id.parts().collect();
        let Some(surplus) = parts.len().checked_sub(self.key_fields.len()) else {
            return Err(InvalidRequest::new(format!(
                "the key `{id}` has fewer parts than {} has key fields",
                self.public_name
            )));
        };
        let fields = self.key_fields.iter().zip(parts.into_iter().skip(surplus));
        Ok(fields
            .map(|(field, part)| ObjectKey::new(field.as_str(), part))
            .collect())
    }

    /// The key that a record shows, if it shows all of it.
    fn key_of(&self, object: &SoapObject) -> Option<RecordId> {
        let parts: Option<Vec<&str>> = self
            .key_fields
            .iter()
            .map(|field| object.find(field).map(str::trim))
            .collect();
        match parts?.as_slice() {
            [key] => RecordId::new(*key).ok(),
            parts => RecordId::of_parts(parts).ok(),
        }
    }
}

/// A record on its way into blocks. Fields with several places are known in part.
#[derive(Debug, Default)]
struct Draft {
    groups: Vec<(String, DraftRow)>,
    tables: Vec<(String, BTreeMap<usize, DraftRow>)>,
}

#[derive(Debug, Default)]
struct DraftRow {
    /// What is to be done with it, in an update.
    action: Option<RowAction>,
    fields: Vec<(String, DraftField)>,
}

#[derive(Debug)]
enum DraftField {
    Single(String),
    Places(BTreeMap<usize, String>),
}

impl Draft {
    fn new(publication: &SoapPublication, row: &WriteRow) -> Result<Self, InvalidRequest> {
        let name = format!("the SOAP publication {}", publication.public_name);
        let mut draft = Self::default();
        let leaves = row.input.leaves()?;
        let actions = RowActions::of(&leaves);
        for leaf in &leaves {
            let Some(place) = publication.placement.find(leaf, &name)? else {
                continue;
            };
            let value = text(&place.conversion.convert(leaf)?)?;
            let row = draft.row(place, leaf.row);
            row.action = actions.get(leaf);
            row.put(place, leaf.slot, value);
        }
        Ok(draft)
    }

    fn row(&mut self, place: &SoapPlace, row: Option<usize>) -> &mut DraftRow {
        match row {
            None => entry(&mut self.groups, &place.block),
            Some(row) => entry(&mut self.tables, &place.block)
                .entry(row)
                .or_default(),
        }
    }

    /// Whether the present record must be known before it is changed: rows are matched by position, and a field with several
    /// places is written whole.
    fn depends_on_the_present(&self) -> bool {
        let in_part = self
            .groups
            .iter()
            .flat_map(|(_, row)| &row.fields)
            .any(|(_, field)| matches!(field, DraftField::Places(_)));
        in_part || !self.tables.is_empty()
    }

    /// Refuses to change rows that are not there, and to add those that are.
    fn check_rows(
        &self,
        present: &SoapObject,
        row_keys: &BTreeMap<String, String>,
        client: &X3Client,
    ) -> Result<(), Error> {
        for (block, drafts) in &self.tables {
            let Some(field) = row_keys.get(block) else {
                continue;
            };
            for draft in drafts.values() {
                if let Some(action) = draft.action {
                    let is_there = draft.position(present.rows(block), field).is_some();
                    action.check(is_there, block, client, "soap.modify")?;
                }
            }
        }
        Ok(())
    }

    /// The object, completed from `present`. `row_keys` says how rows of an existing record are known; without it all rows
    /// are new.
    fn finished(
        self,
        present: &SoapObject,
        row_keys: Option<&BTreeMap<String, String>>,
    ) -> Result<SoapObject, InvalidRequest> {
        let mut object = SoapObject::default();
        for (block, draft) in self.groups {
            let known = present.groups.iter().find(|(name, _)| *name == block);
            let row = draft.finished(known.map(|(_, row)| row))?;
            *object.group_mut(&block)? = row;
        }
        for (block, drafts) in self.tables {
            let known = present.rows(&block);
            let mut next = known.len() + 1;
            for draft in drafts.into_values() {
                let mut at = None;
                if let Some(row_keys) = row_keys {
                    let field = row_keys.get(&block).ok_or_else(|| {
                        InvalidRequest::new(format!(
                            "rows of table {block} cannot be changed: say with SoapPublication::row_key by which field they \
                             are known"
                        ))
                    })?;
                    at = draft.position(known, field);
                }
                let mut row = draft.finished(at.map(|(_, row)| row))?;
                row.number = match at {
                    Some((index, row)) => Some(row.number.unwrap_or(index + 1)),
                    None => {
                        next += 1;
                        Some(next - 1)
                    }
                };
                object.table_mut(&block)?.push(row);
            }
        }
        Ok(object)
    }
}

fn entry<'a, T: Default>(blocks: &'a mut Vec<(String, T)>, name: &str) -> &'a mut T {
    let index = blocks.iter().position(|(known, _)| known == name);
    let index = index.unwrap_or_else(|| {
        blocks.push((name.to_owned(), T::default()));
        blocks.len() - 1
    });
    &mut blocks[index].1
}

impl DraftRow {
    fn put(&mut self, place: &SoapPlace, slot: Option<usize>, value: String) {
        let known = self
            .fields
            .iter_mut()
            .find(|(name, _)| *name == place.field);
        match (place.position.or(slot), known) {
            (Some(position), Some((_, DraftField::Places(places)))) => {
                places.insert(position, value);
            }
            (Some(position), _) => {
                let places = DraftField::Places(BTreeMap::from([(position, value)]));
                self.fields.push((place.field.clone(), places));
            }
            (None, Some((_, field))) => *field = DraftField::Single(value),
            (None, None) => self
                .fields
                .push((place.field.clone(), DraftField::Single(value))),
        }
    }

    fn single(&self, field: &str) -> Option<&str> {
        self.fields.iter().find_map(|(name, value)| match value {
            DraftField::Single(value) if name == field => Some(value.as_str()),
            _ => None,
        })
    }

    /// The row that it means, of those that are there: the one with its key. A row without a key is a new one.
    fn position<'a>(&self, known: &'a [SoapRow], field: &str) -> Option<(usize, &'a SoapRow)> {
        let key = self.single(field)?;
        let mut known = known.iter().enumerate();
        known.find(|(_, row)| row.get(field).is_some_and(|value| same_key(value, key)))
    }

    fn finished(self, present: Option<&SoapRow>) -> Result<SoapRow, InvalidRequest> {
        let mut row = SoapRow::default();
        for (field, value) in self.fields {
            let value = match value {
                DraftField::Single(value) => SoapField::Single(value),
                DraftField::Places(places) => {
                    let mut list = match present.and_then(|row| row.field(&field)) {
                        Some(SoapField::List(list)) => list.clone(),
                        Some(SoapField::Single(first)) => vec![first.clone()],
                        None => Vec::new(),
                    };
                    for (position, value) in places {
                        if position == 0 || position > MOST_PLACES {
                            return Err(InvalidRequest::new(format!(
                                "place {position} of field {field} does not exist"
                            )));
                        }
                        if list.len() < position {
                            list.resize(position, String::new());
                        }
                        list[position - 1] = value;
                    }
                    SoapField::List(list)
                }
            };
            row.set(&field, value)?;
        }
        Ok(row)
    }
}

/// X3's array columns have at most 30 places (reference sage-x3 section 6); custom ones may have more.
const MOST_PLACES: usize = 99;

#[cfg(test)]
mod tests;
