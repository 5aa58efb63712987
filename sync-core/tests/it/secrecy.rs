//! I11: neither secrets nor values of records show in logs, errors, debug output; nor secrets in the audit trail.

use std::{
    fmt::Write as _,
    io,
    sync::{Arc, Mutex},
};

use sync_core::{
    EndpointErrorKind, Engine, PersonalData, Side,
    testing::{CallKind, Fault, RowFault},
};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::world::{World, block_on, rows, set, thing};

const CANARY: &str = "canary-5d1e";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that this thread logs from now on, down to the last detail.
fn record_log() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

/// What operators are shown of an engine: its state, its health, the errors of its calls.
fn shown(engine: &Engine, world: &World) -> String {
    let mut shown = format!("{engine:?} {:?}", world.flow);
    let health = block_on(engine.health()).unwrap();
    write!(shown, "{health:?}").unwrap();
    for side in Side::BOTH {
        let error = health.flows[0].sides.get(side).last_error.as_ref();
        if let Some(error) = error {
            write!(shown, "{error} {error:?}").unwrap();
        }
        let feed = sync_core::testing::FakeSystem::modified_feed();
        if let Err(error) = block_on(engine.poll(world.flow_name(), side, &feed)) {
            write!(shown, "{error} {error:?}").unwrap();
        }
    }
    for reason in world.park_reasons() {
        write!(shown, "{reason:?}").unwrap();
    }
    shown
}

#[test]
fn values_of_records_are_in_no_log_no_error_and_no_debug_output() {
    let (log, _guard) = record_log();
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    let secretive = |number: usize| set("phone", format!("{CANARY}-{number}"));
    let faults = [
        Fault::AnswerLost,
        Fault::Refused(EndpointErrorKind::Unavailable),
        Fault::Refused(EndpointErrorKind::Protocol),
        Fault::Refused(EndpointErrorKind::Unauthorized),
        Fault::Refused(EndpointErrorKind::RateLimited),
    ];
    let mut all = String::new();
    for (number, fault) in faults.into_iter().enumerate() {
        world
            .left
            .edit_as_user(left.clone(), secretive(number))
            .unwrap();
        for kind in [CallKind::Read, CallKind::Write, CallKind::Changes] {
            world.right.fail_next(kind, fault);
        }
        let _ = block_on(engine.poll_all());
        world.drain(&engine);
        all.push_str(&shown(&engine, &world));
        world.later(400);
        world.settle(&engine);
    }
    // A row that is locked, one in conflict, one whose partner is made.
    world
        .right
        .fail_rows("X_Code", "C1", RowFault::Later { after: None }, 2);
    let both = [(&world.left, left, "vat"), (&world.right, right, "VAT")];
    for (system, id, field) in both {
        let value = format!("{CANARY} {field} {id}");
        system.edit_as_user(id, set(field, value)).unwrap();
    }
    let mut other = thing("C2");
    other.set("name", CANARY);
    world.left.create_as_user(other).unwrap();
    world.settle(&engine);
    all.push_str(&shown(&engine, &world));
    all.push_str(&log.text());
    assert!(all.len() > 1000);
    assert!(!all.to_lowercase().contains(CANARY), "{all}");
}

#[test]
fn personal_data_that_is_to_be_kept_out_is_in_no_audit_entry() {
    let world = World::with(|setup| {
        setup.rows = rows();
        for row in &mut setup.rows {
            if matches!(row.name.as_str(), "phone" | "vat") {
                row.personal = Some(PersonalData::Contact);
            }
        }
        setup.settings.redact = [PersonalData::Contact].into();
    });
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("phone", CANARY))
        .unwrap();
    world.settle(&engine);
    world.right.fail_next(CallKind::Write, Fault::AnswerLost);
    let again = format!("{CANARY} again");
    world
        .left
        .edit_as_user(left.clone(), set("phone", again))
        .unwrap();
    for (system, id, field) in [(&world.left, left, "vat"), (&world.right, right, "VAT")] {
        let value = format!("{CANARY} {field}");
        system.edit_as_user(id, set(field, value)).unwrap();
    }
    world.settle(&engine);
    let audit = world.audit();
    assert!(audit.len() > 3);
    let audit = format!("{audit:?}").to_lowercase();
    assert!(!audit.contains(CANARY), "{audit}");
}

