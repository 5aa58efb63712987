//! From "connect" button to stored refresh token (reference: Zoho v8 sections 1.2 to 1.4, read 2026-11).

use std::{fmt, sync::Arc};

use client_core::{AuthError, CasError, StoredToken, TokenKey, TokenStore};
use http::Method;
use oauth2::{
    AuthUrl, AuthorizationRequest, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope,
    basic::BasicClient,
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::{
    ACCOUNTS_SERVER, API_DOMAIN,
    endpoint::{CodeGrant, REVOKE_PATH, TOKEN_PATH, TokenEndpoint},
};
use crate::{
    data_center::DataCenter,
    error::{CallContext, Error},
};

const AUTHORIZE: &str = "zoho.oauth.authorize";
const REDIRECT: &str = "zoho.oauth.redirect";
const CODE: &str = "zoho.oauth.code";
const REVOKE: &str = "zoho.oauth.revoke";

/// Shorter states could be guessed.
const STATE_LENGTH: usize = 16;
/// How often a write to the token store is tried when others write at the same time.
const STORE_ATTEMPTS: usize = 10;

/// Connects an organisation: obtains a refresh token and keeps it in the token store, where clients with the same store
/// and key find it. Made by [`ZohoClientBuilder::onboarding`](crate::ZohoClientBuilder::onboarding).
///
/// ```no_run
/// use std::sync::Arc;
///
/// use client_core::FileTokenStore;
/// use zoho_crm_client::{ClientCredentials, DataCenter, Error, ZohoClient};
///
/// # async fn connect(secret: String, redirected_to: &str) -> Result<(), Error> {
/// let settings = || {
///     ZohoClient::builder(DataCenter::Us, ClientCredentials::new("1000.ABC", secret.clone()))
///         .token_store(Arc::new(FileTokenStore::new("/var/lib/sync/tokens.json")))
/// };
/// let onboarding = settings().onboarding()?;
/// let scopes = ["ZohoCRM.modules.ALL", "ZohoCRM.settings.READ", "ZohoCRM.org.READ"];
/// let consent = onboarding.authorize(scopes, "https://sync.example/zoho/callback")?;
/// println!("send the user to {}", consent.url());
/// // The user comes back to the callback; its URL is all that is needed.
/// let connection = onboarding.complete(&consent, redirected_to).await?;
/// println!("connected to {}", connection.api_domain);
/// let zoho = settings().build()?;
/// # Ok(())
/// # }
/// ```
pub struct Onboarding {
    endpoint: TokenEndpoint,
    data_center: DataCenter,
    store: Arc<dyn TokenStore>,
    key: TokenKey,
}

impl fmt::Debug for Onboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Onboarding")
            .field("data_center", &self.data_center)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// A consent that was asked for. Keep it with the user's session until the redirect comes: `state` ties the redirect to
/// that session, and the verifier proves that code and request belong together.
pub struct Consent {
    url: String,
    redirect_uri: RedirectUrl,
    state: SecretString,
    verifier: SecretString,
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consent")
            .field("redirect_uri", &self.redirect_uri.as_str())
            .finish_non_exhaustive()
    }
}

/// What an onboarding has connected. The secrets are in the token store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// The accounts server that issued the refresh token, and the only one that will renew it.
    pub accounts_server: String,
    /// The base of the organisation's API.
    pub api_domain: String,
}

/// The parameters of a redirect, each at most once.
#[derive(Debug, Default)]
struct Redirect {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    location: Option<String>,
    accounts_server: Option<String>,
}

