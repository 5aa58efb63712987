//! Screens of published objects: which block and field shows which column (reference: 4.7).
//!
//! Block names depend on the screen and its version; these are the ones of the standard windows as far as they are
//! known, the rest is formed like them.

/// An object that can be published.
pub(super) struct Layout {
    /// X3's object code.
    pub(super) object: &'static str,
    pub(super) node: &'static str,
    /// The class whose columns the fields show.
    pub(super) class: &'static str,
    /// Field of the key.
    pub(super) key: &'static str,
    pub(super) groups: &'static [(&'static str, &'static [Field])],
    pub(super) tables: &'static [Table],
    /// Columns of the list that `query` gives.
    pub(super) list: &'static [&'static str],
}

/// A field of a screen: its name, the columns it shows, the member of the node's input that sets it.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) member: Member,
}

/// How a field's value comes into the node's input.
pub(super) enum Member {
    /// As one member.
    One(&'static str),
    /// Each place as a member of its own.
    Each(&'static [&'static str]),
    /// Each place as a row of a denormalised list: the list, the value's member.
    Slots(&'static str, &'static str),
    /// As one member that says yes or no and stands in the business partner's row.
    Flag(&'static str),
    /// As one member, behind the first part of its key.
    Behind(&'static str, &'static str),
    /// It is shown and cannot be set.
    None,
}

/// A table of a screen.
pub(super) struct Table {
    pub(super) block: &'static str,
    /// The node of its rows.
    pub(super) node: &'static str,
    pub(super) fields: &'static [Field],
}

const fn one(name: &'static str, columns: &'static [&'static str], member: &'static str) -> Field {
    Field {
        name,
        columns,
        member: Member::One(member),
    }
}

const fn shown(name: &'static str, columns: &'static [&'static str]) -> Field {
    Field {
        name,
        columns,
        member: Member::None,
    }
}

pub(super) static LAYOUTS: [Layout; 5] = [CUSTOMER, ORDER, SUPPLIER, PRODUCT, INVOICE];

const ADDRESS: &[Field] = &[
    one("CODADR", &["BPAADD"], "code"),
    one("BPADES", &["BPADES"], "description"),
    one("BPAADDFLG", &["BPAADDFLG"], "isDefault"),
    Field {
        name: "BPAADDLIG",
        columns: &["BPAADDLIG", "BPAADDLIG_1", "BPAADDLIG_2"],
        member: Member::Slots("addressLines", "addressLine"),
    },
    one("POSCOD", &["POSCOD"], "zipCode"),
    one("CTY", &["CTY"], "city"),
    one("SAT", &["SAT"], "state"),
    one("BPACRY", &["CRY"], "country"),
    one("FCYWEB", &["FCYWEB"], "website"),
    Field {
        name: "TEL",
        columns: &["TEL", "TEL_1", "TEL_2", "TEL_3", "TEL_4"],
        member: Member::Slots("addressPhoneNumbers", "addressPhoneNumber"),
    },
    Field {
        name: "WEB",
        columns: &["WEB", "WEB_1", "WEB_2", "WEB_3", "WEB_4"],
        member: Member::Slots("addressEmails", "addressEmail"),
    },
];

const CUSTOMER: Layout = Layout {
    object: "BPC",
    node: "customer",
    class: "BPCUSTOMER",
    key: "BPCNUM",
    groups: &[
        (
            "BPC0_1",
            &[
                one("BPCNUM", &["BPCNUM"], "code"),
                one("BCGCOD", &["BCGCOD"], "customerCategory"),
                one("BPCSTA", &["BPCSTA"], "isActive"),
            ],
        ),
        (
            "BPRC_1",
            &[
                Field {
                    name: "BPRNAM",
                    columns: &["BPCNAM", "BPRNAM_1"],
                    member: Member::Each(&["companyName1", "companyName2"]),
                },
                one("BPRSHO", &["BPCSHO"], "shortCompanyName"),
                one("CRY", &["CRY"], "country"),
                one("LAN", &["LAN"], "language"),
                one("CUR", &["CUR"], "currency"),
                one("EECNUM", &["EECNUM"], "europeanUnionVatNumber"),
                Field {
                    name: "PPTFLG",
                    columns: &["PPTFLG"],
                    member: Member::Flag("isProspect"),
                },
            ],
        ),
        (
            "BPC2_1",
            &[
                one("PTE", &["PTE"], "paymentTerm"),
                one("OSTCTL", &["OSTCTL"], "creditControl"),
                one("OSTAUZ", &["OSTAUZ"], "authorizedCreditAmount"),
                one("ORDMINAMT", &["ORDMINAMT"], "minimumOrderAmount"),
                one("BPCREM", &["BPCREM"], "notes"),
            ],
        ),
    ],
    tables: &[Table {
        block: "BPAC_1",
        node: "customerAddress",
        fields: ADDRESS,
    }],
    list: &["BPCNUM", "BPCNAM", "BCGCOD"],
};

const ORDER: Layout = Layout {
    object: "SOH",
    node: "salesOrder",
    class: "SORDER",
    key: "SOHNUM",
    groups: &[
        (
            "SOH0_1",
            &[
                one("SOHNUM", &["SOHNUM"], "id"),
                one("SALFCY", &["SALFCY"], "salesSite"),
                one("SOHTYP", &["SOHTYP"], "salesOrderType"),
                one("BPCORD", &["BPCORD"], "soldToCustomer"),
                one("CUSORDREF", &["CUSORDREF"], "customerOrderReference"),
                one("ORDDAT", &["ORDDAT"], "orderDate"),
                one("CUR", &["CUR"], "currency"),
            ],
        ),
        (
            "SOH1_1",
            &[
                one("BPAADD", &["BPAADD"], "shipToCustomerAddress"),
                one("ADLREF", &["ADLREF"], "additionnalReference"),
                one("PTE", &["PTE"], "paymentTerm"),
                one("VACBPR", &["VACBPR"], "taxRule"),
                shown("ORDSTA", &["ORDSTA"]),
                shown("DLVSTA", &["DLVSTA"]),
                shown("INVSTA", &["INVSTA"]),
                shown("CDTSTA", &["CDTSTA"]),
            ],
        ),
        (
            "SOH2_1",
            &[
                one("STOFCY", &["STOFCY"], "shippingSite"),
                one("DEMDLVDAT", &["DEMDLVDAT"], "requestedDeliveryDate"),
                one("SHIDAT", &["SHIDAT"], "shipmentDate"),
            ],
        ),
        (
            "SOH3_1",
            &[shown("ORDNOT", &["ORDNOT"]), shown("ORDATI", &["ORDATI"])],
        ),
    ],
    tables: &[Table {
        block: "SOH4_1",
        node: "salesOrderLine",
        fields: &[
            shown("SOPLIN", &["SOPLIN"]),
            one("ITMREF", &["ITMREF"], "product"),
            one("ITMDES1", &["ITMDES1"], "productDescriptionInUserLanguage"),
            one("SAU", &["SAU"], "salesUnit"),
            one("QTY", &["QTY"], "quantityInSalesUnitOrdered"),
            one("GROPRI", &["GROPRI"], "grossPrice"),
            one("DISCRGVAL1", &["DISCRGVAL1"], "discountOrCharge1"),
            one("DEMDLVDAT", &["DEMDLVDAT"], "requestedDeliveryDate"),
            shown("NETPRI", &["NETPRI"]),
            shown("DLVQTY", &["DLVQTY"]),
            shown("INVQTY", &["INVQTY"]),
        ],
    }],
    list: &["SOHNUM", "BPCORD", "ORDDAT", "CUSORDREF"],
};

const SUPPLIER: Layout = Layout {
    object: "BPS",
    node: "supplier",
    class: "BPSUPPLIER",
    key: "BPSNUM",
    groups: &[
        (
            "BPS0_1",
            &[
                one("BPSNUM", &["BPSNUM"], "code"),
                one("BSGCOD", &["BSGCOD"], "category"),
                one("ENAFLG", &["ENAFLG"], "isActive"),
            ],
        ),
        (
            "BPRS_1",
            &[
                Field {
                    name: "BPRNAM",
                    columns: &["BPSNAM", "BPRNAM_1"],
                    member: Member::Each(&["companyName1", "companyName2"]),
                },
                one("BPRSHO", &["BPSSHO"], "shortCompanyName"),
                one("CRY", &["CRY"], "country"),
                one("LAN", &["LAN"], "language"),
                one("CUR", &["CUR"], "currency"),
                one("EECNUM", &["EECNUM"], "europeanUnionVatNumber"),
            ],
        ),
        (
            "BPS1_1",
            &[one(
                "BPSNUMBPS",
                &["BPSNUMBPS"],
                "ourCustomerNumberForSupplier",
            )],
        ),
    ],
    tables: &[Table {
        block: "BPAS_1",
        node: "supplierAddress",
        fields: ADDRESS,
    }],
    list: &["BPSNUM", "BPSNAM"],
};

const PRODUCT: Layout = Layout {
    object: "ITM",
    node: "product",
    class: "ITMMASTER",
    key: "ITMREF",
    groups: &[(
        "ITM0_1",
        &[
            one("ITMREF", &["ITMREF"], "code"),
            one("TCLCOD", &["TCLCOD"], "productCategory"),
            one("DES1AXX", &["ITMDES1"], "description1"),
            one("ITMSTA", &["ITMSTA"], "productStatus"),
            one("STU", &["STU"], "stockUnit"),
            one("SAU", &["SAU"], "salesUnit"),
            one("BASPRI", &["BASPRI"], "basePrice"),
        ],
    )],
    tables: &[],
    list: &["ITMREF", "ITMDES1"],
};

const INVOICE: Layout = Layout {
    object: "BIC",
    node: "customerInvoiceHeader",
    class: "SINVOICE",
    key: "NUM",
    groups: &[(
        "BIC0_1",
        &[
            one("NUM", &["NUM"], "id"),
            one("FCY", &["FCY"], "financialSite"),
            one("GTE", &["GTE"], "customerInvoiceType"),
            one("BPR", &["BPR"], "billToCustomer"),
            one("ACCDAT", &["ACCDAT"], "accountingDate"),
            one("BPRVCR", &["BPRVCR"], "sourceDocument"),
            one("BPRDAT", &["BPRDAT"], "sourceDocumentDate"),
            one("BPRPAY", &["BPRPAY"], "payByBusinessPartner"),
            one("STRDUDDAT", &["STRDUDDAT"], "dueDateCalculationStartDate"),
            one("CUR", &["CUR"], "currency"),
            one("PTE", &["PTE"], "paymentTerm"),
            shown("STA", &["STA"]),
            shown("AMTNOT", &["AMTNOT"]),
            shown("AMTATI", &["AMTATI"]),
        ],
    )],
    tables: &[Table {
        block: "BIC3_1",
        node: "customerInvoiceLine",
        fields: &[
            Field {
                name: "ACC",
                columns: &["ACC"],
                member: Member::Behind("account", "FRA"),
            },
            one("AMTNOTLIN", &["AMTNOTLIN"], "amountExcludingTax"),
            one("VAT", &["VAT"], "tax"),
            one("DES", &["DES"], "lineDescription"),
        ],
    }],
    list: &["NUM", "BPR", "AMTATI"],
};
