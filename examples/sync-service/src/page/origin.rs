//! Whether a form was sent from a page of ours.

use axum::http::{HeaderMap, header};
use url::Url;

/// Says where a request comes from; browsers set it and pages cannot.
const FETCH_SITE: &str = "sec-fetch-site";

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a browser says that it comes from a page of ours. Whoever says nothing of the kind is refused: all browsers do.
/// `own` is the address that browsers know us by, where a proxy stands in between; else it is what they ask for.
pub(super) fn is_ours(headers: &HeaderMap, own: Option<&Url>) -> bool {
    let site = text(headers, FETCH_SITE);
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    match text(headers, header::ORIGIN) {
        None => site.is_some(),
        Some(origin) => match own {
            Some(own) => own.origin().ascii_serialization() == origin,
            None => {
                let authority = origin.split_once("://").map(|(_, authority)| authority);
                authority.is_some() && authority == text(headers, header::HOST)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(site: Option<&str>, origin: Option<&str>) -> HeaderMap {
        let named = [
            ("host", Some("sync.example:9090")),
            (FETCH_SITE, site),
            ("origin", origin),
        ];
        let set = named
            .into_iter()
            .filter_map(|(name, value)| Some((name.parse().unwrap(), value?.parse().unwrap())));
        HeaderMap::from_iter(set)
    }

    #[test]
    fn our_own_pages_are_told_from_others() {
        let ours = Some("http://sync.example:9090");
        for (site, origin, expected) in [
            (Some("same-origin"), ours, true),
            (None, ours, true),
            (Some("same-origin"), None, true),
            (None, None, false),
            (Some("cross-site"), ours, false),
            (Some("same-site"), ours, false),
            (Some("none"), ours, false),
            (None, Some("http://evil.example"), false),
            (None, Some("http://sync.example"), false),
            (None, Some("null"), false),
        ] {
            let headers = request(site, origin);
            assert_eq!(is_ours(&headers, None), expected, "{site:?} {origin:?}");
        }
    }

    #[test]
    fn behind_a_proxy_the_configured_address_counts() {
        let own: Url = "https://sync.example/".parse().unwrap();
        let through = request(Some("same-origin"), Some("https://sync.example"));
        assert!(is_ours(&through, Some(&own)));
        let around = request(Some("same-origin"), Some("http://sync.example:9090"));
        assert!(!is_ours(&around, Some(&own)));
    }
}
