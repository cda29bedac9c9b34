//! A fleet, a site's git repository, and a Jenkins job that deploys it.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use e2e::site::{Shape, write};
use e2e::template::workspace;
use e2e::{Fleet, Run, bin, peers};
use serde_json::{Value, json};

use crate::runner::{Built, Running, start};

/// What must not appear in any log or record.
pub(crate) const PASSPHRASE: &str = "correct horse battery";

/// The job in its folder: the name holds a slash.
pub(crate) const JOB: &str = "web/site";

/// Everything one story needs.
pub(crate) struct World {
    pub(crate) fleet: Fleet,
    repository: PathBuf,
    number: Cell<u32>,
}

impl World {
    /// Three servers and release 1 in the repository, with `jenkinsfile` of the workspace as its Jenkinsfile.
    pub(crate) fn new(jenkinsfile: &str) -> Self {
        let fleet = Fleet::three();
        // The key comes from Jenkins' credentials.
        fleet.edit_inventory("identity = \"keys/client\"\n", "");
        let repository = fleet.scratch().join("site.git");
        fs::create_dir_all(&repository).unwrap();
        let world = Self { fleet, repository, number: Cell::new(0) };
        world.git(&["init", "--quiet", "--initial-branch=main"]);
        world.use_jenkinsfile(jenkinsfile);
        world.commit(1);
        world
    }

    /// Takes another file of the workspace as the Jenkinsfile.
    pub(crate) fn use_jenkinsfile(&self, path: &str) {
        fs::copy(workspace().join(path), self.repository.join("Jenkinsfile")).unwrap();
    }

    /// Commits release `number` of the small site, a Composer project without dependencies.
    pub(crate) fn commit(&self, number: u32) {
        for entry in fs::read_dir(&self.repository).unwrap().flatten() {
            if ![".git", "Jenkinsfile"].contains(&&*entry.file_name().to_string_lossy()) {
                let path = entry.path();
                if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
            }
        }
        write(&self.repository, Shape::Small, number);
        let project = json!({
            "name": "example/site", "type": "project", "require": {}, "repositories": [{ "packagist.org": false }],
        });
        self.put("composer.json", &project.to_string());
        self.put("fleet.toml", &fs::read_to_string(self.fleet.toml()).unwrap());
        self.put("known_hosts", &fs::read_to_string(self.fleet.known_hosts()).unwrap());
        self.commit_all();
    }

    /// Writes a file of the repository.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.repository.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Commits what is there.
    pub(crate) fn commit_all(&self) {
        self.git(&["add", "--all", "--force"]);
        let person = ["-c", "user.name=Ed", "-c", "user.email=ed@example.org"];
        self.git(&[&person[..], &["commit", "--quiet", "--message=x"]].concat());
    }

    fn git(&self, arguments: &[&str]) {
        let run = Run::new(peers::need("git"), &self.fleet.dir()).arg("-C").arg(&self.repository);
        run.args(arguments).env("GIT_CONFIG_NOSYSTEM", "1").output().ok();
    }

    /// The commit's first eight digits.
    pub(crate) fn head(&self) -> String {
        let run = Run::new(peers::need("git"), &self.fleet.dir()).arg("-C").arg(&self.repository);
        run.args(["rev-parse", "HEAD"]).output().ok().stdout[..8].to_owned()
    }

    /// The workspace: as of a job with a space in its name that Jenkins ran twice at once.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.fleet.scratch().join("work space@2")
    }

    /// The next build's scenario: who would ask says yes.
    pub(crate) fn scenario(&self) -> Value {
        self.number.set(self.number.get() + 1);
        let path =
            format!("{}:{}", bin("mkt-pack").parent().unwrap().display(), std::env::var("PATH").unwrap());
        json!({
            "jenkinsfile": self.repository.join("Jenkinsfile"),
            "library": workspace().join("jenkins"),
            "jobs": self.fleet.scratch().join("jobs"),
            "job": JOB,
            "build": self.number.get(),
            "workspace": self.workspace(),
            "git": { "url": self.repository, "branch": "main" },
            "environment": {
                "PATH": path, "HOME": self.fleet.dir().join("home"), "LC_ALL": "C.UTF-8", "COMPOSER_ALLOW_SUPERUSER": "1",
            },
            "credentials": {
                "site-deploy": { "kind": "ssh", "username": "deploy", "keyFile": self.fleet.client_key(), "passphrase": PASSPHRASE },
            },
            "inputs": { "Approve": { "by": "alice", "groups": ["deployers"], "answer": "proceed" } },
        })
    }

    /// A build with these parameters.
    pub(crate) fn build(&self, parameters: Value) -> Built {
        self.begin(&changed(self.scenario(), "parameters", parameters)).wait()
    }

    /// Starts a build.
    pub(crate) fn begin(&self, scenario: &Value) -> Running {
        start(scenario)
    }

    /// The number of the last build.
    pub(crate) fn number(&self) -> u32 {
        self.number.get()
    }

    /// The release that is live on the first server.
    pub(crate) fn id_of_live(&self) -> String {
        self.fleet.hosts[0].current().expect("a live release")
    }

    /// The id of the release that build `number` makes of what is committed.
    pub(crate) fn id(&self, number: u32) -> String {
        format!("{number}-{}", self.head())
    }

    /// Nothing that is secret, and no control character, is in the log or in what was archived.
    #[track_caller]
    pub(crate) fn assert_clean(&self, built: &Built) {
        let key = fs::read_to_string(self.fleet.client_key()).unwrap();
        let key_line = key.lines().nth(1).unwrap();
        let mut texts = vec![("the log".to_owned(), built.raw_log())];
        for entry in files(&built.archive()) {
            texts.push((
                entry.display().to_string(),
                String::from_utf8_lossy(&fs::read(&entry).unwrap()).into_owned(),
            ));
        }
        for (name, text) in &texts {
            for secret in [PASSPHRASE, key_line, "secretFiles"] {
                assert!(!text.contains(secret), "{name} holds `{secret}`");
            }
        }
        let bad = built.raw_log().chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(bad, None, "a control character in the log:\n{}", built.raw_log());
    }
}

/// The scenario with one more thing said.
pub(crate) fn changed(mut scenario: Value, key: &str, value: Value) -> Value {
    scenario[key] = value;
    scenario
}

/// Every file below `dir`.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
