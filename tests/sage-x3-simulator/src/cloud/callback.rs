//! Posting a pairing's callback to the application.

use std::io;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::json::Json;
use crate::settings::CallbackForm;

use super::pairing::PairingCallback;

impl PairingCallback {
    fn parameters(&self) -> Vec<(&'static str, &str)> {
        let mut out = vec![
            ("authorizationCode", self.authorization_code.as_str()),
            ("state", self.state.as_str()),
        ];
        out.extend(
            self.endpoint
                .as_deref()
                .map(|endpoint| ("endpoint", endpoint)),
        );
        out
    }

    /// Content type and body in a form.
    pub(crate) fn body(&self, form: CallbackForm) -> (&'static str, String) {
        match form {
            CallbackForm::Form => {
                let pairs: Vec<String> = self
                    .parameters()
                    .into_iter()
                    .map(|(name, value)| {
                        format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
                    })
                    .collect();
                ("application/x-www-form-urlencoded", pairs.join("&"))
            }
            CallbackForm::Json => {
                let members = self.parameters().into_iter();
                let members = members.map(|(name, value)| (name.to_owned(), Json::text(value)));
                ("application/json", Json::Object(members.collect()).print())
            }
        }
    }

    /// Posts it; returns the HTTP status. Plain `http` only.
    pub(crate) async fn send(&self, form: CallbackForm) -> io::Result<u16> {
        let bad = || io::Error::other(format!("{} cannot be posted to", self.url));
        let rest = self.url.strip_prefix("http://").ok_or_else(bad)?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (content_type, body) = self.body(form);
        let mut stream = TcpStream::connect(host).await?;
        let request = format!(
            "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let text = String::from_utf8_lossy(&answer);
        let status = text
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        status.ok_or_else(bad)
    }
}
