//! Customer invoices of X3's accounting.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use sage_x3_client::{
    AccountCode, AccountKey, ChangeSource, ChartCode, CurrencyCode, CustomerInvoiceHeader,
    CustomerInvoicePatch, FieldName as X3Field, Filter, InvalidName, InvoiceId, NewCustomerInvoice,
    NewCustomerInvoiceLine, Offer, PaymentTermCode, RecordId as X3Id, SiteCode, StampField,
    Support, X3Client,
    dynamic::{DynamicRecord, Selection},
};

use super::{
    children::Children,
    error::{misconfigured, rejection, remarks, write_error},
    ledger::closed_accounts,
    node::NodeEndpoint,
    sales_invoices::day,
    settings::CustomField,
    table::{NodeField, NodeTable, NodeWriter, Supplement, activate, unknown_field},
};
use crate::{
    endpoint::{EndpointError, Key, Problem, Rejection, Write, WriteError, Written},
    flows::invoices::AccountTable,
    ids::{FieldName, RecordId},
    value::{Document, Value},
};

const PLURAL: &str = "customer invoices";

/// Which customer invoices are there, and how they are made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CustomerInvoiceSettings {
    /// Only those of these financial sites; empty: all.
    pub sites: Vec<SiteCode>,
    /// The type of invoices that are made; X3 takes the site's without one.
    pub invoice_type: Option<X3Id>,
    /// Accounts that invoices may be posted to: the check at start names those that X3 does not have or that are closed.
    pub accounts: Vec<AccountKey>,
    /// Fields of the site to read as well.
    pub custom: Vec<CustomField>,
    /// The stamp to poll by, if not `_updateStamp`.
    pub stamp: Option<StampField>,
    /// The fields that the flow uses, so that the check at start can tell which do not exist.
    pub mapped: Vec<FieldName>,
}

impl CustomerInvoiceSettings {
    /// Has the check at start look at every account that `table` names.
    ///
    /// # Errors
    /// [`InvalidName`] for an account that cannot be one of X3's.
    pub fn accounts_of(mut self, table: &AccountTable) -> Result<Self, InvalidName> {
        let accounts = table.accounts().into_iter();
        let keys = accounts.map(|account| account_key(account.chart(), account.code()));
        self.accounts = keys.collect::<Result<_, _>>()?;
        Ok(self)
    }
}

fn account_key(chart: &str, code: &str) -> Result<AccountKey, InvalidName> {
    Ok(AccountKey {
        chart: ChartCode::new(chart)?,
        code: AccountCode::new(code)?,
    })
}

/// The customer invoices of an X3 endpoint's accounting. A record's identity is the invoice's number.
///
/// | field | in X3 | value |
/// |---|---|---|
/// | `id` | number | text; only on creation |
/// | `billToCustomer`, `financialSite`, `currency`, `paymentTerm` | by code | text; only on creation |
/// | `taxRule` | by code | text; only on creation, not read |
/// | `company` | by code | text; read only |
/// | `accountingDate`, `sourceDocumentDate` | | day; only on creation |
/// | `sourceDocument` | | text; only on creation |
/// | `status` | name of the enumeration's member | text; read only |
/// | `totalAmountExcludingTax`, `totalAmountIncludingTax` | worked out by X3 | number; read only |
/// | `lines` | lines in order: `account` (chart and code), `amountExcludingTax`, `tax`, `lineDescription` | list; only on creation, read where the site publishes the node `customerInvoiceLine` |
///
/// X3 does not change an invoice that is made: every update is refused with the fields that differ. Before an invoice is made
/// its accounts are looked up: they must exist, and be active as far as the site publishes that.
pub type CustomerInvoiceEndpoint = NodeEndpoint<CustomerInvoiceHeader>;

impl CustomerInvoiceEndpoint {
    /// The customer invoices that `client` reaches.
    #[must_use]
    pub fn new(client: X3Client, settings: CustomerInvoiceSettings) -> Self {
        let mut table = table()
            .custom_fields(settings.custom.iter().cloned())
            .mapped_fields(&settings.mapped)
            .supplement(PostedLines {
                accounts: settings.accounts.clone(),
            });
        if !settings.sites.is_empty() {
            let sites = settings.sites.iter().map(SiteCode::as_str);
            table = table.scope(Filter::field("financialSite.code").is_in(sites));
        }
        if let Some(stamp) = &settings.stamp {
            table = table.stamp(ChangeSource::CustomerInvoiceHeader, stamp.clone());
        }
        let writer = InvoiceWriter {
            client: client.clone(),
            settings,
        };
        Self::of(client, table.writer(writer))
    }
}

