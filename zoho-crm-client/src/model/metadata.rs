//! Settings of the organisation (reference: Zoho v8 section 8, read 2026-11).

mod layout;
mod new_field;
mod picklist;
mod user;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

pub use self::{
    layout::{
        CustomView, Layout, LayoutField, LayoutSection, Pipeline, PipelineStage, RelatedListMeta,
    },
    new_field::NewField,
    picklist::GlobalPicklist,
    user::{
        Currency, CurrencyFormat, DuplicateCheckConfiguration, DuplicateCheckMapping,
        DuplicateCheckPreference, FieldRef, NamedRef, User, UserKind,
    },
};
use crate::names::{FieldName, ModuleName, RecordId};

/// A field of a module.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct FieldMeta {
    /// Its id.
    pub id: Option<RecordId>,
    /// Name in records and queries.
    pub api_name: FieldName,
    /// Name that people see.
    #[serde(default, deserialize_with = "or_default")]
    pub field_label: String,
    /// What it holds.
    pub data_type: DataType,
    /// How it stands in JSON: `string`, `integer`, `double`, `boolean`, `jsonobject`, `jsonarray`, `bigint` …
    pub json_type: Option<String>,
    /// Longest text, in characters; for numbers, most digits.
    pub length: Option<u32>,
    /// Digits after the point.
    pub decimal_place: Option<u32>,
    /// Whether the system itself demands a value. Layouts may demand more.
    #[serde(default, deserialize_with = "or_default")]
    pub system_mandatory: bool,
    /// Whether the organisation added it.
    #[serde(default, deserialize_with = "or_default")]
    pub custom_field: bool,
    /// Whether this user cannot change it.
    #[serde(default, deserialize_with = "or_default")]
    pub read_only: bool,
    /// Whether nobody can change it.
    #[serde(default, deserialize_with = "or_default")]
    pub field_read_only: bool,
    /// What can be done with it by API.
    pub operation_type: Option<OperationType>,
    /// Set when two records must not have the same value.
    #[serde(default, deserialize_with = "unique")]
    pub unique: Option<Unique>,
    /// The values of a picklist.
    #[serde(default, deserialize_with = "or_default")]
    pub pick_list_values: Vec<PickListValue>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl FieldMeta {
    /// Whether Zoho refuses a second record with the same value.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        self.unique.is_some()
    }

    /// Whether an update by API can set it, as far as metadata tells.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        let allowed = self
            .operation_type
            .as_ref()
            .is_none_or(|operations| operations.api_update);
        allowed && !self.read_only && !self.field_read_only
    }

    /// The module that a lookup points to.
    #[must_use]
    pub fn lookup_module(&self) -> Option<ModuleName> {
        // An object in v8, the bare name in older answers.
        let module = self.other.get("lookup")?.get("module")?;
        let name = module.get("api_name").unwrap_or(module).as_str()?;
        (!name.is_empty()).then(|| name.into())
    }

    /// The module that the rows of a subform are of, where Zoho names it. Else it is named as the field.
    #[must_use]
    pub fn row_module(&self) -> Option<ModuleName> {
        let module = self.other.get("associated_module")?;
        let name = module
            .get("api_name")
            .or_else(|| module.get("module"))
            .unwrap_or(module)
            .as_str()?;
        (!name.is_empty()).then(|| name.into())
    }

    /// What a formula or a rollup summary yields.
    #[must_use]
    pub fn return_type(&self) -> Option<DataType> {
        let said = ["formula", "rollup_summary"]
            .iter()
            .find_map(|key| self.other.get(*key)?.get("return_type")?.as_str());
        serde_json::from_value(said?.to_ascii_lowercase().into()).ok()
    }

    /// Whether its values can stand for record ids in the header `X-EXTERNAL`.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.other
            .get("external")
            .and_then(|external| external.get("type"))
            .is_some_and(Value::is_string)
    }
}

/// What can be done with a field by API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct OperationType {
    /// Set when a record is created.
    #[serde(default = "yes")]
    pub api_create: bool,
    /// Changed later.
    #[serde(default = "yes")]
    pub api_update: bool,
}

/// That a field is unique.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unique {
    /// Whether values that differ in case only count as different, where Zoho says.
    pub case_sensitive: Option<bool>,
}

/// A module by name, and by id where Zoho gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleRef {
    /// Its id.
    pub id: Option<RecordId>,
    /// Name in paths and queries.
    pub api_name: ModuleName,
}

