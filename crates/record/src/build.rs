//! What Jenkins told us about the build, or git about the commit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a record was made. Every field is optional; a listed set, never the whole environment.
///
/// BUILD_URL, JOB_URL and JENKINS_URL exist only if Jenkins knows its own URL; WORKSPACE is an absolute path of the
/// agent and therefore left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// BUILD_NUMBER.
    pub number: Option<u64>,
    /// BUILD_TAG.
    pub tag: Option<String>,
    /// BUILD_URL.
    pub url: Option<String>,
    /// JOB_NAME (folders as `a/b`).
    pub job: Option<String>,
    /// NODE_NAME.
    pub node: Option<String>,
    /// STAGE_NAME.
    pub stage: Option<String>,
    /// BRANCH_NAME, else GIT_BRANCH as it is (`origin/main` in freestyle jobs).
    pub branch: Option<String>,
    /// TAG_NAME.
    pub git_tag: Option<String>,
    /// CHANGE_ID of a pull request.
    pub change: Option<String>,
    /// GIT_COMMIT, else what git says of the site.
    pub commit: Option<String>,
    /// GIT_URL without user and password.
    pub git_url: Option<String>,
    /// UPSTREAM_JOB, a parameter by convention.
    pub upstream_job: Option<String>,
    /// UPSTREAM_BUILD, a parameter by convention.
    pub upstream_build: Option<String>,
}

/// The longest value that is kept, in characters; a longer one is cut.
const LONGEST: usize = 500;

impl Build {
    /// Reads the variables through `lookup` (normally `|name| std::env::var(name).ok()`); `None` if none is set.
    #[must_use]
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let text = |name: &str| {
            lookup(name)
                .map(|value| value.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>())
                .filter(|value| !value.is_empty())
        };
        let build = Self {
            number: text("BUILD_NUMBER").and_then(|value| value.parse().ok()),
            tag: text("BUILD_TAG"),
            url: text("BUILD_URL").map(|url| without_userinfo(&url)),
            job: text("JOB_NAME"),
            node: text("NODE_NAME"),
            stage: text("STAGE_NAME"),
            branch: text("BRANCH_NAME").or_else(|| text("GIT_BRANCH")),
            git_tag: text("TAG_NAME"),
            change: text("CHANGE_ID"),
            commit: text("GIT_COMMIT").filter(|commit| is_commit(commit)),
            git_url: text("GIT_URL").map(|url| without_userinfo(&url)),
            upstream_job: text("UPSTREAM_JOB"),
            upstream_build: text("UPSTREAM_BUILD"),
        };
        (build != Self::default()).then_some(build)
    }

    /// The environment of this process.
    #[must_use]
    pub fn from_process() -> Option<Self> {
        Self::from_env(|name| std::env::var(name).ok())
    }
}

fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `https://user:token@host/x` is a common GIT_URL on agents; the token must not reach a record.
fn without_userinfo(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_jenkins_there_is_no_build() {
        assert_eq!(Build::from_env(|_| None), None);
        assert_eq!(Build::from_env(|_| Some(String::new())), None);
    }

    #[test]
    fn jenkins_variables_are_kept_and_tokens_are_not() {
        let build = Build::from_env(|name| {
            Some(
                match name {
                    "BUILD_NUMBER" => "42",
                    "JOB_NAME" => "folder/site",
                    "GIT_BRANCH" => "origin/main",
                    "GIT_URL" => "https://me:hunter2@git.example.org/site.git",
                    "GIT_COMMIT" => "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
                    _ => return None,
                }
                .to_owned(),
            )
        })
        .unwrap();
        assert_eq!(build.number, Some(42));
        assert_eq!(build.branch.as_deref(), Some("origin/main"));
        assert_eq!(build.git_url.as_deref(), Some("https://git.example.org/site.git"));
        assert!(!serde_json::to_string(&build).unwrap().contains("hunter2"));
    }

    #[test]
    fn a_commit_that_is_not_one_is_dropped() {
        let build = Build::from_env(|name| (name == "GIT_COMMIT").then(|| "$(reboot)".to_owned()));
        assert_eq!(build, None);
    }
}
