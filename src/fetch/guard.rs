//! Which addresses may be reached: public ones, and those that `allow_private` names.
//!
//! In: an IP address, as a literal of a URL or as the answer of a name server. Out: yes, or the [`Refusal`] that
//! says what kind of address it is. The tables are the IANA special-purpose registries (RFC 6890 and its updates).
//! An IPv6 address that carries an IPv4 address inside (mapped, compatible, NAT64, 6to4) is judged by that one too:
//! some system on the way would unwrap it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// Decides which addresses may be reached.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Vec<IpNet>,
}

/// An address that is not reached, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address} is {what}")]
pub struct Refusal {
    /// The address.
    pub address: IpAddr,
    /// What kind of address that is: `a loopback address`.
    pub what: &'static str,
}

impl Refusal {
    /// The network to name in `allow_private` so that the address is reached.
    pub fn network(&self) -> IpNet {
        IpNet::from(self.address)
    }
}

impl Guard {
    /// A guard that lets through public addresses and these networks.
    pub fn new(allowed: &[IpNet]) -> Self {
        Self {
            allowed: allowed.to_vec(),
        }
    }

    /// Whether an address may be reached.
    ///
    /// # Errors
    /// It is not public, and no allowed network holds it.
    pub fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        // `::ffff:10.0.0.1` is 10.0.0.1 to every system
        let address = address.to_canonical();
        let refused = |what| Err(Refusal { address, what });
        if self.allows(address) {
            return Ok(());
        }
        match address {
            IpAddr::V4(v4) => special_v4(v4).map_or(Ok(()), refused),
            IpAddr::V6(v6) => match carried_v4(v6) {
                Some(inner) if self.allows(IpAddr::V4(inner)) => Ok(()),
                Some(inner) => special_v4(inner).map_or(Ok(()), refused),
                None => special_v6(v6).map_or(Ok(()), refused),
            },
        }
    }

    /// Whether the host of an address, where it is written as an IP address, may be reached.
    ///
    /// `url` has read decimal, octal and hexadecimal forms by then: `http://0x7f.1/` is 127.0.0.1 here.
    ///
    /// # Errors
    /// As [`Guard::check`].
    pub fn check_literal(&self, url: &Url) -> Result<Option<IpAddr>, Refusal> {
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            Some(Host::Domain(_)) | None => return Ok(None),
        };
        self.check(address).map(|()| Some(address.to_canonical()))
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|net| net.contains(&address))
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("public addresses")?;
        self.allowed.iter().try_for_each(|net| write!(f, ", {net}"))
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, c: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

const SPECIAL_V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 0, 32), "the unspecified address"),
    (v4(0, 0, 0, 0, 8), "an address of this network"),
    (v4(10, 0, 0, 0, 8), PRIVATE),
    (v4(100, 64, 0, 0, 10), "an address behind a carrier's NAT"),
    (v4(127, 0, 0, 0, 8), LOOPBACK),
    (v4(169, 254, 0, 0, 16), LINK_LOCAL),
    (v4(172, 16, 0, 0, 12), PRIVATE),
    (v4(192, 0, 0, 0, 24), RESERVED),
    (v4(192, 0, 2, 0, 24), DOCUMENTATION),
    (v4(192, 88, 99, 0, 24), RESERVED),
    (v4(192, 168, 0, 0, 16), PRIVATE),
    (v4(198, 18, 0, 0, 15), BENCHMARKING),
    (v4(198, 51, 100, 0, 24), DOCUMENTATION),
    (v4(203, 0, 113, 0, 24), DOCUMENTATION),
    (v4(224, 0, 0, 0, 4), MULTICAST),
    (v4(255, 255, 255, 255, 32), "the broadcast address"),
    (v4(240, 0, 0, 0, 4), RESERVED),
];

const SPECIAL_V6: [(Ipv6Net, &str); 10] = [
    (v6(0, 0, 0, 128), "the unspecified address"),
    (v6(0xfc00, 0, 0, 7), PRIVATE),
    (v6(0xfe80, 0, 0, 10), LINK_LOCAL),
    (v6(0xfec0, 0, 0, 10), PRIVATE),
    (v6(0xff00, 0, 0, 8), MULTICAST),
    (v6(0x2001, 2, 0, 48), BENCHMARKING),
    (v6(0x2001, 0, 0, 32), "a Teredo tunnel's address"),
    (v6(0x2001, 0, 0, 23), RESERVED),
    (v6(0x2001, 0xdb8, 0, 32), DOCUMENTATION),
    (v6(0x3fff, 0, 0, 20), DOCUMENTATION),
];

/// All that is routed in public today.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 16);
const COMPATIBLE: Ipv6Net = v6(0, 0, 0, 96);

const PRIVATE: &str = "a private address";
const LOOPBACK: &str = "a loopback address";
const LINK_LOCAL: &str = "a link-local address";
const MULTICAST: &str = "a multicast address";
const DOCUMENTATION: &str = "an address for documentation";
const BENCHMARKING: &str = "an address for benchmarks";
const RESERVED: &str = "a reserved address";

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    SPECIAL_V4
        .iter()
        .find_map(|(net, what)| net.contains(&address).then_some(*what))
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_loopback() {
        return Some(LOOPBACK);
    }
    let named = SPECIAL_V6
        .iter()
        .find_map(|(net, what)| net.contains(&address).then_some(*what));
    named.or_else(|| (!GLOBAL_V6.contains(&address)).then_some(RESERVED))
}

