//! Packages `x3Structure` and `x3System`: countries, languages, companies, sites.
//!
//! Beyond the published evidence stands `language.code`.

use super::node::{Node, Part, Property};

use Part::Column;

pub(super) fn nodes() -> Vec<Node> {
    vec![
        Node::new(
            "x3Structure",
            "country",
            "Country",
            "TABCOUNTRY",
            vec![Property::text("code", "CRY", 3)],
        ),
        Node::new(
            "x3System",
            "language",
            "Language",
            "TABLAN",
            vec![Property::text("code", "LAN", 3).assumed()],
        ),
        site(),
        company(),
    ]
}

fn site() -> Node {
    Node::new(
        "x3System",
        "site",
        "Site",
        "FACILITY",
        vec![
            Property::text("code", "FCY", 5),
            Property::text("name", "FCYNAM", 35),
            Property::text("shortName", "FCYSHO", 10),
            Property::text("identificationNumber", "CRN", 20),
            Property::text("standardIndustrialClassificationCode", "NAF", 10),
            Property::boolean("isManufacturing", "MFGFLG"),
            Property::boolean("isSales", "SALFLG"),
            Property::boolean("isPurchasing", "PURFLG"),
            Property::boolean("isStockSite", "WRHFLG"),
            Property::boolean("isAccounting", "FINFLG"),
            Property::reference("financialSite", "site", &[Column("FINRSPFCY")]),
            Property::reference("legalCompany", "company", &[Column("LEGCPY")]),
            Property::text("eoriNumber", "EORINUM", 17),
            Property::reference("country", "country", &[Column("CRY")]),
            Property::text("routingCode", "ROUCOD", 20),
            Property::text("electronicAddress", "ELEADD", 50),
            Property::text("serviceCode", "SRVCOD", 20),
            Property::text("einvoicingEmailAddress", "EINVMAI", 80),
            Property::text("suffix", "SUFFIX", 10),
        ],
    )
}

fn company() -> Node {
    Node::new(
        "x3System",
        "company",
        "Company",
        "COMPANY",
        vec![
            Property::text("code", "CPY", 5),
            Property::text("name", "CPYNAM", 35),
            Property::text("shortName", "CPYSHO", 10),
            Property::boolean("isLegalCompany", "CPYLEGFLG"),
            Property::reference("mainSite", "site", &[Column("MAIFCY")]),
            Property::text("identificationNumber", "CRN", 20),
            Property::text("standardIndustrialClassificationCode", "NAF", 10),
            Property::text("uniqueIdentificationNumber", "NID", 20),
            Property::text("legalForm", "CPYLEGFRM", 20),
            Property::decimal("registredCapital", "RGCAMT"),
            Property::text("europeanUnionVatNumber", "EECNUM", 20),
            Property::date("firstFiscalYear", "STRPER"),
            Property::text("eoriNumber", "EORINUM", 17),
            Property::boolean("subjectToTax", "VATFLG"),
            Property::reference("country", "country", &[Column("CRY")]),
            Property::reference("registredCapitalCurrency", "currency", &[Column("RGCCUR")]),
            Property::reference("currency", "currency", &[Column("ACCCUR")]),
            Property::text("serviceId", "SRVID", 20),
        ],
    )
}
