//! What a stage's error must be able to tell.

use record::ExitCode;

/// An error that ends a binary: the fact with its object (Display), the remedy, and the exit code.
pub trait Failure: std::error::Error {
    /// How the process ends; by exhaustive match, so that a new error cannot forget it.
    fn exit_code(&self) -> ExitCode;

    /// The remedy, for the `hint:` line.
    fn hint(&self) -> Option<String>;
}

impl Failure for record::Error {
    fn exit_code(&self) -> ExitCode {
        Self::exit_code(self)
    }

    fn hint(&self) -> Option<String> {
        Self::hint(self)
    }
}
