//! The status page: how everything stands, and what only a person can decide.
//!
//! Written by the server as plain documents and forms. It runs no script, and its policy lets none run.

mod audit;
mod codes;
mod entrance;
mod form;
mod layout;
mod origin;
mod overview;
mod pair;
mod parked;
mod plans;
mod safety;
mod session;
mod show;
mod trouble;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    middleware,
    routing::{get, post},
};
use secrecy::SecretString;
use url::Url;

use self::{plans::Desk, session::Sessions, trouble::Trouble};
use crate::{
    http::{Rate, RateLimit},
    service::Service,
};

/// Forms are small.
const MOST_FORM: usize = 256 * 1024;

/// Who may see the page, and under which address.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) password: SecretString,
    /// The address by which browsers reach it, where a proxy stands in between.
    pub(crate) public_url: Option<Url>,
}

/// What all views share.
#[derive(Debug)]
struct Page {
    service: Arc<Service>,
    sessions: Sessions,
    /// How often passwords may be tried.
    attempts: RateLimit,
    public_url: Option<Url>,
    plans: Desk,
}

/// All views and actions.
pub(crate) fn router(service: Arc<Service>, access: Access) -> Router {
    let is_secure = access
        .public_url
        .as_ref()
        .is_some_and(|url| url.scheme() == "https");
    let page = Arc::new(Page {
        service,
        sessions: Sessions::new(access.password, is_secure),
        attempts: RateLimit::new(Rate::per_minute(6, 6), Rate::per_minute(30, 30)),
        public_url: access.public_url,
        plans: Desk::default(),
    });
    let inside = Router::new()
        .route("/", get(overview::show))
        .route("/parked", get(parked::list))
        .route("/parked/codes", get(codes::list))
        .route("/parked/record", get(parked::show))
        .route("/parked/edit", post(parked::edit))
        .route("/parked/replay", post(parked::replay))
        .route("/parked/dismiss", post(parked::dismiss))
        .route("/pair", get(pair::show))
        .route("/pair/history", get(pair::history))
        .route("/pair/replay", post(pair::replay))
        .route("/audit", get(audit::show))
        .route("/plans", get(plans::list))
        .route("/plans/make", post(plans::make))
        .route("/plans/approve", post(plans::approve))
        .route("/flow/stop", post(overview::stop))
        .route("/flow/release", post(overview::release))
        .route("/logout", post(entrance::leave))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&page),
            safety::with_session,
        ));
    let outside = Router::new()
        .route("/login", get(entrance::show).post(entrance::enter))
        .route("/assets/style.css", get(style))
        .route("/assets/icon.svg", get(icon));
    inside
        .merge(outside)
        .fallback(|| async { Trouble::not_found("There is no such page.") })
        .layer(DefaultBodyLimit::max(MOST_FORM))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&page),
            safety::from_our_own_pages,
        ))
        .layer(middleware::map_response(safety::with_policy))
        .with_state(page)
}

async fn style() -> ([(header::HeaderName, HeaderValue); 1], &'static str) {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    (
        [(header::CONTENT_TYPE, kind)],
        include_str!("page/style.css"),
    )
}

async fn icon() -> ([(header::HeaderName, HeaderValue); 1], &'static str) {
    let kind = HeaderValue::from_static("image/svg+xml");
    (
        [(header::CONTENT_TYPE, kind)],
        include_str!("page/icon.svg"),
    )
}
