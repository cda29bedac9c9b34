//! Names that are different here and one name elsewhere: on macOS, on a share, on an ext4 directory that folds case, or
//! in a torrent client one of the files would take the other's place.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

use crate::Error;
use crate::difference::Difference;
use crate::error::shown;

/// Two paths that are one path on some file systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twins<'a> {
    /// The one that comes first.
    pub first: &'a str,
    /// The other one.
    pub second: &'a str,
    /// What keeps them apart.
    pub difference: Difference,
}

/// Every path that equals an earlier one but for case and Unicode form, with the first such one.
///
/// Two paths are compared as a canonical caseless match (Unicode, section 3.13, D145), which is what APFS, HFS+ and ext4
/// with `casefold` do, and more than NTFS does.
pub fn twins<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Vec<Twins<'a>> {
    let mut buffer = Vec::new();
    let mut hashes: Vec<u64> = paths.clone().map(|path| hash(path, &mut buffer)).collect();
    hashes.sort_unstable();
    // Nearly every tree ends here, without a table of its names.
    let twice: Vec<u64> = hashes
        .windows(2)
        .filter_map(|pair| pair.first().filter(|one| pair.get(1) == Some(one)))
        .copied()
        .collect();
    let mut found = Vec::new();
    if twice.is_empty() {
        return found;
    }
    let mut seen: HashMap<String, &str> = HashMap::new();
    for second in paths {
        if twice.binary_search(&hash(second, &mut buffer)).is_err() {
            continue;
        }
        let first = *seen.entry(folded(second)).or_insert(second);
        if first != second {
            found.push(Twins { first, second, difference: difference(first, second) });
        }
    }
    found
}

/// An [`Error::Twins`] for each.
pub(crate) fn faults<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> impl Iterator<Item = Error> {
    twins(paths).into_iter().map(|Twins { first, second, difference }| Error::Twins {
        first: shown(first),
        second: shown(second),
        difference,
    })
}

fn difference(first: &str, second: &str) -> Difference {
    if first.nfd().eq(second.nfd()) {
        Difference::UnicodeForm
    } else if first.chars().default_case_fold().eq(second.chars().default_case_fold()) {
        Difference::Case
    } else {
        Difference::CaseAndUnicodeForm
    }
}

/// NFD of the case folding of the NFD: equal for paths that are one path on some file systems.
fn folded(path: &str) -> String {
    match path.is_ascii() {
        true => path.to_ascii_lowercase(),
        false => path.nfd().default_case_fold().nfd().collect(),
    }
}

/// The hash of the same. The buffer is used again and again.
fn hash(path: &str, buffer: &mut Vec<u8>) -> u64 {
    buffer.clear();
    match path.is_ascii() {
        true => buffer.extend(path.bytes().map(|byte| byte.to_ascii_lowercase())),
        false => buffer.extend_from_slice(folded(path).as_bytes()),
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(buffer);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_case_and_unicode_form_make_twins() {
        use Difference::{Case, CaseAndUnicodeForm, UnicodeForm};
        for (paths, expected) in [
            (&["a", "b", "a/b"][..], None),
            (&["lib", "Lib"], Some(("lib", "Lib", Case))),
            (&["a/X/1", "b/x/1", "a/x/2"], None),
            (&["a/X", "a/x"], Some(("a/X", "a/x", Case))),
            (&["É", "b", "é"], Some(("É", "é", Case))),
            (&["Straße", "STRASSE"], Some(("Straße", "STRASSE", Case))),
            (&["\u{212a}", "k"], Some(("\u{212a}", "k", Case))),
            (&["e\u{301}", "é"], Some(("e\u{301}", "é", UnicodeForm))),
            (&["a/e\u{301}", "a/É"], Some(("a/e\u{301}", "a/É", CaseAndUnicodeForm))),
            (&["\u{1100}\u{1161}", "가"], Some(("\u{1100}\u{1161}", "가", UnicodeForm))),
            // The order of two accents on one letter.
            (
                &["q\u{307}\u{323}", "q\u{323}\u{307}"],
                Some(("q\u{307}\u{323}", "q\u{323}\u{307}", UnicodeForm)),
            ),
            // A ligature is another name everywhere but for compatibility forms, which no file system folds.
            (&["①", "1"], None),
        ] {
            let found = twins(paths.iter().copied());
            let found: Vec<_> =
                found.iter().map(|twins| (twins.first, twins.second, twins.difference)).collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{paths:?}");
        }
    }

    #[test]
    fn every_one_is_named_with_the_first() {
        let found = twins(["a", "b", "A", "B", "c"].into_iter());
        let found: Vec<_> = found.iter().map(|twins| (twins.first, twins.second)).collect();
        assert_eq!(found, [("a", "A"), ("b", "B")]);
    }
}
