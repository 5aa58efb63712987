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
/// Block names depend on the screen. Those of the ready-made ones are taken for the standard transactions' and are published
/// nowhere (`docs/assumptions-services.md`): compare them with what *getDescription* says at your site.
#[derive(Clone, Debug)]
pub struct SoapPublication {
    pub(super) public_name: String,
    /// Their values make up the key, in the order of its parts.
    pub(super) key_fields: Vec<String>,
    pub(super) placement: Placement<SoapPlace>,
    pub(super) row_keys: BTreeMap<String, String>,
}

impl SoapPublication {
    /// The object published as `public_name`, whose key stands in `key_field`. Nothing has a place yet.
    #[must_use]
    pub fn new(public_name: impl Into<String>, key_field: impl Into<String>) -> Self {
        Self {
            public_name: public_name.into(),
            key_fields: vec![key_field.into()],
            placement: Placement::new(),
            row_keys: BTreeMap::new(),
        }
    }

    /// Adds a field to the key, for objects whose key has several parts: the fields hold the last parts of the record's
    /// key, in their order.
    #[must_use]
    pub fn and_key_field(mut self, field: impl Into<String>) -> Self {
        self.key_fields.push(field.into());
        self
    }

    /// Customers (object BPC).
    #[must_use]
    pub fn customers(public_name: impl Into<String>) -> Self {
        let at = SoapPlace::new;
        Self::new(public_name, "BPCNUM")
            .place("code", at("BPC0_1", "BPCNUM"))
            .place("customerCategory", at("BPC0_1", "BCGCOD"))
            .place("isActive", at("BPC0_1", "BPCSTA"))
            .place("companyNames.companyName", at("BPRC_1", "BPRNAM"))
            .place("isProspect", at("BPRC_1", "PPTFLG"))
            .place(
                "creditControl",
                at("BPC2_1", "OSTCTL")
                    .choice("check", 1)
                    .choice("noCheck", 2)
                    .choice("hold", 3),
            )
            .place("authorizedCreditAmount", at("BPC2_1", "OSTAUZ"))
            .place("minimumOrderAmount", at("BPC2_1", "ORDMINAMT"))
            .place("notes.value", at("BPC2_1", "BPCREM"))
            .partner("BPRC_1")
            .addresses("BPAC_1")
    }

    /// Suppliers (object BPS).
    #[must_use]
    pub fn suppliers(public_name: impl Into<String>) -> Self {
        let at = SoapPlace::new;
        Self::new(public_name, "BPSNUM")
            .place("code", at("BPS0_1", "BPSNUM"))
            .place("category", at("BPS0_1", "BSGCOD"))
            .place("isActive", at("BPS0_1", "ENAFLG"))
            .place("companyName", at("BPRS_1", "BPRNAM").position(1))
            .place("ourCustomerNumberForSupplier", at("BPS1_1", "BPSNUMBPS"))
            .partner("BPRS_1")
            .addresses("BPAS_1")
    }

    /// Customer invoices of accounting (object BIC), whose lines name accounts of one chart: a line's account is written
    /// without its chart.
    #[must_use]
    pub fn customer_invoices(public_name: impl Into<String>) -> Self {
        let at = SoapPlace::new;
        Self::new(public_name, "NUM")
            .place("id", at("BIC0_1", "NUM"))
            .place("financialSite", at("BIC0_1", "FCY"))
            .place("customerInvoiceType", at("BIC0_1", "GTE"))
            .place("billToCustomer", at("BIC0_1", "BPR"))
            .place("accountingDate", at("BIC0_1", "ACCDAT"))
            .place("sourceDocument", at("BIC0_1", "BPRVCR"))
            .place("sourceDocumentDate", at("BIC0_1", "BPRDAT"))
            .place("currency", at("BIC0_1", "CUR"))
            .place("paymentTerm", at("BIC0_1", "PTE"))
            .place("payByBusinessPartner", at("BIC0_1", "BPRPAY"))
            .place("dueDateCalculationStartDate", at("BIC0_1", "STRDUDDAT"))
            .place("lines.account", at("BIC3_1", "ACC").last_key_part())
            .place("lines.amountExcludingTax", at("BIC3_1", "AMTNOTLIN"))
            .place("lines.tax", at("BIC3_1", "VAT"))
            .place("lines.lineDescription", at("BIC3_1", "DES"))
    }

    /// The fields of a business partner, in the block that its roles' screens show them in.
    fn partner(self, block: &str) -> Self {
        let at = |field: &str| SoapPlace::new(block, field);
        self.place("companyName1", at("BPRNAM").position(1))
            .place("companyName2", at("BPRNAM").position(2))
            .place("shortCompanyName", at("BPRSHO"))
            .place("country", at("CRY"))
            .place("language", at("LAN"))
            .place("currency", at("CUR"))
            .place("europeanUnionVatNumber", at("EECNUM"))
    }

    /// A table of addresses.
    fn addresses(self, block: &str) -> Self {
        let at = |field: &str| SoapPlace::new(block, field);
        self.ignore("addresses._action")
            .place("addresses.code", at("CODADR"))
            .place("addresses.description", at("BPADES"))
            .place("addresses.isDefault", at("BPAADDFLG"))
            .place("addresses.addressLines.addressLine", at("BPAADDLIG"))
            .place("addresses.zipCode", at("POSCOD"))
            .place("addresses.city", at("CTY"))
            .place("addresses.state", at("SAT"))
            .place("addresses.country", at("BPACRY"))
            .place("addresses.website", at("FCYWEB"))
            .place(
                "addresses.addressPhoneNumbers.addressPhoneNumber",
                at("TEL"),
            )
            .place("addresses.addressEmails.addressEmail", at("WEB"))
            .row_key(block, "CODADR")
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
            .place("additionnalReference", at("SOH1_1", "ADLREF"))
            .place("paymentTerm", at("SOH1_1", "PTE"))
            .place("requestedDeliveryDate", at("SOH2_1", "DEMDLVDAT"))
            .place("shipmentDate", at("SOH2_1", "SHIDAT"))
            .place(
                "shipToCustomerAddress",
                at("SOH1_1", "BPAADD").last_key_part(),
            )
            .place("shippingSite", at("SOH2_1", "STOFCY"));
        // What the lines are called differs between releases.
        for lines in ["salesOrderLines", "lines"] {
            for (member, field) in [
                ("lineNumber", "SOPLIN"),
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
            orders = orders.ignore(format!("{lines}._action"));
        }
        orders.row_key("SOH4_1", "SOPLIN")
    }

    /// Member, block and field of every place.
    #[cfg(test)]
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let places = self.placement.places().iter();
        places.map(|(member, place)| (member.as_str(), &*place.block, &*place.field))
    }

    /// Says where a member goes, by the name that it has in the node's GraphQL input: `currency`, `addresses.city`, or for one
    /// place of an array column `companyNames.companyName#2`. Replaces what was said before.
    #[must_use]
    pub fn place(mut self, member: impl Into<String>, place: SoapPlace) -> Self {
        self.placement.place(member, place);
        self
    }

    /// Says that a member stands in another field than was said before. How its value is converted stays as it is.
    #[must_use]
    pub fn moved(
        mut self,
        member: impl Into<String>,
        block: impl Into<String>,
        field: impl Into<String>,
    ) -> Self {
        let (member, mut place) = (member.into(), SoapPlace::new(block, field));
        if let Some(known) = self.placement.places().get(&member) {
            place.position = known.position;
            place.conversion = known.conversion.clone();
        }
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
