//! The commit of one pair in the making.

use jiff::Timestamp;

use super::{
    batch::{Work, held, is_home, key_of},
    look_back::forget_replaced,
    news::is_planned,
    outcome::{Intention, WrittenPlan, is_open},
    report::Report,
};
use crate::{
    audit::{AuditEntry, AuditEvent, FieldDecision},
    endpoint::{WriteError, Written},
    flow::{DeleteRule, Flow},
    ids::{FieldName, RecordId},
    job::{Cause, Finish, Job, JobKey, ParkReason, Parked},
    link::{LinkContent, Planned},
    mutant::bug,
    plan::mirrored,
    side::{Side, Sides},
    store::{Commit, LinkWrite},
    value::{Document, Value},
};

/// A commit in the making.
pub(super) struct Ending<'a> {
    pub(super) flow: &'a Flow,
    pub(super) work: Work,
    pub(super) now: Timestamp,
    content: LinkContent,
    link: Option<LinkWrite>,
    finish: Finish,
    /// Whether the pair has come about, or was completed after an interruption.
    complete: bool,
    /// Whether a record of the pair was found to be gone.
    lost: bool,
    audit: Vec<AuditEntry>,
}

impl<'a> Ending<'a> {
    pub(super) fn new(flow: &'a Flow, work: Work, now: Timestamp) -> Self {
        let content = work.known();
        Self {
            flow,
            work,
            now,
            content,
            link: None,
            finish: Finish::Done,
            complete: false,
            lost: false,
            audit: Vec::new(),
        }
    }

    fn note(&mut self, event: AuditEvent, fields: Vec<FieldDecision>) {
        let cause = self
            .work
            .jobs
            .first()
            .map_or(Cause::Sweep, |job| job.cause.clone());
        let (flow, ids) = (self.flow.name.clone(), self.content.ids.clone());
        self.audit.push(AuditEntry {
            attempt: self.work.attempts() + 1,
            fields,
            ..AuditEntry::new(self.now, flow, ids, cause, event)
        });
    }

    /// What was on its way when the work was interrupted is over now: it has arrived, or is given up.
    fn note_unconfirmed(&mut self) {
        let prepared = self.work.link.as_ref().map(|link| link.revision)
            != self.work.before.as_ref().map(|link| link.revision);
        if prepared {
            // It was noted when the present plan took its place.
            return;
        }
        for (side, fields) in self.work.unconfirmed() {
            self.note(AuditEvent::WriteUnconfirmed { side }, fields);
        }
        self.note_overwritten();
    }

    /// What the last writes replaced unseen.
    fn note_overwritten(&mut self) {
        for (side, fields) in std::mem::take(&mut self.work.overwritten) {
            self.note(AuditEvent::Overwritten { side }, fields);
        }
        forget_replaced(&mut self.content);
    }

    /// Writes the link as `content` says, if that is news.
    fn write_link(&mut self) {
        self.link = match &self.work.link {
            None => Some(LinkWrite::Insert(self.content.clone())),
            Some(link) if link.content == self.content => None,
            Some(link) => Some(LinkWrite::Replace {
                id: link.id,
                expected: link.revision,
                content: self.content.clone(),
            }),
        };
    }

    fn remove_link(&mut self) {
        if let Some(link) = &self.work.link {
            self.link = Some(LinkWrite::Remove {
                id: link.id,
                expected: link.revision,
            });
        }
    }

    /// The identities of the link as it will be after the commit.
    fn linked(&self) -> Option<&Sides<Option<RecordId>>> {
        match &self.link {
            Some(LinkWrite::Insert(content) | LinkWrite::Replace { content, .. }) => {
                Some(&content.ids)
            }
            Some(LinkWrite::Remove { .. }) => None,
            None => self.work.link.as_ref().map(|link| &link.content.ids),
        }
    }

    /// Whether the job is filed under the key that later hints for the pair will be filed under.
    fn is_home(&self, job: &Job) -> bool {
        self.linked().is_none_or(|ids| is_home(&job.key, ids))
    }

