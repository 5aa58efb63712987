//! People at work on both sides, and a record of all that they entered.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rust_decimal::Decimal;
use sage_x3_simulator::Edit;
use serde_json::json;

use crate::{
    deals,
    world::{ADDRESS, ENDPOINT, World, account, customer},
};

/// A field that people edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    City,
    Street,
    Phone,
    Website,
    Notes,
    CreditLimit,
}

pub(crate) const FIELDS: [Field; 6] = [
    Field::City,
    Field::Street,
    Field::Phone,
    Field::Website,
    Field::Notes,
    Field::CreditLimit,
];

/// Who edits a field of a company in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Editors {
    Clerks,
    Reps,
    Both,
}

/// The last value that each side entered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entered {
    pub(crate) by_clerks: Option<String>,
    pub(crate) by_reps: Option<String>,
}

pub(crate) struct People {
    random: fastrand::Rng,
    per_second: u32,
    done: u64,
    /// By position in the world's pairs.
    pub(crate) entered: BTreeMap<(usize, Field), Entered>,
    /// Codes of companies that came during the run: those that clerks entered, and those that reps did.
    pub(crate) new_customers: BTreeSet<String>,
    pub(crate) new_accounts: BTreeSet<String>,
    /// Deals that were won.
    pub(crate) won: BTreeSet<String>,
    pub(crate) edits: BTreeMap<&'static str, u64>,
}

impl People {
    pub(crate) fn new(per_second: u32, random: fastrand::Rng) -> Self {
        Self {
            random,
            per_second,
            done: 0,
            entered: BTreeMap::new(),
            new_customers: BTreeSet::new(),
            new_accounts: BTreeSet::new(),
            won: BTreeSet::new(),
            edits: BTreeMap::new(),
        }
    }

    /// Does what is due after `now` of the run.
    pub(crate) fn work(&mut self, world: &World, now: Duration) {
        let due = u128::from(self.per_second) * now.as_millis() / 1000;
        while u128::from(self.done) < due {
            self.done += 1;
            let what = match self.random.u8(0..100) {
                0..80 => self.edit(world),
                80..84 => self.clerk_adds(world),
                84..88 => self.rep_adds(world),
                _ => deals::edit(self, world),
            };
            *self.edits.entry(what).or_default() += 1;
        }
    }

    pub(crate) fn chance(&mut self) -> &mut fastrand::Rng {
        &mut self.random
    }

    /// A number that no value had before.
    pub(crate) fn number(&self) -> u64 {
        self.done
    }

    fn edit(&mut self, world: &World) -> &'static str {
        let pair = self.random.usize(0..world.pairs.len());
        let field = FIELDS[self.random.usize(0..FIELDS.len())];
        let clerks = match editors(pair, field) {
            Editors::Clerks => true,
            Editors::Reps => false,
            Editors::Both => self.random.bool(),
        };
        let value = field.value(self.done);
        let (code, id) = &world.pairs[pair];
        let entered = self.entered.entry((pair, field)).or_default();
        if clerks {
            let edit = field.edit_in_x3(code, &value);
            world.x3.edit_as_user(ENDPOINT, &edit).unwrap();
            entered.by_clerks = Some(value);
            "clerk edits a customer"
        } else {
            let fields = json!({ field.in_zoho(): value });
            world.zoho.edit_as_user("Accounts", id, fields).unwrap();
            entered.by_reps = Some(value);
            "rep edits an account"
        }
    }

    fn clerk_adds(&mut self, world: &World) -> &'static str {
        let code = format!("N{:06}", self.done);
        world.x3.create_as_user(ENDPOINT, customer(&code)).unwrap();
        self.new_customers.insert(code);
        "clerk adds a customer"
    }

    fn rep_adds(&mut self, world: &World) -> &'static str {
        let code = format!("R{:06}", self.done);
        world
            .zoho
            .create_as_user("Accounts", account(&code))
            .unwrap();
        self.new_accounts.insert(code);
        "rep adds an account"
    }
}

/// Most fields are edited on one side only, so that nothing may be lost; some on both.
pub(crate) fn editors(pair: usize, field: Field) -> Editors {
    if field == Field::CreditLimit {
        return Editors::Clerks;
    }
    match (pair + field as usize) % 5 {
        0 | 1 => Editors::Clerks,
        2 | 3 => Editors::Reps,
        _ => Editors::Both,
    }
}

impl Field {
    fn value(self, number: u64) -> String {
        match self {
            Self::City => format!("Ville {number}"),
            Self::Street => format!("{number} rue Voltaire"),
            Self::Phone => format!("+33 1 {number:08}"),
            Self::Website => format!("https://n{number}.example"),
            Self::Notes => format!("Note {number}"),
            Self::CreditLimit => (1_001 + number).to_string(),
        }
    }

    /// The name of its row in the mapping.
    pub(crate) const fn row(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::Street => "street",
            Self::Phone => "phone",
            Self::Website => "website",
            Self::Notes => "notes",
            Self::CreditLimit => "credit_limit",
        }
    }

    pub(crate) const fn in_zoho(self) -> &'static str {
        match self {
            Self::City => "Billing_City",
            Self::Street => "Billing_Street",
            Self::Phone => "Phone",
            Self::Website => "Website",
            Self::Notes => "Description",
            Self::CreditLimit => "X3_Credit_Limit",
        }
    }

    fn edit_in_x3(self, code: &str, value: &str) -> Edit {
        match self {
            Self::City => Edit::address(code, ADDRESS).set("city", value),
            Self::Street => Edit::address(code, ADDRESS).line(1, value),
            Self::Phone => Edit::address(code, ADDRESS).phone(1, value),
            Self::Website => Edit::address(code, ADDRESS).set("website", value),
            Self::Notes => Edit::customer(code).set("notes", value),
            Self::CreditLimit => {
                let amount: Decimal = value.parse().unwrap();
                Edit::customer(code).set("authorizedCreditAmount", amount)
            }
        }
    }
}
