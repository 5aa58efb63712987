//! Invoices add up to the cent, and each amount finds the one account that is most specific.

use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;
use sync_core::{
    Codes, Document, Endpoint, FieldName, Mapping, Side, Value,
    flows::invoices::{
        AccountCase, AccountRule, AccountTable, AccountTableError, InvoiceAmounts, LINES,
        LedgerAccount, LineText, Part, PostableInvoices, PostableSettings, PostingProblem,
        PostingRules, to_x3, to_zoho,
    },
    testing::{FakeSystem, ManualClock},
};

use crate::world::{block_on, set};

fn account(code: &str) -> LedgerAccount {
    LedgerAccount::new("FRA", code).unwrap()
}

fn cents(amount: i64) -> Decimal {
    Decimal::new(amount, 2)
}

/// A row for lines, with conditions on product, category, tax and site.
fn row(code: &str, conditions: [Option<&str>; 4]) -> AccountRule {
    let [product, category, tax, site] = conditions.map(|text| text.map(str::to_owned));
    AccountRule {
        product,
        category,
        tax,
        site,
        ..AccountRule::new(Part::Line, account(code))
    }
}

fn case(values: [&str; 4]) -> AccountCase {
    let [product, category, tax, site] = values.map(str::to_owned);
    AccountCase {
        part: Part::Line,
        product,
        category,
        tax,
        site,
    }
}

fn found(table: &AccountTable, values: [&str; 4]) -> Option<String> {
    let account = table.account_for(&case(values))?;
    Some(account.code().to_owned())
}

#[test]
fn the_most_specific_row_wins_and_a_product_weighs_more_than_all_else() {
    let table = AccountTable::new([
        row("707000", [None, None, None, None]),
        row("707010", [None, Some("Goods"), None, None]),
        row("707011", [None, Some("Goods"), Some("NOR"), None]),
        row("707020", [Some("P1"), None, None, None]),
        row("707030", [None, None, Some(""), None]),
        row("707040", [None, None, None, Some("FR012")]),
    ])
    .unwrap();
    assert_eq!(found(&table, ["X", "", "NOR", ""]).unwrap(), "707000");
    assert_eq!(found(&table, ["X", "goods ", "RED", ""]).unwrap(), "707010");
    assert_eq!(found(&table, ["X", "GOODS", "nor", ""]).unwrap(), "707011");
    assert_eq!(
        found(&table, ["p1", "Goods", "NOR", "FR012"]).unwrap(),
        "707020"
    );
    assert_eq!(found(&table, ["X", "", "", "FR012"]).unwrap(), "707030");
    assert_eq!(found(&table, ["X", "", "NOR", "FR012"]).unwrap(), "707040");
}

#[test]
fn rows_with_the_same_conditions_are_refused_and_named() {
    let rows = [
        row("707000", [None, None, None, None]),
        row("707010", [Some("p1"), None, None, None]),
        row("707020", [Some(" P1"), None, None, None]),
    ];
    let error = AccountTable::new(rows).unwrap_err();
    assert!(matches!(
        error,
        AccountTableError::Tie {
            first: 2,
            second: 3,
            ..
        }
    ));
    assert!(error.to_string().contains("line, product `P1`"), "{error}");
    // The same conditions for another part of an invoice are another row.
    let rows = [
        AccountRule::new(Part::Discount, account("709700")),
        AccountRule::new(Part::Adjustment, account("758000")),
    ];
    assert!(AccountTable::new(rows).is_ok());
}

fn some_text() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "A", "B"])
}

fn some_condition() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(some_text())
}

fn four<S: Strategy>(of: impl Fn() -> S) -> impl Strategy<Value = [S::Value; 4]>
where
    S::Value: Clone,
{
    (of(), of(), of(), of()).prop_map(|(a, b, c, d)| [a, b, c, d])
}

/// A table of rows whose conditions all differ; each has an account of its own.
fn some_rules() -> impl Strategy<Value = Vec<AccountRule>> {
    prop::collection::btree_set(four(some_condition), 0..20).prop_map(|conditions| {
        let rows = conditions.into_iter().enumerate();
        rows.map(|(number, conditions)| row(&format!("7{number:03}"), conditions))
            .collect()
    })
}

