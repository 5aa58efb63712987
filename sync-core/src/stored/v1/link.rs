//! Links.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ids, Side, Sides, value::Document};
use crate::{endpoint, ids::FieldName, link};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::stored) struct Link {
    ids: Ids,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detached: Option<Side>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    planned: Option<Planned>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent: Option<Intent>,
    unsettled_writes: u32,
}

impl From<&link::LinkContent> for Link {
    fn from(content: &link::LinkContent) -> Self {
        let link::LinkContent {
            ids,
            detached,
            base,
            digest,
            planned,
            intent,
            unsettled_writes,
        } = content;
        Self {
            ids: ids.into(),
            detached: detached.map(Side::from),
            base: base.as_ref().map(Document::from),
            digest: digest.clone(),
            planned: planned.as_ref().map(Planned::from),
            intent: intent.as_ref().map(Intent::from),
            unsettled_writes: *unsettled_writes,
        }
    }
}

impl From<Link> for link::LinkContent {
    fn from(link: Link) -> Self {
        Self {
            ids: link.ids.into(),
            detached: link.detached.map(Into::into),
            base: link.base.map(Into::into),
            digest: link.digest,
            planned: link.planned.map(Into::into),
            intent: link.intent.map(Into::into),
            unsettled_writes: link.unsettled_writes,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    agreed: Document,
    seen: Sides<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<Sides<Replaces>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replaces {
    read: Document,
    written: Document,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
}

impl From<&link::Replaces> for Replaces {
    fn from(replaces: &link::Replaces) -> Self {
        let link::Replaces {
            read,
            written,
            as_of,
        } = replaces;
        Self {
            read: read.into(),
            written: written.into(),
            as_of: *as_of,
        }
    }
}

impl From<Replaces> for link::Replaces {
    fn from(replaces: Replaces) -> Self {
        Self {
            read: replaces.read.into(),
            written: replaces.written.into(),
            as_of: replaces.as_of,
        }
    }
}

impl From<&link::Planned> for Planned {
    fn from(planned: &link::Planned) -> Self {
        let link::Planned {
            agreed,
            seen,
            replaces,
            until,
        } = planned;
        let kept = *replaces != crate::side::Sides::default();
        Self {
            agreed: agreed.into(),
            seen: Sides::of(seen, Document::from),
            replaces: kept.then(|| Sides::of(replaces, Replaces::from)),
            until: *until,
        }
    }
}

impl From<Planned> for link::Planned {
    fn from(planned: Planned) -> Self {
        Self {
            agreed: planned.agreed.into(),
            seen: planned.seen.open(Into::into),
            replaces: planned
                .replaces
                .map(|replaces| replaces.open(Into::into))
                .unwrap_or_default(),
            until: planned.until,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Intent {
    target: Side,
    field: String,
    value: String,
    since: Timestamp,
}

impl From<&link::Intent> for Intent {
    fn from(intent: &link::Intent) -> Self {
        let link::Intent {
            target,
            key: endpoint::Key { field, value },
            since,
        } = intent;
        Self {
            target: (*target).into(),
            field: field.to_string(),
            value: value.clone(),
            since: *since,
        }
    }
}

impl From<Intent> for link::Intent {
    fn from(intent: Intent) -> Self {
        let key = endpoint::Key {
            field: FieldName::from(intent.field),
            value: intent.value,
        };
        Self {
            target: intent.target.into(),
            key,
            since: intent.since,
        }
    }
}
