//! Nodes that this crate has no type for: custom nodes, fields and packages, with the same paging, filters, paths for
//! writes and errors as the typed ones.
//!
//! ```
//! use sage_x3_client::{Filter, X3Client, dynamic::{DynamicQuery, NodeInput, Selection}};
//!
//! # async fn visits(client: &X3Client) -> Result<(), Box<dyn std::error::Error>> {
//! let visits = client.node("yAcme", "yVisit")?;
//! let selection = Selection::new()
//!     .field("visitDate")?
//!     .object("customer", Selection::new().object("code", Selection::new().field("code")?)?)?;
//! let query = DynamicQuery::new(selection).filter(Filter::field("customer.code.code").eq("NA001"));
//! for visit in visits.page(&query).await?.items {
//!     println!("{:?} {:?}", visit.id(), visit.text("customer.code.code")?);
//! }
//! visits.create(&NodeInput::new().set("customer", "NA001")?, None).await?;
//! # Ok(())
//! # }
//! ```

mod document;
mod input;
mod query;
mod record;
mod selection;

use std::sync::Arc;

use serde_json::value::RawValue;

pub use self::{
    input::NodeInput,
    query::DynamicQuery,
    record::{DynamicItems, DynamicRecord},
    selection::Selection,
};
use crate::{
    client::X3Client,
    error::{CallContext, Error, InvalidRequest},
    graphql::{
        GraphqlAnswer,
        adaptation::Adaptation,
        connection::{Child, Connection, Nested},
        document::NodeFile,
        node_path::NodePath,
    },
    ids::{FieldName, RecordId},
    outcome::{Batch, Outcome},
    page::{Cursor, Page, PageSize, Pager, page},
    probe::Offer,
    scalar::Scalar,
    write::{WriteAction, WriteKind, WriteRow, single},
};

/// Any node of an endpoint. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DynamicNode {
    client: X3Client,
    path: NodePath,
}

impl X3Client {
    /// Any node, by the name of its package and its own, such as `x3Sales` and `salesQuote`. Packages of Sage are named
    /// as generation 3 has them, whatever the site's generation.
    ///
    /// # Errors
    /// [`Error::Invalid`] when one of them cannot be a name.
    pub fn node(&self, package: &str, node: &str) -> Result<DynamicNode, Error> {
        let (package, node) = (FieldName::new(package)?, FieldName::new(node)?);
        Ok(DynamicNode {
            client: self.clone(),
            path: NodePath {
                package: String::from(package).into(),
                node: String::from(node).into(),
            },
        })
    }
}

impl DynamicNode {
    /// One page of records.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// [`Error::PartialData`] when any part of the page is missing: an incomplete page is never handed out.
    pub async fn page(&self, query: &DynamicQuery) -> Result<Page<DynamicRecord>, Error> {
        if query.filter.is_never() {
            return Ok(Page::empty());
        }
        let request = document::page_request(&self.path, query, self.client.site().generation)?;
        let answer = self
            .client
            .read::<Nested<Connection<Box<RawValue>>>>(&request)
            .await?;
        let (data, diagnoses, context) = answer.complete()?;
        page(data.into_inner(), diagnoses, &context)?
            .try_filter_map(|raw| Ok(Some(DynamicRecord::new(raw))))
    }

    /// All pages from where `query` begins, fetched one by one on demand.
    pub fn pages(&self, query: DynamicQuery) -> Pager<DynamicRecord> {
        let node = self.clone();
        Pager::new(query.after.clone(), move |cursor| {
            let (node, query) = (node.clone(), query.clone().after(cursor));
            async move { node.page(&query).await }
        })
    }

