//! `web-server-config`: what `swap-release lint` finds there, and whether a hook has Apache follow a switch where it needs
//! one.

use inventory::{Hook, HookAction, Phase};
use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::remedy::{fault, ok, on_host, unknown, warning};
use crate::doctor::seen::Seen;

const NAME: &str = "web-server-config";
/// What `swap-release lint` says of a header of `[health]` that the web server sets; nothing is wrong with that line.
const NO_PROOF: &str = "so it is no proof for [health]";
const PROVE: &str = "leave the web server as it is, and set `contains` in [health] of fleet.toml to what the page says of its release";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let found = seen.lint.as_ref()?;
    let Some(first) = found.findings.first() else {
        if found.by_real_path && !follows(subject.hooks) {
            return Some(fault(
                NAME,
                "Apache serves a release by its real path, and no hook of after-switch and after-revert has it follow a switch",
                "add the hook `swap-release apache` to fleet.toml, as crates/swap-release/WEBSERVERS.md has it",
                [],
            ));
        }
        if let Some(why) = &found.unknown {
            return Some(unknown(NAME, why.clone()));
        }
        return Some(ok(NAME, "nothing found that mixes releases"));
    };
    let lint = Argv::new(subject.host.swap_release.as_str()).args([
        "lint",
        "--deploy-to",
        subject.host.deploy_to.as_str(),
    ]);
    let more = found.findings.len() - 1;
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    if found.findings.iter().all(|finding| finding.contains(NO_PROOF)) {
        return Some(warning(NAME, format!("{first}{more}"), PROVE, []));
    }
    Some(warning(
        NAME,
        format!("{first}{more}"),
        "correct the lines that are named, and reload the web server",
        [on_host(&lint)],
    ))
}

/// Whether some hook speaks to Apache, whose name it may bear as it likes.
fn follows(hooks: &[Hook]) -> bool {
    hooks.iter().any(|hook| {
        let both = [Phase::AfterSwitch, Phase::AfterRevert].iter().all(|phase| hook.phases.contains(phase));
        let HookAction::Command(argv) = &hook.action else { return false };
        let named = |word: String| word.contains("apache") || word.contains("httpd");
        both && argv.iter().any(|part| named(part.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};
    use crate::doctor::lint::Lint;

    #[test]
    fn what_lint_finds_is_told_and_a_hook_that_is_missing_too() {
        let mut world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Ok);
        let findings = ["/etc/nginx/sites-enabled/site:3: one", "/etc/nginx/sites-enabled/site:4: two"];
        seen.lint = Some(Lint { findings: findings.map(str::to_owned).into(), ..Lint::default() });
        let told = check(&world.subject(), &seen).unwrap();
        assert_says(
            &told,
            Verdict::Warning,
            "site:3: one (and 1 more)",
            "swap-release lint --deploy-to /srv/site",
        );
        // The configuration is good, and [health] is what is changed.
        let finding = "/etc/nginx/sites-enabled/site:9: the web server sets the header X-Release itself, so it is no proof for [health]";
        seen.lint = Some(Lint { findings: vec![finding.into()], ..Lint::default() });
        let told = check(&world.subject(), &seen).unwrap();
        assert_says(&told, Verdict::Warning, "site:9", "set `contains` in [health]");
        seen.lint = Some(Lint { by_real_path: true, ..Lint::default() });
        assert_says(
            &check(&world.subject(), &seen).unwrap(),
            Verdict::Fault,
            "no hook",
            "swap-release apache",
        );
        for (phases, verdict) in [
            (vec![Phase::AfterSwitch], Verdict::Fault),
            (vec![Phase::AfterSwitch, Phase::AfterRevert], Verdict::Ok),
        ] {
            let part = |text: &str| text.to_owned().try_into().unwrap();
            let action = HookAction::Command(vec![part("sudo"), part("/usr/local/sbin/apache-follows")]);
            let on = inventory::RunsOn::Every;
            world.hooks =
                vec![Hook { name: "x".into(), phases, on, action, timeout: std::time::Duration::ZERO }];
            assert_eq!(check(&world.subject(), &seen).unwrap().verdict, verdict);
        }
        seen.lint = None;
        assert_eq!(check(&world.subject(), &seen), None);
    }
}