proptest! {
    #[test]
    fn the_row_that_wins_is_met_and_no_row_that_is_met_states_more(
        rules in some_rules(), values in four(some_text), turn in any::<prop::sample::Index>()
    ) {
        let table = AccountTable::new(rules.clone()).unwrap();
        let conditions = |rule: &AccountRule| {
            [rule.product.clone(), rule.category.clone(), rule.tax.clone(), rule.site.clone()]
        };
        let is_met = |rule: &AccountRule| {
            let mut both = conditions(rule).into_iter().zip(values);
            both.all(|(condition, value)| condition.is_none_or(|wanted| wanted == value))
        };
        let met: Vec<&AccountRule> = rules.iter().filter(|rule| is_met(rule)).collect();
        let winner = table.account_for(&case(values));
        prop_assert_eq!(winner.is_none(), met.is_empty());
        if let Some(winner) = winner {
            let winner = met.iter().find(|rule| rule.account == *winner).unwrap();
            let stated = |rule: &AccountRule| conditions(rule).map(|condition| condition.is_some());
            for rule in &met {
                let states_more = rule.account != winner.account
                    && stated(winner).iter().zip(stated(rule)).all(|(winner, rule)| rule || !winner);
                prop_assert!(!states_more, "{:?} beats {:?}", winner, rule);
            }
        }
        // The order of the rows says nothing.
        let mut turned = rules.clone();
        if !turned.is_empty() {
            let by = turn.index(turned.len());
            turned.rotate_left(by);
        }
        let turned = AccountTable::new(turned).unwrap();
        prop_assert_eq!(turned.account_for(&case(values)), winner);
    }
}

fn rules() -> PostingRules {
    let source = PostableSettings {
        currency_field: Some("Currency".into()),
        ..PostableSettings::default()
    };
    PostingRules {
        source,
        accounts: AccountTable::new([
            AccountRule::new(Part::Line, account("707000")),
            row("706000", [None, Some("Services"), None, None]),
            AccountRule::new(Part::Discount, account("709700")),
            AccountRule::new(Part::Adjustment, account("758000")),
        ])
        .unwrap(),
        taxes: Codes::new([
            ("NOR", "VAT 20"),
            ("RED", "VAT 5.5"),
            ("IND", "CGST + SGST"),
        ]),
        ..PostingRules::default()
    }
}

/// Zoho's record of an invoice, approved, with the lines given.
fn zoho_invoice(lines: Vec<Document>, total: i64) -> Document {
    let lines: Vec<Value> = lines.into_iter().map(Value::Fields).collect();
    Document::new()
        .with("Status", "Approved")
        .with("Currency", "EUR")
        .with("Invoice_Date", Value::Date(jiff::civil::date(2026, 11, 20)))
        .with("Account_Name", "77")
        .with("Grand_Total", cents(total))
        .with(LINES, Value::List(lines))
}

/// A line of Zoho, amounts in cents.
fn zoho_line(product: &str, net: i64, tax: i64, name: &str) -> Document {
    let line_tax = Document::new().with("name", name).with("value", cents(tax));
    Document::new()
        .with("Product_Name.Product_Code", product)
        .with("Product_Name.Product_Category", "Goods")
        .with("Total_After_Discount", cents(net))
        .with("Tax", cents(tax))
        .with("Line_Tax", Value::List(vec![Value::Fields(line_tax)]))
}

fn invoices() -> FakeSystem {
    let settings = PostableSettings::default();
    let fields: Vec<FieldName> = settings.fields().into_iter().collect();
    let others = [
        "Account_Name",
        "Currency",
        "Invoice_Date",
        "Invoice_Number",
        LINES,
    ]
    .map(FieldName::from);
    FakeSystem::builder(ManualClock::new())
        .fields(fields.into_iter().chain(others))
        .build()
}

fn options(rules: PostingRules) -> to_x3::Options {
    let mut options = to_x3::Options::default();
    options.posting = rules;
    options
}

/// What the mapping makes of a record of Zoho.
fn projected(rules: PostingRules, record: Document) -> Result<Document, String> {
    let invoices = invoices();
    let id = invoices.create_as_user(record).unwrap();
    let source = rules.source.clone();
    let endpoint = PostableInvoices::new(Arc::new(invoices), source);
    let read = block_on(endpoint.read(&[id])).unwrap().remove(0).unwrap();
    let mapping: Mapping = to_x3::mapping(&options(rules))
        .unwrap()
        .without("customer")
        .unwrap();
    mapping
        .project(Side::Right, &read.fields)
        .map_err(|error| error.to_string())
}

