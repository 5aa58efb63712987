//! Who belongs to whom, over complete listings. Pure.

use super::listing::Prints;
use crate::side::{Side, Sides};

/// The result of matching. Numbers are places in the listings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Matches {
    /// Left and right.
    pub(super) pairs: Vec<(u32, u32)>,
    /// Records that belong together somehow; a person must say.
    pub(super) groups: Vec<Sides<Vec<u32>>>,
    /// Records that found nobody.
    pub(super) alone: Sides<Vec<u32>>,
}

/// Matches by links, then by the partner that a record names, then by the flow's rules.
#[derive(Debug)]
pub(super) struct Matcher {
    sides: Sides<Prints>,
    /// Places, in order of what is printed of the identities there.
    by_id: Sides<Vec<u32>>,
    taken: Sides<Vec<bool>>,
    matches: Matches,
}

impl Matcher {
    pub(super) fn new(sides: Sides<Prints>) -> Self {
        let by_id = sides.as_ref().map(|prints| {
            let mut places: Vec<u32> = (0..prints.count).collect();
            places.sort_unstable_by_key(|place| (id_at(prints, *place), *place));
            places
        });
        let mut taken = sides
            .as_ref()
            .map(|prints| vec![false; prints.count as usize]);
        for side in Side::BOTH {
            // A record that was listed twice, because pages shifted while they were read, is taken as it was last.
            for twice in by_id.get(side).windows(2) {
                if let [earlier, later] = twice
                    && id_at(sides.get(side), *earlier) == id_at(sides.get(side), *later)
                {
                    set(taken.get_mut(side), *earlier);
                }
            }
        }
        Self {
            sides,
            by_id,
            taken,
            matches: Matches::default(),
        }
    }

    /// How many different records of each side were listed.
    pub(super) fn counts(&self) -> Sides<u64> {
        let free = |taken: &Vec<bool>| taken.iter().filter(|taken| !**taken).count() as u64;
        self.taken.as_ref().map(free)
    }

    /// The records with these identities are a pair already.
    pub(super) fn take_linked(&mut self, prints: Sides<u64>) {
        for side in Side::BOTH {
            if let Some(place) = self.place(side, *prints.get(side)) {
                self.take(side, place);
            }
        }
    }

    /// Matches what links did not, and ends.
    pub(super) fn finish(mut self) -> Matches {
        for side in Side::BOTH {
            self.take_named(side);
        }
        for side in Side::BOTH {
            let prints = self.sides.get_mut(side);
            (prints.ids, prints.names) = (Vec::new(), Vec::new());
        }
        self.by_id = Sides::default();
        for rule in 0..self.sides.left.rules.len() {
            self.take_matching(rule);
        }
        for side in Side::BOTH {
            let places = (0..self.sides.get(side).count).filter(|at| self.is_free(side, *at));
            *self.matches.alone.get_mut(side) = places.collect();
        }
        self.matches
    }

    fn place(&self, side: Side, print: u64) -> Option<u32> {
        let prints = self.sides.get(side);
        let places = self.by_id.get(side);
        let end = places.partition_point(|place| id_at(prints, *place) <= print);
        let place = *places.get(end.checked_sub(1)?)?;
        (id_at(prints, place) == print).then_some(place)
    }

    fn is_free(&self, side: Side, place: u32) -> bool {
        !self
            .taken
            .get(side)
            .get(place as usize)
            .copied()
            .unwrap_or(true)
    }

    fn take(&mut self, side: Side, place: u32) {
        set(self.taken.get_mut(side), place);
    }

    /// Several records that name one partner: which of them is meant is for a person to say.
    fn take_named(&mut self, side: Side) {
        let names = std::mem::take(&mut self.sides.get_mut(side).names);
        let named = names.into_iter().filter_map(|(name, at)| {
            let partner = self.place(side.other(), name)?;
            (self.is_free(side, at) && self.is_free(side.other(), partner)).then_some((partner, at))
        });
        let mut named: Vec<(u32, u32)> = named.collect();
        named.sort_unstable();
        for namers in named.chunk_by(|(one, _), (other, _)| one == other) {
            let mut members: Sides<Vec<u32>> = Sides::default();
            members
                .get_mut(side)
                .extend(namers.iter().map(|(_, at)| *at));
            let partner = namers.iter().map(|(partner, _)| *partner).take(1);
            members.get_mut(side.other()).extend(partner);
            self.take_group(members);
        }
    }

    fn take_matching(&mut self, rule: usize) {
        let mut prints: Vec<(u64, Side, u32)> = Vec::new();
        for side in Side::BOTH {
            let of_rule = self.sides.get_mut(side).rules.get_mut(rule);
            let of_rule = of_rule.map(std::mem::take).unwrap_or_default();
            let places = of_rule.into_iter().zip(0..);
            let places = places.filter(|(print, at)| *print != 0 && self.is_free(side, *at));
            prints.extend(places.map(|(print, at)| (print, side, at)));
        }
        prints.sort_unstable();
        for group in prints.chunk_by(|(one, ..), (other, ..)| one == other) {
            if group.len() > 1 {
                let mut members: Sides<Vec<u32>> = Sides::default();
                for (_, side, at) in group {
                    members.get_mut(*side).push(*at);
                }
                self.take_group(members);
            }
        }
    }

    fn take_group(&mut self, members: Sides<Vec<u32>>) {
        for side in Side::BOTH {
            for at in members.get(side) {
                self.take(side, *at);
            }
        }
        if let ([left], [right]) = (members.left.as_slice(), members.right.as_slice()) {
            self.matches.pairs.push((*left, *right));
        } else {
            self.matches.groups.push(members);
        }
    }
}

/// What is printed of the identity at a place; 0, which is no print, where there is none.
fn id_at(prints: &Prints, place: u32) -> u64 {
    prints.ids.get(place as usize).copied().unwrap_or_default()
}

fn set(taken: &mut [bool], place: u32) {
    if let Some(taken) = taken.get_mut(place as usize) {
        *taken = true;
    }
}
