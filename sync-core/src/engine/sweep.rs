//! Comparing everything: finds what feeds missed, and deletions where no feed tells of them.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Engine;
use crate::{
    endpoint::Record,
    error::Error,
    flow::Flow,
    guard::StopReason,
    ids::{FlowName, PageToken, RecordId},
    job::{Cause, Hint, JobKey},
    link::{Link, LinkId, Planned},
    mapping::{Direction, References},
    plan::mirrored,
    side::{Side, Sides},
    value::Document,
};

/// Links in a page.
const LINKS: usize = 500;

/// A sweep that another worker has begun is left to it for so long.
const TAKEN_FOR: std::time::Duration = std::time::Duration::from_secs(3600);

/// What a sweep found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Records listed.
    pub listed: Sides<u64>,
    /// Linked records that were not listed: deleted, or not shown any more.
    pub missing: Sides<u64>,
    /// Keys queued: what is missing, what differs, and what has no partner although it is to have one.
    pub queued: u64,
}

/// When a flow was swept, and is to be.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Sweeps {
    /// When the last one ended.
    pub(super) ended: Option<Timestamp>,
    /// When the next one is due. While one is under way: when it is taken for abandoned.
    pub(super) next: Option<Timestamp>,
}

/// A sweep under way. It costs a page with each step.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    place: Place,
    /// Digests of the listed identities.
    seen: Sides<HashSet<u64>>,
    found: Swept,
}

#[derive(Debug)]
enum Place {
    Listing(Side, Option<PageToken>),
    Links(Option<LinkId>),
}

impl Default for Place {
    fn default() -> Self {
        Self::Listing(Side::Left, None)
    }
}

pub(super) fn document_name(flow: &FlowName) -> String {
    format!("sweep/{flow}")
}

impl Engine {
    /// Lists both sides of a flow completely and queues every key that differs from what was last agreed on, has no
    /// partner although it is to have one, or is gone. Nothing is decided here: what is queued is looked at as ever.
    ///
    /// A mirror's target is not listed.
    ///
    /// # Errors
    /// [`Error::Side`] when a side could not be listed to its end; a partial listing is never taken for complete.
    pub async fn sweep(&self, flow: &FlowName) -> Result<Swept, Error> {
        let flow = self.flow(flow)?;
        let mut sweep = Sweep::default();
        loop {
            if let Some(swept) = self.sweep_on(flow, &mut sweep).await? {
                return Ok(swept);
            }
        }
    }

    /// One page of a sweep. Returns what was found when it is through.
    pub(super) async fn sweep_on(
        &self,
        flow: &Flow,
        sweep: &mut Sweep,
    ) -> Result<Option<Swept>, Error> {
        match &sweep.place {
            Place::Listing(side, _) if flow.policy.mode.target() == Some(*side) => {
                sweep.place = after(*side);
            }
            Place::Listing(side, page) => {
                let (side, page) = (*side, page.clone());
                self.sweep_page(flow, sweep, side, page).await?;
            }
            Place::Links(place) => {
                let place = *place;
                if !self.sweep_links(flow, sweep, place).await? {
                    return Ok(Some(sweep.found));
                }
            }
        }
        Ok(None)
    }

    async fn sweep_page(
        &self,
        flow: &Flow,
        sweep: &mut Sweep,
        side: Side,
        page: Option<PageToken>,
    ) -> Result<(), Error> {
        let read = self.call_list(flow, side, page.as_ref()).await;
        let read = read.map_err(|error| Error::Side {
            flow: flow.name.clone(),
            side,
            source: Arc::new(error),
        })?;
        let records = read.records;
        *sweep.found.listed.get_mut(side) += records.len() as u64;
        let keys: Vec<(Side, RecordId)> = records
            .iter()
            .map(|record| (side, record.id.clone()))
            .collect();
        let seen = sweep.seen.get_mut(side);
        seen.extend(records.iter().map(|record| digest(&record.id)));
        let links = self
            .store
            .links(&self.connection, &flow.name, &keys)
            .await?;
        let fields = records.iter().map(|record| &record.fields);
        let references = self.references(flow, side, fields).await?;
        let differing = records.into_iter().zip(links).filter(|(record, link)| {
            let link = link.as_ref();
            is_worth_a_look(flow, side, record, link, &references)
        });
        let ids = differing.map(|(record, _)| (side, record.id));
        self.queue_swept(flow, sweep, ids.collect()).await?;
        match read.next {
            Some(next) => sweep.place = Place::Listing(side, Some(next)),
            None => {
                self.guard_listing(flow, side, *sweep.found.listed.get(side))
                    .await?;
                sweep.place = after(side);
            }
        }
        Ok(())
    }

    /// A listing that lacks too much stops the flow before any of it is taken for deleted.
    async fn guard_listing(&self, flow: &Flow, side: Side, listed: u64) -> Result<(), Error> {
        let linked = self.store.counts(&self.connection, &flow.name).await?;
        let linked = linked.linked;
        let missing = linked.saturating_sub(listed);
        if missing <= flow.policy.guards.missing.of(linked) {
            return Ok(());
        }
        let reason = StopReason::Missing {
            side,
            listed,
            linked,
        };
        self.stop_for(flow, reason.clone(), Cause::Guard).await?;
        Err(Error::Stopped {
            flow: flow.name.clone(),
            reason,
        })
    }

