//! Packages `x3MasterData` and `x3Purchasing`: suppliers, purchase orders and their lines.
//!
//! Beyond the published evidence: amounts of the order, and the names of the supplier's own texts on recent releases.

use super::node::{Default, Menu, Node, Part, Property};
use super::products::code_and_text;
use super::sales::DISCOUNTS;
use crate::settings::{Generation, Settings};

use Part::{Column, Fixed};

const MASTER: &str = "x3MasterData";
const PURCHASING: &str = "x3Purchasing";

static ORDER_TYPE: Menu = Menu {
    name: "PurchaseOrderType",
    members: &["order", "contract"],
};
/// Observed: `no`.
static RECEIPT_STATUS: Menu = Menu {
    name: "ReceiptStatus",
    members: &["no", "partly", "fully"],
};
static INVOICE_STATUS: Menu = Menu {
    name: "PurchaseInvoiceStatus",
    members: &["no", "partly", "fully"],
};
static SIGNATURE_STATUS: Menu = Menu {
    name: "SignatureStatus",
    members: &["notManaged", "notSigned", "partlySigned", "signed"],
};
/// An old sample filters `isClosed` by `'no'`.
static NO_YES: Menu = Menu {
    name: "NoYes",
    members: &["no", "yes"],
};

pub(super) fn nodes(settings: &Settings) -> Vec<Node> {
    vec![
        supplier(settings),
        code_and_text(
            MASTER,
            "supplierCategory",
            "SupplierCategory",
            "BPSCATEG",
            &["BSGCOD", "DES"],
        ),
        order(settings),
        order_line(),
    ]
}

fn supplier(settings: &Settings) -> Node {
    let address: &'static [Part] = &[Fixed("1"), Column("BPSNUM"), Column("BPAADD")];
    let mut properties = vec![
        Property::reference("code", "businessPartner", &[Column("BPSNUM")]),
        Property::reference("category", "supplierCategory", &[Column("BSGCOD")]),
        Property::reference(
            "payToBusinessPartner",
            "businessPartner",
            &[Column("BPRPAY")],
        ),
        Property::reference("billBySupplier", "supplier", &[Column("BPSINV")]),
        Property::reference("groupSupplier", "supplier", &[Column("BPSGRU")]),
        Property::reference("riskSupplier", "supplier", &[Column("BPSRSK")]),
        Property::text("ourCustomerNumberForSupplier", "BPSNUMBPS", 20),
        Property::text("location", "PURLOC", 20),
        Property::reference("currency", "currency", &[Column("CUR")]),
        Property::reference("addressByDefault", "supplierAddress", address),
        Property::boolean("isMultiLineOrder", "ORDMUL"),
        Property::boolean("isActive", "ENAFLG").assumed(),
        Property::reference("paymentTerm", "paymentTerm", &[Column("PTE")]).assumed(),
        Property::children(
            "addresses",
            "supplierAddress",
            &[Fixed("1"), Column("BPSNUM")],
        )
        .assumed(),
    ];
    if settings.generation == Generation::Two {
        let partner: &'static [Part] = &[Column("BPSNUM")];
        properties.extend([
            Property::text("companyName", "BPRNAM_0", settings.name_length)
                .joined("BPARTNER", partner, "BPRNAM_0"),
            Property::text("shortCompanyName", "BPRSHO", 10).joined("BPARTNER", partner, "BPRSHO"),
        ]);
    }
    Node::new(MASTER, "supplier", "Supplier", "BPSUPPLIER", properties)
        .defaults(&[
            ("BPRPAY", Default::Same("BPSNUM")),
            ("BPSINV", Default::Same("BPSNUM")),
            ("BPSGRU", Default::Same("BPSNUM")),
            ("BPSRSK", Default::Same("BPSNUM")),
            ("CUR", Default::Text("EUR")),
            ("PTE", Default::Text("CH30NET")),
        ])
        .mandatory(&["code"])
}

