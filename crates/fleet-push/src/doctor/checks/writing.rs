//! `writing`: a file was made in the directory of the site, for real. Modes and owners are looked at by `deploy-to`; this finds
//! what they do not tell: a quota, an access list, a network file system that maps the account to nobody, SELinux.

use cli::Cause;
use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::hold::Place;
use crate::doctor::remedy::{as_root, fault, ok, on_host};
use crate::doctor::seen::Seen;

const NAME: &str = "writing";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let (user, base) = (subject.host.user.as_str(), subject.host.deploy_to.as_str());
    let why = match &seen.place {
        Place::Alone | Place::Also(_) => return Some(ok(NAME, format!("a file could be made in `{base}`"))),
        // Told by `deploy-to`.
        Place::Untold => return None,
        Place::Refused(why) => why,
    };
    let cause = match Cause::told(why) {
        Some(Cause::NoSpace) if seen.probe.free_bytes.is_some_and(|free| free > 0) => Some(Cause::NoInodes),
        cause => cause,
    };
    let remedy =
        cause.map_or_else(|| format!("see why {user} cannot write there"), |cause| cause.remedy(base, user));
    let command = match cause {
        Some(Cause::NoSpace) => on_host(&Argv::new("df").args(["-h", "--", base])),
        Some(Cause::NoInodes) => on_host(&Argv::new("df").args(["-i", "--", base])),
        Some(Cause::Quota) => as_root(&Argv::new("quota").args(["-s", "-u", user])),
        Some(Cause::ReadOnly) => as_root(&Argv::new("mount").args(["-o", "remount,rw", "--target", base])),
        Some(Cause::NotPermitted) => as_root(&Argv::new("chattr").args(["-i", "--", base])),
        _ => on_host(&Argv::new("namei").args(["-l", "--", base])),
    };
    Some(fault(NAME, format!("no file can be made in `{base}`: {why}"), remedy, [command]))
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn what_the_system_said_decides_the_remedy() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Ok);
        for (said, remedy) in [
            ("cannot create /srv/site/.mkt-here.1: Disk quota exceeded", "edquota -u deploy"),
            ("cannot create /srv/site/.mkt-here.1: No space left on device", "df -i -- /srv/site"),
            ("cannot create /srv/site/.mkt-here.1: Read-only file system", "remount,rw"),
            ("cannot create /srv/site/.mkt-here.1: Operation not permitted", "chattr -i -- /srv/site"),
            ("cannot create /srv/site/.mkt-here.1: Permission denied", "namei -l -- /srv/site"),
            ("what is this", "see why deploy cannot"),
        ] {
            seen.place = Place::Refused(said.into());
            assert_says(&check(&world.subject(), &seen).unwrap(), Verdict::Fault, said, remedy);
        }
        seen.probe.free_bytes = Some(0);
        seen.place = Place::Refused("No space left on device".into());
        assert_says(
            &check(&world.subject(), &seen).unwrap(),
            Verdict::Fault,
            "No space",
            "df -h -- /srv/site",
        );
        seen.place = Place::Untold;
        assert_eq!(check(&world.subject(), &seen), None);
    }
}
