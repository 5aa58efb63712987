//! Change streams that skip no row.
//!
//! Page numbers would: a record that is edited while pages are read moves to the end, and those behind it move up by
//! one. So pages go on by modification time instead, and within a second that has more rows than a page holds, by id.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use zoho_crm_client::{
    Coql, Filter, ModuleName, Order, PageToken as ZohoToken, Record as ZohoRecord,
    RecordId as ZohoId, SortBy, ZohoClient,
};

use super::{
    convert::MODIFIED,
    errors::{endpoint_error, engine_id, own_error},
    settings::ModuleSettings,
};
use crate::{
    endpoint::{Change, ChangesPage, ChangesRequest, EndpointError, EndpointErrorKind},
    ids::PageToken,
};

pub(super) const MODIFIED_FEED: &str = "modified";
pub(super) const DELETED_FEED: &str = "deleted";

/// Zoho's stamps are whole seconds.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Rows of a page.
const PAGE: usize = 200;

/// Where reading of the modified feed goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Position {
    /// Rows modified after this second; all rows for `None`.
    After(Option<Timestamp>),
    /// Rows modified in this second with a larger id.
    Within(Timestamp, Option<ZohoId>),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(None) => f.write_str("start"),
            Self::After(Some(at)) => write!(f, "after {}", at.as_second()),
            Self::Within(at, None) => write!(f, "within {}", at.as_second()),
            Self::Within(at, Some(id)) => write!(f, "within {} {id}", at.as_second()),
        }
    }
}

impl Position {
    fn read(text: &str) -> Option<Self> {
        let second = |text: &str| Timestamp::from_second(text.parse().ok()?).ok();
        let mut words = text.split(' ');
        let position = match (words.next()?, words.next(), words.next()) {
            ("start", None, None) => Self::After(None),
            ("after", Some(at), None) => Self::After(Some(second(at)?)),
            ("within", Some(at), None) => Self::Within(second(at)?, None),
            ("within", Some(at), Some(id)) => Self::Within(second(at)?, Some(id.parse().ok()?)),
            _ => return None,
        };
        words.next().is_none().then_some(position)
    }
}

/// The start of its second: what Zoho can tell apart.
pub(super) fn whole(instant: Timestamp) -> Timestamp {
    let second = instant.as_nanosecond().div_euclid(1_000_000_000);
    i64::try_from(second)
        .ok()
        .and_then(|second| Timestamp::from_second(second).ok())
        .unwrap_or(instant)
}

/// Just before `since`, because Zoho returns what is later than it is asked for, and the engine wants equal stamps too.
fn before(since: Timestamp) -> Timestamp {
    whole(since).checked_sub(SECOND).unwrap_or(since)
}

/// What changed in a module.
pub(super) async fn modified(
    client: &ZohoClient,
    settings: &ModuleSettings,
    request: &ChangesRequest,
) -> Result<ChangesPage, EndpointError> {
    let rows = Rows {
        client,
        module: &settings.module,
        parent: None,
    };
    rows.changes(request).await
}

/// The records that those which changed in `module` belong to, by the lookup `parent`. What belongs to none is left out.
pub(super) async fn modified_children(
    client: &ZohoClient,
    module: &str,
    parent: &str,
    request: &ChangesRequest,
) -> Result<ChangesPage, EndpointError> {
    let rows = Rows {
        client,
        module: &ModuleName::from(module),
        parent: Some(parent),
    };
    rows.changes(request).await
}

/// The rows of a module, by modification time.
struct Rows<'a> {
    client: &'a ZohoClient,
    module: &'a ModuleName,
    /// The lookup that names the record which a row stands for; `None`: itself.
    parent: Option<&'a str>,
}