    /// Everything that was planned has been done, at last or for the first time.
    fn complete(&mut self, agreed: Document) {
        self.complete = !self.work.was_bound()
            || self.work.before.as_ref().is_some_and(|link| {
                let known = &link.content;
                let under_way = known.planned.as_ref().is_some_and(Planned::is_under_way);
                let is_new = known.base.is_none() && known.digest.is_none();
                is_new || under_way || known.intent.is_some()
            });
        self.keep(agreed);
        self.content.planned = None;
        self.content.intent = None;
    }

    /// Remembers what both sides hold; of a mirror, a fingerprint.
    fn keep(&mut self, agreed: Document) {
        match self.flow.policy.mode.target() {
            Some(target) => {
                let digest = mirrored(self.flow, target, &agreed).digest();
                self.content.digest = Some(digest);
            }
            None if bug!(SkipBaseUpdate) && self.content.base.is_some() => {}
            None => self.content.base = Some(agreed),
        }
    }

    pub(super) fn settle(
        &mut self,
        agreed: Document,
        decisions: Vec<FieldDecision>,
        conflicts: Vec<FieldName>,
        report: &mut Report,
    ) {
        self.restored();
        self.note_unconfirmed();
        if !self.work.was_bound() {
            report.linked += 1;
            self.note(AuditEvent::Linked, decisions.clone());
        }
        let earlier = self.content.planned.take();
        self.complete(agreed);
        self.content.planned = earlier.and_then(|earlier| {
            let mut kept = Planned::default();
            kept.take_over(&earlier, |field| conflicts.contains(field));
            Some(kept).filter(Planned::is_under_way)
        });
        self.content.unsettled_writes = 0;
        self.write_link();
        self.park_conflicts(conflicts, decisions, report);
    }

    fn restored(&mut self) {
        if let Some(side) = self.content.detached.take() {
            self.note(AuditEvent::PartnerRestored { side }, Vec::new());
        }
    }

    pub(super) fn done(
        &mut self,
        side: Side,
        plan: &WrittenPlan,
        written: &Written,
        report: &mut Report,
    ) {
        let warnings = written.warnings.clone();
        let event = match plan.intention {
            Intention::Create(_) => {
                *self.content.ids.get_mut(side) = Some(written.id.clone());
                *report.created.get_mut(side) += u64::from(written.created);
                report.linked += u64::from(!written.created);
                if written.created {
                    AuditEvent::Created { side, warnings }
                } else {
                    AuditEvent::Linked
                }
            }
            Intention::Update => {
                *report.updated.get_mut(side) += 1;
                AuditEvent::Updated { side, warnings }
            }
            Intention::FollowDeletion(_) => {
                *report.deleted.get_mut(side) += 1;
                AuditEvent::DeletePropagated { side }
            }
        };
        if bug!(WritesNotAudited) {
            return;
        }
        self.note(event, plan.decisions.clone());
        self.note_sent(plan, side);
    }

    fn note_sent(&mut self, plan: &WrittenPlan, side: Side) {
        if let Some(entry) = self.audit.last_mut() {
            entry.sent = plan.sent.get(side).clone();
        }
    }

    pub(super) fn failed(&mut self, side: Side, error: &WriteError, plan: &WrittenPlan) {
        if matches!(error, WriteError::NotSent) {
            return;
        }
        self.note(
            AuditEvent::WriteFailed {
                side,
                message: error.sentence(),
                may_have_been_applied: is_open(error),
            },
            plan.decisions.clone(),
        );
        self.note_sent(plan, side);
    }

    /// A partner was made on `target`. What its system filled in by itself, and what the source is to learn of it, is found
    /// by a second look.
    pub(super) fn created(&mut self, target: Side, agreed: Document) {
        let mut written = Sides::default();
        *written.get_mut(target) = agreed.clone();
        self.complete(agreed);
        self.wrote(written);
        self.write_link();
        if self.is_mirror() || self.is_left_to_feeds(target) {
            return;
        }
        self.finish = Finish::Again {
            at: self.now,
            failed: false,
            cause: Some(Cause::Verify),
        };
    }

