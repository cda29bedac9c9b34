//! nginx's configuration as a tree, its includes in their places.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::host::lint::files::Files;

/// Includes within includes.
const DEEPEST: usize = 12;

/// A directive, with its block if it has one.
#[derive(Debug, Clone)]
pub(super) struct Directive {
    pub(super) words: Vec<String>,
    pub(super) file: Rc<Path>,
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) block: Vec<Directive>,
}

impl Directive {
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    pub(super) fn argument(&self, number: usize) -> &str {
        self.words.get(number).map_or("", String::as_str)
    }
}

/// A word, or one of `;`, `{`, `}`.
struct Token {
    text: String,
    mark: bool,
    line: usize,
}

/// The whole configuration.
pub(super) fn parse(main: &Path, files: &mut Files) -> Vec<Directive> {
    let root = main.parent().unwrap_or(Path::new("/")).to_owned();
    file(main, &root, files, 0)
}

fn file(path: &Path, root: &Path, files: &mut Files, depth: usize) -> Vec<Directive> {
    let Some(text) = files.text(path) else { return Vec::new() };
    let mut tokens = tokens(&text).into_iter();
    block(&mut tokens, &Rc::from(path), root, files, depth)
}

fn block(
    tokens: &mut std::vec::IntoIter<Token>,
    path: &Rc<Path>,
    root: &Path,
    files: &mut Files,
    depth: usize,
) -> Vec<Directive> {
    let mut found = Vec::new();
    let (mut words, mut line) = (Vec::new(), 0);
    while let Some(token) = tokens.next() {
        if !token.mark {
            if words.is_empty() {
                line = token.line;
            }
            words.push(token.text);
            continue;
        }
        let inner = match token.text.as_str() {
            "}" => return found,
            "{" => block(tokens, path, root, files, depth),
            _ => Vec::new(),
        };
        let one = Directive { words: std::mem::take(&mut words), file: path.clone(), line, block: inner };
        if one.name() == "include" && depth < DEEPEST {
            let pattern: PathBuf = root.join(one.argument(1));
            for included in files.matching(&pattern) {
                found.extend(file(&included, root, files, depth + 1));
            }
        } else {
            found.push(one);
        }
    }
    found
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let (mut line, mut chars) = (1, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\n' => line += 1,
            c if c.is_whitespace() => {}
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            ';' | '{' | '}' => found.push(Token { text: c.to_string(), mark: true, line }),
            first => {
                let (at, mut word) = (line, String::new());
                let quote = Some(first).filter(|c| matches!(c, '"' | '\''));
                if quote.is_none() {
                    word.push(first);
                }
                let mut in_name = first == '$' && chars.peek() == Some(&'{');
                while let Some(next) = chars.peek().copied() {
                    let ends = match quote {
                        Some(quote) => next == quote,
                        // `${name}` is part of a word.
                        None => {
                            next.is_whitespace() || next == ';' || (matches!(next, '{' | '}') && !in_name)
                        }
                    };
                    if ends {
                        if quote.is_some() {
                            chars.next();
                        }
                        break;
                    }
                    chars.next();
                    line += usize::from(next == '\n');
                    if next == '\\' {
                        if let Some(escaped) = chars.next() {
                            word.push(next);
                            word.push(escaped);
                        }
                        continue;
                    }
                    in_name = (in_name && next != '}') || (next == '$' && chars.peek() == Some(&'{'));
                    word.push(next);
                }
                found.push(Token { text: word, mark: false, line: at });
            }
        }
    }
    found
}
