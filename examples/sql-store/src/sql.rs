//! The seam between what the store does and the database that it does it on.
//!
//! Everything above works with steps: a statement and its values. A list of steps is one conversation with the
//! database: SQLite runs them one after another in this process, PostgreSQL gets all of them before it is asked for the
//! first answer, so that a batch of a hundred records costs one round trip and not a hundred.

use std::borrow::Cow;

use crate::error::Error;

/// A statement, as each database understands it. Parameters are `?1`, `?2` and so on in both.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Statement {
    /// The same text for both.
    pub(crate) const fn shared(text: &'static str) -> Self {
        Self {
            sqlite: text,
            postgres: text,
        }
    }

    /// Where they differ.
    pub(crate) const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }

    /// A step: this statement with these values.
    pub(crate) fn with<'a, const N: usize>(&'static self, values: [Value<'a>; N]) -> Step<'a> {
        Step {
            statement: self,
            values: Vec::from(values),
        }
    }
}

/// A query whose rows nobody else may change until the transaction ends. SQLite has one writer at a time anyway.
macro_rules! locking {
    ($text:literal) => {
        $crate::sql::Statement::each($text, concat!($text, " FOR UPDATE"))
    };
}
pub(crate) use locking;

/// One statement with its values.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) statement: &'static Statement,
    pub(crate) values: Vec<Value<'a>>,
}

/// What goes into a column.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Text(Cow<'a, str>),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What comes out of a column.
#[derive(Debug)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Text(String),
    /// Nothing that this crate ever wrote.
    Strange,
}

/// What comes out of a row, column by column.
#[derive(Debug)]
pub(crate) struct Row(std::vec::IntoIter<Cell>);

impl Row {
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Self(cells.into_iter())
    }

    /// The next column, which has a number.
    pub(crate) fn integer(&mut self) -> Result<i64, Error> {
        self.optional_integer()?
            .ok_or(Error::Damaged("a number of a row"))
    }

    /// The next column, which has a number or nothing.
    pub(crate) fn optional_integer(&mut self) -> Result<Option<i64>, Error> {
        match self.0.next() {
            Some(Cell::Integer(number)) => Ok(Some(number)),
            Some(Cell::Null) => Ok(None),
            _ => Err(Error::Damaged("a number of a row")),
        }
    }

    /// The next column, which has a text.
    pub(crate) fn text(&mut self) -> Result<String, Error> {
        self.optional_text()?
            .ok_or(Error::Damaged("a text of a row"))
    }

    /// The next column, which has a text or nothing.
    pub(crate) fn optional_text(&mut self) -> Result<Option<String>, Error> {
        match self.0.next() {
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(Cell::Null) => Ok(None),
            _ => Err(Error::Damaged("a text of a row")),
        }
    }
}

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A transaction.
pub(crate) trait Sql {
    fn dialect(&self) -> Dialect;

    /// Runs the steps in order. Gives how many rows each of them changed.
    fn run(&mut self, steps: &[Step<'_>]) -> Result<Vec<u64>, Error>;

    /// Runs the steps in order. Gives the rows that each of them found.
    fn rows(&mut self, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, Error>;

    /// Runs statements without values, such as a migration.
    fn script(&mut self, text: &str) -> Result<(), Error>;

    /// Numbers that were never given out, in rising order: for link ids, revisions, fencing tokens and queue positions.
    fn numbers(&mut self, count: usize) -> Result<Numbers, Error>;
}

impl dyn Sql + '_ {
    /// The rows that one step finds.
    pub(crate) fn find(&mut self, step: Step<'_>) -> Result<Vec<Row>, Error> {
        Ok(self.rows(&[step])?.pop().unwrap_or_default())
    }

    /// The first row that one step finds.
    pub(crate) fn find_one(&mut self, step: Step<'_>) -> Result<Option<Row>, Error> {
        Ok(self.find(step)?.into_iter().next())
    }

    /// The one row of a step that always has one.
    pub(crate) fn find_total(&mut self, step: Step<'_>) -> Result<Row, Error> {
        self.find_one(step)?
            .ok_or(Error::Damaged("the answer to a count"))
    }

    /// How many rows one step changed.
    pub(crate) fn change(&mut self, step: Step<'_>) -> Result<u64, Error> {
        Ok(self.run(&[step])?.pop().unwrap_or_default())
    }
}

/// Numbers that were set aside for one transaction.
#[derive(Debug)]
pub(crate) struct Numbers(std::vec::IntoIter<i64>);

impl Numbers {
    pub(crate) fn new(numbers: Vec<i64>) -> Self {
        Self(numbers.into_iter())
    }

    /// The next one.
    pub(crate) fn take(&mut self) -> Result<i64, Error> {
        self.0
            .next()
            .ok_or(Error::Damaged("the sequence of numbers"))
    }
}

/// Work to be done in one transaction. It may be done anew when the database asks for that, and so leaves no trace
/// outside it before it ends well.
pub(crate) type Work<'w> = &'w mut dyn FnMut(&mut dyn Sql) -> Result<(), Error>;

/// A connection to a database.
pub(crate) trait Session {
    /// Does `work` on one state of the database, whatever is written meanwhile.
    fn do_reading(&mut self, work: Work<'_>) -> Result<(), Error>;

    /// Does `work` as a whole or not at all.
    fn do_writing(&mut self, work: Work<'_>) -> Result<(), Error>;

    /// The same for what nobody misses after a power failure. Where that saves waiting for the disk, it is not waited for.
    fn do_passing(&mut self, work: Work<'_>) -> Result<(), Error> {
        self.do_writing(work)
    }
}

impl dyn Session + '_ {
    pub(crate) fn read<T>(
        &mut self,
        mut work: impl FnMut(&mut dyn Sql) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut value = None;
        self.do_reading(&mut |sql| {
            value = Some(work(sql)?);
            Ok(())
        })?;
        value.ok_or(Error::Stopped)
    }

    pub(crate) fn write<T>(
        &mut self,
        mut work: impl FnMut(&mut dyn Sql) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut value = None;
        self.do_writing(&mut |sql| {
            value = Some(work(sql)?);
            Ok(())
        })?;
        value.ok_or(Error::Stopped)
    }

    pub(crate) fn pass<T>(
        &mut self,
        mut work: impl FnMut(&mut dyn Sql) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut value = None;
        self.do_passing(&mut |sql| {
            value = Some(work(sql)?);
            Ok(())
        })?;
        value.ok_or(Error::Stopped)
    }
}

/// A number as its column has it. Those that are too large were never given out, and match nothing.
pub(crate) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of a column. It is never negative: numbers start at 0.
pub(crate) fn number(column: i64) -> Result<u64, Error> {
    u64::try_from(column).map_err(|_| Error::Damaged("a number"))
}

/// As many rows as a caller may ask for.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
