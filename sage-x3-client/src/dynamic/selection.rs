//! What to read of a record.

use std::fmt::Write as _;

use super::name;
use crate::{error::InvalidRequest, ids::FieldName, page::PageSize};

/// The fields to read of a record. The key `_id` is always among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Selection(Vec<(FieldName, Part)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Field,
    Object(Selection),
    Collection(PageSize, Selection),
}

impl Selection {
    /// The key alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also the plain field `field`.
    ///
    /// # Errors
    /// [`InvalidRequest`] when it cannot be a name, or stands there already.
    pub fn field(self, field: &str) -> Result<Self, InvalidRequest> {
        self.with(field, Part::Field)
    }

    /// Also fields of the record or text stream that `field` refers to.
    ///
    /// # Errors
    /// As for [`field`](Self::field).
    pub fn object(self, field: &str, selection: Self) -> Result<Self, InvalidRequest> {
        self.with(field, Part::Object(selection))
    }

    /// Also the first items of the collection `field`. X3 gives 20 unless told otherwise.
    ///
    /// # Errors
    /// As for [`field`](Self::field).
    pub fn collection(
        self,
        field: &str,
        first: PageSize,
        selection: Self,
    ) -> Result<Self, InvalidRequest> {
        self.with(field, Part::Collection(first, selection))
    }

    fn with(mut self, field: &str, part: Part) -> Result<Self, InvalidRequest> {
        let field = name(field)?;
        if self.0.iter().any(|(known, _)| *known == field) {
            return Err(InvalidRequest::new(format!(
                "`{field}` stands twice in the selection"
            )));
        }
        self.0.push((field, part));
        Ok(self)
    }

    /// The selection of a record, with its key.
    pub(super) fn of_record(&self) -> String {
        let has_key = self.0.iter().any(|(field, _)| field.as_str() == "_id");
        let mut text = String::new();
        if !has_key {
            text.push_str("_id ");
        }
        self.push(&mut text);
        text
    }

    fn push(&self, text: &mut String) {
        // Writing to a String cannot fail.
        for (field, part) in &self.0 {
            match part {
                Part::Field => {
                    let _ = write!(text, "{field} ");
                }
                Part::Object(selection) => {
                    let _ = write!(text, "{field} {{ ");
                    if selection.0.is_empty() {
                        text.push_str("_id ");
                    }
                    selection.push(text);
                    text.push_str("} ");
                }
                Part::Collection(first, selection) => {
                    let _ = write!(
                        text,
                        "{field} {{ query(first: {}) {{ edges {{ node {{ {}}} }} pageInfo {{ hasNextPage endCursor }} }} }} ",
                        first.get(),
                        selection.of_record()
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_selections_keep_their_order_and_page_their_collections() {
        let lines = Selection::new().field("lineNumber").unwrap();
        let selection = Selection::new()
            .field("visitDate")
            .and_then(|it| it.object("customer", Selection::new()))
            .and_then(|it| it.collection("lines", PageSize::new(50), lines))
            .unwrap();
        assert_eq!(
            selection.of_record(),
            "_id visitDate customer { _id } lines { query(first: 50) { edges { node { _id lineNumber } } \
             pageInfo { hasNextPage endCursor } } } "
        );
    }

    #[test]
    fn syntax_is_no_field() {
        for bad in ["a b", "a{b}", "", "__typename", "a(first:1)"] {
            assert!(Selection::new().field(bad).is_err(), "{bad}");
        }
        let twice = Selection::new().field("a").and_then(|it| it.field("a"));
        assert!(twice.is_err());
    }
}