impl Onboarding {
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        data_center: DataCenter,
        store: Arc<dyn TokenStore>,
        key: TokenKey,
    ) -> Self {
        Self {
            endpoint,
            data_center,
            store,
            key,
        }
    }

    /// Where to send the user. Asks for offline access and for consent each time, because Zoho gives a refresh token
    /// only then; draws a fresh `state` and a PKCE challenge (S256).
    ///
    /// Consent may begin at any data centre (users of another one are sent on), except that for China it must begin
    /// there. `redirect_uri` must be one that is registered in the API console.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when there is no scope, or one holds a comma or blank, or `redirect_uri` is no URL.
    pub fn authorize<S: AsRef<str>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        redirect_uri: &str,
    ) -> Result<Consent, Error> {
        let scopes = joined_scopes(AUTHORIZE, scopes)?;
        let redirect_uri = redirect_url(AUTHORIZE, redirect_uri)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let start = AuthUrl::new(format!("{}/oauth/v2/auth", self.data_center.accounts_url()))
            .map_err(|error| Error::invalid(AUTHORIZE, error.to_string()))?;
        let client = BasicClient::new(ClientId::new(self.endpoint.client_id().to_owned()))
            .set_auth_uri(start)
            .set_redirect_uri(redirect_uri.clone());
        let request: AuthorizationRequest<'_> = client.authorize_url(CsrfToken::new_random);
        let (url, state) = request
            // One text, because Zoho separates scopes by commas and the protocol by blanks.
            .add_scope(Scope::new(scopes))
            .add_extra_param("access_type", "offline")
            .add_extra_param("prompt", "consent")
            .set_pkce_challenge(challenge)
            .url();
        Ok(Consent {
            url: url.into(),
            redirect_uri,
            state: SecretString::from(state.into_secret()),
            verifier: SecretString::from(verifier.into_secret()),
        })
    }

    /// Takes the URL that the user came back to (whole, or from its `?` on), exchanges its code at the accounts server
    /// that it names, and stores the refresh token with that server.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the redirect does not belong to `consent`. [`Error::Auth`] when the user refused,
    /// when the redirect names a server that is neither Zoho's nor an allowed host (nothing is sent to it), or when
    /// Zoho refuses the code. [`Error::Store`] when the token could not be stored: ask for consent again then.
    pub async fn complete(
        &self,
        consent: &Consent,
        redirected_to: &str,
    ) -> Result<Connection, Error> {
        let redirect = Redirect::parse(redirected_to)?;
        let code = redirect.code_for(&consent.state)?;
        let accounts_url = self.accounts_server(&redirect)?;
        let grant = CodeGrant {
            code,
            redirect_uri: Some(consent.redirect_uri.clone()),
            verifier: Some(consent.verifier.clone()),
        };
        self.connect(&accounts_url, grant).await
    }

    /// Exchanges a code that was made by hand for a self client in the API console of the builder's data centre. Such
    /// codes live for 3 to 10 minutes.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub async fn self_client(&self, code: impl Into<SecretString>) -> Result<Connection, Error> {
        let grant = CodeGrant {
            code: code.into(),
            redirect_uri: None,
            verifier: None,
        };
        self.connect(&self.data_center.accounts_url(), grant).await
    }

    /// Revokes the stored refresh token with all its access tokens, and removes it from the store. Does nothing when
    /// none is stored.
    ///
    /// # Errors
    /// [`Error::Auth`] when Zoho did not revoke it; it stays stored then. [`Error::Store`] when the store failed.
    pub async fn revoke(&self) -> Result<(), Error> {
        let failed = |source| auth_error(REVOKE, REVOKE_PATH, source);
        let stored = self.store.load(&self.key).await;
        let Some((token, _)) = stored.map_err(|error| failed(error.into()))? else {
            return Ok(());
        };
        if let Some(refresh_token) = &token.refresh_token {
            let accounts_url = match token.attributes.get(ACCOUNTS_SERVER) {
                Some(text) => self.endpoint.hosts().admit_accounts(text).map_err(failed)?,
                None => self.data_center.accounts_url(),
            };
            let revoked = self.endpoint.revoke(&accounts_url, refresh_token).await;
            revoked.map_err(failed)?;
        }
        let deleted = self.store.delete(&self.key).await;
        deleted.map_err(|error| failed(error.into()))
    }

    /// The code is only good at the server that the redirect names; without one, at that of its `location`.
    fn accounts_server(&self, redirect: &Redirect) -> Result<String, Error> {
        let named = match (&redirect.accounts_server, &redirect.location) {
            (Some(server), _) => server.clone(),
            (None, Some(location)) => DataCenter::from_location(location)
                .ok_or_else(|| {
                    Error::invalid(REDIRECT, "the redirect names an unknown data centre")
                })?
                .accounts_url(),
            (None, None) => return Ok(self.data_center.accounts_url()),
        };
        let admitted = self.endpoint.hosts().admit_accounts(&named);
        admitted.map_err(|source| auth_error(REDIRECT, TOKEN_PATH, source))
    }

    async fn connect(&self, accounts_url: &str, grant: CodeGrant) -> Result<Connection, Error> {
        let failed = |source| auth_error(CODE, TOKEN_PATH, source);
        let token = self.endpoint.code(accounts_url, grant).await;
        let token = token.map_err(failed)?;
        if token.refresh_token.is_none() {
            return Err(failed(AuthError::Rejected {
                reason: format!(
                    "{accounts_url} gave no refresh token: the code was not asked for with access_type=offline"
                ),
            }));
        }
        let connection = Connection {
            accounts_server: accounts_url.to_owned(),
            api_domain: token
                .attributes
                .get(API_DOMAIN)
                .cloned()
                .unwrap_or_default(),
        };
        self.keep(&token).await.map_err(failed)?;
        Ok(connection)
    }

    /// Replaces whatever is stored: the user has just said that this is the connection to use.
    async fn keep(&self, token: &StoredToken) -> Result<(), AuthError> {
        let mut attempts = 0;
        loop {
            let stored = self.store.load(&self.key).await?;
            let revision = stored.map(|(_, revision)| revision);
            match self
                .store
                .compare_and_swap(&self.key, revision, token)
                .await
            {
                Ok(_) => return Ok(()),
                Err(CasError::Store(error)) => return Err(error.into()),
                Err(error @ CasError::Conflict) => {
                    attempts += 1;
                    if attempts >= STORE_ATTEMPTS {
                        let action = "keeping the refresh token of a new connection";
                        return Err(client_core::TokenStoreError::new(action, error).into());
                    }
                }
            }
        }
    }
}

