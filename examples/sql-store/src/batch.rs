//! Preparing and ending the work on a batch.
//!
//! Everything that the entries name is read and locked first, the entries are then decided on one after another in
//! memory, and what they come to is written last: two conversations with the database, however many entries there are.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use jiff::Timestamp;
use sync_core::{
    AuditEntry, Cause, Commit, ConnectionId, Finish, FlowName, Held, JobKey, Link, LinkContent,
    LinkId, LinkWrite, ParkReason, Prepare, RecordId, Refused, Revision, Side, stored,
};

use crate::{
    audit,
    error::Error,
    jobs, links,
    sql::{Numbers, Sql, Step, column, number},
};

pub(crate) fn prepare(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    flow: &FlowName,
    entries: &[Prepare],
) -> Result<Vec<Result<Link, Refused>>, Error> {
    let held = entries.iter().map(|entry| &entry.held);
    let writes = entries.iter().map(|entry| &entry.link);
    let mut batch = Batch::load(sql, connection, flow, held, writes, std::iter::empty())?;
    let mut outcomes = Vec::with_capacity(entries.len());
    let mut trail: Vec<&AuditEntry> = Vec::new();
    for entry in entries {
        let outcome = batch.prepare(entry)?;
        if outcome.is_ok() {
            trail.extend(&entry.audit);
        }
        outcomes.push(outcome);
    }
    batch.write(sql, trail)?;
    Ok(outcomes)
}

pub(crate) fn commit(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    flow: &FlowName,
    entries: &[Commit],
    now: Timestamp,
) -> Result<Vec<Result<(), Refused>>, Error> {
    let held = entries.iter().flat_map(|entry| &entry.held);
    let writes = entries.iter().filter_map(|entry| entry.link.as_ref());
    let parents = entries.iter().flat_map(|entry| &entry.wake);
    let mut batch = Batch::load(sql, connection, flow, held, writes, parents)?;
    let mut outcomes = Vec::with_capacity(entries.len());
    let mut trail: Vec<Cow<'_, AuditEntry>> = Vec::new();
    for entry in entries {
        let outcome = batch.commit(entry, now)?;
        // What an entry says took place, whether it is refused or not.
        let refused = outcome.is_err();
        trail.extend(entry.audit.iter().map(|entry| marked(entry, refused)));
        outcomes.push(outcome);
    }
    batch.write(sql, trail.iter().map(Cow::as_ref))?;
    Ok(outcomes)
}

fn marked(entry: &AuditEntry, refused: bool) -> Cow<'_, AuditEntry> {
    if !refused {
        return Cow::Borrowed(entry);
    }
    Cow::Owned(AuditEntry {
        refused,
        ..entry.clone()
    })
}

/// What the entries of a batch are about, as it becomes entry by entry, and the steps that make it so.
struct Batch<'a> {
    connection: &'a ConnectionId,
    flow: &'a FlowName,
    jobs: HashMap<&'a JobKey, jobs::Locked>,
    /// The jobs that wait for a key, by that key.
    dependants: HashMap<&'a JobKey, BTreeMap<JobKey, i64>>,
    links: HashMap<i64, links::Locked>,
    /// The link that a record belongs to.
    owners: HashMap<(Side, RecordId), i64>,
    numbers: Numbers,
    steps: Vec<Step<'a>>,
}