fn lines_of(document: &Document) -> Vec<(String, Decimal, String)> {
    let Some(Value::List(lines)) = document.get("lines") else {
        panic!("no lines: {document:?}");
    };
    let text = |line: &Document, name: &str| {
        let text = line.get(name).and_then(Value::as_text);
        text.unwrap_or_default().to_owned()
    };
    let line = |value: &Value| match value {
        Value::Fields(line) => match line.get("amount") {
            Some(Value::Decimal(amount)) => (text(line, "account"), *amount, text(line, "tax")),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    lines.iter().map(line).collect()
}

#[test]
fn lines_discount_and_adjustment_go_to_their_accounts() {
    let mut record = zoho_invoice(
        vec![
            zoho_line("P1", 10_010, 2_002, "VAT 20"),
            zoho_line("S1", 700, 39, "VAT 5.5").with("Product_Name.Product_Category", "services"),
        ],
        10_010 + 2_002 + 700 + 39 - 500 + 1,
    );
    record.set("Discount", cents(500));
    record.set("Adjustment", cents(1));
    let document = projected(rules(), record).unwrap();
    let expected = [
        ("FRA|707000", cents(10_010), "NOR"),
        ("FRA|706000", cents(700), "RED"),
        ("FRA|709700", cents(-500), ""),
        ("FRA|758000", cents(1), ""),
    ];
    let expected = expected
        .map(|(account, amount, tax)| (account.to_owned(), amount.normalize(), tax.to_owned()));
    assert_eq!(lines_of(&document), expected);
    assert_eq!(document.get("ready"), Some(&Value::Boolean(true)));
}

#[test]
fn an_amount_without_an_account_names_the_row_to_add() {
    let mut rules = rules();
    rules.accounts =
        AccountTable::new([row("706000", [None, Some("Services"), None, None])]).unwrap();
    rules.source.default_site = Some("FR011".to_owned());
    let record = zoho_invoice(vec![zoho_line("P1", 100, 20, "VAT 20")], 120);
    let error = projected(rules, record).unwrap_err();
    let wanted = "no account for line, product `P1`, category `Goods`, tax `NOR`, site `FR011`: add a row for it";
    assert!(error.contains(wanted), "{error}");
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let mut record = zoho_invoice(
        vec![
            zoho_line("P1", 100, 20, "VAT 19"),
            zoho_line("P2", 100, 20, "VAT 19"),
            zoho_line("P3", 100, 7, "VAT 7"),
        ],
        347,
    );
    record.set("Tax", cents(1));
    let error = projected(rules(), record).unwrap_err();
    for wanted in [
        "`VAT 19` is not in the table of taxes",
        "`VAT 7` is not in the table of taxes",
        "a difference of -0.01",
        "no account for tax",
    ] {
        assert_eq!(error.matches(wanted).count(), 1, "{wanted}: {error}");
    }
}

#[test]
fn a_cent_too_much_parks_and_names_the_difference() {
    let record = zoho_invoice(vec![zoho_line("P1", 100, 20, "VAT 20")], 121);
    let error = projected(rules(), record).unwrap_err();
    assert!(
        error.contains("make 1.20, but the total is 1.21: a difference of 0.01"),
        "{error}"
    );
}

#[test]
fn the_sum_of_the_lines_taxes_is_not_taken_for_a_tax_beside_them() {
    let mut record = zoho_invoice(vec![zoho_line("P1", 100, 20, "VAT 20")], 120);
    record.set("Tax", cents(20));
    assert_eq!(lines_of(&projected(rules(), record).unwrap()).len(), 1);
}

#[test]
fn a_line_with_two_taxes_is_looked_up_by_both_names() {
    let tax = |name: &str, value: i64| {
        let tax = Document::new()
            .with("name", name)
            .with("value", cents(value));
        Value::Fields(tax)
    };
    let taxes = vec![tax("SGST", 9), tax("CGST", 9), tax("VAT 20", 0)];
    let line = zoho_line("P1", 100, 18, "").with("Line_Tax", Value::List(taxes));
    let document = projected(rules(), zoho_invoice(vec![line], 118)).unwrap();
    assert_eq!(lines_of(&document)[0].2, "IND");
}

#[test]
fn a_tax_that_is_not_the_same_in_both_systems_parks_and_names_code_and_rates() {
    let tax = |name: &str, percentage: i64| {
        let tax = Document::new().with("name", name);
        Value::Fields(tax.with("percentage", cents(percentage)))
    };
    let posted = |rate: i64, taxes: Vec<Value>| {
        let mut rules = rules();
        rules.rates = [("nor", rate), ("IND", 18_00)]
            .map(|(code, rate)| (code.to_owned(), cents(rate)))
            .into();
        let line = zoho_line("P1", 100, 20, "").with("Line_Tax", Value::List(taxes));
        projected(rules, zoho_invoice(vec![line], 120))
    };
    let vat = || vec![tax("VAT 20", 20_00), tax("VAT 5.5", 0)];
    assert_eq!(lines_of(&posted(20_00, vat()).unwrap())[0].2, "NOR");
    let refused = posted(19_60, vat()).unwrap_err();
    for word in ["tax `nor`", "19.6 % in X3", "20 % in Zoho"] {
        assert!(refused.contains(word), "{refused}");
    }
    // Taxes that are looked up together are compared together.
    let two = |second| vec![tax("CGST", 9_00), tax("SGST", second)];
    assert!(posted(20_00, two(9_00)).is_ok());
    let refused = posted(20_00, two(14_00)).unwrap_err();
    assert!(refused.contains("18 % in X3"), "{refused}");
    // One that does not say what it is cannot be compared; X3's total will tell.
    let silent = Document::new()
        .with("name", "VAT 20")
        .with("value", cents(20));
    assert!(posted(19_60, vec![Value::Fields(silent)]).is_ok());
}

#[test]
fn a_line_without_tax_gets_the_code_for_that_and_none_otherwise() {
    let line = || zoho_line("P1", 100, 0, "VAT 20");
    let plain = projected(rules(), zoho_invoice(vec![line()], 100)).unwrap();
    assert_eq!(lines_of(&plain)[0].2, "");
    let mut rules = rules();
    rules.untaxed = Some("EXO".to_owned());
    let exempt = projected(rules, zoho_invoice(vec![line()], 100)).unwrap();
    assert_eq!(lines_of(&exempt)[0].2, "EXO");
}

#[test]
fn amounts_have_the_decimals_of_their_currency() {
    let thousandths = |amount: i64| Decimal::new(amount, 3);
    let mut line = zoho_line("P1", 0, 0, "");
    line.set("Total_After_Discount", thousandths(10_555));
    let in_currency = |currency: &str, total: Decimal| {
        let record = zoho_invoice(vec![line.clone()], 0)
            .with("Currency", currency)
            .with("Grand_Total", total);
        projected(rules(), record).map(|document| lines_of(&document)[0].1)
    };
    // 10.555 is 10.56 in euro, 10.555 in dinar and 11 in yen.
    assert_eq!(in_currency("EUR", cents(1056)), Ok(cents(1056)));
    assert!(in_currency("EUR", cents(1055)).is_err());
    assert_eq!(
        in_currency("TND", thousandths(10_555)),
        Ok(thousandths(10_555))
    );
    assert_eq!(in_currency("JPY", Decimal::from(11)), Ok(Decimal::from(11)));
}

#[test]
fn a_draft_and_an_invoice_of_another_site_are_not_looked_into() {
    let unmapped = || zoho_invoice(vec![zoho_line("P1", 100, 20, "VAT 19")], 120);
    let draft = projected(rules(), unmapped().with("Status", "Created")).unwrap();
    assert_eq!(draft.get("ready"), Some(&Value::Boolean(false)));
    assert_eq!(draft.get("lines"), None);
    let mut rules = rules();
    rules.source.default_site = Some("FR011".to_owned());
    rules.source.only_sites = vec!["fr012".to_owned()];
    let elsewhere = projected(rules, unmapped()).unwrap();
    assert_eq!(elsewhere.get("ready"), Some(&Value::Boolean(false)));
    assert_eq!(elsewhere.get("lines"), None);
}

#[test]
fn an_invoice_that_is_withdrawn_after_it_was_posted_asks_a_person() {
    let record = zoho_invoice(vec![zoho_line("P1", 100, 20, "VAT 20")], 120)
        .with("Status", "Cancelled")
        .with("X3_Invoice", "ZABC");
    let error = projected(rules(), record).unwrap_err();
    assert!(error.contains("its status is `Cancelled` now"), "{error}");
}

#[test]
fn a_description_that_is_too_long_for_x3_is_not_cut() {
    let mut rules = rules();
    rules.source.line_text = LineText::Description;
    let line = zoho_line("P1", 100, 20, "VAT 20").with("Description", "x".repeat(31));
    let document = projected(rules.clone(), zoho_invoice(vec![line], 120)).unwrap();
    let mapping = to_x3::mapping(&options(rules)).unwrap();
    let error = mapping.render(Side::Left, &document).unwrap_err();
    assert!(error.message.contains("31 characters"), "{error}");
}

#[test]
fn missing_codes_and_accounts_are_reported_by_table() {
    let mut rules = rules();
    rules.accounts = AccountTable::default();
    let invoices = invoices();
    let record = zoho_invoice(
        vec![
            zoho_line("P1", 100, 20, "VAT 19"),
            zoho_line("P2", 100, 20, "VAT 20"),
        ],
        240,
    );
    let id = invoices.create_as_user(record).unwrap();
    let endpoint = PostableInvoices::new(Arc::new(invoices), rules.source.clone());
    let read = block_on(endpoint.read(&[id])).unwrap().remove(0).unwrap();
    let mapping = to_x3::mapping(&options(rules)).unwrap();
    let missing = mapping.missing_codes(Side::Right, &read.fields);
    let missing: Vec<(String, String)> = missing
        .into_iter()
        .map(|(_, missing)| (missing.table, missing.code))
        .collect();
    let expected = [
        ("accounts", "line, product `P1`, category `Goods`"),
        (
            "accounts",
            "line, product `P2`, category `Goods`, tax `NOR`",
        ),
        ("taxes", "VAT 19"),
    ];
    assert_eq!(
        missing,
        expected.map(|(table, code)| (table.to_owned(), code.to_owned()))
    );
}

#[test]
fn both_directions_have_a_mapping_that_is_whole() {
    assert!(to_x3::mapping(&options(rules())).is_ok());
    assert!(to_zoho::mapping(&to_zoho::Options::default()).is_ok());
    let mut twice = to_zoho::Options::default();
    twice.total_field = Some("Tax".into());
    assert!(to_zoho::mapping(&twice).is_err());
}

proptest! {
    #[test]
    fn what_is_posted_adds_up_to_the_total_or_is_not_posted_at_all(
        nets in prop::collection::vec((-10_000_000i64..10_000_000, 0i64..3_000), 1..8),
        discount in 0i64..5_000, adjustment in -99i64..99, error in prop::sample::select(vec![0i64, 0, 0, 1, -1, 1_000])
    ) {
        let lines: Vec<_> = nets
            .iter()
            .map(|(net, rate)| {
                // Prices and rates of any precision: thousandths of a cent.
                let tax = Decimal::from(net * rate) / Decimal::from(10_000);
                (Decimal::new(*net, 5), Decimal::new(tax.trunc().mantissa() as i64, 5))
            })
            .collect();
        let round = |amount: Decimal| amount.round_dp_with_strategy(
            2, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        let sum: Decimal = lines.iter().map(|(net, tax)| round(*net) + round(*tax)).sum();
        let total = sum - cents(discount) + cents(adjustment) + cents(error);
        let mut record = zoho_invoice(Vec::new(), 0);
        let values = lines.iter().map(|(net, tax)| {
            let line = zoho_line("P1", 0, 0, "VAT 20");
            let name = set("name", "VAT 20").with("percentage", Decimal::from(20));
            Value::Fields(line.with("Total_After_Discount", *net).with("Tax", *tax)
                .with("Line_Tax", Value::List(vec![Value::Fields(name)])))
        });
        record.set(LINES, Value::List(values.collect()));
        record.set("Discount", cents(discount));
        record.set("Adjustment", cents(adjustment));
        record.set("Grand_Total", total);
        match projected(rules(), record) {
            Ok(document) => {
                prop_assert_eq!(error, 0);
                prop_assert!(total >= Decimal::ZERO, "a credit was posted as an invoice");
                let posted: Decimal = lines_of(&document).iter().map(|(_, amount, _)| *amount).sum();
                let taxes: Decimal = lines.iter().map(|(_, tax)| round(*tax)).sum();
                prop_assert_eq!(posted + taxes, total);
            }
            Err(message) if total < Decimal::ZERO => {
                prop_assert!(message.contains("as a credit memo"), "{}", message);
            }
            Err(message) => {
                prop_assert_ne!(error, 0, "{}", message);
                let difference = format!("a difference of {}", cents(error));
                prop_assert!(message.contains(&difference), "{}", message);
            }
        }
    }
}

#[test]
fn the_rules_can_be_used_without_an_engine() {
    let invoice = InvoiceAmounts::default();
    assert_eq!(rules().post(&invoice, "EUR", ""), Ok(Vec::new()));
    let mut unbalanced = InvoiceAmounts::default();
    unbalanced.total = Decimal::ONE;
    let problems = rules().post(&unbalanced, "EUR", "").unwrap_err();
    assert!(matches!(problems[..], [PostingProblem::OutOfBalance(_)]));
}
