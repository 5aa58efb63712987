//! What a query selects.

use std::fmt::Write as _;

use super::invalid;
use crate::{
    error::Error,
    names::{FieldName, ModuleName},
};

/// A selected column: a field, also of a record that a lookup leads to (`Account_Name.Phone`), or an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    value: Value,
    alias: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Field(FieldName),
    Aggregate(&'static str, FieldName),
    Polymorphic(FieldName, ModuleName, FieldName),
}

macro_rules! aggregates {
    ($($(#[$doc:meta])* $name:ident => $function:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name(field: impl Into<FieldName>) -> Self {
            Self::of(Value::Aggregate($function, field.into()))
        }
    )*};
}

impl Column {
    fn of(value: Value) -> Self {
        Self { value, alias: None }
    }

    /// A field.
    pub fn field(name: impl Into<FieldName>) -> Self {
        Self::of(Value::Field(name.into()))
    }

    /// A field of the record that `lookup` leads to, for lookups that lead to several modules: of `Who_Id`, if it is a
    /// lead, the `Last_Name`.
    pub fn polymorphic(
        lookup: impl Into<FieldName>,
        module: impl Into<ModuleName>,
        field: impl Into<FieldName>,
    ) -> Self {
        Self::of(Value::Polymorphic(
            lookup.into(),
            module.into(),
            field.into(),
        ))
    }

    aggregates! {
        /// The sum of `field`. In the answer under `SUM(field)`, like the others under theirs.
        sum => "SUM";
        /// The largest `field`.
        max => "MAX";
        /// The smallest `field`.
        min => "MIN";
        /// The average of `field`.
        avg => "AVG";
        /// The number of rows with a `field`: a number, lookup or picklist.
        count => "COUNT";
    }

    /// Calls the column `name` in the answer: letters, digits and `_`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.alias = Some(name.into());
        self
    }

    pub(super) fn is_aggregate(&self) -> bool {
        matches!(self.value, Value::Aggregate(..))
    }

    /// Whether this is the field itself, under its own name.
    pub(super) fn is_field(&self, name: &str) -> bool {
        self.alias.is_none() && matches!(&self.value, Value::Field(field) if *field == *name)
    }

    pub(super) fn to_text(&self) -> Result<String, Error> {
        let mut text = match &self.value {
            // A column with an alias is quoted.
            Value::Field(field) if self.alias.is_some() => format!("'{}'", plain(field)?),
            Value::Field(field) => column(field)?,
            Value::Aggregate(function, field) => format!("{function}({})", plain(field)?),
            Value::Polymorphic(lookup, module, field) => {
                if !module.is_plain() {
                    return Err(invalid(format!("`{module}` is no module API name")));
                }
                format!("'{}->{module}.{}'", plain(lookup)?, plain(field)?)
            }
        };
        if let Some(alias) = &self.alias {
            let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if alias.is_empty() || !alias.bytes().all(letters) {
                return Err(invalid(format!(
                    "`{alias}` is no name for a column: use letters, digits and `_`"
                )));
            }
            let _ = write!(text, " as '{alias}'");
        }
        Ok(text)
    }
}

impl From<FieldName> for Column {
    fn from(name: FieldName) -> Self {
        Self::field(name)
    }
}

impl From<&FieldName> for Column {
    fn from(name: &FieldName) -> Self {
        Self::field(name)
    }
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::field(name)
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Self::field(name)
    }
}

impl From<&String> for Column {
    fn from(name: &String) -> Self {
        Self::field(name)
    }
}

fn plain(name: &FieldName) -> Result<&FieldName, Error> {
    if name.is_plain() {
        return Ok(name);
    }
    Err(invalid(format!(
        "`{name}` is no field API name: use letters, digits, `_`, `$` and `.`"
    )))
}

/// A field's name, quoted when it is a word of the language.
pub(super) fn column(name: &FieldName) -> Result<String, Error> {
    let lower = plain(name)?.as_str().to_ascii_lowercase();
    if RESERVED.contains(&lower.as_str()) {
        return Ok(format!("'{name}'"));
    }
    Ok(name.to_string())
}

/// Words of SQL that a field may be named after.
const RESERVED: [&str; 40] = [
    "all", "and", "as", "asc", "between", "by", "case", "check", "column", "cross", "date",
    "default", "desc", "distinct", "end", "exists", "external", "for", "from", "full", "group",
    "having", "in", "index", "inner", "is", "join", "key", "like", "limit", "not", "null",
    "offset", "on", "or", "order", "select", "table", "union", "where",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_written_as_documented() {
        for (column, text) in [
            (Column::from("Account_Name.Phone"), "Account_Name.Phone"),
            (Column::from("Order"), "'Order'"),
            (Column::sum("Amount"), "SUM(Amount)"),
            (Column::count("id").named("many"), "COUNT(id) as 'many'"),
            (
                Column::field("Account_Name.Phone").named("phone"),
                "'Account_Name.Phone' as 'phone'",
            ),
            (
                Column::polymorphic("What_Id", "Leads", "Last_Name"),
                "'What_Id->Leads.Last_Name'",
            ),
        ] {
            assert_eq!(column.to_text().unwrap(), text);
        }
    }

    #[test]
    fn no_name_breaks_out_of_its_place() {
        for column in [
            Column::sum("a) from Leads where (1=1"),
            Column::field("a").named("x' from Leads"),
            Column::field("a").named(""),
            Column::field("a'b").named("x"),
            Column::polymorphic("a", "Leads'", "b"),
            Column::polymorphic("a'", "Leads", "b"),
            Column::polymorphic("a", "Leads", "b'"),
        ] {
            assert!(column.to_text().is_err(), "{column:?}");
        }
    }
}
