//! `one-file-system`: payloads, releases and state lie on one file system, so that space is counted once, and what is
//! pruned is moved out by a rename.

use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::look::Part;
use crate::doctor::remedy::{ok, on_host, warning};
use crate::doctor::seen::Seen;

const NAME: &str = "one-file-system";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let base = &subject.host.deploy_to;
    let device = |name: &str| match seen.look.parts.get(name) {
        Some(Part::Directory { device, .. }) => Some(*device),
        _ => None,
    };
    let releases = device("releases").or_else(|| device("deploy_to"))?;
    let names = ["incoming", ".swap"];
    let elsewhere: Vec<&str> =
        names.into_iter().filter(|name| device(name).is_some_and(|other| other != releases)).collect();
    if elsewhere.is_empty() {
        return Some(ok(NAME, format!("all of `{base}` is on one file system")));
    }
    let paths: Vec<String> = std::iter::once("releases")
        .chain(elsewhere.iter().copied())
        .map(|name| format!("{base}/{name}"))
        .collect();
    let mounts = on_host(&Argv::new("df").arg("-h").args(paths));
    Some(warning(
        NAME,
        format!("{} is on another file system than the releases", elsewhere.join(", ")),
        "free space is looked at where releases are only, and what a prune cannot move it has to delete file by file: mount it above all of them",
        [mounts],
    ))
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn a_part_that_is_mounted_is_told() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Ok);
        let other = Part::Directory {
            writable: true,
            device: 2,
            owner: 1001,
            owner_name: "deploy".into(),
            read_only: false,
        };
        seen.look.parts.insert("incoming".into(), other);
        let told = check(&world.subject(), &seen).unwrap();
        assert_says(&told, Verdict::Warning, "incoming", "df -h /srv/site/releases /srv/site/incoming");
        seen.look.parts.clear();
        assert_eq!(check(&world.subject(), &seen), None, "nothing is there yet");
    }
}
