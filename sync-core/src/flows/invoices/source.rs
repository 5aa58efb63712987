//! Zoho's invoices with what X3's accounting must know of them.

use std::sync::Arc;

use async_trait::async_trait;
use rust_decimal::Decimal;

use super::{
    amounts::{amount_in, rounded, text_in},
    posting::member,
};
use crate::{
    budget::{Call, Cost},
    endpoint::{
        Capabilities, ChangesPage, ChangesRequest, Endpoint, EndpointError, FeedDescription,
        Problem, Record, RecordsPage, Write, WriteError, Written,
    },
    flows::codes::CurrencyDecimals,
    ids::{FieldName, PageToken, RecordId},
    mapping::Codes,
    value::{Document, Value},
};

/// What the line of an invoice in X3 says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineText {
    /// The product's code.
    #[default]
    ProductCode,
    /// The line's description in Zoho. One that is longer than X3 takes parks the invoice.
    Description,
    /// Nothing.
    Nothing,
}

/// What becomes of an invoice that is changed at Zoho after it was posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Changed {
    /// It is parked with both values.
    #[default]
    Parked,
    /// Nothing.
    Ignored,
}

/// Which invoices are posted, and where what X3 needs stands in Zoho.
#[derive(Clone, Debug)]
pub struct PostableSettings {
    /// Invoices with one of these statuses are posted.
    pub statuses: Vec<String>,
    /// Zoho's field that names the site; `None`: all belong to [`default_site`](Self::default_site).
    pub site_field: Option<FieldName>,
    /// X3's site of invoices whose field is empty.
    pub default_site: Option<String>,
    /// X3's sites and what Zoho's field holds instead.
    pub sites: Codes,
    /// Only invoices of these sites of X3 are posted; empty: all.
    pub only_sites: Vec<String>,
    /// Zoho's field with the currency, where the organisation has several.
    pub currency_field: Option<FieldName>,
    /// Currency, by ISO code, of invoices that name none: the organisation's own.
    pub currency: String,
    /// How many decimals amounts have.
    pub decimals: CurrencyDecimals,
    /// Zoho's unique field that holds the number in X3.
    pub number_field: FieldName,
    /// Field of `Products` that holds X3's product code.
    pub product_field: FieldName,
    /// Field of `Products` that holds the category; `None`: categories do not count.
    pub category_field: Option<FieldName>,
    /// What lines in X3 say.
    pub line_text: LineText,
    /// What becomes of an invoice that is changed after it was posted.
    pub changed: Changed,
}

impl Default for PostableSettings {
    /// Approved invoices of all sites, all in euro, `X3_Invoice`, `Product_Code`, `Product_Category`, the product's code.
    fn default() -> Self {
        Self {
            statuses: vec!["Approved".to_owned()],
            site_field: None,
            default_site: None,
            sites: Codes::default().named("sites").others_alike(),
            only_sites: Vec::new(),
            currency_field: None,
            currency: "EUR".to_owned(),
            decimals: CurrencyDecimals::new(),
            number_field: FieldName::from("X3_Invoice"),
            product_field: FieldName::from("Product_Code"),
            category_field: Some(FieldName::from("Product_Category")),
            line_text: LineText::default(),
            changed: Changed::default(),
        }
    }
}

/// Zoho's field with the lines.
pub const LINES: &str = "Invoiced_Items";

/// Field of the line that points to the product.
const PRODUCT: &str = "Product_Name";

