//! Addresses and requests.

use bytes::Bytes;
use client_core::Request;
use http::{
    HeaderName, HeaderValue, Method, Uri,
    header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    key::Key,
    names::{ClassName, RepresentationName},
};
use crate::{config::Site, error::InvalidRequest};

/// All but the letters that RFC 3986 calls unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// What part of a class a request is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resource<'a> {
    /// All records.
    Class,
    /// One record.
    Record(&'a Key),
    /// The values that a new record begins with.
    Template,
    /// The description of a representation's facet.
    Prototype(&'a str),
}

/// The path of `resource`, from the root of the server.
fn path(site: &Site, class: &ClassName, resource: Resource<'_>) -> Result<String, InvalidRequest> {
    if site.in_cloud {
        return Err(InvalidRequest::new(
            "the cloud gateway has no api1: use GraphQL there",
        ));
    }
    let application = site
        .api1
        .application
        .split('/')
        .map(escaped)
        .collect::<Vec<_>>()
        .join("/");
    if application
        .split('/')
        .any(|segment| matches!(segment, "" | "." | ".."))
    {
        return Err(InvalidRequest::new(
            "the application of api1 consists of names with slashes between, such as x3/erp",
        ));
    }
    let endpoint = escaped(site.endpoint.as_str());
    let class = format!("{}/api1/{application}/{endpoint}/{class}", site.base);
    Ok(match resource {
        Resource::Class => class,
        Resource::Record(key) => {
            format!(
                "{class}('{}')",
                escaped(&key.to_string().replace('\'', "''"))
            )
        }
        Resource::Template => format!("{class}/$template"),
        Resource::Prototype(facet) => format!("{class}/$prototypes('{}')", escaped(facet)),
    })
}

/// `representation=R.$facet`, the parameter that must not be missing. Source: reference sage-x3 section 4.1.
pub(super) fn representation(name: &RepresentationName, facet: &str) -> String {
    format!("representation={}", escaped(&format!("{name}.${facet}")))
}

/// The request for `resource` with a query that is escaped already.
pub(super) fn request(
    site: &Site,
    method: Method,
    class: &ClassName,
    resource: Resource<'_>,
    query: &str,
    body: Option<Bytes>,
) -> Result<Request, InvalidRequest> {
    let mut url = path(site, class, resource)?;
    if !query.is_empty() {
        url.push('?');
        url.push_str(query);
    }
    let uri: Uri = url
        .parse()
        .map_err(|_| InvalidRequest::new(format!("the address of class {class} makes no URL")))?;
    let mut request = Request::new(body.clone().unwrap_or_default());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if site.api1.stateless {
        headers.insert(
            HeaderName::from_static("x-requested-with"),
            HeaderValue::from_static("stateless"),
        );
    }
    if let Some(locale) = &site.locale {
        headers.insert(ACCEPT_LANGUAGE, locale.clone());
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;
    use crate::config::SiteConfig;

    fn site() -> Site {
        SiteConfig::new("https://erp.example.com/x3/", "REPOSX3 SEED")
            .try_into()
            .unwrap()
    }

    fn uri(resource: Resource<'_>, query: &str) -> Uri {
        let class = ClassName::new("BPCUSTOMER").unwrap();
        request(&site(), Method::GET, &class, resource, query, None)
            .unwrap()
            .uri()
            .clone()
    }

    #[test]
    fn addresses_have_the_documented_shape_below_a_proxy_prefix() {
        let class = "https://erp.example.com/x3/api1/x3/erp/REPOSX3%20SEED/BPCUSTOMER";
        let key = Key::composite(["O'Neill", "A/1"]).unwrap();
        let name = RepresentationName::new("BPCUSTOMER").unwrap();
        assert_eq!(
            uri(Resource::Class, &representation(&name, "query")).to_string(),
            format!("{class}?representation=BPCUSTOMER.%24query")
        );
        assert_eq!(
            uri(Resource::Record(&key), "").to_string(),
            format!("{class}('O%27%27Neill~A%2F1')")
        );
        assert_eq!(
            uri(Resource::Template, "").to_string(),
            format!("{class}/$template")
        );
        assert_eq!(
            uri(Resource::Prototype("BPCUSTOMER.$create"), "").to_string(),
            format!("{class}/$prototypes('BPCUSTOMER.%24create')")
        );
    }

    #[test]
    fn an_application_cannot_climb_out_of_its_path() {
        let class = ClassName::new("A").unwrap();
        for application in ["", "x3//erp", "../admin", "x3/.."] {
            let site: Site = SiteConfig::new("http://x3", "SEED")
                .api1(super::super::Api1Settings::new().application(application))
                .try_into()
                .unwrap();
            assert!(
                request(&site, Method::GET, &class, Resource::Class, "", None).is_err(),
                "{application}"
            );
        }
    }

    proptest! {
        /// Whatever the key, the path has the same segments and gives the key back.
        #[test]
        fn no_key_changes_the_address(part in "[^~\\p{Cc}]{0,10}[^~\\s\\p{Cc}][^~\\p{Cc}]{0,10}") {
            let key = Key::new(part.as_str()).unwrap();
            let uri = uri(Resource::Record(&key), "a=b");
            prop_assert_eq!(uri.query(), Some("a=b"));
            let last = uri.path().rsplit('/').next().unwrap();
            prop_assert_eq!(uri.path().matches('/').count(), 6);
            let inner = last.strip_prefix("BPCUSTOMER('").and_then(|rest| rest.strip_suffix("')")).unwrap();
            let decoded = percent_decode_str(inner).decode_utf8().unwrap().replace("''", "'");
            prop_assert_eq!(decoded, part);
        }

        /// Whatever stands in a parameter, it stays one parameter.
        #[test]
        fn no_value_adds_a_parameter(value in any::<String>()) {
            let uri = uri(Resource::Class, &format!("where={}&count=5", escaped(&value)));
            let pairs: Vec<(String, String)> = ::url::form_urlencoded::parse(uri.query().unwrap().as_bytes()).into_owned().collect();
            prop_assert_eq!(pairs, [("where".to_owned(), value), ("count".to_owned(), "5".to_owned())]);
        }
    }
}
