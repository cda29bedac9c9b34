//! `umask`: what the account makes can be read by the web server.

use fleet::Argv;
use record::Check;

use crate::doctor::Subject;
use crate::doctor::remedy::{as_root, ok, warning};
use crate::doctor::seen::Seen;

const NAME: &str = "umask";
/// What others need of a directory.
const READ_AND_ENTER: u32 = 0o005;

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let mask = seen.look.umask?;
    if mask & READ_AND_ENTER == 0 {
        return Some(ok(NAME, format!("{mask:04o}")));
    }
    let user = subject.host.user.as_str();
    Some(warning(
        NAME,
        format!("{mask:04o}: others cannot read what `{user}` makes"),
        "files and modes of a release are as packed all the same; for directories beside it, give the account another umask (pam_umask)",
        [as_root(&Argv::new("chfn").args(["-o", "umask=022", user]))],
    ))
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn one_that_hides_is_told() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Ok);
        seen.look.umask = Some(0o077);
        let told = check(&world.subject(), &seen).unwrap();
        assert_says(&told, Verdict::Warning, "0077", "chfn -o 'umask=022' deploy");
        seen.look.umask = None;
        assert_eq!(check(&world.subject(), &seen), None);
    }
}
