//! Notification channels (reference: Zoho v8 section 5, read 2026-11).

use std::{fmt, time::Duration};

use http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{Failure, Outgoing, Received};
use crate::{
    api_error::{ApiError, code},
    client::ZohoClient,
    error::Error,
    model::{DateTime, FieldRef},
    names::{ChannelId, ModuleName, RecordId},
};

const ENABLE: &str = "zoho.channels.enable";
const UPDATE: &str = "zoho.channels.update";
const RENEW: &str = "zoho.channels.renew";
const REMOVE_EVENTS: &str = "zoho.channels.remove_events";
const LIST: &str = "zoho.channels.list";
const DISABLE: &str = "zoho.channels.disable";
const PATH: &str = "/actions/watch";

/// Zoho's longest life of a channel is a week; asking for more silently gives an hour. Kept clear of by more than clocks
/// differ.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600 - 600);
const TOKEN_LENGTH: usize = 50;
const URL_LENGTH: usize = 255;
const CONDITIONS: usize = 2;
const CONDITION_FIELDS: usize = 10;

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It was created.
    Create,
    /// It was edited.
    Edit,
    /// It was deleted.
    Delete,
    /// Any of these.
    All,
}

/// Something to be notified of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelEvent {
    /// In which module.
    pub module: ModuleName,
    /// What.
    pub verb: Verb,
}

impl ChannelEvent {
    /// Everything that happens in `module`.
    pub fn all(module: impl Into<ModuleName>) -> Self {
        Self {
            module: module.into(),
            verb: Verb::All,
        }
    }
}

impl fmt::Display for ChannelEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.verb {
            Verb::Create => "create",
            Verb::Edit => "edit",
            Verb::Delete => "delete",
            Verb::All => "all",
        };
        write!(f, "{}.{verb}", self.module)
    }
}

/// A subscription to events: Zoho calls a URL when they happen, until the channel expires.
#[derive(Clone)]
#[non_exhaustive]
pub struct Channel {
    /// Chosen by the subscriber, unique for its user.
    pub id: ChannelId,
    /// What to be notified of; 1 to 50.
    pub events: Vec<ChannelEvent>,
    /// Where to call: public https, at most 255 characters. Make it unguessable: calls are not signed.
    pub notify_url: String,
    /// Comes back in each call, to tell true ones from forged ones; at most 50 characters.
    pub token: SecretString,
    /// When the channel shall end. `None`: as late as Zoho allows.
    pub expires_at: Option<Timestamp>,
    /// Whether changes of related records count too. Zoho's own default is yes, here it is no.
    pub notify_on_related_action: bool,
    /// Whether calls carry the new values of changed fields. Default no.
    pub return_affected_field_values: bool,
    /// Which edits count: of a module that is named here, only those of the fields named. At most 2 modules and 10 fields.
    pub only_fields: Vec<ChangedFields>,
}

/// Edits of a module that change one of some fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFields {
    /// The module.
    pub module: ModuleName,
    /// The fields.
    pub fields: Vec<FieldRef>,
}

impl Channel {
    /// A channel with the defaults of its fields.
    pub fn new(
        id: ChannelId,
        events: impl IntoIterator<Item = ChannelEvent>,
        notify_url: impl Into<String>,
        token: impl Into<SecretString>,
    ) -> Self {
        Self {
            id,
            events: events.into_iter().collect(),
            notify_url: notify_url.into(),
            token: token.into(),
            expires_at: None,
            notify_on_related_action: false,
            return_affected_field_values: false,
            only_fields: Vec::new(),
        }
    }

    /// Counts edits of `module` only when they change one of `fields`: [`FieldMeta`](crate::FieldMeta)s, because Zoho's
    /// documents want their ids too, or names alone.
    #[must_use]
    pub fn only_fields<F: Into<FieldRef>>(
        mut self,
        module: impl Into<ModuleName>,
        fields: impl IntoIterator<Item = F>,
    ) -> Self {
        self.only_fields.push(ChangedFields {
            module: module.into(),
            fields: fields.into_iter().map(Into::into).collect(),
        });
        self
    }

    /// Ends the channel at `instant`. More than a week ahead is cut to a little less than a week.
    #[must_use]
    pub fn expiring_at(mut self, instant: Timestamp) -> Self {
        self.expires_at = Some(instant);
        self
    }
}

