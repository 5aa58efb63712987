//! Exchanging the rows of a subform (reference: Zoho v8 section 3.1, read 2026-11).

use super::{Outgoing, Trigger, Written, get, outcome::parse_row, write::Write};
use crate::{
    client::ZohoClient,
    error::Error,
    model::{Record, RowChanges, Rows},
    names::{FieldName, ModuleName, RecordId},
};

const OPERATION: &str = "zoho.records.replace_rows";

/// An exchange of all rows of a subform for others, such as the lines of an order.
///
/// Reads the rows that are there, then deletes them and adds the new ones in one update, which Zoho refuses with
/// `ALREADY_MODIFIED` if somebody changed the record in between. So whatever happened to an earlier attempt, sending
/// again ends with the new rows and nothing else: lines do not double.
#[derive(Clone, Debug)]
#[must_use = "call `send`"]
pub struct ReplaceRowsRequest {
    client: ZohoClient,
    module: ModuleName,
    id: RecordId,
    field: FieldName,
    rows: Vec<Record>,
    trigger: Trigger,
}

impl ReplaceRowsRequest {
    pub(super) fn new(
        client: ZohoClient,
        module: ModuleName,
        id: RecordId,
        field: FieldName,
        rows: Vec<Record>,
    ) -> Self {
        Self {
            client,
            module,
            id,
            field,
            rows,
            trigger: Trigger::None,
        }
    }

    /// Which automations to set off. Default: none.
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.trigger = trigger;
        self
    }

    /// Reads and updates. Costs 2 credits. `None` when there is no such record.
    ///
    /// # Errors
    /// [`Error::Api`] when Zoho refuses the update; [`ApiError::is_already_modified`](crate::ApiError::is_already_modified)
    /// tells that sending again has a chance. [`Error::InvalidRequest`] when the record has more rows than come with
    /// it, or the field holds no rows.
    pub async fn send(self) -> Result<Option<Written>, Error> {
        let Some(record) = get::one::<Record>(&self.client, &self.module, &self.id).await? else {
            return Ok(None);
        };
        let outgoing = self.update(&record)?;
        self.client.send(outgoing, parse_row).await.map(Some)
    }

    fn update(&self, record: &Record) -> Result<Outgoing, Error> {
        if record.has_more_rows(self.field.as_str()) {
            return Err(Error::invalid(
                OPERATION,
                format!("`{}` has more rows than come with the record", self.field),
            ));
        }
        let invalid = |error: &dyn std::error::Error| Error::invalid(OPERATION, error.to_string());
        let current: Option<Rows<Record>> = record
            .rows(self.field.as_str())
            .map_err(|error| invalid(&error))?;
        let changes = match &current {
            Some(current) => {
                RowChanges::replace(current, self.rows.clone()).map_err(|error| invalid(&error))?
            }
            None => self
                .rows
                .iter()
                .cloned()
                .fold(RowChanges::new(), RowChanges::append),
        };
        let unmodified_since = record
            .instant("Modified_Time")
            .map_err(|error| invalid(&error))?;
        let update = Record::new()
            .with("id", &self.id)
            .with_row_changes(self.field.clone(), changes);
        let mut outgoing = Write::guarded_update(
            &self.module,
            &update,
            self.trigger.clone(),
            unmodified_since,
        )?;
        outgoing.operation = OPERATION;
        Ok(outgoing)
    }
}
