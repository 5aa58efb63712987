//! A class and what can be read of it.

use std::{fmt, marker::PhantomData};

use client_core::Call;
use futures::Stream;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;

use super::{
    answer::{Api1Answer, holds_record, says_missing, single},
    columns::Columns,
    condition::Where,
    key::Key,
    names::{ClassName, ColumnName, RepresentationName},
    prototype::Prototype,
    query::{self, Api1Query},
    url::{Resource, representation, request},
};
use crate::{
    client::{Exchanged, X3Client},
    error::{Error, InvalidRequest},
    graphql::execute::classify,
    page::{Cursor, Page, PageSize, Pager},
};

/// A record with a type of its own.
pub trait Api1Record: DeserializeOwned + Send + Sync + 'static {
    /// The class that it belongs to.
    const CLASS: &'static str;
    /// The representation that shows it, unless another is chosen.
    const REPRESENTATION: &'static str = Self::CLASS;
    /// Its key columns, in the order of the table's key.
    const KEY: &'static [&'static str];
}

/// The records of a class. Cheap to make and to clone.
///
/// Every call is also described by a pure pair inside this crate, one function that builds the request and one that reads
/// the answer.
pub struct Api1Class<T> {
    pub(super) client: X3Client,
    pub(super) class: ClassName,
    pub(super) representation: RepresentationName,
    key: Vec<String>,
    record: PhantomData<fn() -> T>,
}

impl<T> Clone for Api1Class<T> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            class: self.class.clone(),
            representation: self.representation.clone(),
            key: self.key.clone(),
            record: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Api1Class<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api1Class")
            .field("class", &self.class)
            .field("representation", &self.representation)
            .finish_non_exhaustive()
    }
}

impl<T: Api1Record> Api1Class<T> {
    pub(super) fn of(client: X3Client) -> Self {
        let class = ClassName::known(T::CLASS);
        Self {
            client,
            representation: RepresentationName::known(T::REPRESENTATION),
            class,
            key: T::KEY.iter().map(|column| (*column).to_owned()).collect(),
            record: PhantomData,
        }
    }
}

impl Api1Class<Columns> {
    pub(super) fn named(client: X3Client, class: ClassName) -> Self {
        Self {
            client,
            representation: RepresentationName::of_class(&class),
            class,
            key: Vec::new(),
            record: PhantomData,
        }
    }

