//! One batch from claim to commit.

use std::{collections::HashMap, sync::Arc};

use futures::future;
use jiff::Timestamp;

use super::{
    Engine, breaker::Lane, dependants::Waiting, observe::Observation, outcome::Outcome,
    report::Report,
};
use crate::{
    audit::FieldDecision,
    budget::Call,
    endpoint::{EndpointError, EndpointErrorKind, Record},
    error::Error,
    flow::Flow,
    ids::{FlowName, RecordId},
    job::{Finish, Hint, Job, JobKey},
    link::{Link, LinkContent, LinkId},
    mapping::References,
    mutant::bug,
    plan::{Pair, Plan, plan},
    side::{Side, Sides},
    store::{Commit, Held, StoreError},
    value::Document,
};

/// A pair in work.
#[derive(Debug)]
pub(super) struct Work {
    /// The jobs that led to it: one, or two when both sides were queued.
    pub(super) jobs: Vec<Job>,
    /// What the store knows of it.
    pub(super) link: Option<Link>,
    /// What the store knew of it before this batch wrote anything.
    pub(super) before: Option<Link>,
    /// Identities as far as known, the partner's included once it was found.
    pub(super) ids: Sides<Option<RecordId>>,
    /// Both records as they are now.
    pub(super) records: Sides<Option<Record>>,
    /// The partners of the records that these refer to.
    pub(super) references: References,
    /// The records as documents.
    pub(super) documents: Sides<Option<Document>>,
    /// Values that somebody had entered and the engine wrote over unseen.
    pub(super) overwritten: Vec<(Side, Vec<FieldDecision>)>,
    /// Set as soon as it is known how this ends.
    pub(super) outcome: Option<Outcome>,
}

/// A system failed, so nothing can be said about any pair.
#[derive(Debug)]
pub(super) struct SideDown {
    pub(super) side: Side,
    pub(super) error: Arc<EndpointError>,
}

impl SideDown {
    pub(super) fn at(side: Side) -> impl Fn(EndpointError) -> Self {
        move |error| Self {
            side,
            error: Arc::new(error),
        }
    }
}

/// Why the pairs could not be looked at.
#[derive(Debug)]
pub(super) enum Interrupted {
    Down(SideDown),
    Store(StoreError),
}

impl From<SideDown> for Interrupted {
    fn from(down: SideDown) -> Self {
        Self::Down(down)
    }
}

impl From<StoreError> for Interrupted {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Work {
    fn open(job: Job, link: Option<Link>) -> Self {
        let ids = known_ids(&job.key, link.as_ref());
        Self {
            jobs: vec![job],
            before: link.clone(),
            link,
            ids,
            records: Sides::default(),
            references: References::default(),
            documents: Sides::default(),
            overwritten: Vec::new(),
            outcome: None,
        }
    }

    /// Both identities, if both are known.
    pub(super) fn pair(&self) -> Option<(&RecordId, &RecordId)> {
        self.ids.left.as_ref().zip(self.ids.right.as_ref())
    }

    /// When the record of a side had been changed when it was read.
    pub(super) fn as_of(&self, side: Side) -> Option<Timestamp> {
        self.records.get(side).as_ref()?.modified_at
    }

    /// Whether one of its jobs is filed under the key that later hints for the pair will be filed under.
    pub(super) fn is_at_home(&self) -> bool {
        self.jobs.iter().any(|job| is_home(&job.key, &self.ids))
    }

    /// Until when another worker may still write to the pair: it found the two under the other record's key, whose job
    /// this worker does not hold.
    fn occupied_until(&self, now: Timestamp) -> Option<Timestamp> {
        let planned = self.before.as_ref()?.content.planned.as_ref()?;
        planned.until.filter(|until| *until > now)
    }

    /// As it was before anything was read.
    pub(super) fn forget(&mut self) {
        self.link = self.before.clone();
        if let Some(job) = self.jobs.first() {
            self.ids = known_ids(&job.key, self.link.as_ref());
        }
        self.records = Sides::default();
        self.documents = Sides::default();
        self.overwritten.clear();
        self.outcome = None;
    }

    /// Takes the partner's link for its own. Returns the one it had.
    pub(super) fn adopt(&mut self, link: Link) -> Option<Link> {
        self.before = Some(link.clone());
        self.link.replace(link)
    }

    /// What is known of the pair: the link's content with the partner that was found now.
    pub(super) fn known(&self) -> LinkContent {
        let stored = self
            .link
            .as_ref()
            .map(|link| link.content.clone())
            .unwrap_or_default();
        LinkContent {
            ids: self.ids.clone(),
            ..stored
        }
    }

