//! The newest entries of the audit, which is read from its beginning on.

use std::ops::Range;

use sync_core::{AuditQuery, Engine, Error, RecordId, Side, StoredAudit};

/// Entries that are read at once.
const PAGE: usize = 500;

/// No wider stretch of the audit is searched for entries.
const WIDEST: u64 = 1 << 20;

/// At most `limit` entries, the newest first; only those before `before`, if it is given.
pub(crate) async fn entries(
    engine: &Engine,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<StoredAudit>, Error> {
    let end = match before {
        Some(before) => before,
        None => last(engine).await?.saturating_add(1),
    };
    // Numbers have gaps: other things are numbered along with the entries.
    let mut width = limit as u64;
    loop {
        let start = end.saturating_sub(width);
        let mut found = between(engine, start..end).await?;
        if found.len() >= limit || start == 0 || width >= WIDEST {
            found.reverse();
            found.truncate(limit);
            return Ok(found);
        }
        width = width.saturating_mul(8);
    }
}

/// At most `limit` entries about the pair that a record belongs to, the newest first.
pub(crate) async fn of_record(
    engine: &Engine,
    record: (Side, RecordId),
    limit: usize,
) -> Result<Vec<StoredAudit>, Error> {
    let mut found: Vec<StoredAudit> = Vec::new();
    let mut after = None;
    loop {
        let query = AuditQuery {
            after,
            record: Some(record.clone()),
            limit: PAGE,
        };
        let page = engine.audit(&query).await?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|stored| stored.sequence);
        found.extend(page);
        let surplus = found.len().saturating_sub(limit);
        found.drain(..surplus);
        if is_last {
            found.reverse();
            return Ok(found);
        }
    }
}

/// The entries whose numbers are in `range`, oldest first.
async fn between(engine: &Engine, range: Range<u64>) -> Result<Vec<StoredAudit>, Error> {
    let mut found = Vec::new();
    let mut after = range.start.checked_sub(1);
    loop {
        let query = AuditQuery {
            after,
            record: None,
            limit: PAGE,
        };
        let page = engine.audit(&query).await?;
        let read = page.len();
        after = page.last().map(|stored| stored.sequence).or(after);
        let wanted = page.into_iter();
        found.extend(wanted.filter(|stored| range.contains(&stored.sequence)));
        let is_past = after.is_some_and(|after| after.saturating_add(1) >= range.end);
        if read < PAGE || is_past {
            return Ok(found);
        }
    }
}

/// The number of the newest entry; 0 when there is none. Found by asking whether there is any after ever larger numbers,
/// then by halving.
async fn last(engine: &Engine) -> Result<u64, Error> {
    let mut step: u64 = 1;
    while is_any_after(engine, step).await? {
        step = step.saturating_mul(2);
    }
    let (mut low, mut high) = (0, step);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_any_after(engine, middle).await? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

async fn is_any_after(engine: &Engine, number: u64) -> Result<bool, Error> {
    let query = AuditQuery {
        after: Some(number),
        record: None,
        limit: 1,
    };
    Ok(!engine.audit(&query).await?.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sync_core::{
        AuditEntry, AuditEvent, Cause, Commit, Finish, FlowName, MemoryStore, Sides, Store as _,
        SystemClock,
    };

    use super::*;

    /// An engine whose audit has so many entries about `A` and as many about `B`, in turns.
    async fn engine(pairs: usize) -> Engine {
        let store = Arc::new(MemoryStore::new());
        let now = jiff::Timestamp::now();
        let flow = FlowName::from("things");
        let entry = |id: &str| {
            let ids = Sides::new(Some(RecordId::from(id)), None);
            AuditEntry::new(now, flow.clone(), ids, Cause::Sweep, AuditEvent::Agreed)
        };
        let commit = Commit {
            held: Vec::new(),
            link: None,
            finish: Finish::Done,
            wake: Vec::new(),
            audit: (0..pairs).flat_map(|_| [entry("A"), entry("B")]).collect(),
        };
        let written = store.commit(&"main".into(), &flow, &[commit], now).await;
        assert!(written.unwrap().iter().all(Result::is_ok));
        Engine::builder("main", store, Arc::new(SystemClock))
            .build()
            .unwrap()
    }

    fn numbers(entries: &[StoredAudit]) -> Vec<u64> {
        entries.iter().map(|stored| stored.sequence).collect()
    }

    #[tokio::test]
    async fn the_newest_entries_come_first_and_older_ones_page_by_page() {
        let engine = engine(350).await;
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = entries(&engine, before, 99).await.unwrap();
            assert!(page.len() <= 99);
            let Some(last) = page.last() else { break };
            before = Some(last.sequence);
            all.extend(numbers(&page));
        }
        assert_eq!(all.len(), 700);
        assert!(all.is_sorted_by(|one, other| one > other));
    }

    #[tokio::test]
    async fn an_empty_audit_has_no_newest_entry() {
        assert!(
            entries(&engine(0).await, None, 10)
                .await
                .unwrap()
                .is_empty()
        );
    }

    #[tokio::test]
    async fn a_record_shows_only_its_own_entries() {
        let engine = engine(600).await;
        let record = (Side::Left, RecordId::from("B"));
        let found = of_record(&engine, record, 50).await.unwrap();
        assert_eq!(found.len(), 50);
        assert!(
            found
                .iter()
                .all(|stored| stored.entry.ids.left.as_ref().unwrap().as_str() == "B")
        );
        let newest = entries(&engine, None, 1).await.unwrap();
        assert_eq!(numbers(&found)[0], numbers(&newest)[0]);
    }
}