impl PostableSettings {
    /// The fields of `Invoices` that are needed, the lines apart.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldName> {
        let standard = ["Status", "Discount", "Tax", "Adjustment", "Grand_Total"];
        let mut fields: Vec<FieldName> = standard.map(FieldName::from).to_vec();
        fields.push(self.number_field.clone());
        fields.extend(self.site_field.clone());
        fields.extend(self.currency_field.clone());
        fields
    }

    /// The columns of [`LINES`] that are needed.
    #[must_use]
    pub fn columns(&self) -> Vec<FieldName> {
        let standard = [
            "Total_After_Discount",
            "Tax",
            "Net_Total",
            "Line_Tax",
            "Description",
        ];
        let mut columns: Vec<FieldName> = standard.map(FieldName::from).to_vec();
        columns.push(self.product_column(&self.product_field));
        columns.extend(
            self.category_field
                .as_ref()
                .map(|field| self.product_column(field)),
        );
        columns
    }

    fn product_column(&self, field: &FieldName) -> FieldName {
        FieldName::from(format!("{PRODUCT}.{field}"))
    }

    /// The site as Zoho's field names it, or X3's default.
    fn site(&self, record: &Document) -> Option<String> {
        let named = self.site_field.as_ref().and_then(|field| {
            let text = record.get(field.as_str())?.as_text()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        });
        named.or_else(|| self.default_site.clone())
    }

    fn is_wanted_site(&self, site: Option<&str>) -> bool {
        if self.only_sites.is_empty() {
            return true;
        }
        let site = site.and_then(|site| self.sites.left_of(site));
        site.is_some_and(|site| {
            let mut wanted = self.only_sites.iter();
            wanted.any(|wanted| wanted.trim().eq_ignore_ascii_case(&site))
        })
    }

    /// Adds to a record what accounting needs of it.
    fn complete(&self, record: &mut Record) {
        let fields = &mut record.fields;
        let status = text_in(fields, "Status");
        let site = self.site(fields);
        let has_status = self
            .statuses
            .iter()
            .any(|wanted| wanted.eq_ignore_ascii_case(&status));
        let is_ready = has_status && self.is_wanted_site(site.as_deref());
        let is_posted = !text_in(fields, self.number_field.as_str()).is_empty();
        let named = self.currency_field.as_ref();
        let named = named.map(|field| text_in(fields, field.as_str()));
        let named = named.filter(|currency| !currency.is_empty());
        let currency = named.unwrap_or_else(|| self.currency.clone());
        // What is not to be posted may be unfinished: nobody is asked about it.
        let matters = match (is_posted, self.changed) {
            (true, Changed::Ignored) => false,
            (true, Changed::Parked) => true,
            (false, _) => is_ready,
        };
        if let Some(Value::List(lines)) = fields.get(LINES).filter(|_| matters) {
            let lines: Vec<Value> = lines.iter().map(|line| self.line(line)).collect();
            let mut invoice = Document::new()
                .with(member::LINES, Value::List(lines))
                .with(member::READY, is_ready)
                .with(member::STATUS, status)
                .with(member::CURRENCY, currency.as_str())
                .with(member::SITE, site.clone());
            for (name, field) in [
                (member::DISCOUNT, "Discount"),
                (member::TAX, "Tax"),
                (member::ADJUSTMENT, "Adjustment"),
                (member::TOTAL, "Grand_Total"),
            ] {
                invoice.set(name, amount_in(fields, field));
            }
            fields.set(POSTING, invoice);
        }
        let decimals = self.decimals.of(&currency);
        let total = amount_in(fields, "Grand_Total");
        fields.set(TOTAL, total.map(|total| rounded(total, decimals)));
        fields.set(READY, is_ready);
        fields.set(SITE, site);
        fields.set(CURRENCY, currency);
    }

    fn line(&self, line: &Value) -> Value {
        let Value::Fields(line) = line else {
            return line.clone();
        };
        let of_product = |field: &FieldName| text_in(line, self.product_column(field).as_str());
        let product = of_product(&self.product_field);
        let category = self.category_field.as_ref().map(of_product);
        let said = match self.line_text {
            LineText::ProductCode => product.clone(),
            LineText::Description => text_in(line, "Description"),
            LineText::Nothing => String::new(),
        };
        let (after_discount, taxed) = (
            amount_in(line, "Total_After_Discount"),
            amount_in(line, "Net_Total"),
        );
        let tax = amount_in(line, "Tax");
        // Whichever two of the three are there give the third.
        let net = after_discount.or_else(|| Some(taxed? - tax?));
        let tax = tax.or_else(|| Some(taxed? - net?));
        let members = Document::new()
            .with(member::PRODUCT, product)
            .with(member::CATEGORY, category)
            .with(member::TAXES, Value::List(taxes(line)))
            .with(member::RATE, rate(line))
            .with(member::NET, net)
            .with(member::TAX, tax)
            .with(member::TEXT, said);
        Value::Fields(members)
    }
}

