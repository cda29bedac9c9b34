//! What can go wrong in the inventory and on the way to a host.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::{Address, HandshakeFault, HostName};

/// An expected failure. Every variant names its object; [`Error::hint`] gives the remedy where there is one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The inventory could not be read.
    #[error("cannot read the inventory `{}`: {source}", path.display())]
    ReadInventory {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The inventory is not TOML, or a value is not what its key asks for.
    ///
    /// Without the line's text, which may be an announce URL with its passkey.
    #[error("line {line}, column {column} of the inventory `{}`: {reason}", path.display())]
    ParseInventory {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A key nobody reads.
    #[error("unknown key `{key}` in the inventory `{}`", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key with its tables, `hosts.web1.adress`.
        key: String,
        /// The known key it resembles.
        nearest: Option<String>,
    },
    /// A value that fits its type but not its place.
    #[error("`{key}` in the inventory `{}`: {reason}", path.display())]
    InventoryValue {
        /// The file.
        path: PathBuf,
        /// The key with its tables.
        key: String,
        /// Why not.
        reason: String,
    },
    /// Two hosts dialled at one address.
    #[error("the hosts `{first}` and `{second}` of the inventory `{}` have the same peer address `{address}`", path.display())]
    SamePeerAddress {
        /// The file.
        path: PathBuf,
        /// The host that came first.
        first: HostName,
        /// The one that repeats it.
        second: HostName,
        /// The shared address.
        address: Address,
    },
    /// What an ssh_config says cannot be used.
    #[error("`{}` cannot be used: {reason}", path.display())]
    SshConfig {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// What Ansible says of the hosts cannot be used.
    #[error("`{}` is not what `ansible-inventory --list` prints: {reason}", path.display())]
    Ansible {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A host was named beside the inventory that is in it.
    #[error("the host `{name}` is in the inventory `{}` already", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// Its name there.
        name: HostName,
    },
    /// A host was named beside the inventory by something else than a place to dial.
    #[error("{reason}")]
    NotAnEndpoint {
        /// What was typed, and why it is not.
        reason: String,
    },
    /// Every host was left out.
    #[error("no host of the inventory `{}` is left", path.display())]
    NobodyLeft {
        /// The file.
        path: PathBuf,
    },
    /// A host or group was asked for that the inventory does not have.
    #[error("no {what} `{}` in the inventory `{}`", name.escape_debug(), path.display())]
    NoSuchHost {
        /// The file.
        path: PathBuf,
        /// A host, a group, or either.
        what: &'static str,
        /// The name asked for.
        name: String,
        /// The host's name it resembles.
        nearest: Option<String>,
    },

    /// A secret that the inventory names is not there, or is none.
    #[error("cannot use `{key}` from {place}: {reason}")]
    ReadSecret {
        /// The key with its tables.
        key: String,
        /// The file or variable.
        place: String,
        /// Why not; never the secret.
        reason: String,
    },
    /// The announce URL wants a passkey of every host.
    #[error("host `{host}` of the inventory `{}` has no passkey, and the announce URL needs one", path.display())]
    NoPasskey {
        /// The file.
        path: PathBuf,
        /// The host.
        host: HostName,
    },
    /// Two clients with one passkey.
    #[error("{first} and {second} of the inventory `{}` have the same passkey", path.display())]
    SharedPasskey {
        /// The file.
        path: PathBuf,
        /// Who came first.
        first: String,
        /// Who repeats it.
        second: String,
    },

    /// The ssh_config wants keys of files only, and there is none of them.
    #[error(
        "host `{host}`: no private key: ssh_config does not let the agent be asked, and none of the files it names is there"
    )]
    NoIdentity {
        /// The host.
        host: HostName,
    },
    /// The private key could not be read.
    #[error("cannot read the private key `{}`: {source}", path.display())]
    ReadIdentity {
        /// The key file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Others than its owner may read the private key.
    #[error("the private key `{}` can be read by others than its owner (mode {mode:04o})", path.display())]
    IdentityExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The private key is encrypted and no passphrase was given, or the wrong one.
    #[error("the private key `{}` is encrypted and {}", path.display(), if *.given { "the passphrase does not open it" } else { "no passphrase was given" })]
    IdentityLocked {
        /// The key file.
        path: PathBuf,
        /// Whether a passphrase was given.
        given: bool,
    },
    /// The file is no private key that can be used.
    #[error("`{}` is not a private key in OpenSSH or PEM form", path.display())]
    NotAnIdentity {
        /// The key file.
        path: PathBuf,
    },
    /// The file named by MKT_IDENTITY_PASSPHRASE_FILE could not be read.
    #[error("cannot read the passphrase file `{}`: {source}", path.display())]
    ReadPassphrase {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// No known_hosts file was named and HOME is not set.
    #[error("no known_hosts file for host `{host}`: none is configured and HOME is not set")]
    NoKnownHosts {
        /// The host.
        host: HostName,
    },
    /// The known_hosts file could not be read.
    #[error("cannot read the known_hosts file `{}`: {source}", path.display())]
    ReadKnownHosts {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The known_hosts file could not be written.
    #[error("cannot add to the known_hosts file `{}`: {source}", path.display())]
    WriteKnownHosts {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },

    /// The name of the host has no address.
    #[error("host `{host}`: cannot resolve `{address}`: {source}")]
    Resolve {
        /// The host.
        host: HostName,
        /// What was looked up.
        address: Address,
        /// The cause.
        source: io::Error,
    },
    /// No TCP connection.
    #[error("host `{host}`: cannot connect to `{address}` port {port}: {source}")]
    Unreachable {
        /// The host.
        host: HostName,
        /// What was dialled.
        address: Address,
        /// The TCP port.
        port: u16,
        /// The cause.
        source: io::Error,
    },
    /// The server and this client could not agree on how to speak.
    #[error("host `{host}`: no SSH session with `{address}` port {port}: {detail}")]
    Handshake {
        /// The host.
        host: HostName,
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
        "host `{host}`: the host key of `{address}` port {port} is not known: `{}` has none for it; it presents {fingerprint}", known_hosts.display()
    )]
    UnknownHostKey {
        /// The host.
        host: HostName,
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
        "host `{host}`: the host key of `{address}` port {port} has CHANGED: `{}` has another key than the {fingerprint} presented",
        known_hosts.display()
    )]
    ChangedHostKey {
        /// The host.
        host: HostName,
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
    #[error("host `{host}`: the host key {fingerprint} of `{address}` port {port} is revoked in `{}`", known_hosts.display())]
    RevokedHostKey {
        /// The host.
        host: HostName,
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
    #[error(
        "host `{host}`: the certificate of the host key {fingerprint} of `{address}` port {port} does not hold: {why}"
    )]
    HostCertificate {
        /// The host.
        host: HostName,
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
    #[error("host `{host}`: `{user}` was refused by `{address}` port {port} with {with}: {detail}")]
    AuthRefused {
        /// The host.
        host: HostName,
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
        "host `{host}`: `{address}` port {port} {}: {remaining}", if *.accepted { format!("accepted {with} for `{user}` and asks for more") } else { format!("takes no keys for `{user}`, but") }
    )]
    KeyIsNotEnough {
        /// The host.
        host: HostName,
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
    #[error("host `{host}`: `{address}` port {port} does not let `{user}` in: {said}")]
    AccountRefused {
        /// The host.
        host: HostName,
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
        "host `{host}`: the account did not run `{step}`: {status}{}", if said.is_empty() { String::new() } else { format!(", it said `{said}`") }
    )]
    NotRun {
        /// The host.
        host: HostName,
        /// The program.
        step: String,
        /// How it ended.
        status: String,
        /// What it said, in one line; may be empty.
        said: String,
    },
    /// A command that has input is not begun, and one without is.
    #[error(
        "host `{host}`: the account did not begin `{step}`: a start-up file of its login shell reads all standard input, which is for \
         the command"
    )]
    InputEaten {
        /// The host.
        host: HostName,
        /// The program.
        step: String,
    },
    /// sshd refuses one more session in a connection.
    #[error("host `{host}`: sshd opens no session besides the {open} that there are: {detail}")]
    NoSession {
        /// The host.
        host: HostName,
        /// How many sessions the connection has.
        open: usize,
        /// What the server says.
        detail: String,
    },

    /// A step did not end in its time.
    #[error("host `{host}`: no end of `{step}` after {}", humantime::format_duration(*.after))]
    TimedOut {
        /// The host.
        host: HostName,
        /// What was being done.
        step: String,
        /// The time it had.
        after: Duration,
    },
    /// The connection broke.
    #[error("host `{host}`: connection lost during `{step}`: {detail}")]
    Lost {
        /// The host.
        host: HostName,
        /// What was being done.
        step: String,
        /// What the system says.
        detail: String,
    },
    /// The server refused a request on a sound connection.
    #[error("host `{host}`: `{step}` was refused: {detail}")]
    Refused {
        /// The host.
        host: HostName,
        /// What was asked.
        step: String,
        /// What the server says.
        detail: String,
    },
    /// A file could not be put in place.
    #[error("host `{host}`: cannot write `{path}`: {detail}")]
    Upload {
        /// The host.
        host: HostName,
        /// The file.
        path: String,
        /// What the host says.
        detail: String,
    },
    /// A unix socket on the host could not be opened.
    #[error("host `{host}`: cannot open the socket `{path}`: {detail}")]
    Socket {
        /// The host.
        host: HostName,
        /// The socket.
        path: String,
        /// What the host says.
        detail: String,
    },
    /// A program could not be started on this machine.
    #[error("host `{host}`: cannot run `{program}`: {source}")]
    Run {
        /// The host.
        host: HostName,
        /// The program.
        program: String,
        /// The cause.
        source: io::Error,
    },
    /// An argument that no command line can carry.
    #[error("host `{host}`: an argument of `{program}` holds a NUL byte")]
    NulInArgument {
        /// The host.
        host: HostName,
        /// The program.
        program: String,
    },
    /// The caller wished to stop.
    #[error("host `{host}`: interrupted during `{step}`")]
    Interrupted {
        /// The host.
        host: HostName,
        /// What was being done.
        step: String,
    },
}
