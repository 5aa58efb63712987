//! Customers.

use super::macros::{class, record};
use crate::api1::{Amount, Day, LocalMenu, Moment};

record! {
    /// A customer (table BPCUSTOMER). Names, country and addresses belong to its business partner.
    Customer {
        /// Code.
        code: String = "BPCNUM",
        /// Name.
        name: String = "BPCNAM",
        /// Short name.
        short_name: String = "BPCSHO",
        /// Category.
        category: String = "BCGCOD",
        /// Whether it is active (menu 1).
        is_active: LocalMenu = "BPCSTA",
        /// Kind of customer (menu 401).
        kind: LocalMenu = "BPCTYP",
        /// Currency.
        currency: String = "CUR",
        /// Tax rule.
        tax_rule: String = "VACBPR",
        /// Payment term.
        payment_term: String = "PTE",
        /// Customer that is invoiced.
        bill_to: String = "BPCINV",
        /// Partner that pays.
        pay_by: String = "BPCPYR",
        /// Customer of the group.
        group: String = "BPCGRU",
        /// Customer that bears the risk.
        risk: String = "BPCRSK",
        /// Default address.
        default_address: String = "BPAADD",
        /// Default ship-to address.
        default_ship_to: String = "BPDADD",
        /// Credit control (menu 234).
        credit_control: LocalMenu = "OSTCTL",
        /// Authorised credit.
        authorized_credit: Amount = "OSTAUZ",
        /// Smallest order.
        minimum_order: Amount = "ORDMINAMT",
        /// Notes.
        notes: String = "BPCREM",
        /// Day of the last change, by the clock of the X3 process.
        updated_on: Day = "UPDDAT",
        /// Instant of the last change.
        updated_at: Moment = "UPDDATTIM",
    }
}
class!(Customer, "BPCUSTOMER", ["BPCNUM"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_columns_become_fields_and_all_others_are_kept() {
        let json = r#"{"$uuid":"u","$key":"NA001","BPCNUM":"NA001","BPCNAM":"Müller","BPCSTA":2,"OSTAUZ":12345678901234.5000,
            "UPDDAT":"2026-11-20","UPDDATTIM":"1753-01-01T00:00:00Z","CUR":"EUR","CUR_REF":{"$title":"EUR"},"YZONE":0.10}"#;
        let customer: Customer = serde_json::from_str(json).unwrap();
        assert_eq!(customer.code.as_deref(), Some("NA001"));
        assert_eq!(customer.is_active.unwrap().as_yes_no(), Some(true));
        assert_eq!(
            customer.authorized_credit.unwrap().get().to_string(),
            "12345678901234.5000"
        );
        assert_eq!(customer.updated_at, Some(Moment(None)));
        assert_eq!(
            customer.payment_term, None,
            "the representation does not show it"
        );
        assert_eq!(
            customer.columns.names().collect::<Vec<_>>(),
            ["$uuid", "$key", "CUR_REF", "YZONE"]
        );
        assert_eq!(customer.columns.json("YZONE"), Some("0.10"));
        assert!(!format!("{customer:?}").contains("ller"));
    }

    #[test]
    fn a_null_is_taken_for_nothing_shown() {
        let customer: Customer = serde_json::from_str(r#"{"BPCNUM":null,"OSTAUZ":null}"#).unwrap();
        assert_eq!(customer, Customer::default());
    }
}
