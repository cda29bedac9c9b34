//! Finding what `swap-release` said among what else came from the account.

use remote::Output;
use serde::de::DeserializeOwned;

use crate::AgentError;

/// The beginning of an answer that is shown, in characters.
const SHOWN: usize = 80;

/// The answer to `verb`: the last line that is a JSON object. A start-up file of the login shell may print something before it,
/// and a log-out file behind it.
///
/// # Errors
/// [`AgentError::Answer`].
pub fn read<T: DeserializeOwned>(verb: &str, output: &Output) -> Result<T, AgentError> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().rfind(|line| is_object(line)).or_else(|| lines().next_back());
    parse(verb, line.unwrap_or_default())
}

/// Whether a line is of the protocol. All that is said in it is an object.
pub(crate) fn is_object(line: &str) -> bool {
    line.trim_start().starts_with('{')
}

pub(crate) fn parse<T: DeserializeOwned>(verb: &str, line: &str) -> Result<T, AgentError> {
    serde_json::from_str(line).map_err(|error| AgentError::Answer {
        verb: verb.to_owned(),
        answer: line.chars().take(SHOWN).collect(),
        what: error.to_string(),
    })
}

/// What `swap-release` on a host warned of, out of what it printed to standard error.
pub fn warnings(said: &str) -> impl Iterator<Item = &str> {
    let marks = ["[swap-release] warning: ", "[swap-release] warn: "];
    said.lines().filter_map(move |line| marks.iter().find_map(|mark| Some(line.split_once(mark)?.1)))
}

#[cfg(test)]
mod tests {
    use remote::Status;
    use serde_json::Value;

    use super::*;

    fn answered(stdout: &str) -> Result<Value, AgentError> {
        let output = Output {
            status: Status::Exited(0),
            stdout: stdout.into(),
            stderr: Vec::new(),
            stdout_cut: false,
        };
        read("status", &output)
    }

    #[test]
    fn the_answer_is_found_whatever_a_login_shell_prints_around_it() {
        for text in
            ["{\"a\":1}\n", "Welcome!\n{\"a\":1}\n", "  {\"a\":1}\r\nGood-bye\n\n", "{\"a\":0}\n{\"a\":1}"]
        {
            assert_eq!(answered(text).unwrap()["a"], 1, "{text}");
        }
        for (text, shown) in [("", ""), ("Welcome!\n", "Welcome!"), ("{\"a\":\n", "{\"a\":")] {
            let error = answered(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`swap-release status` answered `{shown}`: ")), "{error}");
        }
    }

    #[test]
    fn warnings_are_told_from_other_lines() {
        let said = "[swap-release] says\n[swap-release] warning: one\nx\n[swap-release] warn: two\n";
        assert_eq!(warnings(said).collect::<Vec<_>>(), ["one", "two"]);
    }
}
