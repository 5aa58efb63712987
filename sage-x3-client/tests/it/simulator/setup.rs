//! Sites that are set up otherwise than expected, and credentials.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use sage_x3_client::{
    CategoryCode, ConnectedApp, Credential, CustomerPatch, CustomerQuery, Error, ErrorKind,
    FieldName, NewCustomer, SiteConfig, Support, X3Client,
};
use sage_x3_simulator::{
    ConnectedApplication, DEFAULT_ENDPOINT, Effect, Fault, Operation, OperationState, X3Simulator,
};

use super::{Site, client, code, new, seeds, site};

#[tokio::test]
async fn what_is_not_activated_is_named_in_every_form_in_which_x3_says_it() {
    for (state, expected) in [
        (
            OperationState::NotActivated,
            "`Customer.create` is not activated",
        ),
        (OperationState::Absent, "`Customer.create` is not activated"),
        (OperationState::NoRights, "no right to `Customer.create`"),
    ] {
        let Site { x3, client, .. } = site(X3Simulator::builder()).await;
        x3.set_operation("customer", Operation::Create, state);
        let error = client.customers().create(&new("Z0001")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.may_have_been_applied());
        assert!(x3.customer(DEFAULT_ENDPOINT, "Z0001").unwrap().is_none());
    }
}

#[tokio::test]
async fn a_branch_without_rights_fails_the_page_instead_of_shortening_it() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.seed_customers(DEFAULT_ENDPOINT, seeds(3)).unwrap();
    x3.inject(Fault::new(Effect::NoRights {
        node: "customerAddress".into(),
    }));
    let error = client
        .customers()
        .page(&CustomerQuery::new())
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::NotAllowed { .. } | Error::PartialData { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("CustomerAddress"), "{error}");
}

#[tokio::test]
async fn the_probe_tells_what_the_site_offers_and_asks_once() {
    let Site { x3, client, .. } = site(X3Simulator::builder().custom_field("YZOHOID")).await;
    x3.set_operation("customer", Operation::Update, OperationState::Absent);
    let offer = client.probe().await.unwrap();
    assert_eq!(
        (offer.query, offer.read),
        (Support::Offered, Support::Offered)
    );
    assert_eq!(
        (offer.create, offer.update),
        (Support::Offered, Support::Missing)
    );
    assert_eq!(offer.readable_field("YZOHOID"), Support::Offered);
    assert_eq!(offer.readable_field("YNOTHING"), Support::Missing);
    assert_eq!(offer.creatable_field("companyName1"), Support::Offered);
    assert_eq!(offer.updatable_field("companyName1"), Support::Unknown);
    let asked = x3.counters().requests;
    client.probe().await.unwrap();
    assert_eq!(x3.counters().requests, asked);
    client.customers().create(&new("Z0001")).await.unwrap();
}

#[tokio::test]
async fn a_field_that_the_site_lacks_is_named() {
    let Site {
        x3: _x3, client, ..
    } = site(X3Simulator::builder()).await;
    let customers = client
        .customers()
        .with_extra([FieldName::new("YNOTHING").unwrap()]);
    let error = customers.page(&CustomerQuery::new()).await.unwrap_err();
    assert!(matches!(error, Error::SchemaMismatch { .. }), "{error}");
    assert!(error.to_string().contains("YNOTHING"), "{error}");
    let values = CustomerPatch::new()
        .company_name_1("A")
        .extra(FieldName::new("YNOTHING").unwrap(), "x");
    let new = NewCustomer::new(CategoryCode::new("STD").unwrap())
        .code(code("Z0001"))
        .values(values);
    let error = client.customers().create(&new).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("YNOTHING"), "{error}");
}

#[tokio::test]
async fn the_wrong_generation_and_the_wrong_endpoint_say_which_setting_to_change() {
    let Site {
        x3,
        clock,
        client: right,
    } = site(X3Simulator::builder()).await;
    let older = client(
        &clock,
        SiteConfig::new(x3.base_url(), DEFAULT_ENDPOINT)
            .generation(sage_x3_client::Generation::Gen2),
    );
    let error = older
        .customers()
        .page(&CustomerQuery::new())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Gen3"), "{error}");

    let elsewhere = client(&clock, SiteConfig::new(x3.base_url(), "NOWHERE"));
    for status in [400, 404, 500] {
        x3.reconfigure(|settings| settings.endpoint_error_status = status);
        let error = elsewhere
            .customers()
            .page(&CustomerQuery::new())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("NOWHERE"), "{status}: {error}");
    }
    assert!(right.customers().page(&CustomerQuery::new()).await.is_ok());
}

#[tokio::test]
async fn an_expired_token_is_replaced_without_a_failed_call() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    client
        .customers()
        .page(&CustomerQuery::new())
        .await
        .unwrap();
    // Time passes on the server alone.
    x3.clock().advance(Duration::from_secs(3600));
    client
        .customers()
        .page(&CustomerQuery::new())
        .await
        .unwrap();
    client
        .customers()
        .page(&CustomerQuery::new())
        .await
        .unwrap();
    assert_eq!(
        x3.counters().unauthorized,
        1,
        "the server's clock is known after one refusal"
    );
}

#[tokio::test]
async fn a_server_whose_clock_is_slow_is_followed() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.clock().set_skew(SignedDuration::from_secs(-600));
    client
        .customers()
        .page(&CustomerQuery::new())
        .await
        .unwrap();
    client
        .customers()
        .page(&CustomerQuery::new())
        .await
        .unwrap();
    assert_eq!(x3.counters().unauthorized, 1);
}

#[tokio::test]
async fn wrong_credentials_are_explained() {
    let Site { x3, clock, .. } = site(X3Simulator::builder()).await;
    let app = ConnectedApplication::default();
    let good = || {
        ConnectedApp::new(app.client_id.clone(), app.secret.clone()).user(app.allowed_user.clone())
    };
    for (credential, expected) in [
        (
            Credential::from(ConnectedApp::new("unknown", "x")),
            "client id",
        ),
        (
            ConnectedApp::new(app.client_id.clone(), "wrong").into(),
            "secret",
        ),
        (good().user("somebody").into(), "Syracuse login"),
        (good().audience("https://elsewhere/").into(), "audience"),
        (
            Credential::Basic {
                user: "sync".into(),
                password: "wrong".into(),
            },
            "session.auth",
        ),
    ] {
        let client = X3Client::builder(SiteConfig::new(x3.base_url(), DEFAULT_ENDPOINT))
            .credential(credential)
            .clock(Arc::new(clock.clone()))
            .build()
            .unwrap();
        x3.reset_counters();
        let error = client
            .customers()
            .page(&CustomerQuery::new())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(x3.counters().requests, 1, "{expected}");
    }
}

#[tokio::test]
async fn basic_works_too() {
    let Site { x3, clock, .. } = site(X3Simulator::builder()).await;
    let client = X3Client::builder(SiteConfig::new(x3.base_url(), DEFAULT_ENDPOINT))
        .credential(Credential::Basic {
            user: "sync".into(),
            password: "x3-password".into(),
        })
        .clock(Arc::new(clock))
        .build()
        .unwrap();
    assert!(client.customers().page(&CustomerQuery::new()).await.is_ok());
}