fn table() -> NodeTable<CustomerInvoiceHeader> {
    type Invoice = CustomerInvoiceHeader;
    let code = |name: &str, path: &str, read: fn(&Invoice) -> Option<&str>| {
        NodeField::new(name, path, move |invoice| {
            Value::text(read(invoice).unwrap_or_default())
        })
    };
    let fields = vec![
        code("id", "id", |invoice| Some(invoice.id.as_str())),
        code("billToCustomer", "billToCustomer.code.code", |invoice| {
            Some(invoice.bill_to_customer.as_ref()?.as_str())
        }),
        code("financialSite", "financialSite.code", |invoice| {
            Some(invoice.financial_site.as_ref()?.as_str())
        }),
        code("company", "company.code", |invoice| {
            Some(invoice.company.as_ref()?.as_str())
        }),
        code("currency", "currency.code", |invoice| {
            Some(invoice.currency.as_ref()?.as_str())
        }),
        code("paymentTerm", "paymentTerm.code", |invoice| {
            Some(invoice.payment_term.as_ref()?.as_str())
        }),
        code("sourceDocument", "sourceDocument", |invoice| {
            Some(&invoice.source_document)
        }),
        code("status", "status", |invoice| invoice.status.as_deref()),
        NodeField::new("accountingDate", "accountingDate", |invoice: &Invoice| {
            day(invoice.accounting_date)
        }),
        NodeField::new(
            "sourceDocumentDate",
            "sourceDocumentDate",
            |invoice: &Invoice| day(invoice.source_document_date),
        ),
        NodeField::new(
            "totalAmountExcludingTax",
            "totalAmountExcludingTax",
            |invoice: &Invoice| invoice.total_amount_excluding_tax.into(),
        ),
        NodeField::new(
            "totalAmountIncludingTax",
            "totalAmountIncludingTax",
            |invoice: &Invoice| invoice.total_amount_including_tax.into(),
        ),
    ];
    NodeTable::new(
        PLURAL,
        "id",
        fields,
        |invoice| invoice.updated_at,
        |invoice| &invoice.extra,
    )
}

/// The lines with their accounts. Sage publishes no properties of their node, so a site may not have it: then they are
/// absent.
#[derive(Debug)]
struct PostedLines {
    accounts: Vec<AccountKey>,
}

const LINES: Children = Children {
    package: "x3InvoicingData",
    node: "customerInvoiceLine",
    owner: "customerInvoiceHeader._id",
    order: "lineNumber",
};

fn line_selection() -> Result<Selection, EndpointError> {
    let key = |field: &str, selection: Selection| selection.object(field, Selection::new());
    let selection = Selection::new()
        .field("lineNumber")
        .and_then(|selection| selection.field("amountExcludingTax"))
        .and_then(|selection| selection.field("lineDescription"))
        .and_then(|selection| key("customerInvoiceHeader", selection))
        .and_then(|selection| key("account", selection))
        .and_then(|selection| key("tax", selection));
    selection.map_err(|error| misconfigured(error.to_string()))
}

#[async_trait]
impl Supplement<CustomerInvoiceHeader> for PostedLines {
    fn fields(&self) -> Vec<FieldName> {
        // Only on creation, and not published for reading.
        vec![FieldName::from("lines"), FieldName::from("taxRule")]
    }

    async fn read(
        &self,
        client: &X3Client,
        records: &[CustomerInvoiceHeader],
    ) -> Result<Vec<Document>, EndpointError> {
        if !LINES.is_offered(client).await? {
            return Ok(vec![Document::new(); records.len()]);
        }
        let owners: Vec<String> = records
            .iter()
            .map(|invoice| invoice.id.as_str().to_owned())
            .collect();
        let lines = LINES.of(client, &owners, &line_selection()?).await?;
        let documents = owners.iter().map(|owner| {
            let lines = lines.get(owner).into_iter().flatten().map(posted_line);
            let lines = lines.collect::<Result<Vec<Document>, EndpointError>>()?;
            Ok(Document::new().with("lines", lines))
        });
        documents.collect()
    }

    async fn check(&self, client: &X3Client) -> Result<Vec<Problem>, EndpointError> {
        let closed = closed_accounts(client, &self.accounts).await?;
        let closed = closed.into_values();
        Ok(closed.map(|message| Problem { message }).collect())
    }
}

