//! The ports among which an embedded peer takes a free one.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

/// TCP ports from the first to the last, both included: `6900-6999`, or one port, `6900`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// Where embedded peers listen when nobody says where.
    pub const DEFAULT: Self = Self { first: 6900, last: 6999 };

    /// Every port of it.
    #[must_use]
    pub fn ports(self) -> RangeInclusive<u16> {
        self.first..=self.last
    }
}

impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("`{}` is not a range of ports such as `6900-6999`", text.escape_debug());
        let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(refuse);
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (port(first)?, port(last)?),
            None => (port(text)?, port(text)?),
        };
        if first > last { Err(refuse()) } else { Ok(Self { first, last }) }
    }
}

impl TryFrom<String> for PortRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_or_one_port() {
        let range: PortRange = "6900-6902".parse().unwrap();
        assert_eq!(
            (range.ports().collect::<Vec<_>>(), range.to_string()),
            (vec![6900, 6901, 6902], "6900-6902".into())
        );
        assert_eq!("6900".parse::<PortRange>().unwrap().ports(), 6900..=6900);
        for text in ["", "0", "6902-6900", "1-65536", "a-b", "1-2-3", "-5"] {
            assert!(text.parse::<PortRange>().is_err(), "{text:?}");
        }
    }
}
