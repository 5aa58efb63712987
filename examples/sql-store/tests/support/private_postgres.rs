//! A PostgreSQL server of this process's own, for tests and benches.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

const SCRIPT: &str = include_str!("private_postgres.sh");

/// A running server. It ends, however this process ends, when the pipe to its input is closed.
pub(crate) struct PrivatePostgres {
    folder: String,
    schemas: AtomicU32,
    _process: Child,
}

/// Starts the server once; none where PostgreSQL is not installed, which a gate does not accept.
///
/// Nothing that is acknowledged needs to outlive the machine, unless `settings` say so.
pub(crate) fn private_postgres(settings: &str) -> Option<&'static PrivatePostgres> {
    static SERVER: OnceLock<Option<PrivatePostgres>> = OnceLock::new();
    let server = SERVER.get_or_init(|| start(settings, None)).as_ref();
    skip_loudly_without(server.is_some());
    server
}

/// A gate does not accept that there is no server.
fn skip_loudly_without(server: bool) {
    if !server {
        assert!(
            std::env::var_os("CI").is_none(),
            "PostgreSQL is not installed, and a gate must not skip what needs it"
        );
        // Not by a macro, whose output a test keeps to itself when it passes.
        let loud = "\n*** SKIPPED: this needs PostgreSQL, which is not installed here ***\n\n";
        std::io::stderr().write_all(loud.as_bytes()).ok();
    }
}

/// Starts a server of its own that takes encrypted connections at this port of `localhost`.
#[allow(dead_code, reason = "benches do not need it")]
pub(crate) fn encrypted_postgres(port: u16) -> Option<PrivatePostgres> {
    let server = start("-c fsync=off", Some(port));
    skip_loudly_without(server.is_some());
    server
}

fn start(settings: &str, encrypted: Option<u16>) -> Option<PrivatePostgres> {
    let encrypted = encrypted.map(|port| port.to_string()).unwrap_or_default();
    let mut child = Command::new("sh")
        .args(["-c", SCRIPT])
        .env("PRIVATE_POSTGRES", SCRIPT)
        .env("PRIVATE_POSTGRES_SETTINGS", settings)
        .env("PRIVATE_POSTGRES_TLS", encrypted)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell runs");
    let output = child.stdout.take().expect("its output is a pipe");
    let mut said = String::new();
    BufReader::new(output)
        .read_line(&mut said)
        .expect("it says how it went");
    match said.trim().split_once(' ') {
        Some(("ready", folder)) => Some(PrivatePostgres {
            folder: folder.to_owned(),
            schemas: AtomicU32::new(0),
            _process: child,
        }),
        _ if said.trim() == "missing" => None,
        _ => panic!("the server did not start; see above"),
    }
}

impl PrivatePostgres {
    /// The address of a new, empty part of the database.
    pub(crate) fn new_schema(&self) -> String {
        let number = self.schemas.fetch_add(1, Ordering::Relaxed);
        let name = format!("part_{}_{number}", std::process::id());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let sql = connect(&self.address("")).await;
            let make = format!("CREATE SCHEMA {name}");
            sql.batch_execute(&make).await.unwrap();
        });
        self.address(&format!("?options=-c%20search_path%3D{name}"))
    }

    /// The file of that name in the server's folder.
    #[allow(dead_code, reason = "benches do not need it")]
    pub(crate) fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// The address of the database itself, with these settings.
    pub(crate) fn address(&self, settings: &str) -> String {
        let host = self.folder.replace('/', "%2F");
        format!("postgres://postgres@{host}/postgres{settings}")
    }
}

/// A connection beside those of a store.
pub(crate) async fn connect(address: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(address, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}