impl<'a> Batch<'a> {
    fn load(
        sql: &mut dyn Sql,
        connection: &'a ConnectionId,
        flow: &'a FlowName,
        held: impl Iterator<Item = &'a Held>,
        writes: impl Iterator<Item = &'a LinkWrite>,
        parents: impl Iterator<Item = &'a JobKey>,
    ) -> Result<Self, Error> {
        // In one order by everybody, lest two transactions wait for each other.
        let keys: BTreeSet<&JobKey> = held.map(|held| &held.key).collect();
        let parents: BTreeSet<&JobKey> = parents.collect();
        let mut written: BTreeSet<LinkId> = BTreeSet::new();
        let mut records: BTreeSet<(Side, &RecordId)> = BTreeSet::new();
        let mut writing = 0;
        for write in writes {
            writing += 1;
            written.extend(id_of(write));
            records.extend(content_of(write).into_iter().flat_map(identities));
        }
        let mut steps = Vec::new();
        steps.extend(keys.iter().map(|key| jobs::lock(connection, key)));
        steps.extend(
            parents
                .iter()
                .map(|key| jobs::lock_dependants(connection, key)),
        );
        steps.extend(written.iter().map(|id| links::lock(connection, flow, *id)));
        let owner = |(side, id): &(Side, &'a RecordId)| links::owner(connection, flow, *side, id);
        steps.extend(records.iter().map(owner));
        let mut found = sql.rows(&steps)?.into_iter();

        let mut batch = Self {
            connection,
            flow,
            jobs: HashMap::new(),
            dependants: HashMap::new(),
            links: HashMap::new(),
            owners: HashMap::new(),
            numbers: Numbers::new(Vec::new()),
            steps: Vec::new(),
        };
        let mut reviving = keys.len() * 2;
        for (key, rows) in keys.into_iter().zip(&mut found) {
            for row in rows {
                batch.jobs.insert(key, jobs::Locked::read(row)?);
            }
        }
        for (parent, rows) in parents.into_iter().zip(&mut found) {
            reviving += rows.len();
            let waiting = rows.into_iter().map(jobs::dependant);
            batch
                .dependants
                .insert(parent, waiting.collect::<Result<_, _>>()?);
        }
        for (id, rows) in written.into_iter().zip(&mut found) {
            for row in rows {
                batch.links.insert(column(id.0), links::Locked::read(row)?);
            }
        }
        for ((side, record), rows) in records.into_iter().zip(&mut found) {
            for mut row in rows {
                batch.owners.insert((side, record.clone()), row.integer()?);
            }
        }
        batch.numbers = sql.numbers(writing * 2 + reviving)?;
        Ok(batch)
    }

    fn prepare(&mut self, entry: &'a Prepare) -> Result<Result<Link, Refused>, Error> {
        if !self.holds(&entry.held) {
            return Ok(Err(Refused::LeaseLost));
        }
        let removed = match &entry.link {
            LinkWrite::Remove { id, .. } => self.links.get(&column(id.0)),
            _ => None,
        };
        let removed = removed.map(|link| link.content.clone());
        let (id, revision) = match self.write_link(&entry.link)? {
            Ok(written) => written,
            Err(refused) => return Ok(Err(refused)),
        };
        let content = match content_of(&entry.link) {
            Some(content) => content.clone(),
            None => stored::decode_link(&removed.unwrap_or_default())?,
        };
        Ok(Ok(Link {
            id,
            revision,
            content,
        }))
    }

    fn commit(&mut self, entry: &'a Commit, now: Timestamp) -> Result<Result<(), Refused>, Error> {
        if !entry.held.iter().all(|held| self.holds(held)) {
            return Ok(Err(Refused::LeaseLost));
        }
        if let Some(link) = &entry.link
            && let Err(refused) = self.write_link(link)?
        {
            return Ok(Err(refused));
        }
        for held in &entry.held {
            self.finish(held, &entry.finish, now)?;
        }
        for parent in &entry.wake {
            self.wake(parent, now)?;
        }
        Ok(Ok(()))
    }

    fn holds(&self, held: &Held) -> bool {
        let job = self.jobs.get(&held.key);
        job.is_some_and(|job| job.token == Some(column(held.token.0)))
    }

    fn finish(&mut self, held: &'a Held, finish: &'a Finish, now: Timestamp) -> Result<(), Error> {
        let Some(job) = self.jobs.get_mut(&held.key) else {
            return Ok(());
        };
        let id = job.id;
        let moved_on = job.generation != column(held.generation);
        job.token = None;
        let step = match finish {
            Finish::Done if !moved_on => {
                self.jobs.remove(&held.key);
                jobs::remove(id)
            }
            Finish::Park(parked) if !moved_on => {
                if let ParkReason::WaitingFor { parent } = &parked.reason {
                    let waiting = self.dependants.entry(parent).or_default();
                    waiting.insert(held.key.clone(), id);
                }
                jobs::park(id, parked)?
            }
            Finish::Done | Finish::Park(_) => jobs::revive(id, None, now, self.numbers.take()?)?,
            Finish::Again { at, failed, cause } => {
                let attempts = if *failed { job.attempts + 1 } else { 0 };
                job.attempts = attempts;
                // The cause of a hint that came meanwhile is newer.
                let cause = cause.as_ref().filter(|_| !moved_on);
                jobs::again(id, *at, attempts, cause)?
            }
        };
        self.steps.push(step);
        Ok(())
    }

    /// Makes the jobs due that are parked until `parent` is synchronised.
    fn wake(&mut self, parent: &'a JobKey, now: Timestamp) -> Result<(), Error> {
        for id in self
            .dependants
            .remove(parent)
            .unwrap_or_default()
            .into_values()
        {
            let position = self.numbers.take()?;
            let step = jobs::revive(id, Some(&Cause::Dependency), now, position)?;
            self.steps.push(step);
        }
        Ok(())
    }

    /// Makes the change, or none at all. Gives the link's revision as it is now or, when it was removed, as it was.
    fn write_link(
        &mut self,
        write: &'a LinkWrite,
    ) -> Result<Result<(LinkId, Revision), Refused>, Error> {
        let own = id_of(write).map(|id| column(id.0));
        if let LinkWrite::Replace { id, expected, .. } | LinkWrite::Remove { id, expected } = write
        {
            let current = self.links.get(&column(id.0)).map(|link| link.revision);
            if current != Some(column(expected.0)) {
                return Ok(Err(Refused::StaleLink));
            }
        }
        for (side, record) in content_of(write).into_iter().flat_map(identities) {
            let owner = self.owners.get(&(side, record.clone())).copied();
            if owner.is_some() && owner != own {
                return Ok(Err(Refused::AlreadyLinked { side }));
            }
        }
        let (id, revision) = match write {
            LinkWrite::Insert(content) => {
                let (id, revision) = (self.numbers.take()?, self.numbers.take()?);
                let step = links::insert(self.connection, self.flow, id, revision, content)?;
                self.put(id, revision, content, step);
                (id, revision)
            }
            LinkWrite::Replace { id, content, .. } => {
                let (id, revision) = (column(id.0), self.numbers.take()?);
                self.free(id);
                self.put(
                    id,
                    revision,
                    content,
                    links::replace(id, revision, content)?,
                );
                (id, revision)
            }
            LinkWrite::Remove { id, expected } => {
                let id = column(id.0);
                self.free(id);
                self.steps.push(links::remove(id));
                (id, column(expected.0))
            }
        };
        Ok(Ok((LinkId(number(id)?), Revision(number(revision)?))))
    }

    fn put(&mut self, id: i64, revision: i64, content: &'a LinkContent, step: Step<'a>) {
        for (side, record) in identities(content) {
            self.owners.insert((side, record.clone()), id);
        }
        let link = links::Locked {
            revision,
            ids: content.ids.clone(),
            content: String::new(),
        };
        self.links.insert(id, link);
        self.steps.push(step);
    }

    /// What belonged to the link belongs to none.
    fn free(&mut self, id: i64) {
        let Some(link) = self.links.remove(&id) else {
            return;
        };
        for side in Side::BOTH {
            if let Some(record) = link.ids.get(side) {
                self.owners.remove(&(side, record.clone()));
            }
        }
    }

    fn write<'t>(
        self,
        sql: &mut dyn Sql,
        trail: impl IntoIterator<Item = &'t AuditEntry>,
    ) -> Result<(), Error>
    where
        'a: 't,
    {
        let mut steps: Vec<Step<'t>> = self.steps;
        audit::append(&mut steps, sql.dialect(), self.connection, trail)?;
        sql.run(&steps)?;
        Ok(())
    }
}

fn id_of(write: &LinkWrite) -> Option<LinkId> {
    match write {
        LinkWrite::Insert(_) => None,
        LinkWrite::Replace { id, .. } | LinkWrite::Remove { id, .. } => Some(*id),
    }
}

fn content_of(write: &LinkWrite) -> Option<&LinkContent> {
    match write {
        LinkWrite::Insert(content) | LinkWrite::Replace { content, .. } => Some(content),
        LinkWrite::Remove { .. } => None,
    }
}

fn identities(content: &LinkContent) -> impl Iterator<Item = (Side, &RecordId)> {
    let of = |side| content.ids.get(side).as_ref().map(|id| (side, id));
    Side::BOTH.into_iter().filter_map(of)
}
