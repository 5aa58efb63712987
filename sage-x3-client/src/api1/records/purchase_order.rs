//! Purchase orders.

use super::macros::{class, record};
use crate::api1::{Day, Moment};

record! {
    /// A purchase order (table PORDER). Its columns are taken to follow the pattern of sales orders; what a site names
    /// otherwise is in `columns`.
    PurchaseOrder {
        /// Number.
        number: String = "POHNUM",
        /// Company.
        company: String = "CPY",
        /// Supplier.
        supplier: String = "BPSNUM",
        /// Day of the order.
        ordered_on: Day = "ORDDAT",
        /// Currency.
        currency: String = "CUR",
        /// Payment term.
        payment_term: String = "PTE",
        /// Day of the last change, by the clock of the X3 process.
        updated_on: Day = "UPDDAT",
        /// Instant of the last change.
        updated_at: Moment = "UPDDATTIM",
    }
}
class!(PurchaseOrder, "PORDER", ["POHNUM"]);
