//! Commands as argv lists.

use std::fmt;

/// A command and its arguments.
///
/// SSH carries a command as one string which the account's shell parses (RFC 4254, 6.5), so a list has to be quoted: here for a
/// POSIX shell, and by the SSH side for whatever the account has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argv(Vec<String>);

impl Argv {
    /// A command without arguments.
    pub fn new(program: impl Into<String>) -> Self {
        Self(vec![program.into()])
    }

    /// The same with one more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.0.push(argument.into());
        self
    }

    /// The same with more arguments.
    #[must_use]
    pub fn args<I>(mut self, arguments: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.0.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Program and arguments, in order.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// The program's last path component, for messages.
    pub fn program_name(&self) -> &str {
        self.0.first().map_or("", |program| program.rsplit('/').next().unwrap_or(program))
    }

    /// One line for a POSIX shell; `None` when an argument holds a NUL byte, which no argv can carry.
    pub fn to_shell(&self) -> Option<String> {
        if self.0.iter().any(|argument| argument.contains('\0')) {
            return None;
        }
        Some(shell_words::join(&self.0))
    }
}

impl fmt::Display for Argv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shell_words::join(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_a_shell_would_change() {
        let argv = Argv::new("/usr/bin/printf").arg("%s").args(["a b", "$(id)", "it's", "", "*"]);
        assert_eq!(argv.to_shell().unwrap(), r#"/usr/bin/printf '%s' 'a b' '$(id)' 'it'\''s' '' '*'"#);
        assert_eq!(argv.program_name(), "printf");
    }

    #[test]
    fn a_nul_byte_cannot_be_sent() {
        assert_eq!(Argv::new("a").arg("x\0y").to_shell(), None);
    }
}
