//! From notifications to work.

use zoho_crm_client::webhook::Notification;

use crate::{
    ids::{FlowName, RecordId},
    job::{Cause, Hint, JobKey},
    side::Side,
};

/// The keys that a verified notification names, to be queued by [`Engine::ingest`](crate::Engine::ingest). What happened
/// to the records is not taken from it: they are read.
#[must_use]
pub fn hints(notification: &Notification, flow: &FlowName, side: Side) -> Vec<Hint> {
    let ids = notification.ids.iter();
    ids.map(|id| Hint {
        key: JobKey {
            flow: flow.clone(),
            side,
            id: RecordId::from(id.as_str()),
        },
        cause: Cause::Webhook,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use zoho_crm_client::{ChannelId, webhook::WebhookVerifier};

    use super::*;

    #[test]
    fn each_id_becomes_a_key() {
        let call = br#"{"module":"Accounts","operation":"delete","ids":["5725767000000524157","5725767000000524158"],"channel_id":"7","token":"t"}"#;
        let verifier = WebhookVerifier::new(ChannelId::from(7), "t".into());
        let hints = hints(
            &verifier.parse(call).unwrap(),
            &FlowName::from("customers"),
            Side::Right,
        );
        let ids: Vec<&str> = hints.iter().map(|hint| hint.key.id.as_str()).collect();
        assert_eq!(ids, ["5725767000000524157", "5725767000000524158"]);
        assert!(hints.iter().all(|hint| hint.cause == Cause::Webhook
            && hint.key.side == Side::Right
            && hint.key.flow.as_str() == "customers"));
    }
}
