//! What was asked for, one variant a verb.

use cli::{Abort, Console};
use record::ExitCode;

use crate::Error;
use crate::converge::{self, ConvergeRequest};
use crate::doctor::{self, DoctorRequest};
use crate::hosts::list::{self, ListRequest};
use crate::install::{self, InstallRequest};
use crate::keys::{self, Scan};
use crate::plan::{self, PlanRequest};
use crate::push::run::{self, PushRequest};

/// What is to be done.
#[derive(Debug)]
pub(super) enum Request {
    /// The stage.
    Push(PushRequest),
    /// Hosts that were away follow the others.
    Converge(ConvergeRequest),
    /// What it would do.
    Plan(PlanRequest),
    /// What hosts lack.
    Doctor(DoctorRequest),
    /// What they lack, put there.
    Install(InstallRequest),
    /// The inventory.
    Hosts(ListRequest),
    /// Its schema.
    Schema,
    /// The hosts' keys.
    Keys(Scan),
}

impl Request {
    /// Does it.
    pub(super) fn run(self, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
        match self {
            Self::Push(request) => run::run(&request, console, abort),
            Self::Converge(request) => converge::converge(&request, console, abort),
            Self::Plan(request) => plan::plan(&request, console, abort),
            Self::Doctor(request) => doctor::doctor(&request, console, abort),
            Self::Install(request) => install::install(request, console, abort),
            Self::Hosts(request) => list::hosts(&request, console),
            Self::Schema => list::schema(console),
            Self::Keys(scan) => keys::scan(&scan, console, abort),
        }
    }
}
