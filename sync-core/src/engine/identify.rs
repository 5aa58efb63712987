//! Finding the partner of a record that has none yet.

use std::collections::{BTreeMap, HashSet};

use super::{
    Engine,
    batch::{Interrupted, SideDown, Work, complete},
    breaker::Lane,
    news::News,
    outcome::Outcome,
};
use crate::{
    budget::Call,
    endpoint::Record,
    flow::{Flow, MatchRule, UnknownPartner},
    ids::{FieldName, RecordId},
    job::{Cause, Finish, Job, ParkReason},
    link::Link,
    mapping::Row,
    mutant::bug,
    plan::Plan,
    side::Side,
    store::{Commit, LinkWrite, Refused, StoreError},
    value::{Document, Value},
};

/// So many candidates at most are kept with a parked record.
pub(crate) const MOST_CANDIDATES: usize = 50;

/// What a search found.
enum Partner {
    Found(Box<Record>),
    Ambiguous(Vec<RecordId>),
    /// Other records of the searching side match the same partner.
    Contested(Vec<RecordId>),
    Dangling(String),
    /// It is gone, but its link waits for a record that was to be created for it: this one.
    Gone(RecordId, Box<Link>),
}

impl Engine {
    /// Finds partners, in this order: the one that the record names, the one that carries the record's key, the one that
    /// matches by the flow's rules. Partners found are put into their works.
    pub(super) async fn identify(
        &self,
        flow: &Flow,
        works: &mut Vec<Work>,
    ) -> Result<(), Interrupted> {
        for target in Side::BOTH {
            let searching: Vec<usize> = (0..works.len())
                .filter(|index| lacks_partner(&works[*index], target))
                .collect();
            if searching.is_empty() {
                continue;
            }
            let found = self.search(flow, works, target, searching).await?;
            self.take_partners(flow, works, target, found).await?;
        }
        join_pairs(works);
        Ok(())
    }

    async fn search(
        &self,
        flow: &Flow,
        works: &[Work],
        target: Side,
        searching: Vec<usize>,
    ) -> Result<BTreeMap<usize, Partner>, Interrupted> {
        let mut found = BTreeMap::new();
        let mut open = searching;
        self.search_by_name(flow, works, target, &open, &mut found)
            .await?;
        open.retain(|index| matches!(found.get(index), None | Some(Partner::Dangling(_))));
        let news = self
            .search_by_key(flow, works, target, &open, &mut found)
            .await?;
        open.retain(|index| !found.contains_key(index) && works[*index].known().intent.is_none());
        let rules = flow.identity.matching.iter().enumerate();
        for (place, rule) in rules.filter(|_| !bug!(MatchingSkipped)) {
            let rules_out = |work: &Work| {
                let news = news.as_ref();
                news.is_some_and(|news| news.rules_out(work, target, (place, rule)))
            };
            let promising = open.iter().filter(|index| !rules_out(&works[**index]));
            let promising: Vec<usize> = promising.copied().collect();
            let candidates = self
                .candidates(flow, works, target, rule, &promising)
                .await?;
            let free = self.without_linked(flow, target, candidates).await?;
            let mut rivals = self.rivals(flow, works, target, rule, &free).await?;
            for (index, mut records) in free {
                let partner = match (records.len(), rivals.remove(&index)) {
                    (0, None) => continue,
                    (0 | 1, Some(rivals)) => Partner::Contested(rivals),
                    (1, None) => Partner::Found(Box::new(records.remove(0))),
                    _ => Partner::Ambiguous(ids_of(records)),
                };
                found.insert(index, partner);
            }
            open.retain(|index| !found.contains_key(index));
        }
        Ok(found)
    }