    /// Whether the second look at what was made on `target` can wait until that side's feed delivers it, as the echo of an
    /// update does.
    ///
    /// No edit depends on the second look. The source was read after its feed's start, so what is edited there between the
    /// reading and the create is delivered; and of the target everything from the create on, which has a later stamp than
    /// anything that was listed. That holds while a plan is carried out, as the feeds then start no later than where its
    /// listings began. What cannot wait is what the target alone decides, such as the code that the new record got there:
    /// when a plan is carried out, both sides are to know it.
    fn is_left_to_feeds(&self, target: Side) -> bool {
        let mut rows = self.flow.mapping.rows().iter();
        is_planned(&self.work)
            && rows.all(|row| row.direction.owner() != Some(target))
            && !self.flow.endpoints.get(target).feeds().is_empty()
    }

    /// All changes were made.
    pub(super) fn updated(&mut self, done: WrittenPlan, report: &mut Report) {
        let mut written = Sides::<Document>::default();
        for decision in &done.decisions {
            for side in targets(decision) {
                let result = decision.result.clone().unwrap_or(Value::Null);
                written.get_mut(side).set(decision.field.clone(), result);
            }
        }
        self.restored();
        report.linked += u64::from(!self.work.was_bound());
        self.complete(done.agreed);
        self.wrote(written);
        if let (Some(own), Some(planned)) = (&mut self.content.planned, &done.planned) {
            own.replaces = planned.replaces.clone();
            own.take_over(planned, |field| done.conflicts.contains(field));
        }
        self.write_link();
        self.park_conflicts(done.conflicts, Vec::new(), report);
    }

    fn is_mirror(&self) -> bool {
        self.flow.policy.mode.target().is_some()
    }

    fn wrote(&mut self, written: Sides<Document>) {
        if self.is_mirror() {
            // One side alone cannot undo what the other does.
            return;
        }
        self.content.planned = Some(Planned::arrived(written));
        self.content.unsettled_writes += 1;
    }

    pub(super) fn followed_deletion(&mut self, lost: Side, agreed: Document) {
        if self.is_mirror() && *self.flow.policy.deleted.get(lost) == DeleteRule::Delete {
            // The mirror has no feed that would tell that both are gone.
            return self.both_gone();
        }
        self.lost = true;
        self.content.detached = Some(lost);
        if let Some(planned) = &mut self.content.planned {
            let base = self.content.base.as_ref();
            let changed = agreed.iter().filter(|(field, value)| {
                base.and_then(|base| base.get(field.as_str())) != Some(*value)
            });
            for (field, _) in changed {
                planned.agreed.remove(field.as_str());
            }
        }
        self.keep(agreed);
        self.content.intent = None;
        self.write_link();
    }

    /// Some writes failed. What was done counts as agreed; what was certainly not done is as if it had never been
    /// planned; and what may have been done stays planned, so that the next look does not take it for a user's edit.
    pub(super) fn keep_what_is_known(&mut self, written: &WrittenPlan) {
        match written.intention {
            Intention::Create(target) => {
                let result = written.results.get(target).as_ref();
                let open = matches!(result, Some(Err(error)) if is_open(error));
                if !open || bug!(ForgetIntent) {
                    // Without a record that may have been made there is nothing that only this link knows. It would
                    // keep the record from being matched when somebody makes a partner by hand.
                    self.content.intent = None;
                    self.content.planned = None;
                    self.remove_link();
                }
            }
            // What a mirror holds is not known until the write succeeds.
            Intention::Update if self.is_mirror() => self.write_link(),
            Intention::Update => {
                self.keep_done_fields(written);
                self.keep_open_fields(written);
                self.write_link();
            }
            Intention::FollowDeletion(_) => {}
        }
    }

