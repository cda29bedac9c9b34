//! Which verb.

use record::ReleaseId;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verb {
    /// The stage.
    Publish,
    /// How the release stands.
    Check,
    /// Forget a release.
    Withdraw(Option<ReleaseId>),
    /// Check or make the users.
    Hosts {
        /// Make those that are missing.
        create: bool,
    },
}
