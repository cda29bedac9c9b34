//! The hosts of a fleet: the inventory that names them, SSH to them, and bounded work on all of them.
//!
//! - [`Inventory`] is `fleet.toml`, checked and resolved to one [`Host`] per server.
//! - [`Remote`] is what can be done on a host; [`connect`] gives it by SSH (or on this machine for `local = true`),
//!   [`RecordingRemote`] is its form for tests of the order of effects.
//! - [`health`] asks a host's web server whether what it serves is well.
//! - [`fan_out`] runs one closure per host on a bounded number of threads.
//!
//! Nothing here knows of releases, torrents or command lines.

mod address;
mod argv;
pub mod drush;
mod endpoint;
mod error;
mod error_kind;
mod fan_out;
mod handshake_fault;
pub mod health;
mod hint;
mod host_name;
mod interrupt;
mod inventory;
mod nearest;
mod port_range;
mod program;
mod rate;
mod remote;
mod remote_path;
mod secret;
mod shared_path;
mod shared_paths;
mod ssh;
mod user_name;
mod wildcard;

pub use address::Address;
pub use argv::Argv;
pub use endpoint::Endpoint;
pub use error::Error;
pub use fan_out::{Emitter, Event, Outcome, fan_out};
pub use handshake_fault::HandshakeFault;
pub use host_name::HostName;
pub use interrupt::Interrupt;
pub use inventory::{
    AgentSocket, Announce, Canary, Config, Core, DatabaseMode, Drupal, Dump, Engine, Family, Health,
    HealthCheck, Hook, HookAction, Host, Inventory, Jump, OwnSeeder, Passkeys, Phase, Quota, Reload, Rollout,
    RunsOn, Seeder, Selection, Site, Template, Tracker, TrackerMode, Way, schema,
};
pub use port_range::PortRange;
pub use program::Program;
pub use rate::Rate;
pub use remote::{
    ByteStream, Effect, LineRead, LocalRemote, Output, Process, RecordingRemote, Remote, Reply, Status,
    connect,
};
pub use remote_path::RemotePath;
pub use secret::{Secret, SecretSource};
pub use shared_path::SharedPath;
pub use shared_paths::{SharedConflict, SharedPaths};
pub use ssh::{
    HostKeyScan, KnownHost, Passphrase, SeenKey, ServerKey, SshOptions, SshRemote, Standing, Timeouts,
    add_known_hosts, scan_host_keys,
};
pub use user_name::UserName;
