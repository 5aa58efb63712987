//! The token file among other processes, interrupted writes, and wrong content.

use std::{
    error::Error as _,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use async_trait::async_trait;
use client_core::{
    AuthError, CasError, FileTokenStore, RefreshToken, StoredToken, SystemClock, TokenCache,
    TokenKey, TokenStore, TokioSleep,
};
use jiff::SignedDuration;
use secrecy::ExposeSecret;

use crate::doubles::{access, key, start};

const ROLE: &str = "CLIENT_CORE_TEST_ROLE";
const FOLDER: &str = "CLIENT_CORE_TEST_FOLDER";

fn store_in(folder: &Path) -> FileTokenStore {
    FileTokenStore::new(folder.join("tokens.json"))
}

fn counting(number: u64) -> StoredToken {
    StoredToken {
        attributes: [("count".to_owned(), number.to_string())].into(),
        ..access("access", start())
    }
}

async fn count(store: &FileTokenStore) -> u64 {
    match store.load(&key()).await.unwrap() {
        Some((token, _)) => token.attributes["count"].parse().unwrap(),
        None => 0,
    }
}

/// Adds one to the stored count, against everybody who does the same.
async fn count_up(store: &FileTokenStore) -> u64 {
    loop {
        let stored = store.load(&key()).await.unwrap();
        let (number, revision) = match &stored {
            Some((token, revision)) => {
                (token.attributes["count"].parse().unwrap(), Some(*revision))
            }
            None => (0, None),
        };
        let next = counting(number + 1);
        match store.compare_and_swap(&key(), revision, &next).await {
            Ok(_) => return number + 1,
            Err(CasError::Conflict) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Another process that runs [`child`] in `role` on the store in `folder`.
fn spawn_child(role: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "file_token_store::child", "--nocapture"])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the processes started by the tests below do. Run as a test of its own, it has no role and does nothing.
#[tokio::test]
async fn child() {
    let (Ok(role), Some(folder)) = (std::env::var(ROLE), std::env::var_os(FOLDER)) else {
        return;
    };
    let folder = Path::new(&folder);
    let store = store_in(folder);
    match role.as_str() {
        "count to fifty" => {
            for _ in 0..50 {
                count_up(&store).await;
            }
        }
        "count for ever" => loop {
            let number = count_up(&store).await;
            writeln!(std::io::stdout(), "committed {number}").unwrap();
        },
        "get a token" => {
            let cache = TokenCache::new(
                key(),
                Arc::new(store),
                Arc::new(LoggedEndpoint(folder.join("refreshes"))),
                Arc::new(SystemClock),
                Arc::new(TokioSleep),
            );
            let token = cache.access_token().await.unwrap();
            assert_eq!(token.secret.expose_secret(), "renewed");
        }
        other => panic!("no role {other}"),
    }
}

/// A token endpoint for several processes: it writes a line for each call.
#[derive(Debug)]
struct LoggedEndpoint(std::path::PathBuf);

#[async_trait]
impl RefreshToken for LoggedEndpoint {
    async fn refresh(&self, _: Option<&StoredToken>) -> Result<StoredToken, AuthError> {
        let mut log = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.0)
            .unwrap();
        log.write_all(b"refreshed\n").unwrap();
        let in_an_hour = client_core::Clock::now(&SystemClock) + SignedDuration::from_hours(1);
        Ok(access("renewed", in_an_hour))
    }
}

fn finish(children: Vec<Child>) {
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

#[tokio::test]
async fn no_write_of_racing_processes_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let children = (0..4)
        .map(|_| spawn_child("count to fifty", folder.path()))
        .collect();
    finish(children);
    assert_eq!(count(&store_in(folder.path())).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_write_of_racing_threads_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = store_in(folder.path());
        tasks.spawn(async move {
            for _ in 0..25 {
                count_up(&store).await;
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(count(&store_in(folder.path())).await, 100);
}

#[tokio::test]
async fn processes_that_share_the_file_make_one_refresh() {
    let folder = tempfile::tempdir().unwrap();
    let children = (0..6)
        .map(|_| spawn_child("get a token", folder.path()))
        .collect();
    finish(children);
    let log = fs::read_to_string(folder.path().join("refreshes")).unwrap();
    assert_eq!(log, "refreshed\n");
}

#[tokio::test]
async fn a_process_killed_at_any_moment_loses_nothing_it_has_committed() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    for round in 1..=10 {
        let mut child = spawn_child("count for ever", folder.path());
        let committed = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("committed ")?.parse::<u64>().ok())
            .nth(round * 3)
            .expect("the child counts for ever");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(count(&store).await >= committed, "round {round}");
    }
}

#[tokio::test]
async fn what_an_interrupted_write_left_behind_is_neither_read_nor_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    count_up(&store).await;
    fs::write(
        folder.path().join("tokens.json.new"),
        "{\"version\":1,\"tok",
    )
    .unwrap();
    assert_eq!(count(&store).await, 1);
    assert_eq!(count_up(&store).await, 2);
    assert!(!folder.path().join("tokens.json.new").exists());
    // A store opened by the next process sees the same.
    assert_eq!(count(&store_in(folder.path())).await, 2);
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn only_the_owner_can_read_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path());
        count_up(&store).await;
        assert_eq!(mode(&folder.path().join("tokens.json")), 0o600);
        assert_eq!(mode(&folder.path().join("tokens.json.lock")), 0o600);
    }

    #[tokio::test]
    async fn files_that_others_could_read_are_replaced_by_ones_they_cannot() {
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path());
        count_up(&store).await;
        let readable = fs::Permissions::from_mode(0o644);
        for name in ["tokens.json", "tokens.json.new"] {
            let path = folder.path().join(name);
            if !path.exists() {
                fs::write(&path, "").unwrap();
            }
            fs::set_permissions(&path, readable.clone()).unwrap();
        }
        count_up(&store).await;
        assert_eq!(mode(&folder.path().join("tokens.json")), 0o600);
    }

    #[tokio::test]
    async fn tokens_are_not_written_through_a_link_that_somebody_planted() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "untouched").unwrap();
        symlink(&elsewhere, folder.path().join("tokens.json.new")).unwrap();
        let store = store_in(folder.path());
        count_up(&store).await;
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "untouched");
        assert_eq!(count(&store).await, 1);
    }
}

