//! The rows of bulk reads as a stream.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{Stream, stream};

use super::{BulkReadRequest, BulkReadResult, RESULT};
use crate::{
    api::Outgoing,
    bulk::{CsvRow, FileError, FileLimits, RowReader, RowsError},
    client::ZohoClient,
    error::{CallContext, Error},
};

/// Rows, in the order of the files. After an error nothing more comes.
#[must_use = "streams do nothing unless polled"]
pub struct BulkRows {
    rows: Pin<Box<dyn Stream<Item = Result<CsvRow, Error>> + Send>>,
}

/// A file on its way.
pub(in crate::api) struct OpenFile {
    context: Box<CallContext>,
    reader: RowReader,
}

impl OpenFile {
    pub(in crate::api) async fn open(
        client: &ZohoClient,
        request: Outgoing,
        limits: FileLimits,
    ) -> Result<Self, Error> {
        let (context, body) = client.download(request).await?;
        Ok(Self {
            context,
            reader: RowReader::new(body, limits),
        })
    }

    /// What is wrong with the file.
    pub(in crate::api) fn error(&self, source: FileError) -> Error {
        Error::File {
            context: self.context.clone(),
            source,
        }
    }

    pub(in crate::api) async fn next(&mut self) -> Result<Option<CsvRow>, Error> {
        self.reader.next().await.map_err(|error| match error {
            RowsError::Transport(source) => Error::Transport {
                context: self.context.clone(),
                source,
            },
            RowsError::File(source) => self.error(source),
        })
    }
}

/// Where a stream over all pages is.
enum Place {
    Before(Box<BulkReadRequest>),
    In(Box<OpenFile>, Option<Box<BulkReadRequest>>),
}

impl BulkRows {
    pub(super) async fn of_file(
        client: &ZohoClient,
        result: &BulkReadResult,
        limits: FileLimits,
    ) -> Result<Self, Error> {
        let request = Outgoing::link(RESULT, &result.download_url, None)?;
        let file = OpenFile::open(client, request, limits).await?;
        Ok(Self::new(Place::In(Box::new(file), None)))
    }

    pub(super) fn of_request(request: BulkReadRequest) -> Self {
        Self::new(Place::Before(Box::new(request)))
    }

    fn new(start: Place) -> Self {
        let rows = stream::try_unfold(Some(start), |place| async {
            let Some(mut place) = place else {
                return Ok(None);
            };
            loop {
                place = match place {
                    Place::Before(request) => enter(request).await?,
                    Place::In(mut file, next) => match (file.next().await?, next) {
                        (Some(row), next) => return Ok(Some((row, Some(Place::In(file, next))))),
                        (None, Some(next)) => Place::Before(next),
                        (None, None) => return Ok(None),
                    },
                };
            }
        });
        Self {
            rows: Box::pin(rows),
        }
    }
}

/// Has a job write a page and opens its file.
async fn enter(request: Box<BulkReadRequest>) -> Result<Place, Error> {
    let job = request.start().await?;
    let result = job.wait(&request.polling).await?;
    let link = Outgoing::link(RESULT, &result.download_url, None)?;
    let file = OpenFile::open(&request.client, link, request.limits).await?;
    let next = result.more_records.then(|| Box::new(request.at(&result)));
    Ok(Place::In(Box::new(file), next))
}

impl Stream for BulkRows {
    type Item = Result<CsvRow, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.rows.as_mut().poll_next(context)
    }
}

impl fmt::Debug for BulkRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkRows").finish_non_exhaustive()
    }
}
