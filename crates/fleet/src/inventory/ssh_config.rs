//! What an ssh_config(5) says of a host that `fleet.toml` does not say.

use std::env;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use ssh2_config::{HostParams, ParseRule, SshConfig as Parsed};

use super::Jumps;
use crate::{Address, Error, UserName};

/// More is not a configuration.
const LIMIT: u64 = 1 << 20;

/// A parsed file; empty if there is none.
pub(super) struct SshConfig {
    path: PathBuf,
    parsed: Parsed,
}

/// What concerns one host.
#[derive(Debug, Default)]
pub(super) struct Says {
    pub(super) address: Option<Address>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<UserName>,
    pub(super) identity: Option<PathBuf>,
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) jump: Option<Jumps>,
}

impl SshConfig {
    /// The file that is named, which must be there; `none` is none; without a name the user's own, if there is one.
    pub(super) fn load(named: Option<&Path>) -> Result<Self, Error> {
        let own = || env::var_os("HOME").map(|home| Path::new(&home).join(".ssh/config"));
        let path = match named {
            Some(none) if none.as_os_str() == "none" => None,
            Some(path) => Some(path.to_owned()),
            None => own().filter(|path| path.exists()),
        };
        let Some(path) = path else { return Ok(Self { path: PathBuf::new(), parsed: Parsed::default() }) };
        let refuse = |reason: String| Error::SshConfig { path: path.clone(), reason };
        let file = File::open(&path).map_err(|error| refuse(error.to_string()))?;
        let rules = ParseRule::ALLOW_UNKNOWN_FIELDS | ParseRule::ALLOW_UNSUPPORTED_FIELDS;
        let parsed = Parsed::default().parse(&mut BufReader::new(file.take(LIMIT)), rules);
        let parsed = parsed.map_err(|error| refuse(error.to_string()))?;
        // The parser takes the lines of a `Match` block for those of the `Host` before it: better no answer than that.
        let is_match = |word: &String| word.eq_ignore_ascii_case("match");
        if parsed.get_hosts().iter().any(|host| {
            host.params.unsupported_fields.keys().chain(host.params.ignored_fields.keys()).any(is_match)
        }) {
            return Err(refuse("it has `Match`, which is not understood here".to_owned()));
        }
        Ok(Self { path, parsed })
    }

    /// What it says of `name`, as it would be typed after `ssh`.
    pub(super) fn ask(&self, name: &Address) -> Result<Says, Error> {
        let params = self.parsed.query(name.as_str());
        let refuse = |key: &str, why: String| Error::SshConfig {
            path: self.path.clone(),
            reason: format!("{key} of `{name}`: {why}"),
        };
        let address = params.host_name.as_ref().map(|text| text.replace("%h", name.as_str()).parse());
        let jumps = params.proxy_jump.as_ref().map(|list| list.join(",").parse());
        Ok(Says {
            address: address.transpose().map_err(|why| refuse("HostName", why))?,
            port: params.port.filter(|port| *port != 0),
            user: params
                .user
                .as_ref()
                .map(|user| user.parse())
                .transpose()
                .map_err(|why| refuse("User", why))?,
            identity: self.identity(&params, name),
            known_hosts: self.known_hosts(&params, name),
            jump: jumps.transpose().map_err(|why| refuse("ProxyJump", why))?,
        })
    }

    /// The first IdentityFile that is there; without one the agent is asked, as ssh does.
    fn identity(&self, params: &HostParams, name: &Address) -> Option<PathBuf> {
        let files = params.identity_file.iter().flatten();
        files.map(|file| expand(&file.to_string_lossy(), name, params)).find(|file| file.exists())
    }

    fn known_hosts(&self, params: &HostParams, name: &Address) -> Vec<PathBuf> {
        // ssh2-config keeps what it has no field for under its name as written.
        let is_ours = |key: &String| key.eq_ignore_ascii_case("UserKnownHostsFile");
        let lines = params.unsupported_fields.iter().filter(|(key, _)| is_ours(key));
        lines.flat_map(|(_, files)| files).map(|file| expand(file, name, params)).collect()
    }
}

/// `~`, and the tokens of ssh_config(5) that a path usually has. Relative paths are relative to this directory, as for ssh.
fn expand(text: &str, name: &Address, params: &HostParams) -> PathBuf {
    let home = env::var("HOME").unwrap_or_default();
    let text = text.trim_matches('"');
    let (user, host) = (params.user.clone().unwrap_or_default(), params.host_name.clone());
    let text = text
        .replace("%d", &home)
        .replace("%h", host.as_deref().unwrap_or(name.as_str()))
        .replace("%n", name.as_str())
        .replace("%r", &user)
        .replace("%p", &params.port.unwrap_or(22).to_string());
    match text.strip_prefix("~/") {
        Some(below) => Path::new(&home).join(below),
        None => PathBuf::from(text),
    }
}
