//! One kind of pair and its rules.

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};

use crate::{
    budget::Priority,
    endpoint::{Endpoint, Key},
    guard::Guards,
    ids::{FieldName, FlowName, RecordId},
    mapping::Mapping,
    merge::Adoption,
    side::{Side, Sides},
    value::{Document, Value},
};

/// One kind of pair: where its records live, what corresponds to what, and what may be done.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its name.
    pub name: FlowName,
    /// The two ends.
    pub endpoints: Sides<Arc<dyn Endpoint>>,
    /// What corresponds to what.
    pub mapping: Mapping,
    /// How partners find each other.
    pub identity: Identity,
    /// What may be done.
    pub policy: Policy,
}

/// How partners find each other.
#[derive(Clone, Debug)]
pub struct Identity {
    /// On each side, the field that names the partner in a record that was created for it. The field must be unique at
    /// that side: that is what makes a create happen exactly once.
    pub keys: Sides<KeyRule>,
    /// Further ways, in order, for records that were not created by this engine.
    pub matching: Vec<MatchRule>,
}

/// A field that names the partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRule {
    /// The field, under the system's name.
    pub field: FieldName,
    /// How the partner's identity is written in it.
    pub form: KeyForm,
    /// What keeps a lost answer from making a second record.
    pub guarantee: KeyGuarantee,
    /// What is done with a record that names a partner whom nobody finds.
    pub unknown: UnknownPartner,
}

/// What is done with a record whose key names a partner that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownPartner {
    /// It is parked: the name is a mistake, or its partner was deleted.
    #[default]
    Park,
    /// It is left alone: its partner may be one that the flow does not see, such as another company's.
    LeaveAlone,
}

/// What keeps a lost answer to a create from making a second record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyGuarantee {
    /// The system itself refuses a second record with the same key. A flow whose system does not is refused at start.
    #[default]
    UniqueAtTarget,
    /// Only the look-up of the key before each create. A create whose answer was lost and that the system carries out
    /// after the look-up makes a second record; both are then found and parked as ambiguous.
    LookUpOnly,
}

/// How a partner's identity is written in a key field. Each form can be read back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyForm {
    /// As it is.
    Plain,
    /// A prefix and the partner's numeric identity in base 36: short enough for the codes of an ERP. `Z` and the 19
    /// digits of a Zoho id make 14 characters.
    Compact {
        /// The prefix, in capitals.
        prefix: String,
    },
}

impl KeyRule {
    /// A key field that holds the partner's identity as it is.
    pub fn plain(field: impl Into<FieldName>) -> Self {
        Self {
            field: field.into(),
            form: KeyForm::Plain,
            guarantee: KeyGuarantee::default(),
            unknown: UnknownPartner::default(),
        }
    }

