//! What one script tells of a host, as facts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use remote::{Argv, Remote};

use super::Subject;
use super::remedy::has_rtorrent;
use super::rights::Rights;
pub(crate) use super::web_user::{Serves, WebUser};
use crate::error::Fault;

/// Time for it.
const BRIEF: Duration = Duration::from_secs(30);
const SCRIPT: &str = include_str!("look.sh");

/// What is at a path that should be a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Nothing.
    Missing,
    /// Something else than a directory.
    Other,
    /// A directory.
    Directory { writable: bool, device: u64, owner: u64, owner_name: String, read_only: bool },
}

/// What `current` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Current {
    None,
    Directory,
    /// Neither a directory nor a link.
    File,
    Link {
        target: String,
        leads_somewhere: bool,
    },
}

/// What is at the place of the RPC socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Socket {
    Missing,
    Other,
    There { writable: bool, owner: String },
}

/// What is at the place of a shared path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Missing,
    Directory,
    File,
    Other,
    /// A link to this place, where nothing is.
    Dangling(String),
}

/// Files and directories that the account may not write, though swap-release has to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closed {
    /// How many.
    pub(crate) count: u64,
    /// Whose the first is.
    pub(crate) owner: String,
    /// The first.
    pub(crate) path: String,
}

/// All of it. What the host did not say is missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) uid: Option<u64>,
    pub(crate) group: Option<String>,
    pub(crate) umask: Option<u32>,
    /// `deploy_to`, `releases`, `shared`, `incoming`, `.swap`, `watch`.
    pub(crate) parts: BTreeMap<String, Part>,
    /// Those of them that chattr(1) has made immutable or append-only.
    pub(crate) fixed: BTreeSet<String>,
    pub(crate) current: Option<Current>,
    /// By the number of the shared path.
    pub(crate) shared: BTreeMap<usize, Kind>,
    /// A shared directory and those in it, by the number of the shared path.
    pub(crate) dirs: BTreeMap<usize, Vec<Rights>>,
    /// Whether a user could write to a shared directory when that was tried, by the numbers of the path and the user.
    pub(crate) tried: BTreeMap<(usize, u64), bool>,
    /// What there is of the way to a shared path that is missing.
    pub(crate) above: BTreeMap<usize, String>,
    /// `state`, `staging`, `releases`, `incoming`.
    pub(crate) closed: BTreeMap<String, Closed>,
    pub(crate) socket: Option<Socket>,
    pub(crate) listening: Vec<(IpAddr, u16)>,
    pub(crate) web: Vec<WebUser>,
    /// The directories that lead to a release and to what is shared.
    pub(crate) way: Vec<Rights>,
}

/// Looks.
pub(crate) fn look(remote: &dyn Remote, subject: &Subject<'_>) -> Result<Look, Fault> {
    let host = subject.host;
    let (socket, watch) =
        if has_rtorrent(host) { (host.rpc_socket.as_str(), host.watch_dir.as_str()) } else { ("", "") };
    let argv = Argv::new("sh").args(["-c", SCRIPT, "sh", host.deploy_to.as_str(), socket, watch]);
    let argv = argv.args(subject.shared.iter().map(|path| path.path().to_owned()));
    let output = remote.exec(&argv, b"", BRIEF)?;
    if !output.status.success() {
        return Err(Fault::Command { command: "sh".into(), reason: output.reason(), hint: output.hint() });
    }
    Ok(read(&String::from_utf8_lossy(&output.stdout)))
}