impl<'de> Deserialize<'de> for ModuleRef {
    /// From `{"api_name", "id"}` or the bare name: both are in use.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Name(ModuleName),
            Object {
                id: Option<RecordId>,
                api_name: ModuleName,
            },
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Name(api_name) => Self { id: None, api_name },
            Form::Object { id, api_name } => Self { id, api_name },
        })
    }
}

/// A value of a picklist.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct PickListValue {
    /// What people see.
    pub display_value: Option<String>,
    /// What records hold. `-None-` stands for empty.
    pub actual_value: Option<String>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// Zoho's word for what a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DataType {
    /// One line of text.
    Text,
    /// Several lines of text.
    TextArea,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A web address.
    Website,
    /// One of several values.
    Picklist,
    /// Several of several values.
    MultiselectPicklist,
    /// Numbered by Zoho. Read only.
    Autonumber,
    /// A whole number.
    Integer,
    /// A large whole number.
    Bigint,
    /// A number.
    Double,
    /// A number.
    Decimal,
    /// An amount of money.
    Currency,
    /// A percentage; 5 is 5 %.
    Percent,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// An instant.
    DateTime,
    /// A reference to a record.
    Lookup,
    /// A reference to the user in charge.
    OwnerLookup,
    /// A reference to a user.
    UserLookup,
    /// A reference to a record of one of several modules.
    #[serde(rename = "multi_module_lookup")]
    MultiModuleLookup,
    /// References to several records.
    MultiselectLookup,
    /// References to several users.
    MultiuserLookup,
    /// Rows of its own, such as line items.
    Subform,
    /// Computed by Zoho. Read only.
    Formula,
    /// Computed by Zoho from related records. Read only.
    #[serde(rename = "rollup_summary")]
    RollupSummary,
    /// Files.
    FileUpload,
    /// Pictures.
    ImageUpload,
    /// The record's own picture.
    ProfileImage,
    /// A word that this version does not know.
    #[serde(untagged)]
    Other(String),
}

/// A module.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ModuleMeta {
    /// Its id.
    pub id: Option<RecordId>,
    /// Name in paths and queries.
    pub api_name: ModuleName,
    /// Name that people see.
    pub module_name: Option<String>,
    /// Whether it can be reached by API.
    #[serde(default, deserialize_with = "or_default")]
    pub api_supported: bool,
    /// Whether this user may create records.
    #[serde(default, deserialize_with = "or_default")]
    pub creatable: bool,
    /// Whether this user may edit records.
    #[serde(default, deserialize_with = "or_default")]
    pub editable: bool,
    /// Whether this user may delete records.
    #[serde(default, deserialize_with = "or_default")]
    pub deletable: bool,
    /// Whether this user may see records.
    #[serde(default, deserialize_with = "or_default")]
    pub viewable: bool,
    /// `visible`, `user_hidden`, `system_hidden` or `scheduled_for_deletion`.
    pub status: Option<String>,
    /// `default`, `custom`, `subform`, `linking` …
    pub generated_type: Option<String>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl ModuleMeta {
    /// Whether calls to it have a chance: reachable by API, not hidden, visible to this user.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let shown = self
            .status
            .as_deref()
            .is_none_or(|status| status == "visible");
        self.api_supported && self.viewable && shown
    }
}

/// The organisation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Organization {
    /// Its record id.
    pub id: RecordId,
    /// Its id across Zoho's services: `X-CRM-ORG` of uploads, `soid` of client credentials.
    #[serde(deserialize_with = "text_or_number")]
    pub zgid: String,
    /// Name of the company.
    pub company_name: Option<String>,
    /// `production`, `sandbox`, `developer` or `bigin`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Such as `Europe/Zurich`.
    pub time_zone: Option<String>,
    /// Code of the home currency, such as `CHF`.
    pub iso_code: Option<String>,
    /// Whether records may have other currencies.
    pub mc_status: Option<bool>,
    /// What is paid for.
    pub license_details: Option<LicenseDetails>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// What an organisation pays for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct LicenseDetails {
    /// Whether it pays.
    pub paid: Option<bool>,
    /// The edition, such as `enterprise`.
    pub paid_type: Option<String>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

fn yes() -> bool {
    true
}

/// Zoho writes `null` where it has nothing to say.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// `{}` and `null` mean not unique; the flag inside has two spellings.
fn unique<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Unique>, D::Error> {
    let object = Option::<Map<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    if object.is_empty() {
        return Ok(None);
    }
    let flag = ["casesensitive", "case_sensitive"]
        .iter()
        .find_map(|key| object.get(*key));
    let case_sensitive = flag.and_then(|flag| match flag {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        _ => None,
    });
    Ok(Some(Unique { case_sensitive }))
}

fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}
