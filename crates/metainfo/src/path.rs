//! Which names and paths a torrent may hold.

use crate::Error;
use std::collections::HashSet;

/// Longest component most file systems take, in bytes (NAME_MAX).
const MAX_COMPONENT: usize = 255;
/// Longest path Linux takes, in bytes, without the closing NUL (PATH_MAX).
const MAX_PATH: usize = 4095;

/// Checks one name: the torrent's own, or one component of a path.
pub(crate) fn check_component(name: &str) -> Result<(), Error> {
    let reason = match name {
        "" => "an empty component",
        "." | ".." => "`.` and `..` are no names",
        _ if name.contains('/') => "`/` inside a component",
        _ if name.contains('\0') => "a NUL byte",
        _ if name.len() > MAX_COMPONENT => "a component of more than 255 bytes",
        _ => return Ok(()),
    };
    Err(unsafe_path(name, reason))
}

/// Checks a relative path with `/` between its components.
pub(crate) fn check_path(path: &str) -> Result<(), Error> {
    if path.len() > MAX_PATH {
        return Err(unsafe_path(path, "more than 4095 bytes"));
    }
    path.split('/').try_for_each(check_component).map_err(|error| match error {
        Error::UnsafePath { reason, .. } => unsafe_path(path, reason),
        other => other,
    })
}

/// Checks that no path is listed twice and that no file is also a directory.
pub(crate) fn check_distinct<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for path in paths.clone() {
        if !seen.insert(path) {
            return Err(Error::DuplicatePath { path: shown(path) });
        }
    }
    for path in paths {
        let mut parents = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
        if let Some(file) = parents.find(|parent| seen.contains(parent)) {
            return Err(Error::PathClash { path: shown(file) });
        }
    }
    Ok(())
}

fn unsafe_path(path: &str, reason: &'static str) -> Error {
    Error::UnsafePath { path: shown(path), reason }
}

fn shown(path: &str) -> String {
    path.chars().take(200).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_a_site_holds() {
        for good in [".htaccess", "core/a b.php", "sites/ünï/x", "a\\b", "a\nb", "...", &"x".repeat(255)] {
            check_path(good).unwrap();
        }
    }

    #[test]
    fn refuses_ways_out_and_impossible_names() {
        let long = vec!["x".repeat(255); 17].join("/");
        for bad in ["", "/etc", "a//b", "a/", "../a", "a/..", "./a", "a\0", &"x".repeat(256), &long] {
            assert!(check_path(bad).is_err(), "{bad}");
        }
        assert!(check_component("a/b").is_err());
    }

    #[test]
    fn refuses_duplicates_and_clashes_also_when_not_adjacent() {
        check_distinct(["a-b", "a/b", "ab"].into_iter()).unwrap();
        assert!(matches!(check_distinct(["a", "b", "a"].into_iter()), Err(Error::DuplicatePath { .. })));
        assert!(matches!(check_distinct(["a", "a-b", "a/b/c"].into_iter()), Err(Error::PathClash { .. })));
        assert!(matches!(check_distinct(["x/y/z", "x"].into_iter()), Err(Error::PathClash { .. })));
    }
}
