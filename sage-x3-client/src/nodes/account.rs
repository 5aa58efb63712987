//! Accounts of the general ledger.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::{
    graphql::{filter::Filter, node_path::NodePath, operations::account_page as wire},
    ids::{AccountCode, ChartCode, FieldName, InvalidName, RecordId},
    model::{Extra, debug_by_key, instant, text},
    records::{
        ChangeSource, Feed, Meta, Node, RecordKey, Records, meta,
        sealed::{Key, Typed},
    },
};

/// The accounts of an endpoint's general ledger.
pub type Accounts = Records<Account>;

/// The key of an account: a code means an account only within its chart. Source: reference sage-x3 section 3.7.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey {
    /// Chart of accounts.
    pub chart: ChartCode,
    /// Code within the chart.
    pub code: AccountCode,
}

impl Key for AccountKey {}

impl RecordKey for AccountKey {
    fn record_id(&self) -> RecordId {
        RecordId::joined(self.chart.as_str(), self.code.as_str())
    }

    fn from_record_id(id: RecordId) -> Result<Self, InvalidName> {
        let (chart, code) = id.two_parts("account key")?;
        Ok(Self {
            chart: ChartCode::new(chart)?,
            code: AccountCode::new(code)?,
        })
    }
}

/// An account of the general ledger (node `account`, table `GACCOUNT`).
#[derive(Clone)]
#[non_exhaustive]
pub struct Account {
    /// Chart of accounts and code.
    pub key: AccountKey,
    /// Description in the API user's language.
    pub description: String,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(Account, key);

impl Node for Account {
    type Key = AccountKey;

    fn key(&self) -> &AccountKey {
        &self.key
    }
}

impl Typed for Account {
    type Fields = wire::AccountFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3FinanceData" / "account",
        file: account_page,
        key: None,
        children: None,
        feeds: &[
            Feed::own(ChangeSource::Account, NodePath::new("x3FinanceData", "account"), "account.keys"),
        ]
    );

    fn from_fields(fields: wire::AccountFields, extra: Extra) -> Result<Self, InvalidName> {
        let chart = fields.chart_of_accounts.and_then(|chart| chart.id);
        let key = match (chart, fields.code) {
            (Some(chart), Some(code)) => AccountKey {
                chart: ChartCode::new(chart)?,
                code: AccountCode::new(code)?,
            },
            // Without its chart, the key alone tells which account it is.
            _ => AccountKey::from_record_id(RecordId::new(fields.id.unwrap_or_default())?)?,
        };
        Ok(Self {
            key,
            description: text(fields.localized_description),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }

    fn with_keys(keys: &[RecordId]) -> Filter {
        Filter::any(keys.iter().map(|key| {
            let mut parts = key.parts();
            let mut part = || parts.next().unwrap_or_default();
            Filter::all([
                Filter::field("chartOfAccounts.code").eq(part()),
                Filter::field("code").eq(part()),
            ])
        }))
    }
}
