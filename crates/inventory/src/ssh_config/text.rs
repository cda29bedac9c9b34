//! From the files to their lines: words, quotes, blocks, `Include`.

use std::env;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use glob::MatchOptions;

/// More is not a configuration.
const LIMIT: u64 = 1 << 20;
/// How deep files may include files (ssh has the same).
const DEPTH: usize = 16;
/// Their number, all in all.
const MOST: usize = 1000;

/// A line that says something.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// As written.
    pub(super) keyword: String,
    pub(super) words: Vec<String>,
    /// All behind the keyword, for those that are commands.
    pub(super) rest: String,
    /// Where it stands, for messages.
    pub(super) place: String,
    /// What `Include` names, in the order in which it is read.
    pub(super) included: Vec<Vec<Line>>,
}

/// Reads `path` and what it includes.
pub(super) fn read(path: &Path) -> Result<Vec<Line>, String> {
    // A file of the system includes what is beside it, every other one what is in the user's own folder.
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let folder = if path.starts_with("/etc/ssh") { PathBuf::from("/etc/ssh") } else { home.join(".ssh") };
    Reader { folder, home, count: 0 }.read(path, 0)
}

struct Reader {
    folder: PathBuf,
    home: PathBuf,
    count: usize,
}

impl Reader {
    fn read(&mut self, path: &Path, depth: usize) -> Result<Vec<Line>, String> {
        self.count += 1;
        if depth > DEPTH || self.count > MOST {
            return Err(format!("`{}` is included too deep or too often", path.display()));
        }
        let mut text = Vec::new();
        File::open(path)
            .and_then(|file| file.take(LIMIT).read_to_end(&mut text))
            .map_err(|error| format!("`{}`: {error}", path.display()))?;
        let text = String::from_utf8_lossy(&text);
        let mut lines = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let place = format!("line {} of `{}`", number + 1, path.display());
            let Some((keyword, rest)) = keyword(line) else { continue };
            let words = words(rest).ok_or_else(|| format!("{place}: a quote is not closed"))?;
            let mut line =
                Line { keyword, words, rest: rest.trim_end().to_owned(), place, included: Vec::new() };
            if line.keyword.eq_ignore_ascii_case("include") {
                self.include(&mut line, depth)?;
            }
            lines.push(line);
        }
        Ok(lines)
    }

    fn include(&mut self, line: &mut Line, depth: usize) -> Result<(), String> {
        let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
        for word in line.words.clone() {
            if word.contains(['%', '$']) {
                return Err(format!(
                    "{}: Include `{word}` has a variable, which is not followed here",
                    line.place
                ));
            }
            let pattern = match word.strip_prefix("~/") {
                Some(below) => self.home.join(below),
                None => self.folder.join(&word),
            };
            let pattern = pattern.to_string_lossy().into_owned();
            let found = glob::glob_with(&pattern, options)
                .map_err(|error| format!("{}: Include `{word}`: {error}", line.place))?;
            // One that matches nothing is nothing (ssh_config(5)).
            for path in found.flatten().filter(|path| path.is_file()) {
                line.included.push(self.read(&path, depth + 1)?);
            }
        }
        Ok(())
    }
}

/// The keyword and what is behind it; `None` for what says nothing.
fn keyword(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (keyword, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => match line.find(|c: char| c.is_whitespace() || c == '=') {
            Some(end) => line.split_at(end),
            None => (line, ""),
        },
    };
    let rest = rest.trim_start();
    Some((keyword.to_owned(), rest.strip_prefix('=').unwrap_or(rest).trim_start()))
}

/// Words as ssh splits them: quotes of both kinds, a backslash before a quote, a backslash or a blank, and no word from `#` on.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        match chars.peek() {
            None | Some('#') => return Some(words),
            Some(_) => {}
        }
        let (mut word, mut quote) = (String::new(), None);
        while let Some(c) = chars.next_if(|c| quote.is_some() || !c.is_whitespace()) {
            match c {
                '\\' => match chars
                    .next_if(|next| matches!(next, '\'' | '"' | '\\') || (*next == ' ' && quote.is_none()))
                {
                    Some(escaped) => word.push(escaped),
                    None => word.push(c),
                },
                '\'' | '"' if quote.is_none() => quote = Some(c),
                c if quote == Some(c) => quote = None,
                c => word.push(c),
            }
        }
        if quote.is_some() {
            return None;
        }
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_ssh_takes_them() {
        for (line, expected, split) in [
            ("Host a b", "Host", &["a", "b"][..]),
            ("  Port = 22 # here", "Port", &["22"]),
            ("Port=22", "Port", &["22"]),
            ("User \"a b\"", "User", &["a b"]),
            ("IdentityFile ~/my\\ key", "IdentityFile", &["~/my key"]),
            ("IdentityFile 'it \"is\"' x#y", "IdentityFile", &["it \"is\"", "x#y"]),
            ("User", "User", &[]),
        ] {
            let (keyword, rest) = keyword(line).unwrap();
            assert_eq!(
                (keyword.as_str(), &words(rest).unwrap()[..]),
                (expected, &split.iter().map(ToString::to_string).collect::<Vec<_>>()[..])
            );
        }
        assert!(keyword(" # x").is_none() && keyword("").is_none());
        assert_eq!(words("\"a b"), None);
    }
}
