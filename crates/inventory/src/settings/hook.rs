//! `[[hooks]]`: what is run on the servers around a switch.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{HostName, Template};

/// When a hook runs. The commit of a fleet goes through these in this order; the last one only when it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Every host has proved the release and holds its lock; nobody has switched. A failure: nobody does.
    BeforeSwitch,
    /// The hosts of the batch serve the release, unconfirmed. A failure: all go back.
    AfterSwitch,
    /// Every host has switched and is healthy. A failure: all go back.
    BeforeCommit,
    /// It is decided. A failure is told and changes nothing.
    AfterCommit,
    /// This host was put back, or was about to switch and does not. Run by the host itself, whatever became of the
    /// controller.
    AfterRevert,
}

impl Phase {
    /// The name as it is written in `fleet.toml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeSwitch => "before-switch",
            Self::AfterSwitch => "after-switch",
            Self::BeforeCommit => "before-commit",
            Self::AfterCommit => "after-commit",
            Self::AfterRevert => "after-revert",
        }
    }
}

/// On which of the hosts that switch a hook runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunsOn {
    /// On each of them.
    Every,
    /// On each of this group.
    Group(HostName),
    /// On one: the first in the order of the file, or this one. After the last batch, in a phase that has batches.
    Once(Option<HostName>),
    /// On one of the first batch, right after it.
    Canary,
}

/// What a hook does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAction {
    /// Runs a command, an argv list.
    Command(Vec<Template>),
    /// Has php-fpm forget its compiled scripts: opcache_reset() by FastCGI, to a socket's path or `host:port`.
    OpcacheReset(Template),
    /// Sends SIGUSR2, php-fpm's graceful reload, to the process whose id is in this file.
    FpmReload(Template),
}

/// One hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What reports call it.
    pub name: String,
    /// When it runs; at least one.
    pub phases: Vec<Phase>,
    /// Where it runs.
    pub on: RunsOn,
    /// What it does.
    pub action: HookAction,
    /// The time it may take; then its whole process group is ended, and it has failed.
    pub timeout: Duration,
}

impl Hook {
    /// Whether it has a server follow `current`: a command that is run after the switch and after it was taken back, or anything
    /// for php-fpm. Until it is run, visitors get the code of before.
    #[must_use]
    pub fn follows(&self) -> bool {
        let runs_in = |phase| self.phases.contains(&phase);
        match self.action {
            HookAction::Command(_) => runs_in(Phase::AfterSwitch) && runs_in(Phase::AfterRevert),
            HookAction::OpcacheReset(_) | HookAction::FpmReload(_) => {
                runs_in(Phase::AfterSwitch) || runs_in(Phase::AfterRevert)
            }
        }
    }
}