impl Consent {
    /// The page to send the user to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The `state` that the redirect must bring back. Keep it where only this user's session reaches it.
    #[must_use]
    pub fn state(&self) -> &SecretString {
        &self.state
    }

    /// The PKCE verifier. Keep it on the server.
    #[must_use]
    pub fn verifier(&self) -> &SecretString {
        &self.verifier
    }

    /// A consent from what was kept of it, for programs that answer the redirect in another process.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when `redirect_uri` is no URL or `state` is too short to be one of ours.
    pub fn resume(
        redirect_uri: &str,
        state: SecretString,
        verifier: SecretString,
    ) -> Result<Self, Error> {
        if state.expose_secret().len() < STATE_LENGTH {
            return Err(Error::invalid(REDIRECT, "the kept state is empty or cut"));
        }
        Ok(Self {
            url: String::new(),
            redirect_uri: redirect_url(REDIRECT, redirect_uri)?,
            state,
            verifier,
        })
    }
}

impl Redirect {
    fn parse(redirected_to: &str) -> Result<Self, Error> {
        let query = redirected_to
            .split_once('?')
            .map_or("", |(_, query)| query)
            .split('#')
            .next()
            .unwrap_or_default();
        let mut redirect = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "code" => &mut redirect.code,
                "state" => &mut redirect.state,
                "error" => &mut redirect.error,
                "location" => &mut redirect.location,
                "accounts-server" => &mut redirect.accounts_server,
                _ => continue,
            };
            // Two readers could each take another one.
            if slot.replace(value.into_owned()).is_some() {
                return Err(Error::invalid(
                    REDIRECT,
                    format!("the redirect has more than one `{name}`"),
                ));
            }
        }
        Ok(redirect)
    }

    /// The code, if the redirect answers the consent with `state`.
    fn code_for(&self, state: &SecretString) -> Result<SecretString, Error> {
        let came = self.state.as_deref().unwrap_or_default();
        let expected = state.expose_secret();
        if !bool::from(came.as_bytes().ct_eq(expected.as_bytes())) {
            return Err(Error::invalid(
                REDIRECT,
                "its `state` is not the one that consent was asked with: somebody else's redirect, or a stale page",
            ));
        }
        match (&self.error, &self.code) {
            (Some(error), _) => Err(auth_error(
                REDIRECT,
                TOKEN_PATH,
                AuthError::Rejected {
                    reason: format!("consent was not given: `{}`", shortened(error)),
                },
            )),
            (None, Some(code)) if !code.is_empty() => Ok(SecretString::from(code.as_str())),
            _ => Err(Error::invalid(REDIRECT, "the redirect brings no `code`")),
        }
    }
}

