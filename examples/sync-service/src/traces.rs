//! Traces, sent to an OpenTelemetry collector.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use crate::failure::Failure;

/// Ours. What sends the traces is not among them: it would trace itself.
const TRACED: [&str; 5] = [
    "sync_service",
    "sync_core",
    "client_core",
    "sage_x3_client",
    "zoho_crm_client",
];

/// What sends traces. What is left is sent when it is dropped.
#[derive(Debug)]
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Sends traces to the collector at `endpoint`, such as `http://127.0.0.1:4318`.
    pub(crate) fn start(endpoint: &str) -> Result<Self, Failure> {
        let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(address)
            .build()
            .map_err(|error| Failure::input_because("--otlp-endpoint", &error))?;
        let resource = Resource::builder().with_service_name("sync-service");
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        Ok(Self { provider })
    }

    /// What hands spans over.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let ours = Targets::new().with_targets(TRACED.map(|target| (target, LevelFilter::DEBUG)));
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("sync-service"))
            .with_filter(ours)
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}
