//! Where a host is dialled.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

/// An IP address or a DNS name (RFC 1123: labels of letters, digits and `-`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Address(String);

impl Address {
    /// The address as text; IP addresses in their shortest form, DNS names in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The IP address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self(ip.to_string()));
        }
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        if text.len() > 253 || !text.split('.').all(label) {
            return Err(format!("`{}` is neither an IP address nor a DNS name", text.escape_debug()));
        }
        // `10.0.0.300` has the form of a name, but no top-level domain is a number: it is a mistyped address.
        if text.rsplit('.').next().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit())) {
            return Err(format!("`{text}` is not a valid IP address"));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_one_form() {
        let form = |text: &str| text.parse::<Address>().unwrap().as_str().to_owned();
        assert_eq!(form("10.0.0.5"), "10.0.0.5");
        assert_eq!(form("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
        assert_eq!(form("Web1.Example.Org"), "web1.example.org");
    }

    #[test]
    fn refuses_options_ports_and_mistyped_addresses() {
        for text in ["", "-oX", "a b", "10.0.0.300", "10.0.0", "web1:22", "a..b", "[::1]", "a/b"] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }
}
