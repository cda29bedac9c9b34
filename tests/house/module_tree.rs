//! A reader of a crate's modules: which files they are, and which of them name items of which others. It follows `use`
//! lines, re-exports and paths in code, and leaves out what is only compiled for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One module: a file, or a block in one.
#[derive(Debug)]
pub struct Module {
    /// Its path from the root of the crate; empty for the root.
    pub path: Vec<String>,
    pub file: PathBuf,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    /// What its `use` lines bring in, by the name that they give it.
    imports: BTreeMap<String, Vec<String>>,
    /// What they bring in with `*`.
    globs: Vec<Vec<String>>,
    /// Every path that it names, those of the `use` lines included.
    names: BTreeSet<Vec<String>>,
}

/// All modules of a crate; the first is the root.
#[derive(Debug)]
pub struct ModuleTree(Vec<Module>);

/// Modules side by side that need each other, each with what it names of the next.
pub type Circle = Vec<(String, String)>;

impl ModuleTree {
    /// Reads the crate whose root is `file`.
    pub fn read(file: &Path) -> Self {
        let mut this = Self(Vec::new());
        this.read_file(file, None, Vec::new());
        this
    }

    pub fn modules(&self) -> &[Module] {
        &self.0
    }

    /// The modules that are declared in the root.
    pub fn at_root(&self) -> Vec<&str> {
        self.0[0].children.keys().map(String::as_str).collect()
    }

    /// In every folder, the first circle among the modules in it and the code of the module that they belong to.
    pub fn circles(&self) -> Vec<Circle> {
        // By the module in whose folder they are: who needs whom, and the words that say so.
        let mut needs: BTreeMap<usize, BTreeMap<usize, BTreeMap<usize, String>>> = BTreeMap::new();
        for user in 0..self.0.len() {
            for name in &self.0[user].names {
                let Some(used) = self.resolve(user, name, 0) else { continue };
                let (one, other) = (self.ancestors(user), self.ancestors(used));
                let common = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
                let place = one[common - 1];
                // The module of the folder stands for its own code.
                let at = |way: &[usize]| way.get(common).copied().unwrap_or(place);
                let (from, to) = (at(&one), at(&other));
                if from != to {
                    let words = format!("{} names {}", self.0[user].file.display(), name.join("::"));
                    needs.entry(place).or_default().entry(from).or_default().entry(to).or_insert(words);
                }
            }
        }
        needs.values().filter_map(|edges| self.circle(edges)).collect()
    }

    fn circle(&self, edges: &BTreeMap<usize, BTreeMap<usize, String>>) -> Option<Circle> {
        let mut done = BTreeSet::new();
        for start in edges.keys() {
            let mut way = Vec::new();
            if let Some(circle) = walk(*start, edges, &mut way, &mut done) {
                let next = circle.iter().cycle().skip(1);
                return Some(
                    circle
                        .iter()
                        .zip(next)
                        .map(|(from, to)| (self.0[*from].name(), edges[from][to].clone()))
                        .collect(),
                );
            }
        }
        None
    }

    /// From the root down to the module itself.
    fn ancestors(&self, module: usize) -> Vec<usize> {
        let mut way = vec![module];
        while let Some(parent) = self.0[*way.last().unwrap()].parent {
            way.push(parent);
        }
        way.reverse();
        way
    }

    /// The module in which the item lies that `module` calls `name`; none if it is not of this crate.
    fn resolve(&self, module: usize, name: &[String], depth: usize) -> Option<usize> {
        let (first, rest) = name.split_first()?;
        if depth > 16 {
            return None;
        }
        let (mut at, mut rest) = match first.as_str() {
            "crate" => (0, rest),
            "self" => (module, rest),
            "super" => (self.0[module].parent?, rest),
            first => match (self.0[module].children.get(first), self.0[module].imports.get(first)) {
                (Some(child), _) => (*child, rest),
                (None, Some(import)) => {
                    let whole = [import, rest].concat();
                    return if whole == name { None } else { self.resolve(module, &whole, depth + 1) };
                }
                (None, None) => return None,
            },
        };
        while let Some((segment, more)) = rest.split_first() {
            let here = &self.0[at];
            if segment == "super" {
                at = here.parent?;
            } else if let Some(child) = here.children.get(segment) {
                at = *child;
            } else if let Some(import) = here.imports.get(segment) {
                // Another crate's item under a name of ours is ours.
                return self.resolve(at, &[import, more].concat(), depth + 1).or(Some(at));
            } else {
                let glob = here.globs.iter().find_map(|glob| {
                    let of = self.resolve(at, glob, depth + 1)?;
                    self.0[of].imports.contains_key(segment).then_some(of)
                });
                return glob
                    .and_then(|of| self.resolve(of, &[&["self".to_owned()], rest].concat(), depth + 1))
                    .or(Some(at));
            }
            rest = more;
        }
        Some(at)
    }

