//! The cloud's gateway: pairing, folders, rotating tokens.

use std::{sync::Arc, time::Duration};

use client_core::{
    MemoryTokenStore,
    testing::{ManualClock, RecordingSleep},
};
use sage_x3_client::{
    CustomerQuery, ErrorKind, SiteConfig, X3Client,
    cloud::{CloudApp, CloudGateway, Pairing, PairingCallback, PairingRequest, PairingScope},
};
use sage_x3_simulator::{Clock, CustomerSeed, X3Simulator};
use secrecy::ExposeSecret as _;

use super::START;

const CALLBACK: &str = "http://127.0.0.1:1/callback";

struct Cloud {
    x3: X3Simulator,

    clock: ManualClock,
    gateway: CloudGateway,
}

impl Cloud {
    async fn start() -> Self {
        let x3 = X3Simulator::builder()
            .endpoint("SEED")
            .endpoint("TEST")
            .clock(Clock::manual(START.parse().unwrap()))
            .start()
            .await
            .unwrap();
        x3.seed_customers("TEST", [CustomerSeed::new("NA001", "Bakery")])
            .unwrap();
        let clock = ManualClock::new(START.parse().unwrap());
        let gateway =
            CloudGateway::builder(x3.gateway_url(), CloudApp::new("sync-app", "cloud-secret"))
                .allow_host(x3.gateway_url())
                .token_store(Arc::new(MemoryTokenStore::new()))
                .clock(Arc::new(clock.clone()))
                .sleep(Arc::new(RecordingSleep::new(clock.clone())))
                .build()
                .unwrap();
        Self { x3, clock, gateway }
    }

    async fn pair(&self) -> PairingRequest {
        let scopes = [PairingScope::GraphqlAsUser];
        let request = self
            .gateway
            .request_pairing("https://customer.example", CALLBACK, &scopes)
            .await
            .unwrap();
        // The user follows the address in a browser.
        let page = reqwest_get(request.url()).await;
        assert_eq!(page, 200);
        let state = request.state().expose_secret();
        let callback = self.x3.accept_pairing(state, "jane", &["TEST"]).unwrap();
        let posted = format!(
            "authorizationCode={}&state={state}",
            callback.authorization_code
        );
        let callback = PairingCallback::parse(posted.as_bytes()).unwrap();
        self.gateway.complete(&request, &callback).await.unwrap();
        request
    }

    async fn client(&self) -> X3Client {
        let folders = self.gateway.folders().await.unwrap();
        let names: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
        assert_eq!(names, ["TEST"], "the folders that the user has chosen");
        X3Client::builder(SiteConfig::cloud(&folders[0]))
            .credential(self.gateway.clone())
            .clock(Arc::new(self.clock.clone()))
            .build()
            .unwrap()
    }

    fn advance(&self, time: Duration) {
        self.clock.advance(time);
        self.x3.clock().advance(time);
    }
}

/// What a browser gets.
async fn reqwest_get(url: &str) -> u16 {
    use client_core::HttpTransport as _;
    let transport = client_core::ReqwestTransport::new().unwrap();
    let request = http::Request::get(url).body(bytes::Bytes::new()).unwrap();
    transport.send(request).await.unwrap().status().as_u16()
}

async fn customers(client: &X3Client) -> Result<usize, sage_x3_client::Error> {
    let page = client.customers().page(&CustomerQuery::new()).await?;
    Ok(page.items.len())
}

#[tokio::test]
async fn a_paired_customer_is_read_for_as_long_as_its_tokens_are_renewed() {
    let cloud = Cloud::start().await;
    cloud.pair().await;
    let client = cloud.client().await;
    for _ in 0..4 {
        assert_eq!(customers(&client).await.unwrap(), 1);
        cloud.advance(Duration::from_secs(290));
    }
    let Pairing::Good { until: Some(until) } = cloud.gateway.pairing().await.unwrap() else {
        panic!("a pairing in use is good")
    };
    let start: jiff::Timestamp = START.parse().unwrap();
    assert!(
        until > start + Duration::from_secs(2_629_800),
        "use prolongs it"
    );
}

#[tokio::test]
async fn a_code_is_good_for_one_use() {
    let cloud = Cloud::start().await;
    let request = cloud.pair().await;
    let state = request.state().expose_secret();
    let posted = format!("authorizationCode=spent&state={state}");
    let callback = PairingCallback::parse(posted.as_bytes()).unwrap();
    let error = cloud
        .gateway
        .complete(&request, &callback)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    assert_eq!(
        customers(&cloud.client().await).await.unwrap(),
        1,
        "the first pairing stands"
    );
}

#[tokio::test]
async fn a_pairing_that_was_not_used_for_a_month_must_be_made_again() {
    let cloud = Cloud::start().await;
    cloud.pair().await;
    let client = cloud.client().await;
    cloud.advance(Duration::from_secs(31 * 24 * 3600));
    assert!(matches!(
        cloud.gateway.pairing().await.unwrap(),
        Pairing::Ended { .. }
    ));
    let error = customers(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    cloud.pair().await;
    assert_eq!(customers(&client).await.unwrap(), 1);
}
