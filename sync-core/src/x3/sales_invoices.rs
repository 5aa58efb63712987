//! X3's sales invoices.

use async_trait::async_trait;
use rust_decimal::Decimal;
use sage_x3_client::{
    ChangeSource, CompanyCode, Filter, InvoiceId, PageSize, Query, SalesInvoice, SalesInvoiceLine,
    SiteCode, StampField, X3Client, dynamic::Selection,
};

use super::{
    children::Children,
    error::endpoint_error,
    node::NodeEndpoint,
    settings::CustomField,
    table::{NodeField, NodeTable, Supplement},
};
use crate::{
    endpoint::{ChangesPage, ChangesRequest, EndpointError, FeedDescription, Problem},
    ids::{FeedName, FieldName},
    value::{Document, Value},
};

/// Which sales invoices are there, and what of them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SalesInvoiceSettings {
    /// Only those of these sales sites; empty: all.
    pub sites: Vec<SiteCode>,
    /// Only those of these companies; empty: all.
    pub companies: Vec<CompanyCode>,
    /// Only these categories, by the names of X3's enumeration; empty: invoices alone, no credit memos.
    pub categories: Vec<String>,
    /// Whether open items are read, which say when an invoice is due and what of it is not paid.
    pub open_items: bool,
    /// Fields of the site to read as well.
    pub custom: Vec<CustomField>,
    /// The stamp to poll by, if not `_updateStamp`.
    pub stamp: Option<StampField>,
    /// The fields that the flow uses, so that the check at start can tell which do not exist.
    pub mapped: Vec<FieldName>,
}

/// The sales invoices of an X3 endpoint. A record's identity is the invoice's number.
///
/// | field | in X3 | value |
/// |---|---|---|
/// | `id` | number | text |
/// | `company`, `salesSite`, `billToCustomer`, `soldToCustomer`, `currency`, `invoiceType` | by code | text |
/// | `category`, `status` | name of the enumeration's member | text |
/// | `invoiceDate`, `accountingDate` | | day |
/// | `sourceDocumentNumber`, `internalReference` | | text |
/// | `totalAmountExcludingTax`, `totalAmountIncludingTax` | of its document in accounting | number |
/// | `taxAmount` | the difference of the two | number |
/// | `lines` | lines in order: `product`, `quantityInSalesUnitInvoiced`, `netPriceExcludingTax`, `amountExcludingTax`, `description`, `salesOrder` | list |
/// | `salesOrder` | the order of all lines; empty if they are of several | text |
/// | `dueDate` | the last due date of its open items | day |
/// | `outstanding` | what of its open items is not paid | number |
///
/// The last two are there only with [open items](SalesInvoiceSettings::open_items), at sites that show them.
pub type SalesInvoiceEndpoint = NodeEndpoint<SalesInvoice>;

/// What X3 calls invoices that owe the customer something (reference: sage-x3 section 4.8, menu 645). The names of the
/// enumeration's members are formed as all are.
const CREDITS: [&str; 2] = ["creditMemo", "creditNote"];

/// How many credit memos and credit notes of X3 have the sites and companies of `settings`, and are left out because of their
/// category. Nothing when X3 does not say.
///
/// # Errors
/// When X3 cannot be asked.
pub async fn credits_left_out(
    client: &X3Client,
    settings: &SalesInvoiceSettings,
) -> Result<Option<u64>, EndpointError> {
    let wanted = settings.categories.iter().map(String::as_str);
    let wanted: Vec<&str> = wanted.collect();
    let left_out = CREDITS.into_iter().filter(|name| !wanted.contains(name));
    let mut filters = places(settings);
    filters.push(Filter::field("category").is_in(left_out));
    let query = Query::new()
        .filter(Filter::all(filters))
        .first(PageSize::new(1))
        .with_total();
    let page = client.sales_invoices().page(&query).await;
    Ok(page.map_err(endpoint_error)?.total)
}

impl SalesInvoiceEndpoint {
    /// The sales invoices that `client` reaches.
    #[must_use]
    pub fn new(client: X3Client, settings: &SalesInvoiceSettings) -> Self {
        let mut table = table()
            .custom_fields(settings.custom.iter().cloned())
            .mapped_fields(&settings.mapped)
            .scope(scope(settings))
            .supplement(InvoiceLines);
        if settings.open_items {
            table = table.supplement(OpenItems);
        }
        if let Some(stamp) = &settings.stamp {
            for source in [
                ChangeSource::SalesInvoice,
                ChangeSource::SalesInvoiceLine,
                ChangeSource::CustomerInvoiceHeader,
            ] {
                table = table.stamp(source, stamp.clone());
            }
        }
        Self::of(client, table)
    }
}

