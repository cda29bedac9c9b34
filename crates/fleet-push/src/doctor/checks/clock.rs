//! `clock`: file dates and certificates go by it.

use std::time::Duration;

use record::Check;
use remote::Argv;

use crate::doctor::remedy::{as_root, ok, unknown, warning};
use crate::doctor::seen::Seen;

const NAME: &str = "clock";
/// A clock that is further off is told.
const APART: Duration = Duration::from_secs(60);

pub(super) fn check(seen: &Seen) -> Check {
    let Some(ahead) = seen.probe.clock_ahead_ms else { return unknown(NAME, "it did not say the time") };
    let by = Duration::from_millis(ahead.unsigned_abs());
    if by <= APART {
        return ok(NAME, format!("within {} s of this machine's", APART.as_secs()));
    }
    let way = if ahead > 0 { "ahead" } else { "behind" };
    let by = humantime::format_duration(Duration::from_secs(by.as_secs()));
    warning(
        NAME,
        format!("its clock is {by} {way} of this machine's"),
        "have it set by NTP, or this machine's, whichever is wrong",
        [as_root(&Argv::new("timedatectl").args(["set-ntp", "true"]))],
    )
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{assert_says, good};

    #[test]
    fn a_clock_that_is_off_is_told() {
        let mut seen = good();
        assert_eq!(check(&seen).verdict, Verdict::Ok);
        seen.probe.clock_ahead_ms = Some(-61_000);
        assert_says(&check(&seen), Verdict::Warning, "1m 1s behind", "timedatectl set-ntp true");
        seen.probe.clock_ahead_ms = None;
        assert_eq!(check(&seen).verdict, Verdict::Unknown);
    }
}
