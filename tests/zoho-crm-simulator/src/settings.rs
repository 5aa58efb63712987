//! Everything about the simulated organisation that a test may choose.

use std::time::Duration;

use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::schema::{Field, Module};

/// Zoho's editions as far as they change behaviour: daily credits, concurrency and available modules
/// (reference: zoho-crm-v8 sections 4.1 and 10.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    /// 5,000 credits, 5 calls at once, no inventory modules.
    Free,
    /// 50,000 credits and 250 a user (at most 100,000), 10 calls at once, no inventory modules.
    Standard,
    /// 50,000 credits and 500 a user (at most 3,000,000), 15 calls at once.
    Professional,
    /// 50,000 credits and 1,000 a user (at most 5,000,000), 20 calls at once.
    Enterprise,
    /// 50,000 credits and 2,000 a user, 25 calls at once.
    Ultimate,
}

impl Edition {
    /// Credits in a rolling day for that many user licences.
    #[must_use]
    pub fn daily_credits(self, users: u64) -> u64 {
        match self {
            Self::Free => 5_000,
            Self::Standard => (50_000 + 250 * users).min(100_000),
            Self::Professional => (50_000 + 500 * users).min(3_000_000),
            Self::Enterprise => (50_000 + 1_000 * users).min(5_000_000),
            Self::Ultimate => 50_000 + 2_000 * users,
        }
    }

    /// Calls an application may have running at the same time.
    #[must_use]
    pub const fn concurrency(self) -> u32 {
        match self {
            Self::Free => 5,
            Self::Standard => 10,
            Self::Professional => 15,
            Self::Enterprise => 20,
            Self::Ultimate => 25,
        }
    }

    /// Whether several currencies can be used (reference: zoho-crm-v8 section 4.1).
    #[must_use]
    pub const fn has_multi_currency(self) -> bool {
        matches!(self, Self::Enterprise | Self::Ultimate)
    }

    /// Whether products, vendors, price books, quotes, orders and invoices exist.
    #[must_use]
    pub const fn has_inventory(self) -> bool {
        matches!(self, Self::Professional | Self::Enterprise | Self::Ultimate)
    }

    /// The word in `license_details.paid_type`.
    #[must_use]
    pub const fn paid_type(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Standard => "standard",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
            Self::Ultimate => "ultimate",
        }
    }
}

/// All settings. Each part has a default that suits most tests.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The edition; default enterprise.
    pub edition: Edition,
    /// The organisation.
    pub org: Org,
    /// Users; the first is the one the API's tokens belong to, the second the human who edits in the screens.
    pub users: Vec<User>,
    /// The client and the refresh token that exist from the start.
    pub credentials: Credentials,
    /// Rules of the token endpoint.
    pub tokens: TokenRules,
    /// Limits on calls and pages.
    pub limits: Limits,
    /// Choices where Zoho's behaviour is undocumented or differs between organisations.
    pub behaviour: Behaviour,
    /// What happens to notifications on their way out.
    pub callbacks: CallbackPolicy,
    /// Modules an administrator has hidden, by API name; default none.
    pub hidden_modules: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            edition: Edition::Enterprise,
            org: Org::default(),
            users: vec![User::integration(), User::human()],
            credentials: Credentials::default(),
            tokens: TokenRules::default(),
            limits: Limits::default(),
            behaviour: Behaviour::default(),
            callbacks: CallbackPolicy::default(),
            hidden_modules: Vec::new(),
        }
    }
}

impl Settings {
    /// Whether the edition has the module (reference: zoho-crm-v8 section 4.1).
    pub(crate) fn edition_has(&self, module: &Module) -> bool {
        let early = self.behaviour.products_from_standard
            && self.edition == Edition::Standard
            && module.api_name == "Products";
        !module.inventory || self.edition.has_inventory() || early
    }

    /// Whether the organisation may use the module.
    pub(crate) fn offers_module(&self, module: &Module) -> bool {
        self.edition_has(module) && !self.hidden_modules.contains(&module.api_name)
    }

    /// Whether the field exists: two of them come and go with multi-currency.
    pub(crate) fn offers_field(&self, field: &Field) -> bool {
        self.org.multi_currency || !field.needs_multi_currency()
    }

    /// The rate of an active currency to the home currency; `None` for an unknown one.
    pub(crate) fn exchange_rate(&self, iso_code: &str) -> Option<&str> {
        if iso_code == self.org.iso_code {
            return Some("1");
        }
        let others = self.org.currencies.iter();
        let mut found = others.filter(|currency| currency.iso_code == iso_code);
        found.next().map(|currency| currency.exchange_rate.as_str())
    }

    /// The user whom API calls act for.
    pub(crate) fn api_user(&self) -> String {
        self.users
            .first()
            .map(|user| user.id.clone())
            .unwrap_or_default()
    }

