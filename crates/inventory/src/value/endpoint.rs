//! A place to dial as people type it for ssh.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use super::{Address, HostName, UserName};

/// `[USER@]NAME[:PORT]`, also as `ssh://...`; an IPv6 address with a port stands between brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The account, if one is named.
    pub user: Option<UserName>,
    /// What is dialled.
    pub address: Address,
    /// The port, if one is named.
    pub port: Option<u16>,
}

impl Endpoint {
    /// What reports call a host of which no more is known.
    ///
    /// # Errors
    /// An address too long to be a name.
    pub fn name(&self) -> Result<HostName, String> {
        // A colon is no part of a name, and neither may begin with one.
        let plain = match self.address.ip() {
            Some(ip) if ip.is_ipv6() => format!("v6-{}", ip.to_string().replace(':', "-")),
            _ => self.address.to_string(),
        };
        match self.port {
            Some(port) => format!("{plain}_{port}").parse(),
            None => plain.parse(),
        }
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = |why: &str| format!("`{}` is not [USER@]NAME[:PORT]: {why}", text.escape_debug());
        let rest = text.strip_prefix("ssh://").unwrap_or(text);
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user.parse().map_err(|why: String| bad(&why))?), place),
            None => (None, rest),
        };
        let (address, port) = if let Some(inside) = place.strip_prefix('[') {
            let (ip, after) = inside.split_once(']').ok_or_else(|| bad("a bracket is not closed"))?;
            match after.strip_prefix(':') {
                Some(port) => (ip, Some(port)),
                None if after.is_empty() => (ip, None),
                None => return Err(bad("a port follows the bracket after a colon")),
            }
        } else if place.parse::<Ipv6Addr>().is_ok() {
            (place, None)
        } else {
            place.split_once(':').map_or((place, None), |(name, port)| (name, Some(port)))
        };
        let port = match port.map(str::parse::<u16>) {
            None => None,
            Some(Ok(port)) if port != 0 => Some(port),
            Some(_) => return Err(bad("the port is a number from 1 to 65535")),
        };
        Ok(Self { user, address: address.parse().map_err(|why: String| bad(&why))?, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match (self.address.ip(), self.port) {
            (Some(ip), Some(port)) if ip.is_ipv6() => write!(f, "[{ip}]:{port}"),
            (_, Some(port)) => write!(f, "{}:{port}", self.address),
            (_, None) => write!(f, "{}", self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_as_ssh_takes_them() {
        for (text, shown, name) in [
            ("web9", "web9", "web9"),
            ("root@web9:2222", "root@web9:2222", "web9_2222"),
            ("ssh://deploy@10.0.0.9:22", "deploy@10.0.0.9:22", "10.0.0.9_22"),
            ("::1", "::1", "v6---1"),
            ("deploy@[2001:db8::1]:2222", "deploy@[2001:db8::1]:2222", "v6-2001-db8--1_2222"),
            ("[2001:db8::1]", "2001:db8::1", "v6-2001-db8--1"),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!((endpoint.to_string().as_str(), endpoint.name().unwrap().as_str()), (shown, name));
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        for bad in [
            "",
            "@web1",
            "a b@web1",
            "web1:",
            "web1:0",
            "web1:x",
            "web1:70000",
            "[::1",
            "[::1]22",
            "-v",
            "we b",
        ] {
            let error = bad.parse::<Endpoint>().unwrap_err();
            assert!(error.contains("is not [USER@]NAME[:PORT]"), "{bad}: {error}");
        }
    }
}
