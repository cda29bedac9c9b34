//! All that is wrong with a tree, grouped by reason and directory: a site that was copied from a server has thousands of
//! uploads, and a person wants to see every kind of fault in one run.

use std::collections::BTreeMap;

use cli::{Console, human};
use payload::Error as Fault;

/// Groups that are shown of one reason; more are joined by the directory above.
const GROUPS: usize = 8;
/// Lines in all.
const LINES: usize = 40;
/// Patterns that a hint names.
const PATTERNS: usize = 6;

/// Entries of one directory that are refused for one reason.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    why: String,
    /// Empty at the root.
    directory: String,
    count: usize,
    /// The first, below the directory.
    first: String,
}

/// Says all of them, if there is more than one: the error names the first and their number.
pub(crate) fn tell(error: &Fault, console: &Console) {
    let Fault::Several { all } = error else { return };
    let groups = grouped(all);
    for Group { why, directory, count, first } in groups.iter().take(LINES) {
        console.say(match (*count, directory.as_str()) {
            (1, "") => format!("refused: {first}: {why}"),
            (1, directory) => format!("refused: {directory}/{first}: {why}"),
            (count, "") => format!("refused: {count} entries, the first {first}: {why}"),
            (count, directory) => {
                format!("refused: {directory}/: {count} entries, the first {first}: {why}")
            }
        });
    }
    if groups.len() > LINES {
        let more: usize = groups.iter().skip(LINES).map(|group| group.count).sum();
        console.say(format!(
            "refused: {} in {}",
            human::count(more, "more entry", "more entries"),
            human::count(groups.len() - LINES, "more directory", "more directories")
        ));
    }
}

/// What helps against all of them: patterns for what can be left out, the words of the others.
fn hint(all: &[Fault]) -> String {
    let mut patterns: Vec<String> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for fault in all {
        let (path, uploads) = match fault {
            Fault::HostOwned { path, .. } => (path, uploads(path)),
            Fault::Special { path, .. } => (path, None),
            Fault::Twins { second, .. } => (second, None),
            other => {
                words.extend(tree_hint(other));
                continue;
            }
        };
        patterns.push(uploads.map_or_else(|| pattern(path), |folder| format!("{}/*", pattern(folder))));
    }
    patterns.dedup();
    words.sort_unstable();
    words.dedup();
    if !patterns.is_empty() {
        let named: Vec<String> =
            patterns.iter().take(PATTERNS).map(|pattern| format!("--exclude '{pattern}'")).collect();
        let more = match patterns.len().saturating_sub(PATTERNS) {
            0 => String::new(),
            more => format!(" and {more} more, in a file for --exclude-from"),
        };
        words.insert(
            0,
            format!(
                "remove them or leave them out with {}{more}; what belongs to a host goes into shared/ there",
                named.join(" ")
            ),
        );
    }
    words.join("; ")
}

/// What helps against one fault of a tree.
pub(super) fn tree_hint(error: &Fault) -> Option<String> {
    use payload::Error as E;
    let hint = match error {
        E::Root { .. } => "name the directory that holds the built site".into(),
        E::Read { .. } => "run as the user who built the site, or leave it out with --exclude".into(),
        E::NotUtf8 { .. } => "rename it, or leave it out with --exclude".into(),
        E::Special { path, .. } => format!("remove it, or leave it out with --exclude '{}'", pattern(path)),
        E::Link { .. } => {
            "make the link relative and let it stay inside the site; what lies outside comes from shared/ on the host"
                .into()
        }
        E::HostOwned { path, .. } => format!(
            "leave it out with --exclude '{0}', or release it all the same with --allow '{0}'; on the hosts it belongs \
             into shared/",
            pattern(path)
        ),
        E::Empty { .. } => "was the site built? check the path and the --exclude patterns".into(),
        E::Changed { .. } => "let the build end before packing, and nothing else write into the site".into(),
        E::Twins { second, .. } => format!(
            "rename one, or leave one out with --exclude '{}': of the two one would be lost on a file system or in a client that \
             does not tell them apart",
            pattern(second)
        ),
        E::Several { all } => hint(all),
        E::Path { .. } => "give it a shorter name, or leave it out with --exclude".into(),
        E::Pattern { .. } => "write it as in a .gitignore".into(),
        E::Write { .. } | E::ManifestIo { .. } | E::Pack { .. } | E::Occupied { .. } => {
            "check that the folder of records is writable and has space".into()
        }
        E::Manifest { .. } => "times up to the year 2242 and a million entries are the most".into(),
        E::Threads { .. } => "raise the limit of processes of this user".into(),
        E::Aborted { .. } => "run it again; the same tree gives the same bytes".into(),
        E::Digest { .. }
        | E::Patch { .. }
        | E::OtherBase { .. }
        | E::Member { .. }
        | E::Content { .. }
        | E::Unpack { .. } => return None,
    };
    Some(hint)
}