impl fmt::Debug for Channel {
    /// Leaves out token and URL: whoever knows them can forge calls.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("id", &self.id)
            .field("events", &self.events)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A channel as Zoho set it up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnabledChannel {
    /// Its id.
    pub id: ChannelId,
    /// When it ends, by Zoho's word: the earliest of its modules'. Renew it before. `None`: Zoho did not say; ask
    /// [`Channels::list`].
    pub expires_at: Option<Timestamp>,
    /// One entry for each module.
    pub subscriptions: Vec<Subscription>,
}

/// One module of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Subscription {
    /// The module.
    #[serde(rename = "resource_name")]
    pub module: Option<ModuleName>,
    /// When it ends.
    #[serde(rename = "channel_expiry")]
    pub expires_at: Option<DateTime>,
}

/// One module of a channel, as listed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ChannelListing {
    /// The channel.
    pub channel_id: ChannelId,
    /// The module.
    #[serde(rename = "resource_name")]
    pub module: Option<ModuleName>,
    /// What it notifies of, such as `Accounts.edit`; `Accounts.all` comes back as its three parts.
    #[serde(default)]
    pub events: Vec<String>,
    /// When it ends.
    #[serde(rename = "channel_expiry")]
    pub expires_at: Option<DateTime>,
    /// Where it calls.
    pub notify_url: Option<String>,
    /// Whether changes of related records count too.
    pub notify_on_related_action: Option<bool>,
}

impl fmt::Debug for ChannelListing {
    /// Leaves out the URL: whoever knows it can forge calls.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelListing")
            .field("channel_id", &self.channel_id)
            .field("module", &self.module)
            .field("events", &self.events)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Notification channels of this client's user. Each call costs 1 credit.
#[derive(Clone, Debug)]
pub struct Channels {
    client: ZohoClient,
}

impl Channels {
    pub(crate) fn new(client: ZohoClient) -> Self {
        Self { client }
    }

    /// Opens `channel`, or opens the one with its id anew. Zoho may check that the URL answers.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when a limit is broken; [`Error::Api`] when Zoho refuses it.
    pub async fn enable(&self, channel: &Channel) -> Result<EnabledChannel, Error> {
        let outgoing = enable_request(channel, self.client.now())?;
        self.client
            .send(outgoing, |received| parse(received, &channel.id))
            .await
    }

    /// Replaces all of a channel that is open by `channel`: its events, URL, token and end.
    ///
    /// # Errors
    /// [`Error::ChannelLost`] when it has expired or was never there: [`enable`](Self::enable) it then;
    /// [`Error::InvalidRequest`] when a limit is broken.
    pub async fn update(&self, channel: &Channel) -> Result<EnabledChannel, Error> {
        let outgoing = update_request(channel, self.client.now())?;
        self.client
            .send(outgoing, |received| parse(received, &channel.id))
            .await
    }

    /// Takes events away from a channel and leaves the others, its token and its end as they are.
    ///
    /// # Errors
    /// [`Error::ChannelLost`] when it has expired or was never there.
    pub async fn remove_events(
        &self,
        id: &ChannelId,
        events: &[ChannelEvent],
    ) -> Result<(), Error> {
        let outgoing = remove_events_request(id, events)?;
        self.client
            .send(outgoing, |received| parse(received, id).map(drop))
            .await
    }

    /// Gives `channel` a new end, without touching its token and settings.
    ///
    /// # Errors
    /// [`Error::ChannelLost`] when it has expired or was never there: [`enable`](Self::enable) it then.
    pub async fn renew(&self, channel: &Channel) -> Result<EnabledChannel, Error> {
        let outgoing = renew_request(channel, self.client.now())?;
        self.client
            .send(outgoing, |received| parse(received, &channel.id))
            .await
    }

    /// All live channels, one entry for each module of each.
    ///
    /// # Errors
    /// As any call.
    pub async fn list(&self) -> Result<Vec<ChannelListing>, Error> {
        let mut all = Vec::new();
        for page in 1.. {
            let outgoing = list_request(page);
            let (listings, more) = self.client.send(outgoing, parse_list).await?;
            let empty = listings.is_empty();
            all.extend(listings);
            if !more || empty {
                break;
            }
        }
        Ok(all)
    }

