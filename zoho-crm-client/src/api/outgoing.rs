//! A request before it is authorized.

use bytes::Bytes;
use client_core::{Request, Upload};
use http::{
    HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use jiff::Timestamp;
use serde::Serialize;
use url::form_urlencoded;

use super::FileUpload;
use crate::{
    error::Error,
    model::DateTime,
    names::{FieldName, ModuleName, RecordId},
    usage::Credits,
};

/// Base path of the API (reference: Zoho v8, read 2026-11).
const BASE: &str = "/crm/v8";

/// What a call needs to know about its request, besides the request.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) operation: &'static str,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    /// Sending it twice is harmless.
    pub(crate) repeatable: bool,
    /// It changes something at Zoho.
    pub(crate) writes: bool,
    credits: u64,
    /// Zoho runs only 10 such calls at once (reference: Zoho v8 section 10.2, read 2026-11).
    pub(crate) heavy: bool,
    pub(crate) module: Option<ModuleName>,
    pub(crate) rows: Option<usize>,
    destination: Option<Destination>,
}

/// Request extension: a host other than the API's own. The token goes there only if it is one of Zoho's or an allowed
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The host for files.
    Content,
    /// `scheme://host[:port]` that an answer named.
    Server(String),
}

impl Outgoing {
    /// A read of `path`, which starts with a slash and stands below the API's base.
    pub(crate) fn get(operation: &'static str, path: &str) -> Self {
        Self::new(operation, Method::GET, format!("{BASE}{path}")).repeatable(true)
    }

    /// A change at `path`. Not repeatable unless said so.
    pub(crate) fn change(operation: &'static str, method: Method, path: &str) -> Self {
        let mut request = Self::new(operation, method, format!("{BASE}{path}"));
        request.writes = true;
        request
    }

    /// Any request to any path of the API's host.
    pub(crate) fn new(operation: &'static str, method: Method, path: String) -> Self {
        Self {
            operation,
            method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            repeatable: false,
            writes: false,
            credits: 1,
            heavy: false,
            module: None,
            rows: None,
            destination: None,
        }
    }

    /// A read of what `link` in an answer leads to: a URL, or a path, which `default` says where to look for.
    pub(crate) fn link(
        operation: &'static str,
        link: &str,
        default: Option<Destination>,
    ) -> Result<Self, Error> {
        let mut destination = default;
        let mut path = link.to_owned();
        if !link.starts_with('/') || link.starts_with("//") {
            let url = url::Url::parse(link)
                .map_err(|error| Error::invalid(operation, format!("the link {error}")))?;
            destination = Some(Destination::Server(url.origin().ascii_serialization()));
            path = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        }
        let outgoing = Self::new(operation, Method::GET, path).repeatable(true);
        Ok(Self {
            destination,
            ..outgoing
        })
    }

    /// Sends it to another host than the API's own.
    pub(crate) fn to(mut self, destination: Destination) -> Self {
        self.destination = Some(destination);
        self
    }

    /// Notes the module, for logs.
    pub(crate) fn of_module(mut self, module: &ModuleName) -> Self {
        self.module = Some(module.clone());
        self
    }

    pub(crate) fn rows(mut self, rows: usize) -> Self {
        self.rows = Some(rows);
        self
    }

    /// A write of so many records: what it costs, and that Zoho limits the larger ones.
    pub(crate) fn writes_rows(self, rows: usize) -> Self {
        self.rows(rows)
            .heavy(rows > 10)
            .credits(u64::try_from(rows.div_ceil(10)).unwrap_or(u64::MAX))
    }

    pub(crate) fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    pub(crate) fn heavy(mut self, heavy: bool) -> Self {
        self.heavy = heavy;
        self
    }

    pub(crate) fn credits(mut self, credits: u64) -> Self {
        self.credits = credits;
        self
    }

    pub(crate) fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Asks only for what changed after `since`. Zoho wants an ISO date here, not the one of RFC 9110.
    pub(crate) fn modified_since(self, since: Option<Timestamp>) -> Self {
        let value =
            since.and_then(|since| HeaderValue::from_str(&DateTime::from(since).to_string()).ok());
        match value {
            Some(value) => self.header(http::header::IF_MODIFIED_SINCE, value),
            None => self,
        }
    }

    /// Changes only what nobody changed after `instant`. An ISO date, as above.
    pub(crate) fn unmodified_since(self, instant: Option<Timestamp>) -> Self {
        let value = instant
            .and_then(|instant| HeaderValue::from_str(&DateTime::from(instant).to_string()).ok());
        match value {
            Some(value) => self.header(http::header::IF_UNMODIFIED_SINCE, value),
            None => self,
        }
    }

    /// Names the external fields whose values stand where ids would.
    pub(crate) fn external(self, fields: &[FieldName]) -> Result<Self, Error> {
        if fields.is_empty() {
            return Ok(self);
        }
        let list = field_list(self.operation, fields)?;
        let value = HeaderValue::from_str(&list)
            .map_err(|error| Error::invalid(self.operation, error.to_string()))?;
        Ok(self.header(HeaderName::from_static("x-external"), value))
    }

    pub(crate) fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// Takes any kind of answer: files are no JSON.
    pub(crate) fn any_answer(self) -> Self {
        self.header(ACCEPT, HeaderValue::from_static("*/*"))
    }

