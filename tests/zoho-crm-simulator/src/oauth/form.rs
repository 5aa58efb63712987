//! Reads a token request in each of the forms clients send it: urlencoded body, multipart form, or query parameters.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request};

use crate::exchange::Call;

/// All parameters of the request; the body's win over the query's.
pub(crate) async fn read_form(call: &Call) -> BTreeMap<String, String> {
    let mut params: BTreeMap<String, String> = call.query.iter().cloned().collect();
    let content_type = call.header("content-type").unwrap_or_default();
    if content_type.starts_with("multipart/form-data") {
        params.extend(read_multipart(call, content_type).await);
    } else {
        let pairs = url::form_urlencoded::parse(&call.body);
        params.extend(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())));
    }
    params
}

async fn read_multipart(call: &Call, content_type: &str) -> BTreeMap<String, String> {
    let mut params = BTreeMap::new();
    let request = Request::builder()
        .method("POST")
        .uri("/")
        .header("content-type", content_type);
    let Ok(request) = request.body(Body::from(call.body.clone())) else {
        return params;
    };
    let Ok(mut form) = Multipart::from_request(request, &()).await else {
        return params;
    };
    while let Ok(Some(part)) = form.next_field().await {
        let Some(name) = part.name().map(str::to_owned) else {
            continue;
        };
        if let Ok(value) = part.text().await {
            params.insert(name, value);
        }
    }
    params
}
