//! Why `swap-release` on a host did not answer.

use record::ExitCode;
use remote::{HostError, Output, Status};

use crate::exit::exit_code;

/// Why there is no answer, or none that can be used. Its text does not name the host.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No way to the host.
    #[error("{}", .0.kind)]
    Connection(#[from] HostError),
    /// The command failed, in its own words.
    #[error("`swap-release {verb}` failed: {reason}")]
    Failed {
        /// The verb.
        verb: String,
        /// How it ended; `None` if it closed its output and still runs.
        status: Option<Status>,
        /// The last thing it said.
        reason: String,
        /// What it said to do.
        hint: Option<String>,
    },
    /// The answer is not what this version understands.
    #[error("`swap-release {verb}` answered `{answer}`: {what}")]
    Answer {
        /// The verb.
        verb: String,
        /// The beginning of the answer.
        answer: String,
        /// What is wrong with it.
        what: String,
    },
}

impl AgentError {
    /// The command `verb` ended like this.
    #[must_use]
    pub fn failed(verb: &str, output: &Output) -> Self {
        Self::Failed {
            verb: verb.to_owned(),
            status: Some(output.status.clone()),
            reason: output.reason(),
            hint: output.hint(),
        }
    }

    /// What helps, as far as the host or the connection says so.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Connection(error) => error.hint(),
            Self::Failed { hint, .. } => hint.clone(),
            Self::Answer { .. } => None,
        }
    }

    /// The exit code, if it ended with one that this version knows.
    #[must_use]
    pub fn exit_code(&self) -> Option<ExitCode> {
        match self {
            Self::Failed { status: Some(status), .. } => exit_code(status),
            _ => None,
        }
    }
}
