//! The name of a release when none is given.

use payload::TreeDigest;
use record::{Build, ReleaseId};

use crate::Error;

/// `<BUILD_NUMBER>-<commit 8>` under Jenkins, so that the directory on a server leads back to the build; else the
/// first 12 digits of the tree digest, so that the same tree has the same name.
pub(crate) fn release_id(
    given: Option<&ReleaseId>,
    build: Option<&Build>,
    digest: &TreeDigest,
) -> Result<ReleaseId, Error> {
    if let Some(id) = given {
        return Ok(id.clone());
    }
    let number_and_commit = build.and_then(|build| Some((build.number?, build.commit.as_ref()?)));
    let text = match number_and_commit {
        Some((number, commit)) => format!("{number}-{}", commit.chars().take(8).collect::<String>()),
        None => digest.to_string().chars().take(12).collect(),
    };
    text.parse().map_err(|_| Error::Name { name: text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_then_build_then_digest() {
        let digest = TreeDigest::new([0xab; 32]);
        let build = |number, commit: Option<&str>| Build {
            number,
            commit: commit.map(Into::into),
            ..Build::default()
        };
        let id = |given: Option<&ReleaseId>, build: Option<&Build>| {
            release_id(given, build, &digest).unwrap().to_string()
        };
        let full = build(Some(42), Some("0123456789abcdef"));
        assert_eq!(id(Some(&"v1".parse().unwrap()), Some(&full)), "v1");
        assert_eq!(id(None, Some(&full)), "42-01234567");
        assert_eq!(id(None, Some(&build(Some(42), None))), "abababababab");
        assert_eq!(id(None, Some(&build(None, Some("0123456789abcdef")))), "abababababab");
        assert_eq!(id(None, None), "abababababab");
    }
}
