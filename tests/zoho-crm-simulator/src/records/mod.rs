//! The records API (reference: zoho-crm-v8 sections 2 and 3).

mod copy;
mod delete;
mod lines;
mod list;
mod render;
mod totals;
mod upsert;
mod validate;
mod write;

pub(crate) use copy::{clone_one, full_data, row_of, set_owner, set_value};
pub(crate) use delete::{delete_many, delete_one, deleted_list, remove_record, restore_record};
pub(crate) use list::{PageToken, get_one, list, page_bounds, requested_fields, since_header};
pub(crate) use render::{field_value, lookup_name, render_all, render_fields, user_reference};
pub(crate) use upsert::upsert;
pub(crate) use validate::Actor;
pub(crate) use write::{
    api_actor, insert, insert_record, settle, success, update_many, update_one, update_record,
};

use crate::json::Json;
use crate::store::Id;

/// What happened to one record, for notifications and counters.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) module: String,
    pub(crate) id: Id,
    pub(crate) operation: Operation,
    /// Changed fields with their new values.
    pub(crate) fields: Vec<(String, Json)>,
}

/// The word a notification uses for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Insert,
    Update,
    Delete,
}

impl Operation {
    /// The word in a callback.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The word in a subscription's events.
    pub(crate) const fn event(self) -> &'static str {
        match self {
            Self::Insert => "create",
            Self::Update => "edit",
            Self::Delete => "delete",
        }
    }
}
