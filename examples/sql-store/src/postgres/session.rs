//! Transactions on a PostgreSQL connection.

use std::{
    collections::{HashMap, hash_map::Entry},
    pin::Pin,
};

use bytes::BytesMut;
use futures::future::{MaybeDone, maybe_done, poll_immediate};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{
    Client, NoTls, Statement as Prepared,
    error::SqlState,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};

use super::{options::Parsed, text};
use crate::{
    error::Error,
    sql::{Cell, Dialect, Numbers, Row, Session, Sql, Statement, Step, Value, Work},
};

/// How often a transaction is begun anew that got in the way of another, or that lost its connection.
const ATTEMPTS: usize = 10;

const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const BEGIN_WRITING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

static NUMBERS: Statement =
    Statement::each("", "SELECT nextval('numbers') FROM generate_series(1, ?1)");

/// A connection and the thread that it is used on. It is made when it is first needed, and again when it was lost.
pub(crate) struct PostgresSession {
    how: Parsed,
    runtime: Runtime,
    connected: Option<Connected>,
}

struct Connected {
    client: Client,
    prepared: HashMap<*const Statement, Prepared>,
}

impl PostgresSession {
    pub(crate) fn new(how: &Parsed) -> Result<Self, Error> {
        // It goes on only while this thread waits for an answer: nothing happens behind the store's back.
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Runtime)?;
        Ok(Self {
            how: how.clone(),
            runtime,
            connected: None,
        })
    }

    /// Makes the schema that the tables are in, if one is named.
    pub(crate) fn make_schema(&mut self) -> Result<(), Error> {
        let Some(make) = self.how.make_schema.clone() else {
            return Ok(());
        };
        let (runtime, connected) = self.connect()?;
        let made = runtime.block_on(connected.client.batch_execute(&make));
        match made.map_err(Error::from) {
            // Another process was making it at the same moment.
            Err(Error::Postgres {
                code: Some(SqlState::UNIQUE_VIOLATION | SqlState::DUPLICATE_SCHEMA),
                ..
            }) => Ok(()),
            made => made,
        }
    }

    fn connect(&mut self) -> Result<(&Runtime, &mut Connected), Error> {
        if self.connected.is_some() {
            // Lets it be noticed that the server closed the connection meanwhile.
            self.runtime.block_on(tokio::task::yield_now());
        }
        if self
            .connected
            .as_ref()
            .is_some_and(|it| it.client.is_closed())
        {
            self.connected = None;
        }
        let connected = match self.connected.take() {
            Some(connected) => connected,
            None => self.runtime.block_on(connect(&self.how))?,
        };
        Ok((&self.runtime, self.connected.insert(connected)))
    }

    fn transact(&mut self, begin: &'static str, work: Work<'_>) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            match self.attempt(begin, work) {
                Err(error) if attempt < ATTEMPTS && is_worth_another_attempt(&error) => {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn attempt(&mut self, begin: &'static str, work: Work<'_>) -> Result<(), Error> {
        let (runtime, connected) = self.connect()?;
        let mut sql = PostgresSql {
            runtime,
            connected,
            begin: Some(begin),
        };
        let done = work(&mut sql);
        let PostgresSql {
            begin, connected, ..
        } = sql;
        if begin.is_some() {
            return done;
        }
        match done {
            Ok(()) => {
                let committed = runtime.block_on(connected.client.batch_execute("COMMIT"));
                committed.map_err(|error| match Error::from(error) {
                    Error::Postgres {
                        code: None,
                        message,
                    } => Error::CommitLost { message },
                    refused => refused,
                })
            }
            Err(error) => {
                // Where this fails, the connection is gone, and what was begun with it.
                let _ = runtime.block_on(connected.client.batch_execute("ROLLBACK"));
                Err(error)
            }
        }
    }
}

async fn connect(how: &Parsed) -> Result<Connected, Error> {
    // A connection ends when its client is dropped. What goes wrong is told to whoever waits for an answer.
    let client = match &how.tls {
        Some(tls) => {
            let (client, connection) = how.config.connect(tls.clone()).await?;
            tokio::spawn(async move { connection.await.ok() });
            client
        }
        None => {
            let (client, connection) = how.config.connect(NoTls).await?;
            tokio::spawn(async move { connection.await.ok() });
            client
        }
    };
    client.batch_execute(&how.settings).await?;
    Ok(Connected {
        client,
        prepared: HashMap::new(),
    })
}

/// Nothing of the transaction was kept, and the next attempt may fare better: it was chosen to give way, it inserted
/// what another had just inserted, or its connection was lost before it was to be committed.
fn is_worth_another_attempt(error: &Error) -> bool {
    match error {
        Error::Postgres {
            code: Some(code), ..
        } => {
            *code == SqlState::T_R_SERIALIZATION_FAILURE
                || *code == SqlState::T_R_DEADLOCK_DETECTED
                || *code == SqlState::UNIQUE_VIOLATION
                || *code == SqlState::ADMIN_SHUTDOWN
        }
        Error::Postgres {
            code: None,
            message,
        } => message.contains("connection closed"),
        _ => false,
    }
}

impl Session for PostgresSession {
    fn do_reading(&mut self, work: Work<'_>) -> Result<(), Error> {
        self.transact(BEGIN_READING, work)
    }

    fn do_writing(&mut self, work: Work<'_>) -> Result<(), Error> {
        self.transact(BEGIN_WRITING, work)
    }
}

struct PostgresSql<'s> {
    runtime: &'s Runtime,
    connected: &'s mut Connected,
    /// Set until the transaction is begun, which happens along with its first step.
    begin: Option<&'static str>,
}

