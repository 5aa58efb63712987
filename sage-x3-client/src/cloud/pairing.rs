//! From "connect" button to stored refresh token.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use client_core::{AuthError, CasError, StoredToken, decode_json};
use secrecy::SecretString;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};

use super::{
    gateway::CloudGateway,
    hosts,
    token::{self, GATEWAY, Grant, TOKEN_URL},
};
use crate::error::{Error, InvalidRequest};

/// How often a write to the token store is tried when others write at the same time.
const STORE_ATTEMPTS: usize = 10;

/// What an application may do once it is paired. Source: reference sage-x3 section 2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PairingScope {
    /// GraphQL, for all business domains.
    Graphql,
    /// GraphQL, with the rights of the user who accepts the pairing.
    GraphqlAsUser,
    /// Data ingestion.
    DataIngestion,
    /// Data delivery.
    DataDelivery,
}

impl PairingScope {
    fn text(self) -> &'static str {
        match self {
            Self::Graphql => "api.graphQL businessDomain.ALL",
            Self::GraphqlAsUser => "api.graphQL user.?",
            Self::DataIngestion => "api.dataIngestion",
            Self::DataDelivery => "api.dataDelivery",
        }
    }
}

/// A pairing that was asked for. The customer may accept it days later, so keep [`state`](Self::state) and make the request
/// anew with [`restore`](Self::restore) when the gateway calls back.
#[derive(Clone)]
pub struct PairingRequest {
    url: String,
    redirect_uri: String,
    state: SecretString,
}

impl fmt::Debug for PairingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairingRequest")
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

impl PairingRequest {
    /// Where to send a user of the customer's X3, who needs the right `thirdParties`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What ties the callback to this request. Keep it; whoever knows it can imitate the gateway.
    #[must_use]
    pub fn state(&self) -> &SecretString {
        &self.state
    }

    /// A request that was made earlier, by its state.
    #[must_use]
    pub fn restore(redirect_uri: impl Into<String>, state: impl Into<SecretString>) -> Self {
        Self {
            url: String::new(),
            redirect_uri: redirect_uri.into(),
            state: state.into(),
        }
    }
}

/// What the gateway POSTs to the callback once a user has accepted.
pub struct PairingCallback {
    code: SecretString,
    state: SecretString,
    endpoint: Option<String>,
}

impl fmt::Debug for PairingCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairingCallback")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl PairingCallback {
    /// Reads the body of the POST: a form, or JSON. The parameter is called `authorizationCode`, not `code`.
    ///
    /// # Errors
    /// [`InvalidRequest`] when code or state are missing.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Members {
            authorization_code: Option<String>,
            state: Option<String>,
            endpoint: Option<String>,
        }
        let members = if body.trim_ascii_start().starts_with(b"{") {
            decode_json(body)
                .map_err(|_| InvalidRequest::new("the pairing's callback is not understood"))?
        } else {
            let mut members = Members::default();
            for (name, value) in form_urlencoded::parse(body.trim_ascii()) {
                let place = match &*name {
                    "authorizationCode" => &mut members.authorization_code,
                    "state" => &mut members.state,
                    "endpoint" => &mut members.endpoint,
                    _ => continue,
                };
                if place.replace(value.into_owned()).is_some() {
                    return Err(InvalidRequest::new(
                        "the pairing's callback names a parameter twice",
                    ));
                }
            }
            members
        };
        let given = |value: Option<String>, name: &str| {
            value
                .filter(|value| !value.is_empty())
                .map(SecretString::from)
                .ok_or_else(|| {
                    InvalidRequest::new(format!("the pairing's callback holds no `{name}`"))
                })
        };
        Ok(Self {
            code: given(members.authorization_code, "authorizationCode")?,
            state: given(members.state, "state")?,
            endpoint: members.endpoint.filter(|endpoint| !endpoint.is_empty()),
        })
    }
}

