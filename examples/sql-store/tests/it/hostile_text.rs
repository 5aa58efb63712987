//! Identities and names come from records that anybody may have filled in.

use jiff::Timestamp;
use sync_core::{Cause, Claim, ConnectionId, FlowName, Hint, JobKey, RecordId, Side, Store as _};

use crate::{block_on, place::Place};

const HOSTILE: [&str; 8] = [
    "'; DROP TABLE jobs; --",
    "\" OR 1=1 --",
    "$1",
    "?1",
    ":name",
    "%",
    "\\'; SELECT pg_sleep(10); --",
    "line\nbreak\ttab \u{202e} \u{1f980}",
];

#[test]
fn no_text_changes_a_statement() {
    for place in Place::each() {
        block_on(async {
            let store = place.open().await;
            let now = Timestamp::UNIX_EPOCH;
            for text in HOSTILE {
                let (connection, flow) = (ConnectionId::from(text), FlowName::from(text));
                let keys = HOSTILE.map(|id| JobKey {
                    flow: flow.clone(),
                    side: Side::Left,
                    id: RecordId::from(id),
                });
                let hints = keys.clone().map(|key| Hint {
                    key,
                    cause: Cause::Webhook,
                });
                store.enqueue(&connection, &hints, None, now).await.unwrap();
                let claim = Claim {
                    flow: flow.clone(),
                    worker: text.into(),
                    limit: 100,
                    now,
                    lease_until: now + jiff::SignedDuration::from_secs(60),
                };
                let jobs = store.claim(&connection, &claim).await.unwrap();
                let mut claimed: Vec<JobKey> = jobs.into_iter().map(|job| job.key).collect();
                let mut queued = keys.to_vec();
                claimed.sort_unstable();
                queued.sort_unstable();
                assert_eq!(claimed, queued, "{text}");
            }
        });
    }
}
