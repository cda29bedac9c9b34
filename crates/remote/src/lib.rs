//! Reaching hosts by SSH or on this machine, many at a time, without knowing releases, torrents or command lines.

mod access;
mod argv;
mod connect;
pub mod drush;
mod error;
mod fan_out;
pub mod health;
mod interrupt;
mod local;
mod recording;
mod ssh;

pub use self::access::{ByteStream, LineRead, Output, Process, Remote, Status};
pub use self::argv::Argv;
pub use self::connect::connect;
pub use self::error::{HandshakeFault, HostError, HostFault, KeyFileError};
pub use self::fan_out::{Emitter, Event, Outcome, fan_out};
pub use self::interrupt::Interrupt;
pub use self::local::LocalRemote;
pub use self::recording::{Effect, RecordingRemote, Reply};
pub use self::ssh::{
    HostKeyScan, KnownHost, Passphrase, SeenKey, ServerKey, SshOptions, SshRemote, Standing, Timeouts,
    add_known_hosts, scan_host_keys,
};