/// Names of the taxes on a line. Zoho also lists taxes that a product could bear, at nothing per cent: they do not count.
fn taxes(line: &Document) -> Vec<Value> {
    let name = |tax: &Value| match tax {
        Value::Text(name) => Some(Value::text(name.as_str())),
        Value::Fields(tax) => bears(tax).then(|| Value::text(text_in(tax, "name"))),
        _ => None,
    };
    line_taxes(line).iter().filter_map(name).collect()
}

/// Per cent of the taxes on a line together; nothing if any of them does not state its own.
fn rate(line: &Document) -> Option<Decimal> {
    let percentages = line_taxes(line).iter().filter_map(|tax| match tax {
        Value::Fields(tax) => bears(tax).then(|| amount_in(tax, "percentage")),
        Value::Text(_) => Some(None),
        _ => None,
    });
    percentages.sum()
}

fn line_taxes(line: &Document) -> &[Value] {
    match line.get("Line_Tax") {
        Some(Value::List(taxes)) => taxes,
        _ => &[],
    }
}

fn bears(tax: &Document) -> bool {
    ["percentage", "value"]
        .into_iter()
        .any(|member| amount_in(tax, member).is_some_and(|amount| !amount.is_zero()))
}

/// Fields that records have beside Zoho's own.
pub(super) const POSTING: &str = "posting";
pub(super) const READY: &str = "ready";
pub(super) const SITE: &str = "site";
pub(super) const CURRENCY: &str = "currency";
pub(super) const TOTAL: &str = "total";

/// Zoho's `Invoices`, each with more fields: `posting` (all that its lines in accounting are made of), `ready` (whether it is
/// to be posted), `site`, `currency`, and `total` with the decimals of the currency.
///
/// An invoice that is neither posted nor to be posted has no `posting`: a draft may be unfinished, and an invoice of another
/// site is nobody's business here. Nor has one that is posted, if changes are to be ignored.
#[derive(Clone, Debug)]
pub struct PostableInvoices {
    invoices: Arc<dyn Endpoint>,
    settings: PostableSettings,
}

impl PostableInvoices {
    /// The records of `invoices`, which reads the [fields](PostableSettings::fields) and
    /// [columns](PostableSettings::columns) that `settings` need.
    #[must_use]
    pub fn new(invoices: Arc<dyn Endpoint>, settings: PostableSettings) -> Self {
        Self { invoices, settings }
    }

    fn completed(&self, mut record: Record) -> Record {
        self.settings.complete(&mut record);
        record
    }
}

#[async_trait]
impl Endpoint for PostableInvoices {
    fn capabilities(&self) -> Capabilities {
        self.invoices.capabilities()
    }

    fn cost(&self, call: Call) -> Cost {
        self.invoices.cost(call)
    }

    fn most_cost(&self, call: Call) -> Cost {
        self.invoices.most_cost(call)
    }

    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        self.invoices.check().await
    }

    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        let records = self.invoices.read(ids).await?.into_iter();
        Ok(records
            .map(|record| record.map(|record| self.completed(record)))
            .collect())
    }

    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        let found = self.invoices.find(field, values).await?.into_iter();
        let completed = |records: Vec<Record>| {
            let records = records.into_iter();
            records.map(|record| self.completed(record)).collect()
        };
        Ok(found.map(completed).collect())
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        self.invoices.write(writes).await
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        self.invoices.feeds()
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        self.invoices.changes(request).await
    }

    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        let page = self.invoices.list(page).await?;
        let records = page.records.into_iter();
        Ok(RecordsPage {
            records: records.map(|record| self.completed(record)).collect(),
            next: page.next,
        })
    }
}