/// What the lines say. Unknown ones, as of a login script, are passed over.
fn read(text: &str) -> Look {
    let mut look = Look::default();
    for line in text.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<&str> = value.split_whitespace().collect();
        match (key, words.as_slice()) {
            ("account", [uid, _, group]) => {
                look.uid = uid.parse().ok();
                look.group = Some((*group).to_owned());
            }
            ("umask", [mask]) => look.umask = u32::from_str_radix(mask, 8).ok(),
            ("part", [name, rest @ ..]) => {
                look.parts.extend(part(rest).map(|part| ((*name).to_owned(), part)));
            }
            ("fixed", [name]) => drop(look.fixed.insert((*name).to_owned())),
            ("current", [kind, ..]) => look.current = current(kind, value),
            ("shared", [number, kind, ..]) => {
                look.shared.extend(number.parse().ok().zip(kind_of(kind, rest(value, 2))));
            }
            ("dir", [number, ..]) => {
                if let Some((number, rights)) = number.parse().ok().zip(Rights::read(rest(value, 1))) {
                    look.dirs.entry(number).or_default().push(rights);
                }
            }
            ("tried", [number, uid, may]) => {
                look.tried.extend(number.parse().ok().zip(uid.parse().ok()).map(|key| (key, *may == "yes")));
            }
            ("above", [number, ..]) => {
                look.above.extend(number.parse().ok().map(|number| (number, rest(value, 1).to_owned())));
            }
            ("closed", [part, count, owner, ..]) => {
                let path = rest(value, 3).to_owned();
                let closed = |count| ((*part).to_owned(), Closed { count, owner: (*owner).to_owned(), path });
                look.closed.extend(count.parse().ok().map(closed));
            }
            ("socket", ["missing"]) => look.socket = Some(Socket::Missing),
            ("socket", ["other"]) => look.socket = Some(Socket::Other),
            ("socket", [may, owner]) => {
                look.socket = Some(Socket::There { writable: *may == "yes", owner: (*owner).to_owned() });
            }
            ("listen", [place]) => look.listening.extend(listener(place)),
            ("web", [name, uid, serves, group, groups @ ..]) => {
                look.web.extend(web_user(name, uid, serves, group, groups));
            }
            ("way", _) => look.way.extend(Rights::read(value)),
            _ => {}
        }
    }
    look
}

fn part(words: &[&str]) -> Option<Part> {
    match words {
        ["missing"] => Some(Part::Missing),
        ["other"] => Some(Part::Other),
        [may, device, owner, name, options @ ..] => Some(Part::Directory {
            writable: *may == "yes",
            device: device.parse().ok()?,
            owner: owner.parse().ok()?,
            owner_name: (*name).to_owned(),
            read_only: options.iter().any(|all| all.split(',').any(|option| option == "ro")),
        }),
        _ => None,
    }
}

fn current(kind: &str, value: &str) -> Option<Current> {
    Some(match kind {
        "none" => Current::None,
        "directory" => Current::Directory,
        "file" => Current::File,
        "link" => {
            let mut words = value.splitn(3, ' ').skip(1);
            let leads_somewhere = words.next() == Some("yes");
            Current::Link { target: words.next().unwrap_or_default().to_owned(), leads_somewhere }
        }
        _ => return None,
    })
}

/// What follows so many words.
fn rest(value: &str, words: usize) -> &str {
    value.splitn(words + 1, ' ').nth(words).unwrap_or_default()
}

fn web_user(name: &str, uid: &str, serves: &str, group: &str, groups: &[&str]) -> Option<WebUser> {
    Some(WebUser {
        name: name.to_owned(),
        group: group.to_owned(),
        uid: uid.parse().ok()?,
        serves: match serves {
            "front" => Serves::Front,
            "php" | "pool" => Serves::Php,
            "both" => Serves::Both,
            _ => return None,
        },
        groups: groups.iter().filter_map(|group| group.parse().ok()).collect(),
    })
}

fn kind_of(word: &str, target: &str) -> Option<Kind> {
    Some(match word {
        "dangling" => Kind::Dangling(target.to_owned()),
        "missing" => Kind::Missing,
        "directory" => Kind::Directory,
        "file" => Kind::File,
        "other" => Kind::Other,
        _ => return None,
    })
}

