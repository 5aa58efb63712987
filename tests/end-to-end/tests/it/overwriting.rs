//! A user of Zoho changes an account between the engine's look at it and its write.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use client_core::{HttpTransport, Request, ReqwestTransport, Response, TransportError};
use sage_x3_simulator::Edit;
use serde_json::json;
use sync_core::{
    AuditEntry, AuditEvent, AuditQuery, Side, Sides, Value,
    zoho::{ModuleSettings, ZohoEndpoint},
};
use zoho_crm_simulator::ZohoSimulator;

use crate::world::{ENDPOINT, World, customers_flow, zoho_client_over};

/// Has a user change the telephone number of an account just before the first update is sent.
struct QuickUser {
    inner: ReqwestTransport,
    zoho: Arc<ZohoSimulator>,
    account: Mutex<Option<String>>,
}

impl fmt::Debug for QuickUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuickUser").finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl HttpTransport for QuickUser {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        if request.method() == "PUT"
            && let Some(account) = self.account.lock().unwrap().take()
        {
            let edit = json!({"Phone": "+49 30 5555"});
            self.zoho.edit_as_user("Accounts", &account, edit).unwrap();
        }
        self.inner.send(request).await
    }
}

/// The clerk changes the telephone number in X3, and the user of Zoho does when the engine is about to write.
async fn both_change(settings: impl FnOnce(ModuleSettings) -> ModuleSettings) -> (World, String) {
    let mut world = World::open().await;
    let (code, id) = world.pair().await;
    let transport = Arc::new(QuickUser {
        inner: ReqwestTransport::new().unwrap(),
        zoho: Arc::clone(&world.zoho),
        account: Mutex::new(Some(id)),
    });
    let client = zoho_client_over(transport, &world.zoho, &world.clock);
    world.restart_with(|clients| {
        let mut flow = customers_flow(clients);
        let module = ModuleSettings::of_mapping("Accounts", "X3_Code", &flow.mapping);
        let right = Arc::new(ZohoEndpoint::new(client, settings(module)));
        flow.endpoints = Sides::new(flow.endpoints.left, right);
        vec![flow]
    });
    let clerk = Edit::address(&code, "MAIN").phone(1, "+33 1 7777");
    world.x3.edit_as_user(ENDPOINT, &clerk).unwrap();
    world.settle().await;
    (world, code)
}

async fn overwritten(world: &World) -> Vec<AuditEntry> {
    let query = AuditQuery {
        limit: 1000,
        ..AuditQuery::default()
    };
    let audit = world.engine.audit(&query).await.unwrap().into_iter();
    let entries = audit.map(|stored| stored.entry);
    entries
        .filter(|entry| matches!(entry.event, AuditEvent::Overwritten { .. }))
        .collect()
}

#[tokio::test]
async fn what_an_update_replaced_unseen_is_in_the_audit_trail() {
    let (world, code) = both_change(ModuleSettings::looks_back).await;
    assert_eq!(world.account_of(&code).text("Phone"), Some("+33 1 7777"));
    let found = overwritten(&world).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].event,
        AuditEvent::Overwritten { side: Side::Right }
    );
    assert_eq!(found[0].fields[0].right, Value::from("+49 30 5555"));
}

#[tokio::test]
async fn a_conditional_update_meets_the_users_change_as_a_conflict_before_it_is_lost() {
    let careful = |settings: ModuleSettings| settings.conditional_updates().looks_back();
    let (world, code) = both_change(careful).await;
    assert!(overwritten(&world).await.is_empty());
    // The rule of the field decides, with both values in the trail.
    let shown = world.account_of(&code);
    let query = AuditQuery {
        limit: 1000,
        ..AuditQuery::default()
    };
    let audit = world.engine.audit(&query).await.unwrap();
    let mut decisions = audit.iter().flat_map(|stored| &stored.entry.fields);
    let met = decisions.any(|decision| {
        decision.left == Value::from("+33 1 7777") && decision.right == Value::from("+49 30 5555")
    });
    assert!(met, "{:?}", shown.text("Phone"));
    assert_eq!(world.zoho.counters().rows_refused, 1);
}
