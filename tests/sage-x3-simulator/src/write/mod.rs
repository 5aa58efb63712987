//! Writing: the business rules behind create, update and the edits of people.

mod address;
pub(crate) mod assign;
pub(crate) mod customer;
pub(crate) mod input;
pub(crate) mod person;

use jiff::Timestamp;

use crate::diagnose::Diagnose;
use crate::endpoint::Sequence;
use crate::model::Model;
use crate::settings::Settings;
use crate::store::Store;

/// What a write needs to know and may change.
pub(crate) struct Writer<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) sequences: &'a mut std::collections::BTreeMap<String, Sequence>,
    pub(crate) model: &'a Model,
    pub(crate) settings: &'a Settings,
    pub(crate) now: Timestamp,
    pub(crate) user: &'a str,
}

/// A write that took place.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) key: String,
    pub(crate) changed: bool,
    pub(crate) diagnoses: Vec<Diagnose>,
}

/// The diagnoses that prevented a write.
pub(crate) type Refused = Vec<Diagnose>;
