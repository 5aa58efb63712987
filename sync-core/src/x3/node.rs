//! Records of one node as a side.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use sage_x3_client::{
    Changes as ChangeQuery, Cursor, Filter, Node, Offer, PageSize, Precision, Query,
    RecordId as X3Id, RecordKey, Records, Support, X3Client,
};

use super::{
    error::{endpoint_error, misconfigured, unreadable},
    fields::filter_scalar,
    table::{NodeFeed, NodeTable},
};
use crate::{
    budget::{Call, Cost},
    endpoint::{
        Capabilities, Change, ChangesPage, ChangesRequest, Endpoint, EndpointError,
        EndpointErrorKind, FeedDescription, Problem, Record, RecordsPage, Rejection, Write,
        WriteError, Written,
    },
    ids::{FeedName, FieldName, PageToken, RecordId},
    value::{Document, Value},
};

/// The records of one node of an X3 endpoint, as a [`NodeTable`] describes them. A record's identity is its key in X3.
///
/// Changes are found by one feed for each node whose rows a record shows: its own, its lines, its stock. A feed bears the
/// name of the node whose stamps it follows, and names the record that the row belongs to.
#[derive(Clone, Debug)]
pub struct NodeEndpoint<N: Node> {
    client: X3Client,
    records: Records<N>,
    table: NodeTable<N>,
}

/// Rows of a page of changes, or of records with rows of their own.
const PAGE: usize = 200;
/// Writes in one request, unless the site's configuration says otherwise.
const WRITES_IN_CALL: usize = 20;
/// What a call weighs whatever it is about: the text of the query, which names every field.
const CALL_BYTES: u64 = 4_000;
/// What a record weighs, with what belongs to it.
const RECORD_BYTES: usize = 3_000;
/// What a key, or a row of a feed, weighs.
const NAME_BYTES: usize = 200;

/// Keys in one query.
const KEYS_AT_ONCE: usize = 200;

impl<N: Node> NodeEndpoint<N> {
    /// The records that `table` describes, reached by `client`.
    #[must_use]
    pub fn of(client: X3Client, table: NodeTable<N>) -> Self {
        let extra = table.custom.iter().map(|field| field.name.clone());
        let records = client.records::<N>().with_extra(extra);
        Self {
            client,
            records,
            table,
        }
    }

    /// The names of all fields that records have here, in no particular order.
    pub fn field_names(&self) -> impl Iterator<Item = FieldName> {
        self.table.names()
    }

    /// All pages of `query` from its beginning.
    async fn all(&self, query: Query<N>) -> Result<Vec<N>, EndpointError> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self.page(query.clone().after(after)).await?;
            found.extend(page.items);
            match page.next {
                // A server that gives smaller pages than asked for is followed to the end.
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Rows of a page of a full listing: as many as Sage's own pages ask for (reference sage-x3 section 3.4), where a row
    /// is all there is of a record. A server that gives fewer is followed to the end.
    fn list_page(&self) -> PageSize {
        let mut supplements = self.table.supplements.iter();
        let is_flat = !self.table.with_children && supplements.all(|more| more.calls() == 0);
        match is_flat {
            true => PageSize::MAX,
            false => PageSize::new(PAGE),
        }
    }

    async fn page(&self, query: Query<N>) -> Result<sage_x3_client::Page<N>, EndpointError> {
        let query = if self.table.with_children {
            query.with_children()
        } else {
            query
        };
        self.records.page(&query).await.map_err(endpoint_error)
    }

    /// `items` as the engine sees them, in order.
    async fn documents(&self, items: &[N]) -> Result<Vec<Record>, EndpointError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let offer = self.offer_for_optional().await?;
        let mut records = items
            .iter()
            .map(|item| self.record(item, offer.as_deref()))
            .collect::<Result<Vec<_>, _>>()?;
        for supplement in &self.table.supplements {
            let more = supplement.read(&self.client, items).await?;
            for (record, fields) in records.iter_mut().zip(more) {
                for (name, value) in fields {
                    record.fields.set(name, value);
                }
            }
        }
        Ok(records)
    }