fn posted_line(line: &DynamicRecord) -> Result<Document, EndpointError> {
    Ok(Document::new()
        .with("account", LINES.text(line, "account._id")?)
        .with(
            "amountExcludingTax",
            LINES.decimal(line, "amountExcludingTax")?,
        )
        .with("tax", LINES.text(line, "tax._id")?)
        .with("lineDescription", LINES.text(line, "lineDescription")?))
}

/// Makes customer invoices.
#[derive(Debug)]
struct InvoiceWriter {
    client: X3Client,
    settings: CustomerInvoiceSettings,
}

/// An invoice that can be sent, with the accounts that it goes to.
#[derive(Debug)]
struct Prepared {
    new: NewCustomerInvoice,
    accounts: Vec<AccountKey>,
}

#[async_trait]
impl NodeWriter for InvoiceWriter {
    fn creates(&self) -> bool {
        true
    }

    /// Every update is refused, by a sentence that says what differs and what to do about it.
    fn updates(&self) -> bool {
        true
    }

    fn problems(&self, offer: &Offer) -> Vec<Problem> {
        if offer.create != Support::Missing {
            return Vec::new();
        }
        let otherwise = "turn the flow off";
        let endpoint = self.client.endpoint();
        vec![activate(
            endpoint,
            "CustomerInvoiceHeader",
            "create",
            otherwise,
        )]
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        let prepared: Vec<Result<Prepared, Rejection>> =
            writes.iter().map(|write| self.prepare(write)).collect();
        let mut accounts: Vec<AccountKey> = prepared
            .iter()
            .flatten()
            .flat_map(|prepared| prepared.accounts.iter().cloned())
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        let closed = match closed_accounts(&self.client, &accounts).await {
            Ok(closed) => closed,
            Err(error) => {
                // Nothing was sent yet.
                let error = Arc::new(error);
                let failed = |_| Err(WriteError::Call(Arc::clone(&error)));
                return writes.iter().map(failed).collect();
            }
        };
        let prepared = prepared.into_iter();
        self.send(prepared.map(|invoice| allowed(invoice?, &closed)).collect())
            .await
    }
}

/// An invoice whose accounts are all open.
fn allowed(
    invoice: Prepared,
    closed: &BTreeMap<AccountKey, String>,
) -> Result<NewCustomerInvoice, Rejection> {
    let mut accounts = invoice.accounts.iter();
    match accounts.find_map(|account| closed.get(account)) {
        Some(why) => Err(rejection(Some("lines"), why.clone())),
        None => Ok(invoice.new),
    }
}

impl InvoiceWriter {
    /// One outcome for each invoice, in order.
    async fn send(
        &self,
        invoices: Vec<Result<NewCustomerInvoice, Rejection>>,
    ) -> Vec<Result<Written, WriteError>> {
        let new: Vec<NewCustomerInvoice> = invoices.iter().flatten().cloned().collect();
        let batch = self
            .client
            .customer_invoice_headers()
            .create_many(&new)
            .await;
        let mut rows = batch.rows.into_iter();
        let outcome = |invoice: Result<NewCustomerInvoice, Rejection>| {
            let invoice = invoice.map_err(WriteError::Rejected)?;
            let number = invoice.chosen_id().map(|id| id.as_str().to_uppercase());
            match rows.next() {
                Some(Ok(outcome)) => Ok(Written {
                    id: RecordId::from(outcome.value.as_str()),
                    created: true,
                    warnings: remarks(&outcome.diagnoses),
                }),
                Some(Err(error)) => Err(write_error(error, number.as_deref())),
                None => Err(WriteError::Later {
                    reason: "X3's client gave no outcome".to_owned(),
                    after: None,
                }),
            }
        };
        invoices.into_iter().map(outcome).collect()
    }

    fn prepare(&self, write: &Write) -> Result<Prepared, Rejection> {
        match write {
            Write::Create { key, fields } => self.creation(key, fields),
            Write::Update { id, fields, .. } => {
                let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                let message = format!(
                    "X3's invoice {id} is made, and X3 does not change it, but {} differ at Zoho now: put the invoice at Zoho \
                     back, or correct X3 by a credit note and dismiss this",
                    names.join(", ")
                );
                Err(rejection(names.first().copied(), message))
            }
            Write::Delete { .. } => {
                let message = "X3 deletes no invoices: correct them by a credit note";
                Err(rejection(None, message.to_owned()))
            }
        }
    }

