//! Creating and changing customers.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Customers;
use crate::{
    config::Generation,
    diagnose::{Diagnose, GraphqlError, OperationRefusal, PathSegment, operation_refusal},
    error::{CallContext, Error, InvalidRequest, RecordError, RecordErrorKind, WriteError},
    graphql::{
        answer::Parsed,
        connection::Rows,
        document::{Operation, row_alias},
        execute::GraphqlRequest,
        filter::Filter,
        operations::{customer_create, customer_update},
    },
    ids::CustomerCode,
    model::{CustomerPatch, Input, NewCustomer},
    outcome::{Batch, Outcome},
    page::PageSize,
};

impl Customers {
    /// Creates one customer and gives its code.
    ///
    /// May be repeated: no. It is sent again only when the first attempt surely had no effect. After an error whose
    /// [`may_have_been_applied`](Error::may_have_been_applied) is true, look the code up before anything else.
    ///
    /// # Errors
    /// [`Error::Rejected`] when X3 does not accept the customer; [`Error::NotActivated`] when the site does not offer
    /// `customer.create` to this user.
    pub async fn create(&self, new: &NewCustomer) -> Result<Outcome<CustomerCode>, Error> {
        self.single(CREATE, self.create_many(std::slice::from_ref(new)).await)
    }

    /// Creates several customers, [`SiteConfig::write_batch`](crate::SiteConfig::write_batch) a request, and tells for
    /// each what became of it.
    ///
    /// May be repeated: no, as for [`create`](Self::create). When a request fails as a whole, those after it are not
    /// sent.
    ///
    /// A refused customer whose code was chosen is looked up by that code, because X3's messages are localised: if it
    /// is there, the refusal is [`RecordErrorKind::AlreadyExists`].
    pub async fn create_many(&self, new: &[NewCustomer]) -> Batch<CustomerCode> {
        let rows: Vec<Row<'_>> = new
            .iter()
            .map(|new| Row {
                code: new.chosen_code(),
                input: new.to_input(self.client.site().company_names),
            })
            .collect();
        self.write_rows(CREATE, &rows).await
    }

