//! Packages `x3Sales` and `x3SalesData`: sales orders, their lines and types.
//!
//! The first properties of the order and of the line are Sage's published ones. The rest follow the columns of the
//! same tables under the names that a third-party mapping gives them, which agrees with Sage's wherever both exist:
//! they carry `assumed`. What X3 keeps in two tables for a line, prices (SORDERP) and quantities (SORDERQ), is one row
//! here.

use super::node::{Menu, Node, Part, Property};
use super::products::code_and_text;
use crate::settings::Settings;

use Part::{Column, Fixed};

const SALES: &str = "x3Sales";

pub(super) static ORDER_CATEGORY: Menu = Menu {
    name: "OrderCategory",
    members: &["normal", "loan", "directInvoicing", "contract"],
};
static ORDER_STATUS: Menu = Menu {
    name: "OrderStatus",
    members: &["open", "closed"],
};
static ALLOCATION_STATUS: Menu = Menu {
    name: "AllocationStatus",
    members: &["notAllocated", "partlyAllocated", "allocated"],
};
static DELIVERY_STATUS: Menu = Menu {
    name: "DeliveryStatus",
    members: &["notDelivered", "partlyDelivered", "delivered"],
};
static INVOICED_STATUS: Menu = Menu {
    name: "InvoicedStatus",
    members: &["notInvoiced", "partlyInvoiced", "invoiced"],
};
static CREDIT_STATUS: Menu = Menu {
    name: "CreditStatus",
    members: &["ok", "hold", "limitExceeded", "prepayment", "card"],
};
pub(super) static LINE_STATUS: Menu = Menu {
    name: "LineStatus",
    members: &["pending", "late", "closed"],
};
pub(super) static PRICE_TYPE: Menu = Menu {
    name: "PriceAmountTaxTax",
    members: &["excludingTax", "includingTax"],
};

pub(super) fn nodes(settings: &Settings) -> Vec<Node> {
    vec![
        order(settings),
        order_line(),
        code_and_text(
            "x3SalesData",
            "salesOrderType",
            "SalesOrderType",
            "TABSOHTYP",
            &["SOHTYP", "TYPDES"],
        )
        .documented(),
    ]
}

