//! Runs the simulator as a program: one JSON line when ready, then serves until Ctrl-C or SIGTERM.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use sage_x3_simulator::{
    BasicUser, ConnectedApplication, DEFAULT_ENDPOINT, Generation, X3Simulator,
};
use serde::Serialize;

/// A Sage X3 server for tests.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// An endpoint to serve; may be given several times.
    #[arg(long = "endpoint", default_value = DEFAULT_ENDPOINT)]
    endpoints: Vec<String>,
    /// The schema generation.
    #[arg(long, value_enum, default_value = "3")]
    generation: GenerationArgument,
    /// A text field of the site's own on the customer, such as YZOHOID; may be given several times.
    #[arg(long = "custom-field")]
    custom_fields: Vec<String>,
    /// A further name for the update stamp, such as updatedDate; may be given several times.
    #[arg(long = "stamp-alias")]
    stamp_aliases: Vec<String>,
    /// Print the schema served with these arguments and end.
    #[arg(long)]
    print_schema: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum GenerationArgument {
    /// 2021 R2 to 2023 R2.
    #[value(name = "2")]
    Two,
    /// 2024 R1 and later.
    #[value(name = "3")]
    Three,
}

/// What whoever started the program needs to use it.
#[derive(Serialize)]
struct Ready<'a> {
    base_url: String,
    api_url: String,
    /// The cloud's gateway.
    gateway_url: String,
    address: String,
    /// The first endpoint.
    endpoint: &'a str,
    endpoints: &'a [String],
    connected_application: ConnectedApplication,
    basic: BasicUser,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "sage-x3-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut builder =
        X3Simulator::builder()
            .listen(arguments.listen)
            .generation(match arguments.generation {
                GenerationArgument::Two => Generation::Two,
                GenerationArgument::Three => Generation::Three,
            });
    for endpoint in &arguments.endpoints {
        builder = builder.endpoint(endpoint);
    }
    for field in &arguments.custom_fields {
        builder = builder.custom_field(field);
    }
    let simulator = builder
        .settings(|settings| settings.stamp_aliases = arguments.stamp_aliases)
        .start()
        .await?;
    let mut stdout = std::io::stdout();
    if arguments.print_schema {
        write!(stdout, "{}", simulator.schema_sdl())?;
        return Ok(());
    }
    // Whoever reads the line may end the program at once, so it listens for that before it prints.
    let end = End::listen()?;
    let ready = Ready {
        base_url: simulator.base_url(),
        api_url: simulator.api_url(),
        gateway_url: simulator.gateway_url(),
        address: simulator.address().to_string(),
        endpoint: arguments
            .endpoints
            .first()
            .map_or(DEFAULT_ENDPOINT, String::as_str),
        endpoints: &arguments.endpoints,
        connected_application: ConnectedApplication::default(),
        basic: BasicUser::default(),
    };
    writeln!(stdout, "{}", serde_json::to_string(&ready)?)?;
    stdout.flush()?;
    end.reached().await?;
    simulator.stop().await;
    Ok(())
}

/// Ctrl-C and SIGTERM, listened to from the moment this is made.
#[cfg(unix)]
struct End {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl End {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn reached(mut self) -> std::io::Result<()> {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        Ok(())
    }
}

#[cfg(not(unix))]
struct End;

#[cfg(not(unix))]
impl End {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn reached(self) -> std::io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