    /// The user who edits in the screens.
    pub(crate) fn screen_user(&self) -> String {
        self.users
            .get(1)
            .or_else(|| self.users.first())
            .map(|user| user.id.clone())
            .unwrap_or_default()
    }

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn daily_credits(&self) -> u64 {
        let licences = u64::from(self.limits.user_licences);
        self.limits
            .daily_credits
            .unwrap_or_else(|| self.edition.daily_credits(licences))
    }

    pub(crate) fn concurrency(&self) -> u32 {
        self.limits
            .concurrency
            .unwrap_or_else(|| self.edition.concurrency())
    }
}

/// The organisation as `GET /org` shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Org {
    /// Record id of the organisation.
    pub id: String,
    /// Zoho group id, used in `soid=ZohoCRM.<zgid>` and `X-CRM-ORG`.
    pub zgid: String,
    /// Display name.
    pub company_name: String,
    /// IANA name of the time zone.
    pub time_zone: String,
    /// Offset from UTC in minutes with which times are written; default 120 (`+02:00`).
    pub utc_offset_minutes: i32,
    /// ISO code of the home currency; default `EUR`.
    pub iso_code: String,
    /// Name of the home currency.
    pub currency: String,
    /// Symbol of the home currency.
    pub currency_symbol: String,
    /// Whether multi-currency is on; default off.
    pub multi_currency: bool,
    /// Currencies besides the home currency, when multi-currency is on.
    pub currencies: Vec<Currency>,
    /// Two-letter country.
    pub country_code: String,
    /// Data centre word in OAuth redirects (`location`); default `eu`.
    pub location: String,
}

impl Default for Org {
    fn default() -> Self {
        Self {
            id: "4876876000000020001".into(),
            zgid: "20098765432".into(),
            company_name: "Simulated Company".into(),
            time_zone: "Europe/Paris".into(),
            utc_offset_minutes: 120,
            iso_code: "EUR".into(),
            currency: "Euro".into(),
            currency_symbol: "€".into(),
            multi_currency: false,
            currencies: Vec::new(),
            country_code: "FR".into(),
            location: "eu".into(),
        }
    }
}

impl Org {
    pub(crate) fn offset(&self) -> Offset {
        Offset::from_seconds(self.utc_offset_minutes.saturating_mul(60)).unwrap_or(Offset::UTC)
    }
}

/// A currency besides the home currency.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Currency {
    /// ISO code.
    pub iso_code: String,
    /// Name.
    pub name: String,
    /// Symbol.
    pub symbol: String,
    /// Rate to the home currency as Zoho writes it: text with nine decimals.
    pub exchange_rate: String,
}

/// A user.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Record id.
    pub id: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Address, also accepted to name an owner.
    pub email: String,
}

impl User {
    /// The user the integration's tokens belong to.
    #[must_use]
    pub fn integration() -> Self {
        Self {
            id: "4876876000000100001".into(),
            first_name: "Integration".into(),
            last_name: "User".into(),
            email: "integration@example.com".into(),
        }
    }

    /// A person working in the screens.
    #[must_use]
    pub fn human() -> Self {
        Self {
            id: "4876876000000100002".into(),
            first_name: "Anna".into(),
            last_name: "Berg".into(),
            email: "anna.berg@example.com".into(),
        }
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned()
    }
}

/// The OAuth client and refresh token that exist from the start.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Credentials {
    /// Client id; default `1000.CLIENT`.
    pub client_id: String,
    /// Client secret; default `secret`.
    pub client_secret: String,
    /// Refresh token; default `1000.refresh`.
    pub refresh_token: String,
    /// Redirect address registered for the client; `None` accepts any.
    pub redirect_uri: Option<String>,
    /// Scopes that refresh token carries; default everything a sync needs.
    pub scopes: Vec<String>,
}

impl Default for Credentials {
    fn default() -> Self {
        let scopes = [
            "ZohoCRM.modules.ALL",
            "ZohoCRM.mass_convert.ALL",
            "ZohoCRM.settings.ALL",
            "ZohoCRM.org.READ",
            "ZohoCRM.users.READ",
            "ZohoCRM.coql.READ",
            "ZohoCRM.notifications.ALL",
            "ZohoCRM.bulk.ALL",
            "ZohoCRM.files.ALL",
            "ZohoFiles.files.ALL",
            "ZohoSearch.securesearch.READ",
        ];
        Self {
            client_id: "1000.CLIENT".into(),
            client_secret: "secret".into(),
            refresh_token: "1000.refresh".into(),
            redirect_uri: None,
            scopes: scopes.map(str::to_owned).to_vec(),
        }
    }
}

/// Rules of the token endpoint (reference: zoho-crm-v8 section 1.6).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenRules {
    /// Life of an access token in seconds; default 3600.
    pub life_seconds: i64,
    /// Access tokens a refresh token may mint in a window; default 10.
    pub mints_per_window: usize,
    /// Length of that window in seconds; default 600.
    pub window_seconds: i64,
    /// Access tokens alive at once per refresh token; one more kills the oldest; default 15.
    pub live_tokens: usize,
    /// Refresh tokens per user and client; one more kills the oldest; default 20.
    pub refresh_tokens: usize,
    /// Status of the "Access Denied" answer: 200 (seen by Zoho staff) or 400 (seen by third parties).
    pub throttle_status: u16,
    /// Life of an authorization code in seconds; default 180.
    pub code_life_seconds: i64,
}