fn order(settings: &Settings) -> Node {
    Node::new(
        SALES,
        "salesOrder",
        "SalesOrder",
        "SORDER",
        vec![
            Property::text("id", "SOHNUM", 20),
            Property::reference("company", "company", &[Column("CPY")]),
            Property::reference("salesOrderType", "salesOrderType", &[Column("SOHTYP")]),
            Property::menu("category", "SOHCAT", &ORDER_CATEGORY),
            Property::reference("salesSite", "site", &[Column("SALFCY")]),
            Property::reference("soldToCustomer", "customer", &[Column("BPCORD")]),
            Property::reference("billToCustomer", "customer", &[Column("BPCINV")]),
            Property::reference(
                "payByBusinessPartner",
                "businessPartner",
                &[Column("BPCPYR")],
            ),
            Property::reference(
                "payByBusinessPartnerAddress",
                "businessPartnerAddress",
                &[Fixed("1"), Column("BPCPYR"), Column("BPAPYR")],
            ),
            Property::reference("groupCustomer", "customer", &[Column("BPCGRU")]),
            Property::reference(
                "shipToCustomerAddress",
                "shipToCustomerAddress",
                &[Column("BPCORD"), Column("BPAADD")],
            ),
            Property::text("customerOrderReference", "CUSORDREF", 20),
            Property::text("additionnalReference", "ADLREF", 10),
            Property::date("orderDate", "ORDDAT"),
            Property::date("shipmentDate", "SHIDAT"),
            Property::date("requestedDeliveryDate", "DEMDLVDAT"),
            Property::date("loanReturnDate", "LNDRTNDAT"),
            Property::int("deliveryLeadTime", "DAYLTI"),
            Property::reference(
                "soldToCustomerAddress",
                "customerAddress",
                &[Fixed("1"), Column("BPCORD"), Column("BPAORD")],
            ),
            Property::text("soldToCustomerPostalCode", "BPCPOSCOD", 10),
            Property::text("soldToCustomerCity", "BPCCTY", 40),
            Property::text("soldToCustomerState", "BPCSAT", 35),
            Property::reference("soldToCustomerCountry", "country", &[Column("BPCCRY")]),
            Property::text("soldToCustomerCountryName", "BPCCRYNAM", 40),
            Property::reference(
                "billToCustomerAddress",
                "customerAddress",
                &[Fixed("1"), Column("BPCINV"), Column("BPAINV")],
            ),
            Property::text("billToCustomerPostalCode", "BPIPOSCOD", 10),
            Property::text("billToCustomerCity", "BPICTY", 40),
            Property::text("billToCustomerState", "BPISAT", 35),
            Property::reference("billToCustomerCountry", "country", &[Column("BPICRY")]),
            Property::reference("currency", "currency", &[Column("CUR")]).assumed(),
            Property::decimal("currencyRate", "CHGRAT").assumed(),
            Property::reference("taxRule", "taxRule", &[Column("VACBPR")]).assumed(),
            Property::reference("paymentTerm", "paymentTerm", &[Column("PTE")]).assumed(),
            Property::reference("shippingSite", "site", &[Column("STOFCY")]).assumed(),
            Property::menu("priceIncludingOrExcludingTax", "PRITYP", &PRICE_TYPE).assumed(),
            Property::decimal("linesAmountExcludingTax", "ORDNOT").assumed(),
            Property::decimal("linesAmountIncludingTax", "ORDATI").assumed(),
            Property::decimal("linesAmountExcludingTaxInCompanyCurrency", "ORDNOTL").assumed(),
            Property::decimal("linesAmountIncludingTaxInCompanyCurrency", "ORDATIL").assumed(),
            Property::decimal("totalAmountExcludingTax", "ORDINVNOT").assumed(),
            Property::decimal("totalAmountIncludingTax", "ORDINVATI").assumed(),
            Property::decimal("linesAmountRemainingToDeliverExcludingTax", "DLRNOT").assumed(),
            Property::decimal("linesAmountRemainingToDeliverIncludingTax", "DLRATI").assumed(),
            Property::int("numberOfLines", "LINNBR").assumed(),
            Property::int("numberOfClosedLines", "CLELINNBR").assumed(),
            Property::int("numberOfDeliveredLines", "DLVLINNBR").assumed(),
            Property::int("numberOfInvoicedLines", "INVLINNBR").assumed(),
            Property::menu("orderStatus", "ORDSTA", &ORDER_STATUS).assumed(),
            Property::menu("allocationStatus", "ALLSTA", &ALLOCATION_STATUS).assumed(),
            Property::menu("deliveryStatus", "DLVSTA", &DELIVERY_STATUS).assumed(),
            Property::menu("invoicedStatus", "INVSTA", &INVOICED_STATUS).assumed(),
            Property::menu("creditLevelStatus", "CDTSTA", &CREDIT_STATUS).assumed(),
            Property::text("lastSalesDelivery", "LASDLVNUM", 20).assumed(),
            Property::date("lastSalesDeliveryDate", "LASDLVDAT").assumed(),
            Property::text("lastSalesInvoice", "LASINVNUM", 20).assumed(),
            Property::date("lastSalesInvoiceDate", "LASINVDAT").assumed(),
            Property::text("closingReason", "CCLREN", 20).assumed(),
            Property::date("closingDate", "CCLDAT").assumed(),
            Property::int("revisionNumber", "REVNUM").assumed(),
            Property::children(
                settings.sales_order_lines.name(),
                "salesOrderLine",
                &[Column("SOHNUM")],
            )
            .assumed(),
        ],
    )
}

