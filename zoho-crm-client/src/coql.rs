//! COQL queries that no value can break out of (reference: Zoho v8 section 6, read 2026-11; quoting: Zoho developer
//! community "Kaizen 171", read 2026-11).

mod column;
mod filter;
mod keyset;

use std::fmt::Write as _;

use self::column::column;
pub(crate) use self::keyset::Keyset;
pub use self::{
    column::Column,
    filter::{Filter, Literal},
};
use crate::{
    api::Order,
    error::Error,
    names::{FieldName, ModuleName, RecordId},
};

const OPERATION: &str = "zoho.coql";

/// Columns of a select: older pages allow 50, newer ones 500.
const MAX_COLUMNS: usize = 50;
/// Conditions in a `where`.
const MAX_CONDITIONS: usize = 25;
/// Rows of one answer.
const MAX_LIMIT: u32 = 2000;
/// Columns of an `order by`.
const MAX_ORDER: usize = 10;
/// Columns of a `group by`.
const MAX_GROUPS: usize = 4;
/// Aggregates of a select.
const MAX_AGGREGATES: usize = 5;
/// Rows that offset and limit reach together.
const MAX_REACH: u32 = 100_000;

/// Begins a query.
#[derive(Clone, Copy, Debug)]
pub enum Coql {}

impl Coql {
    /// Selects `columns`: names of fields, or any [`Column`]. `id` always comes along. At most 50.
    pub fn select<C: Into<Column>>(columns: impl IntoIterator<Item = C>) -> CoqlSelect {
        CoqlSelect {
            columns: columns.into_iter().map(Into::into).collect(),
        }
    }
}

/// A query that still lacks its module.
#[derive(Clone, Debug)]
#[must_use = "say where to select from"]
pub struct CoqlSelect {
    columns: Vec<Column>,
}

impl CoqlSelect {
    /// Selects from `module`.
    pub fn from(self, module: impl Into<ModuleName>) -> CoqlQuery {
        CoqlQuery {
            columns: self.columns,
            module: module.into(),
            view: None,
            filter: None,
            group_by: Vec::new(),
            order: Vec::new(),
            limit: 200,
            offset: 0,
        }
    }
}

/// A query: `select … from … where … group by … order by … limit … offset …`.
#[derive(Clone, Debug)]
#[must_use = "queries do nothing until they are sent"]
pub struct CoqlQuery {
    columns: Vec<Column>,
    module: ModuleName,
    view: Option<RecordId>,
    filter: Option<Filter>,
    group_by: Vec<FieldName>,
    order: Vec<(FieldName, Order)>,
    limit: u32,
    offset: u32,
}

impl CoqlQuery {
    /// Only rows that match. Default: all rows.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Only rows of the custom view `id`.
    pub fn view(mut self, id: RecordId) -> Self {
        self.view = Some(id);
        self
    }

    /// One row for each combination of these fields, at most 4, with aggregates of the rows that have it.
    pub fn group_by<F: Into<FieldName>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.group_by = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Sorts; call again for further columns. Default: by `id`.
    pub fn order_by(mut self, column: impl Into<FieldName>, order: Order) -> Self {
        self.order.push((column.into(), order));
        self
    }