    /// A page of links: whose records were not listed. Returns whether there are more.
    async fn sweep_links(
        &self,
        flow: &Flow,
        sweep: &mut Sweep,
        place: Option<LinkId>,
    ) -> Result<bool, Error> {
        let links = self
            .store
            .all_links(&self.connection, &flow.name, place, LINKS)
            .await?;
        let Some(last) = links.last().map(|link| link.id) else {
            return Ok(false);
        };
        let mut gone = Vec::new();
        for link in &links {
            for side in Side::BOTH {
                let listed = flow.policy.mode.target() != Some(side);
                let known = link.content.ids.get(side).as_ref();
                let Some(id) = known.filter(|_| listed && link.content.detached != Some(side))
                else {
                    continue;
                };
                if !sweep.seen.get(side).contains(&digest(id)) {
                    *sweep.found.missing.get_mut(side) += 1;
                    gone.push((side, id.clone()));
                }
            }
        }
        self.queue_swept(flow, sweep, gone).await?;
        sweep.place = Place::Links(Some(last));
        Ok(true)
    }

    async fn queue_swept(
        &self,
        flow: &Flow,
        sweep: &mut Sweep,
        records: Vec<(Side, RecordId)>,
    ) -> Result<(), Error> {
        if records.is_empty() {
            return Ok(());
        }
        sweep.found.queued += records.len() as u64;
        let hint = |(side, id)| Hint {
            key: JobKey {
                flow: flow.name.clone(),
                side,
                id,
            },
            cause: Cause::Sweep,
        };
        let hints: Vec<Hint> = records.into_iter().map(hint).collect();
        self.ingest(&hints).await
    }

    /// Takes a due sweep for this worker. Returns when to ask again otherwise.
    pub(super) async fn take_sweep(&self, flow: &Flow) -> Result<Result<Sweep, Timestamp>, Error> {
        let now = self.clock.now();
        let Some(every) = self.settings.sweep_every else {
            return Ok(Err(now + TAKEN_FOR));
        };
        let taken = self
            .change_document(&document_name(&flow.name), |sweeps: &mut Sweeps| {
                match sweeps.next {
                    Some(next) if next <= now => {
                        sweeps.next = Some(now + TAKEN_FOR.min(every));
                        Some(Ok(()))
                    }
                    Some(_) => None,
                    // A flow that has just begun has compared everything.
                    None => {
                        sweeps.next = Some(now + every);
                        Some(Err(()))
                    }
                }
            })
            .await?;
        match taken {
            Some(Ok(())) => Ok(Ok(Sweep::default())),
            _ => {
                let (sweeps, _) = self
                    .read_document::<Sweeps>(&document_name(&flow.name))
                    .await?;
                Ok(Err(sweeps.next.unwrap_or(now + every)))
            }
        }
    }

    pub(super) async fn end_sweep(&self, flow: &Flow) -> Result<(), Error> {
        let now = self.clock.now();
        let every = self.settings.sweep_every.unwrap_or(TAKEN_FOR);
        self.change_document(&document_name(&flow.name), |sweeps: &mut Sweeps| {
            *sweeps = Sweeps {
                ended: Some(now),
                next: Some(now + every),
            };
            Some(())
        })
        .await?;
        Ok(())
    }
}

fn after(side: Side) -> Place {
    match side {
        Side::Left => Place::Listing(Side::Right, None),
        Side::Right => Place::Links(None),
    }
}

/// Whether a listed record differs from what is known of its pair, or lacks a partner that it is to have.
fn is_worth_a_look(
    flow: &Flow,
    side: Side,
    record: &Record,
    link: Option<&Link>,
    references: &References,
) -> bool {
    let document = flow.mapping.project_with(side, &record.fields, references);
    let Ok(document) = document else {
        return true;
    };
    let Some(link) = link else {
        let names_partner = flow
            .identity
            .keys
            .get(side)
            .partner_of(&record.fields)
            .is_some();
        let other = side.other();
        let creates = flow.endpoints.get(other).capabilities().creates
            && flow.policy.create.get(other).allows(&document);
        return names_partner || creates;
    };
    let known = &link.content;
    let under_way = known.planned.as_ref().is_some_and(Planned::is_under_way);
    if known.bound().is_none() || known.intent.is_some() || under_way {
        return true;
    }
    match (known.detached, flow.policy.mode.target()) {
        (Some(gone), _) => gone == side,
        (None, Some(target)) => {
            known.digest.as_ref() != Some(&mirrored(flow, target, &document).digest())
        }
        (None, None) => known
            .base
            .as_ref()
            .is_none_or(|base| differs(flow, side, base, &document)),
    }
}

fn differs(flow: &Flow, side: Side, base: &Document, now: &Document) -> bool {
    let rows = flow.mapping.rows().iter();
    let mut rows = rows.filter(|row| match row.direction {
        Direction::None | Direction::CreateOnly => false,
        Direction::Binding { from } => from == side,
        _ => true,
    });
    rows.any(|row| {
        let name = row.name.as_str();
        now.get(name).is_some_and(|now| base.get(name) != Some(now))
    })
}

fn digest(id: &RecordId) -> u64 {
    let hash = Sha256::digest(id.as_str());
    hash.iter()
        .take(8)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
