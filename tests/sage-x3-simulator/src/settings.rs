//! Every switch of the simulator, with the most evidenced answer as its default.

mod cloud;
mod own;
mod soap;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use cloud::{CallbackForm, CloudGateway};
pub use own::{CustomClass, OwnKind, OwnNode, OwnProperty};
pub use soap::{SoapPool, SoapPublication};

/// Which of the published schema shapes is served (reference: 3.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    /// 2021 R2 to 2023 R2: roots like `xtremX3MasterData`.
    Two,
    /// 2024 R1 and later: roots like `x3MasterData`.
    #[default]
    Three,
}

/// A JSON form of decimals in answers; both are in evidence (reference: 3.7, open question 7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalForm {
    /// `"1500.5"`, as the published client typings have it.
    #[default]
    Text,
    /// `1500.5`, as several samples have it.
    Number,
}

/// How a customer's names are published (reference: 3.2, breaking changes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanyNames {
    /// `companyName1` and `companyName2` (newest cloud).
    Numbered,
    /// `companyNames { query { edges { node { companyName } } } }` (2023 to 2024).
    Collection,
    /// `companyName` (older).
    Single,
}

/// What stands in the `_id` of a row of the address table, whose key has three parts.
///
/// Composite ids are documented, this one is not: the default joins the key columns as stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressIdForm {
    /// `1|NA001|MAIN`
    #[default]
    EntityNumber,
    /// `businessPartner|NA001|MAIN`
    EntityName,
    /// `NA001|MAIN`
    WithoutEntity,
}

/// What is done when more rows are asked for than a page may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageOverflow {
    /// The page is silently as long as it may be.
    #[default]
    Clamp,
    /// `errors[]` and no page.
    Refuse,
}

/// The finest step of stamps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StampPrecision {
    /// Whole milliseconds.
    #[default]
    Millisecond,
    /// SQL Server's `datetime`: milliseconds ending in 0, 3 or 7.
    SqlServerDatetime,
}

/// How a missing record is answered by api1; both are observed (reference: 4.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingRecord {
    /// HTTP 200 with an error among `$diagnoses`.
    #[default]
    DiagnosesWith200,
    /// HTTP 404.
    NotFound,
}

/// What api1 writes where a date is not set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoDate {
    /// `null`
    Null,
    /// SQL Server's sentinel, 1753-01-01.
    #[default]
    SqlServer,
    /// Oracle's sentinel, 1599-12-31.
    Oracle,
}

/// What the sales order's collection of lines, and the member of its input, is called.
///
/// The first generation's documentation has `lines`, and so has the observed purchase receipt; the purchase order's is
/// observed as `purchaseOrderLines` (reference: 3.11).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SalesOrderLines {
    /// `lines`
    Lines,
    /// `salesOrderLines`
    #[default]
    SalesOrderLines,
}

impl SalesOrderLines {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::SalesOrderLines => "salesOrderLines",
        }
    }
}

/// What happens to an order of a customer on hold or above its authorised credit.
///
/// The order's status says it unless the check is ignored; the rest is a matter of the site's set-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditCheck {
    /// No check: every order's status is `ok`.
    Ignored,
    /// The order is written with its status and nothing is said.
    StatusOnly,
    /// The order is written with its status and a severity 2 diagnose in `errors[]`.
    #[default]
    Warns,
    /// A severity 3 diagnose: the order is not written.
    Blocks,
}

/// A connected application (reference: 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectedApplication {
    /// The generated id, the token's `iss`.
    pub client_id: String,
    /// The secret whose bytes sign the tokens (HS256).
    pub secret: String,
    /// The login allowed in `sub`; a token without `sub` acts as this user.
    pub allowed_user: String,
    /// Compared literally with `aud`.
    pub audience: String,
    /// "Tokens validity": the most `exp - iat` may be.
    pub tokens_validity: Duration,
    /// An inactive application is unknown.
    pub active: bool,
}

impl Default for ConnectedApplication {
    fn default() -> Self {
        Self {
            client_id: "0123456789abcdef0123456789abcdef".to_owned(),
            secret: "x3-secret".to_owned(),
            allowed_user: "sync".to_owned(),
            audience: String::new(),
            tokens_validity: Duration::from_secs(600),
            active: true,
        }
    }
}