impl Default for TokenRules {
    fn default() -> Self {
        Self {
            life_seconds: 3_600,
            mints_per_window: 10,
            window_seconds: 600,
            live_tokens: 15,
            refresh_tokens: 20,
            throttle_status: 200,
            code_life_seconds: 180,
        }
    }
}

/// Limits on calls and pages (reference: zoho-crm-v8 sections 2.2, 2.8 and 10).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Credits in a rolling day; `None` takes the edition's.
    pub daily_credits: Option<u64>,
    /// Calls at once; `None` takes the edition's.
    pub concurrency: Option<u32>,
    /// Heavy calls at once (sorted lists, writes above ten rows, COQL); default 10.
    pub sub_concurrency: u32,
    /// User licences, for the edition's credit formula; default 5.
    pub user_licences: u32,
    /// Records reachable by page number; default 2000.
    pub page_records: u64,
    /// Records reachable by page token; default 100,000.
    pub token_records: u64,
    /// Records reachable by search; default 2000.
    pub search_records: u64,
    /// Records reachable by COQL's limit and offset together; default 100,000.
    pub coql_records: u64,
    /// Rows of one page of a bulk read; default 200,000.
    pub bulk_read_rows: u64,
    /// Rows of one file of a bulk write; default 25,000.
    pub bulk_write_rows: usize,
    /// Largest file of a bulk write in bytes; default 25 MiB.
    pub bulk_write_bytes: usize,
    /// Largest request body in bytes; default 32 MiB.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            daily_credits: None,
            concurrency: None,
            sub_concurrency: 10,
            user_licences: 5,
            page_records: 2_000,
            token_records: 100_000,
            search_records: 2_000,
            coql_records: 100_000,
            bulk_read_rows: 200_000,
            bulk_write_rows: 25_000,
            bulk_write_bytes: 25 * 1024 * 1024,
            body_bytes: 32 * 1024 * 1024,
        }
    }
}

/// Choices where Zoho's behaviour is undocumented, disputed or a matter of configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Real milliseconds every API call takes; default 0.
    pub latency_millis: u64,
    /// Seconds (of the simulator's clock) before a write shows in search; default 5.
    pub search_delay_seconds: i64,
    /// Whether `If-Unmodified-Since` is honoured with 412; default yes.
    pub if_unmodified_since: bool,
    /// Whether a value outside a picklist is refused; default yes.
    pub strict_picklists: bool,
    /// Whether an update that changes nothing still moves `Modified_Time` and notifies; default yes.
    pub empty_update_touches: bool,
    /// Status of a write where some rows failed: 207 (default) or 202 (older services).
    pub partial_status: u16,
    /// Status for a wrong verb: 400 (samples, default) or 405 (status page).
    pub wrong_method_status: u16,
    /// Whether `count` is written as a string, as older documents show; default no.
    pub count_as_string: bool,
    /// Whether an inventory record needs at least one line; default no.
    pub lines_required: bool,
    /// Whether the standard edition has products, as some plan tables say; default no.
    pub products_from_standard: bool,
    /// How often a bulk job is looked at before it is finished: the last look shows it so. Default 2.
    pub bulk_job_looks: u32,
    /// Whether bulk jobs end in failure; default no.
    pub bulk_jobs_fail: bool,
    /// What the id column of a bulk read is called; default `Id`, since the documents disagree on its case.
    pub bulk_id_column: String,
    /// Whether all ids a request changed go into one notification (default) or one each.
    pub group_notifications: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            latency_millis: 0,
            search_delay_seconds: 5,
            if_unmodified_since: true,
            strict_picklists: true,
            empty_update_touches: true,
            partial_status: 207,
            wrong_method_status: 400,
            count_as_string: false,
            lines_required: false,
            products_from_standard: false,
            bulk_job_looks: 2,
            bulk_jobs_fail: false,
            bulk_id_column: "Id".into(),
            group_notifications: true,
        }
    }
}

/// What happens to notifications on their way to the receiver.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallbackPolicy {
    /// Share of notifications that are never sent, 0 to 1.
    pub drop: f64,
    /// Share of notifications that are sent twice, 0 to 1.
    pub duplicate: f64,
    /// Notifications are collected until there are this many (or a quarter second of real time passed, or a flush), then
    /// sent in another order; 0 and 1 keep the order.
    pub reorder_window: usize,
    /// Milliseconds of the simulator's clock before a notification is sent; a flush does not wait for it.
    pub delay_millis: u64,
    /// Nothing is sent before a flush.
    pub hold: bool,
}

impl CallbackPolicy {
    pub(crate) const fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_millis)
    }
}
