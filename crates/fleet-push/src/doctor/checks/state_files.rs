//! `state-files`: what swap-release keeps can be written by the account. A file of root's among it, left by somebody who ran a
//! verb as root once, ends every later run in its middle.

use cli::human;
use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::look::{Closed, Part};
use crate::doctor::remedy::{as_root, fault, ok, warning};
use crate::doctor::seen::Seen;

const NAME: &str = "state-files";

/// One check for each part that is not the account's; else one for all.
pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Vec<Check> {
    let (host, closed) = (subject.host, &seen.look.closed);
    let user = host.user.as_str();
    let told = |part: &Closed| {
        let files = human::count(part.count, "file or directory", "files and directories");
        format!(
            "`{user}` may not write {files} that swap-release has to, first `{}`, which is of `{}`",
            part.path, part.owner
        )
    };
    let below = |name: &str| format!("{}/{name}", host.deploy_to);
    let give = |path: &str| {
        [
            as_root(&Argv::new("chown").args(["-R", "-h", "--", user, path])),
            as_root(&Argv::new("chmod").args(["-R", "u+rwX", "--", path])),
        ]
    };
    // The modes of a release are as they were packed.
    let own = |path: &str| [as_root(&Argv::new("chown").args(["-R", "-h", "--", user, path]))];
    let remedy = "give it to the account that deploys, and run swap-release as nobody else there";
    let mut checks = Vec::new();
    // Where the directory itself is closed, `deploy-to` says so of all that is in it.
    let closed_whole = matches!(seen.look.parts.get(".swap"), Some(Part::Directory { writable: false, .. }));
    if let Some(part) = closed.get("state").filter(|_| !closed_whole) {
        checks.push(fault(NAME, told(part), remedy, give(&below(".swap"))));
    }
    if let Some(part) = closed.get("staging") {
        checks.push(fault(NAME, told(part), remedy, give(&part.path)));
    }
    if let Some(part) = closed.get("releases") {
        let found = format!("{}: it cannot be pruned", told(part));
        checks.push(warning(NAME, found, remedy, own(&below("releases"))));
    }
    // An rtorrent owns what it brings.
    if let Some(part) = closed.get("incoming").filter(|_| host.engine == inventory::Engine::Embedded) {
        let found = format!("{}: a push that brings a file of this name fails", told(part));
        checks.push(warning(NAME, found, remedy, own(&below("incoming"))));
    }
    if checks.is_empty() {
        checks.push(ok(NAME, "what swap-release keeps can be written"));
    }
    checks
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn each_part_has_its_verdict_and_is_given_to_the_account() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen)[0].verdict, Verdict::Ok);
        for (part, path, verdict, remedy) in [
            ("state", "/srv/site/.swap/lock", Verdict::Fault, "chown -R -h -- deploy /srv/site/.swap"),
            (
                "staging",
                "/srv/site/releases/.staging-7",
                Verdict::Fault,
                "deploy /srv/site/releases/.staging-7",
            ),
            (
                "releases",
                "/srv/site/releases/7",
                Verdict::Warning,
                "chown -R -h -- deploy /srv/site/releases",
            ),
            ("incoming", "/srv/site/incoming/x", Verdict::Warning, "deploy /srv/site/incoming"),
        ] {
            let closed = Closed { count: 3, owner: "root".into(), path: path.into() };
            seen.look.closed = [(part.to_owned(), closed)].into();
            let told = check(&world.subject(), &seen);
            assert_eq!(told.len(), 1);
            assert_says(&told[0], verdict, "3 files and directories", remedy);
            assert!(told[0].found.contains(path), "{told:?}");
        }
        assert_eq!(check(&World::new("rtorrent").subject(), &seen)[0].verdict, Verdict::Ok);
    }
}
