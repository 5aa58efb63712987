//! The stream of outcomes.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{Stream, StreamExt, stream};

use super::{
    BulkOutcome, BulkRowError, BulkWriteJob, BulkWriteRequest,
    cells::cells,
    file::{Draft, SentRows, key},
    outcome, parse_created, parse_uploaded, result_request,
};
use crate::{api::bulk_read::OpenFile, error::Error, model::Record};

type Rows = Pin<Box<dyn Stream<Item = Record> + Send>>;

/// What became of each row, in order. After an error nothing more comes: rows without an outcome were not written, or
/// are those of the job that the error is about.
#[must_use = "streams do nothing unless polled"]
pub struct BulkWriteOutcomes {
    outcomes: Pin<Box<dyn Stream<Item = Result<BulkOutcome, Error>> + Send>>,
}

impl BulkWriteOutcomes {
    pub(super) fn new(request: BulkWriteRequest, rows: Rows) -> Self {
        let start = Sending {
            request,
            rows,
            waiting: None,
            next_row: 0,
            ready: VecDeque::new(),
        };
        let outcomes = stream::try_unfold(start, |mut sending| async {
            if sending.ready.is_empty() {
                sending.send_file().await?;
            }
            let outcome = sending.ready.pop_front();
            Ok(outcome.map(|outcome| (outcome, sending)))
        });
        Self {
            outcomes: Box::pin(outcomes),
        }
    }
}

impl Stream for BulkWriteOutcomes {
    type Item = Result<BulkOutcome, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.outcomes.as_mut().poll_next(context)
    }
}

impl fmt::Debug for BulkWriteOutcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkWriteOutcomes").finish_non_exhaustive()
    }
}

struct Sending {
    request: BulkWriteRequest,
    rows: Rows,
    /// A row that the last file had no room for.
    waiting: Option<Vec<String>>,
    next_row: u64,
    /// Outcomes of the last file. At most 25,000.
    ready: VecDeque<BulkOutcome>,
}

impl Sending {
    /// Fills and sends one file and gets its outcomes; none when there are no more rows.
    async fn send_file(&mut self) -> Result<(), Error> {
        self.request.check()?;
        let draft = self.fill().await?;
        if draft.is_empty() {
            return Ok(());
        }
        let (archive, sent) = draft.finish();
        let client = &self.request.client;
        let zgid = client.zgid().await?;
        let (upload, form) = self.request.upload_request(&zgid, archive)?;
        let file = client.upload(upload, form, parse_uploaded).await?;
        let create = self.request.create_request(&file)?;
        let job = client.send(create, parse_created).await?;
        let job = BulkWriteJob::new(client.clone(), job);
        let link = job.wait(&self.request.polling).await?;
        self.read_result(&link, &sent).await
    }

    async fn fill(&mut self) -> Result<Draft, Error> {
        let request = &self.request;
        let mut draft = Draft::new(&request.columns);
        loop {
            let row = match self.waiting.take() {
                Some(row) => row,
                None => match self.rows.next().await {
                    Some(record) => {
                        cells(&record, &request.columns, &request.operation, request.empty)?
                    }
                    None => return Ok(draft),
                },
            };
            if !draft.add(&row)? {
                self.waiting = Some(row);
                return Ok(draft);
            }
        }
    }

    async fn read_result(&mut self, link: &str, sent: &SentRows) -> Result<(), Error> {
        let request = result_request(link)?;
        let mut file = OpenFile::open(&self.request.client, request, self.request.limits).await?;
        let columns = self.request.columns.len();
        let (mut keys, mut results) = (Vec::new(), Vec::new());
        while let Some(row) = file.next().await? {
            keys.push(key((0..columns).map_while(|place| row.at(place))));
            results.push(Some(
                outcome::read(&row).map_err(|error| file.error(error))?,
            ));
        }
        for place in sent.places(&keys) {
            let found = place.and_then(|place| results.get_mut(place)?.take());
            let result = found.unwrap_or(Err(BulkRowError::Unknown { status: None }));
            let row = self.next_row;
            self.ready.push_back(BulkOutcome { row, result });
            self.next_row += 1;
        }
        Ok(())
    }
}
