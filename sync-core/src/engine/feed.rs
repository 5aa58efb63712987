//! Reading change feeds without missing a row.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Engine, Settings, breaker::Lane, earlier, observe::Observation};
use crate::{
    endpoint::{
        Change, ChangesPage, ChangesRequest, EndpointError, EndpointErrorKind, FeedDescription,
    },
    error::Error,
    flow::Flow,
    ids::{FeedName, FlowName, PageToken, RecordId},
    job::{Cause, Hint, JobKey},
    link::Revision,
    mutant::bug,
    side::{Side, Sides},
    store::{DocumentWrite, StoreErrorKind},
};

/// So many failures in a row on one page, and its round is begun again.
const PAGE_TRIES: u32 = 5;

/// The result of polling one page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// Rows delivered by the feed.
    pub rows: u64,
    /// Keys queued: rows that were not delivered before.
    pub queued: u64,
    /// Whether the feed has more now.
    pub more: bool,
}

/// How far a feed was read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Cursor {
    version: u32,
    /// Everything with an earlier stamp was delivered.
    watermark: Option<Timestamp>,
    /// A reading in progress.
    round: Option<Round>,
    /// Digests of rows delivered at or after the watermark less the overlap, with their stamps, so that reading them
    /// again costs nothing downstream. Only rows whose stamp cannot be given out again are here.
    delivered: Vec<(u64, Timestamp)>,
    /// When the feed is to be polled again.
    next_poll: Option<Timestamp>,
    /// The newest stamp that the system gave out.
    #[serde(default)]
    newest: Option<Newest>,
    /// When it was last read to its end.
    #[serde(default)]
    complete_at: Option<Timestamp>,
}

/// The newest stamp that a system gave out, and when it came, by the engine's clock.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Newest {
    stamp: Timestamp,
    came: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Round {
    since: Option<Timestamp>,
    page: Option<PageToken>,
    newest: Option<Timestamp>,
    /// By the engine's clock.
    started: Timestamp,
}

/// Side and feed; when it was last read to its end, and when it is to be read again.
pub(super) type FeedTimes = (Side, FeedName, Option<Timestamp>, Option<Timestamp>);

/// A page, and when it was read by the engine's clock.
struct Reading {
    page: ChangesPage,
    asked_at: Timestamp,
    answered_at: Timestamp,
}

impl Engine {
    /// Polls every feed whose time has come, all its pages. Failures are kept in the sides' health. Returns when the
    /// next poll is due.
    pub async fn poll_due(&self) -> Timestamp {
        let mut next = self.clock.now() + self.settings.poll_every;
        for flow in &self.flows {
            for side in Side::BOTH {
                for feed in feeds_of(flow, side) {
                    let at = match self.poll_feed_if_due(flow, side, &feed.name).await {
                        Ok(at) => Some(at),
                        Err(error) => {
                            tracing::warn!(flow = %flow.name, %side, feed = %feed.name, %error, "a poll failed");
                            let now = self.clock.now();
                            self.breakers
                                .feed_closed_until(&flow.name, side, &feed.name, now)
                        }
                    };
                    next = earlier(Some(next), at).unwrap_or(next);
                }
            }
        }
        next
    }

    async fn poll_feed_if_due(
        &self,
        flow: &Flow,
        side: Side,
        feed: &FeedName,
    ) -> Result<Timestamp, Error> {
        if !self.may_run(flow).await? {
            return Ok(self.clock.now() + self.settings.poll_every);
        }
        let (cursor, _) = self.cursor(&flow.name, side, feed).await?;
        let now = self.clock.now();
        let closed = self.breakers.feed_closed_until(&flow.name, side, feed, now);
        if let Some(at) = cursor.next_poll.filter(|at| *at > now).max(closed) {
            return Ok(at);
        }
        while self.poll(&flow.name, side, feed).await?.more {}
        Ok(self.clock.now() + self.settings.poll_every)
    }

    /// Polls every feed of every flow once, all pages, whether it is due or not.
    ///
    /// # Errors
    /// [`Error::Side`] for the first feed that could not be read; what was read before is queued.
    pub async fn poll_all(&self) -> Result<Polled, Error> {
        let mut sum = Polled::default();
        for flow in &self.flows {
            for side in Side::BOTH {
                for feed in feeds_of(flow, side) {
                    loop {
                        let polled = self.poll(&flow.name, side, &feed.name).await?;
                        sum.rows += polled.rows;
                        sum.queued += polled.queued;
                        if !polled.more {
                            break;
                        }
                    }
                }
            }
        }
        Ok(sum)
    }

