//! The customers of an X3 endpoint.

#[cfg(test)]
mod tests;
mod writes;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use sage_x3_client::{
    ChangeSource, Changes as ChangeQuery, Cursor, Customer, CustomerCode, CustomerQuery, Customers,
    Filter, Offer, PageSize, Precision, Support, X3Client,
};

use self::writes::code_of;
use super::{
    error::{endpoint_error, misconfigured, unreadable},
    fields::{STANDARD, filter_scalar, standard},
    settings::{CustomField, CustomerSettings},
};
use crate::{
    endpoint::{
        Capabilities, Change, ChangesPage, ChangesRequest, Endpoint, EndpointError,
        EndpointErrorKind, FeedDescription, Problem, Record, RecordsPage, Write, WriteError,
        Written,
    },
    ids::{FeedName, FieldName, PageToken, RecordId},
    value::{Document, Value},
};

/// The customers of an X3 endpoint. A record's identity is the customer's code.
///
/// Changes are found by three feeds, each with its own stamp: `customer`, `businessPartner` and `customerAddress`. All
/// name the customer. Fields: see the [module](super).
#[derive(Clone, Debug)]
pub struct CustomerEndpoint {
    client: X3Client,
    customers: Customers,
    settings: CustomerSettings,
}

/// The feeds, by the names of the nodes whose stamps they follow.
const FEEDS: [(&str, ChangeSource); 3] = [
    ("customer", ChangeSource::Customer),
    ("businessPartner", ChangeSource::BusinessPartner),
    ("customerAddress", ChangeSource::CustomerAddress),
];

impl CustomerEndpoint {
    /// The customers that `client` reaches.
    #[must_use]
    pub fn new(client: X3Client, settings: CustomerSettings) -> Self {
        let extra = settings.custom.iter().map(|field| field.name.clone());
        let customers = client.customers().with_extra(extra);
        Self {
            client,
            customers,
            settings,
        }
    }

    /// The names of all fields that records have here, in no particular order.
    pub fn field_names(&self) -> impl Iterator<Item = FieldName> {
        let standard = STANDARD.iter().map(|(name, ..)| FieldName::from(*name));
        standard.chain(
            self.settings
                .custom
                .iter()
                .map(|field| FieldName::from(field.name.as_str())),
        )
    }

    fn custom(&self, name: &str) -> Option<&CustomField> {
        self.settings
            .custom
            .iter()
            .find(|field| field.name.as_str() == name)
    }

    fn record(&self, customer: &Customer) -> Result<Record, EndpointError> {
        let mut fields: Document = STANDARD
            .iter()
            .map(|(name, field, _)| (FieldName::from(*name), field.read(customer)))
            .collect();
        for field in &self.settings.custom {
            if let Some(raw) = customer.extra.get(&field.name) {
                let value = field.kind.read(raw).map_err(|what| {
                    unreadable(format!(
                        "customer {}: field `{}`: {what}",
                        customer.code, field.name
                    ))
                })?;
                fields.set(field.name.as_str(), value);
            }
        }
        Ok(Record {
            id: RecordId::from(customer.code.as_str()),
            modified_at: modified_at(customer),
            fields,
        })
    }

    /// How X3 searches `field`.
    fn search_path(&self, field: &str) -> Result<String, EndpointError> {
        if let Some((_, _, path)) = STANDARD.iter().find(|(name, ..)| *name == field) {
            return path.map(str::to_owned).ok_or_else(|| {
                misconfigured(format!(
                    "X3 cannot search customers by `{field}`: choose another key"
                ))
            });
        }
        match self.custom(field) {
            Some(custom) => Ok(custom.name.to_string()),
            None => Err(misconfigured(self.unknown_field(field))),
        }
    }

    fn unknown_field(&self, field: &str) -> String {
        format!(
            "X3 customers have no field `{field}`: correct the mapping, or declare it as a field of the site"
        )
    }

    async fn check_reading(&self, problems: &mut Vec<Problem>) -> Result<(), EndpointError> {
        let one = CustomerQuery::new().first(PageSize::new(1));
        if let Err(error) = self.customers.page(&one).await {
            note(endpoint_error(error), problems)?;
            // The feeds would fail for the same reason.
            return Ok(());
        }
        for (_, source) in FEEDS {
            let query = self.change_query(source).first(PageSize::new(1));
            if let Err(error) = self.customers.changed(&query).await {
                note(endpoint_error(error), problems)?;
            }
        }
        Ok(())
    }

    fn check_offer(&self, offer: &Offer, problems: &mut Vec<Problem>) {
        let activate = |operation: &str, otherwise: &str| Problem {
            message: format!(
                "X3 endpoint `{}` does not offer `Customer.{operation}`: activate the API operation `{operation}` of node \
                 `Customer` in function GESAPIOPE, or {otherwise}",
                self.client.endpoint()
            ),
        };
        if self.settings.category.is_some() && offer.create == Support::Missing {
            problems.push(activate(
                "create",
                "configure no category for new customers",
            ));
        }
        if self.settings.updates && offer.update == Support::Missing {
            problems.push(activate("update", "forbid updates of customers"));
        }
        for field in &self.settings.custom {
            if offer.readable_field(field.name.as_str()) == Support::Missing {
                let message = format!(
                    "X3 endpoint `{}` has no field `{}` on node `Customer`: correct its name, or publish it there",
                    self.client.endpoint(),
                    field.name
                );
                problems.push(Problem { message });
            }
        }
    }

