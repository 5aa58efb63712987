//! Rows of a mapping table as the configuration states them: a site's own fields, and changes to the standard table.

use sage_x3_client::FieldName as X3Field;
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    ConflictRule, Direction, FieldName, Kind, Mapping, Row, Side,
    x3::{CustomField, CustomFieldKind},
};

use super::codes::TableName;
use crate::{config::Config, failure::Failure};

/// A row to add to a mapping table, or to replace in it by name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowConfig {
    /// The row's name in plans, parked records and the audit.
    pub(crate) name: String,
    /// The field at X3.
    pub(crate) x3: String,
    /// The field at Zoho, by API name.
    pub(crate) zoho: String,
    pub(crate) kind: RowKind,
    /// Decimals of a decimal; 2 unless said otherwise.
    #[serde(default)]
    pub(crate) scale: Option<u32>,
    #[serde(default)]
    pub(crate) direction: RowDirection,
    #[serde(default)]
    pub(crate) rule: RowRule,
    /// The table of `[codes]` by which its values are translated, such as `payment_terms`.
    pub(crate) codes: Option<TableName>,
    /// The longest text that X3 keeps.
    pub(crate) x3_length: Option<usize>,
    /// The longest text that Zoho keeps.
    pub(crate) zoho_length: Option<usize>,
}

/// What a row holds.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RowKind {
    Text,
    /// Text in capitals.
    Code,
    Decimal,
    Boolean,
    Date,
    Instant,
}

/// Which way a row goes.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RowDirection {
    #[default]
    Both,
    ToZoho,
    ToX3,
    CreateOnly,
}

/// Who wins when both sides changed a field.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RowRule {
    X3,
    Zoho,
    Newest,
    /// A person.
    #[default]
    Park,
}

/// The standard table as `section` of the configuration changes it: without some rows, with others.
pub(super) fn changed(
    config: &Config,
    section: &str,
    mut mapping: Mapping,
    without: &[String],
    rows: &[RowConfig],
) -> Result<Mapping, Failure> {
    for (place, name) in without.iter().enumerate() {
        mapping = mapping
            .without(name)
            .map_err(|error| config.wrong(&format!("{section}.without.{place}"), error))?;
    }
    for (place, row) in rows.iter().enumerate() {
        mapping = mapping
            .with(row.row(config))
            .map_err(|error| config.wrong(&format!("{section}.rows.{place}"), error))?;
    }
    Ok(mapping)
}

/// Those of `rows` that read a field of the site's own at X3: one that is not among `standard`.
pub(super) fn custom_fields(
    config: &Config,
    section: &str,
    rows: &[RowConfig],
    standard: impl Iterator<Item = FieldName>,
) -> Result<Vec<CustomField>, Failure> {
    let standard: Vec<FieldName> = standard.collect();
    let own = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| standard.iter().all(|known| known.as_str() != row.x3));
    own.map(|(place, row)| row.custom_field(config, section, place))
        .collect()
}

impl RowConfig {
    fn row(&self, config: &Config) -> Row {
        let kind = match self.kind {
            RowKind::Text => Kind::Text,
            RowKind::Code => Kind::Code,
            RowKind::Decimal => Kind::Decimal {
                scale: self.scale.unwrap_or(2),
            },
            RowKind::Boolean => Kind::Boolean,
            RowKind::Date => Kind::Date,
            RowKind::Instant => Kind::Instant,
        };
        let direction = match self.direction {
            RowDirection::Both => Direction::Both,
            RowDirection::ToZoho => Direction::ToRight,
            RowDirection::ToX3 => Direction::ToLeft,
            RowDirection::CreateOnly => Direction::CreateOnly,
        };
        let rule = match self.rule {
            RowRule::X3 => ConflictRule::Left,
            RowRule::Zoho => ConflictRule::Right,
            RowRule::Newest => ConflictRule::Newest,
            RowRule::Park => ConflictRule::Park,
        };
        let (x3, zoho) = (self.x3.as_str(), self.zoho.as_str());
        let mut row = Row::new(self.name.as_str(), x3, zoho, kind);
        row = row.direction(direction).rule(rule);
        if let Some(table) = self.codes {
            row = row.codes(table.of(config.codes.tables()));
        }
        if let Some(length) = self.x3_length {
            row = row.max_length(Side::Left, length);
        }
        if let Some(length) = self.zoho_length {
            row = row.max_length(Side::Right, length);
        }
        row
    }

    /// The X3 field of the row as a field of the site's own. `place` is the row's in its section.
    fn custom_field(
        &self,
        config: &Config,
        section: &str,
        place: usize,
    ) -> Result<CustomField, Failure> {
        let name = X3Field::new(self.x3.as_str())
            .map_err(|error| config.wrong(&format!("{section}.rows.{place}.x3"), error))?;
        let kind = match self.kind {
            RowKind::Text | RowKind::Code => CustomFieldKind::Text,
            RowKind::Decimal => CustomFieldKind::Decimal,
            RowKind::Boolean => CustomFieldKind::Boolean,
            RowKind::Date => CustomFieldKind::Date,
            RowKind::Instant => CustomFieldKind::Instant,
        };
        Ok(CustomField::new(name, kind))
    }
}
