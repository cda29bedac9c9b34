//! Kinds of failures of a host.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use inventory::Address;

use super::KeyFileError;

/// What went wrong with a host. Its text does not name the host: [`HostError`](super::HostError) does.
#[derive(Debug, thiserror::Error)]
pub enum HostFault {
    /// A file on this machine without which the host is not connected to.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The ssh_config wants keys of files only, and there is none of them.
    #[error(
        "no private key: ssh_config does not let the agent be asked, and none of the files it names is there"
    )]
    NoIdentity,
    /// The name of the host has no address.
    #[error("cannot resolve `{address}`: {source}")]
    Resolve {
        /// What was looked up.
        address: Address,
        /// The cause.
        source: io::Error,
    },
    /// No TCP connection.
    #[error("cannot connect to `{address}` port {port}: {source}")]
    Unreachable {
        /// What was dialled.
        address: Address,
        /// The TCP port.
        port: u16,
        /// The cause.
        source: io::Error,
    },
    /// The server and this client could not agree on how to speak.
    #[error("no SSH session with `{address}` port {port}: {detail}")]
    Handshake {
        /// What was dialled.
        address: Address,
        /// The TCP port.
        port: u16,
        /// What libssh2, or the server, says.
        detail: String,
        /// What kind of disagreement it is.
        fault: HandshakeFault,
    },
    /// The known_hosts file has no key for this address.
    #[error(
        "the host key of `{address}` port {port} is not known: `{}` has none for it; it presents {fingerprint}", known_hosts.display()
    )]
    UnknownHostKey {
        /// What was dialled.
        address: Address,
        /// The TCP port.
        port: u16,
        /// Key type and SHA-256 fingerprint of the key presented.
        fingerprint: String,
        /// The file asked.
        known_hosts: PathBuf,
    },
    /// The known_hosts file has another key of the same type for this address.
    #[error(
        "the host key of `{address}` port {port} has CHANGED: `{}` has another key than the {fingerprint} presented",
        known_hosts.display()
    )]
    ChangedHostKey {
        /// What was dialled.
        address: Address,
        /// The TCP port.
        port: u16,
        /// Key type and SHA-256 fingerprint of the key presented.
        fingerprint: String,
        /// The file asked.
        known_hosts: PathBuf,
    },
    /// The key presented is marked `@revoked`.
    #[error("the host key {fingerprint} of `{address}` port {port} is revoked in `{}`", known_hosts.display())]
    RevokedHostKey {
        /// What was dialled.
        address: Address,
        /// The TCP port.
        port: u16,
        /// Key type and SHA-256 fingerprint of the key presented.
        fingerprint: String,
        /// The file asked.
        known_hosts: PathBuf,
    },
    /// An authority of known_hosts signed the server's key, but the certificate does not hold.
    #[error("the certificate of the host key {fingerprint} of `{address}` port {port} does not hold: {why}")]
    HostCertificate {
        /// What was dialled.
        address: Address,
        /// The TCP port.
        port: u16,
        /// Key type and SHA-256 fingerprint of the key inside.
        fingerprint: String,
        /// Why not.
        why: String,
    },
    /// The server did not accept our key.
    #[error("`{user}` was refused by `{address}` port {port} with {with}: {detail}")]
    AuthRefused {
        /// The account.
        user: String,
        /// What was dialled.
        address: Address,
        /// The TCP port.
        port: u16,
        /// What was offered: the key file or the agent.
        with: String,
        /// What the server or libssh2 says.
        detail: String,
    },
    /// The server wants something else than a key, or besides (`AuthenticationMethods` of sshd_config).
    #[error(
        "`{address}` port {port} {}: {remaining}", if *.accepted { format!("accepted {with} for `{user}` and asks for more") } else { format!("takes no keys for `{user}`, but") }
    )]
    KeyIsNotEnough {
        /// The account.
        user: String,
        /// What was dialled.
        address: Address,
        /// The TCP port.
        port: u16,
        /// What was offered: the key file or the agent.
        with: String,
        /// Whether it was accepted.
        accepted: bool,
        /// The methods that the server still wants.
        remaining: String,
    },
    /// The server hung up during the log-in: the account may not log in, whatever it offers.
    #[error("`{address}` port {port} does not let `{user}` in: {said}")]
    AccountRefused {
        /// The account.
        user: String,
        /// What was dialled.
        address: Address,
        /// The TCP port.
        port: u16,
        /// What the server said.
        said: String,
    },
    /// The account was logged in to, and what runs there is not the command that was asked for.
    #[error(
        "the account did not run `{step}`: {status}{}", if said.is_empty() { String::new() } else { format!(", it said `{said}`") }
    )]
    NotRun {
        /// The program.
        step: String,
        /// How it ended.
        status: String,
        /// What it said, in one line; may be empty.
        said: String,
    },
    /// A command that has input is not begun, and one without is.
    #[error(
        "the account did not begin `{step}`: a start-up file of its login shell reads all standard input, which is for \
         the command"
    )]
    InputEaten {
        /// The program.
        step: String,
    },
    /// sshd refuses one more session in a connection.
    #[error("sshd opens no session besides the {open} that there are: {detail}")]
    NoSession {
        /// How many sessions the connection has.
        open: usize,
        /// What the server says.
        detail: String,
    },
    /// A step did not end in its time.
    #[error("`{step}` timed out after {}", humantime::format_duration(*.after))]
    TimedOut {
        /// What was being done.
        step: String,
        /// The time it had.
        after: Duration,
    },
    /// The connection broke.
    #[error("connection lost during `{step}`: {detail}")]
    Lost {
        /// What was being done.
        step: String,
        /// What the system says.
        detail: String,
    },
    /// The server refused a request on a sound connection.
    #[error("`{step}` was refused: {detail}")]
    Refused {
        /// What was asked.
        step: String,
        /// What the server says.
        detail: String,
    },
    /// A file could not be put in place.
    #[error("cannot write `{path}`: {detail}")]
    Upload {
        /// The file.
        path: String,
        /// What the host says.
        detail: String,
    },
    /// A unix socket on the host could not be opened.
    #[error("cannot open the socket `{path}`: {detail}")]
    Socket {
        /// The socket.
        path: String,
        /// What the host says.
        detail: String,
    },
    /// A program could not be started on this machine.
    #[error("cannot run `{program}`: {source}")]
    Run {
        /// The program.
        program: String,
        /// The cause.
        source: io::Error,
    },
    /// An argument that no command line can carry.
    #[error("an argument of `{program}` holds a NUL byte")]
    NulInArgument {
        /// The program.
        program: String,
    },
    /// The caller wished to stop.
    #[error("interrupted during `{step}`")]
    Interrupted {
        /// What was being done.
        step: String,
    },
}

impl HostFault {
    /// Whether the way to the host failed; see [`HostError::is_connection_loss`](super::HostError::is_connection_loss).
    pub fn is_connection_loss(&self) -> bool {
        use HandshakeFault::{Full, Other};
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Handshake { fault: Full | Other, .. }
                | Self::TimedOut { .. }
                | Self::Lost { .. }
                | Self::Resolve { .. }
        )
    }
}

/// Why there is no agreement with a server on how to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeFault {
    /// It speaks something else.
    NotSsh,
    /// It has no room (sshd's MaxStartups).
    Full,
    /// It bans this machine's address (sshd's PerSourcePenalties).
    Banned,
    /// It has no key exchange, cipher, MAC or host key type that is known here.
    NoCommonAlgorithm,
    /// It hung up, or broke off.
    Other,
}
