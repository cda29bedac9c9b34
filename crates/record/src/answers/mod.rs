//! What verbs answer with `--json`; no record of a stage.

pub(crate) mod fleet_doctor;
pub(crate) mod fleet_hosts;
pub(crate) mod host_keys;
pub(crate) mod push_event;
pub(crate) mod push_plan;
