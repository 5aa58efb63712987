//! Package `x3MasterData`: business partners, customers, their addresses, currencies.
//!
//! Property names come from Sage's published reference. Beyond it stand: `customer.paymentTerm` (the column is known,
//! its published name is not), the value names of `addressPhoneNumbers` and `addressEmails` and of their types
//! (formed like the published `addressLines`), the properties of `businessPartnerAddress` (formed like
//! `customerAddress`), and `customerCategory.code`.

use super::computed;
use super::contacts;
use super::node::{Default, Kind, Menu, Node, Part, Property};
use super::sales::PRICE_TYPE;
use crate::settings::{CompanyNames, Settings};

use Part::{Column, Fixed};

const PACKAGE: &str = "x3MasterData";

pub(crate) static ENTITY_TYPE: Menu = Menu {
    name: "EntityType",
    members: &[
        "businessPartner",
        "company",
        "site",
        "user",
        "account",
        "lead",
        "building",
        "place",
    ],
};
pub(crate) static CREDIT_CONTROL: Menu = Menu {
    name: "WorkInProgressControl",
    members: &["check", "noCheck", "hold"],
};
static RATE_TYPE: Menu = Menu {
    name: "ExchangeRateType",
    members: &["daily", "monthly", "average", "customs"],
};

const LINES: &[&str] = &["BPAADDLIG_0", "BPAADDLIG_1", "BPAADDLIG_2"];
const PHONES: &[&str] = &["TEL_0", "TEL_1", "TEL_2", "TEL_3", "TEL_4"];
const EMAILS: &[&str] = &["WEB_0", "WEB_1", "WEB_2", "WEB_3", "WEB_4"];
const NAMES: &[&str] = &["BPRNAM_0", "BPRNAM_1"];

pub(super) fn nodes(settings: &Settings) -> Vec<Node> {
    let mut nodes = vec![
        business_partner(settings),
        customer(settings),
        ship_to(),
        Node::new(
            PACKAGE,
            "customerCategory",
            "CustomerCategory",
            "BPCCATEG",
            vec![Property::text("code", "BCGCOD", 5).assumed()],
        ),
        currency(),
        names_slots(settings),
    ];
    for view in &ADDRESS_VIEWS {
        nodes.push(address(view));
        nodes.extend(address_slots(view));
    }
    nodes
}

fn business_partner(settings: &Settings) -> Node {
    let name = settings.name_length;
    Node::new(
        PACKAGE,
        "businessPartner",
        "BusinessPartner",
        "BPARTNER",
        vec![
            Property::text("code", "BPRNUM", 15),
            Property::boolean("isActive", "ENAFLG"),
            Property::reference("category", "customerCategory", &[Column("BRGCOD")]),
            Property::text("customerOrSupplierOriginCategory", "BRGOBJ", 3),
            Property::text("companyName1", "BPRNAM_0", name),
            Property::text("companyName2", "BPRNAM_1", name),
            Property::text("shortCompanyName", "BPRSHO", 10),
            Property::text("europeanUnionVatNumber", "EECNUM", 20),
            Property::boolean("isIntersite", "BETFCY"),
            Property::reference("businessPartnerSite", "site", &[Column("FCY")]),
            Property::reference("country", "country", &[Column("CRY")]),
            Property::text("siteIdentificationNumber", "CRN", 20),
            Property::text("standardIndustrialClassificationCode", "NAF", 10),
            Property::reference("currency", "currency", &[Column("CUR")]),
            Property::reference("language", "language", &[Column("LAN")]),
            Property::text("acronym", "BPRLOG", 10),
            Property::text("italianTaxNumber", "VATNUM", 10),
            Property::text("fiscalCode", "FISCOD", 10),
            Property::text("consolidationGroup", "GRUGPY", 5),
            Property::text("consolidationCode", "GRUCOD", 10),
            Property::boolean("isCustomer", "BPCFLG"),
            Property::boolean("isSupplier", "BPSFLG"),
            Property::boolean("isGrantor", "CCNFLG"),
            Property::boolean("isCarrier", "BPTFLG"),
            Property::boolean("isFactor", "FCTFLG"),
            Property::boolean("isSalesRep", "REPFLG"),
            Property::boolean("isMiscellaneousBusinessPartner", "BPRACC"),
            Property::boolean("isProspect", "PPTFLG"),
            Property::boolean("isServiceSupplier", "PRVFLG"),
            Property::boolean("isServiceCaller", "DOOFLG"),
            Property::reference(
                "defaultAddress",
                "businessPartnerAddress",
                &[Fixed("1"), Column("BPRNUM"), Column("BPAADD")],
            ),
            Property::reference("bankIdCountry", "country", &[Column("BIDCRY")]),
            Property::boolean("isMailingProhibited", "BPRFBDMAG"),
            Property::boolean("isPhysicalPerson", "LEGETT"),
            Property::boolean("isCashExcluded", "CFOEXD"),
            Property::children(
                "addresses",
                "businessPartnerAddress",
                &[Fixed("1"), Column("BPRNUM")],
            ),
            contacts::of_partner(),
        ],
    )
}

