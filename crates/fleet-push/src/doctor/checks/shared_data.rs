//! `shared-data`: what visitors find at the shared paths today is in `shared/`, and what is in `shared/` is linked.

use record::{Check, RemedyCommand, Verdict};
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::remedy::warning;
use crate::doctor::seen::Seen;

const NAME: &str = "shared-data";

/// One check for each that would be lost, and one for all that nothing links; none where there is nothing to tell.
pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Vec<Check> {
    let Some(Ok(status)) = &seen.status else { return Vec::new() };
    let mut checks: Vec<Check> = Vec::new();
    for stake in &status.shared.at_stake {
        checks.push(Check {
            check: NAME.to_owned(),
            verdict: Verdict::Fault,
            found: stake.found.clone(),
            remedy: stake.remedy.clone(),
            commands: stake.commands.iter().map(|command| with_path(subject, command)).collect(),
        });
    }
    if !status.shared.unlinked.is_empty() {
        checks.push(warning(
            NAME,
            format!("no shared path names what lies in shared/ as `{}`", status.shared.unlinked.join("`, `")),
            "name it in `shared` of fleet.toml, with a ? at its end if it is not on every host; or take it away",
            [],
        ));
    }
    checks
}

/// swap-release names itself without a path, and need not be on the PATH of the account.
fn with_path(subject: &Subject<'_>, command: &RemedyCommand) -> RemedyCommand {
    let program = Argv::new(subject.host.swap_release.as_str()).to_string();
    match command.command.strip_prefix("swap-release ") {
        Some(rest) => RemedyCommand { command: format!("{program} {rest}"), ..command.clone() },
        None => command.clone(),
    }
}

#[cfg(test)]
mod tests {
    use record::RemedyPlace;
    use record::host::{HostStatus, Obstacle, SharedStatus};

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn what_would_be_lost_is_a_fault_and_what_nothing_links_a_warning() {
        let (world, mut seen) = (World::new("embedded"), good());
        let check = |seen: &Seen| check(&world.subject(), seen);
        let status = |shared| HostStatus {
            schema: HostStatus::SCHEMA.into(),
            version: "0.1.0".into(),
            current: None,
            foreign: None,
            previous: None,
            busy: None,
            releases: Vec::new(),
            gone: Vec::new(),
            owed: None,
            hooks: Vec::new(),
            remains: None,
            shared,
        };
        seen.status = Some(Ok(status(SharedStatus::default())));
        assert_eq!(check(&seen), []);
        let command = RemedyCommand { place: RemedyPlace::Host, command: "ln -s -- /a /b".into() };
        let stake =
            Obstacle { found: "3 files".into(), remedy: Some("link".into()), commands: vec![command] };
        let shared = SharedStatus { unlinked: vec![".env".into()], at_stake: vec![stake] };
        seen.status = Some(Ok(status(shared)));
        let told = check(&seen);
        assert_says(&told[0], Verdict::Fault, "3 files", "ln -s -- /a /b");
        assert_says(&told[1], Verdict::Warning, "`.env`", "");
        let ours = RemedyCommand { place: RemedyPlace::Host, command: "swap-release adopt x".into() };
        let program = &world.host.swap_release;
        assert_eq!(with_path(&world.subject(), &ours).command, format!("{program} adopt x"));
    }
}
