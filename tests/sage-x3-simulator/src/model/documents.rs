//! Package `x3Sales`: deliveries and sales invoices with their lines.
//!
//! The headers' properties are Sage's published ones. Lines follow the columns of SDELIVERYD and SINVOICED under names
//! formed like the sales order line's; they and the names of their collections carry `assumed`.

use super::node::{Menu, Node, Part, Property};
use super::products::code_and_text;
use super::sales::{ORDER_CATEGORY, PRICE_TYPE};

use Part::Column;

const SALES: &str = "x3Sales";
const DATA: &str = "x3SalesData";

static DELIVERY_CATEGORY: Menu = Menu {
    name: "DeliveryCategory",
    members: &["normal", "loan", "subcontract"],
};
pub(super) static INVOICE_TYPE: Menu = Menu {
    name: "InvoiceType",
    members: &[
        "invoice",
        "creditMemo",
        "debitNote",
        "creditNote",
        "proforma",
    ],
};
pub(super) static INVOICE_STATUS: Menu = Menu {
    name: "InvoiceStatus",
    members: &["notPosted", "notUsed", "posted"],
};
static INVOICE_ORIGIN: Menu = Menu {
    name: "SourceDocumentCategory",
    members: &[
        "direct",
        "order",
        "shipment",
        "invoice",
        "quote",
        "return",
        "serviceContract",
        "serviceRequest",
        "transfer",
        "scheduled",
    ],
};

pub(super) fn nodes() -> Vec<Node> {
    vec![
        delivery(),
        delivery_line(),
        invoice(),
        invoice_line(),
        code_and_text(
            DATA,
            "salesDeliveryType",
            "SalesDeliveryType",
            "TABSDHTYP",
            &["SDHTYP", "TYPDES"],
        )
        .documented(),
        code_and_text(
            DATA,
            "salesInvoiceType",
            "SalesInvoiceType",
            "TABSIVTYP",
            &["SIVTYP", "TYPDES"],
        ),
    ]
}

fn delivery() -> Node {
    Node::new(
        SALES,
        "salesDelivery",
        "SalesDelivery",
        "SDELIVERY",
        vec![
            Property::text("id", "SDHNUM", 20),
            Property::reference("shippingSite", "site", &[Column("STOFCY")]),
            Property::reference("company", "company", &[Column("CPY")]),
            Property::menu("category", "SDHCAT", &DELIVERY_CATEGORY),
            Property::boolean("isLoanDelivery", "LNDFLG"),
            Property::reference("salesSite", "site", &[Column("SALFCY")]),
            Property::reference("salesInvoice", "salesInvoice", &[Column("SIHNUM")]),
            Property::reference("soldToCustomer", "customer", &[Column("BPCORD")]),
            Property::reference("billToCustomer", "customer", &[Column("BPCINV")]),
            Property::reference(
                "payByBusinessPartner",
                "businessPartner",
                &[Column("BPCPYR")],
            ),
            Property::reference("groupCustomer", "customer", &[Column("BPCGRU")]),
            Property::reference(
                "shipToCustomerAddress",
                "shipToCustomerAddress",
                &[Column("BPCORD"), Column("BPAADD")],
            ),
            Property::date("shipmentDate", "SHIDAT"),
            Property::date("deliveryDate", "DLVDAT"),
            Property::int("deliveryLeadTimeInDays", "DAYLTI"),
            Property::text("shipToCustomerPostalCode", "BPDPOSCOD", 10),
            Property::text("shipToCustomerCity", "BPDCTY", 40),
            Property::text("shipToCustomerState", "BPDSAT", 35),
            Property::reference("shipToCustomerCountry", "country", &[Column("BPDCRY")]),
            Property::text("shipToCustomerCountryName", "BPDCRYNAM", 40),
            Property::boolean("isValidated", "CFMFLG").assumed(),
            Property::boolean("isInvoiced", "INVFLG").assumed(),
            Property::reference("currency", "currency", &[Column("CUR")]).assumed(),
            Property::children(
                "salesDeliveryLines",
                "salesDeliveryLine",
                &[Column("SDHNUM")],
            )
            .assumed(),
        ],
    )
}

