//! What a deal orders.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use rust_decimal::{Decimal, RoundingStrategy};
use zoho_crm_client::{
    Coql, Filter, Order, PageToken as ZohoToken, Record as ZohoRecord, RecordId as ZohoId,
    ZohoClient,
};

use super::{AMOUNT_FIELD, LineSource, ProductSource, QuoteSource, failed, spread};
use crate::{
    endpoint::{Endpoint, EndpointError, Problem, Record},
    ids::{FieldName, RecordId},
    value::{Document, Value},
    zoho::{ModuleSettings, ZohoEndpoint},
};

/// The lookup by which a quote names its deal.
pub(super) const DEAL: &str = "Deal_Name";

/// Deals that one query takes.
const DEALS_IN_CALL: usize = 50;

/// Related lists that are read at once.
const AT_ONCE: usize = 5;

/// Decimals that X3 keeps of prices.
pub(super) const PRICE_SCALE: u32 = 3;

/// What a deal orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goods {
    /// This.
    Known {
        lines: Vec<Line>,
        /// What is added to or taken off the sum of the lines.
        whole: Whole,
    },
    /// It cannot be told, for this reason.
    Unclear(String),
}

impl Default for Goods {
    fn default() -> Self {
        Self::Known {
            lines: Vec::new(),
            whole: Whole::default(),
        }
    }
}

impl Goods {
    /// Its price without tax; `None` when a line has none.
    pub(super) fn worth(&self) -> Option<Decimal> {
        let Self::Known { lines, whole } = self else {
            return None;
        };
        let mut sum = whole.sum()?;
        for line in lines {
            sum = sum.checked_add(line.amount()?)?;
        }
        Some(sum)
    }

    /// The same, with a further discount on the whole.
    pub(super) fn less(mut self, discount: Option<Decimal>) -> Self {
        if let (Self::Known { whole, .. }, Some(discount)) = (&mut self, discount) {
            match whole.discount.checked_add(discount) {
                Some(sum) => whole.discount = sum,
                None => return Self::Unclear("its discounts are no amounts of money".to_owned()),
            }
        }
        self
    }
}

/// What is added to or taken off the sum of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Whole {
    /// Taken off.
    pub(super) discount: Decimal,
    /// Added, or taken off if negative.
    pub(super) adjustment: Decimal,
}

impl Whole {
    /// What it does to the sum of the lines.
    pub(super) fn sum(&self) -> Option<Decimal> {
        self.adjustment.checked_sub(self.discount)
    }
}

impl std::fmt::Display for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (discount, adjustment) = (self.discount.normalize(), self.adjustment.normalize());
        match (discount.is_zero(), adjustment.is_zero()) {
            (false, false) => write!(
                f,
                "a discount of {discount} and an adjustment of {adjustment}"
            ),
            (true, _) => write!(f, "an adjustment of {adjustment}"),
            (false, true) => write!(f, "a discount of {discount}"),
        }
    }
}

/// A product that is ordered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Its code in X3.
    pub(super) product: String,
    pub(super) quantity: Decimal,
    /// Of one, before the discount.
    pub(super) price: Option<Decimal>,
    pub(super) discount: Discount,
    pub(super) description: String,
    /// Its part of what is taken off the whole, once that is spread.
    pub(super) share: Option<spread::Share>,
}

/// What is taken off a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Discount {
    Amount(Decimal),
    Percent(Decimal),
}

impl Default for Discount {
    fn default() -> Self {
        Self::Amount(Decimal::ZERO)
    }
}

impl Discount {
    /// From a number, or text such as `5%` (reference: Zoho v8 section 4.2, read 2026-11).
    fn read(value: Option<&Value>) -> Result<Self, String> {
        match value {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::Decimal(amount)) => Ok(Self::Amount(*amount)),
            Some(Value::Text(text)) => {
                let text = text.trim();
                let (number, percent) = match text.strip_suffix('%') {
                    Some(number) => (number.trim_end(), true),
                    None => (text, false),
                };
                let number = Decimal::from_str_exact(number)
                    .map_err(|_| format!("the discount `{text}` is no number"))?;
                Ok(match percent {
                    true => Self::Percent(number),
                    false => Self::Amount(number),
                })
            }
            Some(other) => Err(format!("the discount is {}", other.type_name())),
        }
    }
}

impl Line {
    /// After its own discount; `None` without a price.
    pub(super) fn amount(&self) -> Option<Decimal> {
        let gross = self.quantity.checked_mul(self.price?)?;
        let off = match self.discount {
            Discount::Amount(amount) => amount,
            Discount::Percent(percent) => gross.checked_mul(percent)?.checked_div(100.into())?,
        };
        gross.checked_sub(off)
    }

    /// Of one, after all discounts.
    pub(super) fn net_price(&self) -> Option<Decimal> {
        if let Some(share) = &self.share {
            return share.price;
        }
        let each = self.amount()?.checked_div(self.quantity)?;
        Some(rounded(each))
    }

