//! Asking `swap-release` on a host.

use agent::AgentError;
use remote::HostError;

/// Why a host could not do what was asked. Its text goes into tables and records; the host's name stands beside it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// There is no answer, or none that can be used.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// Somebody else holds the lock there.
    #[error("{0}")]
    Busy(String),
    /// A hook did not do its work.
    #[error("hook `{name}` failed: {why}")]
    Hook {
        /// The hook.
        name: String,
        /// The last thing it said.
        why: String,
    },
    /// The host is not ready to switch.
    #[error("{0}")]
    NotReady(String),
}

impl From<HostError> for Fault {
    fn from(error: HostError) -> Self {
        Self::Agent(error.into())
    }
}

impl Fault {
    /// What helps, as far as the host or the connection says so.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Agent(error) => error.hint(),
            Self::Busy(_) | Self::Hook { .. } | Self::NotReady(_) => None,
        }
    }
}

/// One line for each remedy, with the hosts that it is for.
pub(crate) fn remedies<'a>(hints: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Vec<String> {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for (host, hint) in hints {
        let Some(hint) = hint else { continue };
        match all.iter_mut().find(|(known, _)| *known == hint) {
            Some((_, hosts)) => hosts.push(host),
            None => all.push((hint, vec![host])),
        }
    }
    all.into_iter().map(|(hint, hosts)| format!("{}: remedy: {hint}", hosts.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_is_told_once_with_the_hosts_that_it_is_for() {
        let hints = [("a", Some("adopt it")), ("b", None), ("c", Some("mount it")), ("d", Some("adopt it"))];
        assert_eq!(remedies(hints.into_iter()), ["a, d: remedy: adopt it", "c: remedy: mount it"]);
    }
}
