//! Which names and paths a torrent may hold.

use crate::Error;

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
    // One look at each byte: this is asked of every path of a torrent, and splitting takes several.
    let mut start = 0;
    for (at, byte) in path.bytes().chain([b'/']).enumerate() {
        if byte == b'/' {
            // Most are neither short nor long.
            if !(3..=MAX_COMPONENT).contains(&(at - start)) {
                let checked = check_component(path.get(start..at).unwrap_or_default());
                checked.map_err(|error| match error {
                    Error::UnsafePath { reason, .. } => unsafe_path(path, reason),
                    other => other,
                })?;
            }
            start = at + 1;
        } else if byte == 0 {
            return Err(unsafe_path(path, "a NUL byte"));
        }
    }
    Ok(())
}

/// Checks that no path is listed twice and that no file is also a directory.
pub(crate) fn check_distinct<'a>(paths: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut sorted: Vec<&str> = paths.collect();
    // Our own are in order already.
    if !sorted.is_sorted() {
        sorted.sort_unstable();
    }
    // Sorted, what begins alike stands together: of the paths before, only those that this one begins with can be the
    // same or a directory of it, and most often there is none.
    let mut begins: Vec<&str> = Vec::new();
    for path in sorted {
        while begins.last().is_some_and(|before| !path.starts_with(before)) {
            begins.pop();
        }
        for before in &begins {
            match path.as_bytes().get(before.len()) {
                None => return Err(Error::DuplicatePath { path: shown(path) }),
                Some(b'/') => return Err(Error::PathClash { path: shown(before) }),
                Some(_) => {}
            }
        }
        begins.push(path);
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
