//! How fast bytes may be sent.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

/// What one of each unit is in bytes a second: network people count bits, disks count bytes.
const UNITS: [(&str, u64); 6] = [
    ("kbit/s", 125),
    ("Mbit/s", 125_000),
    ("Gbit/s", 125_000_000),
    ("kB/s", 1_000),
    ("MB/s", 1_000_000),
    ("GB/s", 1_000_000_000),
];

/// A ceiling in bytes a second, written with its unit: `100 Mbit/s`, `12.5 MB/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Rate(NonZeroU64);

impl Rate {
    /// Bytes a second, never 0.
    #[must_use]
    pub fn bytes_per_second(self) -> NonZeroU64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse =
            || format!("`{}` is not a rate such as `100 Mbit/s` or `12.5 MB/s`", text.escape_debug());
        let parsed = UNITS.iter().find_map(|(unit, bytes)| Some((text.trim().strip_suffix(unit)?, *bytes)));
        let (number, unit) = parsed.ok_or_else(refuse)?;
        // Whole thousandths: no rate is lost to the rounding of a float.
        let (whole, part) = number.trim().split_once('.').unwrap_or((number.trim(), "0"));
        if part.is_empty() || part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refuse());
        }
        let whole: u64 = whole.parse().map_err(|_| refuse())?;
        let thousandths: u64 = format!("{part:0<3}").parse().map_err(|_| refuse())?;
        let bytes = whole.checked_mul(unit).and_then(|bytes| bytes.checked_add(thousandths * unit / 1000));
        bytes.and_then(NonZeroU64::new).map(Self).ok_or_else(refuse)
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, bytes) =
            UNITS[..3].iter().rev().find(|(_, bytes)| self.0.get() >= *bytes).unwrap_or(&UNITS[0]);
        let tenths = (self.0.get() * 10).div_ceil(*bytes);
        match tenths % 10 {
            0 => write!(f, "{} {unit}", tenths / 10),
            tenth => write!(f, "{}.{tenth} {unit}", tenths / 10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_bytes() {
        for (text, bytes, shown) in [
            ("100 Mbit/s", 12_500_000, "100 Mbit/s"),
            ("12.5MB/s", 12_500_000, "100 Mbit/s"),
            ("8kbit/s", 1_000, "8 kbit/s"),
            ("1 Gbit/s", 125_000_000, "1 Gbit/s"),
            ("1.5 Mbit/s", 187_500, "1.5 Mbit/s"),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!((rate.bytes_per_second().get(), rate.to_string().as_str()), (bytes, shown), "{text}");
        }
        for text in
            ["", "100", "0 Mbit/s", "-1 MB/s", "1e3 kB/s", "1. MB/s", "100 mbit", "99999999999999 GB/s"]
        {
            assert!(text.parse::<Rate>().is_err(), "{text:?}");
        }
    }
}