    /// The record names its partner in its own key field.
    async fn search_by_name(
        &self,
        flow: &Flow,
        works: &[Work],
        target: Side,
        open: &[usize],
        found: &mut BTreeMap<usize, Partner>,
    ) -> Result<(), Interrupted> {
        let rule = flow.identity.keys.get(target.other());
        let named = |index: &usize| {
            let record = works[*index].records.get(target.other()).as_ref()?;
            Some((*index, rule.partner_of(&record.fields)?))
        };
        let named: Vec<(usize, RecordId)> = open.iter().filter_map(named).collect();
        let records = self.read(flow, target, &named).await?;
        let mut rivals = self.fellow_namers(flow, works, target, &named).await?;
        let mut waiting = self.waiting_links(flow, target, &named, &records).await?;
        for ((index, id), record) in named.into_iter().zip(records) {
            let partner = match (record, rivals.remove(&index), waiting.remove(&index)) {
                (Some(_), Some(rivals), _) => Partner::Contested(rivals),
                (Some(record), None, _) => Partner::Found(Box::new(record)),
                (None, _, Some(link)) => Partner::Gone(id, Box::new(link)),
                (None, _, None) if rule.names_partner_openly() => Partner::Dangling(id.to_string()),
                (None, _, None) => continue,
            };
            found.insert(index, partner);
        }
        Ok(())
    }

    /// Links of named partners that are gone, as far as they lack their other record.
    async fn waiting_links(
        &self,
        flow: &Flow,
        target: Side,
        named: &[(usize, RecordId)],
        records: &[Option<Record>],
    ) -> Result<BTreeMap<usize, Link>, StoreError> {
        let gone = named.iter().zip(records);
        let gone: Vec<&(usize, RecordId)> = gone
            .filter(|(_, record)| record.is_none())
            .map(|(named, _)| named)
            .collect();
        if gone.is_empty() {
            return Ok(BTreeMap::new());
        }
        let keys: Vec<(Side, RecordId)> = gone.iter().map(|(_, id)| (target, id.clone())).collect();
        let links = self
            .store
            .links(&self.connection, &flow.name, &keys)
            .await?;
        let waiting = gone
            .into_iter()
            .zip(links)
            .filter_map(|((index, _), link)| {
                let link = link.filter(|link| link.content.ids.get(target.other()).is_none())?;
                Some((*index, link))
            });
        Ok(waiting.collect())
    }

    /// Other unlinked records that name the same partner, where their system does not rule that out.
    async fn fellow_namers(
        &self,
        flow: &Flow,
        works: &[Work],
        target: Side,
        named: &[(usize, RecordId)],
    ) -> Result<BTreeMap<usize, Vec<RecordId>>, Interrupted> {
        let source = target.other();
        let field = &flow.identity.keys.get(source).field;
        let unique = flow.endpoints.get(source).capabilities().unique_fields;
        if unique.contains(field) {
            return Ok(BTreeMap::new());
        }
        let value = |index: usize| {
            let record = works[index].records.get(source).as_ref()?;
            Some((index, record.fields.get(field.as_str())?.clone()))
        };
        let wanted: Vec<(usize, Value)> = named
            .iter()
            .filter_map(|(index, _)| value(*index))
            .collect();
        let found = self.find(flow, source, field, wanted).await?;
        self.others(flow, works, source, found).await
    }

    /// Of the records of `side` that were found for each work: those without a link, if any is not the work's own.
    async fn others(
        &self,
        flow: &Flow,
        works: &[Work],
        side: Side,
        found: Vec<(usize, Vec<Record>)>,
    ) -> Result<BTreeMap<usize, Vec<RecordId>>, Interrupted> {
        let free = self.without_linked(flow, side, found).await?;
        let contested = free.into_iter().filter(|(index, records)| {
            let own = works[*index].ids.get(side).as_ref();
            records.iter().any(|record| Some(&record.id) != own)
        });
        Ok(contested
            .map(|(index, records)| (index, ids_of(records)))
            .collect())
    }

    /// The partner carries the record's key: it was created for it, perhaps by a call whose answer was lost. Returns what
    /// can be told of others that have come since a plan was made.
    async fn search_by_key(
        &self,
        flow: &Flow,
        works: &[Work],
        target: Side,
        open: &[usize],
        found: &mut BTreeMap<usize, Partner>,
    ) -> Result<Option<News>, SideDown> {
        let rule = flow.identity.keys.get(target);
        let key_of = |index: &usize| {
            let work = &works[*index];
            let begun = work
                .known()
                .intent
                .filter(|intent| intent.target == target)
                .map(|intent| intent.key);
            let own = || {
                work.ids
                    .get(target.other())
                    .as_ref()
                    .and_then(|id| rule.key_for(id))
            };
            begun
                .or_else(own)
                .map(|key| (*index, Value::Text(key.value)))
        };
        let mut keys: Vec<(usize, Value)> = open.iter().filter_map(key_of).collect();
        if bug!(CreateWithoutLookUp) {
            keys.clear();
        }
        let (records, news) = self.find_keys(flow, target, keys).await?;
        for (index, mut records) in records {
            match records.len() {
                0 => {}
                1 => drop(found.insert(index, Partner::Found(Box::new(records.remove(0))))),
                _ => drop(found.insert(index, Partner::Ambiguous(ids_of(records)))),
            }
        }
        Ok(news)
    }

