//! What a published object is called, and where the members of a record stand in it.

use std::collections::BTreeMap;

use crate::write::{Conversion, Placement};

/// The place of a member on the published screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoapPlace {
    pub(super) block: String,
    pub(super) field: String,
    pub(super) position: Option<usize>,
    pub(super) conversion: Conversion,
}

impl SoapPlace {
    /// The field `field` of the block `block`: a group, or for members of rows a table.
    #[must_use]
    pub fn new(block: impl Into<String>, field: impl Into<String>) -> Self {
        Self {
            block: block.into(),
            field: field.into(),
            position: None,
            conversion: Conversion::default(),
        }
    }

    /// The place of this number, from 1, of a field with several.
    #[must_use]
    pub fn position(mut self, position: usize) -> Self {
        self.position = Some(position);
        self
    }

    /// Writes `number` of a local menu where GraphQL has the member `name` of an enumeration. Once one is listed, others are
    /// refused.
    #[must_use]
    pub fn choice(mut self, name: impl Into<String>, number: u16) -> Self {
        self.conversion.value(name, number.to_string());
        self
    }

    /// Writes the last part of a composite key, such as the address code of `NA001|A1`.
    #[must_use]
    pub fn last_key_part(mut self) -> Self {
        self.conversion.last_key_part();
        self
    }
}

/// An object that is published as a SOAP web service, as the write path of a node.
///
/// Block names depend on the screen. The ready-made ones hold the blocks of the standard transactions as they were seen at
/// several sites; compare them with what *getDescription* says at yours.
#[derive(Clone, Debug)]
pub struct SoapPublication {
    pub(super) public_name: String,
    pub(super) key_field: String,
    pub(super) placement: Placement<SoapPlace>,
    pub(super) row_keys: BTreeMap<String, String>,
}

impl SoapPublication {
    /// The object published as `public_name`, whose key stands in `key_field`. Nothing has a place yet.
    #[must_use]
    pub fn new(public_name: impl Into<String>, key_field: impl Into<String>) -> Self {
        Self {
            public_name: public_name.into(),
            key_field: key_field.into(),
            placement: Placement::new(),
            row_keys: BTreeMap::new(),
        }
    }

    /// Customers (object BPC).
    #[must_use]
    pub fn customers(public_name: impl Into<String>) -> Self {
        let at = SoapPlace::new;
        Self::new(public_name, "BPCNUM")
            .place("code", at("BPC0_1", "BPCNUM"))
            .place("customerCategory", at("BPC0_1", "BCGCOD"))
            .place("isActive", at("BPC0_1", "BPCSTA"))
            .place("companyName1", at("BPRC_1", "BPRNAM").position(1))
            .place("companyName2", at("BPRC_1", "BPRNAM").position(2))
            .place("companyNames.companyName", at("BPRC_1", "BPRNAM"))
            .place("shortCompanyName", at("BPRC_1", "BPRSHO"))
            .place("country", at("BPRC_1", "CRY"))
            .place("language", at("BPRC_1", "LAN"))
            .place("currency", at("BPRC_1", "CUR"))
            .place("europeanUnionVatNumber", at("BPRC_1", "EECNUM"))
            .ignore("addresses._action")
            .place("addresses.code", at("BPAC_1", "CODADR"))
            .place("addresses.description", at("BPAC_1", "BPADES"))
            .place("addresses.isDefault", at("BPAC_1", "BPAADDFLG"))
            .place(
                "addresses.addressLines.addressLine",
                at("BPAC_1", "BPAADDLIG"),
            )
            .place("addresses.zipCode", at("BPAC_1", "POSCOD"))
            .place("addresses.city", at("BPAC_1", "CTY"))
            .place("addresses.state", at("BPAC_1", "SAT"))
            .place("addresses.country", at("BPAC_1", "BPACRY"))
            .row_key("BPAC_1", "CODADR")
    }

    /// Sales orders (object SOH).
    #[must_use]
    pub fn sales_orders(public_name: impl Into<String>) -> Self {
        let at = SoapPlace::new;
        let mut orders = Self::new(public_name, "SOHNUM")
            .place("id", at("SOH0_1", "SOHNUM"))
            .place("salesSite", at("SOH0_1", "SALFCY"))
            .place("salesOrderType", at("SOH0_1", "SOHTYP"))
            .place("soldToCustomer", at("SOH0_1", "BPCORD"))
            .place("customerOrderReference", at("SOH0_1", "CUSORDREF"))
            .place("orderDate", at("SOH0_1", "ORDDAT"))
            .place("currency", at("SOH0_1", "CUR"))
            .place(
                "shipToCustomerAddress",
                at("SOH1_1", "BPAADD").last_key_part(),
            )
            .place("shippingSite", at("SOH2_1", "STOFCY"));
        // What the lines are called differs between releases.
        for lines in ["salesOrderLines", "lines"] {
            for (member, field) in [
                ("product", "ITMREF"),
                ("productDescriptionInUserLanguage", "ITMDES1"),
                ("salesUnit", "SAU"),
                ("quantityInSalesUnitOrdered", "QTY"),
                ("grossPrice", "GROPRI"),
                ("discountOrCharge1", "DISCRGVAL1"),
                ("requestedDeliveryDate", "DEMDLVDAT"),
            ] {
                orders = orders.place(format!("{lines}.{member}"), at("SOH4_1", field));
            }
        }
        orders
    }

    /// Says where a member goes, by the name that it has in the node's GraphQL input: `currency`, `addresses.city`, or for one
    /// place of an array column `companyNames.companyName#2`. Replaces what was said before.
    #[must_use]
    pub fn place(mut self, member: impl Into<String>, place: SoapPlace) -> Self {
        self.placement.place(member, place);
        self
    }

    /// Leaves a member out. One that has no place and is not left out makes the write fail.
    #[must_use]
    pub fn ignore(mut self, member: impl Into<String>) -> Self {
        self.placement.ignore(member);
        self
    }

    /// Says by which field the rows of a table are known. Without it, an update cannot change rows: X3 matches them by
    /// position alone.
    #[must_use]
    pub fn row_key(mut self, block: impl Into<String>, field: impl Into<String>) -> Self {
        self.row_keys.insert(block.into(), field.into());
        self
    }
}
