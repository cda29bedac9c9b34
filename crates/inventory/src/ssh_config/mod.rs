//! What ssh_config(5) says of a host that `fleet.toml` does not say.
//!
//! - `text`: files to lines, with `Include`;
//! - `rules`: which lines concern a host (`Host`, `Match`), and which value counts;
//! - `table`: every keyword, and whether it is followed, harmless, or refused.

mod rules;
mod table;
mod text;

use std::env;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use self::rules::{DEFAULT_USER, Found, local_user};
use self::text::{Line, read};
use crate::host::{GLOBAL_KNOWN_HOSTS, Jumps, USER_KNOWN_HOSTS};
use crate::{Address, AgentSocket, Error, Family, UserName, Way};

/// The configuration of this machine, after the user's own.
const SYSTEM: &str = "/etc/ssh/ssh_config";

/// The files in force; none if there are none.
pub(crate) struct SshConfig {
    path: PathBuf,
    files: Vec<Vec<Line>>,
}

/// What concerns one host.
#[derive(Debug, Default)]
pub(crate) struct Says {
    pub(crate) address: Option<Address>,
    pub(crate) port: Option<u16>,
    pub(crate) user: Option<UserName>,
    pub(crate) identity: Option<PathBuf>,
    pub(crate) known_hosts: Vec<PathBuf>,
    pub(crate) jump: Option<Jumps>,
    pub(crate) way: Way,
}

impl SshConfig {
    /// The file that is named, which must be there; `none` is none; without a name the user's own and the system's, as far as
    /// they are there.
    pub(crate) fn load(named: Option<&Path>) -> Result<Self, Error> {
        let own = || env::var_os("HOME").map(|home| Path::new(&home).join(".ssh/config"));
        let paths: Vec<PathBuf> = match named {
            Some(none) if none.as_os_str() == "none" => Vec::new(),
            Some(path) => vec![path.to_owned()],
            None => own().into_iter().chain([SYSTEM.into()]).filter(|path| path.exists()).collect(),
        };
        let path = paths.first().cloned().unwrap_or_default();
        let files = paths.iter().map(|path| read(path)).collect::<Result<_, _>>();
        Ok(Self { files: files.map_err(|reason| Error::SshConfig { path: path.clone(), reason })?, path })
    }

    /// What it says of `name`, as it would be typed after `ssh`, for the account `user` if `fleet.toml` has one.
    pub(crate) fn ask(&self, name: &Address, user: Option<&UserName>) -> Result<Says, Error> {
        let refuse = |reason: String| Error::SshConfig { path: self.path.clone(), reason };
        let found = Found::of(&self.files, name.as_str(), user.map(UserName::as_str)).map_err(refuse)?;
        self.says(&found, name, user).map_err(refuse)
    }

    fn says(&self, found: &Found<'_>, name: &Address, user: Option<&UserName>) -> Result<Says, String> {
        let value = |keyword: &str| found.words(keyword).map(|line| Value { line, found, user });
        let of = |keyword: &str, why: String| format!("{keyword} of `{name}`: {why}");
        let address = found.word("hostname").map(|_| found.host().parse());
        let port = found.word("port").map(|port| match port.parse::<u16>() {
            Ok(port) if port != 0 => Ok(port),
            _ => Err(of("Port", format!("`{port}` is not a port"))),
        });
        let said_user = found.word("user").map(str::parse).transpose().map_err(|why| of("User", why))?;
        let jump = found.word("proxyjump").map(str::parse).transpose().map_err(|why| of("ProxyJump", why))?;
        // Who says where one kind is has the other where it always is.
        let files = |keyword: &str, usual: [&str; 2]| {
            value(keyword).map_or_else(|| usual.map(at_home).into(), |value| value.paths())
        };
        let is_said = ["userknownhostsfile", "globalknownhostsfile"]
            .iter()
            .any(|keyword| found.words(keyword).is_some());
        let known_hosts: Vec<PathBuf> = if is_said {
            [files("userknownhostsfile", USER_KNOWN_HOSTS), files("globalknownhostsfile", GLOBAL_KNOWN_HOSTS)]
                .concat()
        } else {
            Vec::new()
        };
        let expand_all = |keyword: &str| -> Vec<PathBuf> {
            let lines = found.every(keyword).iter();
            lines.flat_map(|line| Value { line, found, user }.paths()).filter(|path| path.exists()).collect()
        };
        let mut identities = expand_all("identityfile").into_iter();
        Ok(Says {
            address: address.transpose().map_err(|why| of("HostName", why))?,
            port: port.transpose()?,
            user: said_user,
            identity: identities.next(),
            known_hosts,
            jump,
            way: Way {
                identities: identities.collect(),
                certificates: expand_all("certificatefile"),
                identities_only: found.word("identitiesonly").is_some_and(is_yes),
                agent: agent(value("identityagent")),
                family: match found.word("addressfamily").map(str::to_ascii_lowercase).as_deref() {
                    Some("inet") => Family::V4,
                    Some("inet6") => Family::V6,
                    Some("any") | None => Family::Any,
                    Some(other) => {
                        return Err(of("AddressFamily", format!("`{other}` is not any, inet or inet6")));
                    }
                },
                bind: bind(found).map_err(|why| of("BindAddress", why))?,
                host_key_alias: found
                    .word("hostkeyalias")
                    .map(str::parse)
                    .transpose()
                    .map_err(|why| of("HostKeyAlias", why))?,
                host_key_algorithms: found.word("hostkeyalgorithms").map(str::to_owned),
                proxy_command: value("proxycommand").and_then(|value| value.command()),
            },
        })
    }
}

