//! Classic SOAP web services (`CAdxWebServiceXmlCC`): the write path of sites whose GraphQL operations are not activated.
//!
//! An object such as the customer is *published* under a name of the customer's choosing (function GESAWE), and called
//! through a *pool* of X3 processes that the administrator has started. Records are *blocks* of a screen: groups of single
//! fields, and tables with rows. Which blocks there are depends on the screen, so their names are configuration.
//! Source: reference sage-x3 section 4.7.
//!
//! ```no_run
//! use sage_x3_client::{ConnectedApp, SiteConfig, X3Client, soap::{ObjectKey, SoapObject, SoapSettings}};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let site = SiteConfig::new("http://x3.example:8124", "SEED").soap(SoapSettings::new("SYNCPOOL"));
//! let x3 = X3Client::builder(site)
//!     .credential(ConnectedApp::new("client id", std::env::var("X3_SECRET")?))
//!     .build()?;
//! let order = SoapObject::new()
//!     .field("SOH0_1", "SALFCY", "FR011")?
//!     .field("SOH0_1", "BPCORD", "NA001")?
//!     .row("SOH4_1", [("ITMREF", "BMS001".into()), ("QTY", 2.into())])?;
//! let saved = x3.soap()?.save("YSOH", &order).await?;
//! println!("{:?}", saved.value.find("SOHNUM"));
//! let same = x3.soap()?.read("YSOH", &[ObjectKey::new("SOHNUM", "SONFR0110001")]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is taken care of
//!
//! - **200 is not success**: `status` 1 is. Messages carry their severity; texts are localised and decide nothing.
//! - **No value can change a document.** Values are escaped at each of the two levels; what XML cannot carry is refused.
//! - **A `save` is sent once.** A `modify` without new rows may be repeated.

mod answer;
mod call;
mod envelope;
mod object;
mod publication;
mod result;
mod route;
mod settings;
mod xml;

pub(crate) use self::route::SoapRoute;
pub use self::{
    answer::SoapAnswer,
    envelope::ObjectKey,
    object::{SoapField, SoapObject, SoapRow},
    publication::{SoapPlace, SoapPublication},
    settings::SoapSettings,
};
use crate::client::X3Client;
#[cfg(any(test, feature = "fuzzing"))]
use crate::{client::Exchanged, error::Error};

/// The SOAP web services of an endpoint. Cheap to make and to clone.
#[derive(Clone, Debug)]
pub struct Soap {
    client: X3Client,
    settings: SoapSettings,
}

impl Soap {
    pub(crate) fn new(client: X3Client, settings: SoapSettings) -> Self {
        Self { client, settings }
    }
}

/// Reads an answer in every way that there is, for fuzzing.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn read_anything(exchanged: Exchanged, writes: bool) -> Option<Error> {
    let now = exchanged.now;
    let _ = answer::classify(&exchanged.response, now);
    answer::parse(exchanged, writes).err()
}

#[cfg(test)]
mod tests;
