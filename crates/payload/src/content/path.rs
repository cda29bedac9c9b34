//! Which paths a manifest may hold.

use crate::Error;
use crate::error::shown;

/// Longest component most file systems take, in bytes (NAME_MAX).
const MAX_COMPONENT: usize = 255;
/// Longest path and longest link target Linux takes, in bytes, without the closing NUL (PATH_MAX).
const MAX_PATH: usize = 4095;

/// Checks a path relative to the tree's root, `/` between components.
pub(crate) fn check(path: &str) -> Result<(), Error> {
    let refuse = |reason| Err(Error::Path { path: shown(path), reason });
    if path.len() > MAX_PATH {
        return refuse("more than 4095 bytes");
    }
    // One look at each byte: this is asked of every path of a tree, and splitting takes several.
    let mut start = 0;
    for (at, byte) in path.bytes().chain([b'/']).enumerate() {
        match byte {
            b'/' => match (at - start, path.get(start..at)) {
                (0, _) => return refuse("an empty component, or an absolute path"),
                (1 | 2, Some("." | "..")) => return refuse("`.` and `..` are no names"),
                (length, _) if length > MAX_COMPONENT => {
                    return refuse("a component of more than 255 bytes");
                }
                _ => start = at + 1,
            },
            0 => return refuse("a NUL byte"),
            _ => {}
        }
    }
    Ok(())
}

/// Checks what can be said of a link target without its surroundings.
pub(crate) fn check_target(path: &str, target: &str) -> Result<(), Error> {
    let reason = match target {
        "" => "an empty target",
        _ if target.starts_with('/') => "an absolute target means something else on every host",
        _ if target.contains('\0') => "a NUL byte",
        _ if target.len() > MAX_PATH => "a target of more than 4095 bytes",
        _ => return Ok(()),
    };
    Err(Error::Link { path: shown(path), target: shown(target), reason })
}

/// The directory a path lies in, empty for the root.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The last component of a path.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The path of a name in a directory, which is empty for the root.
pub(crate) fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_a_site_holds() {
        for good in
            [".htaccess", "core/a b.php", "sites/ünï/日本", "a\\b", "a\nb", "...", "..a", &"x".repeat(255)]
        {
            check(good).unwrap();
        }
    }

    #[test]
    fn refuses_ways_out_and_impossible_names() {
        let long = vec!["x".repeat(255); 17].join("/");
        for bad in [
            "",
            "/",
            "/etc",
            "a//b",
            "a/",
            "..",
            "../a",
            "a/..",
            "./a",
            "a/./b",
            "a\0",
            &"x".repeat(256),
            &long,
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn refuses_targets_that_mean_another_place() {
        check_target("a", "../x").unwrap();
        for bad in ["", "/etc/passwd", "a\0b", &"x".repeat(4096)] {
            assert!(check_target("a", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn takes_paths_apart_and_together() {
        assert_eq!((parent("a/b/c"), parent("a")), ("a/b", ""));
        assert_eq!((join("", "a"), join("a/b", "c")), ("a".into(), "a/b/c".into()));
    }
}