/// Scopes separated by commas, as Zoho wants them.
pub(crate) fn joined_scopes<S: AsRef<str>>(
    operation: &'static str,
    scopes: impl IntoIterator<Item = S>,
) -> Result<String, Error> {
    let mut joined = String::new();
    for scope in scopes {
        let scope = scope.as_ref();
        let plain = !scope.is_empty()
            && scope
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if !plain {
            return Err(Error::invalid(
                operation,
                format!("`{scope}` is no scope: write one like `ZohoCRM.modules.ALL`"),
            ));
        }
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(scope);
    }
    if joined.is_empty() {
        return Err(Error::invalid(operation, "name the scopes to ask for"));
    }
    Ok(joined)
}

fn redirect_url(operation: &'static str, text: &str) -> Result<RedirectUrl, Error> {
    RedirectUrl::new(text.to_owned())
        .map_err(|error| Error::invalid(operation, format!("redirect URI `{text}`: {error}")))
}

/// What a stranger may have written must not fill the log.
fn shortened(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(60)
        .collect()
}

fn auth_error(operation: &'static str, path: &str, source: AuthError) -> Error {
    let context = Box::new(CallContext {
        operation,
        method: Method::POST,
        path: path.to_owned(),
        status: None,
        attempts: 1,
        may_have_been_applied: false,
    });
    match source {
        AuthError::Store(source) => Error::Store { context, source },
        source => Error::Auth { context, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = "0123456789abcdefgh";

    fn code(redirected_to: &str) -> Result<SecretString, Error> {
        Redirect::parse(redirected_to)?.code_for(&SecretString::from(STATE))
    }

    #[test]
    fn a_redirect_is_read_whole_or_from_its_query_on() {
        for text in [
            "https://sync.example/cb?state=0123456789abcdefgh&code=1000.a.b&location=eu&accounts-server=https%3A%2F%2Faccounts.zoho.eu#x",
            "/cb?code=1000.a.b&state=0123456789abcdefgh",
            "?code=1000.a.b&state=0123456789abcdefgh",
        ] {
            assert_eq!(code(text).unwrap().expose_secret(), "1000.a.b");
        }
        let redirect =
            Redirect::parse("?location=eu&accounts-server=https%3A%2F%2Faccounts.zoho.eu").unwrap();
        assert_eq!(
            redirect.accounts_server.unwrap(),
            "https://accounts.zoho.eu"
        );
        assert_eq!(redirect.location.unwrap(), "eu");
    }

    #[test]
    fn a_redirect_of_another_session_is_refused() {
        for text in [
            "?code=1000.a.b",
            "?code=1000.a.b&state=",
            "?code=1000.a.b&state=0123456789abcdefgi",
            "?code=1000.a.b&state=0123456789abcdefgh&state=0123456789abcdefgh",
            "?code=1000.a.b&code=1000.c.d&state=0123456789abcdefgh",
            "?state=0123456789abcdefgh",
            "",
        ] {
            let error = code(text).unwrap_err();
            assert!(matches!(error, Error::InvalidRequest { .. }), "{text}");
        }
    }

    #[test]
    fn a_user_who_refuses_is_no_fault_of_the_program() {
        let error = code("?error=access_denied&state=0123456789abcdefgh").unwrap_err();
        assert!(matches!(
            error,
            Error::Auth { source: AuthError::Rejected { ref reason }, .. } if reason.contains("access_denied")
        ));
    }

    #[test]
    fn scopes_cannot_smuggle_others() {
        assert_eq!(joined_scopes("t", ["a.B", "c_d"]).unwrap(), "a.B,c_d");
        for wrong in [vec![], vec![""], vec!["a,b"], vec!["a b"], vec!["a&x=1"]] {
            assert!(joined_scopes("t", wrong).is_err());
        }
    }
}
