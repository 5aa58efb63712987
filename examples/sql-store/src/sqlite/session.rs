//! Transactions on a SQLite connection.

use rusqlite::{
    Connection, Transaction, TransactionBehavior, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};

use crate::{
    error::Error,
    sql::{Cell, Dialect, Numbers, Row, Session, Sql, Step, Value, Work},
};

/// A connection and the thread that it is used on.
#[derive(Debug)]
pub(crate) struct SqliteSession(pub(crate) Connection);

impl Session for SqliteSession {
    fn do_reading(&mut self, work: Work<'_>) -> Result<(), Error> {
        transact(&mut self.0, TransactionBehavior::Deferred, work)
    }

    fn do_writing(&mut self, work: Work<'_>) -> Result<(), Error> {
        // Nobody else writes meanwhile.
        transact(&mut self.0, TransactionBehavior::Immediate, work)
    }

    fn do_passing(&mut self, work: Work<'_>) -> Result<(), Error> {
        // A level of 1 waits for the disk at checkpoints alone; what is written after it still waits for all before.
        let level: i64 = self
            .0
            .pragma_query_value(None, SYNCHRONOUS, |row| row.get(0))?;
        self.0.pragma_update(None, SYNCHRONOUS, level.min(1))?;
        let done = self.do_writing(work);
        self.0.pragma_update(None, SYNCHRONOUS, level)?;
        done
    }
}

const SYNCHRONOUS: &str = "synchronous";

fn transact(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: Work<'_>,
) -> Result<(), Error> {
    let mut sql = SqliteSql {
        transaction: connection.transaction_with_behavior(behavior)?,
        last: None,
    };
    work(&mut sql)?;
    sql.commit()
}

struct SqliteSql<'c> {
    transaction: Transaction<'c>,
    /// The last number that was given out, once that is known.
    last: Option<i64>,
}

impl SqliteSql<'_> {
    fn commit(self) -> Result<(), Error> {
        if let Some(last) = self.last {
            self.transaction
                .prepare_cached("UPDATE sequence SET last = ?1")?
                .execute([last])?;
        }
        self.transaction.commit()?;
        Ok(())
    }
}

impl Sql for SqliteSql<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn run(&mut self, steps: &[Step<'_>]) -> Result<Vec<u64>, Error> {
        let mut changed = Vec::with_capacity(steps.len());
        for step in steps {
            let mut statement = self.transaction.prepare_cached(step.statement.sqlite)?;
            changed.push(statement.execute(params_from_iter(&step.values))? as u64);
        }
        Ok(changed)
    }

    fn rows(&mut self, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        let mut found = Vec::with_capacity(steps.len());
        for step in steps {
            let mut statement = self.transaction.prepare_cached(step.statement.sqlite)?;
            let columns = statement.column_count();
            let mut rows = statement.query(params_from_iter(&step.values))?;
            let mut of_step = Vec::new();
            while let Some(row) = rows.next()? {
                let cells = (0..columns).map(|column| Ok(cell(row.get_ref(column)?)));
                of_step.push(Row::new(cells.collect::<rusqlite::Result<_>>()?));
            }
            found.push(of_step);
        }
        Ok(found)
    }

    fn script(&mut self, text: &str) -> Result<(), Error> {
        self.transaction.execute_batch(text)?;
        Ok(())
    }

    fn numbers(&mut self, count: usize) -> Result<Numbers, Error> {
        if count == 0 {
            return Ok(Numbers::new(Vec::new()));
        }
        let last = match self.last {
            Some(last) => last,
            None => self
                .transaction
                .prepare_cached("SELECT last FROM sequence")?
                .query_row([], |row| row.get(0))?,
        };
        let next = i64::try_from(count)
            .ok()
            .and_then(|count| last.checked_add(count))
            .ok_or(Error::Damaged("the sequence of numbers"))?;
        self.last = Some(next);
        Ok(Numbers::new((last + 1..=next).collect()))
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Text(bytes) => {
            String::from_utf8(bytes.to_vec()).map_or(Cell::Strange, Cell::Text)
        }
        ValueRef::Real(_) | ValueRef::Blob(_) => Cell::Strange,
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}
