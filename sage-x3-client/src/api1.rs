//! The REST service `api1` (Syracuse): the read path of sites without GraphQL, and the write path of classes of a site's
//! own.
//!
//! A *class* is what `api1` calls a kind of record, usually by the name of its table (`BPCUSTOMER`); a *representation* says
//! which columns are shown. Columns carry X3's own codes. Source: reference sage-x3 section 4.
//!
//! Standard classes are read-only here; writes need a class that the site has built for them (section 4.4).
//!
//! ```no_run
//! use sage_x3_client::{ConnectedApp, SiteConfig, X3Client, api1::{Api1Query, Key, Where, records::Customer}};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let x3 = X3Client::builder(SiteConfig::new("http://x3.example:8124", "SEED"))
//!     .credential(ConnectedApp::new("client id", std::env::var("X3_SECRET")?))
//!     .build()?;
//! let customers = x3.api1().records::<Customer>();
//!
//! let query = Api1Query::new().filter(Where::column("CUR").eq("EUR"));
//! let page = customers.query(&query, None).await?;
//! println!("{} customers on the first page", page.items.len());
//!
//! if let Some(customer) = customers.read(&Key::new("NA001")?).await?.value {
//!     println!("{:?} {:?}", customer.name, customer.columns.text("YZONE")?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is taken care of
//!
//! - **200 is not success.** `$diagnoses` of severity error or fatal fail the call, whatever the status.
//! - **Paging** follows `$links.$next`, which holds a position by key; nothing is counted. Only its query is used: the
//!   credential never follows a link to another host.
//! - **Faulty JSON.** Some servers write stray backslashes into long texts. They are repaired, counted in
//!   [`Page::repaired`](crate::Page::repaired) and [`Api1Answer::repaired`], and logged.
//! - **X3's own values**: [`LocalMenu`] counts from 1, [`Day`] and [`Moment`] know the dates that mean "none", amounts keep
//!   every digit, columns that are not known stay in [`Columns`].

mod answer;
mod class;
mod columns;
mod condition;
mod key;
mod names;
mod prototype;
mod publication;
mod query;
pub mod records;
pub(crate) mod repair;
mod route;
mod settings;
mod url;
mod value;
mod write;

pub use self::{
    answer::Api1Answer,
    class::{Api1Class, Api1Record},
    columns::Columns,
    condition::{ColumnCondition, Where},
    key::Key,
    names::{ClassName, ColumnName, RepresentationName},
    prototype::{Property, Prototype},
    publication::{Api1Place, Api1Publication},
    query::Api1Query,
    settings::{Api1Settings, DateLiteral},
    value::{Amount, Day, LocalMenu, Moment},
    write::Values,
};
pub(crate) use self::{columns::MemberName, route::Api1Route};
use crate::client::X3Client;
#[cfg(any(test, feature = "fuzzing"))]
use crate::{client::Exchanged, error::Error};

/// The service `api1` of an endpoint. Cheap to make and to clone.
#[derive(Clone, Debug)]
pub struct Api1 {
    client: X3Client,
}

impl Api1 {
    pub(crate) fn new(client: X3Client) -> Self {
        Self { client }
    }

    /// Records of a class with a type of its own, such as [`records::Customer`].
    #[must_use]
    pub fn records<T: Api1Record>(&self) -> Api1Class<T> {
        Api1Class::of(self.client.clone())
    }

    /// Records of any class, shown by the representation of the same name.
    #[must_use]
    pub fn class(&self, class: ClassName) -> Api1Class<Columns> {
        Api1Class::named(self.client.clone(), class)
    }
}

/// Reads an answer in every way that there is, for fuzzing.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn read_anything(exchanged: &Exchanged, writes: bool) -> Vec<Error> {
    let read = || exchanged.clone();
    let results = [
        query::page::<Columns>(read(), "asked").err(),
        query::page::<records::Customer>(read(), "asked").err(),
        answer::single::<Columns>(read(), writes).err(),
        answer::single::<records::SalesInvoice>(read(), writes).err(),
        answer::single::<Prototype>(read(), writes).err(),
    ];
    results.into_iter().flatten().collect()
}
