//! Which proxy leads to a URL, by the variables that curl and most programs read: `http_proxy`, `https_proxy`,
//! `all_proxy`, `no_proxy`, in small letters or in capitals.
//!
//! ureq reads them too, but takes one proxy for both schemes, and knows neither networks nor ports in `no_proxy`.

use std::fmt;
use std::net::IpAddr;

use ureq::{Proxy, ProxyProtocol};

use crate::Error;

/// The proxies of an environment.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    exceptions: Vec<Exception>,
}

/// What is reached directly.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exception {
    All,
    /// A host and all below it, perhaps at one port only.
    Host(String, Option<u16>),
    /// The addresses whose first bits are these.
    Network(IpAddr, u32),
}

/// A proxy's URL may hold a password.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown =
            |proxy: &Option<Proxy>| proxy.as_ref().map(|proxy| format!("{}:{}", proxy.host(), proxy.port()));
        f.debug_struct("Proxies")
            .field("http", &shown(&self.http))
            .field("https", &shown(&self.https))
            .field("exceptions", &self.exceptions)
            .finish()
    }
}

impl Proxies {
    /// Those that `variable` names: [`std::env::var`] for the process's own.
    ///
    /// # Errors
    /// [`Error::Argument`] with the name of a variable that holds no http or https proxy. Its value is not shown.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let given = |name: &'static str, capitals: &'static str| {
            let of = |name: &'static str| variable(name).map(|value| (name, value));
            of(name).or_else(|| of(capitals))
        };
        let all = given("all_proxy", "ALL_PROXY");
        let proxy = |name, capitals| parse(given(name, capitals).or_else(|| all.clone()));
        let exceptions = given("no_proxy", "NO_PROXY").map(|(_, list)| list).unwrap_or_default();
        let words = exceptions.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty());
        Ok(Self {
            http: proxy("http_proxy", "HTTP_PROXY")?,
            https: proxy("https_proxy", "HTTPS_PROXY")?,
            exceptions: words.map(Exception::parse).collect(),
        })
    }

    /// The proxy for a URL; `None` if its host is reached directly.
    pub(super) fn to(&self, url: &str) -> Option<&Proxy> {
        let (scheme, rest) = url.split_once("://")?;
        let https = scheme.eq_ignore_ascii_case("https");
        let proxy = if https { &self.https } else { &self.http }.as_ref()?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (host, port) = host_and_port(authority.rsplit('@').next()?);
        let port = port.unwrap_or(if https { 443 } else { 80 });
        let direct = self.exceptions.iter().any(|exception| exception.covers(&host, port));
        (!direct).then_some(proxy)
    }
}

/// An empty variable says that there is none.
fn parse(given: Option<(&'static str, String)>) -> Result<Option<Proxy>, Error> {
    let Some((name, url)) = given.filter(|(_, url)| !url.trim().is_empty()) else { return Ok(None) };
    match Proxy::new(url.trim()) {
        Ok(proxy) if matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) => {
            Ok(Some(proxy))
        }
        _ => {
            Err(Error::Argument { what: name.to_owned(), reason: "is not the URL of an http or https proxy" })
        }
    }
}

impl Exception {
    fn parse(word: &str) -> Self {
        if word == "*" {
            return Self::All;
        }
        if let Some((ip, bits)) = word.split_once('/')
            && let (Ok(ip), Ok(bits)) = (ip.parse(), bits.parse())
        {
            return Self::Network(ip, bits);
        }
        let (host, port) = host_and_port(word);
        let host = host.strip_prefix('*').unwrap_or(&host);
        Self::Host(host.trim_matches('.').to_owned(), port)
    }

    /// `host` in small letters, without brackets.
    fn covers(&self, host: &str, port: u16) -> bool {
        match self {
            Self::All => true,
            Self::Host(name, at) => {
                let below = host.strip_suffix(name.as_str()).is_some_and(|before| before.ends_with('.'));
                !name.is_empty() && (host == name || below) && at.is_none_or(|at| at == port)
            }
            Self::Network(network, bits) => host.parse().is_ok_and(|ip| within(*network, *bits, ip)),
        }
    }
}