/// What one step is asked for.
#[derive(Clone, Copy)]
enum Asked {
    Changes,
    Rows,
}

enum Answer {
    Begun,
    Changed(u64),
    Found(Vec<tokio_postgres::Row>),
}

impl PostgresSql<'_> {
    fn ask(&mut self, asked: Asked, steps: &[Step<'_>]) -> Result<Vec<Answer>, Error> {
        if steps.is_empty() {
            return Ok(Vec::new());
        }
        let Connected { client, prepared } = &mut *self.connected;
        let begin = self.begin.take();
        self.runtime.block_on(async {
            for step in steps {
                if let Entry::Vacant(place) = prepared.entry(std::ptr::from_ref(step.statement)) {
                    let text = step.statement.postgres.replace('?', "$");
                    place.insert(client.prepare(&text).await?);
                }
            }
            let client = &*client;
            let mut answers: Vec<Pin<Box<MaybeDone<_>>>> = Vec::with_capacity(steps.len() + 1);
            if let Some(begin) = begin {
                answers.push(Box::pin(maybe_done(send(client, Request::Begin(begin)))));
            }
            for step in steps {
                let Some(statement) = prepared.get(&std::ptr::from_ref(step.statement)) else {
                    return Err(Error::Stopped);
                };
                let request = Request::Step(asked, statement, &step.values);
                answers.push(Box::pin(maybe_done(send(client, request))));
            }
            // Everything is sent before the first answer is waited for.
            for answer in &mut answers {
                let _ = poll_immediate(answer).await;
            }
            let mut done = Vec::with_capacity(steps.len());
            for mut answer in answers {
                answer.as_mut().await;
                match answer.as_mut().take_output().ok_or(Error::Stopped)?? {
                    Answer::Begun => {}
                    other => done.push(other),
                }
            }
            Ok(done)
        })
    }
}

enum Request<'r> {
    Begin(&'static str),
    Step(Asked, &'r Prepared, &'r [Value<'r>]),
}

async fn send(client: &Client, request: Request<'_>) -> Result<Answer, tokio_postgres::Error> {
    match request {
        Request::Begin(text) => client.batch_execute(text).await.map(|()| Answer::Begun),
        Request::Step(asked, statement, values) => {
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
            match asked {
                Asked::Changes => client
                    .execute(statement, &values)
                    .await
                    .map(Answer::Changed),
                Asked::Rows => client.query(statement, &values).await.map(Answer::Found),
            }
        }
    }
}

impl Sql for PostgresSql<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn run(&mut self, steps: &[Step<'_>]) -> Result<Vec<u64>, Error> {
        let answers = self.ask(Asked::Changes, steps)?.into_iter();
        let changed = answers.map(|answer| match answer {
            Answer::Changed(rows) => rows,
            Answer::Begun | Answer::Found(_) => 0,
        });
        Ok(changed.collect())
    }

    fn rows(&mut self, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        let answers = self.ask(Asked::Rows, steps)?.into_iter();
        answers
            .map(|answer| match answer {
                Answer::Found(rows) => rows.iter().map(row).collect(),
                Answer::Begun | Answer::Changed(_) => Ok(Vec::new()),
            })
            .collect()
    }

    fn script(&mut self, text: &str) -> Result<(), Error> {
        let begin = self.begin.take();
        let client = &self.connected.client;
        self.runtime.block_on(async {
            if let Some(begin) = begin {
                client.batch_execute(begin).await?;
            }
            Ok(client.batch_execute(text).await?)
        })
    }

    fn numbers(&mut self, count: usize) -> Result<Numbers, Error> {
        if count == 0 {
            return Ok(Numbers::new(Vec::new()));
        }
        let step = NUMBERS.with([crate::sql::limit(count).into()]);
        let rows = (self as &mut dyn Sql).find(step)?;
        let numbers = rows.into_iter().map(|mut row| row.integer());
        Ok(Numbers::new(numbers.collect::<Result<_, _>>()?))
    }
}

fn row(row: &tokio_postgres::Row) -> Result<Row, Error> {
    let cells = (0..row.len()).map(|column| row.try_get(column).map_err(Error::from));
    Ok(Row::new(cells.collect::<Result<_, _>>()?))
}

type Failure = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Self::Integer(number) => number.to_sql(ty, out),
            Self::Text(text) => text::escaped(text).as_ref().to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT4, Type::INT8, Type::TEXT].contains(ty)
    }

    to_sql_checked!();
}

impl<'r> FromSql<'r> for Cell {
    fn from_sql(ty: &Type, raw: &'r [u8]) -> Result<Self, Failure> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(ty, raw)?.into()),
            Type::TEXT | Type::NAME => Self::Text(text::unescaped(<&str>::from_sql(ty, raw)?)),
            _ => Self::Strange,
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
