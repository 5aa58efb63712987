//! Signing in and out.

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use secrecy::SecretString;
use serde::Deserialize;

use super::{Page, form::Submitted, layout, trouble::Trouble};
use crate::http::{Connected, Peer, later};

#[derive(Deserialize)]
pub(super) struct Attempt {
    password: SecretString,
}

/// The form that asks for the password.
pub(super) async fn show(State(page): State<Arc<Page>>, headers: HeaderMap) -> Response {
    match page.sessions.of(&headers, page.service.now()) {
        Some(_) => Redirect::to("/").into_response(),
        None => layout::bare("Sign in", &ask(None)).into_response(),
    }
}

fn ask(complaint: Option<&str>) -> Markup {
    html! {
        @if let Some(complaint) = complaint {
            p.notice.bad role="alert" { (complaint) }
        }
        form method="post" action="/login" {
            // There is one user. Browsers keep passwords by name.
            input type="text" name="username" value="operator" autocomplete="username" readonly hidden;
            p {
                label for="password" { "Password" }
                input #password name="password" type="password" required autofocus autocomplete="current-password";
            }
            p.hint { "It is the one that " code { "[admin] password" } " of the configuration names." }
            button { "Sign in" }
        }
    }
}

/// Opens a session.
pub(super) async fn enter(
    State(page): State<Arc<Page>>,
    Extension(Connected(connected)): Extension<Connected>,
    headers: HeaderMap,
    attempt: Result<Form<Attempt>, axum::extract::rejection::FormRejection>,
) -> Result<Response, Trouble> {
    use secrecy::ExposeSecret as _;
    let now = page.service.now();
    let Ok(Form(attempt)) = attempt else {
        return Err(Trouble::not_understood("This is no form of ours."));
    };
    if let Err(wait) = page.attempts.take(Peer::of(connected, &headers, &[]), now) {
        page.service.metrics.login("throttled");
        tracing::warn!("too many passwords were tried");
        let message = "Too many attempts. Wait a minute, then try again.";
        let told = Trouble::new(StatusCode::TOO_MANY_REQUESTS, message).into_response();
        let mut response = later(wait);
        *response.body_mut() = told.into_body();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("text/html; charset=utf-8"),
        );
        return Ok(response);
    }
    // Exposes the secret: to compare it.
    let opened = page.sessions.open(attempt.password.expose_secret(), now);
    match opened {
        Ok(Some(cookie)) => {
            page.service.metrics.login("ok");
            tracing::info!("somebody signed in to the status page");
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
        }
        Ok(None) => {
            page.service.metrics.login("wrong_password");
            tracing::warn!("a wrong password was tried");
            let form = ask(Some("That is not the password."));
            let page = layout::bare("Sign in", &form);
            Ok((StatusCode::UNAUTHORIZED, page).into_response())
        }
        Err(error) => {
            tracing::error!(%error, "no random numbers: nobody can sign in");
            let message = "Nobody can sign in now: the machine has no random numbers.";
            Err(Trouble::new(StatusCode::SERVICE_UNAVAILABLE, message))
        }
    }
}

/// Ends the session.
pub(super) async fn leave(State(page): State<Arc<Page>>, form: Submitted) -> Response {
    let cookie = page.sessions.close(&form.session);
    let to = Redirect::to("/login");
    match cookie {
        Some(cookie) => ([(header::SET_COOKIE, cookie)], to).into_response(),
        None => to.into_response(),
    }
}