/// `0100007F:1AF4`: an address as the machine's own words in hexadecimal, and a port (proc(5), `/proc/net/tcp`). The words
/// are taken as little-endian, which every machine of the common kinds writes.
fn listener(place: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = place.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    for start in (0..address.len()).step_by(8) {
        let word = u32::from_str_radix(address.get(start..start + 8)?, 16).ok()?;
        bytes.extend(word.to_le_bytes());
    }
    let address = match (<[u8; 4]>::try_from(bytes.as_slice()), <[u8; 16]>::try_from(bytes.as_slice())) {
        (Ok(four), _) => IpAddr::V4(Ipv4Addr::from(four)),
        (_, Ok(sixteen)) => IpAddr::V6(Ipv6Addr::from(sixteen)),
        _ => return None,
    };
    Some((address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_debian_host_says() {
        let said = "Welcome!\naccount 1001 deploy deploy\numask 0022\n\
                    part deploy_to yes 2049 1001 deploy rw,relatime\npart releases missing\npart shared other\n\
                    part incoming no 2050 900 site-rt ro,relatime\ncurrent link no releases/a b\n\
                    shared 0 directory\nshared 1 missing\nshared 2 dangling /mnt/x y\n\
                    dir 0 2775 1001 33 - /srv/site/shared/files\ntried 0 33 no\nabove 1 /srv/site/shared\n\
                    closed state 3 root /srv/site/.swap/a b\nsocket no site-rt\nlisten 0100007F:1AF4\n\
                    listen 00000000000000000000000000000000:0016\nweb www-data 33 php www-data 33 4\nway 755 0 0 - /srv/my site\n";
        let look = read(said);
        assert_eq!((look.uid, look.group.as_deref(), look.umask), (Some(1001), Some("deploy"), Some(0o22)));
        let directory = |writable, device, owner, name: &str, read_only| Part::Directory {
            writable,
            device,
            owner,
            owner_name: name.into(),
            read_only,
        };
        assert_eq!(look.parts["deploy_to"], directory(true, 2049, 1001, "deploy", false));
        assert_eq!(look.parts["incoming"], directory(false, 2050, 900, "site-rt", true));
        assert_eq!((&look.parts["releases"], &look.parts["shared"]), (&Part::Missing, &Part::Other));
        let link = Current::Link { target: "releases/a b".into(), leads_somewhere: false };
        assert_eq!(look.current, Some(link));
        assert_eq!((&look.shared[&0], &look.shared[&1]), (&Kind::Directory, &Kind::Missing));
        assert_eq!(look.shared[&2], Kind::Dangling("/mnt/x y".into()));
        assert_eq!(
            (look.dirs[&0][0].mode, look.dirs[&0][0].path.as_str()),
            (0o2775, "/srv/site/shared/files")
        );
        assert_eq!((look.tried[&(0, 33)], look.above[&1].as_str()), (false, "/srv/site/shared"));
        let closed = Closed { count: 3, owner: "root".into(), path: "/srv/site/.swap/a b".into() };
        assert_eq!(look.closed["state"], closed);
        assert_eq!(look.socket, Some(Socket::There { writable: false, owner: "site-rt".into() }));
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(look.listening, [(loopback, 6900), ("::".parse().unwrap(), 22)]);
        let user = web_user("www-data", "33", "php", "www-data", &["33", "4"]).unwrap();
        assert_eq!((user.groups.as_slice(), look.web.as_slice()), (&[33, 4][..], &[user.clone()][..]));
        assert_eq!(look.way[0].path, "/srv/my site");
    }

    #[test]
    fn nonsense_is_passed_over() {
        let said = "part\npart x\npart deploy_to yes no\ncurrent\ncurrent x\nshared a b\nsocket\nlisten 01:zz\n\
                    listen 0102:0016\nweb\nweb a 33 x a 33\nway 9 9\ndir 0\ndir x 755 0 0 - /\n\
                    tried 0\nabove\nclosed state x root /\numask 9\naccount\n";
        assert_eq!(read(said), Look::default());
    }
}