fn order(settings: &Settings) -> Node {
    let closed = match settings.generation {
        Generation::Two => Property::menu("isClosed", "CLEFLG", &NO_YES),
        Generation::Three => Property::boolean("isClosed", "CLEFLG"),
    };
    let (lines, written_with): (_, &'static [&'static str]) =
        if settings.purchase_order_quantity_lines {
            (
                "purchaseOrderQuantityLines",
                &["purchaseOrderQuantityLines"],
            )
        } else {
            ("purchaseOrderLines", &["purchaseOrderLines"])
        };
    Node::new(
        PURCHASING,
        "purchaseOrder",
        "PurchaseOrder",
        "PORDER",
        vec![
            Property::text("id", "POHNUM", 20),
            Property::reference("company", "company", &[Column("CPY")]),
            Property::reference("purchaseSite", "site", &[Column("POHFCY")]),
            Property::menu("orderType", "POHTYP", &ORDER_TYPE),
            Property::int("revisionNumber", "REVNUM"),
            Property::date("orderDate", "ORDDAT"),
            Property::text("internalOrderReference", "ORDREF", 20),
            Property::reference("orderFromSupplier", "supplier", &[Column("BPSNUM")]),
            Property::reference(
                "orderFromSupplierAddress",
                "supplierAddress",
                &[Fixed("1"), Column("BPSNUM"), Column("BPAADD")],
            ),
            Property::reference("invoiceSite", "site", &[Column("INVFCY")]),
            Property::reference("receiptSite", "site", &[Column("PRHFCY")]),
            Property::date("expectedReceiptDate", "EXTRCPDAT"),
            Property::reference("paymentTerm", "paymentTerm", &[Column("PTE")]),
            closed,
            Property::menu("receiptStatus", "RCPSTA", &RECEIPT_STATUS),
            Property::menu("signatureStatus", "APPFLG", &SIGNATURE_STATUS),
            Property::menu("invoiceStatus", "INVSTA", &INVOICE_STATUS),
            Property::children(lines, "purchaseOrderLine", &[Column("POHNUM")]),
            Property::reference("currency", "currency", &[Column("CUR")]),
            Property::decimal("linesAmountExcludingTax", "TOTLINAMT").assumed(),
        ],
    )
    .counted("POH")
    .written_with(written_with)
    .mandatory(&["purchaseSite", "orderFromSupplier"])
}

fn order_line() -> Node {
    let mut properties = vec![
        Property::reference("purchaseOrder", "purchaseOrder", &[Column("POHNUM")]),
        Property::int("lineNumber", "POPLIN"),
        Property::int("sequenceNumber", "POQSEQ"),
        Property::reference("company", "company", &[Column("CPY")]),
        Property::menu("orderType", "POHTYP", &ORDER_TYPE),
        Property::int("revisionNumber", "REVNUM"),
        Property::reference("product", "product", &[Column("ITMREF")]),
        Property::text("productDescriptionInUserLanguage", "ITMDES1", 30),
        Property::text("productDescriptionInSupplierLanguage", "ITMDES", 30),
        Property::decimal("grossPrice", "GROPRI"),
        Property::decimal("quantityInOrderUnitOrdered", "QTYUOM"),
        Property::decimal("quantityInStockUnitReceived", "RCPQTYSTU"),
        Property::reference("orderUnit", "unitOfMeasure", &[Column("UOM")]),
        Property::date("expectedReceiptDate", "EXTRCPDAT").assumed(),
        Property::boolean("isClosed", "LINCLEFLG").assumed(),
    ];
    properties.extend(
        DISCOUNTS
            .iter()
            .map(|&(name, column)| Property::decimal(name, column)),
    );
    Node::new(
        PURCHASING,
        "purchaseOrderLine",
        "PurchaseOrderLine",
        "PORDERQ",
        properties,
    )
    .keyed(&[Column("POHNUM"), Column("POPLIN"), Column("POQSEQ")])
    .mandatory(&["product", "quantityInOrderUnitOrdered"])
}
