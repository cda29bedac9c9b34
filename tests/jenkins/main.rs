//! The Jenkins side, run and not just read: every Jenkinsfile that we ship, on the Groovy that Jenkins embeds, with the
//! real binaries against real sshd and rtorrent. `runner/` is the runner for declarative pipelines that does it, and
//! `known-bad/` what it must not let pass.

mod abort;
mod docs;
mod example_actions;
mod example_failures;
mod freestyle;
mod lint;
mod mixed;
mod restart;
mod runner;
mod runner_itself;
mod setup;
mod shell;
mod style;
mod templates;
mod world;

/// Ends the test with a printed reason where Groovy is missing; fails instead when `E2E_PEERS=required`.
macro_rules! needs_groovy {
    () => {
        if !crate::runner::ready(module_path!()) {
            return;
        }
    };
}
/// The same for Groovy and the servers.
macro_rules! needs_fleet {
    () => {
        if !crate::runner::ready(module_path!()) || !e2e::peers::ready(module_path!()) {
            return;
        }
    };
}
pub(crate) use {needs_fleet, needs_groovy};
