//! Notes on records (reference: Zoho v8 OpenAPI `notes`, read 2026-11).

use http::Method;
use serde::Serialize;

use super::{
    Outgoing, RelatedRequest, WriteOutcomes,
    batch::ROWS_PER_CALL,
    calls::{WriteCall, run},
    outcome::parse_rows,
    record::Place,
};
use crate::{
    error::Error,
    model::{Model, Note},
    names::{FieldName, ModuleName, RecordId},
};

const ADD: &str = "zoho.notes.add";

/// The notes of a record. To change or delete a note, use the module of notes:
/// `zoho.typed_module::<Note>().update(..)`.
#[derive(Clone, Debug)]
pub struct Notes {
    place: Place,
}

/// A note to be added.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct NewNote {
    #[serde(rename = "Note_Title", skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(rename = "Note_Content")]
    content: String,
}

impl std::fmt::Debug for NewNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewNote").finish_non_exhaustive()
    }
}

impl NewNote {
    /// A note that says `content`.
    pub fn new(content: impl Into<String>) -> Self {
        Self {
            title: None,
            content: content.into(),
        }
    }

    /// Gives it a title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }
}

#[derive(Serialize)]
struct Body<'a> {
    data: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(rename = "Parent_Id")]
    parent: Parent<'a>,
    #[serde(flatten)]
    note: &'a NewNote,
}

#[derive(Serialize)]
struct Parent<'a> {
    module: Module<'a>,
    id: &'a RecordId,
}

#[derive(Serialize)]
struct Module<'a> {
    api_name: &'a ModuleName,
}

impl Notes {
    pub(super) fn new(place: Place) -> Self {
        Self { place }
    }

    /// Lists them.
    pub fn list(&self) -> RelatedRequest<Note> {
        let fields = Note::fields().iter().copied().map(FieldName::from);
        RelatedRequest::new(self.place.clone(), "Notes".into(), fields.collect())
    }

    /// Adds notes, 100 in a call. Not repeated after a lost answer, because Zoho would add them twice. Costs 1 credit
    /// for each started 10 notes.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its notes.
    pub async fn add(&self, notes: &[NewNote]) -> Result<WriteOutcomes, Error> {
        run(&self.place.client, self.add_calls(notes)?).await
    }

    fn add_calls(&self, notes: &[NewNote]) -> Result<Vec<WriteCall>, Error> {
        // The name of the record's module goes into the body: a wrong one must not get that far.
        self.place.path(ADD)?;
        let positions: Vec<usize> = (0..notes.len()).collect();
        let call = |rows: &[usize]| {
            let row = |position: &usize| Row {
                parent: Parent {
                    module: Module {
                        api_name: &self.place.module,
                    },
                    id: &self.place.id,
                },
                note: &notes[*position],
            };
            let body = Body {
                data: rows.iter().map(row).collect(),
            };
            let outgoing = Outgoing::change(ADD, Method::POST, "/Notes")
                .of_module(&self.place.module)
                .writes_rows(rows.len())
                .json(&body)?;
            Ok(WriteCall {
                rows: rows.to_vec(),
                outgoing,
                parse: parse_rows,
            })
        };
        positions.chunks(ROWS_PER_CALL).map(call).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::record::place;

    #[test]
    fn notes_are_added_once_under_their_record() {
        let notes = Notes::new(place("Accounts", "12"));
        let new = [
            NewNote::new("Called").title("Call"),
            NewNote::new("Called again"),
        ];
        let call = notes.add_calls(&new).unwrap().remove(0);
        assert!(!call.outgoing.repeatable && call.outgoing.writes);
        let request = call.outgoing.into_request().unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "/crm/v8/Notes");
        let parent = json!({"module": {"api_name": "Accounts"}, "id": "12"});
        assert_eq!(
            serde_json::from_slice::<Value>(request.body()).unwrap(),
            json!({"data": [
                {"Parent_Id": parent, "Note_Title": "Call", "Note_Content": "Called"},
                {"Parent_Id": parent, "Note_Content": "Called again"}
            ]})
        );
    }

    #[test]
    fn many_notes_take_several_calls() {
        let notes = Notes::new(place("Accounts", "12"));
        let new = vec![NewNote::new("x"); 150];
        let calls = notes.add_calls(&new).unwrap();
        let sizes: Vec<usize> = calls.iter().map(|call| call.rows.len()).collect();
        assert_eq!(sizes, [100, 50]);
        assert!(notes.add_calls(&[]).unwrap().is_empty());
    }
}