impl Rows<'_> {
    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        let position = match &request.page {
            Some(token) => Position::read(token.as_str()).ok_or_else(|| bad_token(token))?,
            None => Position::After(request.since.map(before)),
        };
        match position {
            Position::After(after) => self.after(after).await,
            Position::Within(second, last) => self.within(second, last).await,
        }
    }

    fn columns(&self) -> Vec<String> {
        let columns = [Some(MODIFIED), self.parent];
        columns.into_iter().flatten().map(str::to_owned).collect()
    }

    async fn after(&self, after: Option<Timestamp>) -> Result<ChangesPage, EndpointError> {
        let mut list = self
            .client
            .module(self.module.clone())
            .list()
            .fields(self.columns())
            .sort_by(SortBy::ModifiedTime, Order::Ascending);
        if let Some(after) = after {
            list = list.modified_since(after);
        }
        let page = list
            .page(&ZohoToken::first())
            .await
            .map_err(endpoint_error)?;
        let (newest, mut changes) = self.read(&page.records)?;
        // Were the server to return rows of the very second asked after, they were delivered before.
        changes.retain(|change| change.stamp > after);
        let next = page
            .next
            .and(newest)
            .map(|newest| next_after(after, whole(newest)));
        Ok(ChangesPage {
            changes,
            next: next.map(|next| PageToken::new(next.to_string())),
        })
    }

    async fn within(
        &self,
        second: Timestamp,
        last: Option<ZohoId>,
    ) -> Result<ChangesPage, EndpointError> {
        let mut filter = Filter::eq(MODIFIED, second);
        if let Some(last) = &last {
            filter = filter.and(Filter::gt("id", last));
        }
        let query = Coql::select(self.columns())
            .from(self.module.clone())
            .filter(filter)
            .order_by("id", Order::Ascending);
        let page = self.client.coql(&query).await.map_err(endpoint_error)?;
        let last = page.records.iter().rev().find_map(ZohoRecord::id);
        let next = match last {
            Some(last) if page.more_records || page.records.len() >= PAGE => {
                Position::Within(second, Some(last))
            }
            _ => Position::After(Some(second)),
        };
        let (_, changes) = self.read(&page.records)?;
        Ok(ChangesPage {
            changes,
            next: Some(PageToken::new(next.to_string())),
        })
    }

    /// The latest stamp among rows, and the records that they stand for.
    fn read(&self, rows: &[ZohoRecord]) -> Result<(Option<Timestamp>, Vec<Change>), EndpointError> {
        let (mut newest, mut changes) = (None, Vec::with_capacity(rows.len()));
        for row in rows {
            let stamp = row.instant(MODIFIED).ok().flatten();
            let (Some(stamp), Some(own)) = (stamp, row.id()) else {
                return Err(own_error(
                    EndpointErrorKind::Misconfigured,
                    "the module has records without Modified_Time, so changes cannot be followed: compare all records \
                     instead",
                ));
            };
            newest = newest.max(Some(stamp));
            let id = match self.parent {
                Some(parent) => row.lookup(parent).ok().flatten().map(|parent| parent.id),
                None => Some(own),
            };
            changes.extend(id.map(|id| Change {
                id: engine_id(id),
                stamp: Some(stamp),
            }));
        }
        Ok((newest, changes))
    }
}

/// Where to go on after a full page whose last row is of second `newest`. That second may have more rows, so it is read
/// again; if there is nothing but that second, its rows are read by id.
fn next_after(after: Option<Timestamp>, newest: Timestamp) -> Position {
    match after {
        Some(after) if newest <= after => Position::After(Some(after + SECOND)),
        Some(after) if newest == after + SECOND => Position::Within(newest, None),
        // The first page of everything may be of one second: going back before it would read it again and again, and the
        // next round then takes the branch above.
        _ => Position::After(Some(newest - SECOND)),
    }
}

/// One page of deletions. Deleting appends at one end, so pages by number lose nothing.
pub(super) async fn deleted(
    client: &ZohoClient,
    settings: &ModuleSettings,
    request: &ChangesRequest,
) -> Result<ChangesPage, EndpointError> {
    let at = match &request.page {
        Some(token) => token.as_str().parse().map_err(|_| bad_token(token))?,
        None => ZohoToken::first(),
    };
    let mut deleted = client.module(settings.module.clone()).deleted();
    if let Some(since) = request.since {
        deleted = deleted.since(before(since));
    }
    let page = deleted.page(&at).await.map_err(endpoint_error)?;
    let changes = page.records.into_iter().map(|record| Change {
        id: engine_id(record.id),
        stamp: record.deleted_time.map(Timestamp::from),
    });
    Ok(ChangesPage {
        changes: changes.collect(),
        next: page.next.map(|next| PageToken::new(next.to_string())),
    })
}

pub(super) fn bad_token(token: &PageToken) -> EndpointError {
    own_error(
        EndpointErrorKind::Protocol,
        format!("`{token}` is no page of this feed: start it again"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn positions_survive_as_text() {
        for position in [
            Position::After(None),
            Position::After(Some(at(1_788_123_456))),
            Position::Within(at(1_788_123_456), None),
            Position::Within(
                at(1_788_123_456),
                Some("5725767000000524157".parse().unwrap()),
            ),
        ] {
            assert_eq!(Position::read(&position.to_string()), Some(position));
        }
        for text in [
            "",
            "after",
            "after x",
            "within 1 x",
            "within 1 2 3",
            "page:2",
        ] {
            assert_eq!(Position::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_full_page_goes_on_at_its_last_second() {
        assert_eq!(
            next_after(Some(at(10)), at(20)),
            Position::After(Some(at(19)))
        );
        assert_eq!(next_after(None, at(20)), Position::After(Some(at(19))));
    }

    #[test]
    fn a_second_that_fills_a_page_is_read_by_id_and_then_left_behind() {
        assert_eq!(
            next_after(Some(at(19)), at(20)),
            Position::Within(at(20), None)
        );
        // A server that returns the second asked after as well cannot hold up the reading.
        assert_eq!(
            next_after(Some(at(20)), at(20)),
            Position::After(Some(at(21)))
        );
    }

    #[test]
    fn equal_stamps_are_asked_for_too() {
        let since: Timestamp = "2026-11-20T10:00:00.7Z".parse().unwrap();
        assert_eq!(before(since), "2026-11-20T09:59:59Z".parse().unwrap());
        let old: Timestamp = "1960-01-01T00:00:00.5Z".parse().unwrap();
        assert_eq!(whole(old), "1960-01-01T00:00:00Z".parse().unwrap());
    }
}
