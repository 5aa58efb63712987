//! Packages `x3FinanceData`, `x3Finance` and `x3InvoicingData`: accounts, journal entries, open items, customer invoices.
//!
//! A customer invoice's lines carry the accounts they are posted to; that they are a collection of the header is
//! assumed, and so is whether an account is active. Everything else is published.

use super::documents::{INVOICE_STATUS, INVOICE_TYPE};
use super::node::{Default, Menu, Node, Part, Property};
use super::products::code_and_text;

use Part::{Column, Fixed};

const DATA: &str = "x3FinanceData";
const FINANCE: &str = "x3Finance";
const INVOICING: &str = "x3InvoicingData";

static JOURNAL_STATUS: Menu = Menu {
    name: "AccountingJournalStatus",
    members: &["temporary", "final"],
};
static LEDGER_TYPES: Menu = Menu {
    name: "GeneralLedgerTypes",
    members: &["legal", "analytical", "ias"],
};
static MODULES: Menu = Menu {
    name: "ModuleTable",
    members: &[
        "supervisor",
        "commonData",
        "aPARAccounting",
        "sales",
        "purchasing",
        "stock",
    ],
};
static CODE_TYPE: Menu = Menu {
    name: "AccountingCodeType",
    members: &["customer", "supplier", "product"],
};

const ACCOUNT: &[Part] = &[Column("COA"), Column("ACC")];

pub(super) fn nodes() -> Vec<Node> {
    let mut nodes = vec![
        code_and_text(
            DATA,
            "chartOfAccounts",
            "ChartOfAccounts",
            "GCOA",
            &["COA", "DES"],
        )
        .documented(),
        code_and_text(
            DATA,
            "entryType",
            "EntryType",
            "GTYPACCENT",
            &["TYP", "DES"],
        ),
        code_and_text(DATA, "journal", "Journal", "GJOURNAL", &["JOU", "DES"]),
        account(),
        accounting_code(),
        open_item(),
    ];
    nodes.extend([entry(), entry_line(), invoice(), invoice_line()]);
    nodes
}

fn account() -> Node {
    Node::new(
        DATA,
        "account",
        "Account",
        "GACCOUNT",
        vec![
            Property::text("code", "ACC", 15),
            Property::reference("chartOfAccounts", "chartOfAccounts", &[Column("COA")]),
            Property::text("localizedDescription", "DES", 30),
            Property::text("localizedShortDescription", "DESSHO", 10).assumed(),
            Property::boolean("isActive", "ENAFLG").assumed(),
            Property::boolean("isControlAccount", "SAC").assumed(),
        ],
    )
    .keyed(ACCOUNT)
    .mandatory(&["code", "chartOfAccounts"])
}

fn accounting_code() -> Node {
    Node::new(
        DATA,
        "accountingCode",
        "AccountingCode",
        "GACCCODE",
        vec![
            Property::menu("type", "TYP", &CODE_TYPE),
            Property::text("accountingCode", "ACCCOD", 10),
            Property::reference("chartOfAccounts", "chartOfAccounts", &[Column("COA")]),
            Property::text("localizedDescription", "DES", 30),
            Property::text("localizedShortDescription", "DESSHO", 10),
        ],
    )
    .keyed(&[Column("TYP"), Column("ACCCOD")])
}

fn open_item() -> Node {
    Node::new(
        DATA,
        "openItem",
        "OpenItem",
        "GACCDUDATE",
        vec![
            Property::reference("documentType", "entryType", &[Column("TYP")]),
            Property::text("documentNumber", "NUM", 20),
            Property::int("lineNumber", "LIG"),
            Property::decimal("amountInCurrency", "AMTCUR"),
            Property::decimal("amountInCompanyCurrency", "AMTLOC"),
            Property::decimal("paidAmountInCurrency", "PAYCUR"),
            Property::reference("businessPartner", "businessPartner", &[Column("BPR")]),
            Property::reference("company", "company", &[Column("CPY")]),
            Property::reference("site", "site", &[Column("FCY")]),
            Property::reference("currency", "currency", &[Column("CUR")]),
            Property::date("dueDate", "DUDDAT"),
            Property::int("closedStatus", "FLGCLE"),
            Property::int("sign", "SNS"),
        ],
    )
    .keyed(&[Column("TYP"), Column("NUM"), Column("LIG")])
}

fn entry() -> Node {
    Node::new(
        FINANCE,
        "journalEntry",
        "JournalEntry",
        "GACCENTRY",
        vec![
            Property::reference("journalEntryType", "entryType", &[Column("TYP")]),
            Property::text("journalEntryNumber", "NUM", 20),
            Property::reference("company", "company", &[Column("CPY")]),
            Property::reference("site", "site", &[Column("FCY")]),
            Property::reference("journal", "journal", &[Column("JOU")]),
            Property::date("accountingDate", "ACCDAT"),
            Property::menu("journalEntryStatus", "STA", &JOURNAL_STATUS),
            Property::reference("transactionCurrency", "currency", &[Column("CUR")]),
            Property::children(
                "journalEntryLines",
                "journalEntryLine",
                &[Column("TYP"), Column("NUM")],
            ),
        ],
    )
    .keyed(&[Column("TYP"), Column("NUM")])
}

