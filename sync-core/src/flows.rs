//! The flows that ship, as tables to use, change or take as examples.
//!
//! Each is for Sage X3 on the left and Zoho CRM on the right. They hold no connection to either: an embedder puts the
//! endpoints in, and may add, replace or remove rows.

pub mod codes;
pub mod contacts;
mod convert;
pub mod credit;
pub mod customers;
pub mod fulfilment;
pub mod invoices;
pub mod leads;
pub mod orders;
pub mod products;
pub mod purchase_orders;
pub mod suppliers;

use crate::{flow::KeyRule, ids::FieldName};

/// The left key of flows that never make records there: `field` names no partner, because no code has such a prefix.
fn never_created(field: impl Into<FieldName>) -> KeyRule {
    KeyRule::compact(field, "ZOHO:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mapping::Mapping, side::Side};

    /// Every row stands in a line of the flow's page, with the Zoho field that it is carried to.
    fn assert_documented(page: &str, mapping: &Mapping) {
        for row in mapping.rows() {
            let name = format!("| `{}` |", row.name);
            let line = page.lines().find(|line| line.starts_with(&name));
            let field = format!("`{}`", row.fields.get(Side::Right));
            assert!(
                line.is_some_and(|line| line.contains(&field)),
                "the page has no line for row `{}` with Zoho's field {field}",
                row.name
            );
        }
    }

    #[test]
    fn the_pages_of_flows_name_every_row_and_field() {
        let options = products::ProductOptions::default();
        let mapping = products::mapping(&options).unwrap();
        assert_documented(include_str!("../docs/flows/products.md"), &mapping);

        let options = contacts::ContactOptions::default();
        let mapping = contacts::mapping(&options).unwrap();
        assert_documented(include_str!("../docs/flows/contacts.md"), &mapping);

        let options = suppliers::SupplierOptions::default();
        let mapping = suppliers::mapping(&options).unwrap();
        assert_documented(include_str!("../docs/flows/suppliers.md"), &mapping);

        let options = purchase_orders::PurchaseOrderOptions::default();
        let mapping = purchase_orders::mapping(&options).unwrap();
        assert_documented(include_str!("../docs/flows/purchase-orders.md"), &mapping);

        let options = leads::LeadOptions::default();
        let mapping = leads::mapping(&options).unwrap();
        assert_documented(include_str!("../docs/flows/leads.md"), &mapping);

        let options = credit::CreditOptions::default();
        let mapping = credit::add_to(Mapping::default(), &options).unwrap();
        assert_documented(include_str!("../docs/flows/credit.md"), &mapping);
    }

    #[test]
    fn a_key_of_records_that_are_never_made_names_nobody() {
        use crate::value::Document;

        for code in ["Z0000000000001", "ZOHO1", "CHAIR"] {
            let record = Document::new().with("code", code);
            assert_eq!(never_created("code").partner_of(&record), None, "{code}");
        }
    }
}
