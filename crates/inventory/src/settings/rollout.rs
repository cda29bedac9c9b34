//! `[rollout]` and `[groups.*]`: who goes first, how many at a time, and how many must be there at all.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::HostName;

/// A part of some hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "CountOrText")]
pub enum Quota {
    /// All of them.
    All,
    /// So many, at least 1.
    Count(usize),
    /// So many of a hundred, 1 to 100; rounded up.
    Percent(usize),
}

impl Quota {
    /// How many of `total` that is; never more than there are.
    #[must_use]
    pub fn of(self, total: usize) -> usize {
        match self {
            Self::All => total,
            Self::Count(count) => count.min(total),
            Self::Percent(percent) => (total * percent).div_ceil(100).min(total),
        }
    }
}

impl FromStr for Quota {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad =
            || format!("`{}` is not `all`, a number or a percentage such as `25%`", text.escape_debug());
        if text == "all" {
            return Ok(Self::All);
        }
        let (digits, percent) = match text.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        match (digits.parse::<usize>(), percent) {
            (Ok(count @ 1..=100), true) => Ok(Self::Percent(count)),
            (Ok(count @ 1..), false) => Ok(Self::Count(count)),
            _ => Err(bad()),
        }
    }
}

/// `3` or `"25%"`.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum CountOrText {
    Count(u32),
    Text(String),
}

impl TryFrom<CountOrText> for Quota {
    type Error = String;

    fn try_from(value: CountOrText) -> Result<Self, String> {
        match value {
            CountOrText::Count(count) => count.to_string().parse(),
            CountOrText::Text(text) => text.parse(),
        }
    }
}

/// Who goes first: so many, or these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Canary {
    /// So many, the first of the file.
    Quota(Quota),
    /// These.
    Hosts(Vec<HostName>),
}

/// How a switch goes through the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// The hosts that switch before all others.
    pub canary: Option<Canary>,
    /// How many switch at a time after that.
    pub batch: Quota,
    /// Between a batch that is healthy and the next one.
    pub pause: Duration,
    /// How many hosts without a group must be ready, for the others to go without the rest.
    pub quorum: Quota,
    /// The same for the hosts of a group.
    pub groups: BTreeMap<HostName, Quota>,
}

impl Default for Rollout {
    fn default() -> Self {
        Self {
            canary: None,
            batch: Quota::All,
            pause: Duration::ZERO,
            quorum: Quota::All,
            groups: BTreeMap::new(),
        }
    }
}

impl Rollout {
    /// The quorum of a group, or of the hosts without one.
    #[must_use]
    pub fn quorum_of(&self, group: Option<&HostName>) -> Quota {
        group.and_then(|group| self.groups.get(group)).copied().unwrap_or(self.quorum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_counts_or_percentages_and_never_nothing() {
        let of = |text: &str, total| text.parse::<Quota>().unwrap().of(total);
        assert_eq!((of("all", 7), of("3", 7), of("9", 7), of("25%", 7), of("1%", 7)), (7, 3, 7, 2, 1));
        for bad in ["0", "0%", "101%", "-1", "x", "", "%"] {
            assert!(bad.parse::<Quota>().is_err(), "{bad}");
        }
    }
}