/// The IPv4 address inside an IPv6 address. Mapped ones are unwrapped before.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bytes = address.octets();
    let at = |i: usize| Ipv4Addr::new(bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]);
    if SIX_TO_FOUR.contains(&address) {
        return Some(at(2));
    }
    // `::` and `::1` have names of their own
    let compatible = COMPATIBLE.contains(&address) && u128::from(address) > 1;
    (compatible || NAT64.contains(&address)).then(|| at(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str, allowed: &[&str]) -> Option<&'static str> {
        let allowed: Vec<IpNet> = allowed.iter().map(|n| n.parse().unwrap()).collect();
        let address = text.parse().unwrap();
        Guard::new(&allowed).check(address).err().map(|r| r.what)
    }

    #[test]
    fn special_addresses_are_refused_by_name() {
        for (address, what) in [
            ("0.0.0.0", "the unspecified address"),
            ("0.1.2.3", "an address of this network"),
            ("10.0.0.1", PRIVATE),
            ("100.64.0.1", "an address behind a carrier's NAT"),
            ("100.127.255.255", "an address behind a carrier's NAT"),
            ("127.0.0.1", LOOPBACK),
            ("127.255.255.254", LOOPBACK),
            ("169.254.169.254", LINK_LOCAL),
            ("172.16.0.1", PRIVATE),
            ("172.31.255.255", PRIVATE),
            ("192.0.0.8", RESERVED),
            ("192.0.2.1", DOCUMENTATION),
            ("192.88.99.1", RESERVED),
            ("192.168.1.1", PRIVATE),
            ("198.18.0.1", BENCHMARKING),
            ("198.19.255.255", BENCHMARKING),
            ("198.51.100.7", DOCUMENTATION),
            ("203.0.113.7", DOCUMENTATION),
            ("224.0.0.1", MULTICAST),
            ("240.0.0.1", RESERVED),
            ("255.255.255.255", "the broadcast address"),
            ("::", "the unspecified address"),
            ("::1", LOOPBACK),
            ("fc00::1", PRIVATE),
            ("fd12:3456::1", PRIVATE),
            ("fe80::1", LINK_LOCAL),
            ("fec0::1", PRIVATE),
            ("ff02::1", MULTICAST),
            ("2001:db8::1", DOCUMENTATION),
            ("3fff::1", DOCUMENTATION),
            ("2001:2::1", BENCHMARKING),
            ("2001:0:4136:e378::1", "a Teredo tunnel's address"),
            ("2001:20::1", RESERVED),
            ("100::1", RESERVED),
            ("5f00::1", RESERVED),
            ("64:ff9b:1::a00:1", RESERVED),
        ] {
            assert_eq!(judge(address, &[]), Some(what), "{address}");
        }
    }

    #[test]
    fn an_ipv4_address_inside_an_ipv6_one_is_seen() {
        for (address, what) in [
            ("::ffff:127.0.0.1", Some(LOOPBACK)),
            ("::ffff:10.1.2.3", Some(PRIVATE)),
            ("::127.0.0.1", Some(LOOPBACK)),
            ("::192.168.0.1", Some(PRIVATE)),
            ("64:ff9b::7f00:1", Some(LOOPBACK)),
            ("64:ff9b::a9fe:a9fe", Some(LINK_LOCAL)),
            ("2002:7f00:1::", Some(LOOPBACK)),
            ("2002:c0a8:101::1", Some(PRIVATE)),
            ("::ffff:1.1.1.1", None),
            ("64:ff9b::101:101", None),
            ("2002:101:101::1", None),
        ] {
            assert_eq!(judge(address, &[]), what, "{address}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2400:3200::1",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
        ] {
            assert_eq!(judge(address, &[]), None, "{address}");
        }
    }

    #[test]
    fn a_named_network_is_let_through_in_every_form_and_no_other() {
        let net = ["127.0.0.0/8", "fd00::/8"];
        for address in [
            "127.0.0.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "fd00::1",
        ] {
            assert_eq!(judge(address, &net), None, "{address}");
        }
        assert_eq!(judge("10.0.0.1", &net), Some(PRIVATE));
        assert_eq!(judge("::1", &net), Some(LOOPBACK));
        assert_eq!(judge("fc00::1", &net), Some(PRIVATE));
    }

    #[test]
    fn odd_spellings_of_a_literal_are_read_as_a_browser_reads_them() {
        let guard = Guard::default();
        for text in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::1]/",
            "http://１２７.0.0.1/",
        ] {
            let url = Url::parse(text).unwrap();
            let refusal = guard.check_literal(&url).unwrap_err();
            assert_eq!(refusal.what, LOOPBACK, "{text}");
        }
        let name = Url::parse("http://localhost/").unwrap();
        assert_eq!(guard.check_literal(&name), Ok(None));
    }

    #[test]
    fn a_refusal_names_the_network_to_allow() {
        let refusal = Guard::default().check("10.1.2.3".parse().unwrap());
        let refusal = refusal.unwrap_err();
        assert_eq!(refusal.to_string(), "10.1.2.3 is a private address");
        assert_eq!(refusal.network().to_string(), "10.1.2.3/32");
    }
}