    /// Names the key columns, in the order of the table's key. Then [`read`](Self::read) also works where the site shows no
    /// details, and tells a missing record from a missing class.
    #[must_use]
    pub fn key_columns(mut self, columns: impl IntoIterator<Item = ColumnName>) -> Self {
        self.key = columns
            .into_iter()
            .map(|column| column.to_string())
            .collect();
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> Api1Class<T> {
    /// Shows records by another representation than the one named like the class.
    #[must_use]
    pub fn representation(mut self, name: RepresentationName) -> Self {
        self.representation = name;
        self
    }

    /// One page of a list. `cursor` is where a page before it ended; the query must be the same then.
    ///
    /// An empty list is no error. A column in the filter that the representation does not show makes X3 answer 500.
    ///
    /// # Errors
    /// When X3 refuses the query, or its answer cannot be read.
    pub async fn query(
        &self,
        query: &Api1Query,
        cursor: Option<&Cursor>,
    ) -> Result<Page<T>, Error> {
        if query.is_never() {
            return Ok(Page::empty());
        }
        let asked = match cursor {
            Some(cursor) => cursor.as_str().to_owned(),
            None => {
                query.to_url_query(&self.representation, self.client.site().api1.date_literal)?
            }
        };
        let exchanged = self.get("api1.query", Resource::Class, &asked).await?;
        query::page(exchanged, &asked)
    }

    /// All pages of a list, fetched one at a time and only when asked for.
    pub fn pages(&self, query: Api1Query) -> Pager<T> {
        self.pages_from(query, None)
    }

    /// The pages from `cursor` on.
    pub fn pages_from(&self, query: Api1Query, cursor: Option<Cursor>) -> Pager<T> {
        let class = self.clone();
        Pager::new(cursor, move |cursor| {
            let (class, query) = (class.clone(), query.clone());
            async move { class.query(&query, cursor.as_ref()).await }
        })
    }

    /// All records of a list, one by one.
    pub fn stream(&self, query: Api1Query) -> impl Stream<Item = Result<T, Error>> + Send + use<T> {
        self.pages(query).items()
    }

    /// The details of one record; none when it is not there.
    ///
    /// Some classes show no details, and `api1` answers "no such record" in several ways. Where that is unclear and the
    /// key columns are known, the record is looked up in the list, which may show fewer columns.
    ///
    /// # Errors
    /// When X3 refuses, or its answer cannot be read.
    pub async fn read(&self, key: &Key) -> Result<Api1Answer<Option<T>>, Error> {
        let query = representation(&self.representation, "details");
        let exchanged = self
            .get("api1.details", Resource::Record(key), &query)
            .await?;
        let status = exchanged.response.status();
        let is_record = holds_record(&exchanged);
        let context = exchanged.context.clone();
        match single::<T>(exchanged, false) {
            Ok(answer) if is_record => Ok(answer.map(Some)),
            Ok(_) => Err(Error::Protocol {
                context: Box::new(context),
                what: "the answer holds no record although X3 reports no error".to_owned(),
            }),
            Err(Error::Failed { diagnoses, .. }) if says_missing(&diagnoses) => Ok(Api1Answer {
                value: None,
                key: None,
                diagnoses,
                repaired: 0,
                attempts: context.attempts,
            }),
            Err(error) if may_be_about_the_key(status) => match self.find(key).await {
                Some(answer) => Ok(answer),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Looks a record up in the list; none when that cannot be done.
    async fn find(&self, key: &Key) -> Option<Api1Answer<Option<T>>> {
        if self.key.is_empty() || self.key.len() != key.parts().len() {
            return None;
        }
        let columns = self.key.iter().zip(key.parts());
        let same = columns.map(|(column, part)| Where::column(column.as_str()).eq(part.as_str()));
        let query = Api1Query::new()
            .filter(Where::all(same))
            .page_size(PageSize::new(2));
        let page = self.query(&query, None).await.ok()?;
        let value = page.items.into_iter().next();
        Some(Api1Answer {
            key: value.as_ref().map(|_| key.clone()),
            value,
            diagnoses: page.diagnoses,
            repaired: page.repaired,
            attempts: 1,
        })
    }

    /// The values that a new record begins with.
    ///
    /// # Errors
    /// When X3 refuses, or its answer cannot be read.
    pub async fn template(&self) -> Result<Api1Answer<Columns>, Error> {
        let query = representation(&self.representation, "create");
        single(
            self.get("api1.template", Resource::Template, &query)
                .await?,
            false,
        )
    }

    /// What the representation shows in `facet` (`query`, `details`, `create`, `edit`), column by column.
    ///
    /// # Errors
    /// [`Error::Invalid`] when `facet` is no name; when X3 refuses, or its answer cannot be read.
    pub async fn prototype(&self, facet: &str) -> Result<Api1Answer<Prototype>, Error> {
        if facet.is_empty() || !facet.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidRequest::new("a facet is a word such as `details`").into());
        }
        let shown = format!("{}.${facet}", self.representation);
        single(
            self.get("api1.prototype", Resource::Prototype(&shown), "")
                .await?,
            false,
        )
    }

    async fn get(
        &self,
        operation: &'static str,
        resource: Resource<'_>,
        query: &str,
    ) -> Result<Exchanged, Error> {
        let request = request(
            self.client.site(),
            Method::GET,
            &self.class,
            resource,
            query,
            None,
        )?;
        self.client
            .exchange(
                operation,
                Call::repeatable(operation, request),
                &classify,
                false,
            )
            .await
    }
}

/// Statuses with which `api1` answers both "no such record" and "no such facet". Source: reference sage-x3 section 4.3.
fn may_be_about_the_key(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::INTERNAL_SERVER_ERROR
    )
}

#[cfg(test)]
mod tests;
