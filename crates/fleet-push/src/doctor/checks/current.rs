//! `current`: nothing, or a link to a release that is there.

use record::{Check, ReleaseId};
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::look::Current;
use crate::doctor::remedy::{fault, here, ok, on_host};
use crate::doctor::seen::Seen;

const NAME: &str = "current";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let path = format!("{}/current", subject.host.deploy_to);
    let adopt = || here(&subject.ours("swap-release", "adopt"));
    let take_in = "take it in as a release; that is without an outage";
    Some(match seen.look.current.as_ref()? {
        Current::None => ok(NAME, "nothing is live yet"),
        Current::Directory => fault(NAME, format!("`{path}` is a directory"), take_in, [adopt()]),
        Current::File => {
            let away = on_host(&Argv::new("mv").args(["--", &path, &format!("{path}.away")]));
            fault(NAME, format!("`{path}` is a file"), "move it out of the way", [away])
        }
        Current::Link { target, leads_somewhere: true } if is_a_release(seen, target) => {
            ok(NAME, format!("leads to `{target}`"))
        }
        Current::Link { target, leads_somewhere: true } => fault(
            NAME,
            format!("`{path}` leads to `{target}`, which is no release of ours"),
            take_in,
            [adopt()],
        ),
        Current::Link { target, leads_somewhere: false } => fault(
            NAME,
            format!("`{path}` leads to `{target}`, which is not there: the site is down"),
            "go back to a release that is there, or remove the link and deploy anew",
            [
                here(&subject.ours("swap-release", "rollback")),
                on_host(&Argv::new("rm").args(["-f", "--", &path])),
            ],
        ),
    })
}

/// What it resolves to is a release, whatever its text: the host says so. Where it does not, the text decides.
fn is_a_release(seen: &Seen, target: &str) -> bool {
    match &seen.status {
        Some(Ok(status)) if status.current.is_some() || status.foreign.is_some() => status.current.is_some(),
        _ => is_ours(target),
    }
}

/// `releases/ID`, as `swap-release` makes it.
fn is_ours(target: &str) -> bool {
    let id = target.trim_end_matches('/').strip_prefix("releases/");
    id.is_some_and(|id| id.parse::<ReleaseId>().is_ok())
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn nothing_or_a_link_to_a_release() {
        let world = World::new("embedded");
        let with = |current: Current| {
            let mut seen = good();
            seen.look.current = Some(current);
            check(&world.subject(), &seen).unwrap()
        };
        let link =
            |target: &str, leads_somewhere| with(Current::Link { target: target.into(), leads_somewhere });
        assert_eq!(with(Current::None).verdict, Verdict::Ok);
        assert_eq!(link("releases/r1/", true).verdict, Verdict::Ok);
        let adopt = "swap-release adopt --fleet fleet.toml --only web1";
        assert_says(&with(Current::Directory), Verdict::Fault, "is a directory", adopt);
        assert_says(&link("/var/www/old", true), Verdict::Fault, "no release of ours", adopt);
        assert_says(
            &link("releases/r1", false),
            Verdict::Fault,
            "the site is down",
            "rm -f -- /srv/site/current",
        );
        assert_says(&with(Current::File), Verdict::Fault, "is a file", "mv -- /srv/site/current");
    }
}