    /// A key field that holds the partner's identity in short form after `prefix`.
    pub fn compact(field: impl Into<FieldName>, prefix: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            form: KeyForm::Compact {
                prefix: prefix.into().to_uppercase(),
            },
            guarantee: KeyGuarantee::default(),
            unknown: UnknownPartner::default(),
        }
    }

    /// Leaves records alone that name a partner whom nobody finds, for a flow that sees only some of the other side's.
    #[must_use]
    pub fn leaving_unknown_alone(mut self) -> Self {
        self.unknown = UnknownPartner::LeaveAlone;
        self
    }

    /// Makes do with the weaker promise of [`KeyGuarantee::LookUpOnly`], for a system that offers no unique field.
    #[must_use]
    pub fn look_up_only(mut self) -> Self {
        self.guarantee = KeyGuarantee::LookUpOnly;
        self
    }

    /// The key of the record that is created for `partner`. `None` when the form cannot express the identity.
    #[must_use]
    pub fn key_for(&self, partner: &RecordId) -> Option<Key> {
        let value = match &self.form {
            KeyForm::Plain => partner.as_str().to_owned(),
            KeyForm::Compact { prefix } => {
                format!("{prefix}{}", base36(canonical_number(partner.as_str())?))
            }
        };
        Some(Key {
            field: self.field.clone(),
            value,
        })
    }

    /// The partner that `record` names, if it names one.
    #[must_use]
    pub fn partner_of(&self, record: &Document) -> Option<RecordId> {
        let text = record.get(self.field.as_str())?.as_text()?.trim();
        match &self.form {
            KeyForm::Plain => Some(RecordId::new(text)).filter(|id| !id.as_str().is_empty()),
            KeyForm::Compact { prefix } => {
                let digits = text.strip_prefix(prefix.as_str())?;
                let number = u128::from_str_radix(digits, 36).ok()?;
                // Only what this engine would have written: a user's own code may happen to start with the prefix.
                Some(number)
                    .filter(|number| base36(*number) == digits)
                    .map(|number| RecordId::new(number.to_string()))
            }
        }
    }

    /// Whether a user may have put the partner's identity there, so that a partner who is missing is a mistake.
    #[must_use]
    pub(crate) fn names_partner_openly(&self) -> bool {
        self.form == KeyForm::Plain
    }
}

/// The number in `text`, unless writing it again would give other text (leading zeros, signs).
fn canonical_number(text: &str) -> Option<u128> {
    text.parse::<u128>()
        .ok()
        .filter(|number| number.to_string() == text)
}

fn base36(mut number: u128) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut text = Vec::new();
    loop {
        // The remainder is below 36, so the index is in range.
        text.push(char::from(DIGITS[(number % 36) as usize]));
        number /= 36;
        if number == 0 {
            return text.iter().rev().collect();
        }
    }
}

/// Two records match when these fields hold the same value, compared without case and punctuation.
///
/// A first-sync plan compares all records like that. Later the partner of a single record is searched for by the first
/// row, and found if its system holds the value as it stands, as the mapping writes it, or without punctuation; so put
/// the row that is spelt most uniformly first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchRule {
    /// The rows of the mapping that must all agree and not be empty.
    pub rows: Vec<FieldName>,
}

impl MatchRule {
    /// A rule over rows of the mapping, for example the VAT number, or name and country.
    pub fn on<F: Into<FieldName>>(rows: impl IntoIterator<Item = F>) -> Self {
        Self {
            rows: rows.into_iter().map(Into::into).collect(),
        }
    }

    /// What records that match have in common; `None` when a value is missing.
    #[must_use]
    pub fn fingerprint(&self, document: &Document) -> Option<String> {
        let mut parts = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let value = document
                .get(row.as_str())
                .filter(|value| !value.is_null())?;
            let plain: String = value
                .to_string()
                .chars()
                .filter(|c| c.is_alphanumeric())
                .collect();
            if plain.is_empty() {
                return None;
            }
            parts.push(plain.to_lowercase());
        }
        Some(parts.join("\u{1f}"))
    }
}

/// What may be done.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Whether a record without a partner gets one, by the side on which it would be created.
    pub create: Sides<CreateRule>,
    /// What follows on the other side, by the side on which a record was deleted.
    pub deleted: Sides<DeleteRule>,
    /// Whose values are taken at the first meeting.
    pub adoption: Adoption,
    /// Writes to a pair without finding it in agreement in between, before it is parked as a flip-flop.
    pub max_unsettled_writes: u32,
    /// Failed tries before a job is parked.
    pub max_attempts: u32,
    /// Whether both sides are compared, or one is copied.
    pub mode: Mode,
    /// How much it may do without a person looking.
    pub guards: Guards,
    /// Whose calls come first when a budget is short.
    pub priority: Priority,
}

/// How the two sides of a flow stand to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Both are read and merged.
    #[default]
    TwoWay,
    /// One side is copied to the other, which is not read: for many records that only one side changes, such as stock.
    /// Of what was last written a fingerprint is kept. The first meeting and the look after a failure read both.
    Mirror {
        /// The side that is copied.
        owner: Side,
    },
}

