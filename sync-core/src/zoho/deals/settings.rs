//! Which deals are ordered, and what.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::{
    endpoint::Record,
    flows::orders::{LINES, QUALIFIES, SHARES},
    ids::FieldName,
    mapping::Mapping,
    side::Side,
    value::Value,
    zoho::ModuleSettings,
};

/// How the deals of an organisation become orders.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DealSettings {
    /// The module and its fields; the key field holds the number of the deal's order.
    pub(super) module: ModuleSettings,
    /// Fields that only say something of a deal that is ordered.
    pub(super) order_fields: Vec<FieldName>,
    /// Which deals are ordered.
    pub(super) qualification: Qualification,
    /// Where the lines come from.
    pub(super) lines: LineSource,
    /// How prices and discounts go with them.
    pub(super) prices: PriceForm,
    /// What becomes of discounts and adjustments on the whole.
    pub(super) whole_discount: WholeDiscount,
    /// A field of the deal with a discount on the whole.
    pub(super) discount_field: Option<FieldName>,
    /// Decimals of amounts.
    pub(super) amount_scale: u32,
    /// Where what the order costs is compared with what the deal says.
    pub(super) check: Option<AmountCheck>,
}

/// Which deals are ordered: those whose field has one of these values, and whose date is not before a day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Qualification {
    /// The field: `Stage`, or any other.
    pub field: FieldName,
    /// Its values, compared without case; a checkbox is `true` or `false`.
    pub values: Vec<String>,
    /// A date field, and the first day that counts: deals that were won before the two systems met are left alone.
    pub since: Option<(FieldName, Date)>,
}

impl Qualification {
    /// Deals in one of these stages.
    pub fn stages<S: Into<String>>(stages: impl IntoIterator<Item = S>) -> Self {
        Self::field("Stage", stages)
    }

    /// Deals whose `field` has one of these values.
    pub fn field<S: Into<String>>(
        field: impl Into<FieldName>,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            field: field.into(),
            values: values.into_iter().map(Into::into).collect(),
            since: None,
        }
    }

    /// Only those whose date `field` is `day` or later; a deal without a date does not count.
    #[must_use]
    pub fn since(mut self, field: impl Into<FieldName>, day: Date) -> Self {
        self.since = Some((field.into(), day));
        self
    }

    /// Whether a deal is ordered.
    pub(super) fn admits(&self, deal: &Record) -> bool {
        let value = deal.fields.get(self.field.as_str());
        let value = value.filter(|value| !value.is_null());
        let Some(value) = value.map(|value| value.to_string().to_lowercase()) else {
            return false;
        };
        let in_time = self.since.as_ref().is_none_or(|(field, day)| {
            matches!(deal.fields.get(field.as_str()), Some(Value::Date(date)) if date >= day)
        });
        in_time
            && self
                .values
                .iter()
                .any(|known| known.to_lowercase() == value)
    }
}

/// Where the lines of an order come from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LineSource {
    /// The deal's quote.
    Quote(QuoteSource),
    /// The products related to the deal, one line each.
    Products(ProductSource),
    /// Always this product; the price is the deal's amount. For editions without products and quotes.
    Item {
        /// Code of the product in X3.
        product: String,
        /// How much of it.
        quantity: Decimal,
    },
}

/// Lines from the deal's quote. If several quotes of a deal count, somebody must decide, and the deal is parked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QuoteSource {
    /// Stages of quotes that count; none: all.
    pub stages: Vec<String>,
    /// The field of Zoho's products that holds the product's code in X3.
    pub product_code: FieldName,
}

impl Default for QuoteSource {
    /// Quotes of all stages, products by `Product_Code`.
    fn default() -> Self {
        Self {
            stages: Vec::new(),
            product_code: "Product_Code".into(),
        }
    }
}

impl QuoteSource {
    /// Only quotes in these stages count.
    #[must_use]
    pub fn stages<S: Into<String>>(mut self, stages: impl IntoIterator<Item = S>) -> Self {
        self.stages = stages.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the field that holds the product's code.
    #[must_use]
    pub fn product_code(mut self, field: impl Into<FieldName>) -> Self {
        self.product_code = field.into();
        self
    }
}

/// Lines from the products related to a deal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProductSource {
    /// How much of each is ordered: Zoho keeps no quantity there.
    pub quantity: Decimal,
    /// The field of Zoho's products that holds the product's code in X3.
    pub product_code: FieldName,
}

impl Default for ProductSource {
    /// One of each, by `Product_Code`, at the product's `Unit_Price`.
    fn default() -> Self {
        Self {
            quantity: Decimal::ONE,
            product_code: "Product_Code".into(),
        }
    }
}

impl ProductSource {
    /// Sets how much of each product is ordered.
    #[must_use]
    pub fn quantity(mut self, quantity: Decimal) -> Self {
        self.quantity = quantity;
        self
    }

    /// Sets the field that holds the product's code.
    #[must_use]
    pub fn product_code(mut self, field: impl Into<FieldName>) -> Self {
        self.product_code = field.into();
        self
    }
}