fn delivery_line() -> Node {
    Node::new(
        SALES,
        "salesDeliveryLine",
        "SalesDeliveryLine",
        "SDELIVERYD",
        vec![
            Property::reference("salesDelivery", "salesDelivery", &[Column("SDHNUM")]).assumed(),
            Property::int("lineNumber", "SDDLIN").assumed(),
            Property::reference("salesOrder", "salesOrder", &[Column("SOHNUM")]).assumed(),
            Property::int("salesOrderLineNumber", "SOPLIN").assumed(),
            Property::int("salesOrderSequenceNumber", "SOQSEQ").assumed(),
            Property::menu("category", "SDHCAT", &ORDER_CATEGORY).assumed(),
            Property::reference("product", "product", &[Column("ITMREF")]).assumed(),
            Property::text("productDescriptionInUserLanguage", "ITMDES1", 30).assumed(),
            Property::reference("salesUnit", "unitOfMeasure", &[Column("SAU")]).assumed(),
            Property::decimal("quantityInSalesUnitDelivered", "QTY").assumed(),
            Property::decimal("quantityInStockUnitDelivered", "QTYSTU").assumed(),
            Property::decimal("quantityInSalesUnitInvoiced", "INVQTY").assumed(),
            Property::decimal("netPrice", "NETPRI").assumed(),
        ],
    )
    .keyed(&[Column("SDHNUM"), Column("SDDLIN")])
}

fn invoice() -> Node {
    Node::new(
        SALES,
        "salesInvoice",
        "SalesInvoice",
        "SINVOICEV",
        vec![
            Property::reference("id", "customerInvoiceHeader", &[Column("NUM")]),
            Property::reference("company", "company", &[Column("CPY")]),
            Property::reference("salesSite", "site", &[Column("SALFCY")]),
            Property::reference("shippingSite", "site", &[Column("STOFCY")]),
            Property::reference("billToCustomer", "customer", &[Column("BPCINV")]),
            Property::reference("soldToCustomer", "customer", &[Column("BPCORD")]),
            Property::reference("groupCustomer", "customer", &[Column("BPCGRU")]),
            Property::reference(
                "shipToCustomerAddress",
                "shipToCustomerAddress",
                &[Column("BPCORD"), Column("BPAADD")],
            ),
            Property::reference(
                "payByBusinessPartner",
                "businessPartner",
                &[Column("BPRPAY")],
            ),
            Property::reference("invoiceType", "salesInvoiceType", &[Column("SIVTYP")]),
            Property::menu("category", "INVTYP", &INVOICE_TYPE),
            Property::menu("sourceDocumentCategory", "SIHORI", &INVOICE_ORIGIN),
            Property::text("sourceDocumentNumber", "SIHORINUM", 20),
            Property::date("sourceDocumentDate", "SIHORIDAT"),
            Property::date("invoiceDate", "INVDAT"),
            Property::reference("currency", "currency", &[Column("CUR")]),
            Property::menu("status", "INVSTA", &INVOICE_STATUS),
            Property::boolean("isOnCreditMemo", "SIHCFLG"),
            Property::boolean("hasStockTransaction", "STOMVTFLG"),
            Property::text("internalReference", "INVREF", 30),
            Property::menu("priceIncludingOrExcludingTax", "PRITYP", &PRICE_TYPE),
            Property::reference("billToCustomerLanguage", "language", &[Column("LAN")]),
            Property::int("numberOfLines", "LINNBR"),
            Property::decimal("linesAmountExcludingTax", "AMTNOT").assumed(),
            Property::decimal("linesAmountIncludingTax", "AMTATI").assumed(),
            Property::children("salesInvoiceLines", "salesInvoiceLine", &[Column("NUM")]).assumed(),
        ],
    )
}

fn invoice_line() -> Node {
    Node::new(
        SALES,
        "salesInvoiceLine",
        "SalesInvoiceLine",
        "SINVOICED",
        vec![
            Property::reference("salesInvoice", "salesInvoice", &[Column("NUM")]).assumed(),
            Property::int("lineNumber", "SIDLIN").assumed(),
            Property::reference("salesOrder", "salesOrder", &[Column("SOHNUM")]).assumed(),
            Property::int("salesOrderLineNumber", "SOPLIN").assumed(),
            Property::reference("salesDelivery", "salesDelivery", &[Column("SDHNUM")]).assumed(),
            Property::int("salesDeliveryLineNumber", "SDDLIN").assumed(),
            Property::reference("product", "product", &[Column("ITMREF")]).assumed(),
            Property::text("productDescriptionInUserLanguage", "ITMDES", 30).assumed(),
            Property::reference("salesUnit", "unitOfMeasure", &[Column("SAU")]).assumed(),
            Property::decimal("quantityInSalesUnitInvoiced", "QTY").assumed(),
            Property::decimal("grossPrice", "GROPRI").assumed(),
            Property::decimal("netPrice", "NETPRI").assumed(),
            Property::decimal("netPriceExcludingTax", "NETPRINOT").assumed(),
            Property::decimal("netPriceIncludingTax", "NETPRIATI").assumed(),
            Property::decimal("amountExcludingTax", "AMTNOTLIN").assumed(),
            Property::decimal("amountIncludingTax", "AMTATILIN").assumed(),
            Property::reference("tax1", "tax", &[Column("VAT_0")]).assumed(),
        ],
    )
    .keyed(&[Column("NUM"), Column("SIDLIN")])
}
