//! Package `x3InvoicingData`: what customers refer to.

use super::node::{Node, Property};

pub(super) fn nodes() -> Vec<Node> {
    vec![Node::new(
        "x3InvoicingData",
        "paymentTerm",
        "PaymentTerm",
        "TABPAYTERM",
        vec![
            Property::text("code", "PTE", 15),
            Property::text("localizedDescription", "PTEDES", 30),
            Property::text("localizedShortDescription", "PTESHO", 10),
        ],
    )]
}
