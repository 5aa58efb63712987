//! Login and password.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use client_core::{AuthError, Authorize, Request, Response};
use http::{HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};

use crate::error::InvalidRequest;

#[derive(Debug)]
pub(super) struct BasicAuth {
    /// Marked as sensitive, so that it is not shown.
    header: HeaderValue,
}

impl BasicAuth {
    pub(super) fn new(user: &str, password: &SecretString) -> Result<Self, InvalidRequest> {
        if user.is_empty() || user.contains(':') {
            return Err(InvalidRequest::new(
                "the user of a Basic credential must not be empty or hold a colon",
            ));
        }
        let encoded = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        let mut header = HeaderValue::from_str(&format!("Basic {encoded}")).map_err(|_| {
            InvalidRequest::new("the Basic credential cannot stand in an HTTP header")
        })?;
        header.set_sensitive(true);
        Ok(Self { header })
    }
}

#[async_trait]
impl Authorize for BasicAuth {
    async fn authorize(&self, request: &mut Request) -> Result<(), AuthError> {
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.header.clone());
        Ok(())
    }

    /// The same login would be refused again.
    async fn refused(&self, _request: &Request, _response: &Response) -> Result<bool, AuthError> {
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn the_header_is_login_and_password_in_base64_and_hidden() {
        let auth = BasicAuth::new("admin", &"geheim".into()).unwrap();
        let mut request = Request::default();
        block_on(auth.authorize(&mut request)).unwrap();
        assert_eq!(request.headers()[AUTHORIZATION], "Basic YWRtaW46Z2VoZWlt");
        assert!(!format!("{auth:?} {request:?}").contains("YWRtaW46Z2VoZWlt"));
    }
}
