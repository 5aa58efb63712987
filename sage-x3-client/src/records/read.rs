//! Reading records.

use std::collections::BTreeMap;

use client_core::decode_json;
use futures::future::try_join_all;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    Node, Query, RecordKey as _, Records,
    query::{children_request, page_request, read_request},
};
use crate::{
    client::X3Client,
    error::{CallContext, Error, InvalidRequest},
    graphql::{
        adaptation::Adaptation,
        answer::Parsed,
        connection::{Child, Connection, Nested},
        document::{NodeFile, Rendering},
        execute::GraphqlRequest,
    },
    ids::{FieldName, InvalidName},
    model::{Extra, WithRest, field_names, pick},
    page::{Cursor, Page, PageSize, Pager, page},
};

/// Where the rest of a record's collection is, if there is more; without a cursor it is read from its beginning.
type Rest = Option<Option<Cursor>>;

/// A record, and the rest of its collection.
pub(super) type Read<N> = (N, Rest);

impl<N: Node> Records<N> {
    /// One page of records.
    ///
    /// May be repeated: yes. Source: reference sage-x3 sections 3.4 to 3.6.
    ///
    /// # Errors
    /// [`Error::PartialData`] when any part of the page is missing: an incomplete page is never handed out.
    pub async fn page(&self, query: &Query<N>) -> Result<Page<N>, Error> {
        if query.filter.is_never() {
            return Ok(Page::empty());
        }
        let build = |site: &Adaptation| page_request(query, self.rendering(site));
        let extra = &self.extra;
        let (page, rests) = if extra.is_empty() {
            parse_page::<N, Made<N>>(self.fetch(build).await?, extra, plain)?
        } else if self.asks_for_known_fields() {
            parse_page::<N, Box<RawValue>>(self.fetch(build).await?, extra, picked::<N>)?
        } else {
            parse_page::<N, WithRest<N::Fields>>(self.fetch(build).await?, extra, chosen::<N>)?
        };
        if rests.iter().all(Option::is_none) {
            return Ok(page);
        }
        let reads = page.items.into_iter().zip(rests);
        let items = try_join_all(reads.map(|read| self.complete(read))).await?;
        Ok(Page { items, ..page })
    }

    /// All pages from where `query` begins, fetched one by one on demand.
    pub fn pages(&self, query: Query<N>) -> Pager<N> {
        let records = self.clone();
        Pager::new(query.after.clone(), move |cursor| {
            let (records, query) = (records.clone(), query.clone().after(cursor));
            async move { records.page(&query).await }
        })
    }

    /// All records from where `query` begins, one by one.
    pub fn stream(
        &self,
        query: Query<N>,
    ) -> impl futures::Stream<Item = Result<N, Error>> + Send + use<N> {
        self.pages(query).items()
    }

    /// The record with `key` and its whole collection, or none.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn read(&self, key: &N::Key) -> Result<Option<N>, Error> {
        let id = key.record_id();
        let build = |site: &Adaptation| read_request(N::META, &id, self.rendering(site));
        let found = if self.extra.is_empty() {
            parse_read::<N, Made<N>>(self.fetch(build).await?, &self.extra, plain)?
        } else {
            parse_read::<N, Box<RawValue>>(self.fetch(build).await?, &self.extra, picked::<N>)?
        };
        match found {
            Some(read) => Ok(Some(self.complete(read).await?)),
            None => Ok(None),
        }
    }

    /// The records with `keys` that exist, by key, without their collections: one query for each 200 keys.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn read_many(&self, keys: &[N::Key]) -> Result<BTreeMap<N::Key, N>, Error> {
        let mut found = BTreeMap::new();
        for chunk in keys.chunks(PageSize::default().get()) {
            let ids: Vec<_> = chunk.iter().map(N::Key::record_id).collect();
            let query = Query::new()
                .filter(N::with_keys(&ids))
                .first(PageSize::new(chunk.len()));
            let mut after = None;
            loop {
                let page = self.page(&query.clone().after(after)).await?;
                found.extend(
                    page.items
                        .into_iter()
                        .map(|record| (record.key().clone(), record)),
                );
                // A server that gives smaller pages than asked for is followed to the end.
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(found)
    }

    /// Whether a field that a record has anyway was asked for as one of the site's own, so that it is wanted twice.
    fn asks_for_known_fields(&self) -> bool {
        let known = field_names::<N::Fields>();
        self.extra
            .iter()
            .any(|name| known.is_empty() || known.contains(&name.as_str()))
    }

    /// Fetches the items of a record's collection that did not come with it.
    async fn complete(&self, (mut record, rest): Read<N>) -> Result<N, Error> {
        let mut rest = rest;
        while let Some(after) = rest {
            let Some(collection) = N::META.children else {
                break;
            };
            let id = record.key().record_id();
            let build = |site: &Adaptation| {
                let place = (&id, after.as_ref());
                children_request(N::META, collection, place, self.rendering(site))
            };
            let (page, context) = parse_children(self.fetch(build).await?)?;
            record
                .extend(page.items)
                .map_err(|error| no_usable_key(&error, &context))?;
            rest = page.next.map(Some);
        }
        Ok(record)
    }

    pub(super) fn rendering<'a>(&'a self, adaptation: &'a Adaptation) -> Rendering<'a> {
        Rendering {
            generation: self.client.site().generation,
            extra: &self.extra,
            adaptation,
        }
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        build: impl Fn(&Adaptation) -> Result<GraphqlRequest, InvalidRequest> + Send + Sync,
    ) -> Result<Parsed<T>, Error> {
        self.client.read_adapted(&N::META.file, build).await
    }
}

