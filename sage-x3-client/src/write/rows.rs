//! Rows by GraphQL: one document, a variable and an outcome each.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{WriteAction, WriteKind, WritePath, WriteRow, WrittenRows};
use crate::{
    config::Generation,
    diagnose::{Diagnose, GraphqlError, OperationRefusal, PathSegment, operation_refusal},
    error::{CallContext, Error, InvalidRequest, RecordError, RecordErrorKind},
    graphql::{answer::Parsed, connection::Rows, execute::GraphqlRequest},
    ids::RecordId,
    outcome::Outcome,
};

/// `{"d0":...,"d1":...}`.
struct Variables<'a>(&'a [WriteRow]);

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

/// The alias of a row.
fn row_alias(row: usize) -> String {
    format!("r{row}")
}

/// The request that writes `rows`.
pub(super) fn request(
    kind: &WriteKind<'_>,
    rows: &[WriteRow],
    generation: Generation,
    input_type: &str,
) -> Result<GraphqlRequest, InvalidRequest> {
    let name = document_name(kind);
    let document = document(kind, generation, input_type, rows.len());
    let request = GraphqlRequest::new(kind.operation, &document, Some(&name), &Variables(rows))?;
    Ok(request.about(kind.node, kind.action.name()))
}

fn document_name(kind: &WriteKind<'_>) -> String {
    let action = match kind.action {
        WriteAction::Create => "Create",
        WriteAction::Update => "Update",
    };
    format!("{}{action}Rows", kind.node.type_name())
}

/// A document that writes a row for each alias. The root field is aliased and not the operation below it: GraphQL runs
/// the root fields of a mutation one after the other, in order, and a failure empties its own branch alone.
pub(crate) fn document(
    kind: &WriteKind<'_>,
    generation: Generation,
    input_type: &str,
    rows: usize,
) -> String {
    let (root, node) = (kind.node.root(generation), &kind.node.node);
    let mut document = format!("mutation {}(", document_name(kind));
    for row in 0..rows {
        let separator = if row == 0 { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(document, "{separator}$d{row}: {input_type}!");
    }
    document.push_str(") {\n");
    for row in 0..rows {
        let _ = writeln!(
            document,
            "{}: {root} {{ {node} {{ {}(data: $d{row}) {{ _id }} }} }}",
            row_alias(row),
            kind.action.name()
        );
    }
    document.push_str("}\n");
    document
}

/// What a written row answers.
#[derive(Debug, Deserialize)]
pub(super) struct Key {
    #[serde(rename = "_id")]
    id: Option<String>,
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
pub(super) fn parse(rows: &[WriteRow], answer: Parsed<Rows<Key>>) -> Result<WrittenRows, Error> {
    let Parsed {
        data,
        errors,
        diagnoses,
        mut context,
        ..
    } = answer;
    let mut data = data.unwrap_or_default();
    let written = data.values().any(|row| row.is_filled());
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
                .and_then(|row| row.into_inner());
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
    let diagnoses = unclaimed
        .chain(general.into_iter().flat_map(GraphqlError::into_diagnoses))
        .collect();
    Ok(WrittenRows {
        rows: outcomes,
        diagnoses,
    })
}

fn judge(
    row: &WriteRow,
    value: Option<Key>,
    own: &[&GraphqlError],
    general: &[GraphqlError],
    remarks: &mut Vec<Diagnose>,
) -> Result<Outcome<RecordId>, RecordError> {
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
        && let Some(key) = value
            .and_then(|key| RecordId::new(key.id?).ok())
            .or_else(|| row.key.clone().filter(|_| has_value))
    {
        return Ok(Outcome {
            value: key,
            path: WritePath::Graphql,
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