fn customer(settings: &Settings) -> Node {
    let own_address: &'static [Part] = &[Fixed("1"), Column("BPCNUM"), Column("BPAADD")];
    let mut properties = vec![
        Property::reference("code", "businessPartner", &[Column("BPCNUM")]),
        Property::reference("customerCategory", "customerCategory", &[Column("BCGCOD")]),
        Property::reference("billToCustomer", "customer", &[Column("BPCINV")]),
        Property::reference(
            "billToCustomerAddress",
            "customerAddress",
            &[Fixed("1"), Column("BPCINV"), Column("BPAINV")],
        ),
        Property::reference("payByCustomer", "businessPartner", &[Column("BPCPYR")]),
        Property::reference(
            "payByCustomerAddress",
            "businessPartnerAddress",
            &[Fixed("1"), Column("BPCPYR"), Column("BPAPYR")],
        ),
        Property::reference("groupCustomer", "customer", &[Column("BPCGRU")]),
        Property::reference("riskCustomer", "customer", &[Column("BPCRSK")]),
        Property::reference("defaultAddress", "customerAddress", own_address),
        Property::reference(
            "defaultShipToAddress",
            "shipToCustomerAddress",
            &[Column("BPCNUM"), Column("BPDADD")],
        ),
        Property::boolean("isActive", "BPCSTA"),
        Property::text("ourSupplierCode", "BPCBPSNUM", 15),
        Property::reference("currency", "currency", &[Column("CUR")]),
        Property::menu("rateType", "CHGTYP", &RATE_TYPE),
        Property::text("exemptionTaxNumber", "VATEXN", 15),
        Property::menu("priceOrAmountType", "PRITYP", &PRICE_TYPE),
        Property::menu("creditControl", "OSTCTL", &CREDIT_CONTROL),
        Property::decimal("authorizedCreditAmount", "OSTAUZ"),
        Property::decimal("minimumOrderAmount", "ORDMINAMT"),
        Property::decimal("creditInsuranceAmount", "CDTISR"),
        Property::date("insuranceDate", "CDTISRDAT"),
        Property::text("insuranceCompany", "BPCCDTISR", 15),
        Property::decimal("minimumReminderAmount", "FUPMINAMT"),
        Property::boolean("canBeMatched", "MTCFLG"),
        Property::boolean("isLoanAllowed", "LNDAUZ"),
        Property::text("shortCompanyName", "BPRSHO", 10).joined(
            "BPARTNER",
            &[Column("BPCNUM")],
            "BPRSHO",
        ),
        Property::stream("notes", "BPCREM", 250),
        Property::stream("invoiceHeaderText", "INVTEX", 250),
        Property::decimal("creditLevelTotal", "CREDIT_LEVEL").computed(computed::credit_level),
        Property::reference("paymentTerm", "paymentTerm", &[Column("PTE")]).assumed(),
        Property::children(
            "addresses",
            "customerAddress",
            &[Fixed("1"), Column("BPCNUM")],
        ),
    ];
    properties.extend(customer_names(settings));
    Node::new(PACKAGE, "customer", "Customer", "BPCUSTOMER", properties)
}

