//! Who may use the status page: a password opens a session, a random cookie carries it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A session that nobody used for so long is over.
const IDLE: SignedDuration = SignedDuration::from_hours(2);

/// A session is over after so long.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// Sessions that are open at once; the one that was used least recently makes room.
const MOST_SESSIONS: usize = 64;

type Fingerprint = [u8; 32];

fn fingerprint(text: &str) -> Fingerprint {
    Sha256::digest(text).into()
}

/// Whether two texts are the same, in a time that says nothing of where they differ, nor of how long they are.
pub(super) fn same(one: &str, other: &str) -> bool {
    fingerprint(one).ct_eq(&fingerprint(other)).into()
}

/// A text that nobody guesses.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Something to be shown once on the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Done(String),
    Failed(String),
}

/// Whose request it is.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    id: Fingerprint,
    /// Stands in every form, and must come back with it.
    pub(crate) form_token: String,
}

#[derive(Debug)]
struct Open {
    form_token: String,
    opened_at: Timestamp,
    used_at: Timestamp,
    notice: Option<Notice>,
}

/// The open sessions. They end with the program.
#[derive(Debug)]
pub(crate) struct Sessions {
    password: SecretString,
    /// Whether browsers reach the page through TLS alone.
    is_secure: bool,
    open: Mutex<HashMap<Fingerprint, Open>>,
}

impl Sessions {
    pub(crate) fn new(password: SecretString, is_secure: bool) -> Self {
        Self {
            password,
            is_secure,
            open: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Fingerprint, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cookie's name. The prefix makes browsers refuse one that another host or an unencrypted page sets.
    fn cookie(&self) -> &'static str {
        if self.is_secure {
            "__Host-sync-session"
        } else {
            "sync-session"
        }
    }

    /// Opens a session if the password is right. Returns the cookie that carries it.
    pub(crate) fn open(
        &self,
        password: &str,
        now: Timestamp,
    ) -> Result<Option<HeaderValue>, getrandom::Error> {
        // Exposes the secret: to compare it.
        if !same(password, self.password.expose_secret()) {
            return Ok(None);
        }
        let (id, form_token) = (random()?, random()?);
        let mut open = self.lock();
        open.retain(|_, session| session.is_live(now));
        if open.len() >= MOST_SESSIONS {
            let oldest = open.iter().min_by_key(|(_, session)| session.used_at);
            if let Some(oldest) = oldest.map(|(id, _)| *id) {
                open.remove(&oldest);
            }
        }
        let session = Open {
            form_token,
            opened_at: now,
            used_at: now,
            notice: None,
        };
        open.insert(fingerprint(&id), session);
        Ok(self.set_cookie(&id, LONGEST.as_secs()))
    }

    fn set_cookie(&self, value: &str, max_age: i64) -> Option<HeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let name = self.cookie();
        let text =
            format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age}{secure}");
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The session that a request belongs to.
    pub(crate) fn of(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        let name = self.cookie();
        let cookies = headers.get_all(header::COOKIE).iter();
        let pairs = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let mut ours = pairs.filter(|(key, _)| *key == name);
        let id = fingerprint(ours.next()?.1);
        let mut open = self.lock();
        let session = open.get_mut(&id).filter(|session| session.is_live(now))?;
        session.used_at = now;
        Some(Session {
            id,
            form_token: session.form_token.clone(),
        })
    }

    /// Ends a session. Returns the cookie that forgets it.
    pub(crate) fn close(&self, session: &Session) -> Option<HeaderValue> {
        self.lock().remove(&session.id);
        self.set_cookie("", 0)
    }

    /// Shows something on the session's next page.
    pub(crate) fn notify(&self, session: &Session, notice: Notice) {
        if let Some(open) = self.lock().get_mut(&session.id) {
            open.notice = Some(notice);
        }
    }

    /// What is to be shown, once.
    pub(crate) fn take_notice(&self, session: &Session) -> Option<Notice> {
        self.lock().get_mut(&session.id)?.notice.take()
    }
}

impl Open {
    fn is_live(&self, now: Timestamp) -> bool {
        now.duration_since(self.used_at) < IDLE && now.duration_since(self.opened_at) < LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + 60 * minute).unwrap()
    }

    fn sessions(is_secure: bool) -> Sessions {
        Sessions::new("right".into(), is_secure)
    }

    fn carried(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        let other = format!("theme=dark; {pair}");
        HeaderMap::from_iter([(header::COOKIE, other.parse().unwrap())])
    }

    #[test]
    fn the_right_password_opens_a_session_and_no_other_does() {
        let sessions = sessions(true);
        assert!(sessions.open("wrong", at(0)).unwrap().is_none());
        assert!(sessions.open("right ", at(0)).unwrap().is_none());
        let cookie = sessions.open("right", at(0)).unwrap().unwrap();
        let text = cookie.to_str().unwrap();
        for attribute in ["__Host-", "HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
            assert!(text.contains(attribute), "{attribute}");
        }
        assert!(sessions.of(&carried(&cookie), at(1)).is_some());
        assert!(sessions.of(&HeaderMap::new(), at(1)).is_none());
        let forged = HeaderValue::from_static("__Host-sync-session=guess");
        assert!(sessions.of(&carried(&forged), at(1)).is_none());
    }

    #[test]
    fn a_session_ends_when_it_is_closed_not_used_or_old() {
        let sessions = sessions(false);
        let open = || carried(&sessions.open("right", at(0)).unwrap().unwrap());
        let closed = open();
        let session = sessions.of(&closed, at(1)).unwrap();
        sessions.close(&session).unwrap();
        assert!(sessions.of(&closed, at(1)).is_none());
        let idle = open();
        assert!(sessions.of(&idle, at(119)).is_some());
        assert!(sessions.of(&idle, at(119 + 121)).is_none());
        let busy = open();
        assert!(
            (0..720)
                .step_by(60)
                .all(|minute| sessions.of(&busy, at(minute)).is_some())
        );
        assert!(sessions.of(&busy, at(721)).is_none());
    }

    #[test]
    fn sessions_are_not_piled_up_and_a_notice_is_shown_once() {
        let sessions = sessions(false);
        let first = carried(&sessions.open("right", at(0)).unwrap().unwrap());
        let session = sessions.of(&first, at(1)).unwrap();
        sessions.notify(&session, Notice::Done("replayed".to_owned()));
        assert!(sessions.take_notice(&session).is_some());
        assert!(sessions.take_notice(&session).is_none());
        for _ in 0..MOST_SESSIONS {
            sessions.open("right", at(2)).unwrap();
        }
        assert_eq!(sessions.lock().len(), MOST_SESSIONS);
        assert!(sessions.of(&first, at(3)).is_none());
    }
}
