//! Which lines concern a host, and what they say: the first value of each keyword counts (ssh_config(5)).

use std::collections::BTreeMap;
use std::env;
use std::fs;

use super::table::{Use, look_up};
use super::text::Line;
use crate::wildcard;

/// What the lines say of one host.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// As it was typed.
    original: &'a str,
    /// The account that is asked for, if that is known without the file.
    user: Option<&'a str>,
    first: BTreeMap<&'static str, &'a Line>,
    /// Every line of the keywords of which all count.
    all: BTreeMap<&'static str, Vec<&'a Line>>,
    wants_final: bool,
    /// In the second reading what is dialled is settled.
    settled: Option<String>,
}

/// The account that `fleet.toml` has where nobody names one.
pub(super) const DEFAULT_USER: &str = "deploy";
/// Keywords of which every line adds to those before.
const ADDING: [&str; 2] = ["identityfile", "certificatefile"];
/// Keywords of which we follow one word, as ssh has them: more is an error there, too.
const OF_ONE_WORD: [&str; 14] = [
    "addressfamily",
    "bindaddress",
    "certificatefile",
    "hostkeyalgorithms",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "ignoreunknown",
    "port",
    "proxyjump",
    "tag",
    "user",
];
/// Whichever of these comes first counts.
const PROXIES: [&str; 2] = ["proxycommand", "proxyjump"];

impl<'a> Found<'a> {
    /// Reads `files` for the host that is called `original`.
    pub(super) fn of(
        files: &'a [Vec<Line>],
        original: &'a str,
        user: Option<&'a str>,
    ) -> Result<Self, String> {
        let (first, all) = (BTreeMap::new(), BTreeMap::new());
        let mut found = Self { original, user, first, all, wants_final: false, settled: None };
        for file in files {
            found.walk(file, true)?;
        }
        if found.wants_final {
            found.settled = Some(found.host());
            for file in files {
                found.walk(file, true)?;
            }
        }
        match found.first.iter().find_map(|(keyword, line)| refusal(keyword, line)) {
            Some(refused) => Err(refused),
            None => Ok(found),
        }
    }

