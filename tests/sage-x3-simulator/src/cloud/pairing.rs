//! Pairings: who asked, who accepted, which refresh token is the good one.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::settings::CloudGateway;

/// A pairing request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) scope: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
}

/// What the gateway posts to the application when a request is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PairingCallback {
    /// The redirect URI.
    pub url: String,
    /// `authorizationCode`.
    pub authorization_code: String,
    /// `state`.
    pub state: String,
    /// `endpoint`: the base URL to use from now on, when the customer lives in another region.
    pub endpoint: Option<String>,
}

/// What a pair of tokens stands for.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) user: String,
    pub(crate) scopes: String,
    /// Identity of the refresh token.
    pub(crate) jti: String,
}

#[derive(Debug)]
struct Code {
    code: String,
    redirect_uri: String,
    given: Timestamp,
    grant: Grant,
}

/// The gateway's memory.
#[derive(Debug, Default)]
pub(crate) struct Cloud {
    waiting: Vec<Asked>,
    codes: Vec<Code>,
    /// Grants whose refresh token is good.
    grants: Vec<Grant>,
    counter: u64,
}

/// HTTP status and what the gateway says.
type Refused = (u16, &'static str);

impl Cloud {
    pub(super) fn ask(&mut self, asked: Asked) {
        self.waiting.retain(|known| known.state != asked.state);
        self.waiting.push(asked);
    }

    /// States of the requests that wait.
    pub(crate) fn waiting(&self) -> Vec<String> {
        self.waiting
            .iter()
            .map(|asked| asked.state.clone())
            .collect()
    }

    /// Something nobody can guess who does not know the gateway's secret.
    fn fresh(&mut self, gateway: &CloudGateway) -> String {
        self.counter += 1;
        let hash = Sha256::digest(format!("{}|{}", gateway.client_secret, self.counter));
        hash.iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// A user of the customer accepts a request for some folders; nothing when there is none of that state.
    pub(crate) fn accept(
        &mut self,
        state: &str,
        user: &str,
        folders: &[String],
        gateway: &CloudGateway,
        now: Timestamp,
    ) -> Option<PairingCallback> {
        let place = self.waiting.iter().position(|asked| asked.state == state)?;
        let asked = self.waiting.remove(place);
        let mut scopes = asked.scope.replace("user.?", &format!("user.{user}"));
        if !scopes.contains("businessDomain.") && !scopes.contains("user.") {
            scopes.push_str(" businessDomain.ALL");
        }
        for folder in folders {
            scopes.push_str(&format!(" folder.{folder}"));
        }
        let code = self.fresh(gateway);
        let acts_as = if scopes.contains("user.") {
            user
        } else {
            "API"
        };
        self.codes.push(Code {
            code: code.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            given: now,
            grant: Grant {
                user: acts_as.to_owned(),
                scopes,
                jti: String::new(),
            },
        });
        Some(PairingCallback {
            url: asked.redirect_uri,
            authorization_code: code,
            state: asked.state,
            endpoint: gateway.other_region.clone(),
        })
    }

    /// Tokens for the code of an accepted request; a code is good once.
    pub(super) fn exchange(
        &mut self,
        code: &str,
        redirect_uri: &str,
        gateway: &CloudGateway,
        now: Timestamp,
    ) -> Result<Grant, Refused> {
        if self.waiting.iter().any(|asked| asked.state == code) {
            return Err((403, "The pairing request has not been accepted."));
        }
        let place = self.codes.iter().position(|known| known.code == code);
        let Some(place) = place else {
            return Err((403, "Pairing request not found"));
        };
        let code = self.codes.remove(place);
        if now > after(code.given, gateway.code_seconds) {
            return Err((403, "The request has expired."));
        }
        if code.redirect_uri != redirect_uri {
            return Err((403, "Pairing request not found"));
        }
        let grant = Grant {
            jti: self.fresh(gateway),
            ..code.grant
        };
        // One pair of tokens a customer.
        self.grants = vec![grant.clone()];
        Ok(grant)
    }

    /// A new pair for a refresh token.
    pub(super) fn rotate(&mut self, jti: &str, gateway: &CloudGateway) -> Result<Grant, Refused> {
        let place = self.grants.iter().position(|grant| grant.jti == jti);
        let Some(held) = place.and_then(|place| self.grants.get(place)).cloned() else {
            return Err((401, "Unauthorised"));
        };
        let grant = Grant {
            jti: self.fresh(gateway),
            ..held
        };
        if gateway.rotation_ends_old_token {
            self.grants.clear();
        }
        self.grants.push(grant.clone());
        Ok(grant)
    }

    /// Removes a refresh token; says whether it was good.
    pub(super) fn forget(&mut self, jti: &str) -> bool {
        let held = self.grants.len();
        self.grants.retain(|grant| grant.jti != jti);
        self.grants.len() < held
    }

    /// The customer removes the pairing.
    pub(crate) fn forget_all(&mut self) {
        self.grants.clear();
    }
}

fn after(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    at.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}
