//! The lines of documents, read by their own node: one list for many documents, however many lines each has.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;

use crate::{
    client::X3Client,
    error::Error,
    graphql::filter::Filter,
    page::PageSize,
    records::{Node, Query, RecordKey, Records},
};

/// Documents in one list: a filter must not grow without bound.
const AT_ONCE: usize = 100;

/// The lines of the documents `keys`, by document, in order of their numbers. `path` leads from a line to its document's
/// key. A document without lines, or that does not exist, has an empty list.
pub(super) async fn lines_of<K: RecordKey, L: Node>(
    client: &X3Client,
    path: &str,
    keys: &[K],
    document: impl Fn(&L) -> Option<&K> + Send,
    number: impl Fn(&L) -> (Option<i64>, Option<i64>) + Send,
) -> Result<BTreeMap<K, Vec<L>>, Error> {
    let mut lines: BTreeMap<K, Vec<L>> = keys.iter().map(|key| (key.clone(), Vec::new())).collect();
    let records: Records<L> = Records::new(client.clone());
    for chunk in keys.chunks(AT_ONCE) {
        let ids: Vec<_> = chunk.iter().map(K::record_id).collect();
        let query = Query::new()
            .filter(Filter::field(path).is_in(&ids))
            .first(PageSize::MAX);
        let mut found = std::pin::pin!(records.stream(query));
        while let Some(line) = found.try_next().await? {
            if let Some(key) = document(&line).cloned() {
                lines.entry(key).or_default().push(line);
            }
        }
    }
    for lines in lines.values_mut() {
        lines.sort_by_key(&number);
    }
    Ok(lines)
}
