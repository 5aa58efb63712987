//! Reading customers.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use graphql_client::GraphQLQuery as _;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    CustomerQuery, Customers,
    query::{page_request, read_request},
};
use crate::{
    config::Generation,
    error::{CallContext, Error, InvalidRequest},
    graphql::{
        answer::Parsed,
        connection::{Connection, Nested},
        document::{Operation, Rendering},
        execute::GraphqlRequest,
        filter::Filter,
        operations::{CustomerAddresses, customer_addresses, customer_page as wire},
    },
    ids::{CustomerCode, FieldName},
    model::{Address, Customer, CustomerNode, address, customer, more_addresses},
    page::{Cursor, Page, PageSize, Pager, page},
};

/// A customer, and where the rest of its addresses is, if there is more.
type Read = (Customer, Option<Option<Cursor>>);

impl Customers {
    /// One page of customers.
    ///
    /// May be repeated: yes. Source: reference sage-x3 sections 3.4 to 3.6.
    ///
    /// # Errors
    /// [`Error::PartialData`] when any part of the page is missing: an incomplete page is never handed out.
    pub async fn page(&self, query: &CustomerQuery) -> Result<Page<Customer>, Error> {
        if query.filter.is_never() {
            return Ok(Page::empty());
        }
        let generation = self.client.site().generation;
        let request = page_request(query, generation, &self.extra)?;
        let found = if self.extra.is_empty() {
            parse_page::<wire::CustomerFields>(self.client.read(&request).await?, &self.extra)?
        } else {
            parse_page::<Box<RawValue>>(self.client.read(&request).await?, &self.extra)?
        };
        let Page {
            items,
            next,
            total,
            diagnoses,
            repaired,
        } = found;
        let items = try_join_all(items.into_iter().map(|read| self.complete(read))).await?;
        Ok(Page {
            items,
            next,
            total,
            diagnoses,
            repaired,
        })
    }

    /// All pages from where `query` begins, fetched one by one on demand.
    pub fn pages(&self, query: CustomerQuery) -> Pager<Customer> {
        let customers = self.clone();
        Pager::new(query.after.clone(), move |cursor| {
            let (customers, query) = (customers.clone(), query.clone().after(cursor));
            async move { customers.page(&query).await }
        })
    }

    /// All customers from where `query` begins, one by one.
    pub fn stream(
        &self,
        query: CustomerQuery,
    ) -> impl futures::Stream<Item = Result<Customer, Error>> + Send + use<> {
        self.pages(query).items()
    }

    /// The customer with `code` and all its addresses, or none.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn read(&self, code: &CustomerCode) -> Result<Option<Customer>, Error> {
        let request = read_request(code, self.client.site().generation, &self.extra)?;
        let found = if self.extra.is_empty() {
            parse_read::<wire::CustomerFields>(self.client.read(&request).await?, &self.extra)?
        } else {
            parse_read::<Box<RawValue>>(self.client.read(&request).await?, &self.extra)?
        };
        match found {
            Some(read) => Ok(Some(self.complete(read).await?)),
            None => Ok(None),
        }
    }

    /// The customers with `codes` that exist, by code, with their default address: one query for each 200 codes.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn read_many(
        &self,
        codes: &[CustomerCode],
    ) -> Result<BTreeMap<CustomerCode, Customer>, Error> {
        let mut found = BTreeMap::new();
        for chunk in codes.chunks(PageSize::default().get()) {
            let query = CustomerQuery::new()
                .filter(Filter::field("code.code").is_in(chunk))
                .first(PageSize::new(chunk.len()));
            let mut after = None;
            loop {
                let page = self.page(&query.clone().after(after)).await?;
                found.extend(
                    page.items
                        .into_iter()
                        .map(|customer| (customer.code.clone(), customer)),
                );
                // A server that gives smaller pages than asked for is followed to the end.
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(found)
    }

    /// Fetches the addresses that did not come with a customer.
    async fn complete(&self, (mut customer, rest): Read) -> Result<Customer, Error> {
        let mut rest = rest;
        while let Some(after) = rest {
            let request = addresses_request(&customer.code, after, self.client.site().generation)?;
            let page = parse_addresses(self.client.read(&request).await?)?;
            customer
                .addresses
                .get_or_insert_default()
                .extend(page.items);
            rest = page.next.map(Some);
        }
        Ok(customer)
    }
}

fn parse_page<N: CustomerNode>(
    answer: Parsed<Nested<Connection<N>>>,
    extra: &[FieldName],
) -> Result<Page<Read>, Error> {
    let (data, diagnoses, context) = answer.complete()?;
    page(data.into_inner(), diagnoses, &context)?
        .try_filter_map(|node| read_node(node, extra, &context).map(Some))
}

fn parse_read<N: CustomerNode>(
    answer: Parsed<Nested<N>>,
    extra: &[FieldName],
) -> Result<Option<Read>, Error> {
    let (data, _, context) = answer.complete()?;
    data.into_inner()
        .map(|node| read_node(node, extra, &context))
        .transpose()
}

fn read_node<N: CustomerNode>(
    node: N,
    extra: &[FieldName],
    context: &CallContext,
) -> Result<Read, Error> {
    let decode = |source| Error::Decode {
        context: Box::new(context.clone()),
        source,
    };
    let (fields, extra) = node.read(extra).map_err(decode)?;
    let rest = more_addresses(&fields);
    if rest == Some(None) {
        let what = "the customer's addresses go on but have no cursor".to_owned();
        return Err(Error::Protocol {
            context: Box::new(context.clone()),
            what,
        });
    }
    let customer = customer(fields, extra).map_err(|_| Error::Protocol {
        context: Box::new(context.clone()),
        what: "a customer has no code".to_owned(),
    })?;
    Ok((customer, rest))
}

const ADDRESSES: Operation = Operation {
    name: customer_addresses::OPERATION_NAME,
    text: customer_addresses::QUERY,
};

/// The request for more addresses of a customer.
fn addresses_request(
    code: &CustomerCode,
    after: Option<Cursor>,
    generation: Generation,
) -> Result<GraphqlRequest, InvalidRequest> {
    let variables = customer_addresses::Variables {
        id: code.as_str().to_owned(),
        first: Some(200),
        after: after.map(|cursor| cursor.as_str().to_owned()),
    };
    let document = ADDRESSES.render(Rendering {
        generation,
        ..Rendering::default()
    });
    let body = CustomerAddresses::build_query(variables);
    GraphqlRequest::new(
        "customer.addresses",
        &document,
        Some(body.operation_name),
        &body.variables,
    )
}

/// The fragment that both documents share makes their address types the same.
#[derive(Debug, Deserialize)]
struct WithAddresses {
    addresses: Option<Collection>,
}

#[derive(Debug, Deserialize)]
struct Collection {
    query: Option<Connection<wire::AddressFields>>,
}

fn parse_addresses(answer: Parsed<Nested<WithAddresses>>) -> Result<Page<Address>, Error> {
    let (data, diagnoses, context) = answer.complete()?;
    let collection = data.into_inner().and_then(|customer| customer.addresses);
    // The customer was there a moment ago: deleted meanwhile, so it has no more addresses.
    let Some(collection) = collection else {
        return Ok(Page::empty());
    };
    page(collection.query, diagnoses, &context)?.try_filter_map(|fields| Ok(Some(address(fields))))
}

#[cfg(test)]
mod tests;
