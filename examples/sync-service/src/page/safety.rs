//! What stands between a browser and the views: a session, forms of our own, and a policy that lets nothing foreign in.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{Page, origin::is_ours, trouble::Trouble};

/// Nothing runs, nothing is loaded from elsewhere, nobody frames it, forms go home.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Lets in only requests that belong to a session; others are sent to the entrance.
pub(super) async fn with_session(
    State(page): State<Arc<Page>>,
    mut request: Request,
    next: Next,
) -> Response {
    let session = page.sessions.of(request.headers(), page.service.now());
    match session {
        Some(session) => {
            request.extensions_mut().insert(session);
            next.run(request).await
        }
        None if request.method() == Method::GET => Redirect::to("/login").into_response(),
        None => Trouble::session_over().into_response(),
    }
}

/// Lets nothing be changed by what another site makes a browser send.
pub(super) async fn from_our_own_pages(
    State(page): State<Arc<Page>>,
    request: Request,
    next: Next,
) -> Response {
    let only_reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if only_reads || is_ours(request.headers(), page.public_url.as_ref()) {
        return next.run(request).await;
    }
    tracing::warn!(
        path = request.uri().path(),
        "a form from another site was refused"
    );
    Trouble::new(
        StatusCode::FORBIDDEN,
        "This form did not come from a page of this program. Nothing was done.",
    )
    .into_response()
}

/// Adds the headers that every answer carries.
pub(super) async fn with_policy(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: browsers would then not say that a form is from our own page.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
