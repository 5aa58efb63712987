//! The operator's address: probes, figures and the status page.

use std::sync::Arc;

use axum::Router;

use super::probes;
use crate::{page, service::Service};

/// Everything for the operator. Without a password there is no status page.
pub(crate) fn router(service: Arc<Service>, page: Option<page::Access>) -> Router {
    let router = probes::router(Arc::clone(&service));
    match page {
        Some(access) => router.merge(page::router(service, access)),
        None => router,
    }
}