    /// What the site offers, asked for only when it matters to what is read. The client keeps it.
    async fn offer_for_optional(&self) -> Result<Option<Arc<Offer>>, EndpointError> {
        if !self.table.fields.iter().any(|field| field.is_optional) {
            return Ok(None);
        }
        let offer = self.client.offer::<N>().await.map_err(endpoint_error)?;
        Ok(Some(offer))
    }

    fn record(&self, item: &N, offer: Option<&Offer>) -> Result<Record, EndpointError> {
        let id = item.key().record_id();
        let mut fields = Document::new();
        for field in &self.table.fields {
            let value = (field.read)(item);
            if !field.is_optional || is_there(offer, field.member(), &value) {
                fields.set(field.name.clone(), value);
            }
        }
        let extra = (self.table.extra)(item);
        for field in &self.table.custom {
            let Some(raw) = extra.get(&field.name) else {
                continue;
            };
            let value = field.kind.read(raw).map_err(|what| {
                let node = self.table.node();
                unreadable(format!("{node} {id}: field `{}`: {what}", field.name))
            })?;
            fields.set(field.name.as_str(), value);
        }
        Ok(Record {
            id: RecordId::from(id.as_str()),
            modified_at: (self.table.modified_at)(item),
            fields,
        })
    }

    /// How X3 searches `field`.
    fn search_path(&self, field: &str) -> Result<String, EndpointError> {
        if let Some(known) = self.table.field(field) {
            return if known.is_searchable {
                Ok(known.path.clone())
            } else {
                let plural = self.table.plural;
                Err(misconfigured(format!(
                    "X3 cannot search {plural} by `{field}`: choose another key"
                )))
            };
        }
        match self.table.custom(field) {
            Some(custom) => Ok(custom.name.to_string()),
            None => Err(misconfigured(self.table.unknown_field(field))),
        }
    }

    fn change_query(&self, feed: &NodeFeed) -> ChangeQuery {
        ChangeQuery::of(feed.source)
            .stamp(feed.stamp.clone())
            .only(feed.only.clone())
    }

    /// What a site lacks in GraphQL is not missing where the client writes by another path: whether that is there shows when
    /// it is used.
    fn with_other_paths(&self, offer: &Offer) -> Offer {
        let mut offer = offer.clone();
        if self.client.has_other_write_path(self.table.node()) {
            for support in [&mut offer.create, &mut offer.update] {
                if *support == Support::Missing {
                    *support = Support::Unknown;
                }
            }
        }
        offer
    }

    fn check_offer(&self, offer: &Offer, problems: &mut Vec<Problem>) {
        let (endpoint, node) = (self.client.endpoint(), self.table.type_name());
        let mut add = |message| problems.push(Problem { message });
        if offer.query == Support::Missing {
            add(format!(
                "X3 endpoint `{endpoint}` does not offer `{node}.query`: activate the API operations `query` and `read` of \
                 node `{node}` in function GESAPIOPE"
            ));
            return;
        }
        let is_mapped = |name: &FieldName| self.table.mapped.contains(name);
        let plain = self.table.fields.iter();
        let plain = plain
            .filter(|field| !field.is_optional && is_mapped(&field.name))
            .map(|field| field.member());
        let custom = self.table.custom.iter().map(|field| field.name.as_str());
        let mut lacking: Vec<&str> = plain
            .chain(custom)
            .filter(|member| offer.readable_field(member) == Support::Missing)
            .collect();
        lacking.dedup();
        for member in lacking {
            add(format!(
                "X3 endpoint `{endpoint}` has no field `{member}` on node `{node}`: correct its name, or publish it there"
            ));
        }
    }

    async fn check_reading(&self, problems: &mut Vec<Problem>) -> Result<(), EndpointError> {
        let one = Query::new().first(PageSize::new(1));
        if let Err(error) = self.page(one).await {
            note(error, problems)?;
            // The feeds would fail for the same reason.
            return Ok(());
        }
        for feed in &self.table.feeds {
            let query = self.change_query(feed).first(PageSize::new(1));
            if let Err(error) = self.records.changed(&query).await {
                note(endpoint_error(error), problems)?;
            }
        }
        for supplement in &self.table.supplements {
            match supplement.check(&self.client).await {
                Ok(found) => problems.extend(found),
                Err(error) => note(error, problems)?,
            }
        }
        Ok(())
    }
}

