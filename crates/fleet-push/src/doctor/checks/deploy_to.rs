//! `deploy-to`: the directory of the site is there, and it and what is in it can be written.

use inventory::Engine;
use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::look::Part;
use crate::doctor::remedy::{as_root, fault, ok, on_host, unknown};
use crate::doctor::seen::Seen;

const NAME: &str = "deploy-to";
/// Its own parts. What is missing is made with the first release.
const PARTS: [&str; 3] = ["releases", "shared", ".swap"];
/// May be rtorrent's alone.
const INCOMING: &str = "incoming";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Check {
    let (host, parts) = (subject.host, &seen.look.parts);
    let base = host.deploy_to.as_str();
    match parts.get("deploy_to") {
        None => return unknown(NAME, format!("it did not say what `{base}` is")),
        Some(Part::Missing) if seen.probe.writable => {
            let make = on_host(&Argv::new("mkdir").args(["-p", "--", base]));
            return fault(
                NAME,
                format!("`{base}` is not there"),
                "make it, for the account that deploys",
                [make],
            );
        }
        Some(Part::Missing) => {
            let remedy = "make it, for the account that deploys";
            return fault(NAME, format!("`{base}` is not there"), remedy, [subject.make_directory(base)]);
        }
        Some(Part::Other | Part::Directory { .. }) => {}
    }
    let mut missing = Vec::new();
    let incoming = (host.engine == Engine::Embedded).then_some(INCOMING);
    for name in ["deploy_to"].into_iter().chain(PARTS).chain(incoming) {
        let path = if name == "deploy_to" { base.to_owned() } else { format!("{base}/{name}") };
        match parts.get(name) {
            None | Some(Part::Missing) => missing.push(name),
            Some(Part::Directory { read_only: false, .. }) if seen.look.fixed.contains(name) => {
                let free = Argv::new("chattr").args(["-i", "-a", "--", path.as_str()]);
                let remedy = "take that off; who owns it and its mode do not matter as long as it is there";
                let found = format!("`{path}` was made immutable (chattr +i or +a)");
                return fault(NAME, found, remedy, [as_root(&free)]);
            }
            Some(Part::Directory { writable: true, .. }) => {}
            Some(Part::Other) => {
                let away = on_host(&Argv::new("mv").args(["--", &path, &format!("{path}.away")]));
                let remedy = "move it out of the way, or set another `deploy_to` in fleet.toml";
                return fault(NAME, format!("`{path}` is not a directory"), remedy, [away]);
            }
            Some(Part::Directory { read_only: true, .. }) => {
                let remount = Argv::new("mount").args(["-o", "remount,rw", "--target", &path]);
                let remedy = "a file system that failed is made read-only by the kernel: see its log, then mount it to be written";
                return fault(
                    NAME,
                    format!("`{path}` is on a file system that is mounted read-only"),
                    remedy,
                    [as_root(&Argv::new("dmesg")), as_root(&remount)],
                );
            }
            Some(Part::Directory { writable: false, owner_name, .. }) => {
                let (user, found) = (host.user.as_str(), owner_name.as_str());
                // What is shared is not the account's alone.
                let whole = match name {
                    "deploy_to" | "shared" => ["-h"].as_slice(),
                    _ => ["-R", "-h"].as_slice(),
                };
                let own = Argv::new("chown").args(whole.iter().copied()).args(["--", user, path.as_str()]);
                let mode = Argv::new("chmod").args(["u+rwx", "--", path.as_str()]);
                return fault(
                    NAME,
                    format!("`{user}` may not write to `{path}`, which is of `{found}`"),
                    "give it to the account that deploys",
                    [as_root(&own), as_root(&mode)],
                );
            }
        }
    }
    let new = if missing.is_empty() { "" } else { ", no release yet" };
    ok(NAME, format!("`{base}` can be written{new}"))
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, directory, good};

    #[test]
    fn it_must_be_a_directory_that_can_be_written() {
        let world = World::new("embedded");
        let with = |name: &str, part: Part, writable: bool| {
            let mut seen = good();
            seen.probe.writable = writable;
            seen.look.parts.insert(name.into(), part);
            check(&world.subject(), &seen)
        };
        assert_eq!(check(&world.subject(), &good()).verdict, Verdict::Ok);
        let mut fixed = good();
        fixed.look.fixed.insert("releases".into());
        let told = check(&world.subject(), &fixed);
        assert_says(&told, Verdict::Fault, "made immutable", "chattr -i -a -- /srv/site/releases");
        assert_says(&with("releases", Part::Missing, true), Verdict::Ok, "no release yet", "");
        let fault = Verdict::Fault;
        assert_says(&with("deploy_to", Part::Missing, true), fault, "not there", "mkdir -p -- /srv/site");
        assert_says(
            &with("deploy_to", Part::Missing, false),
            fault,
            "not there",
            "install -d -o deploy -m 755 /srv/site",
        );
        assert_says(
            &with("deploy_to", directory(false), false),
            fault,
            "may not write",
            "chown -h -- deploy /srv/site",
        );
        assert_says(
            &with(".swap", directory(false), true),
            fault,
            "/srv/site/.swap",
            "chown -R -h -- deploy /srv/site/.swap",
        );
        assert_says(&with("incoming", directory(false), true), fault, "/srv/site/incoming", "chown -R -h");
        assert_says(
            &with("shared", directory(false), true),
            fault,
            "shared",
            "chown -h -- deploy /srv/site/shared",
        );
        assert_says(&with("shared", Part::Other, true), fault, "not a directory", "mv -- /srv/site/shared");
        let read_only = Part::Directory {
            writable: false,
            device: 1,
            owner: 0,
            owner_name: "root".into(),
            read_only: true,
        };
        assert_says(&with("deploy_to", read_only, false), fault, "read-only", "mount -o remount,rw");
    }
}