/// The names stand in the partner's row: a change there shows here while this row's stamp stays.
fn customer_names(settings: &Settings) -> Vec<Property> {
    let partner: &'static [Part] = &[Column("BPCNUM")];
    let name = |published, column| {
        Property::text(published, column, settings.name_length).joined("BPARTNER", partner, column)
    };
    let mut out = Vec::new();
    for form in settings.names_published() {
        match form {
            CompanyNames::Numbered => {
                out.extend([
                    name("companyName1", "BPRNAM_0"),
                    // Sage's pages name the first, its other nodes both.
                    name("companyName2", "BPRNAM_1").assumed(),
                ]);
            }
            CompanyNames::Collection => out.push(Property {
                kind: Kind::Slots {
                    node: "customerCompanyNames",
                    columns: NAMES,
                },
                ..Property::text("companyNames", "BPRNAM_0", 0)
                    .joined("BPARTNER", partner, "BPRNAM_0")
            }),
            CompanyNames::Single => out.push(name("companyName", "BPRNAM_0")),
        }
    }
    out
}

/// A node onto the table of addresses.
struct AddressView {
    name: &'static str,
    type_name: &'static str,
    /// The node of whose addresses it shows, and the property that leads there.
    owner: &'static str,
    /// The table that says which owners it shows.
    only_with: Option<&'static str>,
    /// Nodes of its denormalised lists.
    slots: [&'static str; 3],
    slot_types: [&'static str; 3],
}

const ADDRESS_VIEWS: [AddressView; 3] = [
    AddressView {
        name: "customerAddress",
        type_name: "CustomerAddress",
        owner: "customer",
        only_with: Some("BPCUSTOMER"),
        slots: [
            "customerAddressAddressLines",
            "customerAddressAddressPhoneNumbers",
            "customerAddressAddressEmails",
        ],
        slot_types: [
            "CustomerAddressAddressLines",
            "CustomerAddressAddressPhoneNumbers",
            "CustomerAddressAddressEmails",
        ],
    },
    AddressView {
        name: "businessPartnerAddress",
        type_name: "BusinessPartnerAddress",
        owner: "businessPartner",
        only_with: None,
        slots: [
            "businessPartnerAddressAddressLines",
            "businessPartnerAddressAddressPhoneNumbers",
            "businessPartnerAddressAddressEmails",
        ],
        slot_types: [
            "BusinessPartnerAddressAddressLines",
            "BusinessPartnerAddressAddressPhoneNumbers",
            "BusinessPartnerAddressAddressEmails",
        ],
    },
    AddressView {
        name: "supplierAddress",
        type_name: "SupplierAddress",
        owner: "supplier",
        only_with: Some("BPSUPPLIER"),
        slots: [
            "supplierAddressAddressLines",
            "supplierAddressAddressPhoneNumbers",
            "supplierAddressAddressEmails",
        ],
        slot_types: [
            "SupplierAddressAddressLines",
            "SupplierAddressAddressPhoneNumbers",
            "SupplierAddressAddressEmails",
        ],
    },
];

fn address(view: &AddressView) -> Node {
    let [lines, phones, emails] = view.slots;
    let node = Node::new(
        PACKAGE,
        view.name,
        view.type_name,
        "BPADDRESS",
        vec![
            Property::menu("entityType", "BPATYP", &ENTITY_TYPE),
            Property::reference(view.owner, view.owner, &[Column("BPANUM")]),
            Property::text("code", "BPAADD", 5),
            Property::text("description", "BPADES", 30),
            Property::boolean("isDefault", "BPAADDFLG"),
            Property::text("zipCode", "POSCOD", 10),
            Property::text("city", "CTY", 40),
            Property::text("state", "SAT", 35),
            Property::reference("country", "country", &[Column("CRY")]),
            Property::text("countryName", "CRYNAM", 40),
            Property::text("website", "FCYWEB", 250),
            Property::text("externalIdentifier", "EXTNUM", 30),
            Property::boolean("isValid", "ADRVAL"),
            Property::slots("addressLines", lines, LINES),
            Property::slots("addressPhoneNumbers", phones, PHONES),
            Property::slots("addressEmails", emails, EMAILS),
        ],
    )
    .with_address_key()
    .keyed(&[Column("BPATYP"), Column("BPANUM"), Column("BPAADD")])
    .defaults(&[("BPATYP", Default::Int(1)), ("ADRVAL", Default::Int(1))])
    .mandatory(&["code"]);
    match view.only_with {
        Some(table) => node.only_with(table, "BPANUM"),
        None => node,
    }
}

fn address_slots(view: &AddressView) -> Vec<Node> {
    let values = [
        Property::text("addressLine", "VALUE", 75),
        Property::text("addressPhoneNumber", "VALUE", 20).assumed(),
        Property::text("addressEmail", "VALUE", 80).assumed(),
    ];
    let names = view.slots.into_iter().zip(view.slot_types);
    names
        .zip(values)
        .map(|((name, type_name), value)| {
            let properties = vec![
                Property::int("_sortValue", "SORT"),
                Property::int("denormalizedIndex", "INDEX"),
                Property::menu("entityType", "BPATYP", &ENTITY_TYPE),
                Property::text(view.owner, "BPANUM", 15),
                Property::text("code", "BPAADD", 5),
                value,
            ];
            Node::new(PACKAGE, name, type_name, "", properties).unpublished()
        })
        .collect()
}

fn names_slots(settings: &Settings) -> Node {
    let properties = vec![
        Property::int("_sortValue", "SORT"),
        Property::int("denormalizedIndex", "INDEX"),
        Property::text("companyName", "VALUE", settings.name_length),
    ];
    Node::new(
        PACKAGE,
        "customerCompanyNames",
        "CustomerCompanyNames",
        "",
        properties,
    )
    .unpublished()
}

fn ship_to() -> Node {
    Node::new(
        PACKAGE,
        "shipToCustomerAddress",
        "ShipToCustomerAddress",
        "BPDLVCUST",
        vec![
            Property::reference("customer", "customer", &[Column("BPCNUM")]),
            Property::reference(
                "shipToAddress",
                "customerAddress",
                &[Fixed("1"), Column("BPCNUM"), Column("BPAADD")],
            ),
            Property::boolean("isActive", "ENAFLG"),
            Property::reference("shippingSite", "site", &[Column("STOFCY")]),
            Property::reference("receiptSite", "site", &[Column("RCPFCY")]),
            Property::reference("language", "language", &[Column("LAN")]),
            Property::int("deliveryLeadTime", "DAYLTI"),
            Property::boolean("isMondayWorkday", "UVYDAY1"),
            Property::boolean("isTuesdayWorkday", "UVYDAY2"),
            Property::boolean("isWednesdayWorkday", "UVYDAY3"),
            Property::boolean("isThursdayWorkday", "UVYDAY4"),
            Property::boolean("isFridayWorkday", "UVYDAY5"),
            Property::boolean("isSaturdayWorkday", "UVYDAY6"),
            Property::boolean("isSundayWorkday", "UVYDAY7"),
            Property::text("europeanUnionVatNumber", "EECNUM", 20),
            Property::text("incotermTown", "ICTCTY", 40),
        ],
    )
    .keyed(&[Column("BPCNUM"), Column("BPAADD")])
}

fn currency() -> Node {
    Node::new(
        PACKAGE,
        "currency",
        "Currency",
        "TABCUR",
        vec![
            Property::text("code", "CUR", 3),
            Property::text("localizedDescription", "CURDES", 30),
            Property::text("localizedShortDescription", "CURSHO", 10),
            Property::decimal("rounding", "CURRND"),
            Property::text("format1", "FMT_0", 20),
            Property::text("format2", "FMT_1", 20),
            Property::text("format3", "FMT_2", 20),
            Property::boolean("isEuro", "EURFLG"),
            Property::decimal("euroRate", "EURRAT"),
            Property::date("euroConversionDate", "EURDAT"),
            Property::date("currencyEndDate", "ENDDAT"),
            Property::text("symbol", "CURSYM", 5),
            Property::int("numberOfDecimals", "DECNBR"),
            Property::text("isoCode", "ISOCOD", 3),
            Property::text("isoNumericCode", "ISONUM", 3),
        ],
    )
}
