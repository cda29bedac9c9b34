//! `umask`: told, but no fault: swap-release gives what the web server has to enter modes of its own, and files the modes that
//! were packed.

use record::Check;

use crate::doctor::remedy::ok;
use crate::doctor::seen::Seen;

const NAME: &str = "umask";
/// What others need of a directory.
const READ_AND_ENTER: u32 = 0o005;

pub(super) fn check(seen: &Seen) -> Option<Check> {
    let mask = seen.look.umask?;
    if mask & READ_AND_ENTER == 0 {
        return Some(ok(NAME, format!("{mask:04o}")));
    }
    Some(ok(
        NAME,
        format!("{mask:04o}: what is deployed has modes of its own, what the account makes by hand hides"),
    ))
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::good;

    #[test]
    fn one_that_hides_is_said_and_does_no_harm() {
        let mut seen = good();
        assert_eq!(check(&seen).unwrap().found, "0022");
        seen.look.umask = Some(0o077);
        let told = check(&seen).unwrap();
        assert!(told.verdict == Verdict::Ok && told.found.starts_with("0077: "), "{told:?}");
        seen.look.umask = None;
        assert_eq!(check(&seen), None);
    }
}
