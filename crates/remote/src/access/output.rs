//! How a command ended and what it printed.

use std::fmt;

/// The end of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exited.
    Exited(i32),
    /// A signal ended it; the name is without SIG, `TERM`.
    Signalled(String),
}

impl Status {
    /// Exited with 0.
    pub fn success(&self) -> bool {
        *self == Self::Exited(0)
    }

    /// The exit status, unless a signal ended it.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Exited(code) => Some(*code),
            Self::Signalled(_) => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The shell's own words for what no program chose (POSIX, 2.8.2).
            Self::Exited(127) => write!(f, "exit status 127 (command not found)"),
            Self::Exited(code) => write!(f, "exit status {code}"),
            Self::Signalled(name) => write!(f, "signal {name}"),
        }
    }
}

/// What a finished command left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub status: Status,
    /// Standard output, its beginning.
    pub stdout: Vec<u8>,
    /// Standard error, its end.
    pub stderr: Vec<u8>,
    /// Whether standard output was longer than what is kept.
    pub stdout_cut: bool,
}

impl Output {
    /// Why it failed, in its own words: the last `error:` line of standard error without that word, else its last line
    /// that is not blank; else the status.
    pub fn reason(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let lines =
            || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("hint:"));
        // clap, for one, says more after its error.
        let error = lines().filter_map(|line| line.strip_prefix("error:")).next_back().map(str::trim);
        error.or_else(|| lines().next_back()).map_or_else(|| self.status.to_string(), str::to_owned)
    }
}

impl Output {
    /// What it said to do: the last `hint:` line of standard error, at most 600 characters of it.
    pub fn hint(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.stderr);
        let hint = text.lines().filter_map(|line| line.trim().strip_prefix("hint:")).next_back()?;
        Some(hint.trim().chars().take(600).collect()).filter(|hint: &String| !hint.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_error_or_the_last_line_said() {
        let output = |status, stderr: &str| Output {
            status,
            stdout: Vec::new(),
            stderr: stderr.as_bytes().to_vec(),
            stdout_cut: false,
        };
        let said = output(Status::Exited(12), "checking\nerror: `a.php` differs\nhint: push again\n\n");
        assert_eq!((said.reason().as_str(), said.hint().as_deref()), ("`a.php` differs", Some("push again")));
        let clap = output(
            Status::Exited(2),
            "error: unexpected argument '--x'\n\nUsage: y\n\nFor more, try '--help'.\n",
        );
        assert_eq!(clap.reason(), "unexpected argument '--x'");
        assert_eq!(output(Status::Exited(127), "sh: 1: x: not found\n").reason(), "sh: 1: x: not found");
        assert_eq!(output(Status::Exited(127), "").reason(), "exit status 127 (command not found)");
        assert_eq!(output(Status::Signalled("KILL".into()), "\n").reason(), "signal KILL");
    }
}