impl X3Client {
    /// Sends a read. When the site's schema is found to differ in a way that is known, it is sent again as the site wants
    /// it, and so are those after it.
    pub(crate) async fn read_adapted<T: DeserializeOwned>(
        &self,
        file: &NodeFile,
        build: impl Fn(&Adaptation) -> Result<GraphqlRequest, InvalidRequest> + Send + Sync,
    ) -> Result<Parsed<T>, Error> {
        loop {
            let adaptation = self.adaptation();
            let request = build(&adaptation)?;
            match self.read(&request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    let Error::SchemaMismatch { messages, .. } = &error else {
                        return Err(error);
                    };
                    // Each round adds at least one more difference of a fixed list.
                    let Some(learnt) = adaptation.learn(file, messages) else {
                        return Err(error);
                    };
                    for (kind, field) in learnt.news(&adaptation) {
                        tracing::warn!(x3.endpoint = %self.endpoint(), x3.type = kind, x3.field = field, "this site's schema lacks the field: it is read under its former name, or as none");
                    }
                    self.adapt(learnt);
                }
            }
        }
    }
}

/// What a node's fields make, and where the rest of its collection is, before anybody judges it.
pub(super) struct Made<N> {
    record: Result<N, InvalidName>,
    rest: Rest,
}

impl<N: Node> Made<N> {
    fn new(fields: N::Fields, extra: Extra) -> Self {
        let rest = N::rest_of(&fields);
        let record = N::from_fields(fields, extra);
        Self { record, rest }
    }
}

impl<'de, N: Node> Deserialize<'de> for Made<N> {
    /// Made as soon as its text is read, so that the fields of a page's records are never all there at once.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(
            N::Fields::deserialize(deserializer)?,
            Extra::new(),
        ))
    }
}

/// How a node as it came becomes a record with the site's own fields.
type Split<N, W> = fn(W, &[FieldName]) -> Result<Made<N>, client_core::DecodeError>;

fn plain<N>(made: Made<N>, _: &[FieldName]) -> Result<Made<N>, client_core::DecodeError> {
    Ok(made)
}

/// The site's own fields among those that a record has no field for.
#[expect(clippy::unnecessary_wraps, reason = "it stands for `picked`")]
fn chosen<N: Node>(
    read: WithRest<N::Fields>,
    extra: &[FieldName],
) -> Result<Made<N>, client_core::DecodeError> {
    let WithRest { fields, mut rest } = read;
    rest.retain(|name, _| extra.contains(name));
    Ok(Made::new(fields, rest))
}

/// Kept as text until the site's own fields are picked out.
#[expect(clippy::needless_pass_by_value, reason = "it stands for `plain`")]
fn picked<N: Node>(
    raw: Box<RawValue>,
    extra: &[FieldName],
) -> Result<Made<N>, client_core::DecodeError> {
    Ok(Made::new(
        decode_json(raw.get().as_bytes())?,
        pick(&raw, extra)?,
    ))
}

/// A page of records, and what each lacks of its collection.
pub(super) fn parse_page<N: Node, W: DeserializeOwned>(
    answer: Parsed<Nested<Connection<W>>>,
    extra: &[FieldName],
    split: Split<N, W>,
) -> Result<(Page<N>, Vec<Rest>), Error> {
    let (data, diagnoses, context) = answer.complete()?;
    let nodes = page(data.into_inner(), diagnoses, &context)?;
    let mut rests = Vec::with_capacity(nodes.items.len());
    let records = nodes.try_filter_map(|node| {
        let (record, rest) = record(node, extra, split, &context)?;
        rests.push(rest);
        Ok(Some(record))
    })?;
    Ok((records, rests))
}

pub(super) fn parse_read<N: Node, W: DeserializeOwned>(
    answer: Parsed<Nested<W>>,
    extra: &[FieldName],
    split: Split<N, W>,
) -> Result<Option<Read<N>>, Error> {
    let (data, _, context) = answer.complete()?;
    data.into_inner()
        .map(|node| record(node, extra, split, &context))
        .transpose()
}

fn record<N: Node, W>(
    node: W,
    extra: &[FieldName],
    split: Split<N, W>,
    context: &CallContext,
) -> Result<Read<N>, Error> {
    let Made { record, rest } = split(node, extra).map_err(|source| Error::Decode {
        context: Box::new(context.clone()),
        source,
    })?;
    if rest == Some(None) {
        return Err(Error::Protocol {
            context: Box::new(context.clone()),
            what: "a record's collection has a hole, or does not say where it goes on".to_owned(),
        });
    }
    let record = record.map_err(|error| no_usable_key(&error, context))?;
    Ok((record, rest))
}

fn no_usable_key(error: &InvalidName, context: &CallContext) -> Error {
    Error::Protocol {
        context: Box::new(context.clone()),
        what: format!("a record has no usable key: {error}"),
    }
}

pub(super) fn parse_children<C: DeserializeOwned>(
    answer: Parsed<Nested<Child<C>>>,
) -> Result<(Page<C>, CallContext), Error> {
    let (data, diagnoses, context) = answer.complete()?;
    // The record was there a moment ago: deleted meanwhile, so its collection ends.
    let Some(collection) = data.into_inner() else {
        return Ok((Page::empty(), context));
    };
    Ok((page(collection.into_inner(), diagnoses, &context)?, context))
}

#[cfg(test)]
mod tests;