impl<N: Node> NodeEndpoint<N> {
    /// What a call costs when requests carry so many writes.
    fn cost_of(&self, call: Call, writes_in_call: usize) -> Cost {
        let supplements = self.table.supplements.iter();
        let more: u64 = supplements.map(|supplement| supplement.calls()).sum();
        let (calls, records, names) = match call {
            Call::Read { records } => (1 + more, records, records),
            Call::Find { values } => (1 + more, values, values),
            // What changes a part of a record may ask first which parts it has.
            Call::Write {
                creates, updates, ..
            } => {
                let requests = creates.div_ceil(writes_in_call) + updates.div_ceil(writes_in_call);
                let looks = usize::from(updates > 0);
                (count(requests + looks), creates + 2 * updates, 0)
            }
            Call::Changes => (1, 0, PAGE),
            Call::List => (1 + more, self.list_page().get(), 0),
            // Not asked for.
            Call::History { .. } => (0, 0, 0),
        };
        let of_rows = count(records * RECORD_BYTES + names * NAME_BYTES);
        Cost {
            calls,
            credits: 0,
            bytes: calls.saturating_mul(CALL_BYTES).saturating_add(of_rows),
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[async_trait]
impl<N: Node> Endpoint for NodeEndpoint<N> {
    fn capabilities(&self) -> Capabilities {
        let writer = self.table.writer.as_ref();
        let mut unique_fields = vec![self.table.key.clone()];
        unique_fields.extend(writer.iter().flat_map(|writer| writer.unique_fields()));
        Capabilities {
            read_batch: KEYS_AT_ONCE,
            find_batch: 100,
            write_batch: 100,
            unique_fields,
            creates: writer.is_some_and(|writer| writer.creates()),
            updates: writer.is_some_and(|writer| writer.updates()),
            deletes: false,
        }
    }

    /// In calls and bytes. X3 does not say what a call will weigh, so bytes are what a call about so many records weighs at
    /// most as a rule; a record with long notes of the site's own weighs more.
    fn cost(&self, call: Call) -> Cost {
        self.cost_of(call, WRITES_IN_CALL)
    }

    /// A site on which a failing row undoes its neighbours takes rows one by one.
    fn most_cost(&self, call: Call) -> Cost {
        self.cost_of(call, 1)
    }

    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        let names: Vec<FieldName> = self.field_names().collect();
        let unknown = self.table.mapped.iter();
        let unknown = unknown.filter(|name| !names.contains(name));
        let mut problems: Vec<Problem> = unknown
            .map(|name| Problem {
                message: self.table.unknown_field(name.as_str()),
            })
            .collect();
        match self.client.offer::<N>().await.map_err(endpoint_error) {
            Ok(offer) => {
                if let Some(writer) = &self.table.writer {
                    problems.extend(writer.problems(&self.with_other_paths(&offer)));
                }
                self.check_offer(&offer, &mut problems);
            }
            Err(error) => {
                note(error, &mut problems)?;
                return Ok(problems);
            }
        }
        // A field that is known to be missing would only be named again.
        if problems.is_empty() {
            self.check_reading(&mut problems).await?;
        }
        Ok(problems)
    }

    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        // An id that is no key names no record.
        let keys: Vec<N::Key> = ids.iter().filter_map(key_of::<N>).collect();
        let mut found = BTreeMap::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let query = Query::new()
                .filter(self.table.scope.clone())
                .keys(keys)
                .first(PageSize::new(keys.len()));
            let items = self.all(query).await?;
            let records = self.documents(&items).await?;
            found.extend(
                records
                    .into_iter()
                    .map(|record| (record.id.clone(), record)),
            );
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        let path = self.search_path(field.as_str())?;
        // Nothing equals nothing: an empty value is no key.
        let wanted: Vec<_> = values.iter().filter_map(filter_scalar).collect();
        let matching = Filter::field(path.as_str()).is_in(wanted);
        let query = Query::new().filter(Filter::all([matching, self.table.scope.clone()]));
        let items = self.all(query).await?;
        let mut found = vec![Vec::new(); values.len()];
        for record in self.documents(&items).await? {
            let own = record.fields.get(field.as_str()).unwrap_or(&Value::Null);
            for (value, records) in values.iter().zip(&mut found) {
                if same(value, own) {
                    records.push(record.clone());
                }
            }
        }
        Ok(found)
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        match &self.table.writer {
            Some(writer) => writer.write(writes).await,
            None => {
                let refused = || {
                    let plural = self.table.plural;
                    Err(WriteError::Rejected(Rejection {
                        field: None,
                        code: None,
                        message: format!("X3 {plural} are only read here"),
                    }))
                };
                writes.iter().map(|_| refused()).collect()
            }
        }
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        let own = self.table.feeds.iter().map(|feed| FeedDescription {
            name: FeedName::from(feed.source.node()),
            precision: match feed.stamp.precision() {
                Precision::Millisecond => Duration::from_millis(1),
                Precision::Second => Duration::from_secs(1),
                _ => Duration::from_secs(86_400),
            },
        });
        own.chain(self.table.supplements.iter().flat_map(|more| more.feeds()))
            .collect()
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        let name = request.feed.as_str();
        let mut feeds = self.table.feeds.iter();
        let Some(feed) = feeds.find(|feed| feed.source.node() == name) else {
            let mut supplements = self.table.supplements.iter();
            let offers = |feed: FeedDescription| feed.name == request.feed;
            return match supplements.find(|more| more.feeds().into_iter().any(offers)) {
                Some(supplement) => supplement.changes(&self.client, request).await,
                None => Err(misconfigured(format!(
                    "X3 {} have no feed `{name}`",
                    self.table.plural
                ))),
            };
        };
        let query = self
            .change_query(feed)
            .since(request.since)
            .after(cursor(request.page.as_ref()));
        let page = self.records.changed(&query).await.map_err(endpoint_error)?;
        let changes = page.items.iter().map(|row| Change {
            id: RecordId::from(row.key.record_id().as_str()),
            stamp: row.stamp,
        });
        Ok(ChangesPage {
            changes: changes.collect(),
            next: page.next.as_ref().map(token),
        })
    }

    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        let query = Query::new()
            .first(self.list_page())
            .filter(self.table.scope.clone())
            .after(cursor(page));
        let page = self.page(query).await?;
        Ok(RecordsPage {
            records: self.documents(&page.items).await?,
            next: page.next.as_ref().map(token),
        })
    }
}

