//! Notifications on their way from the systems to the workers.

use crate::job::Hint;

/// Notifications that were sent and not yet delivered.
#[derive(Default)]
pub(super) struct Mail {
    waiting: Vec<Letter>,
    sent: u64,
    last_delivered: u64,
}

struct Letter {
    number: u64,
    hint: Hint,
    /// It is not delivered before so many others were sent.
    held_until: u64,
}

/// A notification that arrives.
pub(super) struct Delivery {
    pub(super) hint: Hint,
    /// A later one arrived before.
    pub(super) overtaken: bool,
}

impl Mail {
    pub(super) fn send(&mut self, hint: Hint, late: bool) {
        self.sent += 1;
        self.waiting.push(Letter {
            number: self.sent,
            hint,
            held_until: self.sent + if late { 12 } else { 0 },
        });
    }

    /// Takes out one of those that may be delivered; `choice` says which.
    pub(super) fn deliver(&mut self, choice: impl FnOnce(usize) -> usize) -> Option<Delivery> {
        let ready: Vec<usize> = (0..self.waiting.len())
            .filter(|place| self.waiting[*place].held_until <= self.sent)
            .collect();
        if ready.is_empty() {
            return None;
        }
        let letter = self.waiting.remove(ready[choice(ready.len())]);
        let overtaken = letter.number < self.last_delivered;
        self.last_delivered = self.last_delivered.max(letter.number);
        Some(Delivery {
            hint: letter.hint,
            overtaken,
        })
    }

    /// Nothing more arrives.
    pub(super) fn lose_all(&mut self) {
        self.waiting.clear();
    }
}
