//! What to do about an [`Error`].

use crate::{Address, Error};

impl Error {
    /// The remedy, as one sentence for a `hint:` line.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::ReadInventory { .. } => {
                "name the inventory with --fleet, and check its permissions".to_owned()
            }
            Self::ParseInventory { .. } | Self::InventoryValue { .. } => {
                "correct it there; README lists every key with its form and default".to_owned()
            }
            Self::UnknownKey { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
            Self::UnknownKey { nearest: None, .. } => {
                "remove it, or move it to the table it belongs to; README lists every key".to_owned()
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
            Self::ReadIdentity { .. } | Self::NotAnIdentity { .. } => {
                "name the private key with --identity or `identity` in fleet.toml".to_owned()
            }
            Self::ReadPassphrase { .. } => {
                "MKT_IDENTITY_PASSPHRASE_FILE must name a readable file".to_owned()
            }
            Self::IdentityLocked { .. } => {
                "give the passphrase in MKT_IDENTITY_PASSPHRASE, or its file in MKT_IDENTITY_PASSPHRASE_FILE"
                    .to_owned()
            }
            Self::ReadKnownHosts { .. } | Self::NoKnownHosts { .. } => {
                "name the file with --known-hosts or `known_hosts` in fleet.toml; `fleet-push keys scan --add` makes it".to_owned()
            }
            Self::WriteKnownHosts { .. } => {
                "check that its folder exists, is writable for this user and has space; the file is as it was".to_owned()
            }
            Self::UnknownHostKey { address, port, known_hosts, .. } => format!(
                "compare the fingerprint with what the host's console shows, then add the key to `{}` by `fleet-push keys \
                 scan --add --accept FINGERPRINT`; `{}` prints its lines, too",
                known_hosts.display(),
                keyscan(address, *port)
            ),
            Self::ChangedHostKey { address, port, known_hosts, .. } => format!(
                "this may be an attack; if the host was reinstalled, review `{}`, remove the old key by \
                 `ssh-keygen -R {} -f {}` and add the new one as for a new host: `fleet-push keys scan`",
                keyscan(address, *port),
                if *port == 22 { address.to_string() } else { format!("'[{address}]:{port}'") },
                known_hosts.display()
            ),
            Self::RevokedHostKey { .. } => {
                "the key was given up on purpose: install a new host key".to_owned()
            }
            Self::HostCertificate { address, .. } => format!(
                "sign the host's key anew, for what `address` says: ssh-keygen -s CA -h -I ID -n {address} -V +52w KEY.pub"
            ),
            Self::AuthRefused { user, .. } => {
                format!("is the public key in the authorized_keys of `{user}` on that host?")
            }
            Self::Socket { .. } => {
                "does the program that owns the socket run, may the account open it, and does sshd \
                 have AllowStreamLocalForwarding yes?"
                    .to_owned()
            }
            Self::Resolve { .. }
            | Self::Unreachable { .. }
            | Self::Handshake { .. }
            | Self::TimedOut { .. }
            | Self::Lost { .. }
            | Self::Refused { .. }
            | Self::Upload { .. }
            | Self::Run { .. }
            | Self::NulInArgument { .. }
            | Self::Interrupted { .. } => return None,
        })
    }
}

/// The command that shows a server's host keys for review.
fn keyscan(address: &Address, port: u16) -> String {
    if port == 22 { format!("ssh-keyscan {address}") } else { format!("ssh-keyscan -p {port} {address}") }
}