#[cfg(feature = "zoho")]
mod zoho {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use client_core::{
        HttpTransport, Request, Response, Sleep, TransportError, TransportErrorKind,
    };
    use sync_core::{
        FieldName,
        zoho::{ModuleSettings, ZohoEndpoint},
    };
    use zoho_crm_client::{ClientCredentials, DataCenter, ZohoClient};

    use super::*;

    /// Gives tokens out, and fails otherwise in every way there is.
    #[derive(Debug, Default)]
    struct Failing(AtomicUsize);

    fn response(status: u16, body: &str) -> Result<Response, TransportError> {
        let mut response = Response::new(body.to_owned().into());
        *response.status_mut() = status.try_into().unwrap();
        Ok(response)
    }

    #[async_trait::async_trait]
    impl HttpTransport for Failing {
        async fn send(&self, request: Request) -> Result<Response, TransportError> {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            if request.uri().path() == "/oauth/v2/token" && !number.is_multiple_of(5) {
                let token = format!(
                    r#"{{"access_token":"{CANARY}-access","api_domain":"https://www.zohoapis.eu","expires_in":3600}}"#
                );
                return response(200, &token);
            }
            match number % 6 {
                0 => response(500, "<html>sorry</html>"),
                1 => response(
                    401,
                    r#"{"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token","status":"error"}"#,
                ),
                2 => response(
                    403,
                    r#"{"code":"NO_PERMISSION","details":{},"message":"permission denied","status":"error"}"#,
                ),
                3 => Err(TransportError::new(TransportErrorKind::Connect, "refused")),
                4 => response(200, "this is not JSON"),
                _ => response(
                    429,
                    r#"{"code":"TOO_MANY_REQUESTS","details":{},"message":"slow down","status":"error"}"#,
                ),
            }
        }
    }

    #[derive(Debug)]
    struct NoSleep;

    #[async_trait::async_trait]
    impl Sleep for NoSleep {
        async fn sleep(&self, _duration: std::time::Duration) {}
    }

    #[test]
    fn secrets_of_a_credential_are_in_no_log_no_error_no_audit_and_no_debug_output() {
        let (log, _guard) = record_log();
        let credentials = ClientCredentials::new("1000.X", format!("{CANARY}-secret"));
        let client = ZohoClient::builder(DataCenter::Eu, credentials)
            .refresh_token(format!("{CANARY}-refresh"))
            .transport(Arc::new(Failing::default()))
            .sleep(Arc::new(NoSleep))
            .build()
            .unwrap();
        let fields = ["Name", "Phone"].map(FieldName::from);
        let settings = ModuleSettings::new("Accounts", "X_Code", &fields);
        let mut world = World::new();
        world.flow.endpoints.right = Arc::new(ZohoEndpoint::new(client, settings));
        let engine = world.engine();
        world.left.create_as_user(thing("C1")).unwrap();
        let mut all = String::new();
        for _ in 0..30 {
            world.later(400);
            for outcome in [
                block_on(engine.poll_all()).map(drop),
                block_on(engine.check_setup(world.flow_name())).map(drop),
            ] {
                if let Err(error) = outcome {
                    write!(all, "{error} {error:?}").unwrap();
                }
            }
            world.drain(&engine);
            all.push_str(&shown(&engine, &world));
        }
        write!(all, "{:?} {:?}", world.audit(), world.parked()).unwrap();
        all.push_str(&log.text());
        assert!(all.contains("token") && all.len() > 1000, "{all}");
        assert!(!all.contains(CANARY), "{all}");
    }
}