fn within(network: IpAddr, bits: u32, ip: IpAddr) -> bool {
    let differing = match (network, ip) {
        (IpAddr::V4(network), IpAddr::V4(ip)) => (network.to_bits() ^ ip.to_bits()).leading_zeros(),
        (IpAddr::V6(network), IpAddr::V6(ip)) => (network.to_bits() ^ ip.to_bits()).leading_zeros(),
        _ => return false,
    };
    differing >= bits
}

/// Of `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address.
fn host_and_port(authority: &str) -> (String, Option<u16>) {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match authority.split_once(':') {
            Some((_, rest)) if rest.contains(':') => (authority, None),
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    (host.to_ascii_lowercase(), port.and_then(|port| port.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Proxies, Error> {
        Proxies::of(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn way(proxies: &Proxies, url: &str) -> String {
        proxies.to(url).map_or("direct".to_owned(), |proxy| format!("{}:{}", proxy.host(), proxy.port()))
    }

    #[test]
    fn each_scheme_has_its_own_and_small_letters_win() {
        let both =
            of(&[("HTTP_PROXY", "http://h:1"), ("http_proxy", "small:2"), ("HTTPS_PROXY", "https://s")]);
        let both = both.unwrap();
        assert_eq!(way(&both, "http://t/x"), "small:2");
        assert_eq!(way(&both, "https://t/x"), "s:443");
        let one = of(&[("HTTPS_PROXY", "http://s:3128")]).unwrap();
        assert_eq!(way(&one, "http://t/x"), "direct");
        let all = of(&[("ALL_PROXY", "http://a:3"), ("https_proxy", "")]).unwrap();
        assert_eq!(way(&all, "http://t/x"), "a:3");
        assert_eq!(way(&all, "https://t/x"), "direct", "an empty variable says so");
        assert_eq!(way(&Proxies::default(), "http://t"), "direct");
    }

    #[test]
    fn exceptions_are_names_addresses_networks_and_ports() {
        let list = "example.com, .lan *.corp,10.0.0.0/8 tracker:81,192.0.2.7,[2001:db8::5],fd00::/8";
        let proxies = of(&[("all_proxy", "p:3"), ("NO_PROXY", list)]).unwrap();
        for (url, direct) in [
            ("http://example.com/x", true),
            ("http://A.Example.COM:8080/x", true),
            ("http://notexample.com", false),
            ("http://example.com.evil", false),
            ("http://t.lan", true),
            ("http://lan", true),
            ("http://a.b.corp", true),
            ("http://10.200.3.4:34000/k3y", true),
            ("http://11.0.0.1", false),
            ("http://tracker:81/announce", true),
            ("http://tracker/announce", false),
            ("https://user:pw@192.0.2.7/x", true),
            ("http://192.0.2.71", false),
            ("http://[2001:db8::5]:80/x", true),
            ("http://[2001:db8::6]/x", false),
            ("http://[fd12::1]/x", true),
        ] {
            assert_eq!(way(&proxies, url) == "direct", direct, "{url}");
        }
        let none = of(&[("all_proxy", "p:3"), ("no_proxy", "*")]).unwrap();
        assert_eq!(way(&none, "https://t"), "direct");
        let empty = of(&[("all_proxy", "p:3"), ("no_proxy", " ,, .")]).unwrap();
        assert_eq!(way(&empty, "https://t"), "p:3");
    }

    #[test]
    fn what_is_no_proxy_is_named_by_its_variable_and_no_password_is_shown() {
        for bad in ["socks5://u:hunter2@p:1080", "ftp://p", "http://", "http://u:hunter2 @p"] {
            let error = of(&[("HTTPS_PROXY", bad)]).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("`HTTPS_PROXY` is not") && !shown.contains("hunter2"), "{shown}");
        }
        let shown = format!("{:?}", of(&[("ALL_PROXY", "http://u:hunter2@p:3128")]).unwrap());
        assert!(shown.contains("p:3128") && !shown.contains("hunter2"), "{shown}");
    }
}
