//! Tokens in one file that only its owner can read.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    CasError, StoredToken, TokenKey, TokenRevision, TokenStore, TokenStoreError, form::TokenForm,
};

/// Keeps tokens in one JSON file, readable by its owner only and replaced atomically.
///
/// A lock file beside it orders writers in different processes. Operations hold the calling thread for one small file
/// write: tokens change about once an hour. The secrets are in clear text in the file; wrap the
/// store to encrypt them (`EncryptingTokenStore`, feature `encryption`).
#[derive(Clone, Debug)]
pub struct FileTokenStore {
    path: PathBuf,
}

impl FileTokenStore {
    /// A store in the file at `path`, which need not exist yet. Its folder must.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    }

    fn failed(
        &self,
        action: &str,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> TokenStoreError {
        TokenStoreError::new(format!("{action} {}", self.path.display()), error)
    }

    /// Runs `change` on the content while no other process can write.
    fn locked<T>(
        &self,
        change: impl FnOnce(&mut Content) -> Change<T>,
    ) -> Result<T, TokenStoreError> {
        let lock = owner_only()
            .create(true)
            .truncate(false)
            .open(self.beside(".lock"))
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|error| self.failed("locking", error))?;
        let mut content = self.read()?;
        let result = match change(&mut content) {
            Change::Keep(result) => result,
            Change::Write(result) => {
                self.replace(&content)?;
                result
            }
        };
        drop(lock);
        Ok(result)
    }

    fn read(&self) -> Result<Content, TokenStoreError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Content::default()),
            Err(error) => return Err(self.failed("reading", error)),
        };
        // serde_json's own message may quote the file, and so a token.
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| {
            let place = format!(
                "not a token file: line {}, column {}",
                error.line(),
                error.column()
            );
            self.failed("reading", place)
        })?;
        if content.version != VERSION {
            let problem = format!(
                "it has version {} and this program reads version {VERSION}",
                content.version
            );
            return Err(self.failed("reading", problem));
        }
        Ok(content)
    }

    fn replace(&self, content: &Content) -> Result<(), TokenStoreError> {
        let bytes =
            serde_json::to_vec_pretty(content).map_err(|error| self.failed("encoding", error))?;
        let draft = self.beside(".new");
        write_new(&draft, &bytes)
            .and_then(|()| fs::rename(&draft, &self.path))
            .and_then(|()| sync_folder(&self.path))
            .map_err(|error| self.failed("writing", error))
    }
}

enum Change<T> {
    Keep(T),
    Write(T),
}

fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file that was not there, durably. What an interrupted write left behind is removed, not reused: its mode
/// and, were it a link, its target may be anything.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = owner_only().create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A rename is durable only once the folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

/// The form of the file that this code reads and writes.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    /// The last revision given to each key, deleted ones included, so that a revision never returns.
    tokens: BTreeMap<String, Entry>,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            version: VERSION,
            tokens: BTreeMap::new(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Entry {
    revision: u64,
    token: Option<TokenForm>,
}

#[async_trait]
impl TokenStore for FileTokenStore {
    async fn load(
        &self,
        key: &TokenKey,
    ) -> Result<Option<(StoredToken, TokenRevision)>, TokenStoreError> {
        let content = self.read()?;
        Ok(content.tokens.get(key.as_str()).and_then(|entry| {
            let token = entry.token.as_ref()?;
            Some((token.into(), TokenRevision(entry.revision)))
        }))
    }

    async fn compare_and_swap(
        &self,
        key: &TokenKey,
        expected: Option<TokenRevision>,
        token: &StoredToken,
    ) -> Result<TokenRevision, CasError> {
        self.locked(|content| {
            let entry = content.tokens.get(key.as_str());
            let last = entry.map_or(0, |entry| entry.revision);
            let current = entry
                .and_then(|entry| entry.token.as_ref())
                .map(|_| TokenRevision(last));
            if current != expected {
                return Change::Keep(Err(CasError::Conflict));
            }
            let revision = last + 1;
            content.tokens.insert(
                key.as_str().to_owned(),
                Entry {
                    revision,
                    token: Some(token.into()),
                },
            );
            Change::Write(Ok(TokenRevision(revision)))
        })?
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), TokenStoreError> {
        self.locked(|content| match content.tokens.get_mut(key.as_str()) {
            Some(entry) if entry.token.is_some() => {
                entry.token = None;
                Change::Write(())
            }
            _ => Change::Keep(()),
        })
    }
}
