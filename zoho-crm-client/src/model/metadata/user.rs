//! Users, currencies and duplicate checks of the organisation.

use std::collections::BTreeMap;

use client_core::ExactDecimal;
use serde::Deserialize;
use serde_json::Value;

use super::{FieldMeta, ModuleRef, or_default};
use crate::names::{FieldName, RecordId};

/// A user of the organisation.
#[derive(Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// The id that `Owner` and other fields refer to.
    pub id: RecordId,
    /// First and last name.
    pub full_name: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Address to sign in with.
    pub email: Option<String>,
    /// `active`, `disabled`, `deleted` or `closed`. Records of others cannot be given to them.
    pub status: Option<String>,
    /// Whether the invitation was accepted.
    pub confirm: Option<bool>,
    /// Id across Zoho's services.
    pub zuid: Option<String>,
    /// What the user may do.
    pub profile: Option<NamedRef>,
    /// Place in the hierarchy.
    pub role: Option<NamedRef>,
    /// Everything else that Zoho says of the user: time zone, locale, formats, addresses.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl User {
    /// Whether records can be given to the user.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status.as_deref() == Some("active")
    }
}

impl std::fmt::Debug for User {
    /// Shows no personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Something with an id and a name, such as a profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct NamedRef {
    /// Its id.
    pub id: RecordId,
    /// Its name.
    pub name: Option<String>,
}

/// Which users to list (reference: Zoho v8 section 8, read 2026-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserKind {
    /// Everybody.
    All,
    /// Those who may sign in.
    Active,
    /// Active ones who accepted the invitation.
    ActiveConfirmed,
    /// Administrators.
    Admins,
    /// The user whose token this is.
    Current,
    /// Those who may not sign in any more.
    Deactivated,
    /// Those who were deleted.
    Deleted,
}

impl UserKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::All => "AllUsers",
            Self::Active => "ActiveUsers",
            Self::ActiveConfirmed => "ActiveConfirmedUsers",
            Self::Admins => "AdminUsers",
            Self::Current => "CurrentUser",
            Self::Deactivated => "DeactiveUsers",
            Self::Deleted => "DeletedUsers",
        }
    }
}

/// A currency that records may be in.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Currency {
    /// Its id.
    pub id: RecordId,
    /// ISO 4217 code, such as `CHF`; what records hold in `Currency`.
    pub iso_code: String,
    /// Its name.
    pub name: Option<String>,
    /// Its symbol.
    pub symbol: Option<String>,
    /// Whether it is the home currency.
    #[serde(default, deserialize_with = "or_default")]
    pub is_base: bool,
    /// Whether it may be used.
    #[serde(default, deserialize_with = "or_default")]
    pub is_active: bool,
    /// Units of it for one of the home currency. Zoho sends text.
    pub exchange_rate: Option<ExactDecimal>,
    /// How amounts are written for people.
    pub format: Option<CurrencyFormat>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// How amounts are written for people.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct CurrencyFormat {
    /// `Period` or `Comma`.
    pub decimal_separator: Option<String>,
    /// `Period`, `Comma`, `Space` or an apostrophe by name.
    pub thousand_separator: Option<String>,
    /// Digits after the point. Zoho sends text.
    pub decimal_places: Option<ExactDecimal>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// With which records of other modules a new record of a module is compared (reference: OAS25
/// duplicate_check_preference.json, read 2026-11).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct DuplicateCheckPreference {
    /// `converted_records` or `mapped_module_records`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The modules compared with.
    #[serde(default, deserialize_with = "or_default")]
    pub type_configurations: Vec<DuplicateCheckConfiguration>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// One module compared with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct DuplicateCheckConfiguration {
    /// The other module.
    pub mapped_module: Option<ModuleRef>,
    /// Which fields are compared.
    #[serde(default, deserialize_with = "or_default")]
    pub field_mappings: Vec<DuplicateCheckMapping>,
}

/// A pair of fields that are compared.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct DuplicateCheckMapping {
    /// The field of the module asked about.
    pub current_field: FieldRef,
    /// The field of the other module.
    pub mapped_field: FieldRef,
}

/// A field by id and name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FieldRef {
    /// Its id.
    pub id: Option<RecordId>,
    /// Name in records.
    pub api_name: FieldName,
}

impl From<&FieldMeta> for FieldRef {
    fn from(field: &FieldMeta) -> Self {
        Self {
            id: field.id.clone(),
            api_name: field.api_name.clone(),
        }
    }
}

/// By name alone.
impl From<FieldName> for FieldRef {
    fn from(api_name: FieldName) -> Self {
        Self { id: None, api_name }
    }
}

/// By name alone.
impl From<&str> for FieldRef {
    fn from(api_name: &str) -> Self {
        FieldName::from(api_name).into()
    }
}
