//! Creating, changing and deleting records of classes that a site has built for it.

use bytes::Bytes;
use client_core::{Call, ExactDecimal};
use http::{Method, StatusCode};
use serde::{Serialize, Serializer, de::DeserializeOwned};

use super::{
    answer::{Api1Answer, single, successful},
    class::Api1Class,
    key::Key,
    names::ColumnName,
    url::{Resource, representation, request},
    value::LocalMenu,
};
use crate::{
    client::Exchanged,
    error::{Error, InvalidRequest, RecordErrorKind},
    graphql::execute::classify,
    scalar::Scalar,
};

/// Values of columns to be written. What is not stated keeps its value, or gets X3's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(Vec<(String, Value)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Scalar(Scalar),
    Rows(Vec<Values>),
}

/// The member that tells X3 which row of a child table is meant.
const ROW_ID: &str = "$uuid";

impl Values {
    /// No value.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a column. A Boolean is written as menu 1 (no is 1, yes is 2), a number digit by digit.
    #[must_use]
    pub fn set(mut self, column: ColumnName, value: impl Into<Scalar>) -> Self {
        self.put(column.to_string(), Value::Scalar(value.into()));
        self
    }

    /// Sets the rows of a child table, such as `SOHSOP`. In an update, rows that are there already need their id.
    #[must_use]
    pub fn rows(mut self, table: ColumnName, rows: impl IntoIterator<Item = Self>) -> Self {
        self.put(table.to_string(), Value::Rows(rows.into_iter().collect()));
        self
    }

    /// Makes these the values of the row with this `$uuid`.
    #[must_use]
    pub fn of_row(mut self, uuid: &str) -> Self {
        self.put(ROW_ID.to_owned(), Value::Scalar(uuid.into()));
        self
    }

    /// The value of a column as text, where it is a text or a whole number: what keys are made of.
    pub(super) fn text(&self, column: &ColumnName) -> Option<String> {
        let (_, value) = self.0.iter().find(|(name, _)| name == column.as_str())?;
        match value {
            Value::Scalar(Scalar::Text(text)) => Some(text.clone()),
            Value::Scalar(Scalar::Integer(number)) => Some(number.to_string()),
            _ => None,
        }
    }

    fn put(&mut self, name: String, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, place)) => *place = value,
            None => self.0.push((name, value)),
        }
    }

    /// Whether writing these a second time adds rows.
    fn adds_rows(&self) -> bool {
        self.0.iter().any(|(_, value)| match value {
            Value::Scalar(_) => false,
            Value::Rows(rows) => rows
                .iter()
                .any(|row| row.adds_rows() || !row.0.iter().any(|(name, _)| name == ROW_ID)),
        })
    }

    fn to_json(&self) -> Result<Bytes, InvalidRequest> {
        serde_json::to_vec(self)
            .map(Into::into)
            .map_err(|_| InvalidRequest::new("the values cannot be written as JSON"))
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Rows(rows) => rows.serialize(serializer),
            Self::Scalar(Scalar::Boolean(value)) => LocalMenu::from(*value).0.serialize(serializer),
            Self::Scalar(Scalar::Decimal(value)) => ExactDecimal(*value).serialize(serializer),
            Self::Scalar(value) => value.serialize(serializer),
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> Api1Class<T> {
    /// Creates a record and gives it as X3 has written it; its key is in [`Api1Answer::key`].
    ///
    /// May be repeated: no. It is sent again only when the first attempt surely had no effect. After an error whose
    /// [`may_have_been_applied`](Error::may_have_been_applied) is true, look the record up before anything else.
    ///
    /// # Errors
    /// [`Error::Rejected`] when X3 does not accept the record. [`Error::WrongService`] when the class cannot be written
    /// through `api1`, as is so for standard classes.
    pub async fn create(&self, values: &Values) -> Result<Api1Answer<T>, Error> {
        let query = representation(&self.representation, "create");
        let request = request(
            self.client.site(),
            Method::POST,
            &self.class,
            Resource::Class,
            &query,
            Some(values.to_json()?),
        )?;
        let operation = "api1.create";
        let call = Call::once(operation, request);
        single(
            self.client
                .exchange(operation, call, &classify, true)
                .await?,
            true,
        )
    }

    /// Changes a record to the stated values and gives its new state. `api1` has no protection against changes by others
    /// in between (reference sage-x3 section 4.4).
    ///
    /// May be repeated: yes, unless rows are added: those without an id would be added twice.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub async fn update(&self, key: &Key, values: &Values) -> Result<Api1Answer<T>, Error> {
        let query = representation(&self.representation, "edit");
        let request = request(
            self.client.site(),
            Method::PUT,
            &self.class,
            Resource::Record(key),
            &query,
            Some(values.to_json()?),
        )?;
        let operation = "api1.update";
        let exchanged = if values.adds_rows() {
            let call = Call::once(operation, request);
            self.client
                .exchange(operation, call, &classify, true)
                .await?
        } else {
            let call = Call::repeatable(operation, request);
            self.client
                .exchange(operation, call, &classify, true)
                .await?
        };
        single(exchanged, true)
    }

    /// Deletes a record; false when it was not there.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub async fn delete(&self, key: &Key) -> Result<bool, Error> {
        let query = representation(&self.representation, "edit");
        let request = request(
            self.client.site(),
            Method::DELETE,
            &self.class,
            Resource::Record(key),
            &query,
            None,
        )?;
        let operation = "api1.delete";
        let call = Call::repeatable(operation, request);
        let exchanged = self
            .client
            .exchange(operation, call, &classify, true)
            .await?;
        deleted(exchanged)
    }
}

fn deleted(exchanged: Exchanged) -> Result<bool, Error> {
    // X3 answers an earlier attempt's success with nothing at all, too.
    let is_blank = exchanged.response.body().trim_ascii().is_empty();
    if exchanged.response.status() == StatusCode::OK && is_blank {
        return Ok(true);
    }
    match successful(exchanged, true) {
        Ok(_) => Ok(true),
        Err(Error::Rejected { error, .. }) if error.kind == RecordErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(code: &str) -> ColumnName {
        ColumnName::new(code).unwrap()
    }

    #[test]
    fn values_have_the_forms_that_columns_hold() {
        let amount: rust_decimal::Decimal = "99999999999999.99".parse().unwrap();
        let values = Values::new()
            .set(column("BPCNUM"), "a\"b\\c")
            .set(column("BPCSTA"), true)
            .set(column("OSTAUZ"), amount)
            .set(column("ORDDAT"), jiff::civil::date(2026, 11, 20))
            .rows(
                column("LINES"),
                [Values::new().of_row("u-1").set(column("QTY"), 2)],
            );
        assert_eq!(
            serde_json::to_string(&values).unwrap(),
            r#"{"BPCNUM":"a\"b\\c","BPCSTA":2,"OSTAUZ":99999999999999.99,"ORDDAT":"2026-11-20","LINES":[{"$uuid":"u-1","QTY":2}]}"#
        );
    }

    #[test]
    fn only_rows_without_an_id_are_added_when_written_twice() {
        let known = Values::new().of_row("u-1").set(column("QTY"), 2);
        let new = Values::new().set(column("QTY"), 2);
        assert!(!Values::new().set(column("A"), 1).adds_rows());
        assert!(!Values::new().rows(column("L"), [known.clone()]).adds_rows());
        assert!(Values::new().rows(column("L"), [known, new]).adds_rows());
    }
}
