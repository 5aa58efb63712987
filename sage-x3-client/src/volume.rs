//! How much was exchanged with X3. Some licences meter the volume of web services (parameter WSSIZELIMIT, reference sage-x3
//! section 4.7), and X3 does not tell how much of it is used up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use client_core::{Clock, HttpTransport, Request, Response, TransportError};
use jiff::{civil::Date, tz::TimeZone};

/// What one day took. Bodies alone are counted, as they are before any compression on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Volume {
    /// Requests sent, each attempt for itself.
    pub requests: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
}

/// Days that are remembered.
const DAYS: usize = 62;

/// Counts by day. Clones share the counters.
#[derive(Clone, Debug, Default)]
pub(crate) struct VolumeMeter {
    days: Arc<Mutex<BTreeMap<Date, Volume>>>,
}

impl VolumeMeter {
    /// The days with their volumes, the oldest first.
    pub(crate) fn days(&self) -> Vec<(Date, Volume)> {
        self.lock()
            .iter()
            .map(|(day, volume)| (*day, *volume))
            .collect()
    }

    fn count(&self, day: Date, change: impl FnOnce(&mut Volume)) {
        let mut days = self.lock();
        change(days.entry(day).or_default());
        while days.len() > DAYS {
            days.pop_first();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Date, Volume>> {
        // Each change is a few additions, so a panic elsewhere leaves the counters whole.
        self.days.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transport whose exchanges are counted.
#[derive(Debug)]
pub(crate) struct MeteredTransport {
    pub(crate) inner: Arc<dyn HttpTransport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) meter: VolumeMeter,
}

impl MeteredTransport {
    fn today(&self) -> Date {
        self.clock.now().to_zoned(TimeZone::UTC).date()
    }
}

#[async_trait]
impl HttpTransport for MeteredTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let sent = length(request.body().len());
        let result = self.inner.send(request).await;
        let (left, received) = match &result {
            Ok(response) => (true, length(response.body().len())),
            Err(error) => (error.kind().may_have_been_received(), 0),
        };
        if left {
            self.meter.count(self.today(), |volume| {
                volume.requests += 1;
                volume.sent += sent;
                volume.received += received;
            });
        }
        result
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use client_core::{
        TransportErrorKind,
        testing::{ManualClock, RecordingSleep, ScriptedTransport},
    };
    use futures::executor::block_on;
    use jiff::civil::date;

    use crate::{
        ConnectedApp, SiteConfig, X3Client,
        api1::{Api1Query, records::Customer},
    };

    #[test]
    fn every_exchange_of_every_service_counts_for_its_day() {
        let clock = ManualClock::new("2026-11-20T23:59:00Z".parse().unwrap());
        let transport = std::sync::Arc::new(
            ScriptedTransport::new()
                .answer(503, "busy")
                .answer(200, r#"{"data":{}}"#)
                .failure(TransportErrorKind::Connect)
                .answer(200, r#"{"$resources":[]}"#),
        );
        let x3 = X3Client::builder(SiteConfig::new("http://x3", "SEED"))
            .credential(ConnectedApp::new("c", "s"))
            .transport(std::sync::Arc::clone(&transport) as _)
            .sleep(std::sync::Arc::new(RecordingSleep::new(clock.clone())))
            .clock(std::sync::Arc::new(clock.clone()))
            .build()
            .unwrap();
        block_on(x3.execute("{ a }", &())).unwrap();
        clock.advance(Duration::from_secs(60));
        let customers = x3.api1().records::<Customer>();
        block_on(customers.query(&Api1Query::new(), None)).unwrap();

        let sent: u64 = transport.requests()[..2]
            .iter()
            .map(|request| request.body().len() as u64)
            .sum();
        let days = x3.volume();
        assert_eq!(days.len(), 2);
        let (first, second) = (days[0], days[1]);
        assert_eq!(first.0, date(2026, 11, 20));
        assert_eq!(
            (first.1.requests, first.1.sent, first.1.received),
            (2, sent, 4 + 11)
        );
        assert_eq!(second.0, date(2026, 11, 21));
        assert_eq!(
            (second.1.requests, second.1.sent, second.1.received),
            (1, 0, 17),
            "nothing left for a server that was not reached"
        );
    }
}
