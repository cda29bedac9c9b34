//! `rtorrent-rpc`: rtorrent answers on its socket, and is new enough.

use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::look::Socket;
use crate::doctor::remedy::{as_root, fault, ok};
use crate::doctor::seen::{Seen, SeenRtorrent};

const NAME: &str = "rtorrent-rpc";
/// The oldest that is tested.
const OLDEST: [u64; 3] = [0, 9, 8];

pub(super) fn check(subject: &Subject<'_>, seen: &Seen, rtorrent: &SeenRtorrent) -> Check {
    let (host, path) = (subject.host, subject.host.rpc_socket.as_str());
    let restart = as_root(&Argv::new("systemctl").args(["restart", "site-rt.service"]));
    let why = match &rtorrent.version {
        Ok(version) if numbers(version) < OLDEST => {
            let upgrade = Argv::new("apt-get").args(["install", "--only-upgrade", "rtorrent"]);
            let remedy = "install rtorrent 0.9.8 or newer, or use the embedded engine";
            return fault(NAME, format!("it is rtorrent {version}"), remedy, [as_root(&upgrade), restart]);
        }
        Ok(version) => return ok(NAME, format!("rtorrent {version} answers on `{path}`")),
        Err(why) => why,
    };
    match &seen.look.socket {
        None | Some(Socket::Missing) => fault(
            NAME,
            format!("the socket `{path}` is not there: {why}"),
            "start rtorrent, with a configuration that opens this socket; or set `rpc_socket` in fleet.toml to its own",
            [restart, subject.rtorrent_setup()],
        ),
        Some(Socket::Other) => fault(
            NAME,
            format!("`{path}` is not a socket"),
            "set `rpc_socket` in fleet.toml to that of rtorrent",
            [subject.rtorrent_setup()],
        ),
        Some(Socket::There { writable: false, owner }) => {
            let group = seen.look.group.as_deref().unwrap_or(host.user.as_str());
            fault(
                NAME,
                format!("`{}` may not use the socket `{path}`, which is of `{owner}`", host.user),
                "the socket must be of the account's group, with mode 0660; rtorrent's configuration has to do that, each start makes it anew",
                [
                    as_root(&Argv::new("chgrp").args(["--", group, path])),
                    as_root(&Argv::new("chmod").args(["0660", "--", path])),
                    subject.rtorrent_setup(),
                ],
            )
        }
        Some(Socket::There { writable: true, .. }) => fault(
            NAME,
            format!("rtorrent does not answer on `{path}`: {why}"),
            "start rtorrent; and sshd must have `AllowStreamLocalForwarding yes`, which is its default",
            [restart, as_root(&Argv::new("sshd").arg("-T"))],
        ),
    }
}

/// `0.9.8`, or `0.16.0-git`.
fn numbers(version: &str) -> [u64; 3] {
    let mut parts = version.split('.').map(|part| {
        let digits =
            part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| part.get(..end).unwrap_or(""));
        digits.parse().unwrap_or(0)
    });
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good, good_rtorrent};

    #[test]
    fn it_must_answer() {
        let world = World::new("rtorrent");
        let with = |version: Result<&str, &str>, socket: Option<Socket>| {
            let mut seen = good();
            seen.look.socket = socket;
            let mut rtorrent = good_rtorrent();
            rtorrent.version = version.map(str::to_owned).map_err(str::to_owned);
            check(&world.subject(), &seen, &rtorrent)
        };
        let socket = |writable| Some(Socket::There { writable, owner: "site-rt".into() });
        let (fault, restart) = (Verdict::Fault, "systemctl restart site-rt.service");
        for version in ["0.9.8", "0.16.0-git", "1.0"] {
            assert_eq!(with(Ok(version), socket(true)).verdict, Verdict::Ok, "{version}");
        }
        assert_says(
            &with(Ok("0.9.6"), socket(true)),
            fault,
            "rtorrent 0.9.6",
            "apt-get install --only-upgrade rtorrent",
        );
        assert_says(&with(Err("x"), Some(Socket::Missing)), fault, "is not there", restart);
        assert_says(&with(Err("refused"), socket(true)), fault, "refused", restart);
        assert_says(
            &with(Err("x"), socket(false)),
            fault,
            "may not use",
            "chgrp -- deploy /run/site-rt/rpc.sock",
        );
        let setup = "fleet-push install --fleet fleet.toml --only web1 --rtorrent";
        assert_says(&with(Err("x"), Some(Socket::Other)), fault, "is not a socket", setup);
    }
}