    /// Whether the store knew both identities before this batch.
    pub(super) fn was_bound(&self) -> bool {
        self.before
            .as_ref()
            .is_some_and(|link| link.content.bound().is_some())
    }

    /// What was on its way to each side when the store last heard of the pair, if that is not known to have arrived. A
    /// create has its own entry in the audit trail.
    pub(super) fn unconfirmed(&self) -> Vec<(Side, Vec<FieldDecision>)> {
        let known = self.before.as_ref().map(|link| &link.content);
        let Some((known, planned)) = known
            .filter(|known| known.intent.is_none() || known.bound().is_some())
            .and_then(|known| Some((known, known.planned.as_ref()?)))
        else {
            return Vec::new();
        };
        let of_side = |side| (side, planned.on_their_way(side, known.base.as_ref()));
        let both = Side::BOTH.into_iter().map(of_side);
        both.filter(|(_, values)| !values.is_empty()).collect()
    }

    pub(super) fn attempts(&self) -> u32 {
        self.jobs.iter().map(|job| job.attempts).max().unwrap_or(0)
    }

    pub(super) fn put(&mut self, side: Side, record: Record, flow: &Flow, references: &References) {
        let referred = flow.mapping.references(side, &record.fields);
        self.references.take_over(references, side, &referred);
        let document = flow
            .mapping
            .project_with(side, &record.fields, &self.references);
        match document {
            Ok(document) => *self.documents.get_mut(side) = Some(document),
            Err(error) => {
                self.outcome.get_or_insert(Outcome::Park(error.into()));
            }
        }
        *self.ids.get_mut(side) = Some(record.id.clone());
        *self.records.get_mut(side) = Some(record);
    }

    /// The side that was changed last, if both records say when they were.
    fn newest(&self) -> Option<Side> {
        let stamp = |side| {
            self.records
                .get(side)
                .as_ref()
                .and_then(|record| record.modified_at)
        };
        let (left, right) = (stamp(Side::Left)?, stamp(Side::Right)?);
        Some(if left > right {
            Side::Left
        } else {
            Side::Right
        })
    }

    /// The side whose record is written without being read, if this pair has one. The first look, and the look after a
    /// failure, read both.
    pub(super) fn unread(&self, flow: &Flow) -> Option<Side> {
        let is_safe = self.was_bound() && self.attempts() == 0;
        flow.policy.mode.target().filter(|_| is_safe)
    }

    fn plan(&self, flow: &Flow) -> Plan {
        let known = self.known();
        if let (true, Some(planned), Some(base)) = (bug!(EchoSkipped), &known.planned, &known.base)
            && !planned.is_under_way()
        {
            return Plan::Settled {
                agreed: base.clone(),
                decisions: Vec::new(),
                conflicts: Vec::new(),
            };
        }
        let now = self.documents.as_ref().map(Option::as_ref);
        plan(
            flow,
            &Pair {
                known: &known,
                now,
                newest: self.newest(),
                references: &self.references,
                unread: self.unread(flow),
            },
        )
    }
}

fn known_ids(key: &JobKey, link: Option<&Link>) -> Sides<Option<RecordId>> {
    let mut ids = link
        .map(|link| link.content.ids.clone())
        .unwrap_or_default();
    ids.get_mut(key.side).get_or_insert_with(|| key.id.clone());
    ids
}

/// The key under which a pair's jobs are filed, if `key` is of this pair and the left record is known.
pub(super) fn home(key: &JobKey, ids: &Sides<Option<RecordId>>) -> Option<JobKey> {
    let is_own = ids.get(key.side).as_ref() == Some(&key.id);
    let left = ids.left.clone().filter(|_| is_own)?;
    Some(key_of(&key.flow, Side::Left, left))
}

/// Whether a job for a record of this pair is filed under the pair's key, as far as that is known.
pub(super) fn is_home(key: &JobKey, ids: &Sides<Option<RecordId>>) -> bool {
    let is_own = ids.get(key.side).as_ref() == Some(&key.id);
    key.side == Side::Left || ids.left.is_none() || !is_own
}

pub(super) fn key_of(flow: &FlowName, side: Side, id: RecordId) -> JobKey {
    JobKey {
        flow: flow.clone(),
        side,
        id,
    }
}

impl Engine {
    pub(super) async fn run_batch(
        &self,
        flow: &Flow,
        jobs: Vec<Job>,
        lease_until: Timestamp,
    ) -> Result<Report, Error> {
        let works = self.open(flow, jobs).await?;
        let mut works = self.look_at_all(flow, works).await?;
        if self.lost_a_field(flow, &works).await? {
            // Nobody takes the jobs of a stopped flow; when it goes on they are due.
            let due = self.clock.now();
            for work in works.iter_mut() {
                work.outcome = Some(Outcome::Postponed(due));
            }
        }
        let now = self.clock.now();
        for work in works.iter_mut().filter(|work| work.outcome.is_none()) {
            work.outcome = Some(match work.occupied_until(now) {
                Some(until) => Outcome::Postponed(until),
                None => Outcome::Planned(Box::new(work.plan(flow))),
            });
        }
        self.execute(flow, &mut works, lease_until).await?;
        let report = self.close(flow, works).await?;
        self.observe(&Observation::Worked {
            flow: &flow.name,
            report: &report,
        });
        if report.failed == 0 {
            self.portions.grow(&flow.name);
            self.note_success(flow).await;
        }
        Ok(report)
    }

