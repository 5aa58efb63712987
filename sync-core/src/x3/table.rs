//! What a flow reads of the records of one node.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use sage_x3_client::{
    ChangeSource, FieldName as X3Field, Filter, Node, Offer, Records, StampField, Support, X3Client,
};
use serde_json::value::RawValue;

use super::{error::misconfigured, settings::CustomField};
use crate::{
    endpoint::{
        ChangesPage, ChangesRequest, EndpointError, FeedDescription, Problem, Write, WriteError,
        Written,
    },
    ids::FieldName,
    value::{Document, Value},
};

/// Reads a field's value out of a record.
type ReadField<N> = Arc<dyn Fn(&N) -> Value + Send + Sync>;

/// A field of a node's records: its name, where it stands in X3 and how it is read.
pub struct NodeField<N> {
    pub(super) name: FieldName,
    pub(super) path: String,
    pub(super) is_searchable: bool,
    pub(super) is_optional: bool,
    pub(super) read: ReadField<N>,
}

impl<N> NodeField<N> {
    /// The field `name`, which stands at `path` in X3's records, references parted by dots, and can be searched for there.
    /// `read` gives `Null` where X3 holds nothing.
    pub fn new(
        name: impl Into<FieldName>,
        path: impl Into<String>,
        read: impl Fn(&N) -> Value + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
            is_searchable: true,
            is_optional: false,
            read: Arc::new(read),
        }
    }

    /// X3 cannot search by it: it stands in a collection or a text stream.
    #[must_use]
    pub fn not_searchable(mut self) -> Self {
        self.is_searchable = false;
        self
    }

    /// Some sites do not have it. There it is absent from records, so that nobody takes it for empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    /// The member of X3's record in which it stands.
    pub(super) fn member(&self) -> &str {
        self.path.split('.').next().unwrap_or(&self.path)
    }
}

impl<N> Clone for NodeField<N> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            path: self.path.clone(),
            read: Arc::clone(&self.read),
            ..*self
        }
    }
}

impl<N> fmt::Debug for NodeField<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeField")
            .field("name", &self.name)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Fields of a node's records that X3 holds in records of other nodes: stock of a product, lines of a delivery. They are
/// read for many records at once.
#[async_trait]
pub trait Supplement<N: Node>: fmt::Debug + Send + Sync + 'static {
    /// The names of the fields that it adds.
    fn fields(&self) -> Vec<FieldName>;

    /// Those fields for each of `records`, in order.
    ///
    /// # Errors
    /// [`EndpointError`] when any of them could not be read.
    async fn read(&self, client: &X3Client, records: &[N]) -> Result<Vec<Document>, EndpointError>;

    /// Calls that reading a full batch of records takes.
    fn calls(&self) -> u64 {
        1
    }

    /// What must be put right at X3 before these fields can be read.
    ///
    /// # Errors
    /// [`EndpointError`] when X3 cannot be asked.
    async fn check(&self, client: &X3Client) -> Result<Vec<Problem>, EndpointError> {
        let _ = client;
        Ok(Vec::new())
    }

    /// Change streams beyond those of the node itself.
    fn feeds(&self) -> Vec<FeedDescription> {
        Vec::new()
    }

    /// One page of such a stream.
    ///
    /// # Errors
    /// [`EndpointError`] when it could not be read.
    async fn changes(
        &self,
        client: &X3Client,
        request: &ChangesRequest,
    ) -> Result<ChangesPage, EndpointError> {
        let _ = client;
        let feed = &request.feed;
        Err(misconfigured(format!("there is no feed `{feed}`")))
    }
}

/// How records of a node are created and changed.
#[async_trait]
pub trait NodeWriter: fmt::Debug + Send + Sync + 'static {
    /// Whether it creates records.
    fn creates(&self) -> bool;

    /// Whether it changes records.
    fn updates(&self) -> bool;

    /// Fields besides the key in which X3 itself refuses a second record with the same value.
    fn unique_fields(&self) -> Vec<FieldName> {
        Vec::new()
    }

    /// What must be put right at X3 before it can write, as far as `offer` shows.
    fn problems(&self, offer: &Offer) -> Vec<Problem>;

    /// Makes the changes: exactly one outcome for each write, in order.
    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>>;
}