/// Whether an optional field that holds `value` is known to exist. What nobody can tell from a missing field is left out
/// when it is empty.
fn is_there(offer: Option<&Offer>, member: &str, value: &Value) -> bool {
    match offer.map_or(Support::Unknown, |offer| offer.readable_field(member)) {
        Support::Offered => true,
        Support::Missing => false,
        Support::Unknown => !value.is_null(),
    }
}

/// The key that an identity of the engine's stands for.
pub(super) fn key_of<N: Node>(id: &RecordId) -> Option<N::Key> {
    N::Key::from_record_id(X3Id::new(id.as_str()).ok()?).ok()
}

/// Whether a record's value is the one searched for. Databases of X3 differ in whether they tell capitals apart.
fn same(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Null, _) => false,
        (Value::Text(wanted), Value::Text(found)) => {
            wanted.trim().to_lowercase() == found.trim().to_lowercase()
        }
        (wanted, found) => wanted == found,
    }
}

/// A failure of the site's set-up is a problem to report; any other failure means that it could not be asked.
pub(super) fn note(error: EndpointError, problems: &mut Vec<Problem>) -> Result<(), EndpointError> {
    if error.kind == EndpointErrorKind::Misconfigured {
        problems.push(Problem {
            message: error.message,
        });
        return Ok(());
    }
    Err(error)
}

pub(super) fn cursor(page: Option<&PageToken>) -> Option<Cursor> {
    page.map(|page| Cursor::new(page.as_str()))
}

pub(super) fn token(cursor: &Cursor) -> PageToken {
    PageToken::new(cursor.as_str())
}
