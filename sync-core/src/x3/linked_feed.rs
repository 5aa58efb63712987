//! Changes that show in the rows of another node, which lead to the record.

use std::time::Duration;

use async_trait::async_trait;
use sage_x3_client::{
    ChangeSource, Changes as ChangeQuery, Node, OrderBy, X3Client,
    dynamic::{DynamicQuery, DynamicRecord, Selection},
};

use super::{
    error::{endpoint_error, misconfigured, unreadable},
    node::{cursor, note, token},
    table::Supplement,
};
use crate::{
    endpoint::{Change, ChangesPage, ChangesRequest, EndpointError, FeedDescription, Problem},
    ids::{FeedName, FieldName, RecordId},
    value::Document,
};

/// A feed of rows of any node, each of which names a record at the end of a path of references. Adds no field.
#[derive(Clone, Debug)]
pub(super) struct LinkedFeed {
    pub(super) package: &'static str,
    pub(super) node: &'static str,
    /// The references that lead from a row to the record, from outside in.
    pub(super) path: &'static [&'static str],
}

const STAMP: &str = "_updateStamp";

impl LinkedFeed {
    fn query(&self) -> Result<DynamicQuery, EndpointError> {
        let record = self.path.iter().rev().try_fold(None, |inner, reference| {
            Selection::new()
                .object(reference, inner.unwrap_or_default())
                .map(Some)
        });
        let invalid = |error: sage_x3_client::InvalidRequest| misconfigured(error.to_string());
        let selection = record
            .map_err(invalid)?
            .unwrap_or_default()
            .field(STAMP)
            .map_err(invalid)?;
        Ok(DynamicQuery::new(selection).order_by(OrderBy::ascending(STAMP)))
    }

    /// None for a row that names no record.
    fn change(&self, row: &DynamicRecord) -> Result<Option<Change>, EndpointError> {
        let wrong = |error: client_core::DecodeError| {
            unreadable(format!("a row of node `{}`: {error}", self.node))
        };
        let path = format!("{}._id", self.path.join("."));
        let id = row.text(&path).map_err(wrong)?;
        let stamp = row.decode_at(STAMP).map_err(wrong)?;
        Ok(id.filter(|id| !id.trim().is_empty()).map(|id| Change {
            id: RecordId::from(id),
            stamp,
        }))
    }

    async fn page(
        &self,
        client: &X3Client,
        query: &DynamicQuery,
    ) -> Result<sage_x3_client::Page<DynamicRecord>, EndpointError> {
        let node = client
            .node(self.package, self.node)
            .map_err(endpoint_error)?;
        node.page(query).await.map_err(endpoint_error)
    }
}

#[async_trait]
impl<N: Node> Supplement<N> for LinkedFeed {
    fn fields(&self) -> Vec<FieldName> {
        Vec::new()
    }

    async fn read(&self, _: &X3Client, records: &[N]) -> Result<Vec<Document>, EndpointError> {
        Ok(vec![Document::new(); records.len()])
    }

    fn calls(&self) -> u64 {
        0
    }

    async fn check(&self, client: &X3Client) -> Result<Vec<Problem>, EndpointError> {
        let one = self.query()?.first(sage_x3_client::PageSize::new(1));
        let mut problems = Vec::new();
        if let Err(error) = self.page(client, &one).await {
            note(error, &mut problems)?;
        }
        Ok(problems)
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        vec![FeedDescription {
            name: FeedName::from(self.node),
            precision: Duration::from_millis(1),
        }]
    }

    async fn changes(
        &self,
        client: &X3Client,
        request: &ChangesRequest,
    ) -> Result<ChangesPage, EndpointError> {
        // Any source does: the condition is on the stamp, which every node has.
        let since = ChangeQuery::of(ChangeSource::default()).since(request.since);
        let query = self
            .query()?
            .filter(since.filter())
            .after(cursor(request.page.as_ref()));
        let page = self.page(client, &query).await?;
        let changes = page
            .items
            .iter()
            .filter_map(|row| self.change(row).transpose());
        Ok(ChangesPage {
            changes: changes.collect::<Result<_, _>>()?,
            next: page.next.as_ref().map(token),
        })
    }
}
