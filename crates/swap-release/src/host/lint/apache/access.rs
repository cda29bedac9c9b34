//! Whom Apache lets in where: sections match a name as it is configured, through the link, and not where it leads.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;

use super::parse::Directive;

/// What holds for a directory, as far as it is said.
#[derive(Debug, Clone, Default)]
pub(super) struct Access<'a> {
    /// The last `Require all denied`, if nothing after it lets anybody in.
    pub(super) denied: Option<&'a Directive>,
    /// `FollowSymLinks`; its default.
    pub(super) no_links: Option<&'a Directive>,
    /// `SymLinksIfOwnerMatch`.
    pub(super) owner_match: Option<&'a Directive>,
    /// `AllowOverride None`, and where it is said.
    pub(super) no_htaccess: Option<Option<&'a Directive>>,
}

/// All sections that are for a directory and those on the way to it, the shortest first (Apache's "How the sections are
/// merged"), those of the virtual host after those of the server.
pub(super) fn access<'a>(path: &Path, server: &'a [Directive], host: &'a [Directive]) -> Access<'a> {
    let sections: Vec<&Directive> =
        server.iter().chain(host).filter(|one| one.name == "directory" && one.argument(0) != "~").collect();
    let mut access = Access { no_htaccess: Some(None), ..Access::default() };
    let mut way: Vec<PathBuf> = path.ancestors().map(Path::to_owned).collect();
    way.reverse();
    for directory in way {
        for section in &sections {
            if is_for(section.argument(0), &directory) {
                take(&mut access, &section.inside);
            }
        }
    }
    access
}

/// What decides at each request cannot be known: then nothing is said of who is let in.
pub(super) fn is_open_question(directives: &[Directive]) -> bool {
    let sections = ["location", "locationmatch", "if", "directorymatch", "elseif", "else"];
    directives.iter().any(|one| {
        let decides =
            sections.contains(&one.name.as_str()) || (one.name == "directory" && one.argument(0) == "~");
        decides
            && one
                .inside
                .iter()
                .any(|inner| matches!(inner.name.as_str(), "require" | "options" | "allowoverride"))
    })
}

/// Whether a section counts where the pages of a directory are run. One that is decided at each request may.
pub(super) fn applies(section: &Directive, path: &Path) -> bool {
    let pattern = section.argument(0);
    match section.name.as_str() {
        "directory" if pattern != "~" => path.ancestors().any(|directory| is_for(pattern, directory)),
        "files" if pattern != "~" => {
            let glob = GlobBuilder::new(pattern).build();
            glob.is_ok_and(|glob| glob.compile_matcher().is_match("index.php"))
        }
        // One of `^(install|update)\.php$` is not about every page.
        "filesmatch" | "files" | "locationmatch" => {
            let pattern = section.arguments.last().map_or("", String::as_str);
            pattern.contains("ph") && !pattern.starts_with('^')
        }
        "location" => pattern == "/",
        "proxy" | "proxymatch" | "virtualhost" => false,
        _ => true,
    }
}

fn is_for(pattern: &str, directory: &Path) -> bool {
    let pattern = match pattern.trim_end_matches('/') {
        "" => "/",
        trimmed => trimmed,
    };
    if pattern.contains(['*', '?', '[']) {
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        return glob.is_ok_and(|glob| glob.compile_matcher().is_match(directory));
    }
    Path::new(pattern) == directory
}

fn take<'a>(access: &mut Access<'a>, directives: &'a [Directive]) {
    let mut required: Option<Option<&'a Directive>> = None;
    for one in directives {
        match one.name.as_str() {
            "require" => {
                let denies = one.argument(0).eq_ignore_ascii_case("all")
                    && one.argument(1).eq_ignore_ascii_case("denied");
                // One that lets in is enough.
                required = Some(required.unwrap_or(Some(one)).filter(|_| denies));
            }
            "requireany" | "requireall" | "requirenone" => required = Some(None),
            // Of Apache 2.2, which mod_access_compat still takes.
            "allow" => required = Some(None),
            "options" => options(access, one),
            "allowoverride" => {
                let none = one.arguments.iter().all(|word| word.eq_ignore_ascii_case("none"));
                access.no_htaccess = none.then_some(Some(one));
            }
            _ => {}
        }
    }
    if let Some(required) = required {
        access.denied = required;
    }
}

fn options<'a>(access: &mut Access<'a>, one: &'a Directive) {
    if !one.arguments.iter().any(|word| word.starts_with(['+', '-'])) {
        access.no_links = Some(one);
        access.owner_match = None;
    }
    for word in &one.arguments {
        let (off, name) =
            word.strip_prefix('-').map_or((false, word.trim_start_matches('+')), |name| (true, name));
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if is("FollowSymLinks") || (is("All") && !off) {
            access.no_links = off.then_some(one);
        } else if is("SymLinksIfOwnerMatch") {
            access.owner_match = (!off).then_some(one);
        }
    }
}

/// A link on the way to a path, or below it, whose owner is not that of what it leads to.
pub(super) fn of_another_owner(link: &Path) -> bool {
    match (fs::symlink_metadata(link), fs::metadata(link)) {
        (Ok(link), Ok(target)) => link.uid() != target.uid(),
        _ => false,
    }
}

/// The links of a release into `shared/`: everything in there whose name is a link in the release.
pub(super) fn shared_links(deploy_to: &Path, release: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&deploy_to.join("shared"), release, 0, &mut found);
    found
}

fn walk(shared: &Path, release: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    // As deep as sites/default/files lies, and a bound for what people keep in there.
    if depth > 6 || found.len() > 100 {
        return;
    }
    for entry in fs::read_dir(shared).into_iter().flatten().flatten().take(1000) {
        let name = release.join(entry.file_name());
        match fs::symlink_metadata(&name) {
            Ok(meta) if meta.is_symlink() => found.push(name),
            Ok(meta) if meta.is_dir() => walk(&entry.path(), &name, depth + 1, found),
            _ => {}
        }
    }
}
