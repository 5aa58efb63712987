//! Reads a token request in each of the forms clients send it: urlencoded body, multipart form, or query parameters.

use std::collections::BTreeMap;

use crate::exchange::Call;

/// All parameters of the request; the body's win over the query's.
pub(crate) fn read_form(call: &Call) -> BTreeMap<String, String> {
    let mut params: BTreeMap<String, String> = call.query.iter().cloned().collect();
    if call.parts.is_empty() {
        let pairs = url::form_urlencoded::parse(&call.body);
        params.extend(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())));
    }
    for part in &call.parts {
        let value = String::from_utf8_lossy(&part.bytes).into_owned();
        params.insert(part.name.clone(), value);
    }
    params
}