    fn read_file(&mut self, file: &Path, parent: Option<usize>, path: Vec<String>) -> usize {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("`{}`: {error}", file.display()));
        let tokens: TokenStream =
            text.parse().unwrap_or_else(|error| panic!("`{}`: {error}", file.display()));
        let is_folder = parent.is_none() || file.file_name().is_some_and(|name| name == "mod.rs");
        let folder = if is_folder { file.parent().unwrap().to_owned() } else { file.with_extension("") };
        self.read_module(tokens, file, &folder, parent, path)
    }

    fn read_module(
        &mut self,
        tokens: TokenStream,
        file: &Path,
        folder: &Path,
        parent: Option<usize>,
        path: Vec<String>,
    ) -> usize {
        let number = self.0.len();
        self.0.push(Module {
            path: path.clone(),
            file: file.to_owned(),
            parent,
            children: BTreeMap::new(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            names: BTreeSet::new(),
        });
        let mut found = Found::default();
        found.read(tokens);
        let Found { modules, uses, names } = found;
        for (name, block, at) in modules {
            let child_path = [&path[..], std::slice::from_ref(&name)].concat();
            let child = match (block, at) {
                (Some(tokens), _) => {
                    self.read_module(tokens, file, &folder.join(&name), Some(number), child_path)
                }
                (None, Some(at)) => {
                    self.read_file(&file.parent().unwrap().join(at), Some(number), child_path)
                }
                (None, None) => {
                    let beside = folder.join(format!("{name}.rs"));
                    let inside = folder.join(&name).join("mod.rs");
                    let file = if beside.exists() { beside } else { inside };
                    self.read_file(&file, Some(number), child_path)
                }
            };
            self.0[number].children.insert(name, child);
        }
        let this = &mut self.0[number];
        this.names = names;
        for (name, path) in uses {
            this.names.insert(path.clone());
            match name.as_str() {
                "*" => this.globs.push(path),
                _ => drop(this.imports.insert(name, path)),
            }
        }
        number
    }
}

impl Module {
    pub fn name(&self) -> String {
        if self.path.is_empty() { "the root".to_owned() } else { self.path.join("::") }
    }
}

/// The first circle on a way from `at`, in the order of the way.
fn walk(
    at: usize,
    edges: &BTreeMap<usize, BTreeMap<usize, String>>,
    way: &mut Vec<usize>,
    done: &mut BTreeSet<usize>,
) -> Option<Vec<usize>> {
    if let Some(start) = way.iter().position(|one| *one == at) {
        return Some(way[start..].to_vec());
    }
    if !done.insert(at) {
        return None;
    }
    way.push(at);
    let circle =
        edges.get(&at).into_iter().flat_map(BTreeMap::keys).find_map(|to| walk(*to, edges, way, done));
    way.pop();
    circle
}

/// What stands in the text of a module.
#[derive(Default)]
struct Found {
    /// Name, the block if it is one, and where `#[path]` says that it is.
    modules: Vec<(String, Option<TokenStream>, Option<String>)>,
    /// Name and path.
    uses: Vec<(String, Vec<String>)>,
    names: BTreeSet<Vec<String>>,
}

