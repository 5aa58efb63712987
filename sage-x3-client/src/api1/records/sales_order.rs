//! Sales orders.

use super::macros::{class, record};
use crate::api1::{Amount, Day, LocalMenu, Moment};

record! {
    /// A sales order (table SORDER). Its lines are a child table, by class link such as `SOHSOP`: read them with
    /// [`Columns::rows`](crate::api1::Columns::rows).
    SalesOrder {
        /// Number.
        number: String = "SOHNUM",
        /// Company.
        company: String = "CPY",
        /// Type of order.
        order_type: String = "SOHTYP",
        /// Category (menu 412).
        category: LocalMenu = "SOHCAT",
        /// Sales site.
        sales_site: String = "SALFCY",
        /// Shipping site.
        shipping_site: String = "STOFCY",
        /// Customer that orders.
        sold_to: String = "BPCORD",
        /// Customer that is invoiced.
        bill_to: String = "BPCINV",
        /// Ship-to address.
        ship_to_address: String = "BPAADD",
        /// The customer's own reference.
        customer_reference: String = "CUSORDREF",
        /// Day of the order.
        ordered_on: Day = "ORDDAT",
        /// Day of shipment.
        shipped_on: Day = "SHIDAT",
        /// Day on which delivery is asked for.
        requested_on: Day = "DEMDLVDAT",
        /// Currency.
        currency: String = "CUR",
        /// Payment term.
        payment_term: String = "PTE",
        /// Lines without tax.
        lines_excluding_tax: Amount = "ORDNOT",
        /// Lines with tax.
        lines_including_tax: Amount = "ORDATI",
        /// Total without tax.
        total_excluding_tax: Amount = "ORDINVNOT",
        /// Total with tax.
        total_including_tax: Amount = "ORDINVATI",
        /// Order status (menu 415).
        status: LocalMenu = "ORDSTA",
        /// Allocation (menu 416).
        allocation: LocalMenu = "ALLSTA",
        /// Delivery (menu 417).
        delivery: LocalMenu = "DLVSTA",
        /// Invoicing (menu 418).
        invoicing: LocalMenu = "INVSTA",
        /// Credit (menu 419).
        credit: LocalMenu = "CDTSTA",
        /// Day of the last change, by the clock of the X3 process.
        updated_on: Day = "UPDDAT",
        /// Instant of the last change.
        updated_at: Moment = "UPDDATTIM",
    }
}
class!(SalesOrder, "SORDER", ["SOHNUM"]);
