//! A pair as it is at this moment, for people.

use super::Engine;
use crate::{
    endpoint::Record,
    error::Error,
    flow::Flow,
    ids::{FlowName, RecordId},
    link::Link,
    side::{Side, Sides},
    value::Document,
};

/// A pair as it is now: what the store knows of it, and what each system says.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// What the store knows: both identities and the base. `None`: the record belongs to no pair.
    pub link: Option<Link>,
    /// What each system says.
    pub sides: Sides<Seen>,
}

/// What a system says of its half of a pair.
#[derive(Clone, Debug, Default)]
pub enum Seen {
    /// There is no record to ask for.
    #[default]
    Nothing,
    /// The system does not know the record (any more).
    Gone(RecordId),
    /// It is there.
    There {
        /// Its identity.
        id: RecordId,
        /// Its fields under the mapping's names. A field that cannot be carried over is absent.
        fields: Document,
    },
    /// The system could not be asked.
    Unknown {
        /// The record that was asked for.
        id: RecordId,
        /// Why.
        message: String,
    },
}

impl Seen {
    /// The identity, where there is one.
    #[must_use]
    pub fn id(&self) -> Option<&RecordId> {
        match self {
            Self::Nothing => None,
            Self::Gone(id) | Self::There { id, .. } | Self::Unknown { id, .. } => Some(id),
        }
    }

    /// The fields, where the record is there.
    #[must_use]
    pub fn fields(&self) -> Option<&Document> {
        match self {
            Self::There { fields, .. } => Some(fields),
            _ => None,
        }
    }
}

impl Engine {
    /// Reads both halves of the pair that a record belongs to, or the record alone. Nothing is queued or written; the
    /// calls are counted as all others are. A system that cannot be asked does not hide what the other says.
    ///
    /// # Errors
    /// [`Error::UnknownFlow`], [`Error::Store`].
    pub async fn inspect(
        &self,
        flow: &FlowName,
        side: Side,
        id: &RecordId,
    ) -> Result<Inspected, Error> {
        let flow = self.flow(flow)?;
        let record = [(side, id.clone())];
        let link = self
            .store
            .links(&self.connection, &flow.name, &record)
            .await?
            .into_iter()
            .flatten()
            .next();
        let mut ids = link
            .as_ref()
            .map(|link| link.content.ids.clone())
            .unwrap_or_default();
        ids.get_mut(side).get_or_insert_with(|| id.clone());
        let left = self.see(flow, Side::Left, ids.left).await?;
        let right = self.see(flow, Side::Right, ids.right).await?;
        Ok(Inspected {
            link,
            sides: Sides::new(left, right),
        })
    }

    async fn see(&self, flow: &Flow, side: Side, id: Option<RecordId>) -> Result<Seen, Error> {
        let Some(id) = id else {
            return Ok(Seen::Nothing);
        };
        let read = self.call_read(flow, side, std::slice::from_ref(&id)).await;
        Ok(
            match read.map(|records| records.into_iter().flatten().next()) {
                Ok(Some(record)) => Seen::There {
                    id,
                    fields: self.named(flow, side, &record).await?,
                },
                Ok(None) => Seen::Gone(id),
                Err(error) => Seen::Unknown {
                    id,
                    message: error.message,
                },
            },
        )
    }

    /// A record under the mapping's names. References are given in the left system's identities where they are known.
    async fn named(&self, flow: &Flow, side: Side, record: &Record) -> Result<Document, Error> {
        let fields = std::iter::once(&record.fields);
        let references = self.references(flow, side, fields).await?;
        Ok(
            match flow.mapping.project_with(side, &record.fields, &references) {
                Ok(document) => document,
                Err(_) => flow.mapping.project_known(side, &record.fields),
            },
        )
    }
}