impl Mode {
    /// The side that is only written, if there is one.
    #[must_use]
    pub fn target(self) -> Option<Side> {
        match self {
            Self::TwoWay => None,
            Self::Mirror { owner } => Some(owner.other()),
        }
    }
}

impl Default for Policy {
    /// Creates on both sides, deletes nothing, prefers the left side, 6 unsettled writes, 10 tries.
    fn default() -> Self {
        Self {
            create: Sides::new(CreateRule::Always, CreateRule::Always),
            deleted: Sides::new(DeleteRule::Ignore, DeleteRule::Ignore),
            adoption: Adoption::default(),
            max_unsettled_writes: 6,
            max_attempts: 10,
            mode: Mode::default(),
            guards: Guards::default(),
            priority: Priority::default(),
        }
    }
}

/// Whether a record without a partner gets one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CreateRule {
    /// Yes.
    Always,
    /// No: only records that have a partner are synchronised.
    Never,
    /// If a row of the mapping holds this value.
    When {
        /// The row.
        row: FieldName,
        /// The value, normalised as the row does.
        equals: Value,
    },
    /// If a row of the mapping is not empty.
    WhenSet {
        /// The row.
        row: FieldName,
    },
    /// If a row of the mapping holds one of these values.
    WhenOneOf {
        /// The row.
        row: FieldName,
        /// The values, normalised as the row does.
        values: Vec<Value>,
    },
}

impl CreateRule {
    /// Whether a partner is to be created for `document`.
    #[must_use]
    pub fn allows(&self, document: &Document) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::When { row, equals } => document.get(row.as_str()) == Some(equals),
            Self::WhenSet { row } => document
                .get(row.as_str())
                .is_some_and(|value| !value.is_null()),
            Self::WhenOneOf { row, values } => document
                .get(row.as_str())
                .is_some_and(|value| values.contains(value)),
        }
    }

    /// The row that it asks about, if it does.
    fn row(&self) -> Option<&FieldName> {
        match self {
            Self::Always | Self::Never => None,
            Self::When { row, .. } | Self::WhenSet { row } | Self::WhenOneOf { row, .. } => {
                Some(row)
            }
        }
    }
}

/// What a deletion does to the other side.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum DeleteRule {
    /// Nothing: the partner stays as it is and the audit says so. The pair is kept apart until the record is restored.
    #[default]
    Ignore,
    /// The partner gets these values, for example an inactive flag. Under the mapping's names.
    Deactivate(Document),
    /// The partner is deleted.
    Delete,
    /// The two are no longer a pair. The partner stays and is not paired again by itself.
    Unlink,
}

/// A flow that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// A rule names a row that the mapping does not have.
    #[error("flow `{flow}`: the {rule} names the row `{row}`, which the mapping does not have")]
    UnknownRow {
        /// The flow.
        flow: FlowName,
        /// Which rule.
        rule: &'static str,
        /// The row.
        row: FieldName,
    },
    /// The mapping refers to records of a flow that the engine does not have.
    #[error(
        "flow `{flow}`: its mapping refers to records of the flow `{parent}`, which does not exist"
    )]
    UnknownParent {
        /// The flow.
        flow: FlowName,
        /// The flow that is referred to.
        parent: FlowName,
    },
    /// Creates are allowed on a side whose key field is not unique, so that a lost answer could lead to a duplicate.
    #[error(
        "flow `{flow}`: records may be created on the {side} side, but its field `{field}` is not unique there, so a lost \
         answer could make a duplicate: make the field unique, forbid creates on that side, or make do with a look-up \
         before each create (KeyRule::look_up_only)"
    )]
    KeyNotUnique {
        /// The flow.
        flow: FlowName,
        /// The side.
        side: Side,
        /// The field.
        field: FieldName,
    },
}

