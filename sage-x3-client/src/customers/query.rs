//! What to list.

use graphql_client::GraphQLQuery as _;

use crate::{
    config::Generation,
    error::InvalidRequest,
    graphql::{
        document::{Operation, Rendering},
        execute::GraphqlRequest,
        filter::Filter,
        operations::{CustomerPage, CustomerRead, customer_page, customer_read},
        order::OrderBy,
    },
    ids::{CustomerCode, FieldName},
    page::{Cursor, PageSize},
};

/// Which customers to list, and how.
#[derive(Clone, Debug)]
#[must_use]
pub struct CustomerQuery {
    pub(super) filter: Filter,
    pub(super) order: OrderBy,
    pub(super) first: PageSize,
    pub(super) after: Option<Cursor>,
    pub(super) addresses: bool,
    pub(super) total: bool,
}

impl Default for CustomerQuery {
    fn default() -> Self {
        Self::new()
    }
}

impl CustomerQuery {
    /// All customers by key, 200 a page, with their default address alone.
    pub fn new() -> Self {
        Self {
            filter: Filter::everything(),
            order: OrderBy::key(),
            first: PageSize::default(),
            after: None,
            addresses: false,
            total: false,
        }
    }

    /// Only customers that meet `filter`.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// In another order.
    pub fn order_by(mut self, order: OrderBy) -> Self {
        self.order = order;
        self
    }

    /// So many a page.
    pub fn first(mut self, first: PageSize) -> Self {
        self.first = first;
        self
    }

    /// From where another page ended.
    pub fn after(mut self, after: Option<Cursor>) -> Self {
        self.after = after;
        self
    }

    /// With all addresses of each customer.
    pub fn with_addresses(mut self) -> Self {
        self.addresses = true;
        self
    }

    /// With the number of customers that meet the filter, which costs the server a count.
    pub fn with_total(mut self) -> Self {
        self.total = true;
        self
    }
}

const PAGE: Operation = Operation {
    name: customer_page::OPERATION_NAME,
    text: customer_page::QUERY,
};
const READ: Operation = Operation {
    name: customer_read::OPERATION_NAME,
    text: customer_read::QUERY,
};

/// The request for one page.
pub(super) fn page_request(
    query: &CustomerQuery,
    generation: Generation,
    extra: &[FieldName],
) -> Result<GraphqlRequest, InvalidRequest> {
    let variables = customer_page::Variables {
        filter: Some(query.filter.to_json()?),
        order_by: Some(query.order.to_json()?),
        first: i64::try_from(query.first.get()).ok(),
        after: query
            .after
            .as_ref()
            .map(|cursor| cursor.as_str().to_owned()),
        with_addresses: query.addresses,
        with_total: query.total,
    };
    let document = PAGE.render(Rendering {
        generation,
        extra,
        stamp: None,
    });
    let body = CustomerPage::build_query(variables);
    GraphqlRequest::new(
        "customer.query",
        &document,
        Some(body.operation_name),
        &body.variables,
    )
}

/// The request for one customer.
pub(super) fn read_request(
    code: &CustomerCode,
    generation: Generation,
    extra: &[FieldName],
) -> Result<GraphqlRequest, InvalidRequest> {
    let variables = customer_read::Variables {
        id: code.as_str().to_owned(),
        with_addresses: true,
    };
    let document = READ.render(Rendering {
        generation,
        extra,
        stamp: None,
    });
    let body = CustomerRead::build_query(variables);
    GraphqlRequest::new(
        "customer.read",
        &document,
        Some(body.operation_name),
        &body.variables,
    )
}