/// The pattern that matches one path at the root of the site and nothing else, see gitignore(5).
pub(crate) fn pattern(path: &str) -> String {
    let mut pattern = String::from("/");
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | ' ') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// The `files` directory of the site that a path was uploaded to.
fn uploads(path: &str) -> Option<&str> {
    let sites = if path.starts_with("sites/") { 0 } else { path.find("/sites/")? + 1 };
    let files = path.get(sites..)?.find("/files/")? + sites;
    path.get(..files + "/files".len())
}

fn grouped(all: &[Fault]) -> Vec<Group> {
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for fault in all {
        let (why, path) = reason(fault);
        by_reason.entry(why).or_default().push(path);
    }
    let mut groups: Vec<Group> =
        by_reason.into_iter().flat_map(|(why, paths)| of_one_reason(&why, &paths)).collect();
    groups.sort_by(|a, b| (&a.directory, &a.first, &a.why).cmp(&(&b.directory, &b.first, &b.why)));
    groups
}

/// One group a directory, or a directory above, until they are few.
fn of_one_reason(why: &str, paths: &[&str]) -> Vec<Group> {
    let deepest = paths.iter().map(|path| path.matches('/').count()).max().unwrap_or(0);
    for depth in (0..=deepest).rev() {
        let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
        for path in paths {
            let directory = at_most(path, depth);
            let first = path.get(directory.len()..).unwrap_or_default().trim_start_matches('/');
            let group = groups.entry(directory).or_insert_with(|| Group {
                why: why.to_owned(),
                directory: directory.to_owned(),
                count: 0,
                first: first.to_owned(),
            });
            group.count += 1;
        }
        if groups.len() <= GROUPS || depth == 0 {
            return groups.into_values().collect();
        }
    }
    Vec::new()
}

/// The directory of a path, or the one above it that is `depth` names deep.
fn at_most(path: &str, depth: usize) -> &str {
    let parent = path.rfind('/').and_then(|at| path.get(..at)).unwrap_or_default();
    match depth {
        0 => "",
        depth => {
            parent.match_indices('/').nth(depth - 1).and_then(|(at, _)| parent.get(..at)).unwrap_or(parent)
        }
    }
}

/// Why, in words that are the same for all of a kind, and the path.
fn reason(fault: &Fault) -> (String, &str) {
    match fault {
        Fault::HostOwned { path, what } => (format!("belongs to the host ({what})"), path),
        Fault::Special { path, kind } => (format!("is a {kind}"), path),
        Fault::NotUtf8 { path } => ("is not UTF-8".into(), path),
        Fault::Link { path, reason, .. } => (format!("link: {reason}"), path),
        Fault::Path { path, reason } => (format!("name: {reason}"), path),
        Fault::Twins { first, second, difference } => {
            (format!("differs from `{first}` in {difference} only"), second)
        }
        Fault::Read { path, source } => (format!("cannot be read: {source}"), path),
        Fault::Changed { path } => ("changed while it was read".into(), path),
        other => (other.to_string(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(path: &str) -> Fault {
        Fault::HostOwned { path: path.into(), what: "uploaded files of one site" }
    }

    #[test]
    fn uploads_are_one_group_a_site_and_one_pattern() {
        let mut all: Vec<Fault> = Vec::new();
        for site in ["default", "shop"] {
            for month in 1..=12 {
                all.push(upload(&format!("web/sites/{site}/files/2024-{month:02}/a.png")));
            }
        }
        all.push(Fault::Special { path: "web/pipe".into(), kind: "FIFO" });
        let groups = grouped(&all);
        let named: Vec<_> = groups.iter().map(|group| (group.directory.as_str(), group.count)).collect();
        assert_eq!(named, [("web", 1), ("web/sites/default/files", 12), ("web/sites/shop/files", 12)]);
        let hint = hint(&all);
        for pattern in ["'/web/sites/default/files/*'", "'/web/sites/shop/files/*'", "'/web/pipe'"] {
            assert!(hint.contains(pattern), "{hint}");
        }
    }

    #[test]
    fn one_directory_is_one_group_and_reasons_stay_apart() {
        let all = [
            Fault::NotUtf8 { path: "a/x".into() },
            Fault::NotUtf8 { path: "a/y".into() },
            Fault::NotUtf8 { path: "z".into() },
            upload("a/sites/b/files/c"),
        ];
        let named: Vec<_> =
            grouped(&all).into_iter().map(|group| (group.directory, group.count, group.first)).collect();
        let group = |directory: &str, count, first: &str| (directory.to_owned(), count, first.to_owned());
        assert_eq!(named, [group("", 1, "z"), group("a", 2, "x"), group("a/sites/b/files", 1, "c")]);
    }
}
