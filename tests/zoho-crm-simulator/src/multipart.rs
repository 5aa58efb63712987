//! Multipart bodies: files, and the token request of the TypeScript SDK.

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request};
use bytes::Bytes;

use crate::exchange::Call;

/// One part of a multipart body.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Bytes,
}

/// The parts of a body; none when the body is of another kind or cannot be read.
pub(crate) async fn read(call: &Call) -> Vec<Part> {
    let mut parts = Vec::new();
    let Some(content_type) = call
        .header("content-type")
        .filter(|content_type| content_type.starts_with("multipart/form-data"))
    else {
        return parts;
    };
    let request = Request::builder()
        .method("POST")
        .uri("/")
        .header("content-type", content_type);
    let Ok(mut request) = request.body(Body::from(call.body.clone())) else {
        return parts;
    };
    // The simulator has its own limit on bodies.
    request
        .extensions_mut()
        .insert(axum::extract::DefaultBodyLimit::disable());
    let Ok(mut form) = Multipart::from_request(request, &()).await else {
        return parts;
    };
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let content_type = field.content_type().map(str::to_owned);
        if let Ok(bytes) = field.bytes().await {
            parts.push(Part {
                name,
                file_name,
                content_type,
                bytes,
            });
        }
    }
    parts
}
