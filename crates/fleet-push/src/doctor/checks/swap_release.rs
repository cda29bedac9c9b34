//! `swap-release`: it is there, it runs, and it is of our version, since the two exchange records.

use record::Check;

use crate::doctor::Subject;
use crate::doctor::remedy::{fault, here, ok};
use crate::doctor::seen::Seen;

const NAME: &str = "swap-release";
const OURS: &str = env!("CARGO_PKG_VERSION");

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Check {
    let program = &subject.host.swap_release;
    let install = || here(&subject.ours("fleet-push", "install"));
    match &seen.probe.version {
        Err(reason) => fault(
            NAME,
            format!("no `{program}` that runs there: {reason}"),
            "install it, or set `swap_release` in fleet.toml to its path",
            [install()],
        ),
        Ok(said) => match said.strip_prefix("swap-release ") {
            Some(OURS) => ok(NAME, format!("`{program}` {OURS}")),
            Some(version) => fault(
                NAME,
                format!("`{program}` is {version} there, fleet-push is {OURS} here"),
                "both must be of one version: install it there",
                [install()],
            ),
            None => fault(
                NAME,
                format!("`{program}` says `{}` of itself", said.chars().take(80).collect::<String>()),
                "set `swap_release` in fleet.toml to the path of ours, or install it there",
                [install()],
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn it_must_be_there_and_ours() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).verdict, Verdict::Ok);
        let remedy = "fleet-push install --fleet fleet.toml --only web1";
        for (version, found) in [
            (Ok("swap-release 0.0.9"), "is 0.0.9 there"),
            (Ok("busybox 1.36"), "says `busybox"),
            (Err("sh: 1: swap-release: not found"), "not found"),
        ] {
            seen.probe.version = version.map(str::to_owned).map_err(str::to_owned);
            assert_says(&check(&world.subject(), &seen), Verdict::Fault, found, remedy);
        }
    }
}
