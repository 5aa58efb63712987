//! The persisted forms of what a store keeps: versioned, and apart from the types that the engine works with.
//!
//! A store keeps these texts as they are. Each is a JSON document `{"version": 1, "content": ...}`; what a version
//! means never changes, so a database that an older release wrote stays readable. A text of a version that is not known
//! here was written by a newer release and is refused ([`StoredFormError::NewerVersion`]) instead of being half
//! understood.
//!
//! Values come back exactly: decimals with their scale, instants to the nanosecond, an absent field apart from an empty
//! one.
//!
//! ```
//! use sync_core::{Cause, stored};
//!
//! let text = stored::encode_cause(&Cause::Feed("modified".into()))?;
//! assert_eq!(stored::decode_cause(&text)?, Cause::Feed("modified".into()));
//! # Ok::<(), stored::StoredFormError>(())
//! ```

#[cfg(test)]
mod tests;
mod v1;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    audit::AuditEntry,
    job::{Cause, Parked},
    link::LinkContent,
};

/// The newest version that is read here, and the one that is written.
const NEWEST: u32 = 1;

/// A persisted form could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoredFormError {
    /// A newer release wrote it. Run that release, or a newer one, on this store.
    #[error(
        "a stored {what} has version {found}, and this release reads versions up to {known}: a newer release wrote it"
    )]
    NewerVersion {
        /// What it is, for example `link`.
        what: &'static str,
        /// Its version.
        found: u32,
        /// The newest version that is read here.
        known: u32,
    },
    /// It is damaged, or was never written by any release.
    #[error("a stored {what} cannot be read")]
    Malformed {
        /// What it is.
        what: &'static str,
        /// Where it goes wrong.
        #[source]
        source: serde_json::Error,
    },
    /// It cannot be kept: it would not be readable again.
    #[error("a {what} cannot be stored")]
    NotStorable {
        /// What it is.
        what: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

/// The text to store for a link's content.
///
/// # Errors
/// [`StoredFormError::NotStorable`] when lists are nested more than sixteen deep.
pub fn encode_link(content: &LinkContent) -> Result<String, StoredFormError> {
    encode("link", v1::Link::from(content))
}

/// The link content that [`encode_link`] made `text` of.
///
/// # Errors
/// [`StoredFormError::NewerVersion`], [`StoredFormError::Malformed`].
pub fn decode_link(text: &str) -> Result<LinkContent, StoredFormError> {
    decode::<v1::Link, _>("link", text)
}

/// The text to store for why and with what a job is parked.
///
/// # Errors
/// [`StoredFormError::NotStorable`] when lists are nested more than sixteen deep.
pub fn encode_parked(parked: &Parked) -> Result<String, StoredFormError> {
    encode("parked job", v1::Parked::from(parked))
}

/// What [`encode_parked`] made `text` of.
///
/// # Errors
/// [`StoredFormError::NewerVersion`], [`StoredFormError::Malformed`].
pub fn decode_parked(text: &str) -> Result<Parked, StoredFormError> {
    decode::<v1::Parked, _>("parked job", text)
}

/// The text to store for a cause.
///
/// # Errors
/// None in practice; [`StoredFormError::NotStorable`] for symmetry with the other forms.
pub fn encode_cause(cause: &Cause) -> Result<String, StoredFormError> {
    encode("cause", v1::Cause::from(cause))
}

/// The cause that [`encode_cause`] made `text` of.
///
/// # Errors
/// [`StoredFormError::NewerVersion`], [`StoredFormError::Malformed`].
pub fn decode_cause(text: &str) -> Result<Cause, StoredFormError> {
    decode::<v1::Cause, _>("cause", text)
}

/// The text to store for an audit entry.
///
/// # Errors
/// [`StoredFormError::NotStorable`] when lists are nested more than sixteen deep.
pub fn encode_audit(entry: &AuditEntry) -> Result<String, StoredFormError> {
    encode("audit entry", v1::AuditEntry::from(entry))
}

/// The audit entry that [`encode_audit`] made `text` of.
///
/// # Errors
/// [`StoredFormError::NewerVersion`], [`StoredFormError::Malformed`].
pub fn decode_audit(text: &str) -> Result<AuditEntry, StoredFormError> {
    decode::<v1::AuditEntry, _>("audit entry", text)
}

#[derive(Serialize)]
struct Written<T> {
    version: u32,
    content: T,
}

/// Read first and by itself: nothing else of a newer version can be relied on.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found<'a> {
    #[serde(rename = "version")]
    _version: u32,
    #[serde(borrow)]
    content: &'a RawValue,
}

fn encode<T: Serialize>(what: &'static str, content: T) -> Result<String, StoredFormError> {
    let written = Written {
        version: NEWEST,
        content,
    };
    serde_json::to_string(&written).map_err(|source| StoredFormError::NotStorable { what, source })
}

fn decode<V1: DeserializeOwned + Into<T>, T>(
    what: &'static str,
    text: &str,
) -> Result<T, StoredFormError> {
    let malformed = |source| StoredFormError::Malformed { what, source };
    let Version { version } = serde_json::from_str(text).map_err(malformed)?;
    if version > NEWEST {
        return Err(StoredFormError::NewerVersion {
            what,
            found: version,
            known: NEWEST,
        });
    }
    if version == 0 {
        return Err(malformed(serde::de::Error::custom(
            "version 0 was never written",
        )));
    }
    let found: Found<'_> = serde_json::from_str(text).map_err(malformed)?;
    let content: V1 = serde_json::from_str(found.content.get()).map_err(malformed)?;
    Ok(content.into())
}
