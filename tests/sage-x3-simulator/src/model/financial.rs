//! Package `x3InvoicingData`: payment terms and taxes.

use super::node::{Node, Part, Property};
use super::products::code_and_text;

pub(super) fn nodes() -> Vec<Node> {
    let package = "x3InvoicingData";
    vec![
        Node::new(
            package,
            "paymentTerm",
            "PaymentTerm",
            "TABPAYTERM",
            vec![
                Property::text("code", "PTE", 15),
                Property::text("localizedDescription", "PTEDES", 30),
                Property::text("localizedShortDescription", "PTESHO", 10),
            ],
        ),
        code_and_text(
            package,
            "taxRule",
            "TaxRule",
            "TABVACBPR",
            &["VACBPR", "DES"],
        ),
        code_and_text(
            package,
            "taxLevel",
            "TaxLevel",
            "TABVACITM",
            &["VACITM", "DES"],
        ),
        tax(package),
    ]
}

fn tax(package: &'static str) -> Node {
    Node::new(
        package,
        "tax",
        "Tax",
        "TABVAT",
        vec![
            Property::text("code", "VAT", 5).assumed(),
            Property::text("localizedDescription", "DES", 30).assumed(),
            Property::decimal("rate", "VATRAT").assumed(),
        ],
    )
    .keyed(&[Part::Column("VAT")])
}