    /// Polls one page of one feed. Keys and cursor are stored in one transaction.
    ///
    /// # Errors
    /// [`Error::Side`] when the feed could not be read, [`Error::Store`] when nothing was stored. Another worker polling
    /// the same feed at the same time is no error.
    pub async fn poll(
        &self,
        flow: &FlowName,
        side: Side,
        feed: &FeedName,
    ) -> Result<Polled, Error> {
        let flow = self.flow(flow)?;
        let feed = described(flow, side, feed)?;
        let (mut cursor, revision) = self.cursor(&flow.name, side, &feed.name).await?;
        let asked_at = self.clock.now();
        let reach = self.settings.overlap.saturating_add(feed.precision);
        let round = cursor.round.take().unwrap_or_else(|| Round {
            since: cursor.watermark.map(|watermark| before(watermark, reach)),
            page: None,
            newest: None,
            started: asked_at,
        });
        let request = ChangesRequest {
            feed: feed.name.clone(),
            since: round.since,
            page: round.page.clone(),
        };
        let page = match self.call_changes(flow, side, &request).await {
            Ok(page) => page,
            Err(error) => {
                let error = Arc::new(error);
                if bug!(FailedPageSkipped) && round.page.is_some() {
                    cursor.watermark = cursor.watermark.max(round.newest);
                    self.put_cursor(&flow.name, side, &feed.name, &cursor, revision)
                        .await?;
                } else if self.gives_up_page(flow, side, &feed.name, &round, &error) {
                    cursor.round = Some(Round {
                        page: None,
                        ..round
                    });
                    self.put_cursor(&flow.name, side, &feed.name, &cursor, revision)
                        .await?;
                }
                return Err(self.feed_failed(flow, side, &feed.name, error));
            }
        };
        self.breakers
            .close(&flow.name, side, Lane::Feed(feed.name.clone()));
        let reading = Reading {
            page,
            asked_at,
            answered_at: self.clock.now(),
        };
        let rows = reading.page.changes.len() as u64;
        let (hints, new) = cursor.take_in(&reading, flow, side, &feed);
        // A stamp may stand for any moment of its step, so a system gives rows up to a step older than asked for.
        let kept = reach.saturating_add(feed.precision);
        cursor.advance(round, reading, kept, &self.settings);
        let queued = hints.len() as u64;
        let more = cursor.round.is_some();
        tracing::debug!(flow = %flow.name, %side, feed = %feed.name, rows, queued, more, "polled");
        let write = document(&flow.name, side, &feed.name, &cursor, revision)?;
        if bug!(CursorBeforeHints) {
            self.store.put_document(&self.connection, &write).await?;
            self.store
                .enqueue(&self.connection, &hints, None, self.clock.now())
                .await?;
            return Ok(Polled { rows, queued, more });
        }
        match self
            .store
            .enqueue(&self.connection, &hints, Some(&write), self.clock.now())
            .await
        {
            Ok(()) => {
                self.observe(&Observation::Polled {
                    flow: &flow.name,
                    side,
                    feed: &feed.name,
                    rows,
                    queued,
                });
                if self.watch_channel(flow, side, &new).await? {
                    self.poll_soon(flow, side, &feed.name).await?;
                }
                Ok(Polled { rows, queued, more })
            }
            // Another worker has just done the same.
            Err(error) if error.kind() == StoreErrorKind::Conflict => Ok(Polled::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the round is begun again, as the page's token may have expired. A system that is only busy keeps its
    /// tokens.
    fn gives_up_page(
        &self,
        flow: &Flow,
        side: Side,
        feed: &FeedName,
        round: &Round,
        error: &EndpointError,
    ) -> bool {
        let busy = matches!(
            error.kind,
            EndpointErrorKind::Unavailable
                | EndpointErrorKind::RateLimited
                | EndpointErrorKind::Unauthorized
        );
        let tries = self.breakers.feed_failures(&flow.name, side, feed);
        round.page.is_some() && (!busy || tries + 1 >= PAGE_TRIES)
    }

    fn feed_failed(
        &self,
        flow: &Flow,
        side: Side,
        feed: &FeedName,
        source: Arc<EndpointError>,
    ) -> Error {
        let (lane, error) = (Lane::Feed(feed.clone()), Arc::clone(&source));
        self.breakers
            .trip(&flow.name, side, lane, error, self.clock.now());
        Error::Side {
            flow: flow.name.clone(),
            side,
            source,
        }
    }

    /// Starts every feed of a flow where a full comparison left off.
    pub(crate) async fn start_feeds(
        &self,
        flow: &Flow,
        starts: Sides<Option<Timestamp>>,
    ) -> Result<(), Error> {
        for side in Side::BOTH {
            for feed in feeds_of(flow, side) {
                let (mut cursor, revision) = self.cursor(&flow.name, side, &feed.name).await?;
                if cursor.watermark.is_none() {
                    cursor.watermark = *starts.get(side);
                    self.put_cursor(&flow.name, side, &feed.name, &cursor, revision)
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// Makes the other feeds of a side due.
    async fn poll_soon(&self, flow: &Flow, side: Side, but: &FeedName) -> Result<(), Error> {
        let feeds = feeds_of(flow, side).into_iter();
        for feed in feeds.filter(|feed| feed.name != *but) {
            let (mut cursor, revision) = self.cursor(&flow.name, side, &feed.name).await?;
            cursor.next_poll = None;
            self.put_cursor(&flow.name, side, &feed.name, &cursor, revision)
                .await?;
        }
        Ok(())
    }

    /// Of each feed that is read: when it was read to its end, and when it is to be read again.
    pub(super) async fn feed_times(&self, flow: &Flow) -> Result<Vec<FeedTimes>, Error> {
        let mut times = Vec::new();
        for side in Side::BOTH {
            for feed in feeds_of(flow, side) {
                let (cursor, _) = self.cursor(&flow.name, side, &feed.name).await?;
                times.push((side, feed.name, cursor.complete_at, cursor.next_poll));
            }
        }
        Ok(times)
    }

    async fn cursor(
        &self,
        flow: &FlowName,
        side: Side,
        feed: &FeedName,
    ) -> Result<(Cursor, Option<Revision>), Error> {
        let name = document_name(flow, side, feed);
        match self.store.document(&self.connection, &name).await? {
            Some((body, revision)) => {
                let cursor = serde_json::from_str(&body)
                    .map_err(|source| Error::Document { name, source })?;
                Ok((cursor, Some(revision)))
            }
            None => Ok((
                Cursor {
                    version: 1,
                    ..Cursor::default()
                },
                None,
            )),
        }
    }

    async fn put_cursor(
        &self,
        flow: &FlowName,
        side: Side,
        feed: &FeedName,
        cursor: &Cursor,
        revision: Option<Revision>,
    ) -> Result<(), Error> {
        let write = document(flow, side, feed, cursor, revision)?;
        match self.store.put_document(&self.connection, &write).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == StoreErrorKind::Conflict => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Cursor {
    /// The changes that were not delivered before, as hints and as they are.
    fn take_in(
        &mut self,
        reading: &Reading,
        flow: &Flow,
        side: Side,
        feed: &FeedDescription,
    ) -> (Vec<Hint>, Vec<Change>) {
        let final_before = self.final_before(reading, feed.precision);
        let known: HashSet<u64> = self.delivered.iter().map(|(digest, _)| *digest).collect();
        let (mut hints, mut new) = (Vec::new(), Vec::new());
        for change in &reading.page.changes {
            // A row without a stamp cannot be told from its next change.
            if let Some(stamp) = change.stamp {
                if bug!(TieLostAtCursor) && self.watermark.is_some_and(|reached| stamp <= reached) {
                    continue;
                }
                let digest = digest(&change.id, stamp);
                if known.contains(&digest) {
                    continue;
                }
                if final_before.is_some_and(|end| stamp <= end) {
                    self.delivered.push((digest, stamp));
                }
            }
            let key = JobKey {
                flow: flow.name.clone(),
                side,
                id: change.id.clone(),
            };
            hints.push(Hint {
                key,
                cause: Cause::Feed(feed.name.clone()),
            });
            new.push(change.clone());
        }
        (hints, new)
    }

    /// The newest stamp that the system cannot give out again: a record that is changed twice within one step of the
    /// stamp looks the same afterwards, so a row is only known for good when its step is over. The system's clock shows
    /// its newest stamp and the time since that came. How far the two clocks were apart before that does not count: the
    /// engine's may have been set since.
    fn final_before(&mut self, reading: &Reading, precision: Duration) -> Option<Timestamp> {
        let stamps = reading.page.changes.iter();
        let stamp = stamps.filter_map(|change| change.stamp).max();
        if let Some(stamp) = stamp.filter(|stamp| self.newest.is_none_or(|old| *stamp > old.stamp))
        {
            let came = reading.answered_at;
            self.newest = Some(Newest { stamp, came });
        }
        let newest = self.newest.as_mut()?;
        // It cannot have come later than now: the engine's clock was set back.
        newest.came = newest.came.min(reading.answered_at);
        let since = reading.asked_at.duration_since(newest.came);
        let since = Duration::try_from(since).unwrap_or_default();
        let shown = newest.stamp.checked_add(since).ok()?;
        Some(before(shown, precision))
    }

    fn advance(&mut self, round: Round, reading: Reading, kept: Duration, settings: &Settings) {
        let Reading {
            page, answered_at, ..
        } = reading;
        let newest = page
            .changes
            .iter()
            .filter_map(|change| change.stamp)
            .max()
            .max(round.newest);
        let reached = newest.map(|newest| reached(newest, round.started, answered_at, settings));
        let reached = match bug!(WatermarkByOwnClock) {
            true => Some(answered_at),
            false => reached,
        };
        // Never backwards.
        let reached = self.watermark.max(reached);
        if page.next.is_some() {
            if is_sorted(&page.changes) {
                self.forget_before(reached, kept);
            }
            self.round = Some(Round {
                page: page.next,
                newest,
                ..round
            });
            return;
        }
        self.watermark = reached;
        self.forget_before(reached, kept);
        self.next_poll = Some(answered_at + settings.poll_every);
        self.complete_at = Some(answered_at);
    }

    /// Rows that will not be read again need not be remembered.
    fn forget_before(&mut self, reached: Option<Timestamp>, kept: Duration) {
        if let Some(reached) = reached {
            let first = before(reached, kept);
            self.delivered.retain(|(_, stamp)| *stamp >= first);
        }
    }
}

/// How far a round has come: never past the present less the lag, as a row stamped before may still be committed. And a
/// row may be committed behind the place that the round has reached, so what counts is when the round began. By the
/// system's clock that was no earlier than the newest stamp less the time since.
fn reached(
    newest: Timestamp,
    started: Timestamp,
    answered_at: Timestamp,
    settings: &Settings,
) -> Timestamp {
    let present = newest.min(before(answered_at, settings.lag));
    let taken = Duration::try_from(answered_at.duration_since(started)).unwrap_or_default();
    before(present, taken)
}

/// Whether the rows come in order of their stamps, so that those before the newest will not come again.
fn is_sorted(changes: &[Change]) -> bool {
    changes.iter().all(|change| change.stamp.is_some())
        && changes.is_sorted_by_key(|change| change.stamp)
}

/// The instant that much earlier, or the earliest there is.
fn before(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// The feeds of a side that are read: a mirror's target is not.
fn feeds_of(flow: &Flow, side: Side) -> Vec<FeedDescription> {
    if flow.policy.mode.target() == Some(side) {
        return Vec::new();
    }
    flow.endpoints.get(side).feeds()
}

fn described(flow: &Flow, side: Side, feed: &FeedName) -> Result<FeedDescription, Error> {
    let feeds = flow.endpoints.get(side).feeds();
    let known = feeds.into_iter().find(|known| known.name == *feed);
    known.ok_or_else(|| Error::UnknownFeed {
        flow: flow.name.clone(),
        side,
        feed: feed.clone(),
    })
}

fn digest(id: &RecordId, stamp: Timestamp) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(id.as_str());
    hasher.update([0]);
    hasher.update(stamp.as_nanosecond().to_be_bytes());
    let hash = hasher.finalize();
    hash.iter()
        .take(8)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn document_name(flow: &FlowName, side: Side, feed: &FeedName) -> String {
    format!("cursor/{flow}/{side}/{feed}")
}

fn document(
    flow: &FlowName,
    side: Side,
    feed: &FeedName,
    cursor: &Cursor,
    expected: Option<Revision>,
) -> Result<DocumentWrite, Error> {
    let name = document_name(flow, side, feed);
    let body = serde_json::to_string(cursor).map_err(|source| Error::Document {
        name: name.clone(),
        source,
    })?;
    Ok(DocumentWrite {
        name,
        expected,
        body,
    })
}
