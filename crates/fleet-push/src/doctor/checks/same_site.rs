//! `same-site`: no other host of the fleet has the same directory. One server under two names, and two servers on one
//! network file system, are in each other's way at every step: the locks are for one host each.

use inventory::Host;
use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::remedy::{fault, here};

const NAME: &str = "same-site";

/// Said of both, each with the other's name.
pub(in crate::doctor) fn twins(subject: &Subject<'_>, other: &Host) -> Check {
    let host = subject.host;
    let without =
        Argv::new("fleet-push").args(["doctor", "--fleet", subject.fleet, "--exclude", other.name.as_str()]);
    fault(
        NAME,
        format!(
            "`{}` of `{}` is the same directory as `{}` of `{}`: one server under two names, or one network file system on two \
             servers",
            host.deploy_to, host.name, other.deploy_to, other.name
        ),
        "keep one of the two in fleet.toml (what one of them deploys, both serve), or give each a deploy_to of its own; leaving \
         one out does for one run",
        [here(&without)],
    )
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says};

    #[test]
    fn both_names_are_told() {
        let world = World::new("embedded");
        let other = Host { name: "web1b".parse().unwrap(), ..world.host.clone() };
        let told = twins(&world.subject(), &other);
        let remedy = "fleet-push doctor --fleet fleet.toml --exclude web1b";
        assert_says(&told, Verdict::Fault, "of `web1` is the same directory as", remedy);
        assert!(told.found.contains("of `web1b`"), "{told:?}");
    }
}
