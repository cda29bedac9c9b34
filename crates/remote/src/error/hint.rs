//! What to do about a [`HostError`].

use inventory::Address;

use super::{HandshakeFault, HostError, HostFault, KeyFileError};

const NAME_A_KEY: &str = "name the private key with --identity or `identity` in fleet.toml";

impl HostError {
    /// The remedy, as one sentence for a `hint:` line.
    pub fn hint(&self) -> Option<String> {
        self.kind.hint()
    }
}

impl KeyFileError {
    /// The remedy, as one sentence for a `hint:` line.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::ReadIdentity { .. } | Self::NotAnIdentity { .. } => NAME_A_KEY.to_owned(),
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
            Self::IdentityExposed { path, .. } => {
                format!("ssh refuses such a key, too: chmod 600 {}", shell_words::quote(&path.display().to_string()))
            }
        }
    }
}

impl HostFault {
    /// The remedy, as one sentence for a `hint:` line.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoIdentity => NAME_A_KEY.to_owned(),
            Self::KeyFile(error) => return Some(error.hint()),
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
            Self::AuthRefused { user, .. } => format!(
                "is the public key in the authorized_keys of `{user}` on that host? if it is: can others write to that file or a \
                 folder above it (StrictModes), do options before the key there exclude this machine or this day (`from=`, `expiry-time=`), is the account locked, has it a \
                 shell that is not there, do AllowUsers, DenyUsers \
                 or AllowGroups of sshd_config leave it out? sshd's log there says which"
            ),
            Self::KeyIsNotEnough { accepted: false, .. } => {
                "PubkeyAuthentication of sshd_config there must be yes, and AuthenticationMethods must have `publickey`"
                    .to_owned()
            }
            Self::Lost { step, .. } if step == "log-in" => {
                "if it did not go down just then, sshd turned the account away: its log there says why (journalctl -t sshd)"
                    .to_owned()
            }
            // The key was accepted, and the connection went with the first or a later command.
            Self::Lost { .. } => {
                "run it again if the host or the network went down just then; else its sshd hung up after the log-in, as it does with \
                 a ChrootDirectory that is not root's or lacks the account's shell: its log there says why (journalctl -t sshd)"
                    .to_owned()
            }
            Self::KeyIsNotEnough { user, .. } => format!(
                "the key is right; a program cannot give the rest: for this account say `Match User {user}` and \
                 `AuthenticationMethods publickey` in sshd_config there"
            ),
            Self::AccountRefused { user, said, .. } => account(user, said),
            Self::NotRun { said, status, .. } => not_run(said, status),
            Self::InputEaten { .. } => {
                "find what reads there without a terminal (`cat`, `ssh`, `ssh-add -`, `mail` in ~/.bashrc, /etc/bash.bashrc, ~/.zshenv, \
                 ~/.cshrc, config.fish) and give it </dev/null, or put first in ~/.bashrc: case $- in *i*) ;; *) return ;; esac"
                    .to_owned()
            }
            Self::NoSession { .. } => {
                "MaxSessions of sshd_config there must be at least 1, and ForceCommand or the key's options must not forbid \
                 commands"
                    .to_owned()
            }
            Self::Handshake { fault, .. } => return handshake(*fault),
            Self::Socket { .. } => {
                "does the program that owns the socket run, may the account open it, and does sshd \
                 have AllowStreamLocalForwarding yes?"
                    .to_owned()
            }
            Self::Resolve { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Refused { .. }
            | Self::Upload { .. }
            | Self::Run { .. }
            | Self::NulInArgument { .. }
            | Self::Interrupted { .. } => return None,
        })
    }
}

/// A server that did not agree on how to speak.
fn handshake(fault: HandshakeFault) -> Option<String> {
    Some(match fault {
        HandshakeFault::NoCommonAlgorithm => {
            "it is up and speaks SSH: allow one of each of these in sshd_config there (KexAlgorithms, HostKeyAlgorithms, Ciphers, MACs)"
                .to_owned()
        }
        HandshakeFault::NotSsh => "something else than sshd listens there: correct `address` or `port`, in fleet.toml or ssh_config".to_owned(),
        HandshakeFault::Full => {
            "too many log in there at this moment (MaxStartups of sshd_config): try again, or raise that".to_owned()
        }
        HandshakeFault::Banned => {
            "its sshd bans the address of this machine for a while, since something here connects without logging in or with wrong keys \
             (PerSourcePenalties of sshd_config, OpenSSH 9.8 and later): wait ten minutes; PerSourcePenaltyExemptList there exempts \
             this machine"
                .to_owned()
        }
        HandshakeFault::Other => return None,
    })
}

/// An account that may not log in, by what is said of it.
fn account(user: &str, said: &str) -> String {
    let said = said.to_lowercase();
    if said.contains("password") && said.contains("expired") {
        format!(
            "its password has expired: as root on that host, `passwd {user}`, or `chage -M -1 {user}` for an account that logs in by key"
        )
    } else if said.contains("expired") {
        format!("the account has expired: as root on that host, `chage -E -1 {user}`")
    } else {
        "the key was accepted, and PAM or /etc/nologin of that host turns the account away: its authentication log says why \
         (journalctl -t sshd)"
            .to_owned()
    }
}

/// A command that was not run, by what was said instead.
fn not_run(said: &str, status: &str) -> String {
    let lower = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["password has expired", "password change required", "change your password"]) {
        "the account's password has expired: as root on that host, `passwd USER`, or `chage -M -1 USER` for an account that logs in \
         by key"
            .to_owned()
    } else if has(&["account is currently not available", "nologin"]) {
        "the account has no login shell: as root on that host, `usermod -s /bin/sh USER`".to_owned()
    } else if has(&["sftp"]) {
        "the account is for SFTP only (ForceCommand or Subsystem of sshd_config, `command=` in authorized_keys): it needs a shell"
            .to_owned()
    } else if has(&["chroot"]) {
        "ChrootDirectory of sshd_config there must be a directory that is root's, as all above it, and has the account's shell and \
         `swap-release` in it; or leave this account out of it by a `Match`"
            .to_owned()
    } else if status.contains("254") {
        "the host lets nobody log in for the time being: is there a file /etc/nologin?".to_owned()
    } else if has(&["not found", "no such file"]) && has(&["sh"]) {
        "is there a POSIX shell `sh` in the PATH of that account?".to_owned()
    } else if said.trim().is_empty() && !status.contains("status 0") {
        "is the account's shell one that runs nothing, such as /bin/false (as root on that host: `usermod -s /bin/sh USER`), or does \
         ForceCommand of sshd_config or `command=` in authorized_keys run something else there? try: ssh HOST echo x"
            .to_owned()
    } else {
        "does ForceCommand of sshd_config or `command=` in authorized_keys run something else there, such as internal-sftp, or does a \
         start-up file of the login shell (~/.bashrc, ~/.zshenv, ~/.cshrc, config.fish) end it or wait for input? try: ssh HOST echo x"
            .to_owned()
    }
}

/// The command that shows a server's host keys for review.
fn keyscan(address: &Address, port: u16) -> String {
    if port == 22 { format!("ssh-keyscan {address}") } else { format!("ssh-keyscan -p {port} {address}") }
}
