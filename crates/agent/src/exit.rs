//! Exit codes of `swap-release`.

use record::ExitCode;
use remote::Status;

/// The exit code of a stage, if this version knows it.
#[must_use]
pub fn exit_code(status: &Status) -> Option<ExitCode> {
    status.code().and_then(|code| u8::try_from(code).ok()).and_then(ExitCode::from_number)
}
