//! `rtorrent-watch`: a torrent can be put into the watch directory, and rtorrent loads it.

use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::look::{Part, Socket};
use crate::doctor::remedy::{as_root, fault, ok, unknown, warning};
use crate::doctor::seen::{Seen, SeenRtorrent, Trial};

const NAME: &str = "rtorrent-watch";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen, rtorrent: &SeenRtorrent) -> Check {
    let (host, path) = (subject.host, subject.host.watch_dir.as_str());
    let group = seen.look.group.as_deref().unwrap_or(host.user.as_str());
    let make = || {
        let owner = match &seen.look.socket {
            Some(Socket::There { owner, .. }) => owner.as_str(),
            _ => "site-rt",
        };
        as_root(&Argv::new("install").args(["-d", "-o", owner, "-g", group, "-m", "2775", path]))
    };
    let restart = || as_root(&Argv::new("systemctl").args(["restart", "site-rt.service"]));
    match seen.look.parts.get("watch") {
        Some(Part::Directory { writable: true, .. }) => {}
        Some(Part::Directory { writable: false, owner_name, .. }) => {
            let found = format!("`{}` may not write to `{path}`, which is of `{owner_name}`", host.user);
            return fault(NAME, found, "let the account's group write there", [make()]);
        }
        Some(Part::Other) => {
            let remedy = "set `watch_dir` in fleet.toml to the directory that rtorrent watches";
            return fault(NAME, format!("`{path}` is not a directory"), remedy, [subject.rtorrent_setup()]);
        }
        None | Some(Part::Missing) => {
            let remedy = "make it, and start rtorrent anew, which watches directories that it finds at its start; or set `watch_dir` in fleet.toml";
            return fault(NAME, format!("`{path}` is not there"), remedy, [make(), restart()]);
        }
    }
    match &rtorrent.trial {
        None => unknown(NAME, format!("`{path}` can be written; rtorrent did not answer")),
        Some(Trial::NotPut(why)) => fault(
            NAME,
            format!("a torrent cannot be put into `{path}`: {why}"),
            "let the account's group write there",
            [make()],
        ),
        Some(Trial::NotLoaded) => fault(
            NAME,
            format!("rtorrent does not load what is put into `{path}`"),
            "it must be able to read the directory; its log says more",
            [make(), restart(), subject.rtorrent_setup()],
        ),
        Some(Trial::Loaded { watched: false, .. }) => warning(
            NAME,
            format!(
                "rtorrent does not watch `{path}`: a push has to load by RPC, which takes seconds longer"
            ),
            "let it watch the directory, or set `watch_dir` in fleet.toml to the one that it watches",
            [restart(), subject.rtorrent_setup()],
        ),
        Some(Trial::Loaded { watched: true, .. }) => ok(NAME, format!("what is put into `{path}` is loaded")),
    }
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, directory, good, good_rtorrent};

    #[test]
    fn the_directory_and_the_trial() {
        let world = World::new("rtorrent");
        let (mut seen, mut rtorrent) = (good(), good_rtorrent());
        assert_eq!(check(&world.subject(), &seen, &rtorrent).verdict, Verdict::Ok);
        let (watched, place, message) = (false, String::new(), String::new());
        rtorrent.trial = Some(Trial::Loaded { watched, place, message, readable: Some(true) });
        let told = check(&world.subject(), &seen, &rtorrent);
        assert_says(&told, Verdict::Warning, "does not watch", "--rtorrent");
        rtorrent.trial = Some(Trial::NotLoaded);
        assert_says(&check(&world.subject(), &seen, &rtorrent), Verdict::Fault, "does not load", "restart");
        rtorrent.trial = Some(Trial::NotPut("full".into()));
        assert_says(&check(&world.subject(), &seen, &rtorrent), Verdict::Fault, "full", "install -d");
        rtorrent.trial = None;
        assert_eq!(check(&world.subject(), &seen, &rtorrent).verdict, Verdict::Unknown);
        let make = "install -d -o site-rt -g deploy -m 2775 /var/lib/site-rt/watch";
        for (part, found) in [(Part::Missing, "not there"), (directory(false), "may not write")] {
            seen.look.parts.insert("watch".into(), part);
            assert_says(&check(&world.subject(), &seen, &rtorrent), Verdict::Fault, found, make);
        }
    }
}