fn scope(settings: &SalesInvoiceSettings) -> Filter {
    let mut filters = places(settings);
    filters.push(if settings.categories.is_empty() {
        Filter::field("category").eq("invoice")
    } else {
        Filter::field("category").is_in(settings.categories.iter().map(String::as_str))
    });
    Filter::all(filters)
}

/// Of these sites and companies.
fn places(settings: &SalesInvoiceSettings) -> Vec<Filter> {
    let mut filters = Vec::new();
    if !settings.sites.is_empty() {
        let sites = settings.sites.iter().map(SiteCode::as_str);
        filters.push(Filter::field("salesSite.code").is_in(sites));
    }
    if !settings.companies.is_empty() {
        let companies = settings.companies.iter().map(CompanyCode::as_str);
        filters.push(Filter::field("company.code").is_in(companies));
    }
    filters
}

fn table() -> NodeTable<SalesInvoice> {
    let code = |name: &str, path: &str, read: fn(&SalesInvoice) -> Option<&str>| {
        NodeField::new(name, path, move |invoice| {
            Value::text(read(invoice).unwrap_or_default())
        })
    };
    let fields = vec![
        code("id", "id.id", |invoice| Some(invoice.id.as_str())),
        code("company", "company.code", |invoice| {
            Some(invoice.company.as_ref()?.as_str())
        }),
        code("salesSite", "salesSite.code", |invoice| {
            Some(invoice.sales_site.as_ref()?.as_str())
        }),
        code("billToCustomer", "billToCustomer.code.code", |invoice| {
            Some(invoice.bill_to_customer.as_ref()?.as_str())
        }),
        code("soldToCustomer", "soldToCustomer.code.code", |invoice| {
            Some(invoice.sold_to_customer.as_ref()?.as_str())
        }),
        code("currency", "currency.code", |invoice| {
            Some(invoice.currency.as_ref()?.as_str())
        }),
        code("invoiceType", "invoiceType._id", |invoice| {
            Some(invoice.invoice_type.as_ref()?.as_str())
        }),
        code("category", "category", |invoice| {
            invoice.category.as_deref()
        }),
        code("status", "status", |invoice| invoice.status.as_deref()),
        code("sourceDocumentNumber", "sourceDocumentNumber", |invoice| {
            Some(&invoice.source_number)
        }),
        code("internalReference", "internalReference", |invoice| {
            Some(&invoice.internal_reference)
        }),
        NodeField::new("invoiceDate", "invoiceDate", |invoice: &SalesInvoice| {
            day(invoice.invoice_date)
        }),
        NodeField::new(
            "accountingDate",
            "id.accountingDate",
            |invoice: &SalesInvoice| day(invoice.accounting_date),
        ),
        NodeField::new(
            "totalAmountExcludingTax",
            "id.totalAmountExcludingTax",
            |invoice: &SalesInvoice| invoice.total_amount_excluding_tax.into(),
        ),
        NodeField::new(
            "totalAmountIncludingTax",
            "id.totalAmountIncludingTax",
            |invoice: &SalesInvoice| invoice.total_amount_including_tax.into(),
        ),
        NodeField::new(
            "taxAmount",
            "id.totalAmountIncludingTax",
            |invoice: &SalesInvoice| tax_amount(invoice).into(),
        )
        .not_searchable(),
    ];
    NodeTable::new(
        "sales invoices",
        "id",
        fields,
        |invoice| invoice.updated_at.max(invoice.header_updated_at),
        |invoice| &invoice.extra,
    )
}

fn tax_amount(invoice: &SalesInvoice) -> Option<Decimal> {
    Some(invoice.total_amount_including_tax? - invoice.total_amount_excluding_tax?)
}

pub(super) fn day(day: Option<jiff::civil::Date>) -> Value {
    day.map_or(Value::Null, Value::Date)
}

fn name(name: &str) -> FieldName {
    FieldName::from(name)
}

/// The lines, read by their own node.
#[derive(Debug)]
struct InvoiceLines;

#[async_trait]
impl Supplement<SalesInvoice> for InvoiceLines {
    fn fields(&self) -> Vec<FieldName> {
        vec![name("lines"), name("salesOrder")]
    }

