//! Inserting, updating and upserting records (reference: Zoho v8 sections 2.4 to 2.6, read 2026-11).

mod parts;

use jiff::Timestamp;

use self::parts::Kind;
pub(super) use self::parts::Write;
use super::{WriteOutcomes, calls::run, encoded::EncodedRows, trigger::Trigger};
use crate::{
    client::ZohoClient,
    error::Error,
    names::{FieldName, ModuleName},
};

macro_rules! write_request {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[must_use = "call `send`"]
        pub struct $name {
            client: ZohoClient,
            write: Write,
        }

        impl $name {
            /// Which automations to set off. Default: none.
            pub fn trigger(mut self, trigger: Trigger) -> Self {
                self.write.trigger = trigger;
                self
            }

            /// Lets values of external fields stand where ids would: `["Leads.External_Id"]` for the rows' own `id`, and
            /// paths such as `Quotes.Quoted_Items.Product_Name.Products_External` for lookups (reference: Zoho v8
            /// section 2.10, read 2026-11).
            pub fn external<F: Into<FieldName>>(
                mut self,
                fields: impl IntoIterator<Item = F>,
            ) -> Self {
                self.write.external = fields.into_iter().map(Into::into).collect();
                self
            }

            /// Sends the rows, 100 in a call, one call after the other. Costs 1 credit for each started 10 rows.
            ///
            /// # Errors
            /// When no call was answered. Once one was, a later call that fails shows as the outcome of its rows.
            pub async fn send(self) -> Result<WriteOutcomes, Error> {
                run(&self.client, self.write.into_calls()?).await
            }
        }
    };
}

write_request! {
    /// New records. Not repeated after a lost answer: see [`Error::may_have_been_applied`].
    InsertRequest
}
write_request! {
    /// Changes to records by id.
    UpdateRequest
}
write_request! {
    /// New records, or changes to those that match.
    UpsertRequest
}

macro_rules! guarded_request {
    ($name:ident) => {
        impl $name {
            /// Refuses to change records that were modified after `instant`, a `Modified_Time` read before: such a row
            /// fails with `ALREADY_MODIFIED` ([`ApiError::is_already_modified`](crate::ApiError::is_already_modified)).
            /// Compared in whole seconds, so a change within the same second passes. Holds for all rows alike: send
            /// rows of different age in writes of their own.
            ///
            /// Such a write is not repeated after a lost answer, because its own first attempt would refuse it.
            pub fn unmodified_since(mut self, instant: Timestamp) -> Self {
                self.write.unmodified_since = Some(instant);
                self
            }
        }
    };
}

guarded_request!(UpdateRequest);
guarded_request!(UpsertRequest);

impl InsertRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName, rows: EncodedRows) -> Self {
        let write = Write::new(Kind::Insert, module, rows);
        Self { client, write }
    }
}

impl UpdateRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName, rows: EncodedRows) -> Self {
        let write = Write::new(Kind::Update, module, rows);
        Self { client, write }
    }
}

impl UpsertRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName, rows: EncodedRows) -> Self {
        let write = Write::new(Kind::Upsert, module, rows);
        Self { client, write }
    }

    /// The unique fields to match by, most telling first. Zoho always checks fields that the organisation made unique
    /// as well.
    ///
    /// Rows that all have an id or a value in one of these fields may be sent again after a lost answer, and two rows
    /// with the same value go into different calls.
    pub fn duplicate_check_fields<F: Into<FieldName>>(
        mut self,
        fields: impl IntoIterator<Item = F>,
    ) -> Self {
        self.write.check_fields = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Lets rows append to the records that they match: new rows of subforms, links, appended values. Without this an
    /// upsert that appends is refused, because each time it finds its record it appends again, so that the lines of an
    /// order double. To create records with lines, insert them: a unique field then keeps them from being made twice.
    pub fn allow_appending(mut self) -> Self {
        self.write.may_append = true;
        self
    }
}
