//! Names that differ in case only: on macOS, on a share, or in a torrent client one of them takes the other's place.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use crate::Error;
use crate::error::shown;

/// Two paths that are equal but for case, in the order they come; of several pairs the one that is complete first.
/// Case is that of Unicode's lower case, which is close to what such file systems do.
pub fn case_twins<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Option<(&'a str, &'a str)> {
    let mut buffer = Vec::new();
    let mut hashes: Vec<u64> = paths.clone().map(|path| without_case(path, &mut buffer)).collect();
    hashes.sort_unstable();
    // Nearly every tree ends here, without a table of its names.
    let twice: Vec<u64> = hashes
        .windows(2)
        .filter_map(|pair| pair.first().filter(|one| pair.get(1) == Some(one)))
        .copied()
        .collect();
    if twice.is_empty() {
        return None;
    }
    let mut seen = HashMap::new();
    for path in paths {
        if twice.binary_search(&without_case(path, &mut buffer)).is_ok()
            && let Some(first) = seen.insert(path.to_lowercase(), path)
        {
            return Some((first, path));
        }
    }
    None
}

/// # Errors
/// [`Error::CaseTwins`].
pub(crate) fn expect_no_case_twins<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Result<(), Error> {
    match case_twins(paths) {
        None => Ok(()),
        Some((first, second)) => Err(Error::CaseTwins { first: shown(first), second: shown(second) }),
    }
}

/// Equal for paths that differ in case only. The buffer is used again and again.
fn without_case(path: &str, buffer: &mut Vec<u8>) -> u64 {
    buffer.clear();
    match path.is_ascii() {
        true => buffer.extend(path.bytes().map(|byte| byte.to_ascii_lowercase())),
        false => buffer.extend_from_slice(path.to_lowercase().as_bytes()),
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(buffer);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_case_makes_twins() {
        for (paths, twins) in [
            (&["a", "b", "a/b"][..], None),
            (&["lib", "Lib"], Some(("lib", "Lib"))),
            (&["a/X/1", "b/x/1", "a/x/2"], None),
            (&["a/X", "a/x"], Some(("a/X", "a/x"))),
            (&["É", "b", "é"], Some(("É", "é"))),
            (&["e\u{301}", "é"], None),
        ] {
            assert_eq!(case_twins(paths.iter().copied()), twins, "{paths:?}");
        }
    }
}
