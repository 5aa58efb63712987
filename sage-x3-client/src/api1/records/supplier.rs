//! Suppliers.

use super::macros::{class, record};
use crate::api1::{Day, Moment};

record! {
    /// A supplier (table BPSUPPLIER). Its columns are taken to follow the pattern of customers; what a site names otherwise
    /// is in `columns`.
    Supplier {
        /// Code.
        code: String = "BPSNUM",
        /// Name.
        name: String = "BPSNAM",
        /// Currency.
        currency: String = "CUR",
        /// Tax rule.
        tax_rule: String = "VACBPR",
        /// Payment term.
        payment_term: String = "PTE",
        /// Default address.
        default_address: String = "BPAADD",
        /// Day of the last change, by the clock of the X3 process.
        updated_on: Day = "UPDDAT",
        /// Instant of the last change.
        updated_at: Moment = "UPDDATTIM",
    }
}
class!(Supplier, "BPSUPPLIER", ["BPSNUM"]);
