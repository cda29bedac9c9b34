//! One site on one server: `deploy_to` with `current`, `releases/`, `shared/`, `incoming/` and the state in `.swap/`.
//!
//! Truth and explanation: `readlink current` says what is live; `.swap/pending.json` says what was going on. The
//! pending operation is written and durable before its first effect and removed after its last, so that whoever comes
//! next (see `recovery`) can finish it or undo it without help.

mod access;
mod current;
mod foreign;
mod history;
mod lock;
mod manifest;
mod needed;
mod owner;
mod paths;
mod pending;
mod received;
mod reserve;
mod sole;
mod state;
mod switching;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use self::access::{LockedSite, Site};
pub(crate) use self::current::{Current, Foreign};
pub(crate) use self::history::HistoryLine;
pub(crate) use self::lock::Lock;
pub(crate) use self::manifest::read_manifest;
pub(crate) use self::needed::{BESIDE, Needed};
pub(crate) use self::owner::owner;
pub(crate) use self::paths::Paths;
pub(crate) use self::pending::{Move, Pending, SwitchKind};
pub(crate) use self::state::{Adopted, ReleaseFile};
pub(crate) use self::switching::Switching;