    /// Ends channels.
    ///
    /// # Errors
    /// [`Error::ChannelLost`] when one of them does not exist (any more).
    pub async fn disable(&self, ids: &[ChannelId]) -> Result<(), Error> {
        let Some(first) = ids.first() else {
            return Ok(());
        };
        self.client
            .send(disable_request(ids), |received| {
                parse(received, first).map(drop)
            })
            .await
    }
}

#[derive(Serialize)]
struct Watch<'a> {
    channel_id: &'a ChannelId,
    events: Vec<String>,
    notify_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    channel_expiry: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    notify_on_related_action: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_affected_field_values: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notification_condition: Vec<Condition<'a>>,
}

#[derive(Serialize)]
struct Condition<'a> {
    r#type: &'static str,
    module: Named<'a>,
    field_selection: Selection<'a>,
}

#[derive(Serialize)]
struct Named<'a> {
    api_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RecordId>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Selection<'a> {
    Field {
        field: Named<'a>,
    },
    Group {
        group_operator: &'static str,
        group: Vec<Self>,
    },
}

impl<'a> Condition<'a> {
    fn new(changed: &'a ChangedFields) -> Self {
        let field = |field: &'a FieldRef| Selection::Field {
            field: Named {
                api_name: field.api_name.as_str(),
                id: field.id.as_ref(),
            },
        };
        let field_selection = match changed.fields.as_slice() {
            [only] => field(only),
            several => Selection::Group {
                group_operator: "or",
                group: several.iter().map(field).collect(),
            },
        };
        Self {
            r#type: "field_selection",
            module: Named {
                api_name: changed.module.as_str(),
                id: None,
            },
            field_selection,
        }
    }
}

#[derive(Serialize)]
struct Body<W> {
    watch: [W; 1],
}

/// A channel id is its identity, so enabling twice leaves one channel: repeatable.
fn enable_request(channel: &Channel, now: Timestamp) -> Result<Outgoing, Error> {
    full_request(ENABLE, Method::POST, channel, now)
}

fn update_request(channel: &Channel, now: Timestamp) -> Result<Outgoing, Error> {
    full_request(UPDATE, Method::PUT, channel, now)
}

fn full_request(
    operation: &'static str,
    method: Method,
    channel: &Channel,
    now: Timestamp,
) -> Result<Outgoing, Error> {
    check(operation, channel)?;
    let watch = Watch {
        // Exposes the secret: Zoho must know what to send back.
        token: Some(channel.token.expose_secret()),
        notify_on_related_action: Some(channel.notify_on_related_action),
        return_affected_field_values: Some(channel.return_affected_field_values),
        notification_condition: channel.only_fields.iter().map(Condition::new).collect(),
        ..watch(channel, now)
    };
    Outgoing::change(operation, method, PATH)
        .repeatable(true)
        .json(&Body { watch: [watch] })
}

/// Names what a change must name, and the new end; Zoho keeps the rest.
fn renew_request(channel: &Channel, now: Timestamp) -> Result<Outgoing, Error> {
    check(RENEW, channel)?;
    Outgoing::change(RENEW, Method::PATCH, PATH)
        .repeatable(true)
        .json(&Body {
            watch: [watch(channel, now)],
        })
}

fn remove_events_request(id: &ChannelId, events: &[ChannelEvent]) -> Result<Outgoing, Error> {
    #[derive(Serialize)]
    struct Removal<'a> {
        channel_id: &'a ChannelId,
        events: Vec<String>,
        _delete_events: bool,
    }
    check_events(REMOVE_EVENTS, events)?;
    Outgoing::change(REMOVE_EVENTS, Method::PATCH, PATH)
        .repeatable(true)
        .json(&Body {
            watch: [Removal {
                channel_id: id,
                events: names(events),
                _delete_events: true,
            }],
        })
}

fn names(events: &[ChannelEvent]) -> Vec<String> {
    events.iter().map(ToString::to_string).collect()
}

fn watch(channel: &Channel, now: Timestamp) -> Watch<'_> {
    let latest = now + LONGEST;
    Watch {
        channel_id: &channel.id,
        events: names(&channel.events),
        notify_url: &channel.notify_url,
        token: None,
        channel_expiry: channel.expires_at.unwrap_or(latest).min(latest).into(),
        notify_on_related_action: None,
        return_affected_field_values: None,
        notification_condition: Vec::new(),
    }
}

