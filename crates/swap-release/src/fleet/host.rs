//! Asking `swap-release` on a host.

use std::time::Duration;

use remote::{Argv, Output, Remote};
use serde::de::DeserializeOwned;

/// Why a host could not do what was asked. Its text goes into tables and records; the host's name stands beside it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// No way to the host.
    #[error("{0}")]
    Connection(#[from] remote::HostError),
    /// The command failed, in its own words.
    #[error("`swap-release {verb}` failed: {reason}")]
    Failed {
        /// The verb.
        verb: String,
        /// The last thing it said.
        reason: String,
        /// What it said to do.
        hint: Option<String>,
    },
    /// The answer is not what this version understands.
    #[error("`swap-release {verb}` answered `{answer}`: {source}")]
    Answer {
        /// The verb.
        verb: String,
        /// The beginning of the answer.
        answer: String,
        /// What the parser said.
        source: serde_json::Error,
    },
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

impl Fault {
    /// The command failed, in its own words.
    pub(crate) fn failed(verb: impl Into<String>, output: &Output) -> Self {
        Self::Failed { verb: verb.into(), reason: output.reason(), hint: output.hint() }
    }

    /// What helps, as far as the host or the connection says so.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Connection(error) => error.hint(),
            Self::Failed { hint, .. } => hint.clone(),
            Self::Answer { .. } | Self::Busy(_) | Self::Hook { .. } | Self::NotReady(_) => None,
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

/// Runs a verb that answers with one line of JSON.
pub(crate) fn ask<T: DeserializeOwned>(
    remote: &dyn Remote,
    argv: &Argv,
    timeout: Duration,
) -> Result<T, Fault> {
    let output = remote.exec(argv, b"", timeout)?;
    let verb = verb(argv);
    if !output.status.success() {
        return Err(Fault::failed(verb, &output));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    parse(&verb, text.trim())
}

/// Reads one line of JSON.
pub(crate) fn parse<T: DeserializeOwned>(verb: &str, line: &str) -> Result<T, Fault> {
    serde_json::from_str(line).map_err(|source| Fault::Answer {
        verb: verb.to_owned(),
        answer: line.chars().take(80).collect(),
        source,
    })
}

/// What `swap-release` on a host warned of, out of what it printed to standard error.
pub(crate) fn warnings(said: &str) -> impl Iterator<Item = &str> {
    let marks = ["[swap-release] warning: ", "[swap-release] warn: "];
    said.lines().filter_map(move |line| marks.iter().find_map(|mark| Some(line.split_once(mark)?.1)))
}

/// The verb of a command, for messages.
pub(crate) fn verb(argv: &Argv) -> String {
    argv.as_slice().get(1).cloned().unwrap_or_default()
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
