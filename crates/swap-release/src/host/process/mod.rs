//! Other programs on a server: run with a limit, and ended if they outlive us.

mod command;
mod orphan;
mod stop;

pub(crate) use self::command::{Command, run};
pub(crate) use self::orphan::end as end_orphan;
pub(crate) use self::stop::{Bell, Stop};