    fn creation(&self, key: &Key, fields: &Document) -> Result<Prepared, Rejection> {
        let site: SiteCode = code(fields, "financialSite")?;
        let mut new = NewCustomerInvoice::new(site, code(fields, "billToCustomer")?);
        let mut values = CustomerInvoicePatch::new();
        match key.field.as_str() {
            "id" => new = new.id(valid("id", InvoiceId::new(key.value.as_str()))?),
            "sourceDocument" => values = values.source_document(key.value.as_str()),
            other => {
                let message = "X3's customer invoices are made by number or source document";
                return Err(rejection(Some(other), message.to_owned()));
            }
        }
        if let Some(kind) = &self.settings.invoice_type {
            values = values.invoice_type(kind.clone());
        }
        let mut accounts = Vec::new();
        for (name, value) in fields.iter() {
            let name = name.as_str();
            values = match name {
                // Already there, or worked out by X3 and compared when the invoice is made.
                "financialSite"
                | "billToCustomer"
                | "totalAmountIncludingTax"
                | "totalAmountExcludingTax" => values,
                "accountingDate" => values.accounting_date(date(name, value)?),
                "sourceDocumentDate" => values.source_document_date(date(name, value)?),
                "sourceDocument" => values.source_document(text(name, value)?),
                "currency" => values.currency(code::<CurrencyCode>(fields, name)?),
                "paymentTerm" => values.payment_term(code::<PaymentTermCode>(fields, name)?),
                "taxRule" => {
                    let field = valid(name, X3Field::new(name))?;
                    values.extra(field, text(name, value)?)
                }
                "lines" => {
                    for (line, number) in list(name, value)?.iter().zip(1..) {
                        let (account, line) = new_line(line).map_err(|message| {
                            rejection(Some(name), format!("line {number}: {message}"))
                        })?;
                        accounts.push(account);
                        new = new.line(line);
                    }
                    values
                }
                other => return Err(rejection(Some(other), unknown_field(PLURAL, other))),
            };
        }
        Ok(Prepared {
            new: new.values(values),
            accounts,
        })
    }
}

fn new_line(line: &Value) -> Result<(AccountKey, NewCustomerInvoiceLine), String> {
    let Value::Fields(line) = line else {
        return Err("it is no group of fields".to_owned());
    };
    let member = |name: &str| line.get(name).and_then(Value::as_text);
    let account = member("account").and_then(|key| key.split_once('|'));
    let (chart, code) = account.ok_or("it has no account, as chart|code")?;
    let wrong = |error: InvalidName| error.to_string();
    let account = account_key(chart, code).map_err(wrong)?;
    let Some(Value::Decimal(amount)) = line.get("amountExcludingTax") else {
        return Err("it has no amount".to_owned());
    };
    let mut new = NewCustomerInvoiceLine::new(account.clone(), *amount);
    if let Some(tax) = member("tax") {
        new = new.tax(tax.try_into().map_err(wrong)?);
    }
    if let Some(text) = member("lineDescription") {
        new = new.description(text);
    }
    Ok((account, new))
}

fn code<T: for<'a> TryFrom<&'a str, Error = InvalidName>>(
    fields: &Document,
    name: &str,
) -> Result<T, Rejection> {
    let value = fields.get(name).unwrap_or(&Value::Null);
    valid(name, T::try_from(text(name, value)?.as_str()))
}

fn valid<T>(name: &str, result: Result<T, InvalidName>) -> Result<T, Rejection> {
    result.map_err(|error| rejection(Some(name), error.to_string()))
}

fn text(name: &str, value: &Value) -> Result<String, Rejection> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        Value::Reference(id) => Ok(id.to_string()),
        other => Err(unfit(name, "text", other)),
    }
}

fn date(name: &str, value: &Value) -> Result<jiff::civil::Date, Rejection> {
    match value {
        Value::Date(day) => Ok(*day),
        other => Err(unfit(name, "a date", other)),
    }
}

fn list<'a>(name: &str, value: &'a Value) -> Result<&'a [Value], Rejection> {
    match value {
        Value::List(values) => Ok(values),
        other => Err(unfit(name, "a list", other)),
    }
}

fn unfit(name: &str, expected: &str, found: &Value) -> Rejection {
    let found = found.type_name();
    rejection(Some(name), format!("expected {expected}, found {found}"))
}
