//! The shared paths of a site, which must be able to stand side by side.

use std::collections::HashMap;
use std::ops::Deref;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

use super::SharedPath;

/// Shared paths of which none is inside another and none is there twice, under whatever rules of names: those of a file
/// system that folds case or Unicode forms, too.
///
/// A link below a link would be made in `shared/` itself, and visitors would find "Too many levels of symbolic links".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedPaths(Vec<SharedPath>);

/// Two shared paths that cannot stand side by side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SharedConflict {
    /// The number of the one that comes first, from 0.
    pub first: usize,
    /// The number of the other.
    pub second: usize,
    /// Why not.
    pub reason: String,
}

impl SharedPaths {
    /// Checks them against each other.
    ///
    /// # Errors
    /// The first one that does not go with one before it.
    pub fn new(paths: Vec<SharedPath>) -> Result<Self, SharedConflict> {
        match conflict(&paths) {
            Some(conflict) => Err(conflict),
            None => Ok(Self(paths)),
        }
    }

    /// From texts, as they come over the wire.
    ///
    /// # Errors
    /// What is wrong with one of them, or with two.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let paths = texts.into_iter().map(str::parse).collect::<Result<Vec<_>, _>>()?;
        Self::new(paths).map_err(|conflict| conflict.reason)
    }
}

impl Deref for SharedPaths {
    type Target = [SharedPath];

    fn deref(&self) -> &[SharedPath] {
        &self.0
    }
}

/// The name under which file systems that know neither case nor Unicode forms keep a path: a canonical caseless match
/// (Unicode, section 3.13, D145).
fn folded(path: &str) -> String {
    path.nfd().default_case_fold().nfd().collect()
}

fn conflict(paths: &[SharedPath]) -> Option<SharedConflict> {
    let names: Vec<String> = paths.iter().map(|path| folded(path.path())).collect();
    let mut first_of: HashMap<&str, usize> = HashMap::new();
    let mut found = Vec::new();
    for (number, name) in names.iter().enumerate() {
        match first_of.get(name.as_str()) {
            Some(first) => found.push((*first, number, true)),
            None => drop(first_of.insert(name, number)),
        }
    }
    for (number, name) in names.iter().enumerate() {
        let outer = name.match_indices('/').find_map(|(at, _)| first_of.get(name.get(..at)?));
        found.extend(outer.map(|outer| (*outer, number, false)));
    }
    let (one, other, same) = found.into_iter().min_by_key(|(one, other, _)| (*one).max(*other))?;
    let reason = match (paths.get(one)?, paths.get(other)?) {
        (first, second)
            if same && first.path() == second.path() && first.is_directory() != second.is_directory() =>
        {
            format!(
                "the shared path `{second}` is there as `{first}`, too: is it a directory (with a `/` at its end) or a file?"
            )
        }
        (first, second) if same && first.path() == second.path() => {
            format!("the shared path `{second}` is there twice")
        }
        (first, second) if same => {
            format!(
                "the shared paths `{first}` and `{second}` are one on a file system that folds case or Unicode forms"
            )
        }
        (outer, inner) => format!(
            "the shared path `{inner}` is inside `{outer}`, which is shared as a whole: what is below it is shared already"
        ),
    };
    Some(SharedConflict { first: one.min(other), second: one.max(other), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(texts: &[&str]) -> String {
        SharedPaths::parse(texts.iter().copied()).unwrap_err()
    }

    #[test]
    fn one_inside_another_is_refused_in_either_order() {
        for texts in [
            ["up/", "up/img/"],
            ["up/img/", "up/"],
            ["up/", "up/a/b/c.php?"],
            ["UP/", "up/img"],
            ["up", "up/x"],
        ] {
            let why = refused(&texts);
            assert!(why.contains("is inside `"), "{texts:?}: {why}");
        }
        let why = refused(&["a/", "up/img/", "b/", "up/"]);
        assert!(why.contains("`up/img/` is inside `up/`"), "{why}");
    }

    #[test]
    fn one_that_is_there_twice_is_refused_under_any_rules_of_names() {
        assert!(refused(&["up/", "x", "up/"]).contains("twice"));
        assert!(refused(&["up/", "up/?"]).contains("twice"));
        assert!(refused(&["up", "up/"]).contains("a directory"));
        for other in ["UP/", "\u{17f}/"] {
            assert!(refused(&["up/", "s/", other]).contains("one on a file system"), "{other}");
        }
        assert!(refused(&["\u{e9}/", "e\u{301}/"]).contains("one on a file system"));
        assert!(refused(&["\u{e9}/", "E\u{301}/x"]).contains("is inside"));
    }

    #[test]
    fn side_by_side_they_stand_and_the_numbers_say_which_do_not() {
        let texts = ["up/", "upper/", "up2", "a/up/", "a/b", ".env?"];
        assert_eq!(SharedPaths::parse(texts).unwrap().len(), 6);
        let paths = ["x", "b/c", "b/", "x"].map(|text| text.parse().unwrap());
        let conflict = SharedPaths::new(paths.into()).unwrap_err();
        assert_eq!((conflict.first, conflict.second), (1, 2));
    }
}
