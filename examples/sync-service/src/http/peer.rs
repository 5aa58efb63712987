//! Who calls.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Set by proxies: each adds the address that it was called from at the end.
const FORWARDED: &str = "x-forwarded-for";

impl Peer {
    /// Whom a request comes from. What a header says is believed only of the proxies that the operator named.
    pub(crate) fn of(connected: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> Self {
        if !proxies.contains(&connected.to_canonical()) {
            return Self(connected);
        }
        let named = headers
            .get_all(FORWARDED)
            .iter()
            .next_back()
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .and_then(|last| last.trim().parse().ok());
        Self(named.unwrap_or(connected))
    }

    /// What is counted together: an address, or the network that a provider gives to one customer in IPv6.
    pub(crate) fn group(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            address => address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn forwarded(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(FORWARDED.parse().unwrap(), text.parse().unwrap())])
    }

    #[test]
    fn a_header_is_believed_of_a_named_proxy_only() {
        let headers = forwarded("203.0.113.1, 198.51.100.7");
        let proxy = ip("10.0.0.2");
        assert_eq!(Peer::of(proxy, &headers, &[]), Peer(proxy));
        // The last one is the proxy's own word; what stands before it may be anybody's.
        assert_eq!(
            Peer::of(proxy, &headers, &[proxy]),
            Peer(ip("198.51.100.7"))
        );
        assert_eq!(
            Peer::of(ip("::ffff:10.0.0.2"), &headers, &[proxy]),
            Peer(ip("198.51.100.7"))
        );
        assert_eq!(
            Peer::of(proxy, &forwarded("unknown"), &[proxy]),
            Peer(proxy)
        );
    }

    #[test]
    fn a_network_of_one_customer_counts_as_one() {
        let group = |text: &str| Peer(ip(text)).group();
        assert_eq!(group("2001:db8:1:2:3::4"), group("2001:db8:1:2:ffff::1"));
        assert_ne!(group("2001:db8:1:2::1"), group("2001:db8:1:3::1"));
        assert_eq!(group("::ffff:192.0.2.1"), group("192.0.2.1"));
        assert_ne!(group("192.0.2.1"), group("192.0.2.2"));
    }
}