    /// The link of each record that a key names.
    pub(super) async fn links_of<'k>(
        &self,
        flow: &Flow,
        keys: impl Iterator<Item = &'k JobKey>,
    ) -> Result<Vec<Option<Link>>, StoreError> {
        let records: Vec<(Side, RecordId)> = keys.map(|key| (key.side, key.id.clone())).collect();
        self.store
            .links(&self.connection, &flow.name, &records)
            .await
    }

    /// Jobs with their links; two jobs of one pair become one work.
    async fn open(&self, flow: &Flow, jobs: Vec<Job>) -> Result<Vec<Work>, Error> {
        let links = self.links_of(flow, jobs.iter().map(|job| &job.key)).await?;
        let mut works: Vec<Work> = Vec::with_capacity(jobs.len());
        let mut by_link: HashMap<LinkId, usize> = HashMap::new();
        for (job, link) in jobs.into_iter().zip(links) {
            if let Some(link) = &link {
                if let Some(index) = by_link.get(&link.id) {
                    works[*index].jobs.push(job);
                    continue;
                }
                by_link.insert(link.id, works.len());
            }
            works.push(Work::open(job, link));
        }
        self.hand_over(flow, works).await
    }

    /// A job that was queued before its pair was known is filed under another key than the pair's. Two workers with one
    /// of these keys each would work on one pair at once, so such a job only passes its hint on. Returns the others.
    async fn hand_over(&self, flow: &Flow, works: Vec<Work>) -> Result<Vec<Work>, Error> {
        let home_of = |work: &Work, job: &Job| {
            let link = work.link.as_ref()?;
            home(&job.key, &link.content.ids)
        };
        let is_home = |work: &Work, job: &Job| {
            let link = work.link.as_ref();
            link.is_none_or(|link| is_home(&job.key, &link.content.ids))
        };
        let stays = |work: &Work| work.jobs.iter().any(|job| is_home(work, job));
        if works.iter().all(stays) {
            return Ok(works);
        }
        let (stay, leave): (Vec<Work>, Vec<Work>) = works.into_iter().partition(stays);
        let mut hints = Vec::with_capacity(leave.len());
        let mut commits = Vec::with_capacity(leave.len());
        for work in &leave {
            for job in &work.jobs {
                hints.extend(home_of(work, job).map(|key| Hint {
                    key,
                    cause: job.cause.clone(),
                }));
            }
            commits.push(Commit {
                held: held(&work.jobs),
                link: None,
                finish: Finish::Done,
                wake: Vec::new(),
                audit: Vec::new(),
            });
        }
        let now = self.clock.now();
        self.store
            .enqueue(&self.connection, &hints, None, now)
            .await?;
        self.store
            .commit(&self.connection, &flow.name, &commits, now)
            .await?;
        Ok(stay)
    }

    /// Reads both sides and finds missing partners.
    pub(super) async fn look(&self, flow: &Flow, works: &mut Vec<Work>) -> Result<(), Interrupted> {
        let wanted = |side: Side| -> Vec<(usize, RecordId)> {
            let works = works.iter().enumerate();
            let read = works.filter(|(_, work)| work.unread(flow) != Some(side));
            read.filter_map(|(index, work)| work.ids.get(side).clone().map(|id| (index, id)))
                .collect()
        };
        let (left, right) = (wanted(Side::Left), wanted(Side::Right));
        let (left_found, right_found) = future::try_join(
            self.read(flow, Side::Left, &left),
            self.read(flow, Side::Right, &right),
        )
        .await?;
        for (side, wanted, found) in [
            (Side::Left, left, left_found),
            (Side::Right, right, right_found),
        ] {
            let found = wanted.into_iter().zip(found);
            let found = found.filter_map(|((index, _), record)| Some((index, record?)));
            self.put_all(flow, works, side, found.collect()).await?;
        }
        self.identify(flow, works).await?;
        self.look_back(flow, works).await
    }