/// How prices and discounts go with the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PriceForm {
    /// The price after the discount, to three decimals, which is what X3 keeps.
    #[default]
    Net,
    /// The price before the discount, and the discount in percent. What X3 makes of a discount is set up in the site's
    /// price structure.
    WithDiscount,
    /// None: X3 takes its own.
    None,
}

/// What becomes of a discount or an adjustment on a quote or deal as a whole, which an order of X3 has no place for.
///
/// It says nothing where X3 takes its own prices ([`PriceForm::None`]): then Zoho's discounts count as little as its prices.
///
/// X3 does have invoicing elements on the whole of an order (table `SORDER`, columns `INVDTA` to `INVDTATYP`; reference:
/// sage-x3 section 4.8), but which element is a discount is set up at each site, and Sage publishes no input for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WholeDiscount {
    /// The deal is parked, and the reason names the amounts.
    #[default]
    Park,
    /// It is spread over the lines in proportion to their amounts, to the cent, by the largest remainder: each line goes with
    /// its price after all discounts. What the decimals that X3 keeps of a price cannot express goes to the line with the
    /// smallest quantity. If no prices make the sum exactly, the deal is parked.
    Spread,
    /// The lines go as they are. The difference ([`AmountCheck`]) shows until a clerk has entered it in X3.
    ByHand,
}

/// A comparison of what the order costs with what the deal says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AmountCheck {
    /// The field of the deal to which X3's amount without tax is written.
    pub amount: FieldName,
    /// The field that gets X3's amount less the deal's, and nothing when they are equal.
    pub difference: FieldName,
    /// Decimals to which both are rounded.
    pub scale: u32,
}

impl AmountCheck {
    /// X3's amount is written to `amount`, the difference to `difference`, both to the cent.
    pub fn new(amount: impl Into<FieldName>, difference: impl Into<FieldName>) -> Self {
        Self {
            amount: amount.into(),
            difference: difference.into(),
            scale: 2,
        }
    }

    /// Sets the decimals.
    #[must_use]
    pub fn scale(mut self, scale: u32) -> Self {
        self.scale = scale;
        self
    }
}

impl DealSettings {
    /// Deals as `mapping` has them on its right side; `key_field` is the unique field that gets the order's number.
    #[must_use]
    pub fn of_mapping(
        key_field: impl Into<FieldName>,
        mapping: &Mapping,
        qualification: Qualification,
        lines: LineSource,
    ) -> Self {
        let is_own = |field: &FieldName| [QUALIFIES, LINES, SHARES].contains(&field.as_str());
        let mut module = ModuleSettings::of_mapping("Deals", key_field, mapping);
        module.fields.retain(|field| !is_own(field));
        module.written_fields.retain(|field| !is_own(field));
        module.lines.retain(|lines| !is_own(&lines.field));
        let order_fields = mapping
            .rows()
            .iter()
            .filter(|row| row.direction.fills(Side::Left) && !is_own(&row.fields.right))
            .map(|row| row.fields.right.clone());
        let mut settings = Self {
            module,
            order_fields: order_fields.collect(),
            qualification,
            lines,
            prices: PriceForm::default(),
            whole_discount: WholeDiscount::default(),
            discount_field: None,
            amount_scale: 2,
            check: None,
        };
        settings.read_also(settings.qualification.field.clone());
        if let Some((field, _)) = settings.qualification.since.clone() {
            settings.read_also(field);
        }
        if matches!(settings.lines, LineSource::Item { .. }) {
            settings.read_also(super::AMOUNT_FIELD.into());
        }
        settings
    }

    /// Sets how prices and discounts go with the lines.
    #[must_use]
    pub fn prices(mut self, prices: PriceForm) -> Self {
        self.prices = prices;
        self
    }

    /// Sets what becomes of discounts and adjustments on the whole.
    #[must_use]
    pub fn whole_discount(mut self, policy: WholeDiscount) -> Self {
        self.whole_discount = policy;
        self
    }

    /// Names a field of the deal with a discount on the whole, an amount, beside the quote's. It does not count with
    /// [`LineSource::Item`], whose price is what the deal says.
    #[must_use]
    pub fn discount_field(mut self, field: impl Into<FieldName>) -> Self {
        let field = field.into();
        self.read_also(field.clone());
        self.discount_field = Some(field);
        self
    }

    /// Sets the decimals of amounts; 2 unless said otherwise.
    #[must_use]
    pub fn amount_scale(mut self, scale: u32) -> Self {
        self.amount_scale = scale;
        self
    }

    /// The discount that a deal itself says.
    pub(super) fn discount_of(&self, deal: &Record) -> Option<Decimal> {
        let field = self.discount_field.as_ref()?;
        if matches!(self.lines, LineSource::Item { .. }) {
            return None;
        }
        super::lines::number(&deal.fields, field.as_str())
    }

    /// Compares amounts.
    #[must_use]
    pub fn check(mut self, check: AmountCheck) -> Self {
        self.module.written_fields.push(check.difference.clone());
        self.read_also(check.difference.clone());
        self.check = Some(check);
        self
    }

    fn read_also(&mut self, field: FieldName) {
        if !self.module.fields.contains(&field) {
            self.module.fields.push(field);
        }
    }
}
