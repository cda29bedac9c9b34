//! The modification time of everything that is new or changed. The clock is never read: same commit, same bytes.

use std::ffi::OsString;

use payload::Manifest;

use crate::Error;
use crate::site::git::Commit;

/// When nothing is known: 2000-01-01. Not 1970, which tar and some caches take for a fault.
const FIXED: u64 = 946_684_800;
/// What a tar header holds (year 2242).
const LATEST: u64 = 0o777_7777_7777;

/// Where the time is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReleaseTime {
    /// SOURCE_DATE_EPOCH.
    Environment(u64),
    /// The commit.
    Commit(u64),
    /// Later than everything in the release before, of which no time is known either.
    AfterBase(u64),
    /// A fixed date: caches may not notice that a file has changed.
    Fixed,
}

impl ReleaseTime {
    /// `epoch` is the value of SOURCE_DATE_EPOCH, if it is set and not empty.
    pub(crate) fn find(epoch: Option<OsString>, commit: Option<&Commit>) -> Result<Self, Error> {
        if let Some(text) = epoch.filter(|text| !text.is_empty()) {
            let text = text.to_string_lossy();
            return match text.parse() {
                Ok(0) => Err(Error::NoTime),
                Ok(time) if time <= LATEST => Ok(Self::Environment(time)),
                _ => Err(Error::SourceDateEpoch { text: text.chars().take(60).collect() }),
            };
        }
        let time = commit.map(|commit| commit.time).filter(|time| (1..=LATEST).contains(time));
        Ok(time.map_or(Self::Fixed, Self::Commit))
    }

    /// Where no time is known, something new must not get the time of what was there under its name long before: then
    /// it is later than all in the releases before.
    pub(crate) fn after(self, bases: &[Manifest]) -> Self {
        let newest = bases.iter().flat_map(Manifest::entries).map(|entry| entry.mtime).max();
        match (self, newest) {
            (Self::Fixed, Some(newest)) => Self::AfterBase((newest + 1).clamp(FIXED, LATEST)),
            (time, _) => time,
        }
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(self) -> u64 {
        match self {
            Self::Environment(time) | Self::Commit(time) | Self::AfterBase(time) => time,
            Self::Fixed => FIXED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_then_commit_then_a_fixed_date() {
        let commit = Commit { id: "a".repeat(40), time: 5 };
        let epoch = Commit { time: 0, ..commit.clone() };
        let find = |epoch: Option<&str>, commit| ReleaseTime::find(epoch.map(Into::into), commit);
        assert_eq!(find(Some("7"), Some(&commit)).unwrap(), ReleaseTime::Environment(7));
        assert_eq!(find(Some(""), Some(&commit)).unwrap(), ReleaseTime::Commit(5));
        assert_eq!(find(None, None).unwrap(), ReleaseTime::Fixed);
        assert_eq!(find(None, Some(&epoch)).unwrap(), ReleaseTime::Fixed);
        for zero in ["0", "000"] {
            assert!(matches!(find(Some(zero), Some(&commit)), Err(Error::NoTime)), "{zero}");
        }
        for bad in ["-1", "now", "1.5", "99999999999", " 5"] {
            assert!(find(Some(bad), Some(&commit)).unwrap_err().to_string().contains(bad));
        }
    }
}
