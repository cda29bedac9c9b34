//! `rtorrent-downloads`: rtorrent can write where payloads belong, and the account can read what it writes.

use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::look::{Part, Socket};
use crate::doctor::remedy::{as_root, fault, ok, warning};
use crate::doctor::seen::{Seen, SeenRtorrent, Trial};

const NAME: &str = "rtorrent-downloads";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen, rtorrent: &SeenRtorrent) -> Option<Check> {
    let Some(Trial::Loaded { place, message, readable, .. }) = &rtorrent.trial else { return None };
    let host = subject.host;
    let incoming = format!("{}/incoming", host.deploy_to);
    let owner = match &seen.look.socket {
        Some(Socket::There { owner, .. }) => owner.as_str(),
        _ => "site-rt",
    };
    let group = seen.look.group.as_deref().unwrap_or(host.user.as_str());
    let make = as_root(&Argv::new("install").args([
        "-d",
        "-o",
        owner,
        "-g",
        group,
        "-m",
        "2775",
        incoming.as_str(),
    ]));
    let folder = place.rsplit_once('/').map_or("", |(folder, _)| folder);
    if place.is_empty() || !message.is_empty() || readable.is_none() {
        let why = if message.is_empty() { "its file is not there" } else { message };
        let is_in_the_way = matches!(seen.look.parts.get("incoming"), Some(Part::Other));
        let away = is_in_the_way
            .then(|| as_root(&Argv::new("mv").args(["--", incoming.as_str(), &format!("{incoming}.away")])));
        return Some(fault(
            NAME,
            format!("rtorrent cannot write its downloads: {why}"),
            match is_in_the_way {
                true => format!("move what is in the way, and let `{owner}` write to `{incoming}`"),
                false => format!("let `{owner}` write to `{incoming}`"),
            },
            away.into_iter().chain([make]).collect::<Vec<_>>(),
        ));
    }
    if *readable == Some(false) {
        return Some(fault(
            NAME,
            format!("`{}` cannot read what rtorrent writes to `{folder}`", host.user),
            "rtorrent's umask must be 0022 (`system.umask.set`, and UMask in its unit), and the account must be able to enter the directory",
            [make, subject.rtorrent_setup()],
        ));
    }
    if folder != incoming {
        return Some(warning(
            NAME,
            format!("rtorrent's downloads go to `{folder}`, and not to `{incoming}`"),
            "give it that directory, so that payloads lie on the file system of the releases",
            [subject.rtorrent_setup()],
        ));
    }
    Some(ok(NAME, format!("what rtorrent writes to `{incoming}` can be read")))
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good, good_rtorrent};

    #[test]
    fn written_where_it_belongs_and_readable() {
        let world = World::new("rtorrent");
        let with = |place: &str, message: &str, readable: bool| {
            let readable = Some(readable);
            let mut rtorrent = good_rtorrent();
            let (place, message) = (place.to_owned(), message.to_owned());
            rtorrent.trial = Some(Trial::Loaded { watched: true, place, message, readable });
            check(&world.subject(), &good(), &rtorrent).unwrap()
        };
        let right = "/srv/site/incoming/mkt-doctor.trial";
        let make = "install -d -o site-rt -g deploy -m 2775 /srv/site/incoming";
        assert_eq!(with(right, "", true).verdict, Verdict::Ok);
        assert_says(&with(right, "", false), Verdict::Fault, "cannot read", "umask");
        assert_says(&with(right, "Permission denied", false), Verdict::Fault, "Permission denied", make);
        assert_says(&with("", "", false), Verdict::Fault, "not there", make);
        assert_says(&with("/home/rt/mkt-doctor.trial", "", true), Verdict::Warning, "/home/rt", "--rtorrent");
        let mut rtorrent = good_rtorrent();
        rtorrent.trial = None;
        assert_eq!(check(&world.subject(), &good(), &rtorrent), None);
    }
}
