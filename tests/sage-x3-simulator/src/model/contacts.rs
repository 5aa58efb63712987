//! Package `x3MasterData`: contacts of business partners.
//!
//! Sage's index names the nodes and nothing else about them, so all properties are assumed. A contact stands in a table
//! keyed by the kind of its owner, the owner and its own code; the customer's and the supplier's contacts are views
//! onto it, as the addresses' are.

use super::node::{Default, Node, Part, Property};

use Part::{Column, Fixed};

const PACKAGE: &str = "x3MasterData";

/// Node, type, the property that leads to the owner, the owner's node, the table that says which owners it shows.
const VIEWS: [(&str, &str, &str, &str, Option<&str>); 3] = [
    (
        "businessPartnerContact",
        "BusinessPartnerContact",
        "businessPartner",
        "businessPartner",
        None,
    ),
    (
        "customerContact",
        "CustomerContact",
        "customer",
        "customer",
        Some("BPCUSTOMER"),
    ),
    (
        "supplierContact",
        "SupplierContact",
        "supplier",
        "supplier",
        Some("BPSUPPLIER"),
    ),
];

pub(super) fn nodes() -> Vec<Node> {
    VIEWS
        .iter()
        .map(|&(name, type_name, owner, owner_node, table)| {
            let properties = vec![
                Property::reference(owner, owner_node, &[Column("BPANUM")]),
                Property::text("code", "CCNCRM", 15),
                Property::text("title", "CNTTTL", 20),
                Property::text("firstName", "CNTFNA", 35),
                Property::text("lastName", "CNTLNA", 35),
                Property::text("function", "CNTFNC", 35),
                Property::reference("language", "language", &[Column("CNTLAN")]),
                Property::text("phoneNumber", "TEL", 20),
                Property::text("mobileNumber", "MOB", 20),
                Property::text("email", "WEB", 80),
                Property::boolean("isDefault", "CNTDEF"),
            ];
            let properties = properties.into_iter().map(Property::assumed).collect();
            let node = Node::new(PACKAGE, name, type_name, "CONTACT", properties)
                .with_address_key()
                .keyed(&[Column("BPATYP"), Column("BPANUM"), Column("CCNCRM")])
                .defaults(&[("BPATYP", Default::Int(1))])
                .mandatory(&["code", "lastName"]);
            match table {
                Some(table) => node.only_with(table, "BPANUM"),
                None => node,
            }
        })
        .collect()
}

/// The contacts of an owner whose code stands in a column.
pub(super) fn of_partner() -> Property {
    Property::children(
        "contacts",
        "businessPartnerContact",
        &[Fixed("1"), Column("BPRNUM")],
    )
}
