//! SSH to a host by libssh2: strict host keys, a key file or the agent, jump hosts, every wait bounded.
//!
//! The session is non-blocking throughout; [`link::Link`] waits by poll(2), so that deadlines and interrupts hold also
//! when the network swallows everything.

mod auth;
mod certificate;
mod channel;
mod command;
mod command_line;
mod connect;
mod exec;
mod frame;
mod greeting;
mod host_key;
mod host_key_scan;
mod key_exchange;
mod known_hosts;
mod known_hosts_file;
mod known_line;
mod link;
mod local_files;
mod noise;
mod options;
mod passphrase;
mod presented;
mod process;
mod proxy_command;
mod remote;
mod server_key;
mod starts;
mod stream;
mod tunnel;
mod upload;
mod wire;

pub use self::host_key_scan::{HostKeyScan, SeenKey, Standing, scan_host_keys};
pub use self::known_hosts_file::{KnownHost, add_known_hosts};
pub use self::options::{SshOptions, Timeouts};
pub use self::passphrase::Passphrase;
pub use self::remote::SshRemote;
pub use self::server_key::ServerKey;