fn entry_line() -> Node {
    Node::new(
        FINANCE,
        "journalEntryLine",
        "JournalEntryLine",
        "GACCENTRYD",
        vec![
            Property::reference("journalEntryType", "entryType", &[Column("TYP")]),
            Property::reference(
                "journalEntry",
                "journalEntry",
                &[Column("TYP"), Column("NUM")],
            ),
            Property::int("lineNumber", "LIN"),
            Property::menu("ledgerTypeNumber", "LEDTYP", &LEDGER_TYPES),
            Property::reference("site", "site", &[Column("FCYLIN")]),
            Property::date("accountingDate", "ACCDAT"),
            Property::reference("chartOfAccounts", "chartOfAccounts", &[Column("COA")]),
            Property::text("controlAccount", "SAC", 15),
            Property::reference("account", "account", ACCOUNT),
            Property::reference("businessPartner", "businessPartner", &[Column("BPR")]),
            Property::int("sign", "SNS"),
            Property::reference("transactionCurrency", "currency", &[Column("CUR")]),
            Property::decimal("transactionAmount", "AMTCUR"),
            Property::reference("ledgerCurrency", "currency", &[Column("CURLED")]),
            Property::decimal("ledgerAmount", "AMTLED"),
            Property::decimal("quantity", "QTY"),
            Property::text("lineDescription", "DES", 30),
            Property::text("matchingCode", "MTC", 10),
            Property::reference("tax", "tax", &[Column("TAX")]),
        ],
    )
    .keyed(&[
        Column("TYP"),
        Column("NUM"),
        Column("LIN"),
        Column("LEDTYP"),
    ])
}

fn invoice() -> Node {
    Node::new(
        INVOICING,
        "customerInvoiceHeader",
        "CustomerInvoiceHeader",
        "SINVOICE",
        vec![
            Property::text("id", "NUM", 20),
            Property::menu("category", "INVTYP", &INVOICE_TYPE),
            Property::reference("customerInvoiceType", "salesInvoiceType", &[Column("GTE")]),
            Property::menu("sourceModule", "ORIMOD", &MODULES),
            Property::reference("billToCustomer", "customer", &[Column("BPR")]),
            Property::text("control", "SAC", 15),
            Property::reference("company", "company", &[Column("CPY")]),
            Property::reference("financialSite", "site", &[Column("FCY")]),
            Property::date("accountingDate", "ACCDAT"),
            Property::int("internalNumber", "INTNUM"),
            Property::date("sourceDocumentDate", "BPRDAT"),
            Property::text("sourceDocument", "BPRVCR", 20),
            Property::reference("currency", "currency", &[Column("CUR")]),
            Property::reference(
                "payByBusinessPartner",
                "businessPartner",
                &[Column("BPRPAY")],
            ),
            Property::date("dueDateCalculationStartDate", "STRDUDDAT"),
            Property::reference("paymentTerm", "paymentTerm", &[Column("PTE")]),
            Property::reference("taxRule", "taxRule", &[Column("VAC")]),
            Property::boolean("isDirectInvoice", "DIRINVFLG"),
            Property::menu("status", "STA", &INVOICE_STATUS),
            Property::text("originalInvoiceNumber", "INVNUM", 20),
            Property::int("debitOrCredit", "SNS"),
            Property::decimal("totalAmountIncludingTax", "AMTATI"),
            Property::decimal("totalAmountExcludingTax", "AMTNOT"),
            Property::decimal("totalAmountIncludingTaxInCompanyCurrency", "AMTATIL"),
            Property::decimal("totalAmountExcludingTaxInCompanyCurrency", "AMTNOTL"),
            Property::date("taxReferenceDate", "VATDAT"),
            Property::int("numberOfTaxes", "NBRTAX"),
            Property::reference(
                "billToCustomerAddress",
                "customerAddress",
                &[Fixed("1"), Column("BPR"), Column("BPAINV")],
            ),
            Property::children("lines", "customerInvoiceLine", &[Column("NUM")]).assumed(),
        ],
    )
    .counted("CIN")
    .written_with(&["lines"])
    .defaults(&[
        ("INVTYP", Default::Int(1)),
        ("ORIMOD", Default::Int(3)),
        ("STA", Default::Int(1)),
        ("SNS", Default::Int(1)),
        ("DIRINVFLG", Default::Int(2)),
        ("BPRPAY", Default::Same("BPR")),
    ])
    .mandatory(&["billToCustomer", "financialSite"])
}

fn invoice_line() -> Node {
    Node::new(
        INVOICING,
        "customerInvoiceLine",
        "CustomerInvoiceLine",
        "BPCINVLIG",
        vec![
            Property::reference(
                "customerInvoiceHeader",
                "customerInvoiceHeader",
                &[Column("NUM")],
            )
            .assumed(),
            Property::int("lineNumber", "LIN").assumed(),
            Property::reference("account", "account", ACCOUNT).assumed(),
            Property::decimal("amountExcludingTax", "AMTNOTLIN").assumed(),
            Property::reference("tax", "tax", &[Column("VAT")]).assumed(),
            Property::text("lineDescription", "DES", 30).assumed(),
        ],
    )
    .keyed(&[Column("NUM"), Column("LIN")])
    .mandatory(&["account", "amountExcludingTax"])
}
