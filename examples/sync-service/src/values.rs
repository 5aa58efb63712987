//! Values as people write them.

use rust_decimal::Decimal;
use sync_core::{Document, FieldName, Flow, Kind, RecordId, Row, Value};

/// The value that `text` means in a row of `kind`. Empty text empties the field.
pub(crate) fn parse(kind: &Kind, text: &str) -> Result<Value, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    match kind {
        Kind::Text => Ok(Value::text(text)),
        Kind::Code => Ok(Value::text(text.to_uppercase())),
        Kind::Decimal { .. } => Decimal::from_str_exact(text)
            .map(Value::Decimal)
            .map_err(|_| format!("`{text}` is no number; write 1234.50")),
        Kind::Boolean => match text {
            "true" | "yes" => Ok(Value::Boolean(true)),
            "false" | "no" => Ok(Value::Boolean(false)),
            _ => Err(format!("`{text}` is neither true nor false")),
        },
        Kind::Date => text
            .parse()
            .map(Value::Date)
            .map_err(|_| format!("`{text}` is no date; write 2026-11-27")),
        Kind::Instant => text
            .parse()
            .map(Value::Instant)
            .map_err(|_| format!("`{text}` is no instant; write 2026-11-27T10:00:00Z")),
        Kind::Reference { .. } => Ok(Value::Reference(RecordId::from(text))),
        _ => Err("lists are changed in the systems themselves".to_owned()),
    }
}

/// The same for a row: where it has a table of codes, Zoho's word stands for X3's code.
fn of_row(row: &Row, text: &str) -> Result<Value, String> {
    let code = row.codes.as_ref();
    match code.and_then(|codes| codes.left_of(text.trim())) {
        Some(code) => Ok(Value::text(code)),
        None => parse(&row.kind, text),
    }
}

/// The document that `FIELD=VALUE` texts mean in a flow, by the names of its mapping.
pub(crate) fn document(flow: &Flow, fields: &[(String, String)]) -> Result<Document, String> {
    let mut document = Document::new();
    for (name, text) in fields {
        let mut rows = flow.mapping.rows().iter();
        let Some(row) = rows.find(|row| row.name.as_str() == name) else {
            let names = flow.mapping.rows().iter().map(|row| row.name.as_str());
            return Err(format!(
                "flow {} has no field `{name}`; it has: {}",
                flow.name,
                names.collect::<Vec<_>>().join(", ")
            ));
        };
        let value = of_row(row, text).map_err(|error| format!("{name}: {error}"))?;
        document.set(FieldName::from(name.as_str()), value);
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zohos_word_stands_for_x3s_code() {
        let countries = sync_core::Codes::new([("DE", "Germany")]);
        let row = Row::new("country", "country", "Country", Kind::Code).codes(countries);
        for text in ["Germany", "DE", "de"] {
            assert_eq!(of_row(&row, text).unwrap(), Value::text("DE"), "{text}");
        }
    }

    #[test]
    fn text_is_read_as_its_row_holds_it() {
        let number = Kind::Decimal { scale: 2 };
        assert_eq!(
            parse(&number, "1234.50").unwrap(),
            Value::Decimal(Decimal::new(123_450, 2))
        );
        assert_eq!(parse(&Kind::Code, " fr12 ").unwrap(), Value::text("FR12"));
        assert_eq!(parse(&Kind::Boolean, "no").unwrap(), Value::Boolean(false));
        assert_eq!(parse(&Kind::Text, "").unwrap(), Value::Null);
        for (kind, text) in [
            (&number, "1,234.50"),
            (&Kind::Boolean, "maybe"),
            (&Kind::Date, "27.11.2026"),
            (&Kind::Instant, "noon"),
        ] {
            assert!(parse(kind, text).unwrap_err().contains(text));
        }
    }
}