/// What a flow reads of the records of one node: the fields, which records, how changes are found, how records are
/// written. [`NodeEndpoint`](super::NodeEndpoint) makes a side of it.
pub struct NodeTable<N: Node> {
    pub(super) plural: &'static str,
    pub(super) key: FieldName,
    pub(super) fields: Vec<NodeField<N>>,
    pub(super) modified_at: fn(&N) -> Option<Timestamp>,
    pub(super) extra: fn(&N) -> &BTreeMap<X3Field, Box<RawValue>>,
    pub(super) custom: Vec<CustomField>,
    pub(super) mapped: Vec<FieldName>,
    pub(super) with_children: bool,
    pub(super) scope: Filter,
    pub(super) feeds: Vec<NodeFeed>,
    pub(super) supplements: Vec<Arc<dyn Supplement<N>>>,
    pub(super) writer: Option<Arc<dyn NodeWriter>>,
}

/// Rows whose stamps are followed.
#[derive(Clone, Debug)]
pub(super) struct NodeFeed {
    pub(super) source: ChangeSource,
    pub(super) stamp: StampField,
    pub(super) only: Filter,
}

impl<N: Node> NodeTable<N> {
    /// A table of `fields`. `plural` is what messages call the records; the field `key` holds the record's identity;
    /// `modified_at` tells when anything that the record shows was last changed; `extra` gives the fields of the site.
    ///
    /// Changes are found in all sources of the node, by `_updateStamp`; collections of records are not read; nothing is
    /// written.
    pub fn new(
        plural: &'static str,
        key: impl Into<FieldName>,
        fields: Vec<NodeField<N>>,
        modified_at: fn(&N) -> Option<Timestamp>,
        extra: fn(&N) -> &BTreeMap<X3Field, Box<RawValue>>,
    ) -> Self {
        let feed = |source| NodeFeed {
            source,
            stamp: StampField::default(),
            only: Filter::everything(),
        };
        Self {
            plural,
            key: key.into(),
            fields,
            modified_at,
            extra,
            custom: Vec::new(),
            mapped: Vec::new(),
            with_children: false,
            scope: Filter::everything(),
            feeds: Records::<N>::change_sources()
                .into_iter()
                .map(feed)
                .collect(),
            supplements: Vec::new(),
            writer: None,
        }
    }

    /// Also reads these fields of the site, each under its own name.
    #[must_use]
    pub fn custom_fields(mut self, fields: impl IntoIterator<Item = CustomField>) -> Self {
        self.custom.extend(fields);
        self
    }