    fn keep_done_fields(&mut self, written: &WrittenPlan) {
        let mut base = self.content.base.take().unwrap_or_default();
        for (field, value) in written.agreed.iter() {
            let failed = written
                .targets(field)
                .any(|side| matches!(written.results.get(side), Some(Err(_))));
            if !failed || bug!(PartialWriteIsDone) {
                base.set(field.clone(), value.clone());
            }
        }
        self.content.base = Some(base);
    }

    fn keep_open_fields(&mut self, written: &WrittenPlan) {
        let met = |field: &FieldName, how: fn(&WriteError) -> bool| {
            written
                .targets(field)
                .any(|side| matches!(written.results.get(side), Some(Err(error)) if how(error)))
        };
        let open = |field: &FieldName| met(field, is_open);
        let undone = |field: &FieldName| !open(field) && met(field, |_| true);
        let mut planned = Planned::default();
        // What an earlier plan may have done is as open as it was.
        let before = self.work.before.as_ref();
        if let Some(earlier) = before.and_then(|link| link.content.planned.as_ref()) {
            planned.take_over(earlier, undone);
        }
        if let Some(own) = &written.planned {
            planned.take_over(own, |field| {
                open(field) || written.conflicts.contains(field)
            });
            for side in Side::BOTH {
                let may_be_there = match written.results.get(side) {
                    Some(Ok(_)) => true,
                    Some(Err(error)) => is_open(error),
                    None => false,
                };
                if may_be_there {
                    *planned.replaces.get_mut(side) = own.replaces.get(side).clone();
                }
            }
        }
        let matters = planned.is_under_way() || planned.is_to_be_looked_back_on();
        self.content.planned = Some(planned).filter(|_| matters);
    }

    pub(super) fn partner_gone(&mut self, side: Side, rule: &DeleteRule) {
        if self.content.detached == Some(side) {
            return;
        }
        self.note_unconfirmed();
        self.note(AuditEvent::PartnerDeleted { side }, Vec::new());
        if *rule == DeleteRule::Unlink {
            self.note(AuditEvent::Unlinked, Vec::new());
        }
        self.complete = !self.work.was_bound();
        self.lost = true;
        // Should the partner come back, an unfinished plan still tells what was written from what was edited.
        self.content.detached = Some(side);
        self.content.intent = None;
        self.write_link();
    }

    pub(super) fn both_gone(&mut self) {
        if self.work.link.is_some() {
            self.lost = true;
            self.note_unconfirmed();
            self.note(AuditEvent::Forgotten, Vec::new());
            self.remove_link();
        }
    }

    /// Gives up writing until somebody changes a side: the link remembers how both were left.
    pub(super) fn stop_writing(&mut self, planned: Planned, report: &mut Report) {
        self.note_overwritten();
        self.content.planned = Some(planned);
        self.write_link();
        self.park(ParkReason::FlipFlop, report);
    }

    pub(super) fn look_again(&mut self, at: Timestamp, failed: bool) {
        let at = if bug!(RetryNeverDue) {
            Timestamp::MAX
        } else {
            at
        };
        self.finish = Finish::Again {
            at,
            failed,
            cause: None,
        };
    }

    fn park_conflicts(
        &mut self,
        fields: Vec<FieldName>,
        decisions: Vec<FieldDecision>,
        report: &mut Report,
    ) {
        if !fields.is_empty() && !bug!(ConflictSwallowed) {
            self.park_with(ParkReason::Conflict { fields }, decisions, report);
        }
    }

    pub(super) fn park(&mut self, reason: ParkReason, report: &mut Report) {
        self.park_with(reason, Vec::new(), report);
    }

    fn park_with(
        &mut self,
        reason: ParkReason,
        decisions: Vec<FieldDecision>,
        report: &mut Report,
    ) {
        if !self.work.jobs.iter().any(|job| self.is_home(job)) {
            // Parked here it would not be found by the next hint for the pair. The look goes on under the pair's key.
            self.look_again(self.now, false);
            return;
        }
        let parked = Parked {
            reason: reason.clone(),
            sides: self.work.documents.clone(),
            base: self.content.base.clone(),
            ids: self.content.ids.clone(),
            since: self.now,
        };
        self.note(AuditEvent::Parked(reason), decisions);
        report.parked += 1;
        self.finish = Finish::Park(Box::new(parked));
    }

