//! What a value of nginx's configuration may be: variables filled in by `set`, `map` and the names of the server, and at which
//! moments of a request the link is resolved for it.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::Directive;
use crate::host::lint::link::ANY;

/// Variables within variables.
const DEEPEST: usize = 8;
/// More paths than that are not told apart.
const MOST: usize = 64;

/// The variables that a level of the configuration knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Values<'a> {
    /// Each with all that it may be set to: `if` has a word in it.
    sets: BTreeMap<&'a str, Vec<&'a Directive>>,
    pub(super) maps: BTreeMap<&'a str, &'a Directive>,
    /// Of the server: `server_name`.
    pub(super) names: Vec<&'a str>,
    /// `root` or `alias`.
    pub(super) root: Option<&'a Directive>,
    /// The innermost of those that is not what was resolved before: what `$realpath_root` begins with.
    link_root: Option<&'a Directive>,
}

enum Part<'v> {
    Text(&'v str),
    Variable(&'v str),
}

impl<'a> Values<'a> {
    /// What this level sets, and its `if`s.
    pub(super) fn set_variables(&mut self, level: &'a [Directive]) {
        let sets = |list: &'a [Directive]| list.iter().filter(|one| one.name() == "set");
        let name = |set: &'a Directive| set.argument(1).trim_start_matches('$');
        for set in sets(level) {
            self.sets.insert(name(set), vec![set]);
        }
        for set in level.iter().filter(|one| one.name() == "if").flat_map(|one| sets(&one.block)) {
            self.sets.entry(name(set)).or_default().push(set);
        }
    }

    pub(super) fn set_root(&mut self, root: &'a Directive) {
        self.root = Some(root);
        let mut moments = BTreeSet::new();
        self.moments_of(root.argument(1), "root", true, 0, &mut moments);
        if moments.is_empty() {
            self.link_root = Some(root);
        }
    }

    /// Every path that a value may be; what is decided at each request is [`ANY`].
    pub(super) fn paths(&self, value: &str) -> Vec<String> {
        self.paths_of(value, 0)
    }

    fn paths_of(&self, value: &str, depth: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        for part in parts(value) {
            let choices = match part {
                Part::Text(text) => vec![text.to_owned()],
                Part::Variable(name) => self.choices(name, depth),
            };
            all = all
                .iter()
                .flat_map(|before| choices.iter().map(move |next| format!("{before}{next}")))
                .take(MOST)
                .collect();
        }
        all
    }

    fn choices(&self, name: &str, depth: usize) -> Vec<String> {
        let any = || vec![ANY.to_owned()];
        if depth > DEEPEST {
            return any();
        }
        let root = || self.link_root.map_or_else(any, |root| self.paths_of(root.argument(1), depth + 1));
        match name {
            "realpath_root" | "document_root" => root(),
            "request_filename" => root().into_iter().map(|path| path + ANY).collect(),
            "host" | "http_host" | "server_name"
                if !self.names.is_empty() && self.names.iter().all(|name| is_plain(name)) =>
            {
                self.names.iter().map(|name| (*name).to_owned()).collect()
            }
            name => match (self.sets.get(name), self.maps.get(name)) {
                (Some(sets), _) => {
                    sets.iter().flat_map(|set| self.paths_of(set.argument(2), depth + 1)).take(MOST).collect()
                }
                (None, Some(map)) => {
                    mapped(map).flat_map(|value| self.paths_of(value, depth + 1)).take(MOST).collect()
                }
                (None, None) => any(),
            },
        }
    }

    /// The moments of a request at which the link is resolved for a value that is made at `at`. None, if it is not.
    pub(super) fn moments(&self, value: &str, at: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        self.moments_of(value, at, false, 0, &mut found);
        found
    }

    /// `inside` a variable the root is that of the server.
    fn moments_of(&self, value: &str, at: &str, inside: bool, depth: usize, found: &mut BTreeSet<String>) {
        if depth > DEEPEST {
            return;
        }
        for part in parts(value) {
            let Part::Variable(name) = part else { continue };
            match (name, self.sets.get(name), self.maps.get(name)) {
                ("realpath_root" | "document_root", ..) => {
                    let mut of_root = BTreeSet::new();
                    if let Some(root) = self.root.filter(|_| !inside) {
                        self.moments_of(root.argument(1), at, true, depth + 1, &mut of_root);
                    }
                    if of_root.is_empty() && name == "realpath_root" {
                        of_root.insert(at.to_owned());
                    }
                    found.append(&mut of_root);
                }
                (_, Some(sets), _) => {
                    for set in sets {
                        self.moments_of(set.argument(2), &format!("set {name}"), true, depth + 1, found);
                    }
                }
                (_, None, Some(map)) => {
                    // It is made once a request, unless it is said to be another one each time.
                    let once = format!("map {name}");
                    let at = if map.block.iter().any(|one| one.name() == "volatile") { at } else { &once };
                    for value in mapped(map).chain([map.argument(1)]) {
                        self.moments_of(value, at, true, depth + 1, found);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether a value names a variable itself.
pub(super) fn names(value: &str, variable: &str) -> bool {
    parts(value).iter().any(|part| matches!(part, Part::Variable(name) if *name == variable))
}

/// What a `map` gives.
fn mapped(map: &Directive) -> impl Iterator<Item = &str> {
    map.block.iter().filter(|one| one.words.len() > 1).map(|one| one.argument(1))
}

/// A name that is one.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "_" && !name.starts_with(['.', '~']) && !name.contains('*')
}

fn parts(value: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some((text, after)) = rest.split_once('$') {
        found.push(Part::Text(text));
        let (name, more) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some(named) => named,
            None => after.split_at(
                after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len()),
            ),
        };
        found.push(if name.is_empty() { Part::Text("$") } else { Part::Variable(name) });
        rest = more;
    }
    found.push(Part::Text(rest));
    found
}
