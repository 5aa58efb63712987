//! Packages `x3MasterData` and `x3StockData`: products, their sites, stock and units.
//!
//! Property names come from Sage's published reference; what is beyond it carries `assumed`. `basePrice` and
//! `purchaseBasePrice` are read by an integrator; that they stand in the sales and purchase sheets of the product is
//! assumed. Prices of one customer come from price lists, which no published node shows.

use super::computed;
use super::node::{Default, Menu, Node, Part, Property};

use Part::{Column, Fixed};

const MASTER: &str = "x3MasterData";
const STOCK: &str = "x3StockData";

static PRODUCT_STATUS: Menu = Menu {
    name: "ProductStatus",
    members: &[
        "active",
        "inDevelopment",
        "onShortage",
        "notRenewed",
        "obsolete",
        "notUsable",
    ],
};
static STOCK_MANAGEMENT: Menu = Menu {
    name: "StockManagement",
    members: &["notManaged", "managed", "potencyManaged"],
};
static LOT_MANAGEMENT: Menu = Menu {
    name: "LotManagementMode",
    members: &["notManaged", "optionalLot", "mandatoryLot", "lotAndSublot"],
};
static SERIAL_MANAGEMENT: Menu = Menu {
    name: "SerialNumberManagementMode",
    members: &[
        "notManaged",
        "issued",
        "receivedIssued",
        "globalReceivedIssued",
    ],
};
static ABC_CLASS: Menu = Menu {
    name: "ProductAbcClass",
    members: &["classA", "classB", "classC", "classD"],
};

pub(super) fn nodes() -> Vec<Node> {
    vec![
        product(),
        product_site(),
        stock(),
        code_and_text(
            MASTER,
            "productCategory",
            "ProductCategory",
            "ITMCATEG",
            &["TCLCOD", "TCLAXX"],
        ),
        code_and_text(
            MASTER,
            "unitOfMeasure",
            "UnitOfMeasure",
            "TABUNIT",
            &["UOM", "DES"],
        ),
        code_and_text(
            STOCK,
            "stockStatus",
            "StockStatus",
            "TABSTOSTA",
            &["STA", "STADES"],
        ),
        location(),
    ]
}