    /// The name as it was typed.
    pub(super) fn original(&self) -> &'a str {
        self.original
    }

    /// The words of a keyword, and where they stand.
    pub(super) fn words(&self, keyword: &str) -> Option<&'a Line> {
        self.first.get(keyword).copied()
    }

    /// Its first word.
    pub(super) fn word(&self, keyword: &str) -> Option<&'a str> {
        self.words(keyword)?.words.first().map(String::as_str)
    }

    /// All lines of a keyword that adds up.
    pub(super) fn every(&self, keyword: &str) -> &[&'a Line] {
        self.all.get(keyword).map_or(&[], Vec::as_slice)
    }

    /// What is dialled: HostName with its tokens, else the name.
    pub(super) fn host(&self) -> String {
        if let Some(host) = &self.settled {
            return host.clone();
        }
        let name = self.original;
        let host = self.word("hostname").map(|text| {
            // One pass: what a token brings is not looked at again.
            let mut out = String::new();
            let mut chars = text.chars();
            while let Some(c) = chars.next() {
                match (c, if c == '%' { chars.next() } else { None }) {
                    ('%', Some('h')) => out.push_str(name),
                    ('%', Some('%')) => out.push('%'),
                    ('%', other) => out.extend(['%'].into_iter().chain(other)),
                    (c, _) => out.push(c),
                }
            }
            out
        });
        host.unwrap_or_else(|| name.to_owned()).to_ascii_lowercase()
    }

    fn walk(&mut self, lines: &'a [Line], may: bool) -> Result<(), String> {
        let mut active = may;
        for line in lines {
            let Some((keyword, _)) = look_up(&line.keyword) else {
                if active && !self.is_ignored(&line.keyword) {
                    return Err(format!("{}: ssh knows no keyword `{}`", line.place, line.keyword));
                }
                continue;
            };
            match keyword {
                "host" | "match" if line.words.is_empty() => {
                    return Err(format!("{}: {} says nothing", line.place, line.keyword));
                }
                "host" => active = may && self.is_host(&line.words),
                "match" => active = may && self.matches(line, may)?,
                "include" => {
                    for file in &line.included {
                        self.walk(file, active)?;
                    }
                }
                _ if active => self.set(keyword, line)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn set(&mut self, keyword: &'static str, line: &'a Line) -> Result<(), String> {
        if line.words.is_empty() {
            return Err(format!("{}: {} says nothing", line.place, line.keyword));
        }
        if let Some(more) = line.words.get(1).filter(|_| OF_ONE_WORD.contains(&keyword)) {
            return Err(format!("{}: `{}` has one value, and `{more}` is another", line.place, line.keyword));
        }
        if ADDING.contains(&keyword) {
            let all = self.all.entry(keyword).or_default();
            // The second reading finds the same lines again.
            if !all.iter().any(|known| known.place == line.place) {
                all.push(line);
            }
            return Ok(());
        }
        let is_later =
            PROXIES.contains(&keyword) && PROXIES.iter().any(|proxy| self.first.contains_key(proxy));
        let is_settled = keyword == "hostname" && self.settled.is_some();
        if !is_later && !is_settled {
            self.first.entry(keyword).or_insert(line);
        }
        Ok(())
    }

    fn is_ignored(&self, keyword: &str) -> bool {
        self.word("ignoreunknown").is_some_and(|list| is_in(list, &keyword.to_ascii_lowercase()))
    }

    /// A line `Host`: one of its patterns fits, and none that is negated. It is about the name as typed; after a reading of all files
    /// about what is dialled.
    fn is_host(&self, patterns: &[String]) -> bool {
        let host = if self.settled.is_some() { self.host() } else { self.original.to_owned() };
        let fits = |pattern: &str| wildcard(pattern.as_bytes(), host.as_bytes());
        let mut found = false;
        for pattern in patterns {
            match pattern.strip_prefix('!') {
                Some(negated) if fits(negated) => return false,
                Some(_) => {}
                None => found |= fits(pattern),
            }
        }
        found
    }

    /// A line `Match`: all of its criteria hold. One that is not followed matters only where all others do.
    fn matches(&mut self, line: &Line, may: bool) -> Result<bool, String> {
        let mut words = line.words.iter();
        let (mut holds, mut unknown) = (true, None);
        while let Some(word) = words.next() {
            let (negated, name) = match word.strip_prefix('!') {
                Some(name) => (true, name),
                None => (false, word.as_str()),
            };
            let (name, given) = match name.split_once('=') {
                Some((name, value)) => (name.to_ascii_lowercase(), Some(value)),
                None => (name.to_ascii_lowercase(), None),
            };
            let this = match name.as_str() {
                "all" => true,
                "canonical" | "final" => {
                    self.wants_final |= may && name == "final";
                    self.settled.is_some()
                }
                _ => {
                    let value = given.or_else(|| words.next().map(String::as_str));
                    let value =
                        value.ok_or_else(|| format!("{}: `{name}` of Match has no value", line.place))?;
                    match self.criterion(&name, value) {
                        Some(holds) => holds,
                        None => {
                            unknown.get_or_insert(name);
                            continue;
                        }
                    }
                }
            };
            holds &= this != negated;
        }
        match unknown {
            Some(name) if holds => Err(format!(
                "{}: `Match {name}` is not followed here, and may be about this host",
                line.place
            )),
            Some(_) => Ok(false),
            None => Ok(holds),
        }
    }

    /// Whether one holds; `None` for those that are not followed.
    fn criterion(&self, name: &str, value: &str) -> Option<bool> {
        let is_in_list = |text: &str| is_in(value, text);
        Some(match name {
            "host" => is_in_list(&self.host()),
            "originalhost" => is_in_list(&self.original.to_ascii_lowercase()),
            "user" => is_in_list(self.user.or_else(|| self.word("user")).unwrap_or(DEFAULT_USER)),
            "localuser" => is_in_list(local_user()?.as_str()),
            "tagged" | "tag" => is_in_list(self.word("tag").unwrap_or_default()),
            "sessiontype" => is_in_list("exec"),
            _ => return None,
        })
    }
}

/// Whether a list of patterns with commas names `text`.
fn is_in(list: &str, text: &str) -> bool {
    let mut found = list.is_empty() && text.is_empty();
    for pattern in list.split(',').filter(|pattern| !pattern.is_empty()) {
        match pattern.strip_prefix('!') {
            Some(negated) if wildcard(negated.to_ascii_lowercase().as_bytes(), text.as_bytes()) => {
                return false;
            }
            Some(_) => {}
            None => found |= wildcard(pattern.to_ascii_lowercase().as_bytes(), text.as_bytes()),
        }
    }
    found
}

/// Who runs this, by the file of the accounts (passwd(5)); LDAP and its like have to say it by USER.
pub(super) fn local_user() -> Option<String> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut fields = accounts.lines().map(|line| line.split(':'));
    let name = fields.find_map(|mut fields| fields.next().filter(|_| fields.nth(1) == Some(&uid)));
    name.map(str::to_owned).or_else(|| env::var("USER").ok())
}

/// Why a line cannot be passed over.
fn refusal(keyword: &str, line: &Line) -> Option<String> {
    let Some((_, Use::RefusedUnless(harmless))) = look_up(keyword) else { return None };
    let value = line.words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    if harmless.contains(&value.as_str()) {
        return None;
    }
    let Line { place, keyword, rest, .. } = line;
    Some(format!(
        "{place}: `{keyword} {rest}` would change whom ssh talks to or trusts, and is not followed here"
    ))
}
