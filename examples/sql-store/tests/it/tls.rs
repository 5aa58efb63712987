//! Encrypted connections to PostgreSQL: to the server that proves who it is, and to no other.

use std::{error::Error as _, net::TcpListener};

use sql_store::SqlStore;
use sync_core::{Store, StoreError};

use crate::{
    block_on,
    private_postgres::{PrivatePostgres, connect, encrypted_postgres},
};

struct Server {
    port: u16,
    postgres: PrivatePostgres,
}

impl Server {
    fn start() -> Option<Self> {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let postgres = encrypted_postgres(port)?;
        Some(Self { port, postgres })
    }

    fn address(&self, host: &str, settings: &str) -> String {
        format!(
            "postgres://postgres@{host}:{}/postgres{settings}",
            self.port
        )
    }

    /// How many connections of stores are encrypted, and how many there are.
    async fn encrypted(&self) -> (i64, i64) {
        let folder = self
            .postgres
            .file("")
            .trim_end_matches('/')
            .replace('/', "%2F");
        let sql = connect(&self.address(&folder, "")).await;
        let count = "SELECT count(*) FILTER (WHERE ssl), count(*) FROM pg_stat_ssl
            JOIN pg_stat_activity USING (pid) WHERE application_name = 'sql-store'";
        let row = sql.query_one(count, &[]).await.unwrap();
        (row.get(0), row.get(1))
    }
}

fn refusal(opened: Result<SqlStore, StoreError>) -> String {
    let error = opened.map(drop).unwrap_err();
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error}: {source}")
}

#[test]
fn connections_are_encrypted_to_the_server_that_proves_who_it_is_and_to_no_other() {
    let Some(server) = Server::start() else {
        return;
    };
    let file = |name: &str| server.postgres.file(name).replace('/', "%2F");
    let trusting =
        |authority: &str| format!("?sslmode=verify-full&sslrootcert={}", file(authority));
    block_on(async {
        let address = server.address("localhost", &trusting("ca.pem"));
        let store = SqlStore::open(&address).await.unwrap();
        let counts = store.counts(&"acme".into(), &"customers".into()).await;
        assert_eq!(counts.unwrap().queued, 0);
        let (encrypted, all) = server.encrypted().await;
        assert!(encrypted > 0 && encrypted == all, "{encrypted} of {all}");
        drop(store);

        let by_option = SqlStore::postgres(&server.address("localhost", ""))
            .root_certificates(server.postgres.file("ca.pem"));
        by_option.open().await.unwrap();

        // Signed by somebody else; by nobody whom the system knows; for another name.
        for (host, settings, reason) in [
            ("localhost", trusting("other.pem"), "certificate"),
            ("localhost", "?sslmode=require".to_owned(), "certificate"),
            ("127.0.0.1", trusting("ca.pem"), "certificate"),
        ] {
            let said = refusal(SqlStore::open(&server.address(host, &settings)).await);
            assert!(said.contains(reason), "{host} {settings}: {said}");
        }
    });
}