/// A table of codes, each with a text; the names are formed like those of the published ones.
pub(super) fn code_and_text(
    package: &'static str,
    name: &'static str,
    type_name: &'static str,
    table: &'static str,
    columns: &[&'static str; 2],
) -> Node {
    let [code, text] = *columns;
    let properties = vec![
        Property::text("code", code, 10).assumed(),
        Property::text("localizedDescription", text, 30).assumed(),
    ];
    Node::new(package, name, type_name, table, properties)
}

fn product() -> Node {
    Node::new(
        MASTER,
        "product",
        "Product",
        "ITMMASTER",
        vec![
            Property::text("code", "ITMREF", 20),
            Property::reference("company", "company", &[Column("CPY")]),
            Property::reference("productCategory", "productCategory", &[Column("TCLCOD")]),
            Property::text("searchKey", "SEAKEY", 20),
            Property::text("description1", "ITMDES1", 30),
            Property::text("description2", "ITMDES2", 30),
            Property::text("description3", "ITMDES3", 30),
            // In every language the same text here.
            Property::text("localizedDescription1", "ITMDES1", 30),
            Property::text("localizedDescription2", "ITMDES2", 30),
            Property::text("localizedDescription3", "ITMDES3", 30),
            Property::text("standard", "ITMSTD", 20),
            Property::text("upc", "EANCOD", 20),
            Property::menu("productStatus", "ITMSTA", &PRODUCT_STATUS),
            Property::boolean("isPrototype", "NPIPRO"),
            Property::decimal("defaultPotencyInPercentage", "DEFPOT"),
            Property::date("serviceLifeStartDate", "LIFSTRDAT"),
            Property::date("serviceLifeEndDate", "LIFENDDAT"),
            Property::text("storageSheet", "STOCRD", 8),
            Property::reference("stockUnit", "unitOfMeasure", &[Column("STU")]),
            Property::reference("purchaseUnit", "unitOfMeasure", &[Column("PUU")]),
            Property::reference("salesUnit", "unitOfMeasure", &[Column("SAU")]),
            Property::reference("statisticalUnit", "unitOfMeasure", &[Column("SSU")]),
            Property::reference("eeUnit", "unitOfMeasure", &[Column("EEU")]),
            Property::decimal("purchaseUnitToStockUnitConversionFactor", "PUUSTUCOE"),
            Property::decimal("salesUnitToStockUnitConversionFactor", "SAUSTUCOE"),
            Property::reference("weightUnit", "unitOfMeasure", &[Column("WEU")]),
            Property::decimal("productWeight", "ITMWEI"),
            Property::reference("volumeUnit", "unitOfMeasure", &[Column("VOU")]),
            Property::decimal("productVolume", "ITMVOU"),
            Property::reference(
                "accountingCode",
                "accountingCode",
                &[Fixed("3"), Column("ACCCOD")],
            ),
            Property::reference("taxLevel", "taxLevel", &[Column("VACITM_0")]),
            Property::boolean("isReceived", "RCPFLG"),
            Property::boolean("isPurchased", "PURFLG"),
            Property::boolean("isManufactured", "MFGFLG"),
            Property::boolean("isPhantom", "PHAFLG"),
            Property::boolean("isSold", "SALFLG").assumed(),
            Property::menu("stockManagementMode", "STOMGTCOD", &STOCK_MANAGEMENT),
            Property::menu("lotManagementMode", "LOTMGTCOD", &LOT_MANAGEMENT),
            Property::menu(
                "serialNumberManagementMode",
                "SERMGTCOD",
                &SERIAL_MANAGEMENT,
            ),
            Property::decimal("basePrice", "BASPRI").joined(
                "ITMSALES",
                &[Column("ITMREF")],
                "BASPRI",
            ),
            Property::decimal("purchaseBasePrice", "PURBASPRI").joined(
                "ITMPURCH",
                &[Column("ITMREF")],
                "PURBASPRI",
            ),
            Property::children("productSites", "productSite", &[Column("ITMREF")]),
        ],
    )
    .defaults(&[
        ("ITMSTA", Default::Int(1)),
        ("STU", Default::Text("UN")),
        ("SAU", Default::Same("STU")),
        ("PUU", Default::Same("STU")),
        ("SAUSTUCOE", Default::Int(1)),
        ("PUUSTUCOE", Default::Int(1)),
        ("VACITM_0", Default::Text("NOR")),
        ("SALFLG", Default::Int(2)),
        ("PURFLG", Default::Int(2)),
        ("RCPFLG", Default::Int(2)),
        ("STOMGTCOD", Default::Int(2)),
    ])
    .mandatory(&["code", "description1"])
}

fn product_site() -> Node {
    let key: &'static [Part] = &[Column("ITMREF"), Column("STOFCY")];
    Node::new(
        MASTER,
        "productSite",
        "ProductSite",
        "ITMFACILIT",
        vec![
            Property::reference("product", "product", &[Column("ITMREF")]),
            Property::reference("stockSite", "site", &[Column("STOFCY")]),
            Property::boolean("isBeingCounted", "CUNFLG"),
            Property::menu("abcClass", "ABCCLS", &ABC_CLASS),
            Property::boolean("isLocationManaged", "LOCMGTCOD"),
            Property::decimal("reorderLeadTime", "OFS"),
            Property::text("reorderingPolicy", "REOPOL", 5),
            Property::decimal("safetyStock", "SAFSTO"),
            Property::decimal("calculatedSafetyStock", "SAFSTOCLC"),
            Property::decimal("reorderingThreshold", "REOTSD"),
            Property::decimal("reorderingMaximumStock", "MAXSTO"),
            Property::decimal("economicOrderQuantity", "REOMINQTY"),
            Property::decimal("technicalLotQuantity", "MFGLOTQTY"),
            Property::text("valuationMethod", "VLTCOD", 5),
            Property::menu("stockManagementMode", "STOMGTCOD", &STOCK_MANAGEMENT),
            Property::boolean("isLicensePlateNumberManaged", "LPNFLG"),
            Property::children_with(
                "stock",
                "stock",
                &[Column("STOFCY")],
                &[("ITMREF", "ITMREF")],
            ),
            Property::int("countOfStockRecords", "").computed(computed::stock_rows),
            Property::decimal("distinctCountOfStockQuantity", "").computed(computed::stock_sum),
            Property::text("stockUnitCode", "STU", 3).joined(
                "ITMMASTER",
                &[Column("ITMREF")],
                "STU",
            ),
        ],
    )
    .keyed(key)
    .defaults(&[("STOMGTCOD", Default::Int(2))])
    .mandatory(&["product", "stockSite"])
}

fn stock() -> Node {
    Node::new(
        STOCK,
        "stock",
        "Stock",
        "STOCK",
        vec![
            Property::reference("stockSite", "site", &[Column("STOFCY")]),
            Property::decimal("stockId", "STOCOU"),
            Property::text("owner", "OWNER", 5),
            Property::reference(
                "product",
                "productSite",
                &[Column("ITMREF"), Column("STOFCY")],
            ),
            Property::text("lot", "LOT", 15),
            Property::text("sublot", "SLO", 5),
            Property::text("supplierLot", "BPSLOT", 15),
            Property::text("identifier1", "PALNUM", 20),
            Property::text("identifier2", "CTRNUM", 20),
            Property::reference("status", "stockStatus", &[Column("STA")]),
            Property::reference("location", "location", &[Column("STOFCY"), Column("LOC")]),
            Property::text("locationType", "LOCTYP", 5),
            Property::text("serialNumber", "SERNUM", 20),
            Property::date("receiptDate", "RCPDAT"),
            Property::reference("packingUnit", "unitOfMeasure", &[Column("PCU")]),
            Property::decimal("packingUnitToStockUnitConversionFactor", "PCUSTUCOE"),
            Property::decimal("quantityInPackingUnit", "QTYPCU"),
            Property::decimal("quantityInStockUnit", "QTYSTU"),
            Property::decimal("activeQuantityInStockUnit", "QTYSTUACT"),
            Property::decimal("allocatedQuantity", "CUMALLQTY"),
            Property::decimal("allocatedActiveQuantity", "CUMALLQTA"),
            Property::decimal("inProcessQuantity", "CUMWIPQTY"),
            Property::decimal("inProcessActiveQuantity", "CUMWIPQTA"),
            Property::date("lastReceiptDate", "LASRCPDAT"),
            Property::date("lastIssueDate", "LASISSDAT"),
            Property::date("lastCountDate", "LASCUNDAT"),
        ],
    )
    .keyed(&[Column("STOFCY"), Column("STOCOU")])
    .defaults(&[("STA", Default::Text("A"))])
    .mandatory(&["stockSite", "stockId", "product"])
}

fn location() -> Node {
    Node::new(
        STOCK,
        "location",
        "Location",
        "STOLOC",
        vec![
            Property::text("code", "LOC", 10).assumed(),
            Property::reference("stockSite", "site", &[Column("STOFCY")]).assumed(),
        ],
    )
    .keyed(&[Column("STOFCY"), Column("LOC")])
    .mandatory(&["code", "stockSite"])
}