    /// Records of `side` that match, by `rule`, the record that each of `open` has.
    async fn candidates(
        &self,
        flow: &Flow,
        works: &[Work],
        side: Side,
        rule: &MatchRule,
        open: &[usize],
    ) -> Result<Vec<(usize, Vec<Record>)>, SideDown> {
        let Some(first) = rule.rows.first() else {
            return Ok(Vec::new());
        };
        let Some(row) = flow.mapping.rows().iter().find(|row| row.name == *first) else {
            return Ok(Vec::new());
        };
        let own = |index: usize| {
            let of = |side: &Side| works[index].documents.get(*side).as_ref();
            let of_side = Side::BOTH.into_iter().find(|side| of(side).is_some())?;
            Some((of_side, of(&of_side)?))
        };
        let wanted = |index: &usize| -> Vec<(usize, Value)> {
            let spelt = own(*index).and_then(|(of, document)| {
                rule.fingerprint(document)?;
                let record = works[*index].records.get(of).as_ref()?;
                spellings(
                    flow,
                    row,
                    side,
                    document,
                    record.fields.get(row.fields.get(of).as_str()),
                )
            });
            let spelt = spelt.unwrap_or_default().into_iter();
            spelt.map(|value| (*index, value)).collect()
        };
        let wanted: Vec<(usize, Value)> = open.iter().flat_map(wanted).collect();
        let mut by_work: BTreeMap<usize, Vec<Record>> = BTreeMap::new();
        for (index, records) in self.find(flow, side, row.fields.get(side), wanted).await? {
            let known = by_work.entry(index).or_default();
            for record in records {
                if known.iter().all(|other| other.id != record.id) {
                    known.push(record);
                }
            }
        }
        for (index, records) in &mut by_work {
            let print = own(*index).and_then(|(_, document)| rule.fingerprint(document));
            // A record that cannot be carried over as it is may be the partner all the same.
            records.retain(|record| {
                let known = flow.mapping.project_known(side, &record.fields);
                rule.fingerprint(&known) == print
            });
        }
        Ok(by_work.into_iter().collect())
    }

    /// Unlinked records of the searching side that match the same candidate as the one that searches, or, where there is
    /// no candidate, the one that searches itself.
    async fn rivals(
        &self,
        flow: &Flow,
        works: &[Work],
        target: Side,
        rule: &MatchRule,
        found: &[(usize, Vec<Record>)],
    ) -> Result<BTreeMap<usize, Vec<RecordId>>, Interrupted> {
        let source = target.other();
        // Copies without any partner would each get one of their own. A person who has seen them may want just that.
        let may_be_a_copy = |index: usize, records: &[Record]| {
            records.is_empty() && !works[index].jobs.iter().any(decided_by_a_person)
        };
        let single: Vec<usize> = found
            .iter()
            .filter(|(index, records)| records.len() == 1 || may_be_a_copy(*index, records))
            .map(|(index, _)| *index)
            .collect();
        let others = self.candidates(flow, works, source, rule, &single).await?;
        self.others(flow, works, source, others).await
    }

    /// Leaves out records that have a partner already.
    async fn without_linked(
        &self,
        flow: &Flow,
        target: Side,
        found: Vec<(usize, Vec<Record>)>,
    ) -> Result<Vec<(usize, Vec<Record>)>, StoreError> {
        let keys: Vec<(Side, RecordId)> = found
            .iter()
            .flat_map(|(_, records)| records)
            .map(|record| (target, record.id.clone()))
            .collect();
        if keys.is_empty() {
            return Ok(found);
        }
        let mut links = self
            .store
            .links(&self.connection, &flow.name, &keys)
            .await?
            .into_iter();
        let free =
            |record: &Record, link: Option<Option<_>>| (link.flatten().is_none(), record.clone());
        Ok(found
            .into_iter()
            .map(|(index, records)| {
                let judged = records.iter().map(|record| free(record, links.next()));
                (
                    index,
                    judged
                        .filter(|(free, _)| *free)
                        .map(|(_, record)| record)
                        .collect(),
                )
            })
            .collect())
    }

