//! Transactions: one for each operation of the store.

use std::ops::Deref;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::Error;

/// Runs `reading` on one state of the database, whatever is written meanwhile.
pub(crate) fn read<T>(
    connection: &mut Connection,
    reading: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
    let value = reading(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

/// Runs `writing` as a whole or not at all. Nobody else writes meanwhile.
pub(crate) fn write<T>(
    connection: &mut Connection,
    writing: impl FnOnce(&mut Writing<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let last: i64 = transaction
        .prepare_cached("SELECT last FROM sequence")?
        .query_row([], |row| row.get(0))?;
    let mut writing_transaction = Writing {
        transaction,
        saved: last,
        last,
    };
    let value = writing(&mut writing_transaction)?;
    writing_transaction.commit()?;
    Ok(value)
}

/// A transaction that writes, and the numbers that it gives out.
pub(crate) struct Writing<'c> {
    transaction: Transaction<'c>,
    saved: i64,
    last: i64,
}

impl Writing<'_> {
    /// A number that was never given out: for link ids, revisions, fencing tokens and queue positions.
    pub(crate) fn next_number(&mut self) -> Result<i64, Error> {
        self.last = self
            .last
            .checked_add(1)
            .ok_or(Error::Damaged("the sequence of numbers"))?;
        Ok(self.last)
    }

    fn commit(self) -> Result<(), Error> {
        if self.last != self.saved {
            self.transaction
                .prepare_cached("UPDATE sequence SET last = ?1")?
                .execute([self.last])?;
        }
        self.transaction.commit()?;
        Ok(())
    }
}

impl Deref for Writing<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.transaction
    }
}

/// A number as its column has it. Those that are too large were never given out, and match nothing.
pub(crate) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of a column. It is never negative: the sequence starts at 0.
pub(crate) fn number(column: i64) -> Result<u64, Error> {
    u64::try_from(column).map_err(|_| Error::Damaged("a number"))
}

/// As many rows as a caller may ask for.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
