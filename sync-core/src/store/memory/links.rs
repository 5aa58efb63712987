//! The links of one flow.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

use super::{Counter, Counts, Refused};
use crate::{
    ids::RecordId,
    link::{Link, LinkContent, LinkId, Revision},
    side::{Side, Sides},
    store::LinkWrite,
};

#[derive(Debug, Default)]
pub(super) struct FlowLinks {
    links: BTreeMap<LinkId, (LinkContent, Revision)>,
    by_record: Sides<HashMap<RecordId, LinkId>>,
}

impl FlowLinks {
    /// The link that a record belongs to.
    pub(super) fn of(&self, side: Side, record: &RecordId) -> Option<Link> {
        self.get(*self.by_record.get(side).get(record)?)
    }

    fn get(&self, id: LinkId) -> Option<Link> {
        let (content, revision) = self.links.get(&id)?;
        Some(Link {
            id,
            revision: *revision,
            content: content.clone(),
        })
    }

    /// Links in order of id.
    pub(super) fn page(&self, after: Option<LinkId>, limit: usize) -> Vec<Link> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let ids = self.links.range((start, Bound::Unbounded)).take(limit);
        ids.filter_map(|(id, _)| self.get(*id)).collect()
    }

    pub(super) fn count(&self, counts: &mut Counts) {
        for (content, _) in self.links.values() {
            if content.bound().is_some() {
                counts.linked += 1;
            } else {
                counts.half_linked += 1;
            }
        }
    }

    /// Makes the change, or none at all. Returns the link as it is now or, when it was removed, as it was.
    pub(super) fn write(
        &mut self,
        write: &LinkWrite,
        counter: &mut Counter,
    ) -> Result<Link, Refused> {
        match write {
            LinkWrite::Insert(content) => {
                self.check_identities(None, content)?;
                Ok(self.put(LinkId(counter.next()), content, counter))
            }
            LinkWrite::Replace {
                id,
                expected,
                content,
            } => {
                self.check_revision(*id, *expected)?;
                self.replace(*id, content, counter)
            }
            LinkWrite::Remove { id, expected } => {
                self.check_revision(*id, *expected)?;
                self.take(*id).ok_or(Refused::StaleLink)
            }
        }
    }

    fn check_revision(&self, id: LinkId, expected: Revision) -> Result<(), Refused> {
        match self.links.get(&id) {
            Some((_, revision)) if *revision == expected => Ok(()),
            _ => Err(Refused::StaleLink),
        }
    }

    /// That no other link has an identity of `content`.
    fn check_identities(&self, own: Option<LinkId>, content: &LinkContent) -> Result<(), Refused> {
        for side in Side::BOTH {
            let Some(record) = content.ids.get(side) else {
                continue;
            };
            let owner = self.by_record.get(side).get(record).copied();
            if owner.is_some() && owner != own {
                return Err(Refused::AlreadyLinked { side });
            }
        }
        Ok(())
    }

    fn replace(
        &mut self,
        id: LinkId,
        content: &LinkContent,
        counter: &mut Counter,
    ) -> Result<Link, Refused> {
        match self.links.get_mut(&id) {
            Some((known, revision)) if known.ids == content.ids => {
                *revision = Revision(counter.next());
                known.clone_from(content);
                Ok(Link {
                    id,
                    revision: *revision,
                    content: content.clone(),
                })
            }
            _ => {
                self.check_identities(Some(id), content)?;
                self.take(id);
                Ok(self.put(id, content, counter))
            }
        }
    }

    fn put(&mut self, id: LinkId, content: &LinkContent, counter: &mut Counter) -> Link {
        let revision = Revision(counter.next());
        for side in Side::BOTH {
            if let Some(record) = content.ids.get(side).clone() {
                self.by_record.get_mut(side).insert(record, id);
            }
        }
        self.links.insert(id, (content.clone(), revision));
        Link {
            id,
            revision,
            content: content.clone(),
        }
    }

    fn take(&mut self, id: LinkId) -> Option<Link> {
        let (content, revision) = self.links.remove(&id)?;
        for side in Side::BOTH {
            if let Some(record) = content.ids.get(side) {
                self.by_record.get_mut(side).remove(record);
            }
        }
        Some(Link {
            id,
            revision,
            content,
        })
    }
}