fn order_line() -> Node {
    let discounts = DISCOUNTS
        .iter()
        .map(|&(name, column)| Property::decimal(name, column));
    let mut properties = vec![
        Property::reference("salesOrder", "salesOrder", &[Column("SOHNUM")]),
        Property::int("lineNumber", "SOPLIN"),
        Property::int("sequenceNumber", "SOQSEQ"),
        Property::reference("company", "company", &[Column("CPY")]),
        Property::menu("category", "SOHCAT", &ORDER_CATEGORY),
        Property::reference("soldToCustomer", "customer", &[Column("BPCORD")]),
        Property::reference(
            "shipToCustomerAddress",
            "shipToCustomerAddress",
            &[Column("BPCORD"), Column("BPAADD")],
        ),
        Property::reference("billToCustomer", "customer", &[Column("BPCINV")]),
        Property::reference("shippingSite", "site", &[Column("STOFCY")]),
        Property::reference("salesSite", "site", &[Column("SALFCY")]),
        Property::reference("product", "product", &[Column("ITMREF")]),
        Property::text("productDescriptionInUserLanguage", "ITMDES1", 30),
        Property::text("productDescriptionInCustomerLanguage", "ITMDES", 30),
        Property::decimal("grossPrice", "GROPRI"),
        Property::decimal("netPrice", "NETPRI"),
        Property::decimal("netPriceExcludingTax", "NETPRINOT"),
        Property::decimal("netPriceIncludingTax", "NETPRIATI"),
        Property::decimal("margin", "PFM"),
        Property::decimal("costPrice", "CPRPRI"),
    ];
    properties.extend(discounts);
    properties.extend([
        // Confirmed by Sage's first-generation examples.
        Property::decimal("quantityInSalesUnitOrdered", "QTY").assumed(),
        Property::reference("salesUnit", "unitOfMeasure", &[Column("SAU")]).assumed(),
        Property::decimal("salesUnitToStockUnitConversionFactor", "SAUSTUCOE").assumed(),
        Property::decimal("quantityInStockUnitOrdered", "QTYSTU").assumed(),
        Property::decimal("quantityInSalesUnitAllocated", "ALLQTY").assumed(),
        Property::decimal("quantityInSalesUnitShortage", "SHTQTY").assumed(),
        Property::decimal("quantityInSalesUnitDelivered", "DLVQTY").assumed(),
        Property::decimal("quantityInSalesUnitInvoiced", "INVQTY").assumed(),
        Property::reference("taxLevel1", "taxLevel", &[Column("VACITM_0")]).assumed(),
        Property::reference("tax1", "tax", &[Column("VAT_0")]).assumed(),
        Property::menu("lineStatus", "SOQSTA", &LINE_STATUS).assumed(),
        Property::date("requestedDeliveryDate", "DEMDLVDAT").assumed(),
        Property::date("expectedDeliveryDate", "EXTDLVDAT").assumed(),
        Property::date("shipmentDate", "SHIDAT").assumed(),
        Property::text("closingReason", "CCLREN", 20).assumed(),
        Property::date("closingDate", "CCLDAT").assumed(),
    ]);
    Node::new(
        SALES,
        "salesOrderLine",
        "SalesOrderLine",
        "SORDERQ",
        properties,
    )
    .keyed(&[Column("SOHNUM"), Column("SOPLIN"), Column("SOQSEQ")])
}

pub(crate) const DISCOUNTS: [(&str, &str); 9] = [
    ("discountOrCharge1", "DISCRGVAL1"),
    ("discountOrCharge2", "DISCRGVAL2"),
    ("discountOrCharge3", "DISCRGVAL3"),
    ("discountOrCharge4", "DISCRGVAL4"),
    ("discountOrCharge5", "DISCRGVAL5"),
    ("discountOrCharge6", "DISCRGVAL6"),
    ("discountOrCharge7", "DISCRGVAL7"),
    ("discountOrCharge8", "DISCRGVAL8"),
    ("discountOrCharge9", "DISCRGVAL9"),
];
