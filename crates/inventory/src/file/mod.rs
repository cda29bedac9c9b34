//! `fleet.toml` as text: its tables, their schema, and the hosts that Ansible adds to them.

mod ansible;
mod keys;
mod local_path;
mod read;
mod schema;
mod tables;

pub(crate) use self::local_path::local_path;
pub(crate) use self::read::read;
pub use self::schema::schema;
#[cfg(test)]
pub(crate) use self::schema::value as schema_value;
pub(crate) use self::tables::{
    CanaryValue, DrupalTable, GroupTable, HealthTable, HookTable, HostTable, InventoryFile, PhaseValue,
    Prove, RolloutTable, SeederTable, TrackerTable,
};
