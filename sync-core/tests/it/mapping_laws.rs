//! The laws of mappings: there and back again, and nothing is cut to fit.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;
use sync_core::{
    Codes, Convert, Direction, Document, KeyRule, Kind, Mapping, MappingError, RecordId, Row, Side,
    Value,
    flows::customers::{CustomerOptions, countries, mapping},
};

use crate::world::{set, text};

fn one(kind: Kind) -> Mapping {
    Mapping::new(vec![Row::new("field", "left", "right", kind)]).unwrap()
}

fn record_field(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
    }
}

/// What a record's value becomes as a document's.
fn seen(mapping: &Mapping, side: Side, value: Value) -> Result<Value, String> {
    let record = set(record_field(side), value);
    match mapping.project(side, &record) {
        Ok(document) => Ok(document.get("field").unwrap().clone()),
        Err(error) => Err(error.to_string()),
    }
}

/// What a document's value becomes as a record's.
fn written(mapping: &Mapping, side: Side, value: Value) -> Result<Value, String> {
    match mapping.render(side, &set("field", value)) {
        Ok(record) => Ok(record.get(record_field(side)).unwrap().clone()),
        Err(error) => Err(error.to_string()),
    }
}

fn kinds_and_values() -> impl Strategy<Value = (Kind, Value)> {
    let words = prop_oneof![
        "\\PC{0,12}",
        "[\\r\\na ]{0,7}",
        "[ \\ta-cA-Cß]{0,8}",
        Just("  ÉCLAIR \r\n sarl ".to_owned()),
    ];
    let number =
        (any::<i64>(), 0u32..12).prop_map(|(digits, scale)| Decimal::new(digits / 1000, scale));
    let instant = (-60_000_000_000i64..60_000_000_000, 0i32..1_000_000_000);
    prop_oneof![
        words
            .clone()
            .prop_map(|text| (Kind::Text, Value::Text(text))),
        words.prop_map(|text| (Kind::Code, Value::Text(text))),
        (number, 0u32..6).prop_map(|(number, scale)| (Kind::Decimal { scale }, number.into())),
        any::<bool>().prop_map(|value| (Kind::Boolean, value.into())),
        (-4000i16..4000, 1i8..13, 1i8..29).prop_map(|(year, month, day)| {
            (Kind::Date, Value::Date(jiff::civil::date(year, month, day)))
        }),
        instant.prop_map(|(second, nanosecond)| {
            let at = Timestamp::new(second, nanosecond).unwrap_or(Timestamp::UNIX_EPOCH);
            (Kind::Instant, Value::Instant(at))
        }),
        Just((Kind::Text, Value::Null)),
        Just((Kind::Instant, Value::Null)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn what_was_seen_and_written_on_any_side_is_seen_there_as_the_same(
        (kind, value) in kinds_and_values()
    ) {
        let mapping = one(kind);
        for from in Side::BOTH {
            let document = seen(&mapping, from, value.clone()).unwrap();
            for to in Side::BOTH {
                let record = written(&mapping, to, document.clone()).unwrap();
                prop_assert_eq!(seen(&mapping, to, record).unwrap(), document.clone());
            }
        }
    }

    #[test]
    fn blanks_around_a_text_and_the_case_of_a_code_make_no_difference(word in "[a-z]{1,8}") {
        let padded = Value::Text(format!(" \t{word}\r\n"));
        prop_assert_eq!(seen(&one(Kind::Text), Side::Left, padded.clone()).unwrap(), text(&word));
        let code = seen(&one(Kind::Code), Side::Right, padded).unwrap();
        prop_assert_eq!(code, text(&word.to_uppercase()));
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_whole_and_its_field_is_named(
        word in "[a-zéß漢🙂]{1,30}", limit in 1usize..30
    ) {
        let row = Row::new("field", "left", "right", Kind::Text).max_length(Side::Right, limit);
        let mapping = Mapping::new(vec![row]).unwrap();
        let length = word.chars().count();
        match written(&mapping, Side::Right, text(&word)) {
            Ok(value) => {
                prop_assert!(length <= limit);
                prop_assert_eq!(value, text(&word));
            }
            Err(message) => {
                prop_assert!(length > limit);
                prop_assert!(message.contains("`field`"), "{}", message);
                prop_assert!(message.contains("`right`"), "{}", message);
                prop_assert!(message.contains(&limit.to_string()), "{}", message);
            }
        }
        // The other side has no such limit.
        prop_assert_eq!(written(&mapping, Side::Left, text(&word)).unwrap(), text(&word));
    }

    #[test]
    fn a_value_of_another_type_is_refused(number in any::<i32>()) {
        let value = Value::Decimal(number.into());
        for kind in [Kind::Text, Kind::Code, Kind::Boolean, Kind::Date, Kind::Instant] {
            let message = seen(&one(kind), Side::Left, value.clone()).unwrap_err();
            prop_assert!(message.contains("a number"), "{}", message);
        }
    }

    #[test]
    fn numbers_agree_to_the_scale_and_no_further(digits in any::<i32>(), scale in 0u32..5) {
        let mapping = one(Kind::Decimal { scale });
        let exact = Decimal::new(digits.into(), scale);
        let noise = Decimal::new(4, scale + 1);
        let near = if digits < 0 { exact - noise } else { exact + noise };
        let left = seen(&mapping, Side::Left, exact.into()).unwrap();
        prop_assert_eq!(seen(&mapping, Side::Right, near.into()).unwrap(), left.clone());
        let next = exact + Decimal::new(1, scale);
        prop_assert_ne!(seen(&mapping, Side::Right, next.into()).unwrap(), left);
    }

    #[test]
    fn a_key_is_read_back_as_what_it_was_made_of(id in any::<u128>(), name in "[!-~]{1,40}") {
        let number = RecordId::new(id.to_string());
        let rules = [
            (KeyRule::compact("key", "z"), number.clone()),
            (KeyRule::plain("key"), number),
            (KeyRule::plain("key"), RecordId::new(name)),
        ];
        for (rule, partner) in rules {
            let key = rule.key_for(&partner).unwrap();
            prop_assert_eq!(&key.field, &rule.field);
            let record = Document::new().with("key", key.value.as_str());
            prop_assert_eq!(rule.partner_of(&record), Some(partner));
        }
    }

    #[test]
    fn no_two_partners_have_one_key(one in any::<u64>(), other in any::<u64>()) {
        prop_assume!(one != other);
        let rule = KeyRule::compact("key", "Z");
        let key = |id: u64| rule.key_for(&RecordId::new(id.to_string())).unwrap().value;
        prop_assert_ne!(key(one), key(other));
    }

    #[test]
    fn what_is_read_from_a_key_would_be_written_as_that_key(code in "[A-Za-z0-9+ _-]{0,16}") {
        let rule = KeyRule::compact("key", "Z");
        if let Some(partner) = rule.partner_of(&set("key", code.as_str())) {
            prop_assert_eq!(rule.key_for(&partner).unwrap().value, code.trim());
        }
    }
}

#[test]
fn line_ends_make_no_difference_however_odd() {
    let mapping = one(Kind::Text);
    let see = |value: &str| seen(&mapping, Side::Left, text(value)).unwrap();
    assert_eq!(see("a\r\nb\rc\nd"), text("a\nb\nc\nd"));
    // Some systems make two of one.
    let odd = see("a\r\r\nb");
    assert_eq!(see(odd.as_text().unwrap()), odd);
}

#[test]
fn every_country_goes_over_and_comes_back() {
    let row = Row::new("field", "left", "right", Kind::Code).codes(countries());
    let mapping = Mapping::new(vec![row]).unwrap();
    let mut known = 0;
    for first in 'A'..='Z' {
        for second in 'A'..='Z' {
            let code = text(&format!("{first}{second}"));
            let Ok(name) = written(&mapping, Side::Right, code.clone()) else {
                continue;
            };
            known += 1;
            assert_eq!(seen(&mapping, Side::Right, name).unwrap(), code);
            assert_eq!(seen(&mapping, Side::Right, code.clone()).unwrap(), code);
            assert_eq!(written(&mapping, Side::Left, code.clone()).unwrap(), code);
        }
    }
    assert!(known > 60);
}

#[test]
fn of_several_names_for_a_code_all_are_understood_and_the_first_is_written() {
    let codes = Codes::new([("gb", "United Kingdom"), ("GB", "UK"), ("FR", "France")]);
    // Even if the row does not say that its values are codes.
    let row = Row::new("field", "left", "right", Kind::Text).codes(codes);
    let mapping = Mapping::new(vec![row]).unwrap();
    for name in ["united kingdom", " UK ", "gb", "GB"] {
        assert_eq!(seen(&mapping, Side::Right, text(name)).unwrap(), text("GB"));
    }
    assert_eq!(seen(&mapping, Side::Left, text("gb")).unwrap(), text("GB"));
    let name = written(&mapping, Side::Right, text("GB")).unwrap();
    assert_eq!(name, text("United Kingdom"));
    assert_eq!(seen(&mapping, Side::Right, text(" ")).unwrap(), Value::Null);
    let message = seen(&mapping, Side::Right, text("Atlantis")).unwrap_err();
    assert!(
        message.contains("Atlantis") && message.contains("`field`"),
        "{message}"
    );
    let message = written(&mapping, Side::Right, text("XX")).unwrap_err();
    assert!(
        message.contains("`XX`") && message.contains("`field`"),
        "{message}"
    );
}

#[derive(Debug)]
struct Cents;

impl Convert for Cents {
    fn to_document(&self, side: Side, value: &Value) -> Result<Value, String> {
        match (side, value) {
            (Side::Right, Value::Decimal(cents)) => Ok((*cents / Decimal::ONE_HUNDRED).into()),
            (Side::Left, Value::Decimal(_)) | (_, Value::Null) => Ok(value.clone()),
            _ => Err("not an amount".to_owned()),
        }
    }

    fn to_record(&self, side: Side, value: &Value) -> Result<Value, String> {
        match (side, value) {
            (Side::Right, Value::Decimal(amount)) => Ok((*amount * Decimal::ONE_HUNDRED).into()),
            _ => Ok(value.clone()),
        }
    }
}

#[test]
fn a_conversion_of_the_embedders_is_used_both_ways() {
    let row = Row::new("field", "left", "right", Kind::Decimal { scale: 2 });
    let mapping = Mapping::new(vec![row.convert(Arc::new(Cents))]).unwrap();
    let amount: Value = Decimal::new(12_34, 2).into();
    let cents: Value = Decimal::new(1234, 0).into();
    assert_eq!(seen(&mapping, Side::Right, cents.clone()).unwrap(), amount);
    assert_eq!(seen(&mapping, Side::Left, amount.clone()).unwrap(), amount);
    let record = written(&mapping, Side::Right, amount.clone()).unwrap();
    assert_eq!(seen(&mapping, Side::Right, record).unwrap(), amount);
    let message = seen(&mapping, Side::Right, text("lots")).unwrap_err();
    assert!(message.contains("not an amount"), "{message}");
}

#[test]
fn a_field_that_a_record_does_not_have_stays_absent_and_an_unsynchronised_one_is_not_read() {
    let quiet = Row::new("quiet", "q", "Q", Kind::Text).direction(Direction::None);
    let loud = Row::new("loud", "l", "L", Kind::Text);
    let mapping = Mapping::new(vec![quiet, loud]).unwrap();
    let document = mapping.project(Side::Left, &set("q", "x")).unwrap();
    assert!(document.is_empty());
    let read: Vec<&str> = mapping.fields(Side::Right).map(AsRef::as_ref).collect();
    assert_eq!(read, ["L"]);
}

#[test]
fn a_table_that_contradicts_itself_is_refused() {
    let row = |name: &str, left: &str, right: &str| Row::new(name, left, right, Kind::Text);
    let twice = Mapping::new(vec![row("a", "l1", "r1"), row("a", "l2", "r2")]);
    assert_eq!(twice.unwrap_err(), MappingError::DuplicateName("a".into()));
    let clash = Mapping::new(vec![row("a", "l1", "r"), row("b", "l2", "r")]);
    assert!(matches!(
        clash,
        Err(MappingError::DuplicateTarget {
            side: Side::Right,
            ..
        })
    ));
    // One field may feed two, as long as only one of the rows writes it.
    let fan = row("b", "l", "r2").direction(Direction::ToRight);
    let fan = Mapping::new(vec![row("a", "l", "r1"), fan]).unwrap();
    let replaced = fan.clone().with(row("b", "l3", "r3")).unwrap();
    assert_eq!(replaced.rows().len(), 2);
    assert_eq!(fan.clone().without("b").unwrap().rows().len(), 1);
    let missing = fan.without("zzz").unwrap_err();
    assert_eq!(missing, MappingError::UnknownRow("zzz".into()));
}

#[test]
fn the_customers_table_holds_together() {
    let mapping = mapping(&CustomerOptions::default()).unwrap();
    let customer = Document::new()
        .with("code", "C1")
        .with("companyName1", "Éclair")
        .with("address.country", "fr")
        .with("isActive", true)
        .with("authorizedCreditAmount", Value::Decimal(Decimal::new(5, 1)));
    let document = mapping.project(Side::Left, &customer).unwrap();
    let account = mapping.render(Side::Right, &document).unwrap();
    assert_eq!(account.get("Billing_Country"), Some(&text("France")));
    assert_eq!(mapping.project(Side::Right, &account).unwrap(), document);
}
