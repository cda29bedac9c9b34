//! `state`: what swap-release remembers of the site can be read, and nobody is at work on it.

use cli::human;
use record::host::HostStatus;
use record::{Check, HookOwed, Owed};

use crate::doctor::Subject;
use crate::doctor::look::{Current, Part};
use crate::doctor::remedy::{fault, here, ok, on_host, warning};
use crate::doctor::seen::Seen;

const NAME: &str = "state";
/// What swap-release makes in every site.
const PARTS: [&str; 4] = ["releases", "shared", "incoming", ".swap"];

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
            None => left(host, known).unwrap_or_else(|| {
                ok(NAME, format!("{} known", human::count(known.releases.len(), "release", "releases")))
            }),
        }),
        // It says the same of `current`, and nothing else.
        Err(_) if !matches!(seen.look.current, Some(Current::None | Current::Link { .. })) => None,
        Err(_) if matches!(&seen.look.current, Some(Current::Link { target, .. }) if !target.starts_with("releases/")) => {
            None
        }
        // Nothing can be finished or undone as long as a part is no directory, which `deploy-to` says.
        Err(_) if PARTS.iter().any(|part| seen.look.parts.get(*part) == Some(&Part::Other)) => None,
        Err(why) => Some(match unreadable(host, why) {
            Some(file) => fault(
                NAME,
                why.clone(),
                "look at the file and move it out of the way: it may name a deployment that was taken back and still has to be seen to",
                [
                    on_host(&remote::Argv::new("mv").args(["--", file, &format!("{file}.unreadable")])),
                    status(),
                ],
            ),
            None => fault(
                NAME,
                why.clone(),
                "let it finish or undo what was left",
                [on_host(&agent::command(host, "reconcile")), status()],
            ),
        }),
    }
}

/// The state file that a torn write, or an editor, has left unreadable: no verb gets past it.
fn unreadable<'a>(host: &inventory::Host, why: &'a str) -> Option<&'a str> {
    let (_, rest) = why.split_once("state file `")?;
    let (file, _) = rest.split_once("` is unreadable")?;
    let below = file.strip_prefix(&format!("{}/.swap/", host.deploy_to))?;
    let is_plain = below.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    (is_plain && !below.split('/').any(|part| part == "..")).then_some(file)
}

/// What a deployment that was taken back left there, the worst of it. The next deployment may be what puts it right.
fn left(host: &inventory::Host, known: &HostStatus) -> Option<Check> {
    if let Some(hook) = known.hooks.first() {
        let HookOwed { name, release, error, .. } = hook;
        return Some(warning(
            NAME,
            format!(
                "hook `{name}` fails since `{release}` was taken back, which may still be served there: {error}"
            ),
            "mend what it says; any verb on the server runs it again",
            [on_host(&agent::command(host, "reconcile"))],
        ));
    }
    if let Some(Owed { release, error: Some(why), .. }) = &known.owed {
        return Some(warning(
            NAME,
            format!("caches that `{release}` filled, which was taken back, could not be rebuilt: {why}"),
            "mend what it says; any verb on the server tries again",
            [on_host(&agent::command(host, "reconcile"))],
        ));
    }
    let remains = known.remains.as_ref()?;
    let on = remains.host.as_deref().is_none_or(|name| name == host.name.as_str());
    on.then(|| {
        warning(
            NAME,
            format!("`{}` was taken back, and the database keeps what it did there", remains.release),
            "see what helps, then say that it is settled",
            [on_host(&agent::command(host, "status")), on_host(&agent::command(host, "settle"))],
        )
    })
}

#[cfg(test)]
mod tests {
    use record::Verdict;

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
            gone: Vec::new(),
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
        let hook = HookOwed {
            name: "apache".into(),
            release: "r2".parse().unwrap(),
            command: None,
            since: String::new(),
            error: "it does not run".into(),
        };
        seen.status = Some(Ok(HostStatus { hooks: vec![hook], ..status(None) }));
        let remedy = "swap-release reconcile --deploy-to /srv/site";
        assert_says(&check(&world.subject(), &seen).unwrap(), Verdict::Warning, "it does not run", remedy);
        let owed = Owed {
            release: "r2".parse().unwrap(),
            since: String::new(),
            not_before: String::new(),
            error: Some("no database".into()),
        };
        seen.status = Some(Ok(HostStatus { owed: Some(owed), ..status(None) }));
        assert_says(&check(&world.subject(), &seen).unwrap(), Verdict::Warning, "no database", remedy);
        seen.status = Some(Err("damaged".into()));
        assert_says(&check(&world.subject(), &seen).unwrap(), Verdict::Fault, "damaged", remedy);
        let torn =
            |file: &str| format!("`swap-release status` failed: state file `{file}` is unreadable: eof");
        seen.status = Some(Err(torn("/srv/site/.swap/remains.json")));
        let away = "mv -- /srv/site/.swap/remains.json /srv/site/.swap/remains.json.unreadable";
        assert_says(&check(&world.subject(), &seen).unwrap(), Verdict::Fault, "is unreadable", away);
        for strange in ["/srv/site/.swap/../x", "/etc/passwd", "/srv/site/.swap/$(id)"] {
            seen.status = Some(Err(torn(strange)));
            assert_says(&check(&world.subject(), &seen).unwrap(), Verdict::Fault, "is unreadable", remedy);
        }
        let before = seen.look.parts.insert("incoming".into(), Part::Other).unwrap();
        assert_eq!(check(&world.subject(), &seen), None, "`deploy-to` says it");
        seen.look.parts.insert("incoming".into(), before);
        seen.look.current = Some(Current::Directory);
        assert_eq!(check(&world.subject(), &seen), None, "that is told once");
    }
}
