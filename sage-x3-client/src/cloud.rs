//! The multi-tenant cloud: a gateway instead of a server, and a *pairing* instead of a connected application.
//!
//! A user of the customer's X3 accepts the pairing in a browser; the gateway then calls the application back, and a token
//! call gives an access token for five minutes and a refresh token for thirty days, each of which is good for one use.
//! Source: reference sage-x3 section 2.2.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use client_core::FileTokenStore;
//! use sage_x3_client::{SiteConfig, X3Client, cloud::{CloudApp, CloudGateway, PairingCallback, PairingScope}};
//!
//! # async fn pair(secret: String, posted: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let gateway = CloudGateway::builder("https://api.eu-prod-sagex3.com/v1", CloudApp::new("application id", secret))
//!     .token_store(Arc::new(FileTokenStore::new("/var/lib/sync/tokens.json")))
//!     .build()?;
//! let request = gateway
//!     .request_pairing("https://acme.sagex3.com", "https://sync.example/x3/callback", &[PairingScope::Graphql])
//!     .await?;
//! println!("send a user of the customer to {}", request.url());
//! // Keep request.state() until the gateway POSTs to the callback; that may take days.
//! gateway.complete(&request, &PairingCallback::parse(posted)?).await?;
//!
//! let folders = gateway.folders().await?;
//! let x3 = X3Client::builder(SiteConfig::cloud(&folders[0])).credential(gateway).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is taken care of
//!
//! - **Secrets and tokens go to Sage's gateways alone**, or to hosts that you allow. The address that a callback or a list
//!   of links names is checked before anything secret is sent there.
//! - **A rotated refresh token is stored before its access token is used**, and one process of all that share the store
//!   renews at a time.
//! - **The access token's age is looked at before every request**, and it is renewed a minute before its end.
//! - **A pairing that will end is announced**: [`CloudGateway::pairing`] tells, and a warning is logged, a week before.

mod authorize;
mod folders;
mod gateway;
mod hosts;
mod links;
mod pairing;
mod token;

pub use self::{
    folders::CloudFolder,
    gateway::{CloudApp, CloudGateway, CloudGatewayBuilder, Pairing},
    links::GatewayLinks,
    pairing::{PairingCallback, PairingRequest, PairingScope},
};

#[cfg(test)]
mod tests;