    /// At most `rows` rows, 1 to 2,000. Default 200. Costs 1 credit up to 200 rows, 2 up to 1,000, 3 beyond.
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = rows;
        self
    }

    /// Leaves out the first `rows` rows. Together with the limit at most 100,000;
    /// [`coql_stream`](crate::ZohoClient::coql_stream) reads beyond.
    pub fn offset(mut self, rows: u32) -> Self {
        self.offset = rows;
        self
    }

    pub(crate) fn module(&self) -> &ModuleName {
        &self.module
    }

    pub(crate) fn credits(&self) -> u64 {
        match self.limit {
            0..=200 => 1,
            201..=1000 => 2,
            _ => 3,
        }
    }

    /// The query as text.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when a name is no API name or a documented limit is broken.
    pub fn to_text(&self) -> Result<String, Error> {
        self.check()?;
        let columns = self
            .columns
            .iter()
            .map(Column::to_text)
            .collect::<Result<Vec<_>, _>>()?;
        let mut text = format!("select {} from {}", columns.join(", "), self.module);
        if let Some(view) = &self.view {
            let _ = write!(text, "#{view}");
        }
        text.push_str(" where ");
        match &self.filter {
            Some(filter) => filter.write(&mut text)?,
            // A `where` is mandatory, and every row has an id.
            None => text.push_str("id is not null"),
        }
        if !self.group_by.is_empty() {
            let fields = self
                .group_by
                .iter()
                .map(column)
                .collect::<Result<Vec<_>, _>>()?;
            text.push_str(" group by ");
            text.push_str(&fields.join(", "));
        }
        if !self.order.is_empty() {
            let terms = self
                .order
                .iter()
                .map(|(name, order)| Ok(format!("{} {}", column(name)?, order.as_str())))
                .collect::<Result<Vec<_>, Error>>()?;
            text.push_str(" order by ");
            text.push_str(&terms.join(", "));
        }
        let _ = write!(text, " limit {}", self.limit);
        if self.offset > 0 {
            let _ = write!(text, " offset {}", self.offset);
        }
        Ok(text)
    }

    fn check(&self) -> Result<(), Error> {
        if !self.module.is_plain() {
            return Err(invalid(format!("`{}` is no module API name", self.module)));
        }
        if self.columns.is_empty() || self.columns.len() > MAX_COLUMNS {
            return Err(invalid(format!(
                "a query selects 1 to {MAX_COLUMNS} columns, not {}",
                self.columns.len()
            )));
        }
        let aggregates = self
            .columns
            .iter()
            .filter(|column| column.is_aggregate())
            .count();
        for (count, most, what) in [
            (aggregates, MAX_AGGREGATES, "aggregates"),
            (self.group_by.len(), MAX_GROUPS, "columns to group by"),
            (self.order.len(), MAX_ORDER, "columns to sort by"),
        ] {
            if count > most {
                return Err(invalid(format!(
                    "a query has at most {most} {what}, not {count}"
                )));
            }
        }
        if !(1..=MAX_LIMIT).contains(&self.limit) {
            return Err(invalid(format!(
                "a query returns 1 to {MAX_LIMIT} rows, not {}",
                self.limit
            )));
        }
        if self.offset.saturating_add(self.limit) > MAX_REACH {
            return Err(invalid(format!(
                "offset and limit reach {MAX_REACH} rows: stream the query instead"
            )));
        }
        let conditions = self.filter.as_ref().map_or(1, Filter::conditions);
        if conditions > MAX_CONDITIONS {
            return Err(invalid(format!(
                "a query has at most {MAX_CONDITIONS} conditions, not {conditions}"
            )));
        }
        Ok(())
    }
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::invalid(OPERATION, reason)
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::Date};
    use rust_decimal::Decimal;

    use super::*;

    fn accounts(filter: Filter) -> CoqlQuery {
        Coql::select(["id", "X3_Code"])
            .from("Accounts")
            .filter(filter)
    }

    fn condition(filter: Filter) -> String {
        let text = accounts(filter).to_text().unwrap();
        let text = text
            .strip_prefix("select id, X3_Code from Accounts where ")
            .unwrap();
        text.strip_suffix(" limit 200").unwrap().to_owned()
    }

    #[test]
    fn a_whole_query() {
        let query = accounts(Filter::in_("X3_Code", ["A", "B"]))
            .order_by("Modified_Time", Order::Descending)
            .order_by("id", Order::Ascending)
            .limit(2000)
            .offset(4000);
        assert_eq!(
            query.to_text().unwrap(),
            "select id, X3_Code from Accounts where X3_Code in ('A', 'B') order by Modified_Time desc, id asc limit 2000 offset 4000"
        );
        assert_eq!(query.credits(), 3);
    }

    #[test]
    fn a_query_over_groups_of_a_view() {
        let query = Coql::select([
            Column::field("Stage"),
            Column::sum("Amount"),
            Column::count("id").named("many"),
        ])
        .from("Deals")
        .view("99".parse().unwrap())
        .filter(Filter::eq("Account_Name.Industry", "Education"))
        .group_by(["Stage"]);
        assert_eq!(
            query.to_text().unwrap(),
            "select Stage, SUM(Amount), COUNT(id) as 'many' from Deals#99 where Account_Name.Industry = 'Education' group by Stage limit 200"
        );
    }

    #[test]
    fn texts_are_matched_by_their_parts() {
        assert_eq!(condition(Filter::contains("a", "O'B")), "a like '%O''B%'");
        assert_eq!(condition(Filter::starts_with("a", "x")), "a like 'x%'");
        assert_eq!(condition(Filter::ends_with("a", "x")), "a like '%x'");
        assert_eq!(
            condition(Filter::not_contains("a", "x")),
            "a not like '%x%'"
        );
        assert_eq!(
            condition(Filter::not_between("a", 1, 2)),
            "a not between 1 and 2"
        );
        // A part that is a pattern itself would match more than it says.
        assert!(accounts(Filter::contains("a", "5%")).to_text().is_err());
        assert!(accounts(Filter::starts_with("a", "")).to_text().is_err());
    }

    #[test]
    fn a_query_without_a_filter_matches_all() {
        let text = Coql::select(["id"]).from("Leads").to_text().unwrap();
        assert_eq!(text, "select id from Leads where id is not null limit 200");
    }

    #[test]
    fn values_are_written_as_their_type_asks() {
        let day: Date = "2026-11-20".parse().unwrap();
        let instant: Timestamp = "2026-11-20T10:00:00.5Z".parse().unwrap();
        assert_eq!(condition(Filter::eq("a", "O'Brien")), "a = 'O''Brien'");
        assert_eq!(condition(Filter::ne("a", 5)), "a != 5");
        assert_eq!(
            condition(Filter::gt("a", Decimal::new(1050, 2))),
            "a > 10.50"
        );
        assert_eq!(condition(Filter::le("a", true)), "a <= 'true'");
        assert_eq!(condition(Filter::lt("a", day)), "a < '2026-11-20'");
        assert_eq!(
            condition(Filter::ge("a", instant)),
            "a >= '2026-11-20T10:00:00+00:00'"
        );
        assert_eq!(condition(Filter::between("a", 1, 2)), "a between 1 and 2");
        assert_eq!(condition(Filter::is_null("a")), "a is null");
        assert_eq!(condition(Filter::not_in("a", [1, 2])), "a not in (1, 2)");
    }

    #[test]
    fn conditions_are_bracketed_in_pairs() {
        let test = Filter::is_null;
        assert_eq!(
            condition(test("a").and(test("b"))),
            "(a is null and b is null)"
        );
        assert_eq!(
            condition(Filter::all([test("a"), test("b"), test("c")])),
            "((a is null and b is null) and c is null)"
        );
        assert_eq!(
            condition(Filter::any([test("a"), test("b").and(test("c"))])),
            "(a is null or (b is null and c is null))"
        );
        assert_eq!(condition(Filter::all([test("a")])), "a is null");
    }

    #[test]
    fn words_of_the_language_are_quoted() {
        let text = Coql::select(["External", "Order", "Phone"])
            .from("Accounts")
            .to_text()
            .unwrap();
        assert!(text.starts_with("select 'External', 'Order', Phone from"));
    }

    #[test]
    fn documented_limits_are_checked_with_a_sentence() {
        let values = |count: usize| Filter::in_("a", (0..count).map(|n| n.to_string()));
        let conditions = |count: usize| Filter::all((0..count).map(|_| Filter::is_null("a")));
        for (query, word) in [
            (accounts(values(51)), "1 to 50 values, not 51"),
            (accounts(values(0)), "1 to 50 values"),
            (accounts(conditions(26)), "at most 25 conditions"),
            (accounts(conditions(0)), "at least one condition"),
            (accounts(Filter::is_null("a")).limit(2001), "1 to 2000 rows"),
            (accounts(Filter::is_null("a")).limit(0), "1 to 2000 rows"),
            (
                accounts(Filter::is_null("a")).limit(2000).offset(98_001),
                "100000",
            ),
            (
                accounts(Filter::is_null("a b")),
                "`a b` is no field API name",
            ),
            (
                Coql::select(["id"]).from("Accounts where 1=1"),
                "no module API name",
            ),
            (Coql::select(["a, b"]).from("Accounts"), "no field API name"),
            (
                Coql::select((0..6).map(|_| Column::max("a"))).from("Accounts"),
                "at most 5 aggregates",
            ),
            (
                accounts(Filter::is_null("a")).group_by(["a", "b", "c", "d", "e"]),
                "at most 4 columns to group by",
            ),
            (
                (0..11).fold(accounts(Filter::is_null("a")), |query, n| {
                    query.order_by(format!("F{n}"), Order::Ascending)
                }),
                "at most 10 columns to sort by",
            ),
            (
                accounts(Filter::is_null("a")).group_by(["a having 1"]),
                "no field API name",
            ),
            (
                Coql::select(Vec::<&str>::new()).from("Accounts"),
                "1 to 50 columns",
            ),
        ] {
            let error = query.to_text().unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(accounts(conditions(25)).to_text().is_ok());
        assert!(accounts(values(50)).to_text().is_ok());
    }
}