    /// Names the fields that the flow uses, so that the check at start can tell which of them do not exist.
    /// [`Mapping::fields`](crate::Mapping::fields) gives them.
    #[must_use]
    pub fn mapped_fields<'a>(mut self, fields: impl IntoIterator<Item = &'a FieldName>) -> Self {
        self.mapped = fields.into_iter().cloned().collect();
        self
    }

    /// Reads the collection of each record with it.
    #[must_use]
    pub fn with_children(mut self) -> Self {
        self.with_children = true;
        self
    }

    /// Only records that meet `filter` are there at all, such as those of some sites or companies. A record that leaves
    /// it counts as deleted, so filter by what does not change.
    #[must_use]
    pub fn scope(mut self, filter: Filter) -> Self {
        self.scope = filter;
        self
    }

    /// Of `source`, only rows that meet `filter` are followed, such as the stock of some sites.
    #[must_use]
    pub fn feed_only(mut self, source: ChangeSource, filter: Filter) -> Self {
        for feed in self.feeds.iter_mut().filter(|feed| feed.source == source) {
            feed.only = filter.clone();
        }
        self
    }

    /// Changes of `source` do not concern the fields that are read.
    #[must_use]
    pub fn without_feed(mut self, source: ChangeSource) -> Self {
        self.feeds.retain(|feed| feed.source != source);
        self
    }

    /// Follows `source` by another stamp than `_updateStamp`.
    #[must_use]
    pub fn stamp(mut self, source: ChangeSource, stamp: StampField) -> Self {
        for feed in self.feeds.iter_mut().filter(|feed| feed.source == source) {
            feed.stamp = stamp.clone();
        }
        self
    }

    /// Also reads fields from records of other nodes.
    #[must_use]
    pub fn supplement(mut self, supplement: impl Supplement<N>) -> Self {
        self.supplements.push(Arc::new(supplement));
        self
    }

    /// Writes by `writer`.
    #[must_use]
    pub fn writer(mut self, writer: impl NodeWriter) -> Self {
        self.writer = Some(Arc::new(writer));
        self
    }

    /// The name of the node, such as `product`.
    pub(super) fn node(&self) -> &'static str {
        Records::<N>::change_sources()
            .first()
            .map_or("", |source| source.node())
    }

    /// The name of the node's type, such as `Product`.
    pub(super) fn type_name(&self) -> String {
        let mut letters = self.node().chars();
        letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(letters)
            .collect()
    }

    pub(super) fn field(&self, name: &str) -> Option<&NodeField<N>> {
        self.fields.iter().find(|field| field.name.as_str() == name)
    }

    pub(super) fn custom(&self, name: &str) -> Option<&CustomField> {
        self.custom.iter().find(|field| field.name.as_str() == name)
    }

    /// The names of all fields that records have, in no particular order.
    pub(super) fn names(&self) -> impl Iterator<Item = FieldName> {
        let plain = self.fields.iter().map(|field| field.name.clone());
        let custom = self.custom.iter();
        plain
            .chain(custom.map(|field| FieldName::from(field.name.as_str())))
            .chain(self.supplements.iter().flat_map(|more| more.fields()))
    }

    /// What to say of a field that records do not have.
    pub(super) fn unknown_field(&self, name: &str) -> String {
        unknown_field(self.plural, name)
    }
}

/// What to say of a field that records do not have.
pub(super) fn unknown_field(plural: &str, name: &str) -> String {
    format!(
        "X3 {plural} have no field `{name}`: correct the mapping, or declare it as a field of the site"
    )
}

/// What to do about an operation that the site does not offer; `otherwise` is what to do without it.
pub(super) fn activate(
    endpoint: &impl fmt::Display,
    node: &str,
    operation: &str,
    otherwise: &str,
) -> Problem {
    Problem {
        message: format!(
            "X3 endpoint `{endpoint}` does not offer `{node}.{operation}`: activate the API operation `{operation}` of node \
             `{node}` in function GESAPIOPE, or {otherwise}"
        ),
    }
}

/// What to do about the operations that `writer` needs and the site does not offer: one problem each. `without` says what
/// to do without making and without changing records of `node`.
pub(super) fn missing_operations(
    writer: &impl NodeWriter,
    offer: &Offer,
    endpoint: &impl fmt::Display,
    node: &str,
    (without_create, without_update): (&str, &str),
) -> Vec<Problem> {
    let wanted = [
        (writer.creates(), offer.create, "create", without_create),
        (writer.updates(), offer.update, "update", without_update),
    ];
    let missing = wanted
        .into_iter()
        .filter(|(wanted, support, ..)| *wanted && *support == Support::Missing);
    missing
        .map(|(_, _, operation, without)| activate(endpoint, node, operation, without))
        .collect()
}

impl<N: Node> Clone for NodeTable<N> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            fields: self.fields.clone(),
            custom: self.custom.clone(),
            mapped: self.mapped.clone(),
            scope: self.scope.clone(),
            feeds: self.feeds.clone(),
            supplements: self.supplements.clone(),
            writer: self.writer.clone(),
            ..*self
        }
    }
}

impl<N: Node> fmt::Debug for NodeTable<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeTable")
            .field("records", &self.plural)
            .field("scope", &self.scope)
            .field("supplements", &self.supplements)
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}
