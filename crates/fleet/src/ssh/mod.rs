//! SSH to a host by libssh2: strict host keys, a key file or the agent, jump hosts, every wait bounded.
//!
//! The session is non-blocking throughout; [`link::Link`] waits by poll(2), so that deadlines and interrupts hold also
//! when the network swallows everything.

mod auth;
mod certificate;
mod channel;
mod connect;
mod exec;
mod host_key;
mod known_hosts;
mod known_line;
mod link;
mod options;
mod passphrase;
mod presented;
mod process;
mod remote;
mod starts;
mod stream;
mod tunnel;
mod upload;
mod wire;

pub use options::{SshOptions, Timeouts};
pub use passphrase::Passphrase;
pub use remote::SshRemote;
