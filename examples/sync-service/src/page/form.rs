//! Forms that come back from our own pages.

use std::sync::Arc;

use axum::{
    Form,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use maud::{Markup, html};
use serde::Deserialize;
use sync_core::{FlowName, JobKey, RecordId, Side};

use super::{
    Page,
    session::{Session, same},
    trouble::Trouble,
};

/// A record that an address names, or its flow alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    pub(super) flow: String,
    pub(super) side: String,
    pub(super) id: String,
}

/// The field that shows that a form is from a page of this session.
const TOKEN: &str = "form_token";

/// What a person sent, with proof that the form is of their own session.
#[derive(Debug)]
pub(super) struct Submitted {
    pub(super) session: Session,
    fields: Vec<(String, String)>,
}

impl Submitted {
    /// A field's text; nothing when it was not sent.
    pub(super) fn get(&self, name: &str) -> &str {
        let mut fields = self.fields.iter();
        let found = fields.find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The record that the form is about.
    pub(super) fn key(&self) -> Result<JobKey, Trouble> {
        let (flow, side, id) = (self.get("flow"), self.get("side"), self.get("id"));
        key(flow, side, id)
    }

    /// The flow that the form is about.
    pub(super) fn flow(&self) -> FlowName {
        FlowName::from(self.get("flow"))
    }
}

impl FromRequest<Arc<Page>> for Submitted {
    type Rejection = Trouble;

    async fn from_request(request: Request, page: &Arc<Page>) -> Result<Self, Trouble> {
        let session = request.extensions().get::<Session>().cloned();
        let session = session.ok_or_else(Trouble::session_over)?;
        let form = Form::<Vec<(String, String)>>::from_request(request, page).await;
        let Form(fields) = form.map_err(|_| Trouble::not_understood("This is no form of ours."))?;
        let submitted = Self { session, fields };
        if !same(submitted.get(TOKEN), &submitted.session.form_token) {
            return Err(Trouble::new(
                StatusCode::FORBIDDEN,
                "This form is not of your session. Go back, load the page anew, and send it again.",
            ));
        }
        Ok(submitted)
    }
}

/// The hidden field that every form of a session carries.
pub(super) fn token(session: &Session) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(session.form_token); }
}

/// The hidden fields that name a record.
pub(super) fn record_fields(key: &JobKey) -> Markup {
    html! {
        input type="hidden" name="flow" value=(key.flow);
        input type="hidden" name="side" value=(key.side);
        input type="hidden" name="id" value=(key.id);
    }
}

/// A record as an address or a form names it.
pub(super) fn key(flow: &str, side: &str, id: &str) -> Result<JobKey, Trouble> {
    let side = match side {
        "left" => Side::Left,
        "right" => Side::Right,
        _ => {
            return Err(Trouble::not_understood(
                "There are two systems: left and right.",
            ));
        }
    };
    if id.is_empty() {
        return Err(Trouble::not_understood(
            "A record is named by its identity.",
        ));
    }
    Ok(JobKey {
        flow: FlowName::from(flow),
        side,
        id: RecordId::from(id),
    })
}

/// An address with a record in its query.
pub(super) fn address(path: &str, key: &JobKey, more: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("flow", key.flow.as_str());
    query.append_pair("side", key.side.as_str());
    query.append_pair("id", key.id.as_str());
    for (name, value) in more {
        query.append_pair(name, value);
    }
    format!("{path}?{}", query.finish())
}
