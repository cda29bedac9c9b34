//! Hosts whose accounts print what nobody asked for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use inventory::HostName;

/// Hosts that have been warned of. Clones share it, so that a run warns of each host once.
#[derive(Clone, Debug, Default)]
pub(super) struct WarnedHosts(Arc<Mutex<BTreeSet<HostName>>>);

impl WarnedHosts {
    /// Warns of `host`, which `said` something, unless that was done.
    pub(super) fn warn(&self, host: &HostName, said: &str) {
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(host.clone());
        if is_new {
            log::warn!("host `{host}`: {}", words(said));
        }
    }
}

/// What is wrong, and where to look.
pub(crate) fn words(said: &str) -> String {
    format!(
        "its account prints `{said}` around every answer, which was passed over: a start-up file of the login shell (~/.bashrc, \
         /etc/bash.bashrc, ~/.zshenv, ~/.cshrc, config.fish) or sshd's ForceCommand does that; print in interactive shells only"
    )
}