/// A value and all that its tokens may stand for.
struct Value<'a> {
    line: &'a Line,
    found: &'a Found<'a>,
    user: Option<&'a UserName>,
}

impl Value<'_> {
    /// Paths; relative ones are relative to this directory, as for ssh. `none` is none.
    fn paths(&self) -> Vec<PathBuf> {
        let words = self.line.words.iter().filter(|word| !word.eq_ignore_ascii_case("none"));
        words.map(|word| at_home(&self.expand(word))).collect()
    }

    /// A command line for a shell, with its tokens: what they stand for may be said in fleet.toml.
    fn command(&self) -> Option<String> {
        let text = self.line.rest.as_str();
        (!text.eq_ignore_ascii_case("none")).then(|| text.to_owned())
    }

    /// The tokens of ssh_config(5) that a path usually has, and its variables of the environment.
    fn expand(&self, text: &str) -> String {
        let port = self.found.word("port").unwrap_or("22");
        let local = local_user().unwrap_or_default();
        let user =
            self.user.map(UserName::as_str).or_else(|| self.found.word("user")).unwrap_or(DEFAULT_USER);
        let (home, host) = (env::var("HOME").unwrap_or_default(), self.found.host());
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['%', '$']) {
            let (before, token) = rest.split_at(at);
            out.push_str(before);
            let two = token.get(..2).unwrap_or(token);
            let known = match two {
                "%%" => Some("%"),
                "%d" => Some(home.as_str()),
                "%h" => Some(host.as_str()),
                "%n" => Some(self.found.original()),
                "%p" => Some(port),
                "%r" => Some(user),
                "%u" => Some(local.as_str()),
                _ => None,
            };
            if let Some(value) = known {
                out.push_str(value);
                rest = token.get(2..).unwrap_or_default();
            } else if let Some((name, after)) =
                token.strip_prefix("${").and_then(|variable| variable.split_once('}'))
            {
                out.push_str(&env::var(name).unwrap_or_default());
                rest = after;
            } else {
                out.push_str(token.get(..1).unwrap_or_default());
                rest = token.get(1..).unwrap_or_default();
            }
        }
        out + rest
    }
}

fn at_home(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), env::var_os("HOME")) {
        (Some(below), Some(home)) => Path::new(&home).join(below),
        _ => PathBuf::from(text),
    }
}

fn is_yes(word: &str) -> bool {
    word.eq_ignore_ascii_case("yes") || word.eq_ignore_ascii_case("true")
}

fn bind(found: &Found<'_>) -> Result<Option<IpAddr>, String> {
    let Some(word) = found.word("bindaddress") else { return Ok(None) };
    word.parse()
        .map(Some)
        .map_err(|_| format!("`{word}` is not an IP address, and names are not followed here"))
}

fn agent(value: Option<Value<'_>>) -> AgentSocket {
    let Some(value) = value else { return AgentSocket::Environment };
    match value.line.words.first().map(String::as_str) {
        None | Some("SSH_AUTH_SOCK") => AgentSocket::Environment,
        Some(none) if none.eq_ignore_ascii_case("none") => AgentSocket::None,
        // `$NAME` is a variable that holds the path.
        Some(word) => match word.strip_prefix('$').filter(|name| !name.starts_with('{')) {
            Some(name) => env::var(name).map_or(AgentSocket::None, |path| AgentSocket::At(path.into())),
            None => value.paths().into_iter().next().map_or(AgentSocket::None, AgentSocket::At),
        },
    }
}

#[cfg(test)]
mod tests;