impl CloudGateway {
    /// Asks for a pairing with the customer whose X3 is at `customer_url`. `redirect_uri` must be one that is registered
    /// with the application; the gateway will POST to it.
    ///
    /// # Errors
    /// [`Error::Auth`] when the gateway cannot be asked, [`Error::Invalid`] when an address is no URL.
    pub async fn request_pairing(
        &self,
        customer_url: &str,
        redirect_uri: &str,
        scopes: &[PairingScope],
    ) -> Result<PairingRequest, Error> {
        for address in [customer_url, redirect_uri] {
            Url::parse(address)
                .map_err(|_| InvalidRequest::new(format!("`{address}` is no URL")))?;
        }
        let mut scope = String::new();
        for word in scopes.iter().flat_map(|scope| scope.text().split(' ')) {
            if !scope.split(' ').any(|known| known == word) {
                scope.push_str(if scope.is_empty() { "" } else { " " });
                scope.push_str(word);
            }
        }
        if scope.is_empty() {
            return Err(InvalidRequest::new("a pairing needs a scope").into());
        }
        let links = self.discover().await?;
        let state = random_state()?;
        let mut url = Url::parse(&links.authorise)
            .map_err(|_| InvalidRequest::new("the gateway names no address for pairings"))?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.inner.app.client_id)
            .append_pair("scope", &scope)
            .append_pair("customer", customer_url)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", &state);
        Ok(PairingRequest {
            url: url.into(),
            redirect_uri: redirect_uri.to_owned(),
            state: state.into(),
        })
    }

    /// Takes the callback, exchanges its code and stores the tokens. A callback that names another region is followed there,
    /// if the host is trusted; until that is known nothing secret is sent.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the callback does not belong to `request`; [`Error::Auth`] when its host is not trusted, or
    /// the gateway refuses the code, or the tokens cannot be stored: then ask for a pairing again.
    pub async fn complete(
        &self,
        request: &PairingRequest,
        callback: &PairingCallback,
    ) -> Result<(), Error> {
        use secrecy::ExposeSecret as _;
        let expected = request.state.expose_secret().as_bytes();
        let same = expected.ct_eq(callback.state.expose_secret().as_bytes());
        if !bool::from(same) || expected.is_empty() {
            return Err(InvalidRequest::new(
                "the callback's state is not that of this pairing: it belongs to another one, or is forged",
            )
            .into());
        }
        self.exchange(request, callback)
            .await
            .map_err(|source| Error::Auth {
                operation: "cloud.pair",
                source: Box::new(source),
            })
    }

    async fn exchange(
        &self,
        request: &PairingRequest,
        callback: &PairingCallback,
    ) -> Result<(), AuthError> {
        let root = match &callback.endpoint {
            Some(endpoint) => hosts::root(&self.inner.hosts.admit(endpoint)?),
            None => self.inner.root.clone(),
        };
        let links = self.links_of(&root).await?;
        let grant = Grant::Code {
            code: &callback.code,
            redirect_uri: &request.redirect_uri,
        };
        let mut token =
            token::ask(&self.inner.pipeline, &self.inner.app, &links.token, grant).await?;
        if token.refresh_token.is_none() {
            return Err(AuthError::Unavailable {
                reason: "the gateway gave no refresh token".to_owned(),
                source: None,
            });
        }
        token.attributes.insert(GATEWAY.to_owned(), root);
        token.attributes.insert(TOKEN_URL.to_owned(), links.token);
        self.keep(&token).await
    }

    /// Replaces whatever is stored: a new pairing ends the old one.
    async fn keep(&self, token: &StoredToken) -> Result<(), AuthError> {
        let (store, key) = (&self.inner.store, &self.inner.key);
        for _ in 0..STORE_ATTEMPTS {
            let revision = store.load(key).await?.map(|(_, revision)| revision);
            match store.compare_and_swap(key, revision, token).await {
                Ok(_) => return Ok(()),
                Err(CasError::Conflict) => {}
                Err(CasError::Store(error)) => return Err(error.into()),
            }
        }
        Err(AuthError::Unavailable {
            reason: "others kept writing to the token store: pair again".to_owned(),
            source: None,
        })
    }
}

/// 128 bits that nobody can guess.
fn random_state() -> Result<String, InvalidRequest> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| InvalidRequest::new("the system gives no random numbers"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
