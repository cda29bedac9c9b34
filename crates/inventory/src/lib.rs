//! The inventory, `fleet.toml`: who the hosts of a fleet are and what is wanted of them.

mod alone;
mod error;
mod file;
mod host;
mod inventory;
mod passkeys;
mod resolve;
mod secret;
mod selection;
mod settings;
mod ssh_config;
#[cfg(test)]
mod tests;
mod value;

pub use self::error::Error;
pub use self::file::schema;
pub use self::host::{AgentSocket, Engine, Family, GLOBAL_KNOWN_HOSTS, Host, Jump, USER_KNOWN_HOSTS, Way};
pub use self::inventory::Inventory;
pub use self::passkeys::Passkeys;
pub use self::secret::{Secret, SecretSource};
pub use self::selection::Selection;
pub use self::settings::{
    Announce, Canary, Config, Core, DatabaseMode, Drupal, Dump, Expected, Health, HealthCheck, Hook,
    HookAction, OwnSeeder, Phase, Question, Quota, Reload, Rollout, RunsOn, Seeder, Site, Tracker,
    TrackerMode,
};
pub use self::value::{
    Address, Endpoint, HostName, PortRange, Program, Rate, RemotePath, SharedConflict, SharedPath,
    SharedPaths, Template, UserName, wildcard,
};