    /// The record with the key `id`, or none.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn read(
        &self,
        id: &RecordId,
        selection: &Selection,
    ) -> Result<Option<DynamicRecord>, Error> {
        let generation = self.client.site().generation;
        let build = |site: &Adaptation| {
            document::read_request(&self.path, id, selection, (generation, site.id_type()))
        };
        let answer = self
            .client
            .read_adapted::<Nested<Box<RawValue>>>(&NO_FILE, build)
            .await?;
        let (data, ..) = answer.complete()?;
        Ok(data.into_inner().map(DynamicRecord::new))
    }

    /// One page of a record's collection: from where [`DynamicRecord::collection`] ended, or from its beginning.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn children(
        &self,
        id: &RecordId,
        collection: &FieldName,
        selection: &Selection,
        first: PageSize,
        after: Option<&Cursor>,
    ) -> Result<Page<DynamicRecord>, Error> {
        let generation = self.client.site().generation;
        let build = |site: &Adaptation| {
            document::children_request(
                &self.path,
                id,
                (collection, selection),
                (first, after),
                (generation, site.id_type()),
            )
        };
        let answer = self
            .client
            .read_adapted::<Nested<Child<Box<RawValue>>>>(&NO_FILE, build)
            .await?;
        let (data, diagnoses, context) = answer.complete()?;
        // No record, no collection.
        let Some(collection) = data.into_inner() else {
            return Ok(Page::empty());
        };
        page(collection.into_inner(), diagnoses, &context)?
            .try_filter_map(|raw| Ok(Some(DynamicRecord::new(raw))))
    }

    /// Creates one record by the first path that the site offers. `chosen` is its key, if `input` chooses it.
    ///
    /// May be repeated: no, as for [`Records::create`](crate::Records::create). Nothing is read back.
    ///
    /// # Errors
    /// As for [`Records::create`](crate::Records::create).
    pub async fn create(
        &self,
        input: &NodeInput,
        chosen: Option<RecordId>,
    ) -> Result<Outcome<RecordId>, Error> {
        let batch = self.write(WriteAction::Create, input, chosen).await;
        single(&self.client, CREATE, batch)
    }

    /// Changes one record to the stated values. `input` names the record by the fields of its key, or by `_id`.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`Records::update`](crate::Records::update).
    pub async fn update(
        &self,
        id: &RecordId,
        input: &NodeInput,
    ) -> Result<Outcome<RecordId>, Error> {
        let batch = self
            .write(WriteAction::Update, input, Some(id.clone()))
            .await;
        single(&self.client, UPDATE, batch)
    }

    /// Deletes the record whose key the arguments state, where the site offers it: `delete(employee: "E01")`.
    ///
    /// May be repeated: no, because X3 answers the second time with an error.
    ///
    /// # Errors
    /// [`Error::NotActivated`] when the site does not offer it; [`Error::Failed`] when X3 did not do it.
    pub async fn delete(&self, key: &[(FieldName, Scalar)]) -> Result<GraphqlAnswer, Error> {
        let request = document::delete_request(&self.path, key, self.client.site().generation)?;
        self.run(&request).await
    }

    /// Runs a mutation of the site's own below the node: `<operation>(<argument>: $input)`, where `argument` is its name
    /// and the type of its value, such as `("parameter", "StockChange_IntersiteTransfer_Input")`.
    ///
    /// May be repeated: no.
    ///
    /// # Errors
    /// As for [`delete`](Self::delete).
    pub async fn mutate(
        &self,
        operation: &FieldName,
        argument: (&FieldName, &FieldName),
        input: &NodeInput,
        selection: &Selection,
    ) -> Result<GraphqlAnswer, Error> {
        let generation = self.client.site().generation;
        let request = document::mutation_request(
            &self.path, operation, argument, input, selection, generation,
        )?;
        self.run(&request).await
    }

    /// Looks up in the site's schema what is offered for this node: see [`X3Client::offer`].
    ///
    /// # Errors
    /// As for [`X3Client::offer`].
    pub async fn offer(&self) -> Result<Arc<Offer>, Error> {
        self.client.offer_of(&self.path).await
    }

    async fn write(
        &self,
        action: WriteAction,
        input: &NodeInput,
        key: Option<RecordId>,
    ) -> Batch<RecordId> {
        let kind = WriteKind {
            node: &self.path,
            action,
            operation: match action {
                WriteAction::Create => CREATE,
                WriteAction::Update => UPDATE,
            },
            key_path: "_id",
        };
        let row = WriteRow {
            key,
            identity: None,
            input: input.to_input(),
        };
        self.client
            .write_rows(kind, std::slice::from_ref(&row))
            .await
    }

    /// Sends a mutation once. What is not surely done is an error.
    async fn run(
        &self,
        request: &crate::graphql::execute::GraphqlRequest,
    ) -> Result<GraphqlAnswer, Error> {
        let parsed = self.client.write_once::<Box<RawValue>>(request).await?;
        let context: CallContext = parsed.context.clone();
        let answer = GraphqlAnswer::new(parsed);
        if answer.is_success() {
            return Ok(answer);
        }
        Err(answer.into_error(context))
    }
}

/// Selections are the caller's own: only the type of keys can be found to differ.
const NO_FILE: NodeFile = NodeFile { name: "", text: "" };

const CREATE: &str = "node.create";
const UPDATE: &str = "node.update";

/// A name that goes into a document.
fn name(text: impl Into<String>) -> Result<FieldName, InvalidRequest> {
    Ok(FieldName::new(text)?)
}
