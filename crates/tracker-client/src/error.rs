//! What can go wrong between us and a tracker or its site.

/// A failed call. Each names the endpoint (scheme, host and port, never a path, which may hold a key).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No answer: refused, timed out, reset, cut off.
    #[error("`{endpoint}` cannot be reached: {reason}")]
    Unreachable {
        /// Scheme, host and port.
        endpoint: String,
        /// What the network said.
        reason: String,
    },
    /// Nobody we trust says that the server is who it should be. It was sent nothing.
    #[error("the certificate of `{endpoint}` is not trusted: {reason}")]
    Untrusted {
        /// Scheme, host and port.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An answer, but not one that this kind of server gives.
    #[error("what answers at `{endpoint}` is not {what}: {reason}")]
    Foreign {
        /// Scheme, host and port.
        endpoint: String,
        /// What was expected there.
        what: &'static str,
        /// What came instead.
        reason: String,
    },
    /// A clear no, in the server's own words.
    #[error("`{endpoint}` refused {what}: {reason}")]
    Refused {
        /// Scheme, host and port.
        endpoint: String,
        /// What was asked for.
        what: &'static str,
        /// The server's words. Not sanitised for a terminal.
        reason: String,
    },
    /// The site has too many calls from us.
    #[error("`{endpoint}` limits the rate of calls, also after waiting")]
    RateLimited {
        /// Scheme, host and port.
        endpoint: String,
    },
    /// The site does not know our session or token any more.
    #[error("`{endpoint}` does not take the {credential}")]
    LoggedOut {
        /// Scheme, host and port.
        endpoint: String,
        /// What it was shown.
        credential: &'static str,
    },
    /// The site refused user name and password. Trying again may ban this machine's address.
    #[error("`{endpoint}` refused the user name or password of `{user}`")]
    Login {
        /// Scheme, host and port.
        endpoint: String,
        /// The user name.
        user: String,
    },
    /// The site has banned this machine's address after too many failed logins.
    #[error(
        "`{endpoint}` has banned this machine's address after failed logins; it takes no login for hours"
    )]
    Banned {
        /// Scheme, host and port.
        endpoint: String,
    },
    /// What was given cannot be used for such a call.
    #[error("`{what}` {reason}")]
    Argument {
        /// The setting, never a secret.
        what: String,
        /// Why not.
        reason: &'static str,
    },
    /// Somebody asked to end.
    #[error("terminated")]
    Cancelled,
}

impl Error {
    /// Whether the call may have been carried out although no answer came.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// The same error with every one of `secrets` blotted out: servers may echo what they were sent.
    #[must_use]
    pub fn without(mut self, secrets: &[&str]) -> Self {
        if let Self::Unreachable { reason, .. }
        | Self::Foreign { reason, .. }
        | Self::Refused { reason, .. } = &mut self
        {
            for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
                *reason = reason.replace(secret, "...");
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echoed_secret_is_blotted_out() {
        let error = Error::Refused {
            endpoint: "http://t:1".into(),
            what: "the announce",
            reason: "no user s3cret here, s3cret".into(),
        };
        let shown = format!("{0} {0:?}", error.without(&["", "s3cret"]));
        assert!(!shown.contains("s3cret") && shown.contains("no user ... here"), "{shown}");
    }
}
