//! Which addresses a request may reach.
//!
//! A workflow's data may name a URL, so it could name the machine's own services or the
//! cloud's metadata. Only public addresses are reached, but for the host of the step's own
//! connection. The address that was checked is the one that is connected to: a name cannot
//! resolve to one address for the check and to another for the connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

/// Lets through public addresses, and the trusted host wherever it is.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// As a URL writes it.
    pub(super) trusted: Option<String>,
}

/// Why a host is not reached.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{0}` is not a public address")]
pub(super) struct Denied(pub(super) String);

impl Guard {
    /// Checks what needs no name resolution: an address written as such never meets the resolver.
    pub(super) fn check(&self, url: &Url) -> Result<(), Denied> {
        let host = url.host_str().unwrap_or_default();
        // An IPv6 address stands in brackets there.
        let address = host.trim_start_matches('[').trim_end_matches(']').parse();
        match address {
            Ok(address) if !self.trusts(host) && !is_public(address) => {
                Err(Denied(host.to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn trusts(&self, host: &str) -> bool {
        self.trusted.as_deref() == Some(host)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let trusted = self.trusts(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let admitted = |address: &SocketAddr| trusted || is_public(address.ip());
            let admitted: Vec<SocketAddr> = found.filter(admitted).collect();
            match admitted.is_empty() {
                true => Err(Denied(name.as_str().to_owned()).into()),
                false => Ok(Box::new(admitted.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether the Internet at large may have this address (IANA special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match parts {
        // NAT64 (RFC 6052) leads to the IPv4 address at its end.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(embedded(high, low)),
        // 6to4, Teredo and other protocol assignments, documentation.
        [0x2002, ..] | [0x2001, 0x0000..=0x01ff, ..] | [0x2001, 0xdb8, ..] => false,
        [0x3fff, 0x0000..=0x0fff, ..] => false,
        // Global unicast; IPv4-mapped, loopback, link-local, unique-local and multicast lie outside.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, trusted: Option<&str>) -> bool {
        let trusted = trusted.map(str::to_owned);
        Guard { trusted }
            .check(&url.parse().expect("a URL"))
            .is_ok()
    }

    #[test]
    fn only_public_addresses_are_reached() {
        for denied in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "192.0.0.192",
            "198.18.0.1",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[::127.0.0.1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[2001:db8::1]",
            "127.0.0.1.",
            "0x7f000001",
            "[64:ff9b:1::7f00:1]",
            "[::ffff:0:7f00:1]",
        ] {
            assert!(!check(&format!("http://{denied}/"), None), "{denied}");
        }
        // A zone leads to a neighbour; there is no way to write one.
        assert!(Url::parse("http://[fe80::1%25eth0]/").is_err());
        for admitted in [
            "8.8.8.8",
            "100.63.0.1",
            "[2606:4700::1111]",
            "[64:ff9b::808:808]",
        ] {
            assert!(check(&format!("http://{admitted}/"), None), "{admitted}");
        }
    }

    #[test]
    fn the_host_of_the_connection_is_reached_wherever_it_is() {
        assert!(check("http://10.1.2.3:8080/x", Some("10.1.2.3")));
        assert!(check("http://[::1]/x", Some("[::1]")));
        assert!(!check("http://10.1.2.4/x", Some("10.1.2.3")));
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_denied() {
        let inside = Guard { trusted: None }
            .resolve("localhost".parse().expect("a name"))
            .await;
        let err = inside.map(drop).expect_err("denied");
        assert!(err.downcast_ref::<Denied>().is_some(), "{err}");
        let trusted = Some("localhost".to_owned());
        assert!(
            Guard { trusted }
                .resolve("localhost".parse().expect("a name"))
                .await
                .is_ok()
        );
    }
}
