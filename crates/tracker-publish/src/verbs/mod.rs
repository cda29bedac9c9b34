//! One file a verb; `push_seeds` is all of them where `fleet-push` seeds.

pub(crate) mod check;
pub(crate) mod hosts;
pub(crate) mod publish;
pub(crate) mod push_seeds;
pub(crate) mod verb;
pub(crate) mod withdraw;
