//! Lines of quotes, orders and invoices (reference: Zoho v8 section 4.2, read 2026-11).

use std::fmt;

use client_core::ExactDecimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

use super::{DateTime, FieldValue, Lookup, Text};

zoho_model! {
    /// A line of `Quoted_Items`, `Ordered_Items`, `Purchase_Items` or `Invoiced_Items`. `Product_Name` is mandatory.
    ///
    /// The lines of a record come with it; all lines of all records can be listed as a module of their own, with
    /// [`ZohoClient::module_as`](crate::ZohoClient::module_as).
    pub struct LineItem {
        /// The record that the line belongs to. Read only.
        parent: Box<Lookup> = "Parent_Id",
        /// The product; a write needs its id only.
        product: LineProduct = "Product_Name",
        /// Quantity; 1 unless given.
        quantity: ExactDecimal = "Quantity",
        /// Price of a unit; the product's or the price book's unless given.
        list_price: ExactDecimal = "List_Price",
        /// Discount on the line.
        discount: Discount = "Discount",
        /// Quantity times price. Computed by Zoho.
        total: ExactDecimal = "Total",
        /// Total without the discount. Computed by Zoho.
        total_after_discount: ExactDecimal = "Total_After_Discount",
        /// Sum of the taxes. Computed by Zoho.
        tax: ExactDecimal = "Tax",
        /// The taxes.
        line_tax: Vec<LineTax> = "Line_Tax",
        /// After discount and taxes. Computed by Zoho.
        net_total: ExactDecimal = "Net_Total",
        /// Position among the lines, from 1.
        sequence_number: Integer = "Sequence_Number",
        /// Free text.
        description: Text = "Description",
        /// The price book that the price comes from.
        price_book: Box<Lookup> = "Price_Book_Name",
        /// When it was created. Read only, whole seconds.
        created_time: DateTime = "Created_Time",
        /// When it was changed last. Read only, whole seconds.
        modified_time: DateTime = "Modified_Time",
    }
}

zoho_model! {
    /// The product of a line.
    pub struct LineProduct {
        /// Its name.
        name: Text = "name",
        /// Its code.
        product_code: Text = "Product_Code",
        /// Its own price, whatever the line's.
        unit_price: ExactDecimal = "Unit_Price",
    }
}

zoho_model! {
    /// A tax on a line, or on the whole of an order. A write needs the name, or the id, and the percentage.
    pub struct LineTax {
        /// Name of the tax.
        name: Text = "name",
        /// Name as shown.
        display_name: Text = "display_name",
        /// Rate in percent.
        percentage: ExactDecimal = "percentage",
        /// Amount.
        value: ExactDecimal = "value",
    }
}

zoho_model! {
    /// A tax that applies to a product.
    pub struct ProductTax {
        /// Name of the tax, with its rate.
        value: Text = "value",
    }
}

zoho_model! {
    /// A range of a price book.
    pub struct PricingRange {
        /// Smallest quantity.
        from_range: ExactDecimal = "from_range",
        /// Largest quantity.
        to_range: ExactDecimal = "to_range",
        /// Discount in percent.
        discount: ExactDecimal = "discount",
    }
}

/// A discount on a line. Read from a number, a number as text, and text with a percent sign, for Zoho's sources show all
/// three; written as text, as Zoho's own programs do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    /// An amount, in the record's currency.
    Amount(ExactDecimal),
    /// So many percent of the line.
    Percent(ExactDecimal),
}

impl Discount {
    fn parse(text: &str) -> Result<Self, rust_decimal::Error> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Amount(ExactDecimal::default()));
        }
        match text.strip_suffix('%') {
            Some(percent) => ExactDecimal::parse(percent.trim_end()).map(Self::Percent),
            None => ExactDecimal::parse(text).map(Self::Amount),
        }
    }
}

impl fmt::Display for Discount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(amount) => amount.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl<'de> Deserialize<'de> for Discount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "a discount", Self::parse)
    }
}

impl Serialize for Discount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FieldValue for Discount {
    fn to_json(&self) -> Box<RawValue> {
        self.to_string().to_json()
    }
}

/// A whole number that Zoho writes as a number in one place and as text in another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Integer(pub i64);

impl From<i64> for Integer {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, "a whole number", |text| {
            text.trim().parse().map(Self)
        })
    }
}

/// Parses a JSON number or string from its text.
fn parsed<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    deserializer: D,
    expected: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let token = raw.get();
    let inner = token
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    parse(inner.unwrap_or(token))
        .map_err(|error| de::Error::custom(format_args!("not {expected}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Field, Record};

    /// Keys as in the reference, section 4.2.
    const LINE: &str = r#"{"id":"5725767000000524901","Parent_Id":{"id":"5725767000000524900","name":"SO-1"},
        "Product_Name":{"id":"5725767000000524800","name":"Pump","Product_Code":"P-1","Unit_Price":99999999999999.99,"Taxable":true,
            "Tax":[{"id":"5725767000000524700","value":"Vat - 8.1 %"}]},
        "Quantity":2.5,"List_Price":12345678901234.56,"Discount":"5%","Total":10,"Net_Total":9.5,"Tax":0,
        "Line_Tax":[{"id":"5725767000000524700","name":"Vat","display_name":"Vat","percentage":8.1,"value":0.77}],
        "Sequence_Number":"1","Description":null,"Created_Time":"2026-11-20T11:00:00+01:00","$in_merge":false,"Colour":"red"}"#;

    #[test]
    fn a_line_is_read_exactly_and_keeps_what_is_unknown() {
        let line: LineItem = serde_json::from_str(LINE).unwrap();
        let product = line.product.value().unwrap();
        assert_eq!(product.id.as_ref().unwrap(), "5725767000000524800");
        assert_eq!(
            product.unit_price.value().unwrap().to_string(),
            "99999999999999.99"
        );
        assert!(product.other.contains("Taxable"));
        assert_eq!(line.sequence_number.value().unwrap().0, 1);
        assert_eq!(
            line.line_tax.value().unwrap()[0]
                .percentage
                .value()
                .unwrap()
                .to_string(),
            "8.1"
        );
        assert_eq!(line.description, Field::Null);
        assert!(line.other.contains("Colour") && line.other.contains("$in_merge"));
        let again: LineItem = Record::try_from(&line).unwrap().to_model().unwrap();
        assert_eq!(again, line);
    }

    #[test]
    fn discounts_are_read_in_every_form_that_sources_show() {
        for (json, written) in [
            ("5", "\"5\""),
            ("\"5.50\"", "\"5.50\""),
            ("\"5%\"", "\"5%\""),
            ("\" 2.5 % \"", "\"2.5%\""),
            ("\"\"", "\"0\""),
        ] {
            let discount: Discount = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&discount).unwrap(), written);
            assert_eq!(discount.to_json().get(), written);
        }
        for json in ["\"much\"", "true", "\"%\"", "[1]"] {
            assert!(serde_json::from_str::<Discount>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn whole_numbers_are_read_from_text_too() {
        assert_eq!(
            serde_json::from_str::<Integer>("\"7\"").unwrap(),
            Integer(7)
        );
        assert_eq!(serde_json::from_str::<Integer>("7").unwrap(), Integer(7));
        assert!(serde_json::from_str::<Integer>("7.5").is_err());
    }
}
