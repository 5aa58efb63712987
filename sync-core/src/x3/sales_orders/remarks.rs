//! What X3 remarked while it made or changed an order.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use sage_x3_client::{SalesOrder, SalesOrderId, X3Client};

use crate::{
    endpoint::EndpointError,
    ids::FieldName,
    value::{Document, Value},
    x3::table::Supplement,
};

const FIELD: &str = "remarks";
/// Orders whose remarks are remembered. They are asked for at once, when the order is looked at again after its write.
const REMEMBERED: usize = 1_000;
/// Characters of the remarks on one order; Zoho's single lines hold 255. The audit has all of them.
const LONGEST: usize = 250;

/// X3 remarks once, in the answer to a write, and keeps none of it. So it is remembered for the look that follows. Of an
/// order that nothing is known about, the field is absent, and what the other side shows stays as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks(Arc<Mutex<VecDeque<(SalesOrderId, String)>>>);

impl Remarks {
    /// Remembers what was remarked on an order, in the place of what was remarked before.
    pub(super) fn note(&self, order: &SalesOrderId, remarks: &[String]) {
        if remarks.is_empty() {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(id, _)| id != order);
        if known.len() == REMEMBERED {
            known.pop_front();
        }
        known.push_back((order.clone(), shortened(remarks.join("; "))));
    }

    fn on(&self, order: &SalesOrderId) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(id, _)| id == order);
        found.map(|(_, remarks)| remarks.clone())
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LONGEST - 1) {
        Some((end, _)) if text.chars().count() > LONGEST => format!("{}…", &text[..end]),
        _ => text,
    }
}

#[async_trait]
impl Supplement<SalesOrder> for Remarks {
    fn fields(&self) -> Vec<FieldName> {
        vec![FIELD.into()]
    }

    async fn read(
        &self,
        _client: &X3Client,
        orders: &[SalesOrder],
    ) -> Result<Vec<Document>, EndpointError> {
        let remarks = orders.iter().map(|order| match self.on(&order.id) {
            Some(remarks) => Document::new().with(FIELD, Value::text(remarks)),
            None => Document::new(),
        });
        Ok(remarks.collect())
    }

    fn calls(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> SalesOrderId {
        SalesOrderId::new(format!("SO{number}")).unwrap()
    }

    #[test]
    fn what_was_remarked_last_is_remembered_of_so_many_orders() {
        let remarks = Remarks::default();
        for number in 0..=REMEMBERED {
            remarks.note(&id(number), &["below the minimum".to_owned()]);
        }
        remarks.note(&id(1), &["on hold".to_owned(), "late".to_owned()]);
        remarks.note(&id(1), &[]);
        assert_eq!(remarks.on(&id(0)), None);
        assert_eq!(remarks.on(&id(1)).as_deref(), Some("on hold; late"));
        assert_eq!(remarks.0.lock().unwrap().len(), REMEMBERED);
    }

    #[test]
    fn long_remarks_end_where_zoho_can_hold_them() {
        let remarks = Remarks::default();
        remarks.note(&id(1), &["é".repeat(LONGEST)]);
        remarks.note(&id(2), &["é".repeat(LONGEST + 1)]);
        assert_eq!(remarks.on(&id(1)), Some("é".repeat(LONGEST)));
        let cut = remarks.on(&id(2)).unwrap();
        assert_eq!(cut.chars().count(), LONGEST);
        assert!(cut.ends_with("é…"));
    }
}