    fn change_query(&self, source: ChangeSource) -> ChangeQuery {
        ChangeQuery::of(source).stamp(self.settings.stamp_of(source))
    }
}

#[async_trait]
impl Endpoint for CustomerEndpoint {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            read_batch: 200,
            find_batch: 100,
            write_batch: 100,
            unique_fields: vec![FieldName::from("code")],
            creates: self.settings.category.is_some(),
            updates: self.settings.updates,
            deletes: false,
        }
    }

    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        let mut problems: Vec<Problem> = self
            .settings
            .mapped
            .iter()
            .filter(|name| {
                standard(name.as_str()).is_none() && self.custom(name.as_str()).is_none()
            })
            .map(|name| Problem {
                message: self.unknown_field(name.as_str()),
            })
            .collect();
        let offer = self.client.probe().await.map_err(endpoint_error);
        match offer {
            Ok(offer) => self.check_offer(&offer, &mut problems),
            Err(error) => {
                note(error, &mut problems)?;
                return Ok(problems);
            }
        }
        // A field that is known to be missing would only be named again.
        if problems.is_empty() {
            self.check_reading(&mut problems).await?;
        }
        Ok(problems)
    }

    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        // An id that is no code names no customer.
        let codes: Vec<CustomerCode> = ids.iter().filter_map(|id| code_of(id).ok()).collect();
        let found = self
            .customers
            .read_many(&codes)
            .await
            .map_err(endpoint_error)?;
        let by_id: BTreeMap<&str, &Customer> = found
            .iter()
            .map(|(code, customer)| (code.as_str(), customer))
            .collect();
        ids.iter()
            .map(|id| {
                by_id
                    .get(id.as_str())
                    .map(|customer| self.record(customer))
                    .transpose()
            })
            .collect()
    }

    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        let path = self.search_path(field.as_str())?;
        // Nothing equals nothing: an empty value is no key.
        let wanted: Vec<_> = values.iter().filter_map(filter_scalar).collect();
        let query = CustomerQuery::new().filter(Filter::field(path.as_str()).is_in(wanted));
        let mut found = vec![Vec::new(); values.len()];
        let mut after = None;
        loop {
            let page = self
                .customers
                .page(&query.clone().after(after))
                .await
                .map_err(endpoint_error)?;
            for customer in &page.items {
                let record = self.record(customer)?;
                let own = record
                    .fields
                    .get(field.as_str())
                    .cloned()
                    .unwrap_or(Value::Null);
                for (value, records) in values.iter().zip(&mut found) {
                    if same(value, &own) {
                        records.push(record.clone());
                    }
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        self.write_all(writes).await
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        let precision = |source| match self.settings.stamp_of(source).precision() {
            Precision::Millisecond => Duration::from_millis(1),
            Precision::Second => Duration::from_secs(1),
            _ => Duration::from_secs(86_400),
        };
        FEEDS
            .iter()
            .map(|(name, source)| FeedDescription {
                name: FeedName::from(*name),
                precision: precision(*source),
            })
            .collect()
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        let feed = request.feed.as_str();
        let (_, source) = FEEDS
            .iter()
            .find(|(name, _)| *name == feed)
            .ok_or_else(|| misconfigured(format!("X3 customers have no feed `{feed}`")))?;
        let query = self
            .change_query(*source)
            .since(request.since)
            .after(cursor(request.page.as_ref()));
        let page = self
            .customers
            .changed(&query)
            .await
            .map_err(endpoint_error)?;
        let changes = page
            .items
            .iter()
            .map(|row| Change {
                id: RecordId::from(row.key.as_str()),
                stamp: row.stamp,
            })
            .collect();
        Ok(ChangesPage {
            changes,
            next: page.next.as_ref().map(token),
        })
    }

    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        let query = CustomerQuery::new().after(cursor(page));
        let page = self.customers.page(&query).await.map_err(endpoint_error)?;
        let records = page
            .items
            .iter()
            .map(|customer| self.record(customer))
            .collect::<Result<_, _>>()?;
        Ok(RecordsPage {
            records,
            next: page.next.as_ref().map(token),
        })
    }
}

/// The latest change of anything that the record shows.
fn modified_at(customer: &Customer) -> Option<jiff::Timestamp> {
    let address = customer
        .default_address
        .as_ref()
        .and_then(|address| address.updated_at);
    [customer.updated_at, customer.partner_updated_at, address]
        .into_iter()
        .max()
        .flatten()
}

/// Whether a record's value is the one searched for. Databases of X3 differ in whether they tell capitals apart.
fn same(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Null, _) => false,
        (Value::Text(wanted), Value::Text(found)) => {
            wanted.trim().to_lowercase() == found.trim().to_lowercase()
        }
        (wanted, found) => wanted == found,
    }
}

/// A failure of the site's set-up is a problem to report; any other failure means that it could not be asked.
fn note(error: EndpointError, problems: &mut Vec<Problem>) -> Result<(), EndpointError> {
    if error.kind == EndpointErrorKind::Misconfigured {
        problems.push(Problem {
            message: error.message,
        });
        return Ok(());
    }
    Err(error)
}

fn cursor(page: Option<&PageToken>) -> Option<Cursor> {
    page.map(|page| Cursor::new(page.as_str()))
}

fn token(cursor: &Cursor) -> PageToken {
    PageToken::new(cursor.as_str())
}
