//! What Jenkins told us about the build, or git about the commit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a record was made. Every field is optional; a listed set, never the whole environment.
///
/// BUILD_URL, JOB_URL and JENKINS_URL exist only if Jenkins knows its own URL. WORKSPACE and WORKSPACE_TMP are absolute
/// paths of the agent, of which only the last component is kept: it tells parallel builds apart (`site@2`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// BUILD_NUMBER.
    pub number: Option<u64>,
    /// BUILD_ID; a timestamp before Jenkins 1.597, since then the number.
    pub id: Option<String>,
    /// BUILD_TAG.
    pub tag: Option<String>,
    /// BUILD_URL.
    pub url: Option<String>,
    /// BUILD_DISPLAY_NAME.
    pub display_name: Option<String>,
    /// JOB_NAME (folders as `a/b`).
    pub job: Option<String>,
    /// JOB_BASE_NAME, without folders.
    pub job_base: Option<String>,
    /// JOB_URL.
    pub job_url: Option<String>,
    /// JENKINS_URL.
    pub jenkins_url: Option<String>,
    /// NODE_NAME; the controller's is `built-in`, and was `master` until 2.306.
    pub node: Option<String>,
    /// EXECUTOR_NUMBER.
    pub executor: Option<u64>,
    /// Last component of WORKSPACE.
    pub workspace: Option<String>,
    /// Last component of WORKSPACE_TMP.
    pub workspace_tmp: Option<String>,
    /// STAGE_NAME.
    pub stage: Option<String>,
    /// CI: whether this was a build and not a person; null when it is not set.
    pub ci: Option<bool>,
    /// BRANCH_NAME, else GIT_BRANCH as it is (`origin/main` in freestyle jobs), else what git says of the site.
    pub branch: Option<String>,
    /// GIT_BRANCH as it is.
    pub git_branch: Option<String>,
    /// TAG_NAME, else what git says of the site.
    pub git_tag: Option<String>,
    /// CHANGE_ID of a pull request.
    pub change: Option<String>,
    /// CHANGE_TARGET: the branch that it shall go to.
    pub change_target: Option<String>,
    /// CHANGE_BRANCH: the branch that it comes from.
    pub change_branch: Option<String>,
    /// CHANGE_AUTHOR.
    pub change_author: Option<String>,
    /// GIT_COMMIT, else what git says of the site.
    pub commit: Option<String>,
    /// GIT_PREVIOUS_SUCCESSFUL_COMMIT.
    pub previous_commit: Option<String>,
    /// GIT_URL without user and password, else what git says of the site.
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
        let url = |name: &str| text(name).map(|url| without_userinfo(&url));
        let number = |name: &str| text(name).and_then(|value| value.parse().ok());
        let commit = |name: &str| text(name).filter(|commit| is_commit(commit));
        let last = |name: &str| {
            text(name).and_then(|path| path.trim_end_matches('/').rsplit('/').next().map(str::to_owned))
        };
        let build = Self {
            number: number("BUILD_NUMBER"),
            id: text("BUILD_ID"),
            tag: text("BUILD_TAG"),
            url: url("BUILD_URL"),
            display_name: text("BUILD_DISPLAY_NAME"),
            job: text("JOB_NAME"),
            job_base: text("JOB_BASE_NAME"),
            job_url: url("JOB_URL"),
            jenkins_url: url("JENKINS_URL"),
            node: text("NODE_NAME"),
            executor: number("EXECUTOR_NUMBER"),
            workspace: last("WORKSPACE"),
            workspace_tmp: last("WORKSPACE_TMP"),
            stage: text("STAGE_NAME"),
            ci: text("CI").map(|value| !["false", "0", "no"].contains(&value.to_ascii_lowercase().as_str())),
            branch: text("BRANCH_NAME").or_else(|| text("GIT_BRANCH")),
            git_branch: text("GIT_BRANCH"),
            git_tag: text("TAG_NAME"),
            change: text("CHANGE_ID"),
            change_target: text("CHANGE_TARGET"),
            change_branch: text("CHANGE_BRANCH"),
            change_author: text("CHANGE_AUTHOR"),
            commit: commit("GIT_COMMIT"),
            previous_commit: commit("GIT_PREVIOUS_SUCCESSFUL_COMMIT"),
            git_url: url("GIT_URL"),
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

impl Build {
    /// Adds what git knows of the site, where Jenkins says nothing.
    #[must_use]
    pub fn or_git(self, git: Self) -> Self {
        let git_url = git.git_url.map(|url| without_userinfo(&url));
        Self {
            branch: self.branch.or(git.branch),
            git_tag: self.git_tag.or(git.git_tag),
            commit: self.commit.or(git.commit),
            git_url: self.git_url.or(git_url),
            ..self
        }
    }
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
    fn every_listed_variable_is_kept_and_no_path_of_the_agent() {
        let listed = [
            "BUILD_NUMBER BUILD_ID BUILD_TAG BUILD_URL BUILD_DISPLAY_NAME JOB_NAME JOB_BASE_NAME JOB_URL JENKINS_URL",
            "NODE_NAME EXECUTOR_NUMBER WORKSPACE WORKSPACE_TMP STAGE_NAME CI BRANCH_NAME CHANGE_ID CHANGE_TARGET",
            "CHANGE_BRANCH CHANGE_AUTHOR TAG_NAME GIT_COMMIT GIT_PREVIOUS_SUCCESSFUL_COMMIT GIT_BRANCH GIT_URL",
            "UPSTREAM_JOB UPSTREAM_BUILD",
        ];
        let names: Vec<&str> = listed.iter().flat_map(|line| line.split(' ')).collect();
        let value = |name: &str| match name {
            "CI" => "true".to_owned(),
            "BUILD_NUMBER" | "EXECUTOR_NUMBER" => "7".to_owned(),
            "GIT_COMMIT" | "GIT_PREVIOUS_SUCCESSFUL_COMMIT" => "0a1b2c3d".to_owned(),
            "WORKSPACE" | "WORKSPACE_TMP" => format!("/var/lib/agent/{name}@2"),
            name if name.ends_with("URL") => format!("https://me:hunter2@host/{name}"),
            name => name.to_owned(),
        };
        let build = Build::from_env(|name| names.contains(&name).then(|| value(name))).unwrap();
        let json = serde_json::to_value(&build).unwrap();
        let fields = json.as_object().unwrap();
        assert_eq!(fields.len(), names.len());
        assert!(fields.values().all(|value| !value.is_null()), "{json}");
        let text = json.to_string();
        assert!(!text.contains("hunter2") && !text.contains("/var/lib"), "{text}");
        assert_eq!(build.workspace.as_deref(), Some("WORKSPACE@2"));
        for (value, expected) in [("false", false), ("0", false), ("1", true), ("TRUE", true)] {
            let build = Build::from_env(|name| (name == "CI").then(|| value.to_owned())).unwrap();
            assert_eq!(build.ci, Some(expected), "{value}");
        }
    }

    #[test]
    fn jenkins_comes_before_git() {
        let git = Build {
            commit: Some("bbbbbbbb".into()),
            branch: Some("main".into()),
            git_url: Some("https://me:hunter2@host/x".into()),
            ..Build::default()
        };
        let jenkins = Build { commit: Some("aaaaaaaa".into()), number: Some(1), ..Build::default() };
        let both = jenkins.or_git(git.clone());
        assert_eq!((both.number, both.commit.as_deref()), (Some(1), Some("aaaaaaaa")));
        assert_eq!(both.branch.as_deref(), Some("main"));
        assert_eq!(Build::default().or_git(git).git_url.as_deref(), Some("https://host/x"));
    }

    #[test]
    fn a_commit_that_is_not_one_is_dropped() {
        let build = Build::from_env(|name| (name == "GIT_COMMIT").then(|| "$(reboot)".to_owned()));
        assert_eq!(build, None);
    }
}