    async fn read(
        &self,
        client: &X3Client,
        records: &[SalesInvoice],
    ) -> Result<Vec<Document>, EndpointError> {
        let ids: Vec<InvoiceId> = records.iter().map(|invoice| invoice.id.clone()).collect();
        let mut lines = client
            .sales_invoices()
            .lines(&ids)
            .await
            .map_err(endpoint_error)?;
        let records = ids.iter();
        Ok(records
            .map(|id| with_lines(&lines.remove(id).unwrap_or_default()))
            .collect())
    }
}

fn with_lines(lines: &[SalesInvoiceLine]) -> Document {
    let mut orders: Vec<Option<&str>> = lines
        .iter()
        .map(|line| line.sales_order.as_ref().map(|order| order.as_str()))
        .collect();
    orders.dedup();
    let order = match orders[..] {
        [Some(order)] => Value::text(order),
        _ => Value::Null,
    };
    let lines: Vec<Document> = lines.iter().map(line).collect();
    Document::new()
        .with("lines", lines)
        .with("salesOrder", order)
}

fn line(line: &SalesInvoiceLine) -> Document {
    let product = line.product.as_ref().map(|code| code.as_str().to_owned());
    let order = line.sales_order.as_ref().map(|id| id.as_str().to_owned());
    // Of a line in prices with tax, what one costs without it.
    let share = || {
        line.amount_excluding_tax?
            .checked_div(line.quantity_invoiced?)
    };
    Document::new()
        .with("product", product)
        .with("salesOrder", order)
        .with("description", line.description.as_str())
        .with("quantityInSalesUnitInvoiced", line.quantity_invoiced)
        .with(
            "netPriceExcludingTax",
            line.net_price_excluding_tax.or_else(share),
        )
        .with("amountExcludingTax", line.amount_excluding_tax)
}

/// When invoices are due and what of them is not paid (reference: sage-x3 section 3.11, node openItem).
#[derive(Debug)]
struct OpenItems;

const OPEN_ITEMS: Children = Children {
    package: "x3FinanceData",
    node: "openItem",
    owner: "documentNumber",
    order: "lineNumber",
};

#[async_trait]
impl Supplement<SalesInvoice> for OpenItems {
    fn fields(&self) -> Vec<FieldName> {
        vec![name("dueDate"), name("outstanding")]
    }

    async fn read(
        &self,
        client: &X3Client,
        records: &[SalesInvoice],
    ) -> Result<Vec<Document>, EndpointError> {
        let selection = open_item(&[
            "lineNumber",
            "amountInCurrency",
            "paidAmountInCurrency",
            "dueDate",
        ])?;
        let owners: Vec<String> = records
            .iter()
            .map(|invoice| invoice.id.as_str().to_owned())
            .collect();
        let items = OPEN_ITEMS.of(client, &owners, &selection).await?;
        let mut documents = Vec::with_capacity(records.len());
        for owner in &owners {
            let (mut due, mut open) = (None, None);
            for item in items.get(owner).into_iter().flatten() {
                let number = |path| OPEN_ITEMS.decimal(item, path);
                let amount = number("amountInCurrency")?.unwrap_or_default();
                let paid = number("paidAmountInCurrency")?.unwrap_or_default();
                open = Some(open.unwrap_or(Decimal::ZERO) + amount - paid);
                due = due.max(OPEN_ITEMS.day(item, "dueDate")?);
            }
            let document = Document::new()
                .with("dueDate", day(due))
                .with("outstanding", open);
            documents.push(document);
        }
        Ok(documents)
    }

    async fn check(&self, client: &X3Client) -> Result<Vec<Problem>, EndpointError> {
        if OPEN_ITEMS.is_offered(client).await? {
            return Ok(Vec::new());
        }
        let endpoint = client.endpoint();
        let message = format!(
            "X3 endpoint `{endpoint}` does not offer `OpenItem.query`: activate it for node `OpenItem` in function GESAPIOPE, \
             or read no open items"
        );
        Ok(vec![Problem { message }])
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        vec![FeedDescription {
            name: FeedName::from(OPEN_ITEMS.node),
            precision: std::time::Duration::from_millis(1),
        }]
    }

    async fn changes(
        &self,
        client: &X3Client,
        request: &ChangesRequest,
    ) -> Result<ChangesPage, EndpointError> {
        OPEN_ITEMS
            .changes(client, request, open_item(&["_updateStamp"])?)
            .await
    }
}

/// The fields of an open item to read, beside its document's number.
fn open_item(fields: &[&str]) -> Result<Selection, EndpointError> {
    let mut selection = Selection::new().field("documentNumber");
    for field in fields {
        selection = selection.and_then(|selection| selection.field(field));
    }
    selection.map_err(|error| super::error::misconfigured(error.to_string()))
}
