//! What a 401 of X3 means.

use std::fmt;

use client_core::Response;

use crate::graphql::snippet;

/// X3's refusal of a credential: a short text such as `Error 41: Invalid token`, never JSON. Source: reference sage-x3
/// section 2.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The number in `Error NN`, if there was one.
    pub code: Option<u16>,
    /// The beginning of X3's text.
    pub text: String,
}

impl Refusal {
    pub(crate) fn read(response: &Response) -> Self {
        let text = snippet(response.body());
        Self {
            code: error_number(&text),
            text,
        }
    }

    /// What the refusal means and where to change what.
    #[must_use]
    pub fn explanation(&self) -> &'static str {
        match self.code {
            Some(21) => {
                "the token's `iat` lies in the server's future: the clocks of this machine and of the X3 server differ. \
                 Correcting it by the server's Date header did not help: set both clocks"
            }
            Some(30) => {
                "X3 takes the token for invalid without saying why: check that the connected application exists at this \
                 server, is active, and that client id and secret are its own (Administration > Settings > \
                 Authentication > Connected applications)"
            }
            Some(41) => {
                "X3 does not know the client id: copy `Client ID` of the connected application, check that it is active, \
                 and that base_url is the server where it is registered"
            }
            Some(42) => {
                "X3 does not accept the user: `user` must be the Syracuse login that the connected application allows, \
                 and the login must be active and mapped to an X3 user of the endpoint"
            }
            Some(45) => {
                "the audience does not match: it is compared letter by letter. Most sites accept the empty text; else \
                 use the URL registered with the connected application, with the same scheme and trailing slash"
            }
            Some(50) => {
                "the token's signature is wrong or the token is too old: use the connected application's present secret \
                 (regenerating it replaces it), keep `lifetime` within its `Tokens validity`, and check both clocks"
            }
            Some(_) => {
                "X3 refuses the token for a reason that is not documented: check the connected application"
            }
            None => {
                "X3 refuses the log-in: check user and password, and that the server's session.auth (nodelocal.js) \
                 allows this kind of credential"
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the credential was refused")?;
        if !self.text.is_empty() {
            write!(f, " (`{}`)", self.text)?;
        }
        write!(f, ": {}", self.explanation())
    }
}

/// The number in `Error 41: Invalid token`.
pub(super) fn error_number(text: &str) -> Option<u16> {
    let rest = text.trim_start().strip_prefix("Error")?.trim_start();
    let end = rest
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &'static str) -> Refusal {
        Refusal::read(&Response::new(body.into()))
    }

    #[test]
    fn the_code_is_read_from_the_text() {
        assert_eq!(refusal("Error 41: Invalid token").code, Some(41));
        assert_eq!(refusal("  Error 50 : Invalid token\n").code, Some(50));
        assert_eq!(refusal("Authentication failed: bad password").code, None);
        assert_eq!(refusal("").code, None);
        assert_eq!(refusal("Error 999999: x").code, None);
    }

    #[test]
    fn every_documented_code_says_what_to_change() {
        for (body, expected) in [
            ("Error 21: Invalid token", "clocks"),
            ("Error 30: Invalid token", "connected application"),
            ("Error 41: Invalid token", "client id"),
            ("Error 42: Invalid token", "user"),
            ("Error 45: Invalid token", "audience"),
            ("Error 50: Invalid token", "secret"),
            ("Error 77: Invalid token", "not documented"),
            ("Authentication failed", "session.auth"),
        ] {
            let text = refusal(body).to_string();
            assert!(text.contains(expected) && text.contains(body), "{text}");
        }
    }
}