#[tokio::test]
async fn several_credentials_share_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    let (zoho, x3) = (
        TokenKey::new("zoho/1000.A/acme"),
        TokenKey::new("x3/\"acme\"\n/é"),
    );
    for (key, token) in [(&zoho, "for zoho"), (&x3, "for x3")] {
        let token = access(token, start());
        store.compare_and_swap(key, None, &token).await.unwrap();
    }
    store.delete(&zoho).await.unwrap();
    assert!(store.load(&zoho).await.unwrap().is_none());
    let (token, _) = store.load(&x3).await.unwrap().unwrap();
    assert_eq!(token.access_token.unwrap().expose_secret(), "for x3");
}

async fn problem(content: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    fs::write(&path, content).unwrap();
    let store = FileTokenStore::new(&path);
    let error = store.load(&key()).await.unwrap_err();
    let swap = store.compare_and_swap(&key(), None, &counting(1)).await;
    assert!(matches!(swap, Err(CasError::Store(_))));
    // A file that is not understood is left to the person who can tell what it is.
    assert_eq!(fs::read_to_string(&path).unwrap(), content);
    assert!(error.to_string().contains("tokens.json"));
    format!("{error}: {} / {error:?}", error.source().unwrap())
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_an_error_that_shows_no_secret() {
    let text = problem("{\"version\":1,\"tokens\":{\"a\":{\"revision\":\"canary\"}}}").await;
    assert!(
        text.contains("line 1") && !text.contains("canary"),
        "{text}"
    );
    let text = problem("not json at all: canary").await;
    assert!(
        text.contains("not a token file") && !text.contains("canary"),
        "{text}"
    );
}

#[tokio::test]
async fn a_file_of_a_later_version_is_not_touched() {
    let text = problem("{\"version\":2,\"tokens\":{}}").await;
    assert!(text.contains("version 2"), "{text}");
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::new(folder.path().join("missing/tokens.json"));
    assert!(store.load(&key()).await.unwrap().is_none());
    let error = store
        .compare_and_swap(&key(), None, &counting(1))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("missing/tokens.json"), "{error}");
}
