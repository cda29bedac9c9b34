//! Apache's configuration as a tree: includes in their places, conditions decided, variables filled in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::dump::Dump;
use crate::host::lint::files::Files;
use crate::host::lint::link::ANY;

const DEEPEST: usize = 12;
/// What IfVersion is about: Apache 2.2 has no security support since 2017.
const VERSION: [u32; 3] = [2, 4, 60];

/// A directive, or a section with what is in it.
#[derive(Debug, Clone)]
pub(super) struct Directive {
    /// In lower case; of a section without its brackets.
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    /// An argument holds a variable.
    pub(super) variable: bool,
    pub(super) file: Rc<Path>,
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) inside: Vec<Directive>,
}

impl Directive {
    pub(super) fn argument(&self, number: usize) -> &str {
        self.arguments.get(number).map_or("", String::as_str)
    }
}

/// Lines with their numbers.
type Lines = Vec<(usize, String)>;

/// `<Macro NAME $one $two>` (mod_macro).
struct Macro {
    parameters: Vec<String>,
    lines: Lines,
    file: Rc<Path>,
}

/// What is known while it is read.
pub(super) struct Parser<'a> {
    pub(super) files: &'a mut Files,
    pub(super) root: &'a Path,
    pub(super) defines: BTreeMap<String, String>,
    pub(super) modules: BTreeSet<String>,
    /// The file of mod_php, which has the version of PHP in its name.
    pub(super) php: Option<String>,
    macros: BTreeMap<String, Macro>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(files: &'a mut Files, root: &'a Path, dump: Option<&Dump>) -> Self {
        let (defines, modules) =
            dump.map(|dump| (dump.defines.clone(), dump.modules.clone())).unwrap_or_default();
        Self { files, root, defines, modules, php: None, macros: BTreeMap::new() }
    }

    pub(super) fn file(&mut self, path: &Path, depth: usize) -> Vec<Directive> {
        let Some(text) = self.files.text(path) else { return Vec::new() };
        let mut lines = joined(&text).into_iter();
        self.section(&mut lines, &Rc::from(path), "", depth)
    }

    fn section(
        &mut self,
        lines: &mut std::vec::IntoIter<(usize, String)>,
        path: &Rc<Path>,
        end: &str,
        depth: usize,
    ) -> Vec<Directive> {
        let mut found = Vec::new();
        while let Some((line, text)) = lines.next() {
            if let Some(closing) = text.strip_prefix("</") {
                if closing.trim_end_matches('>').trim().eq_ignore_ascii_case(end) {
                    return found;
                }
                continue;
            }
            let opened = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
            let raw = words(opened.unwrap_or(&text));
            let (words, variable) = self.filled_in(&raw);
            let Some((name, arguments)) = words.split_first() else { continue };
            let (name, arguments) = (name.to_ascii_lowercase(), arguments.to_vec());
            if opened.is_some() && name == "macro" {
                let mut parameters = raw.into_iter().skip(1);
                let named = parameters.next().unwrap_or_default().to_ascii_lowercase();
                let lines = skip(lines, &name);
                self.macros
                    .insert(named, Macro { parameters: parameters.collect(), lines, file: path.clone() });
                continue;
            }
            if opened.is_some() {
                match self.holds(&name, &arguments) {
                    Some(true) => found.extend(self.section(lines, path, &name, depth)),
                    Some(false) => drop(skip(lines, &name)),
                    None => {
                        let inside = self.section(lines, path, &name, depth);
                        found.push(Directive { name, arguments, variable, file: path.clone(), line, inside });
                    }
                }
                continue;
            }
            match (name.as_str(), arguments.first()) {
                ("include" | "includeoptional", Some(pattern)) if depth < DEEPEST => {
                    let pattern: PathBuf = self.root.join(pattern);
                    for included in self.files.matching(&pattern) {
                        found.extend(self.file(&included, depth + 1));
                    }
                }
                ("use", Some(_)) if depth < DEEPEST => found.extend(self.used(&raw, depth + 1)),
                ("define", Some(variable)) => {
                    let value = arguments.get(1).cloned().unwrap_or_default();
                    self.defines.insert(variable.clone(), value);
                }
                ("undefine", Some(variable)) => {
                    self.defines.remove(variable);
                }
                ("loadmodule", Some(module)) => {
                    self.modules.insert(module.clone());
                    if is_php(module) {
                        self.php = arguments.get(1).cloned();
                    }
                }
                _ => found.push(Directive {
                    name,
                    arguments,
                    variable,
                    file: path.clone(),
                    line,
                    inside: Vec::new(),
                }),
            }
        }
        found
    }

    /// What a macro is with these arguments, which come as they are written: what they hold is filled in there.
    fn used(&mut self, raw: &[String], depth: usize) -> Vec<Directive> {
        let name = raw.get(1).map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        let Some(called) = self.macros.get(&name) else { return Vec::new() };
        let mut values: Vec<(&String, &String)> = called.parameters.iter().zip(raw.iter().skip(2)).collect();
        // `$name` is no `$names`.
        values.sort_by_key(|(parameter, _)| std::cmp::Reverse(parameter.len()));
        let fill = |text: &String| {
            values.iter().fold(text.clone(), |text, (name, value)| text.replace(*name, value))
        };
        let lines: Lines = called.lines.iter().map(|(number, text)| (*number, fill(text))).collect();
        let file = called.file.clone();
        self.section(&mut lines.into_iter(), &file, "", depth)
    }

    /// Whether a condition holds; `None` of a section that is none, or one that is decided at each request.
    fn holds(&self, name: &str, arguments: &[String]) -> Option<bool> {
        let argument = arguments.first()?;
        let (not, what) = argument.strip_prefix('!').map_or((false, argument.as_str()), |rest| (true, rest));
        let holds = match name {
            "ifmodule" => self.modules.iter().any(|module| is_module(module, what)),
            "ifdefine" => self.defines.contains_key(what),
            "iffile" => self.root.join(what).exists(),
            "ifversion" => is_version(what, arguments.get(1).map_or(what, String::as_str)),
            _ => return None,
        };
        Some(holds != not)
    }

    /// Words with variables filled in; whether there was one. One that nobody defines here is of Apache's environment.
    fn filled_in(&self, raw: &[String]) -> (Vec<String>, bool) {
        let mut variable = false;
        let fill = |word: &String| {
            let mut word = word.clone();
            for (name, value) in &self.defines {
                let named = format!("${{{name}}}");
                if word.contains(&named) {
                    variable = true;
                    word = word.replace(&named, value);
                }
            }
            while let Some((before, rest)) = word.split_once("${") {
                let Some((_, after)) = rest.split_once('}') else { break };
                word = format!("{before}{ANY}{after}");
            }
            word
        };
        (raw.iter().map(fill).collect(), variable)
    }
}

