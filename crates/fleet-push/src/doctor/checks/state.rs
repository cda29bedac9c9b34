//! `state`: what swap-release remembers of the site can be read, and nobody is at work on it.

use record::Check;

use crate::doctor::Subject;
use crate::doctor::look::Current;
use crate::doctor::remedy::{fault, here, ok, on_host, warning};
use crate::doctor::seen::Seen;

const NAME: &str = "state";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let host = subject.host;
    let status = || here(&subject.ours("swap-release", "status"));
    match seen.status.as_ref()? {
        Ok(known) => Some(match &known.busy {
            Some(owner) => warning(
                NAME,
                format!("a deployment is under way there: {owner}"),
                "wait for its end",
                [status()],
            ),
            None => match known.hooks.first() {
                Some(hook) => fault(
                    NAME,
                    format!(
                        "hook `{}` fails since `{}` was taken back, which may still be served there: {}",
                        hook.name, hook.release, hook.error
                    ),
                    "mend what it says; any verb on the server runs it again",
                    [on_host(&reconcile(host)), status()],
                ),
                None => ok(NAME, format!("{} releases known", known.releases.len())),
            },
        }),
        // It says the same of `current`, and nothing else.
        Err(_) if !matches!(seen.look.current, Some(Current::None | Current::Link { .. })) => None,
        Err(_) if matches!(&seen.look.current, Some(Current::Link { target, .. }) if !target.starts_with("releases/")) => {
            None
        }
        Err(why) => Some(fault(
            NAME,
            why.clone(),
            "let it finish or undo what was left",
            [on_host(&reconcile(host)), status()],
        )),
    }
}

fn reconcile(host: &fleet::Host) -> fleet::Argv {
    fleet::Argv::new(host.swap_release.as_str()).args(["reconcile", "--deploy-to", host.deploy_to.as_str()])
}

#[cfg(test)]
mod tests {
    use record::Verdict;
    use record::host::HostStatus;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn it_must_be_readable() {
        let world = World::new("embedded");
        let mut seen = good();
        let status = |busy: Option<&str>| HostStatus {
            shared: record::host::SharedStatus::default(),
            schema: HostStatus::SCHEMA.into(),
            version: "1".into(),
            current: None,
            foreign: None,
            previous: None,
            busy: busy.map(str::to_owned),
            releases: Vec::new(),
            owed: None,
            hooks: Vec::new(),
            remains: None,
        };
        seen.status = Some(Ok(status(None)));
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Ok);
        seen.status = Some(Ok(status(Some("job 7"))));
        assert_says(
            &check(&world.subject(), &seen).unwrap(),
            Verdict::Warning,
            "job 7",
            "swap-release status",
        );
        seen.status = Some(Err("damaged".into()));
        let remedy = "swap-release reconcile --deploy-to /srv/site";
        assert_says(&check(&world.subject(), &seen).unwrap(), Verdict::Fault, "damaged", remedy);
        seen.look.current = Some(Current::Directory);
        assert_eq!(check(&world.subject(), &seen), None, "that is told once");
    }
}
