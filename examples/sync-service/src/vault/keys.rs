//! The keys of the vault. A text with a key a line, `NAME:BASE64`; the first encrypts, the others only decrypt.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use client_core::{EncryptingTokenStore, TokenEncryptionKey, TokenStore};
use secrecy::{ExposeSecret, SecretString};
use sync_core::{Clock as _, SystemClock};

use crate::{config::Secret, failure::Failure};

/// Keys of the vault.
#[derive(Debug)]
pub(crate) struct KeyRing {
    current: TokenEncryptionKey,
    others: Vec<TokenEncryptionKey>,
}

impl KeyRing {
    /// The keys at their place. A file that others could read is refused.
    pub(crate) fn read(place: &Secret) -> Result<Self, Failure> {
        if let Secret::File { file } = place {
            refuse_open_file(file)?;
        }
        Self::parse(&place.read("the key of the encrypted credentials")?)
    }

    fn parse(text: &SecretString) -> Result<Self, Failure> {
        let words = text.expose_secret().split([',', '\n', ' ']);
        let mut keys = words
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(key);
        let Some(current) = keys.next() else {
            return Err(Failure::input(
                "the key of the encrypted credentials is empty",
            ));
        };
        Ok(Self {
            current: current?,
            others: keys.collect::<Result<_, _>>()?,
        })
    }

    /// Encrypts what `inner` keeps.
    pub(super) fn encrypting(self, inner: Arc<dyn TokenStore>) -> EncryptingTokenStore {
        let store = EncryptingTokenStore::new(inner, self.current);
        self.others
            .into_iter()
            .fold(store, EncryptingTokenStore::reads_also)
    }

    /// Makes the key file, readable by its owner alone, if there is none.
    pub(crate) fn make_if_missing(place: &Secret) -> Result<(), Failure> {
        match place {
            Secret::File { file } if !file.exists() => write(file, &new_line()?),
            _ => Ok(()),
        }
    }

    /// Puts a new key before those in the file. The others are kept until [`drop_others`](Self::drop_others).
    pub(crate) fn add(file: &Path) -> Result<(), Failure> {
        let place = Secret::File {
            file: file.to_owned(),
        };
        Self::read(&place)?;
        let old = place.read("the key of the encrypted credentials")?;
        let text = format!("{}\n{}", new_line()?.expose_secret(), old.expose_secret());
        write(file, &SecretString::from(text))
    }

    /// Leaves only the current key in the file.
    pub(crate) fn drop_others(file: &Path) -> Result<(), Failure> {
        let place = Secret::File {
            file: file.to_owned(),
        };
        let text = place.read("the key of the encrypted credentials")?;
        let first = text.expose_secret().lines().next().unwrap_or_default();
        write(file, &SecretString::from(first))
    }
}

fn key(line: &str) -> Result<TokenEncryptionKey, Failure> {
    let (name, key) = line.split_once(':').ok_or_else(|| {
        Failure::input(
            "the key of the encrypted credentials is not NAME:BASE64; `openssl rand -base64 32` makes the second half",
        )
    })?;
    TokenEncryptionKey::from_base64(name, &SecretString::from(key))
        .map_err(|error| Failure::input_because("the key of the encrypted credentials", &error))
}

/// A line with a new key. Its name says when it was made.
fn new_line() -> Result<SecretString, Failure> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::broken(format!("there are no random numbers: {error}")))?;
    let name = SystemClock.now().as_microsecond();
    Ok(SecretString::from(format!(
        "k{name}:{}",
        STANDARD.encode(bytes)
    )))
}

/// Replaces the file in one step, readable by its owner alone.
fn write(file: &Path, text: &SecretString) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::input(format!(
            "the key file {} cannot be written: {error}",
            file.display()
        ))
    };
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    writeln!(new, "{}", text.expose_secret()).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(file).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(unix)]
fn refuse_open_file(file: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(found) = fs::metadata(file) else {
        return Err(Failure::input(format!(
            "the key file {} is not there: `sync-service connect` makes it when it keeps the first secret; or put back the one that belongs to the database",
            file.display()
        )));
    };
    if found.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(Failure::input(format!(
        "others can read the key file {}: chmod 600 {0}",
        file.display()
    )))
}

#[cfg(not(unix))]
fn refuse_open_file(file: &Path) -> Result<(), Failure> {
    fs::metadata(file).map(drop).map_err(|error| {
        Failure::input(format!(
            "the key file {} is not there: {error}",
            file.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_comes_first_and_the_old_one_still_decrypts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.key");
        let place = Secret::File { file: file.clone() };
        KeyRing::make_if_missing(&place).unwrap();
        let first = KeyRing::read(&place).unwrap().current.name().to_owned();
        KeyRing::add(&file).unwrap();
        let both = KeyRing::read(&place).unwrap();
        assert_ne!(both.current.name(), first);
        assert_eq!(both.others[0].name(), first);
        KeyRing::drop_others(&file).unwrap();
        let last = KeyRing::read(&place).unwrap();
        assert_eq!(
            (last.current.name(), last.others.len()),
            (both.current.name(), 0)
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.key");
        let place = Secret::File { file: file.clone() };
        KeyRing::make_if_missing(&place).unwrap();
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let error = KeyRing::read(&place).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}
