//! Against a simulated X3 over real sockets.

mod api1;
mod changes;
mod cloud;
mod documents;
mod dynamic;
mod master_data;
mod partners;
mod records;
mod setup;
mod soap;

use std::sync::Arc;

use client_core::testing::{ManualClock, RecordingSleep};
use rust_decimal::Decimal;
use sage_x3_client::{
    AddressCode, AddressPatch, CategoryCode, ConnectedApp, CountryCode, CurrencyCode, CustomerCode,
    CustomerPatch, NewCustomer, SiteConfig, X3Client,
};
use sage_x3_simulator::{
    AddressSeed, Clock, ConnectedApplication, CustomerSeed, DEFAULT_ENDPOINT, X3Simulator,
    X3SimulatorBuilder,
};

const START: &str = "2026-11-20T10:00:00Z";

/// A simulator and a client whose clocks begin together and are moved apart by the test.
struct Site {
    x3: X3Simulator,
    clock: ManualClock,
    client: X3Client,
}

async fn site(builder: X3SimulatorBuilder) -> Site {
    site_with(builder, |config| config).await
}

async fn site_with(
    builder: X3SimulatorBuilder,
    configure: impl FnOnce(SiteConfig) -> SiteConfig,
) -> Site {
    let x3 = builder
        .clock(Clock::manual(START.parse().unwrap()))
        .start()
        .await
        .unwrap();
    let clock = ManualClock::new(START.parse().unwrap());
    let client = client(
        &clock,
        configure(SiteConfig::new(x3.base_url(), DEFAULT_ENDPOINT)),
    );
    Site { x3, clock, client }
}

fn client(clock: &ManualClock, config: SiteConfig) -> X3Client {
    let app = ConnectedApplication::default();
    X3Client::builder(config)
        .credential(ConnectedApp::new(app.client_id, app.secret).user(app.allowed_user))
        .clock(Arc::new(clock.clone()))
        .sleep(Arc::new(RecordingSleep::new(clock.clone())))
        .build()
        .unwrap()
}

fn code(text: &str) -> CustomerCode {
    CustomerCode::new(text).unwrap()
}

fn seeds(count: usize) -> impl Iterator<Item = CustomerSeed> {
    (0..count).map(|number| {
        let address = AddressSeed::new("MAIN")
            .line(1, "1 rue de la Paix")
            .set("city", "Paris")
            .set("country", "FR");
        CustomerSeed::new(&format!("C{number:04}"), &format!("Société n° {number}"))
            .address(address)
    })
}

fn new(code_text: &str) -> NewCustomer {
    let address = AddressPatch::create(AddressCode::new("MAIN").unwrap())
        .line(1, "Schönhauser Allee 1")
        .zip_code("10119")
        .city("Berlin")
        .country(CountryCode::new("DE").unwrap())
        .phone(1, "+49 30 1")
        .email(1, "info@example.com");
    let values = CustomerPatch::new()
        .company_name_1("Müller & Söhne \"GmbH\"")
        .country(CountryCode::new("DE").unwrap())
        .currency(CurrencyCode::new("CHF").unwrap())
        .european_union_vat_number("DE123456789")
        .authorized_credit_amount("12345678901234.56".parse::<Decimal>().unwrap())
        .notes("First line\nsecond line")
        .address(address);
    NewCustomer::new(CategoryCode::new("STD").unwrap())
        .code(code(code_text))
        .values(values)
}