    /// The discount in percent.
    pub(super) fn discount_percent(&self) -> Option<Decimal> {
        let percent = match self.discount {
            Discount::Percent(percent) => percent,
            Discount::Amount(amount) => {
                let gross = self.quantity.checked_mul(self.price?)?;
                amount.checked_mul(100.into())?.checked_div(gross)?
            }
        };
        Some(rounded(percent)).filter(|percent| !percent.is_zero())
    }
}

/// To the decimals that X3 keeps of prices.
pub(super) fn rounded(number: Decimal) -> Decimal {
    let number = number.round_dp_with_strategy(PRICE_SCALE, RoundingStrategy::MidpointAwayFromZero);
    number.normalize()
}

/// Reads what deals order.
pub(super) struct Reader {
    client: ZohoClient,
    source: LineSource,
    /// The quotes with their lines.
    quotes: Option<ZohoEndpoint>,
}

impl Reader {
    pub(super) fn new(client: ZohoClient, source: &LineSource) -> Self {
        let quotes = match source {
            LineSource::Quote(quote) => Some(quotes(client.clone(), quote)),
            _ => None,
        };
        Self {
            client,
            source: source.clone(),
            quotes,
        }
    }

    /// Credits that reading the goods of so many deals takes.
    pub(super) fn calls(&self, deals: usize) -> u64 {
        let calls = match &self.source {
            LineSource::Quote(_) => deals.div_ceil(DEALS_IN_CALL) + deals + 1,
            LineSource::Products(_) => deals,
            LineSource::Item { .. } => 0,
        };
        u64::try_from(calls).unwrap_or(u64::MAX)
    }

