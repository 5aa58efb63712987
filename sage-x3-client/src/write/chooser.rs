//! Choosing the path, and sending rows by it.

use std::{collections::VecDeque, sync::Arc};

use super::{WriteAction, WritePath, WriteRoute, WriteRow, WrittenRows, rows};
use crate::{
    client::X3Client,
    error::{CallContext, Error, WriteError},
    graphql::node_path::NodePath,
    ids::RecordId,
    outcome::{Batch, Outcome},
    probe::Support,
};

/// Which write of which node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriteKind<'a> {
    pub(crate) node: &'a NodePath,
    pub(crate) action: WriteAction,
    /// Name in errors and logs, such as `customer.create`.
    pub(crate) operation: &'static str,
    /// The field that holds the whole key, by which a refused row is looked up: `_id` where several fields
    /// make it up.
    pub(crate) key_path: &'a str,
}

/// A path that is to be tried.
#[derive(Clone, Debug)]
pub(super) enum Way {
    Graphql,
    Route(Arc<dyn WriteRoute>),
}

impl X3Client {
    /// Writes `rows` by the first path that the site offers.
    ///
    /// A path that refuses the operation as such, surely without effect, is passed over for the next one, and not tried
    /// again while this client lives. When a request fails as a whole, those after it are not sent.
    pub(crate) async fn write_rows(
        &self,
        kind: WriteKind<'_>,
        rows: &[WriteRow],
    ) -> Batch<RecordId> {
        let mut batch = Batch::default();
        let mut ways = self.ways(kind);
        let mut rest = rows;
        while let (Some(way), false) = (ways.front(), rest.is_empty()) {
            let size = match way {
                Way::Graphql => self.site().write_batch,
                Way::Route(route) => route.rows_at_once().max(1),
            };
            let (chunk, later) = rest.split_at(size.min(rest.len()));
            batch.requests += 1;
            match self.write_chunk(kind, way, chunk).await {
                Ok(written) => {
                    batch.rows.extend(
                        written
                            .rows
                            .into_iter()
                            .map(|row| row.map_err(WriteError::Record)),
                    );
                    batch.diagnoses.extend(written.diagnoses);
                    rest = later;
                }
                Err(error) if ways.len() > 1 && refuses_operation(&error) => {
                    if matches!(way, Way::Graphql) {
                        self.note_refused(kind.node, kind.action);
                    }
                    ways.pop_front();
                }
                Err(error) => {
                    let error = Arc::new(error);
                    batch.rows.extend(
                        chunk
                            .iter()
                            .map(|_| Err(WriteError::Call(Arc::clone(&error)))),
                    );
                    batch.rows.extend(
                        later
                            .iter()
                            .map(|_| Err(WriteError::NotSent(Arc::clone(&error)))),
                    );
                    break;
                }
            }
        }
        batch
    }

    /// The paths to try, in order; never empty, because only the server knows what it offers now.
    fn ways(&self, kind: WriteKind<'_>) -> VecDeque<Way> {
        let order = self.site().write_paths(&kind.node.node);
        let mut ways: VecDeque<Way> = order
            .iter()
            .filter_map(|path| self.way(*path, kind))
            .collect();
        if ways.is_empty() {
            ways.push_back(Way::Graphql);
        }
        ways
    }

    fn way(&self, path: WritePath, kind: WriteKind<'_>) -> Option<Way> {
        if path == WritePath::Graphql {
            let missing = self.was_refused(kind.node, kind.action)
                || self.known_support(kind.node, kind.action) == Support::Missing;
            return (!missing).then_some(Way::Graphql);
        }
        let route = self
            .routes()
            .iter()
            .find(|route| route.path() == path && route.serves(kind.node, kind.action))?;
        Some(Way::Route(Arc::clone(route)))
    }

    async fn write_chunk(
        &self,
        kind: WriteKind<'_>,
        way: &Way,
        rows: &[WriteRow],
    ) -> Result<WrittenRows, Error> {
        let mut written = match way {
            Way::Graphql => self.write_graphql(kind, rows).await?,
            Way::Route(route) => {
                route
                    .write(self, kind.node, kind.action, kind.operation, rows)
                    .await?
            }
        };
        self.explain_refusals(kind, way, rows, &mut written).await;
        Ok(written)
    }

    async fn write_graphql(
        &self,
        kind: WriteKind<'_>,
        rows: &[WriteRow],
    ) -> Result<WrittenRows, Error> {
        let input_type = self
            .known_input(kind.node, kind.action)
            .unwrap_or_else(|| kind.node.input_type());
        let site = self.site();
        let node = kind.node.node.as_ref();
        let named: Vec<WriteRow>;
        let sent = if site.field_map.renames_input_of(node) {
            let name = |path: &str| site.field_map.input_name(node, path);
            named = rows
                .iter()
                .map(|row| WriteRow {
                    input: row.input.renamed(&name),
                    ..row.clone()
                })
                .collect();
            &named
        } else {
            rows
        };
        let request = rows::request(&kind, sent, site.generation, &input_type)?;
        let adds_rows = rows.iter().any(|row| row.input.adds_rows());
        let answer = if kind.action.is_repeatable() && !adds_rows {
            self.write_repeatable(&request).await?
        } else {
            self.write_once(&request).await?
        };
        rows::parse(rows, answer)
    }
}

/// Whether nothing was done because the path does not offer the operation, or not to this user.
fn refuses_operation(error: &Error) -> bool {
    matches!(error, Error::NotActivated { .. } | Error::NotAllowed { .. })
        && !error.may_have_been_applied()
}

/// The one row of a batch of one.
pub(crate) fn single<T>(
    client: &X3Client,
    operation: &'static str,
    batch: Batch<T>,
) -> Result<Outcome<T>, Error> {
    let context = || {
        Box::new(CallContext {
            operation,
            endpoint: client.endpoint().clone(),
            status: Some(http::StatusCode::OK),
            attempts: 1,
            may_have_been_applied: false,
        })
    };
    match batch.rows.into_iter().next() {
        Some(Ok(mut outcome)) => {
            outcome.diagnoses.extend(batch.diagnoses);
            Ok(outcome)
        }
        Some(Err(WriteError::Record(error))) => {
            let mut context = context();
            context.may_have_been_applied = error.may_have_been_applied;
            Err(Error::Rejected {
                context,
                error: Box::new(error),
            })
        }
        Some(Err(WriteError::Call(error) | WriteError::NotSent(error))) => {
            // Nobody else holds an error of a batch of one.
            Err(Arc::into_inner(error).unwrap_or_else(|| Error::Protocol {
                context: context(),
                what: "the call failed".to_owned(),
            }))
        }
        None => Err(Error::Protocol {
            context: context(),
            what: "the answer holds no row".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests;