    pub(super) async fn find(
        &self,
        flow: &Flow,
        side: Side,
        field: &FieldName,
        wanted: Vec<(usize, Value)>,
    ) -> Result<Vec<(usize, Vec<Record>)>, SideDown> {
        let endpoint = flow.endpoints.get(side);
        let mut found = Vec::with_capacity(wanted.len());
        let most = endpoint.capabilities().find_batch;
        let most = self.affordable(flow, side, most, |values| Call::Find { values });
        for chunk in wanted.chunks(most) {
            let values: Vec<Value> = chunk.iter().map(|(_, value)| value.clone()).collect();
            let records = match self.call_find(flow, side, field, &values).await {
                Err(_) if bug!(FailedSearchIsAbsence) => vec![Vec::new(); values.len()],
                found => found.map_err(SideDown::at(side))?,
            };
            complete(side, records.len(), values.len())?;
            found.extend(chunk.iter().map(|(index, _)| *index).zip(records));
        }
        if !wanted.is_empty() {
            self.breakers.close(&flow.name, side, Lane::Read);
        }
        Ok(found)
    }

    async fn take_partners(
        &self,
        flow: &Flow,
        works: &mut [Work],
        target: Side,
        found: BTreeMap<usize, Partner>,
    ) -> Result<(), StoreError> {
        let mut records: Vec<(usize, Record)> = Vec::new();
        let mut superseded: Vec<Link> = Vec::new();
        for (index, partner) in found {
            match partner {
                Partner::Found(record) => records.push((index, *record)),
                Partner::Gone(id, link) => {
                    superseded.extend(works[index].adopt(*link));
                    *works[index].ids.get_mut(target) = Some(id);
                }
                Partner::Ambiguous(candidates) => {
                    works[index].outcome = Some(Outcome::Park(ParkReason::Ambiguous {
                        side: target,
                        candidates,
                    }));
                }
                Partner::Contested(candidates) => {
                    let reason = ParkReason::Ambiguous {
                        side: target.other(),
                        candidates,
                    };
                    works[index].outcome = Some(Outcome::Park(reason));
                }
                Partner::Dangling(key) => {
                    let outcome = match flow.identity.keys.get(target.other()).unknown {
                        UnknownPartner::Park => {
                            Outcome::Park(ParkReason::DanglingKey { side: target, key })
                        }
                        UnknownPartner::LeaveAlone => Outcome::Planned(Box::new(Plan::LeaveAlone)),
                    };
                    works[index].outcome = Some(outcome);
                }
            }
        }
        records.sort_by_key(|(index, _)| *index);
        let keys: Vec<(Side, RecordId)> = records
            .iter()
            .map(|(_, record)| (target, record.id.clone()))
            .collect();
        let links = self
            .store
            .links(&self.connection, &flow.name, &keys)
            .await?;
        let mut accepted: Vec<(usize, Record)> = Vec::with_capacity(records.len());
        for ((index, record), link) in records.into_iter().zip(links) {
            let work = &mut works[index];
            let link = link.filter(|link| work.link.as_ref().is_none_or(|own| own.id != link.id));
            match link {
                // The partner's own link lacks a partner too: its create was begun, and perhaps this very record came
                // of it. The two links become one.
                Some(link) if link.content.ids.get(target.other()).is_none() => {
                    superseded.extend(work.adopt(link));
                }
                // Another worker has just made a pair of the two.
                Some(link)
                    if link.content.ids.get(target.other()) == work.ids.get(target.other()) =>
                {
                    work.outcome = Some(Outcome::Overtaken(Refused::StaleLink));
                    continue;
                }
                // A record that is gone has no use for a partner that found another one.
                Some(_) if work.records.get(target.other()).is_none() => continue,
                Some(_) => {
                    let reason = ParkReason::PartnerTaken {
                        side: target,
                        id: record.id,
                    };
                    work.outcome = Some(Outcome::Park(reason));
                    continue;
                }
                None => {}
            }
            accepted.push((index, record));
        }
        self.put_all(flow, works, target, accepted).await?;
        self.remove(flow, superseded).await
    }