    /// Changes one customer to the stated values.
    ///
    /// May be repeated: yes, the second time changes nothing more.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub async fn update(
        &self,
        code: &CustomerCode,
        patch: &CustomerPatch,
    ) -> Result<Outcome<CustomerCode>, Error> {
        self.single(
            UPDATE,
            self.update_many(&[(code.clone(), patch.clone())]).await,
        )
    }

    /// Changes several customers, [`SiteConfig::write_batch`](crate::SiteConfig::write_batch) a request, and tells for
    /// each what became of it.
    ///
    /// May be repeated: yes. When a request fails as a whole, those after it are not sent. A refused customer that does
    /// not exist is told apart by a look-up: [`RecordErrorKind::NotFound`].
    pub async fn update_many(
        &self,
        patches: &[(CustomerCode, CustomerPatch)],
    ) -> Batch<CustomerCode> {
        let rows: Vec<Row<'_>> = patches
            .iter()
            .map(|(code, patch)| Row {
                code: Some(code),
                input: patch.to_update_input(code, self.client.site().company_names),
            })
            .collect();
        self.write_rows(UPDATE, &rows).await
    }

    async fn write_rows(&self, kind: Kind, rows: &[Row<'_>]) -> Batch<CustomerCode> {
        let mut batch = Batch::default();
        let mut failed: Option<Arc<Error>> = None;
        for chunk in rows.chunks(self.client.site().write_batch) {
            if let Some(error) = &failed {
                batch.rows.extend(
                    chunk
                        .iter()
                        .map(|_| Err(WriteError::NotSent(Arc::clone(error)))),
                );
                continue;
            }
            batch.requests += 1;
            match self.write_chunk(kind, chunk).await {
                Ok((outcomes, diagnoses)) => {
                    batch.rows.extend(
                        outcomes
                            .into_iter()
                            .map(|outcome| outcome.map_err(WriteError::Record)),
                    );
                    batch.diagnoses.extend(diagnoses);
                }
                Err(error) => {
                    let error = Arc::new(error);
                    batch.rows.extend(
                        chunk
                            .iter()
                            .map(|_| Err(WriteError::Call(Arc::clone(&error)))),
                    );
                    failed = Some(error);
                }
            }
        }
        batch
    }

    async fn write_chunk(
        &self,
        kind: Kind,
        rows: &[Row<'_>],
    ) -> Result<(Outcomes, Vec<Diagnose>), Error> {
        let offer = self.client.known_offer();
        let known_input = offer.as_deref().and_then(|offer| match kind {
            CREATE => offer.create_input(),
            _ => offer.update_input(),
        });
        let request = rows_request(
            kind,
            rows,
            self.client.site().generation,
            known_input.unwrap_or("Customer_Input"),
        )?;
        let answer = if kind.repeatable {
            self.client.write_repeatable(&request).await?
        } else {
            self.client.write_once(&request).await?
        };
        let (mut outcomes, diagnoses) = parse_rows(rows, answer)?;
        self.explain_refusals(kind, rows, &mut outcomes).await;
        Ok((outcomes, diagnoses))
    }

    /// Looks refused codes up, to tell "exists already" and "does not exist" from other refusals.
    async fn explain_refusals(&self, kind: Kind, rows: &[Row<'_>], outcomes: &mut Outcomes) {
        // X3 keeps codes in capitals, whatever was sent.
        let refused: BTreeSet<String> = rows
            .iter()
            .zip(&*outcomes)
            .filter(|(_, outcome)| outcome.is_err())
            .filter_map(|(row, _)| row.code)
            .flat_map(|code| [code.as_str().to_owned(), code.as_str().to_uppercase()])
            .collect();
        if refused.is_empty() {
            return;
        }
        let size = PageSize::new(refused.len());
        let filter = Filter::field("code.code").is_in(refused);
        // Without the look-up the refusal stands as it is; the page cannot go on, codes being unique.
        let Ok(page) = self.keys(filter, size, None).await else {
            return;
        };
        if page.next.is_some() {
            return;
        }
        let there: BTreeSet<String> = page
            .items
            .into_iter()
            .map(|key| key.customer.as_str().to_uppercase())
            .collect();
        for (row, outcome) in rows.iter().zip(outcomes) {
            if let (Some(code), Err(error)) = (row.code, outcome) {
                match (
                    kind.operation,
                    there.contains(&code.as_str().to_uppercase()),
                ) {
                    ("create", true) => error.kind = RecordErrorKind::AlreadyExists,
                    ("update", false) => {
                        error.kind = RecordErrorKind::NotFound;
                        error.may_have_been_applied = false;
                    }
                    _ => {}
                }
            }
        }
    }

    /// The one row of a batch of one.
    fn single(
        &self,
        kind: Kind,
        batch: Batch<CustomerCode>,
    ) -> Result<Outcome<CustomerCode>, Error> {
        let context = || {
            Box::new(CallContext {
                operation: kind.name,
                endpoint: self.client.endpoint().clone(),
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
}

/// One of the two writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    name: &'static str,
    operation: &'static str,
    document: &'static str,
    document_name: &'static str,
    repeatable: bool,
}

const CREATE: Kind = Kind {
    name: "customer.create",
    operation: "create",
    document: customer_create::QUERY,
    document_name: customer_create::OPERATION_NAME,
    repeatable: false,
};
const UPDATE: Kind = Kind {
    name: "customer.update",
    operation: "update",
    document: customer_update::QUERY,
    document_name: customer_update::OPERATION_NAME,
    repeatable: true,
};

/// A row to write, and the code it is known by beforehand.
struct Row<'a> {
    code: Option<&'a CustomerCode>,
    input: Input,
}

type Outcomes = Vec<Result<Outcome<CustomerCode>, RecordError>>;

/// `{"d0":...,"d1":...}`.
struct Variables<'a>(&'a [Row<'a>]);

impl Serialize for Variables<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .iter()
                .enumerate()
                .map(|(index, row)| (format!("d{index}"), &row.input)),
        )
    }
}

/// The request that writes `rows`.
fn rows_request(
    kind: Kind,
    rows: &[Row<'_>],
    generation: Generation,
    input_type: &str,
) -> Result<GraphqlRequest, InvalidRequest> {
    let operation = Operation {
        name: kind.document_name,
        text: kind.document,
    };
    let document = operation.render_rows(generation, input_type, rows.len());
    let name = format!("{}Rows", kind.document_name);
    GraphqlRequest::new(kind.name, &document, Some(&name), &Variables(rows))
}

/// What a written row answers.
#[derive(Debug, Deserialize)]
struct Key {
    #[serde(rename = "_id")]
    id: Option<String>,
    code: Option<Reference>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    code: Option<String>,
}

impl Key {
    fn code(self) -> Option<CustomerCode> {
        let text = self.code.and_then(|reference| reference.code).or(self.id)?;
        CustomerCode::new(text).ok()
    }
}

/// Tells for each row what became of it. X3's rules, row by row:
///
/// - data and nothing graver than a warning: written, with remarks;
/// - no data and a grave error at the row: refused;
/// - data and a grave error at the row itself: refused, but perhaps written nevertheless;
/// - a grave error below the row's data: written, only the answer has a hole;
/// - neither data nor error: unclear, perhaps written.
///
/// Errors that name no row concern the rows that have no data.
fn parse_rows(
    rows: &[Row<'_>],
    answer: Parsed<Rows<Key>>,
) -> Result<(Outcomes, Vec<Diagnose>), Error> {
    let Parsed {
        data,
        errors,
        diagnoses,
        mut context,
        ..
    } = answer;
    let mut data = data.unwrap_or_default();
    let written = data.values().flatten().any(|package| package.is_filled());
    if !written {
        if let Some(refusal) = errors
            .iter()
            .find_map(|error| operation_refusal(&error.message))
        {
            context.may_have_been_applied = false;
            return Err(refused_operation(context, refusal, &errors));
        }
        if errors.iter().all(|error| error.path.is_empty()) && !errors.is_empty() {
            // Nothing points to a row: the document as a whole failed.
            let messages = errors.iter().map(|error| error.message.clone()).collect();
            let diagnoses = errors
                .into_iter()
                .flat_map(GraphqlError::into_diagnoses)
                .collect();
            return Err(Error::Failed {
                context: Box::new(context),
                messages,
                diagnoses,
            });
        }
    }
    let only_row = rows.len() == 1;
    let (pointed, general): (Vec<_>, Vec<_>) = errors
        .into_iter()
        .partition(|error| row_of(error, rows.len()).is_some());
    let outcomes = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let value = data
                .remove(&row_alias(index))
                .flatten()
                .and_then(|package| package.into_inner());
            let own: Vec<&GraphqlError> = pointed
                .iter()
                .filter(|error| row_of(error, rows.len()) == Some(index))
                .collect();
            let mut remarks: Vec<Diagnose> = diagnoses
                .iter()
                .filter(|diagnose| only_row || names_row(&diagnose.path, index))
                .cloned()
                .collect();
            let general = if value.is_none() || only_row {
                general.as_slice()
            } else {
                &[]
            };
            judge(row, value, &own, general, &mut remarks)
        })
        .collect();
    let unclaimed = diagnoses.into_iter().filter(|diagnose| {
        !only_row && !(0..rows.len()).any(|index| names_row(&diagnose.path, index))
    });
    let unclaimed = unclaimed
        .chain(general.into_iter().flat_map(GraphqlError::into_diagnoses))
        .collect();
    Ok((outcomes, unclaimed))
}

fn judge(
    row: &Row<'_>,
    value: Option<Key>,
    own: &[&GraphqlError],
    general: &[GraphqlError],
    remarks: &mut Vec<Diagnose>,
) -> Result<Outcome<CustomerCode>, RecordError> {
    let grave_remark = remarks
        .iter()
        .any(|diagnose| diagnose.severity.is_failure());
    let grave = own.iter().copied().chain(general).any(|error| {
        error.severity().is_failure() && (value.is_none() || error.path.len() <= ROW_DEPTH)
    }) || grave_remark;
    let has_value = value.is_some();
    let said = own
        .iter()
        .copied()
        .chain(general)
        .cloned()
        .flat_map(GraphqlError::into_diagnoses);
    let diagnoses: Vec<Diagnose> = said
        .chain(std::mem::take(remarks))
        .map(|diagnose| Diagnose {
            path: within_row(diagnose.path),
            ..diagnose
        })
        .collect();
    if !grave
        && let Some(code) = value
            .and_then(Key::code)
            .or_else(|| row.code.filter(|_| has_value).cloned())
    {
        return Ok(Outcome {
            value: code,
            diagnoses,
        });
    }
    let (kind, may_have_been_applied) = match (grave, has_value) {
        (true, true) => (RecordErrorKind::Refused, true),
        // An error that names no row does not say that this one was not written.
        (true, false) => {
            let refused_itself = own.iter().any(|error| error.severity().is_failure());
            (RecordErrorKind::Refused, !refused_itself)
        }
        // X3 gave a record without a key, or nothing at all.
        (false, _) => (RecordErrorKind::Unclear, true),
    };
    Err(RecordError {
        kind,
        diagnoses,
        may_have_been_applied,
    })
}

/// Root alias, node, operation: what lies deeper in a path is a field.
const ROW_DEPTH: usize = 3;

/// A path within its row, where it points to one; else as it is, relative to the input already.
fn within_row(path: Vec<PathSegment>) -> Vec<PathSegment> {
    let of_a_row = path
        .first()
        .and_then(PathSegment::as_name)
        .is_some_and(|name| {
            name.strip_prefix('r')
                .is_some_and(|row| row.parse::<usize>().is_ok())
        });
    if of_a_row {
        path.into_iter().skip(ROW_DEPTH).collect()
    } else {
        path
    }
}

/// The row that an error points to.
fn row_of(error: &GraphqlError, rows: usize) -> Option<usize> {
    (0..rows).find(|index| names_row(&error.path, *index))
}

fn names_row(path: &[PathSegment], index: usize) -> bool {
    path.first().and_then(|segment| segment.as_name()) == Some(row_alias(index).as_str())
}

fn refused_operation(
    context: CallContext,
    refusal: OperationRefusal,
    errors: &[GraphqlError],
) -> Error {
    let context = Box::new(context);
    match refusal {
        OperationRefusal::NotActivated { node, operation } => Error::NotActivated {
            context,
            node,
            operation,
        },
        OperationRefusal::NotAllowed { node, operation } => {
            let message = errors
                .first()
                .map(|error| error.message.clone())
                .unwrap_or_default();
            Error::NotAllowed {
                context,
                node,
                operation,
                message,
            }
        }
    }
}

#[cfg(test)]
mod tests;