fn check_events(operation: &'static str, events: &[ChannelEvent]) -> Result<(), Error> {
    if !(1..=50).contains(&events.len()) {
        let reason = format!("a channel has 1 to 50 events, not {}", events.len());
        return Err(Error::invalid(operation, reason));
    }
    if let Some(event) = events.iter().find(|event| !event.module.is_plain()) {
        let reason = format!("`{}` is no module API name", event.module);
        return Err(Error::invalid(operation, reason));
    }
    Ok(())
}

fn check(operation: &'static str, channel: &Channel) -> Result<(), Error> {
    let refuse = |reason: String| Err(Error::invalid(operation, reason));
    check_events(operation, &channel.events)?;
    let fields = channel
        .only_fields
        .iter()
        .map(|changed| changed.fields.len());
    if channel.only_fields.len() > CONDITIONS
        || fields.clone().sum::<usize>() > CONDITION_FIELDS
        || fields.clone().any(|fields| fields == 0)
    {
        return refuse(format!(
            "edits are picked by 1 to {CONDITION_FIELDS} fields of at most {CONDITIONS} modules"
        ));
    }
    if channel.notify_url.is_empty() || channel.notify_url.chars().count() > URL_LENGTH {
        return refuse(format!(
            "the URL to notify must have 1 to {URL_LENGTH} characters"
        ));
    }
    let length = channel.token.expose_secret().chars().count();
    if !(1..=TOKEN_LENGTH).contains(&length) {
        return refuse(format!(
            "the channel's token must have 1 to {TOKEN_LENGTH} characters, not {length}"
        ));
    }
    Ok(())
}

fn list_request(page: u32) -> Outgoing {
    Outgoing::get(LIST, PATH)
        .query("page", page.to_string())
        .query("per_page", "200")
}

fn disable_request(ids: &[ChannelId]) -> Outgoing {
    let ids: Vec<&str> = ids.iter().map(ChannelId::as_str).collect();
    Outgoing::change(DISABLE, Method::DELETE, PATH)
        .repeatable(true)
        .query("channel_ids", ids.join(","))
}

#[derive(Deserialize)]
struct Answer {
    watch: Option<Vec<Row>>,
}

#[derive(Deserialize)]
struct Row {
    code: Option<String>,
    message: Option<String>,
    details: Option<serde_json::Value>,
}

#[derive(Default, Deserialize)]
struct Details {
    #[serde(default)]
    events: Vec<Subscription>,
}

/// Successes come as 200 or 201, refusals as 202, 207 or 400, at the root or as a row.
fn parse(received: &Received, id: &ChannelId) -> Result<EnabledChannel, Failure> {
    let status = received.status();
    if !status.is_success() && status != http::StatusCode::BAD_REQUEST {
        return Err(received.failure());
    }
    let Some(rows) = received.body::<Answer>()?.watch else {
        return Err(received.failure());
    };
    let mut subscriptions = Vec::new();
    for row in rows {
        match row.code.as_deref() {
            Some(code::SUCCESS) => {
                let details = row.details.unwrap_or_default();
                let details: Details = serde_json::from_value(details).unwrap_or_default();
                subscriptions.extend(details.events);
            }
            Some(code::NOT_SUBSCRIBED) => return Err(Failure::ChannelLost(id.clone())),
            _ => {
                return Err(Failure::Api(ApiError::new(
                    row.code.unwrap_or_default(),
                    row.message.unwrap_or_default(),
                    row.details,
                )));
            }
        }
    }
    let ends = subscriptions.iter().filter_map(|module| module.expires_at);
    Ok(EnabledChannel {
        id: id.clone(),
        expires_at: ends.map(Timestamp::from).min(),
        subscriptions,
    })
}

fn parse_list(received: &Received) -> Result<(Vec<ChannelListing>, bool), Failure> {
    #[derive(Deserialize)]
    struct Body {
        watch: Vec<ChannelListing>,
        info: Option<Info>,
    }
    #[derive(Deserialize)]
    struct Info {
        #[serde(default)]
        more_records: bool,
    }
    let Some(body) = received.json::<Body>()? else {
        return Ok((Vec::new(), false));
    };
    let more = body.info.is_some_and(|info| info.more_records);
    Ok((body.watch, more))
}

#[cfg(test)]
mod tests;
