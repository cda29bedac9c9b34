//! What `swap-release` does on a server, one verb a file.

pub(crate) mod adopt;
pub(crate) mod apache;
pub(crate) mod confirm;
pub(crate) mod manifest;
pub(crate) mod pin;
pub(crate) mod prune;
pub(crate) mod repair;
pub(crate) mod retry;
pub(crate) mod settle;
pub(crate) mod stage;
pub(crate) mod status;
pub(crate) mod switch;
pub(crate) mod verify;
pub(crate) mod want;