    /// Announces `file` as the form field `file`; the form is to be sent in place of a body.
    pub(crate) fn file(self, file: &FileUpload) -> Result<(Self, Upload), Error> {
        let (content_type, form) = file.form("file");
        let content_type = HeaderValue::from_str(&content_type)
            .map_err(|error| Error::invalid(self.operation, error.to_string()))?;
        Ok((self.header(CONTENT_TYPE, content_type), form))
    }

    pub(crate) fn json<T: Serialize + ?Sized>(self, body: &T) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(body).map_err(|error| {
            Error::invalid(
                self.operation,
                format!("the body cannot be written as JSON: {error}"),
            )
        })?;
        Ok(self.json_text(bytes))
    }

    /// Sends `json` as it is.
    pub(crate) fn json_text(self, json: Vec<u8>) -> Self {
        let content_type = HeaderValue::from_static("application/json");
        self.header(CONTENT_TYPE, content_type).body(json.into())
    }

    /// The request without host and credential.
    pub(crate) fn into_request(self) -> Result<Request, Error> {
        let mut target = self.path;
        if !self.query.is_empty() {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&self.query)
                .finish();
            target.push('?');
            target.push_str(&query);
        }
        let mut request = http::Request::builder()
            .method(self.method)
            .uri(target)
            .header(ACCEPT, "application/json")
            .extension(Credits(self.credits))
            .body(self.body)
            .map_err(|error| Error::invalid(self.operation, error.to_string()))?;
        for (name, value) in self.headers {
            request.headers_mut().insert(name, value);
        }
        if let Some(destination) = self.destination {
            request.extensions_mut().insert(destination);
        }
        Ok(request)
    }
}

/// `/Accounts`, refused when the name could change the path.
pub(crate) fn module_path(operation: &'static str, module: &ModuleName) -> Result<String, Error> {
    if module.is_plain() {
        return Ok(format!("/{module}"));
    }
    Err(Error::invalid(
        operation,
        format!("`{module}` is no module API name: use letters, digits and `_`"),
    ))
}

/// Names joined by commas, refused when one could change the query.
pub(crate) fn field_list(operation: &'static str, fields: &[FieldName]) -> Result<String, Error> {
    if let Some(wrong) = fields.iter().find(|field| !field.is_plain()) {
        return Err(Error::invalid(
            operation,
            format!("`{wrong}` is no field API name: use letters, digits, `_`, `$` and `.`"),
        ));
    }
    Ok(join(fields.iter().map(FieldName::as_str)))
}

pub(crate) fn id_list(ids: &[RecordId]) -> String {
    join(ids.iter().map(RecordId::as_str))
}

fn join<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<Vec<_>>().join(",")
}

/// Splits `items` into groups of at most `count` whose texts, joined by commas, have at most `length` characters.
pub(crate) fn groups<T: AsRef<str> + Clone>(
    items: &[T],
    count: usize,
    length: usize,
) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    let mut used = 0;
    for item in items {
        let size = item.as_ref().len() + 1;
        match groups.last_mut() {
            Some(group) if group.len() < count && used + size <= length => {
                group.push(item.clone());
                used += size;
            }
            _ => {
                groups.push(vec![item.clone()]);
                // The first item of a group needs no comma before it.
                used = size - 1;
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_cannot_add_parameters() {
        let request = Outgoing::get("test", "/Accounts")
            .query("fields", "a,b")
            .query("x", "1&page=9#z")
            .into_request()
            .unwrap();
        assert_eq!(
            request.uri(),
            "/crm/v8/Accounts?fields=a%2Cb&x=1%26page%3D9%23z"
        );
    }

    #[test]
    fn a_link_is_followed_to_where_it_leads() {
        let target = |link, default| {
            let request = Outgoing::link("test", link, default).unwrap();
            let request = request.into_request().unwrap();
            let destination = request.extensions().get::<Destination>().cloned();
            (request.uri().to_string(), destination)
        };
        let content = Some(Destination::Content);
        assert_eq!(target("/a/b?c=d", None), ("/a/b?c=d".to_owned(), None));
        assert_eq!(
            target("/a.zip", content.clone()),
            ("/a.zip".to_owned(), content)
        );
        let server = Destination::Server("https://content.zohoapis.eu".to_owned());
        assert_eq!(
            target("https://content.zohoapis.eu/v7/a.zip?x=1", None),
            ("/v7/a.zip?x=1".to_owned(), Some(server))
        );
        assert!(Outgoing::link("test", "a.zip", None).is_err());
        assert!(Outgoing::link("test", "//evil.example/a", None).is_err());
    }

    #[test]
    fn a_module_name_cannot_change_the_path() {
        let wrong = ModuleName::from("Accounts/../org");
        assert!(matches!(
            module_path("test", &wrong),
            Err(Error::InvalidRequest { .. })
        ));
    }

    proptest! {
        #[test]
        fn groups_keep_all_items_in_order_within_their_limits(lengths in prop::collection::vec(1usize..40, 0..200)) {
            let items: Vec<String> = lengths.iter().map(|length| "x".repeat(*length)).collect();
            let groups = groups(&items, 7, 100);
            for group in &groups {
                prop_assert!(!group.is_empty() && group.len() <= 7 && group.join(",").len() <= 100);
            }
            prop_assert_eq!(groups.concat(), items);
        }
    }
}
