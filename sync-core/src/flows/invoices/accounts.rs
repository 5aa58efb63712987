//! Which account an amount of an invoice is posted to.

use std::fmt;

/// An account of the general ledger: a code means an account only within its chart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerAccount {
    chart: String,
    code: String,
}

impl LedgerAccount {
    /// The account `code` of `chart`; `None` when one of them is empty or holds the sign that parts them.
    #[must_use]
    pub fn new(chart: &str, code: &str) -> Option<Self> {
        let good = |text: &str| !text.is_empty() && !text.contains('|');
        let (chart, code) = (chart.trim().to_uppercase(), code.trim().to_uppercase());
        (good(&chart) && good(&code)).then_some(Self { chart, code })
    }

    /// Reads `chart|code`, as X3 writes the key of an account.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (chart, code) = text.split_once('|')?;
        Self::new(chart, code)
    }

    /// The chart of accounts.
    #[must_use]
    pub fn chart(&self) -> &str {
        &self.chart
    }

    /// The code within the chart.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl fmt::Display for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.chart, self.code)
    }
}

/// What of an invoice an amount is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// A line, after its own discount and before tax.
    #[default]
    Line,
    /// The discount on the whole.
    Discount,
    /// A tax on the whole, beside the taxes of the lines.
    Tax,
    /// What is added or taken off at the end.
    Adjustment,
}

impl Part {
    /// Its name in tables and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Discount => "discount",
            Self::Tax => "tax",
            Self::Adjustment => "adjustment",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row of the table: under these conditions, this account. A condition that is not stated is met by everything; one that
/// is empty text is met by what has none, such as a line without tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRule {
    /// What of the invoice it is for.
    pub part: Part,
    /// The product's code.
    pub product: Option<String>,
    /// The product's category.
    pub category: Option<String>,
    /// The tax, by its X3 code.
    pub tax: Option<String>,
    /// The X3 site.
    pub site: Option<String>,
    /// Where the amount goes.
    pub account: LedgerAccount,
}

impl AccountRule {
    /// A row for all amounts of that part: the default, unless conditions are added.
    #[must_use]
    pub fn new(part: Part, account: LedgerAccount) -> Self {
        Self {
            part,
            product: None,
            category: None,
            tax: None,
            site: None,
            account,
        }
    }

    fn normalised(mut self) -> Self {
        let conditions = [
            &mut self.product,
            &mut self.category,
            &mut self.tax,
            &mut self.site,
        ];
        for condition in conditions.into_iter().flatten() {
            *condition = normal(condition);
        }
        self
    }

    fn conditions(&self) -> [Option<&str>; 4] {
        [
            self.product.as_deref(),
            self.category.as_deref(),
            self.tax.as_deref(),
            self.site.as_deref(),
        ]
    }

    /// Which conditions it states, the weightiest first. Compared like words, so a product weighs more than anything that
    /// comes after it.
    fn specificity(&self) -> [bool; 4] {
        self.conditions().map(|condition| condition.is_some())
    }

    fn is_met_by(&self, part: Part, values: [&str; 4]) -> bool {
        let mut conditions = self.conditions().into_iter().zip(values);
        self.part == part
            && conditions.all(|(condition, value)| condition.is_none_or(|wanted| wanted == value))
    }
}

/// What is known of an amount that looks for its account. Empty text: it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountCase {
    /// What of the invoice it is.
    pub part: Part,
    /// The product's code.
    pub product: String,
    /// The product's category.
    pub category: String,
    /// The tax, by its X3 code.
    pub tax: String,
    /// The X3 site.
    pub site: String,
}

impl fmt::Display for AccountCase {
    /// The conditions that a row for it would state, for example ``line, product `P1`, tax `NOR`, site `FR011` ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.part)?;
        let named = [
            ("product", &self.product),
            ("category", &self.category),
            ("tax", &self.tax),
            ("site", &self.site),
        ];
        for (name, value) in named.into_iter().filter(|(_, value)| !value.is_empty()) {
            write!(f, ", {name} `{value}`")?;
        }
        Ok(())
    }
}

/// A table that does not say where an amount goes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountTableError {
    /// Two rows state the same conditions. Rows are counted from 1.
    #[error(
        "rows {first} and {second} of the table of accounts state the same conditions ({conditions}): remove one of them"
    )]
    Tie {
        /// One row.
        first: usize,
        /// The other.
        second: usize,
        /// What both state.
        conditions: String,
    },
}

/// Which account each amount goes to: the most specific row that an amount meets.
///
/// A row that states the product is more specific than any that does not; among those that both do or both do not, one
/// that states the category; then the tax; then the site. Two rows with the same conditions are refused, so exactly one
/// row is the most specific. Capitals and surrounding blanks do not count.
///
/// ```
/// use sync_core::flows::invoices::{AccountCase, AccountRule, AccountTable, LedgerAccount, Part};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let account = |code| LedgerAccount::new("FRA", code).ok_or("no account");
/// let table = AccountTable::new([
///     AccountRule::new(Part::Line, account("707000")?),
///     AccountRule { category: Some("Services".into()), ..AccountRule::new(Part::Line, account("706000")?) },
/// ])?;
/// let case = AccountCase { category: "services".into(), ..AccountCase::default() };
/// assert_eq!(table.account_for(&case).map(ToString::to_string).as_deref(), Some("FRA|706000"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountTable {
    rules: Vec<AccountRule>,
}

impl AccountTable {
    /// A table of `rules`, in any order.
    ///
    /// # Errors
    /// [`AccountTableError::Tie`] for two rows with the same conditions.
    pub fn new(rules: impl IntoIterator<Item = AccountRule>) -> Result<Self, AccountTableError> {
        let rules: Vec<AccountRule> = rules.into_iter().map(AccountRule::normalised).collect();
        for (index, rule) in rules.iter().enumerate() {
            let mut earlier = rules.iter().take(index);
            let same = |known: &AccountRule| {
                known.part == rule.part && known.conditions() == rule.conditions()
            };
            if let Some(first) = earlier.position(same) {
                return Err(AccountTableError::Tie {
                    first: first + 1,
                    second: index + 1,
                    conditions: described(rule),
                });
            }
        }
        Ok(Self { rules })
    }

    /// Where an amount goes. `None`: no row says so.
    #[must_use]
    pub fn account_for(&self, case: &AccountCase) -> Option<&LedgerAccount> {
        let values = [&case.product, &case.category, &case.tax, &case.site];
        let values = values.map(|value| normal(value));
        let values = values.each_ref().map(String::as_str);
        let rules = self.rules.iter();
        let met = rules.filter(|rule| rule.is_met_by(case.part, values));
        met.max_by_key(|rule| rule.specificity())
            .map(|rule| &rule.account)
    }

    /// All accounts that rows name, each once.
    #[must_use]
    pub fn accounts(&self) -> Vec<&LedgerAccount> {
        let mut accounts: Vec<_> = self.rules.iter().map(|rule| &rule.account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }
}

fn described(rule: &AccountRule) -> String {
    let case = AccountCase {
        part: rule.part,
        product: rule.product.clone().unwrap_or_default(),
        category: rule.category.clone().unwrap_or_default(),
        tax: rule.tax.clone().unwrap_or_default(),
        site: rule.site.clone().unwrap_or_default(),
    };
    case.to_string()
}

fn normal(text: &str) -> String {
    text.trim().to_uppercase()
}
