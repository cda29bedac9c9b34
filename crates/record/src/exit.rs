//! The exit codes, one table for all binaries.

/// How a binary of the suite ends. The numbers are a promise to Jenkinsfiles and shell scripts; README has the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitCode {
    /// Done, or already done.
    Ok,
    /// Something nobody foresaw.
    Unexpected,
    /// The command line, the environment or `fleet.toml` is wrong.
    Usage,
    /// A record, torrent or site that is damaged, foreign, or does not belong to the others.
    BadInput,
    /// An output or the state folder cannot be written.
    CannotWrite,
    /// Content differs from what was built: a corrupt payload, a drifted tree.
    Mismatch,
    /// Content could not be read, so nobody knows whether it is what was built.
    CannotVerify,
    /// The tracker or the seeder's client refused.
    Refused,
    /// The tracker or the seeder cannot be reached.
    Unreachable,
    /// Some hosts failed; nothing was switched.
    SomeHostsFailed,
    /// No host succeeded; nothing was switched.
    NoHostSucceeded,
    /// The swap failed and every host that had switched is back on its former release.
    RolledBack,
    /// Hosts are left on different releases; a person is needed.
    Mixed,
    /// Somebody else holds the lock; try later.
    Busy,
    /// Ended by SIGTERM (or SIGINT) after the state was written.
    Terminated,
}

impl ExitCode {
    /// Every code, in the order of its number.
    pub const ALL: [Self; 15] = [
        Self::Ok,
        Self::Unexpected,
        Self::Usage,
        Self::BadInput,
        Self::CannotWrite,
        Self::Mismatch,
        Self::CannotVerify,
        Self::Refused,
        Self::Unreachable,
        Self::SomeHostsFailed,
        Self::NoHostSucceeded,
        Self::RolledBack,
        Self::Mixed,
        Self::Busy,
        Self::Terminated,
    ];

    /// The number that the process ends with. Kept in 0..=125 but for 143, which is what a shell shows for SIGTERM.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::BadInput => 10,
            Self::CannotWrite => 11,
            Self::Mismatch => 12,
            Self::CannotVerify => 13,
            Self::Refused => 20,
            Self::Unreachable => 21,
            Self::SomeHostsFailed => 30,
            Self::NoHostSucceeded => 31,
            Self::RolledBack => 40,
            Self::Mixed => 41,
            Self::Busy => 75,
            Self::Terminated => 143,
        }
    }

    /// What the code says, as one phrase for tables.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done, or already done",
            Self::Unexpected => "unexpected error",
            Self::Usage => "wrong command line, environment or fleet.toml",
            Self::BadInput => "record, torrent or site is damaged, foreign or mixed up",
            Self::CannotWrite => "cannot write an output",
            Self::Mismatch => "content differs from what was built",
            Self::CannotVerify => "content cannot be read, so nothing is proved",
            Self::Refused => "tracker or seeder refused",
            Self::Unreachable => "tracker or seeder unreachable",
            Self::SomeHostsFailed => "some hosts failed; activate and rollback switched none",
            Self::NoHostSucceeded => "no host succeeded, nothing switched",
            Self::RolledBack => "swap failed, every host is back on its former release",
            Self::Mixed => "hosts are left on different releases, a person is needed",
            Self::Busy => "lock held by somebody else, try later",
            Self::Terminated => "terminated by a signal, state written",
        }
    }

    /// What a pipeline does about it, as one phrase for tables.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Ok => "go on",
            Self::Unreachable => "try again",
            Self::CannotVerify => "look at the disk, try again",
            Self::SomeHostsFailed | Self::Terminated => "run again, it continues",
            Self::RolledBack => "fail; the site is as it was",
            Self::Mixed => "call a person",
            Self::Busy => "try later",
            Self::Unexpected
            | Self::Usage
            | Self::BadInput
            | Self::CannotWrite
            | Self::Mismatch
            | Self::Refused
            | Self::NoHostSucceeded => "fail",
        }
    }

    /// The code for a number that another process of the suite ended with.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct_and_ascending() {
        let numbers: Vec<u8> = ExitCode::ALL.iter().map(|code| code.number()).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    }

    #[test]
    fn a_number_finds_its_code() {
        for code in ExitCode::ALL {
            assert_eq!(ExitCode::from_number(code.number()), Some(code));
        }
        assert_eq!(ExitCode::from_number(99), None);
    }
}