    /// Puts records into their works, with what is known of the records that they refer to.
    pub(super) async fn put_all(
        &self,
        flow: &Flow,
        works: &mut [Work],
        side: Side,
        records: Vec<(usize, Record)>,
    ) -> Result<(), StoreError> {
        let fields = records.iter().map(|(_, record)| &record.fields);
        let references = self.references(flow, side, fields).await?;
        for (index, record) in records {
            works[index].put(side, record, flow, &references);
        }
        Ok(())
    }

    /// The records of `side`, one for each of `wanted`, in as few calls as the endpoint allows.
    pub(super) async fn read(
        &self,
        flow: &Flow,
        side: Side,
        wanted: &[(usize, RecordId)],
    ) -> Result<Vec<Option<Record>>, SideDown> {
        let endpoint = flow.endpoints.get(side);
        let mut found = Vec::with_capacity(wanted.len());
        let most = endpoint.capabilities().read_batch;
        let most = self.affordable(flow, side, most, |records| Call::Read { records });
        for chunk in wanted.chunks(most) {
            let ids: Vec<RecordId> = chunk.iter().map(|(_, id)| id.clone()).collect();
            let records = match self.call_read(flow, side, &ids).await {
                Err(_) if bug!(FailedReadIsDeletion) => vec![None; ids.len()],
                read => read.map_err(SideDown::at(side))?,
            };
            complete(side, records.len(), ids.len())?;
            found.extend(records);
        }
        if !wanted.is_empty() {
            self.breakers.close(&flow.name, side, Lane::Read);
        }
        Ok(found)
    }

    fn tell_parked(&self, commit: &Commit) {
        if let (Finish::Park(parked), Some(held)) = (&commit.finish, commit.held.first()) {
            self.observe(&Observation::Parked {
                key: &held.key,
                reason: &parked.reason,
            });
        }
    }

    /// Writes down how everything ended.
    async fn close(&self, flow: &Flow, works: Vec<Work>) -> Result<Report, Error> {
        let now = self.clock.now();
        let mut report = Report::default();
        let mut commits = Vec::with_capacity(works.len());
        let mut obsolete = Vec::with_capacity(works.len());
        for work in works {
            report.looked_at += 1;
            let Some(ending) = self.end(flow, work, now, &mut report) else {
                continue;
            };
            let mut keys = ending.obsolete();
            for mut commit in ending.into_commits() {
                for entry in &mut commit.audit {
                    self.redact(flow, entry);
                }
                commits.push(commit);
                obsolete.push(std::mem::take(&mut keys));
            }
        }
        let outcomes = self
            .store
            .commit(&self.connection, &flow.name, &commits, now)
            .await?;
        let waiting = Waiting::among(&commits);
        let mut over: Vec<JobKey> = Vec::new();
        let mut again: Vec<Commit> = Vec::new();
        for ((commit, keys), outcome) in commits.into_iter().zip(obsolete).zip(outcomes) {
            match outcome {
                Ok(()) => {
                    self.tell_parked(&commit);
                    over.extend(keys);
                }
                Err(refused) => again.extend(self.after_refusal(commit, refused, now)),
            }
        }
        if !over.is_empty() {
            self.store.dismiss(&self.connection, &over, &[]).await?;
        }
        if !again.is_empty() {
            self.store
                .commit(&self.connection, &flow.name, &again, now)
                .await?;
        }
        self.see_to(waiting).await?;
        Ok(report)
    }
}

/// An answer with fewer or more rows than asked for is never matched by guess.
pub(super) fn complete(side: Side, got: usize, asked: usize) -> Result<(), SideDown> {
    if got == asked {
        return Ok(());
    }
    Err(SideDown {
        side,
        error: Arc::new(EndpointError {
            kind: EndpointErrorKind::Protocol,
            message: format!("asked for {asked} rows, the endpoint returned {got}"),
            retry_after: None,
            may_have_been_applied: false,
            source: None,
        }),
    })
}

/// Proof that the jobs of a work are held.
pub(super) fn held(jobs: &[Job]) -> Vec<Held> {
    jobs.iter().map(Held::from).collect()
}
