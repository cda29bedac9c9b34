//! `shared-data`: what visitors find at the shared paths today is in `shared/`, and what is in `shared/` is linked.

use record::{Check, Verdict};

use crate::doctor::remedy::warning;
use crate::doctor::seen::Seen;

const NAME: &str = "shared-data";

/// One check for each that would be lost, and one for all that nothing links; none where there is nothing to tell.
pub(super) fn check(seen: &Seen) -> Vec<Check> {
    let Some(Ok(status)) = &seen.status else { return Vec::new() };
    let mut checks: Vec<Check> = Vec::new();
    for stake in &status.shared.at_stake {
        checks.push(Check {
            check: NAME.to_owned(),
            verdict: Verdict::Fault,
            found: stake.found.clone(),
            remedy: stake.remedy.clone(),
            commands: stake.commands.clone(),
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

#[cfg(test)]
mod tests {
    use record::host::{HostStatus, Obstacle, SharedStatus};
    use record::{RemedyCommand, RemedyPlace};

    use super::*;
    use crate::doctor::checks::testing::{assert_says, good};

    #[test]
    fn what_would_be_lost_is_a_fault_and_what_nothing_links_a_warning() {
        let mut seen = good();
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
    }
}
