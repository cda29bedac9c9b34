//! Verbs that answer at once.

use std::time::Duration;

use remote::{Argv, Remote};
use serde::de::DeserializeOwned;

use crate::{AgentError, read, verb};

/// Runs a verb that answers with one line of JSON; it gets `stdin`.
///
/// # Errors
/// All of [`AgentError`].
pub fn ask<T: DeserializeOwned>(
    remote: &dyn Remote,
    argv: &Argv,
    stdin: &[u8],
    timeout: Duration,
) -> Result<T, AgentError> {
    let output = remote.exec(argv, stdin, timeout)?;
    if !output.status.success() {
        return Err(AgentError::failed(verb(argv), &output));
    }
    read(verb(argv), &output)
}