/// A login for Basic authentication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasicUser {
    /// The login.
    pub login: String,
    /// Its password.
    pub password: String,
}

impl Default for BasicUser {
    fn default() -> Self {
        Self {
            login: "sync".to_owned(),
            password: "x3-password".to_owned(),
        }
    }
}

/// A field of the site's own, as its developers add them to a table and a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    /// The node that has it, for instance `customer`.
    pub node: String,
    /// Its name, by convention starting with X, Y or Z.
    pub name: String,
    /// The longest text it takes.
    pub max_length: usize,
}

impl CustomField {
    /// A text field of up to 30 characters on the customer.
    pub fn on_customer(name: impl Into<String>) -> Self {
        Self {
            node: "customer".to_owned(),
            name: name.into(),
            max_length: 30,
        }
    }
}

/// Every switch; `Default` is a server of 2024 R1 or later with both kinds of credentials.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Settings {
    /// The schema generation served.
    pub generation: Generation,
    /// How customer names are published; empty = numbered in generation 3, collection and single in generation 2.
    pub company_names: Vec<CompanyNames>,
    /// Fields the site added, on all endpoints.
    pub custom_fields: Vec<CustomField>,
    /// Further names under which every node publishes its update stamp, such as `updatedDate` or
    /// `modifiedDateTime`. None in evidence, so none by default.
    pub stamp_aliases: Vec<String>,
    /// Connected applications known to the server.
    pub connected_applications: Vec<ConnectedApplication>,
    /// Whether bearer tokens are accepted at all.
    pub bearer_enabled: bool,
    /// Users with a password.
    pub basic_users: Vec<BasicUser>,
    /// Whether Basic is accepted at all.
    pub basic_enabled: bool,
    /// Whether `read` takes `_id: String!`, as until 2021 R3, rather than `Id!`.
    pub read_takes_string: bool,
    /// HTTP status when `x-xtrem-endpoint` is missing or unknown (open question 2).
    pub endpoint_error_status: u16,
    /// Rows of a page when none are asked for; also of child collections.
    pub default_page: usize,
    /// The longest page.
    pub max_page: usize,
    /// What happens above [`max_page`](Self::max_page).
    pub page_overflow: PageOverflow,
    /// Whether the server itself adds the key to an order that lacks `_id`.
    ///
    /// Off: a cursor holds only the values asked for, and rows equal in all of them are lost between two pages.
    pub order_by_key_last: bool,
    /// JSON form of decimals.
    pub decimals: DecimalForm,
    /// `_id` of addresses.
    pub address_ids: AddressIdForm,
    /// The finest step of `_createStamp` and `_updateStamp`.
    pub stamp_precision: StampPrecision,
    /// Whether empty address lines, telephone numbers and so on are rows of their collections.
    pub empty_slots_listed: bool,
    /// Longest company name: 75 on newer folders, 35 on older ones.
    pub name_length: usize,
    /// Whether a change of an address or of the business partner also moves the customer's stamp.
    pub children_move_parent_stamp: bool,
    /// Whether an update that changes nothing moves the customer's stamp all the same.
    pub unchanged_update_moves_stamp: bool,
    /// Whether `update` compares an `_etag` it is given.
    pub etag_checked: bool,
    /// What the sales order's lines are called.
    pub sales_order_lines: SalesOrderLines,
    /// Whether a purchase order's lines are called `purchaseOrderQuantityLines`, as on older releases.
    pub purchase_order_quantity_lines: bool,
    /// What the credit check of sales orders does.
    pub credit_check: CreditCheck,
    /// Nodes of the site's own.
    pub own_nodes: Vec<OwnNode>,
    /// Classes of the site's own in api1.
    pub custom_classes: Vec<CustomClass>,
    /// Whether api1 takes Basic; the Online edition does not.
    pub api1_basic: bool,
    /// Whether api1 takes bearer tokens.
    pub api1_bearer: bool,
    /// The longest page of api1; more is silently cut.
    pub api1_max_count: usize,
    /// Whether pages of api1 say `$totalResults`.
    pub api1_shows_total: bool,
    /// Whether representations show `CREDATTIM` and `UPDDATTIM` (open question 6).
    pub api1_shows_stamps: bool,
    /// How api1 answers for a missing record.
    pub api1_missing_record: MissingRecord,
    /// What api1 writes where a date is not set.
    pub api1_no_date: NoDate,
    /// Whether api1 leaves backslashes of texts unescaped, which makes faulty JSON.
    pub api1_stray_backslashes: bool,
    /// HTTP status of a write to a class that is read-only; 400 and 405 are both plausible.
    pub api1_read_only_status: u16,
    /// HTTP status of a write that X3's rules forbid; its `$diagnoses` say why.
    pub api1_refusal_status: u16,
    /// Hours the server's own dates (`UPDDAT`) are ahead of UTC.
    pub server_offset_hours: i8,
    /// The cloud's gateway under `/v1`; `None` = not served.
    pub cloud: Option<CloudGateway>,
    /// Whether any process serves classic web services.
    pub soap_served: bool,
    /// The pools; by default `X3POOL` onto endpoint `SEED`.
    pub soap_pools: Vec<SoapPool>,
    /// The published objects; by default `WSBPC` and `WSSOH`.
    pub soap_publications: Vec<SoapPublication>,
    /// Adds a severity 2 diagnose with this text to `errors[]` of every create, although the record is created.
    pub warning_on_create: Option<String>,
    /// The code of the address made when a create brings none.
    pub default_address_code: String,
    /// User code of edits made by people.
    pub human_user: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            generation: Generation::default(),
            company_names: Vec::new(),
            custom_fields: Vec::new(),
            stamp_aliases: Vec::new(),
            connected_applications: vec![ConnectedApplication::default()],
            bearer_enabled: true,
            basic_users: vec![BasicUser::default()],
            basic_enabled: true,
            read_takes_string: false,
            endpoint_error_status: 400,
            default_page: 20,
            max_page: 1000,
            page_overflow: PageOverflow::default(),
            order_by_key_last: false,
            decimals: DecimalForm::default(),
            address_ids: AddressIdForm::default(),
            stamp_precision: StampPrecision::default(),
            empty_slots_listed: false,
            name_length: 35,
            children_move_parent_stamp: false,
            unchanged_update_moves_stamp: true,
            etag_checked: true,
            sales_order_lines: SalesOrderLines::default(),
            purchase_order_quantity_lines: false,
            credit_check: CreditCheck::default(),
            own_nodes: Vec::new(),
            custom_classes: Vec::new(),
            api1_basic: true,
            api1_bearer: true,
            api1_max_count: 1000,
            api1_shows_total: false,
            api1_shows_stamps: true,
            api1_missing_record: MissingRecord::default(),
            api1_no_date: NoDate::default(),
            api1_stray_backslashes: false,
            api1_read_only_status: 405,
            api1_refusal_status: 200,
            server_offset_hours: 0,
            cloud: Some(CloudGateway::default()),
            soap_served: true,
            soap_pools: vec![SoapPool {
                alias: "X3POOL".to_owned(),
                endpoint: "SEED".to_owned(),
                started: true,
            }],
            soap_publications: vec![
                SoapPublication::new("WSBPC", "BPC"),
                SoapPublication::new("WSSOH", "SOH"),
            ],
            warning_on_create: None,
            default_address_code: "MAIN".to_owned(),
            human_user: "ADMIN".to_owned(),
        }
    }
}

impl Settings {
    pub(crate) fn names_published(&self) -> Vec<CompanyNames> {
        match (self.company_names.is_empty(), self.generation) {
            (false, _) => self.company_names.clone(),
            (true, Generation::Three) => vec![CompanyNames::Numbered],
            (true, Generation::Two) => vec![CompanyNames::Collection, CompanyNames::Single],
        }
    }

    /// The root field of a package, given under its generation 3 name.
    pub(crate) fn package_name(&self, package: &str) -> String {
        match self.generation {
            Generation::Three => package.to_owned(),
            Generation::Two => format!("xtrem{}", capitalised(package)),
        }
    }
}

/// The word with its first letter upper-case.
pub(crate) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