    pub(super) async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        match (&self.source, &self.quotes) {
            (LineSource::Quote(_), Some(quotes)) => quotes.check_fields().await,
            (LineSource::Products(source), _) => {
                let fields = [source.product_code.clone(), "Unit_Price".into()];
                let products = ModuleSettings::new("Products", "id", &fields);
                ZohoEndpoint::new(self.client.clone(), products)
                    .check_fields()
                    .await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// What each of `deals` orders, in order.
    pub(super) async fn read(&self, deals: &[&Record]) -> Result<Vec<Goods>, EndpointError> {
        if deals.is_empty() {
            return Ok(Vec::new());
        }
        match (&self.source, &self.quotes) {
            (LineSource::Quote(source), Some(quotes)) => {
                self.read_quotes(source, quotes, deals).await
            }
            (LineSource::Products(source), _) => {
                let ids: Vec<RecordId> = deals.iter().map(|deal| deal.id.clone()).collect();
                stream::iter(ids)
                    .map(|deal| self.read_products(source, deal))
                    .buffered(AT_ONCE)
                    .try_collect()
                    .await
            }
            (LineSource::Item { product, quantity }, _) => {
                let deals = deals.iter();
                Ok(deals.map(|deal| item(product, *quantity, deal)).collect())
            }
            (LineSource::Quote(_), None) => Ok(vec![Goods::default(); deals.len()]),
        }
    }

    async fn read_quotes(
        &self,
        source: &QuoteSource,
        quotes: &ZohoEndpoint,
        deals: &[&Record],
    ) -> Result<Vec<Goods>, EndpointError> {
        let ids: Vec<ZohoId> = deals.iter().filter_map(|deal| zoho_id(&deal.id)).collect();
        let mut of_deal: BTreeMap<ZohoId, Vec<ZohoId>> = BTreeMap::new();
        for portion in ids.chunks(DEALS_IN_CALL) {
            self.quotes_of(source, portion, &mut of_deal).await?;
        }
        let single = of_deal.values().filter_map(|quotes| match &quotes[..] {
            [quote] => Some(RecordId::from(quote.as_str())),
            _ => None,
        });
        let single: Vec<RecordId> = single.collect();
        let read = quotes.read(&single).await?;
        let by_id: BTreeMap<&str, &Record> = read
            .iter()
            .flatten()
            .map(|quote| (quote.id.as_str(), quote))
            .collect();
        let goods = deals.iter().map(|deal| {
            let quotes = zoho_id(&deal.id).and_then(|id| of_deal.get(&id));
            match quotes.map(Vec::as_slice) {
                None | Some([]) => Goods::default(),
                Some([quote]) => by_id
                    .get(quote.as_str())
                    .map_or_else(Goods::default, |quote| of_quote(source, quote)),
                Some(quotes) => Goods::Unclear(format!(
                    "the deal has {} quotes that count: leave one, or move the others to a stage that does not",
                    quotes.len()
                )),
            }
        });
        Ok(goods.collect())
    }

    /// Adds the quotes of `deals` that count.
    async fn quotes_of(
        &self,
        source: &QuoteSource,
        deals: &[ZohoId],
        found: &mut BTreeMap<ZohoId, Vec<ZohoId>>,
    ) -> Result<(), EndpointError> {
        let mut last: Option<ZohoId> = None;
        loop {
            let mut filter = Filter::in_(DEAL, deals.iter().map(ZohoId::as_str));
            if let Some(last) = &last {
                filter = filter.and(Filter::gt("id", last));
            }
            let query = Coql::select([DEAL, "Quote_Stage"])
                .from("Quotes")
                .filter(filter)
                .order_by("id", Order::Ascending);
            let page = self.client.coql(&query).await.map_err(failed)?;
            for quote in &page.records {
                let deal = quote.lookup(DEAL).ok().flatten();
                if let (Some(id), Some(deal)) = (quote.id(), deal)
                    && counts(source, quote)
                {
                    found.entry(deal.id).or_default().push(id);
                }
            }
            last = page.records.iter().rev().find_map(ZohoRecord::id);
            if !page.more_records || last.is_none() {
                return Ok(());
            }
        }
    }

    async fn read_products(
        &self,
        source: &ProductSource,
        deal: RecordId,
    ) -> Result<Goods, EndpointError> {
        let Some(id) = zoho_id(&deal) else {
            return Ok(Goods::default());
        };
        let code = source.product_code.as_str();
        let request = self
            .client
            .module("Deals")
            .record(&id)
            .related("Products")
            .list()
            .fields([code, "Product_Name", "Unit_Price"]);
        let page = request.page(&ZohoToken::first()).await.map_err(failed)?;
        if page.next.is_some() {
            return Ok(Goods::Unclear(
                "the deal has more related products than an order is made of".to_owned(),
            ));
        }
        let mut lines = Vec::with_capacity(page.records.len());
        for product in &page.records {
            let text = |field: &str| product.text(field).ok().flatten().unwrap_or_default();
            let (product_code, name) = (text(code), text("Product_Name"));
            if product_code.trim().is_empty() {
                return Ok(Goods::Unclear(without_code(&name, code)));
            }
            let price = product.decimal("Unit_Price").ok().flatten();
            lines.push(Line {
                product: product_code,
                quantity: source.quantity,
                price: price.map(|price| price.0),
                ..Line::default()
            });
        }
        Ok(Goods::Known {
            lines,
            whole: Whole::default(),
        })
    }
}

/// The quotes of an organisation, with their lines and the codes of their products.
fn quotes(client: ZohoClient, source: &QuoteSource) -> ZohoEndpoint {
    let fields = ["Discount", "Adjustment"].map(FieldName::from);
    let columns = [
        FieldName::from(code_path(source)),
        "Product_Name.name".into(),
        "Quantity".into(),
        "List_Price".into(),
        "Discount".into(),
        "Description".into(),
    ];
    let settings = ModuleSettings::new("Quotes", "id", &fields).lines("Quoted_Items", &columns);
    ZohoEndpoint::new(client, settings)
}

fn code_path(source: &QuoteSource) -> String {
    format!("Product_Name.{}", source.product_code)
}

fn counts(source: &QuoteSource, quote: &ZohoRecord) -> bool {
    let stage = quote.text("Quote_Stage").ok().flatten().unwrap_or_default();
    let mut stages = source.stages.iter();
    source.stages.is_empty() || stages.any(|known| known.eq_ignore_ascii_case(&stage))
}

fn of_quote(source: &QuoteSource, quote: &Record) -> Goods {
    let rows = match quote.fields.get("Quoted_Items") {
        Some(Value::List(rows)) => rows,
        Some(Value::Text(problem)) => {
            return Goods::Unclear(format!("its quote has {problem}"));
        }
        _ => return Goods::default(),
    };
    let path = code_path(source);
    let mut lines = Vec::with_capacity(rows.len());
    for (row, number) in rows.iter().zip(1..) {
        let Value::Fields(row) = row else { continue };
        match line(row, &path) {
            Ok(line) => lines.push(line),
            Err(problem) => {
                return Goods::Unclear(format!("line {number} of its quote: {problem}"));
            }
        }
    }
    let amount = |field| number(&quote.fields, field).unwrap_or_default();
    let whole = Whole {
        discount: amount("Discount"),
        adjustment: amount("Adjustment"),
    };
    Goods::Known { lines, whole }
}

fn line(row: &Document, code_path: &str) -> Result<Line, String> {
    let text = |field| match row.get(field) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let product = text(code_path);
    if product.trim().is_empty() {
        let (_, field) = code_path.split_once('.').unwrap_or_default();
        return Err(without_code(&text("Product_Name.name"), field));
    }
    Ok(Line {
        product,
        quantity: number(row, "Quantity").unwrap_or_default(),
        price: number(row, "List_Price"),
        discount: Discount::read(row.get("Discount"))?,
        description: text("Description"),
        share: None,
    })
}

pub(super) fn number(fields: &Document, field: &str) -> Option<Decimal> {
    match fields.get(field) {
        Some(Value::Decimal(number)) => Some(*number),
        _ => None,
    }
}

fn without_code(product: &str, field: &str) -> String {
    format!("Zoho's product `{product}` has no `{field}`, by which X3 would know it")
}

fn item(product: &str, quantity: Decimal, deal: &Record) -> Goods {
    let amount = number(&deal.fields, AMOUNT_FIELD);
    let price = amount.and_then(|amount| amount.checked_div(quantity));
    Goods::Known {
        lines: vec![Line {
            product: product.to_owned(),
            quantity,
            price,
            ..Line::default()
        }],
        whole: Whole::default(),
    }
}

fn zoho_id(id: &RecordId) -> Option<ZohoId> {
    id.as_str().parse().ok()
}
