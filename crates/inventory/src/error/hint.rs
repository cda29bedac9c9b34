//! What to do about an [`Error`].

use super::Error;

impl Error {
    /// The remedy, as one sentence for a `hint:` line.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::ReadInventory { .. } => {
                "name the inventory with --fleet, and check its permissions".to_owned()
            }
            Self::ParseInventory { .. } | Self::InventoryValue { .. } => {
                "correct it there; fleet.toml(5) lists every key with its form and default".to_owned()
            }
            Self::UnknownKey { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
            Self::UnknownKey { nearest: None, .. } => {
                "remove it, or move it to the table it belongs to; fleet.toml(5) lists every key".to_owned()
            }
            Self::NoSuchHost { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
            Self::NoSuchHost { nearest: None, .. } => {
                "hosts are named by their tables, [hosts.<name>], and groups by `group` there; `fleet-push hosts` lists them"
                    .to_owned()
            }
            Self::SshConfig { .. } => {
                "correct it, or name another file, or `none`, by `ssh_config` in [defaults] of fleet.toml".to_owned()
            }
            Self::Ansible { .. } => {
                "make it anew: ansible-inventory -i INVENTORY --list > FILE; README says which variables count".to_owned()
            }
            Self::Twice { name, .. } => format!("choose it by --only {name}"),
            Self::NotAnEndpoint { .. } => "as for ssh: web9, root@web9, web9:2222, [2001:db8::9]:22".to_owned(),
            Self::NobodyLeft { .. } => "--exclude leaves out all that --only, --group and --host choose".to_owned(),
            Self::SamePeerAddress { .. } => {
                "rtorrent keeps one connection per IP address: give each host its own \
                 `address` (or `peer_address`)"
                    .to_owned()
            }
            Self::ReadSecret { .. } => {
                "put it there, readable for this user, or name another place by the key ending in _file or _env"
                    .to_owned()
            }
            Self::NoPasskey { .. } => "give it passkey_file or passkey_env: one tracker user for each host".to_owned(),
            Self::SharedPasskey { .. } => {
                "a tracker never gives a user its own peers, so hosts with one passkey would find nobody: make one \
                 tracker user for each host and for the seeder"
                    .to_owned()
            }
        })
    }
}