/// The words of a line, without quotes.
pub(super) fn words(text: &str) -> Vec<String> {
    let (mut words, mut chars) = (Vec::new(), text.trim().chars().peekable());
    while chars.peek().is_some() {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let Some(first) = chars.peek().copied() else { break };
        let quote = Some(first).filter(|c| matches!(c, '"' | '\''));
        if quote.is_some() {
            chars.next();
        }
        let mut word = String::new();
        while let Some(next) = chars.next_if(|c| quote.map_or(!c.is_whitespace(), |quote| *c != quote)) {
            match next {
                '\\' if quote.is_some() && chars.peek() == quote.as_ref() => word.extend(chars.next()),
                next => word.push(next),
            }
        }
        if quote.is_some() {
            chars.next();
        }
        words.push(word);
    }
    words
}

/// `<IfVersion >= 2.4>`; as many parts of the version count as are said.
fn is_version(operator: &str, version: &str) -> bool {
    let said: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    let ours = VERSION.get(..said.len()).unwrap_or(&VERSION).cmp(&said);
    match operator {
        ">" => ours.is_gt(),
        ">=" => ours.is_ge(),
        "<" => ours.is_lt(),
        "<=" => ours.is_le(),
        _ => ours.is_eq(),
    }
}

/// mod_php, of whatever version.
pub(super) fn is_php(module: &str) -> bool {
    matches!(module, "php_module" | "php5_module" | "php7_module")
}

/// `rewrite_module`, or as its source file is called: `mod_rewrite.c`; of a way to run processes `prefork.c`. (`mod_php7.c` is
/// none of PHP 8, which has `mod_php.c`.)
fn is_module(module: &str, name: &str) -> bool {
    let stem = name.strip_suffix(".c").map(|file| file.strip_prefix("mod_").unwrap_or(file));
    let of = module.strip_suffix("_module").unwrap_or(module);
    module == name || stem.is_some_and(|stem| of == stem || of.strip_prefix("mpm_") == Some(stem))
}

/// Goes behind the end of a section, and gives what is in it.
fn skip(lines: &mut std::vec::IntoIter<(usize, String)>, name: &str) -> Lines {
    let (mut depth, mut skipped) = (1, Lines::new());
    for (number, text) in lines.by_ref() {
        let lower = text.to_ascii_lowercase();
        let of_it = |rest: &str| {
            rest.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        };
        if lower.strip_prefix("</").is_some_and(of_it) {
            depth -= 1;
            if depth == 0 {
                break;
            }
        } else if lower.strip_prefix('<').is_some_and(of_it) {
            depth += 1;
        }
        skipped.push((number, text));
    }
    skipped
}

/// Lines with their number, those that go on by a backslash joined, comments left out.
fn joined(text: &str) -> Lines {
    let mut found = Lines::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        let (part, goes_on) = line.strip_suffix('\\').map_or((line, false), |rest| (rest, true));
        match found.last_mut().filter(|_| open) {
            Some((_, whole)) => whole.push_str(part),
            None => found.push((number + 1, part.to_owned())),
        }
        open = goes_on;
    }
    let trimmed = found.into_iter().map(|(number, line)| (number, line.trim().to_owned()));
    trimmed.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect()
}
