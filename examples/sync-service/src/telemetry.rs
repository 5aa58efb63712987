//! Logs, and traces if they are asked for.

use tracing_subscriber::{
    EnvFilter, Layer, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::{
    cli::{Cli, Command, LogFormat},
    failure::Failure,
    traces::Traces,
};

/// Keeps what exports traces; what is left is sent when it is dropped.
#[derive(Debug)]
#[must_use = "traces end when this is dropped"]
pub(crate) struct Telemetry {
    _traces: Option<Traces>,
}

/// Starts both. Logs go to standard error; `RUST_LOG` overrides what `-v` says.
pub(crate) fn start(cli: &Cli) -> Result<Telemetry, Failure> {
    let default = match (cli.verbose, &cli.command) {
        (0, Command::Run(_)) => "warn,sync_service=info,sync_core=info",
        (0, _) => "error",
        (1, _) => "info",
        _ => "debug,hyper=info,reqwest=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let choice = anstream::AutoStream::choice(&std::io::stderr());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(choice != anstream::ColorChoice::Never);
    let logs = match cli.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let registry = tracing_subscriber::registry().with(logs.with_filter(filter));
    let traces = cli.otlp_endpoint.as_deref();
    let traces = traces.map(Traces::start).transpose()?;
    let layer = traces.as_ref().map(Traces::layer);
    registry.with(layer).init();
    Ok(Telemetry { _traces: traces })
}