impl Flow {
    /// Names the flow's rules: another mapping, identity or policy has another fingerprint. When it changes, parked records
    /// are looked at again.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let rules = format!("{:?}{:?}", self.identity, self.policy);
        let digest = Sha256::digest(rules + &self.mapping.fingerprint());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Checks the rules against the mapping and the endpoints.
    ///
    /// # Errors
    /// [`FlowError`] for the first rule that cannot be kept.
    pub fn check(&self) -> Result<(), FlowError> {
        let knows = |row: &FieldName| self.mapping.rows().iter().any(|known| known.name == *row);
        let unknown = |rule, row: &FieldName| FlowError::UnknownRow {
            flow: self.name.clone(),
            rule,
            row: row.clone(),
        };
        for rule in &self.identity.matching {
            if let Some(row) = rule.rows.iter().find(|row| !knows(row)) {
                return Err(unknown("matching", row));
            }
        }
        for side in Side::BOTH {
            if let Some(row) = self.policy.create.get(side).row()
                && !knows(row)
            {
                return Err(unknown("create rule", row));
            }
            if let DeleteRule::Deactivate(values) = self.policy.deleted.get(side)
                && let Some((row, _)) = values.iter().find(|(row, _)| !knows(row))
            {
                return Err(unknown("delete rule", row));
            }
            let capabilities = self.endpoints.get(side).capabilities();
            let key = self.identity.keys.get(side);
            let creates =
                capabilities.creates && *self.policy.create.get(side) != CreateRule::Never;
            let is_safe = key.guarantee == KeyGuarantee::LookUpOnly
                || capabilities.unique_fields.contains(&key.field);
            if creates && !is_safe {
                return Err(FlowError::KeyNotUnique {
                    flow: self.name.clone(),
                    side,
                    field: key.field.clone(),
                });
            }
        }
        Ok(())
    }
}

impl Flow {
    /// Whether the listing of `side` spares searches there while the plan made of it is carried out: the system can be asked
    /// who has come since. That is who has nothing in the key field, as long as whoever has something there names a
    /// partner by it.
    pub(crate) fn listing_spares_searches(&self, side: Side) -> bool {
        let key = self.identity.keys.get(side);
        self.endpoints.get(side).finds_unmarked() && key.names_partner_openly()
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compact_key_reads_back_and_is_short() {
        let rule = KeyRule::compact("code", "Z");
        for id in ["5725767000000524157", "9999999999999999999", "1"] {
            let key = rule.key_for(&RecordId::from(id)).unwrap();
            assert!(key.value.len() <= 15, "{}", key.value);
            let record = Document::new().with("code", key.value.as_str());
            assert_eq!(rule.partner_of(&record), Some(RecordId::from(id)));
        }
    }

    #[test]
    fn a_users_own_code_is_not_read_as_a_key_that_would_be_written_differently() {
        let rule = KeyRule::compact("code", "Z");
        for code in ["NA001", "Z", "Z0012", "z1A", "Z-1"] {
            assert_eq!(
                rule.partner_of(&Document::new().with("code", code)),
                None,
                "{code}"
            );
        }
    }

    #[test]
    fn a_compact_key_refuses_what_it_could_not_read_back() {
        let rule = KeyRule::compact("code", "Z");
        for id in ["007", "abc", "", "+5"] {
            assert_eq!(rule.key_for(&RecordId::from(id)), None, "{id}");
        }
    }

    #[test]
    fn match_fingerprints_ignore_case_and_punctuation_but_not_emptiness() {
        let rule = MatchRule::on(["vat"]);
        let fingerprint = |vat: &str| rule.fingerprint(&Document::new().with("vat", vat));
        assert_eq!(fingerprint("FR 12-345"), fingerprint("fr12345"));
        assert_eq!(fingerprint(""), None);
        assert_eq!(fingerprint("--"), None);
    }
}