    /// Removes links that lack a partner and are not needed any more. One that was changed meanwhile stays, and the
    /// pair is then refused when it is written.
    async fn remove(&self, flow: &Flow, links: Vec<Link>) -> Result<(), StoreError> {
        if links.is_empty() {
            return Ok(());
        }
        let removal = |link: Link| Commit {
            held: Vec::new(),
            link: Some(LinkWrite::Remove {
                id: link.id,
                expected: link.revision,
            }),
            finish: Finish::Done,
            wake: Vec::new(),
            audit: Vec::new(),
        };
        let entries: Vec<Commit> = links.into_iter().map(removal).collect();
        let now = self.clock.now();
        self.store
            .commit(&self.connection, &flow.name, &entries, now)
            .await?;
        Ok(())
    }
}

/// How `side` may spell the value of a row that a record is to be matched by: systems compare more strictly than the
/// engine does. Nothing when `side` cannot hold the value.
fn spellings(
    flow: &Flow,
    row: &Row,
    side: Side,
    document: &Document,
    as_it_stands: Option<&Value>,
) -> Option<Vec<Value>> {
    let one = Document::new().with(row.name.clone(), document.get(row.name.as_str())?.clone());
    let rendered = flow.mapping.render(side, &one).ok()?;
    let rendered = rendered.get(row.fields.get(side).as_str())?.clone();
    let mut spellings = vec![rendered];
    if row.codes.is_none() && row.convert.is_none() {
        let bare = |value: &Value| {
            let text = value.as_text()?;
            Some(Value::text(
                text.chars()
                    .filter(|c| c.is_alphanumeric())
                    .collect::<String>(),
            ))
        };
        let bare = bare(&spellings[0]);
        spellings.extend(as_it_stands.cloned().into_iter().chain(bare));
    }
    let mut distinct: Vec<Value> = Vec::with_capacity(spellings.len());
    for value in spellings {
        if !value.is_null() && !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    Some(distinct)
}

/// Identities for a person to choose from. Thousands, for example of all records without a proper number, help nobody.
fn ids_of(records: Vec<Record>) -> Vec<RecordId> {
    let ids = records.into_iter().map(|record| record.id);
    ids.take(MOST_CANDIDATES).collect()
}

/// Whether a person has approved what is done with the record.
pub(super) fn decided_by_a_person(job: &Job) -> bool {
    matches!(job.cause, Cause::Plan | Cause::Replay)
}

fn lacks_partner(work: &Work, target: Side) -> bool {
    let known = work
        .link
        .as_ref()
        .is_some_and(|link| link.content.bound().is_some());
    if work.outcome.is_some() || known || work.records.get(target).is_some() {
        return false;
    }
    // A create that was begun is looked up even if the record it was begun for is gone by now.
    let begun = work
        .link
        .as_ref()
        .and_then(|link| link.content.intent.as_ref());
    work.records.get(target.other()).is_some()
        || begun.is_some_and(|intent| intent.target == target)
}

/// Both records of a new pair may have been queued: they are one work from here on.
fn join_pairs(works: &mut Vec<Work>) {
    let mut pairs: HashSet<(&RecordId, &RecordId)> = HashSet::with_capacity(works.len());
    let mut bound = works.iter().filter_map(Work::pair);
    if bound.all(|pair| pairs.insert(pair)) {
        return;
    }
    let mut first: BTreeMap<(RecordId, RecordId), usize> = BTreeMap::new();
    let mut joined: Vec<Work> = Vec::with_capacity(works.len());
    for work in works.drain(..) {
        let pair = work.pair();
        let pair = pair.map(|(left, right)| (left.clone(), right.clone()));
        match pair.as_ref().and_then(|pair| first.get(pair)) {
            Some(index) => {
                let twin = &mut joined[*index];
                twin.jobs.extend(work.jobs);
                if twin.link.is_none() {
                    twin.link = work.link;
                    twin.before = work.before;
                }
            }
            None => {
                if let Some(pair) = pair {
                    first.insert(pair, joined.len());
                }
                joined.push(work);
            }
        }
    }
    *works = joined;
}