    /// Says in the audit how the base moves, so that it can be rebuilt from there.
    fn note_agreed(&mut self) {
        let Some(LinkWrite::Insert(content) | LinkWrite::Replace { content, .. }) = &self.link
        else {
            return;
        };
        let before = self.work.before.as_ref();
        let before = before.and_then(|link| link.content.base.as_ref());
        let moved: Document = content
            .base
            .iter()
            .flat_map(Document::iter)
            .filter(|(field, value)| {
                before.and_then(|base| base.get(field.as_str())) != Some(*value)
            })
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect();
        if moved.is_empty() || bug!(AgreementNotAudited) {
            return;
        }
        let says_more = |entry: &&mut AuditEntry| entry.event.is_of_a_pair();
        if self.audit.iter_mut().rev().find(says_more).is_none() {
            self.note(AuditEvent::Agreed, Vec::new());
        }
        if let Some(entry) = self.audit.iter_mut().rev().find(says_more) {
            entry.agreed = moved;
        }
    }

    /// Both records of the pair, when it has just come about.
    fn completed_keys(&self) -> Vec<JobKey> {
        match self.complete {
            true => self.linked().map_or_else(Vec::new, |ids| self.keys_of(ids)),
            false => Vec::new(),
        }
    }

    fn keys_of(&self, ids: &Sides<Option<RecordId>>) -> Vec<JobKey> {
        let of = |side: Side| Some(key_of(&self.flow.name, side, ids.get(side).clone()?));
        Side::BOTH.into_iter().filter_map(of).collect()
    }

    /// Keys of the pair under which something may be parked that is over now. From when two records are a pair, hints for
    /// either are filed under one key, and none reaches what was parked under the other.
    pub(super) fn obsolete(&self) -> Vec<JobKey> {
        let is_bound = self
            .linked()
            .is_some_and(|ids| ids.left.is_some() && ids.right.is_some());
        let is_new = is_bound && !self.work.was_bound();
        if !(is_new || self.complete || self.lost) {
            return Vec::new();
        }
        let mut keys = self.keys_of(&self.content.ids);
        keys.retain(|key| self.work.jobs.iter().all(|job| job.key != *key));
        keys
    }

    /// The commits: one for the pair and the job under its key, and one that ends a job under another key.
    pub(super) fn into_commits(mut self) -> Vec<Commit> {
        self.note_agreed();
        let wake = self.completed_keys();
        let jobs = std::mem::take(&mut self.work.jobs);
        let (home, away): (Vec<Job>, Vec<Job>) =
            jobs.into_iter().partition(|job| self.is_home(job));
        let (own, rest) = if home.is_empty() {
            (away, home)
        } else {
            (home, away)
        };
        let mut commits = vec![Commit {
            held: held(&own),
            link: self.link,
            finish: self.finish,
            wake,
            audit: self.audit,
        }];
        if !rest.is_empty() {
            commits.push(Commit {
                held: held(&rest),
                link: None,
                finish: Finish::Done,
                wake: Vec::new(),
                audit: Vec::new(),
            });
        }
        commits
    }
}

impl WrittenPlan {
    /// The sides on which the plan changes `field`.
    fn targets(&self, field: &FieldName) -> impl Iterator<Item = Side> {
        let decision = self
            .decisions
            .iter()
            .find(|decision| decision.field == *field);
        decision.into_iter().flat_map(targets)
    }
}

/// The sides that a decision changes.
fn targets(decision: &FieldDecision) -> impl Iterator<Item = Side> {
    let differs = |now| decision.result.as_ref().is_some_and(|result| result != now);
    let changes = Sides::new(differs(&decision.left), differs(&decision.right));
    Side::BOTH
        .into_iter()
        .filter(move |side| *changes.get(*side))
}
