//! What is wanted of the hosts, table by table of `fleet.toml`, resolved.

mod announce;
mod drupal;
mod health;
mod hook;
mod rollout;
mod seeder;
mod site;
mod tracker;

pub use self::announce::Announce;
pub use self::drupal::{Config, Core, DatabaseMode, Drupal, Dump};
pub use self::health::{Expected, Health, HealthCheck, Question};
pub use self::hook::{Hook, HookAction, Phase, RunsOn};
pub use self::rollout::{Canary, Quota, Rollout};
pub use self::seeder::{OwnSeeder, Seeder};
pub use self::site::Site;
pub use self::tracker::{Reload, Tracker, TrackerMode};