impl Found {
    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut path = None;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    if let Some(TokenTree::Group(attribute)) = tokens.get(at + 1) {
                        let text = attribute.stream().to_string().replace(' ', "");
                        at += 2;
                        if text == "cfg(test)" {
                            at = after_item(&tokens, at);
                        } else if let Some(quoted) = text.strip_prefix("path=") {
                            path = Some(quoted.trim_matches('"').to_owned());
                        }
                        continue;
                    }
                }
                TokenTree::Ident(word) if word == "mod" => {
                    if let (Some(TokenTree::Ident(name)), Some(body)) =
                        (tokens.get(at + 1), tokens.get(at + 2))
                    {
                        let block = match body {
                            TokenTree::Group(group) => Some(group.stream()),
                            _ => None,
                        };
                        self.modules.push((name.to_string(), block, path.take()));
                        at += 3;
                        continue;
                    }
                }
                TokenTree::Ident(word) if word == "pub" => {
                    // Who may see it is not what it needs: `pub(in crate::doctor)`.
                    let restricted = matches!(tokens.get(at + 1), Some(TokenTree::Group(group))
                        if group.delimiter() == Delimiter::Parenthesis);
                    at += 1 + usize::from(restricted);
                    continue;
                }
                TokenTree::Ident(word) if word == "use" => {
                    let end = at + tokens[at..].iter().position(|token| is_punct(token, ';')).unwrap_or(0);
                    if end > at {
                        self.read_use(&tokens[at + 1..end], &[]);
                        at = end + 1;
                        continue;
                    }
                }
                TokenTree::Ident(_) => {
                    let (name, next) = read_path(&tokens, at);
                    let is_part = at > 0
                        && (is_punct(&tokens[at - 1], ':') && at > 1 && is_punct(&tokens[at - 2], ':'));
                    let is_field = at > 0 && is_punct(&tokens[at - 1], '.');
                    if name.len() > 1 && !is_part && !is_field {
                        self.names.insert(name);
                    }
                    at = next;
                    continue;
                }
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }

    /// A tree of a `use` line below `prefix`.
    fn read_use(&mut self, tokens: &[TokenTree], prefix: &[String]) {
        let mut path = prefix.to_vec();
        let mut rest = tokens;
        // `::name` is another crate's.
        if rest.first().is_some_and(|token| is_punct(token, ':')) {
            return;
        }
        loop {
            match rest {
                [TokenTree::Ident(name), more @ ..] => {
                    if name == "self" && !path.is_empty() {
                        rest = more;
                    } else {
                        path.push(name.to_string());
                        rest = more;
                    }
                }
                [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for tree in inner.split(|token| is_punct(token, ',')) {
                        self.read_use(tree, &path);
                    }
                    return;
                }
                [token, ..] if is_punct(token, '*') => {
                    self.uses.push(("*".to_owned(), path));
                    return;
                }
                _ => return,
            }
            match rest {
                [one, other, more @ ..] if is_punct(one, ':') && is_punct(other, ':') => rest = more,
                [TokenTree::Ident(word), TokenTree::Ident(name), ..] if word == "as" => {
                    self.uses.push((name.to_string(), path));
                    return;
                }
                _ => {
                    if let Some(name) = path.last().cloned() {
                        self.uses.push((name, path));
                    }
                    return;
                }
            }
        }
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// `a::b::c` at `at`, and where it ends.
fn read_path(tokens: &[TokenTree], mut at: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        path.push(name.to_string());
        at += 1;
        let separated =
            tokens.get(at..at + 2).is_some_and(|two| two.iter().all(|token| is_punct(token, ':')));
        if !separated || !matches!(tokens.get(at + 2), Some(TokenTree::Ident(_))) {
            break;
        }
        at += 2;
    }
    (path, at.max(1))
}

/// Where the item at `at` ends, its further attributes included.
fn after_item(tokens: &[TokenTree], mut at: usize) -> usize {
    let mut ends_with_semicolon = false;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Ident(word) if ["use", "const", "static", "type"].iter().any(|one| word == one) => {
                ends_with_semicolon = true;
            }
            TokenTree::Ident(word) if word == "fn" => ends_with_semicolon = false,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !ends_with_semicolon => break,
            token if is_punct(token, ';') => break,
            _ => {}
        }
    }
    at
}
