//! The runner for declarative pipelines: one JVM for all tests of this process, asked by lines of JSON.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use e2e::template::workspace;
use e2e::{eventually, peers};
use serde::Deserialize;
use serde_json::{Value, json};

/// Debian's Groovy 2.4.21: the line that Jenkins embeds.
const GROOVY: &str = "/usr/share/groovy/lib";

/// The longest build.
const LONGEST: Duration = Duration::from_secs(150);

/// Whether the programs that a Jenkinsfile needs are there.
pub(crate) fn ready(test: &str) -> bool {
    let missing: Vec<&str> = [
        (Path::new(GROOVY).is_dir(), "groovy"),
        (peers::find("java").is_some(), "default-jre-headless"),
        (peers::find("git").is_some(), "git"),
        (peers::find("composer").is_some(), "composer"),
    ]
    .iter()
    .filter(|(there, _)| !there)
    .map(|(_, package)| *package)
    .collect();
    peers::skip_unless(test, missing.is_empty(), &format!("Debian packages not installed: {missing:?}"))
}

/// The JVM; it ends when this process does, since its standard input then does.
struct Jvm {
    _child: Child,
    requests: ChildStdin,
}

/// Sends one request.
pub(crate) fn ask(request: &Value) {
    static JVM: OnceLock<Mutex<Jvm>> = OnceLock::new();
    let jvm = JVM.get_or_init(|| {
        let sources = workspace().join("tests/jenkins/runner");
        let mut child = Command::new(peers::need("java"))
            // Most of its life is the start: no time to optimise.
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-cp"])
            .arg(format!("{}:{GROOVY}/*", sources.display()))
            .arg("groovy.ui.GroovyMain")
            .arg(sources.join("Main.groovy"))
            .stdin(Stdio::piped())
            .spawn()
            .expect("java starts");
        let requests = child.stdin.take().expect("a pipe");
        Mutex::new(Jvm { _child: child, requests })
    });
    let mut jvm = jvm.lock().expect("no test panics while it asks");
    writeln!(jvm.requests, "{request}").expect("the runner listens");
}

/// One event of a build, in its order.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Event {
    pub(crate) at: String,
    #[serde(flatten)]
    fields: BTreeMap<String, Value>,
}

impl Event {
    /// A text field; empty if there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number.
    pub(crate) fn number(&self, field: &str) -> Option<i64> {
        self.fields.get(field).and_then(Value::as_i64)
    }

    /// A flag.
    pub(crate) fn flag(&self, field: &str) -> Option<bool> {
        self.fields.get(field).and_then(Value::as_bool)
    }
}

/// How a build ended.
#[derive(Debug, Deserialize)]
pub(crate) struct Built {
    pub(crate) result: String,
    pub(crate) description: Option<String>,
    pub(crate) tests: BTreeMap<String, u32>,
    pub(crate) trace: Vec<Event>,
    pub(crate) folder: PathBuf,
}

impl Built {
    /// Expects a result.
    ///
    /// # Panics
    /// When it is another; the log is shown.
    #[track_caller]
    pub(crate) fn ends(self, result: &str) -> Self {
        assert_eq!(self.result, result, "{}", self.log());
        self
    }

    /// The log as people see it.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).expect("log")
    }

    /// The log before secrets are masked.
    pub(crate) fn raw_log(&self) -> String {
        fs::read_to_string(self.folder.join("raw.log")).expect("raw.log")
    }

    /// Every stage with how it ended, in the order of the file.
    pub(crate) fn stages(&self) -> Vec<(&str, &str)> {
        let stages =
            self.trace.iter().filter(|event| event.at == "stage" && event.text("status") != "started");
        stages.map(|event| (event.text("name"), event.text("status"))).collect()
    }

    /// How a stage ended; empty if it is not there.
    pub(crate) fn stage(&self, name: &str) -> &str {
        self.stages().into_iter().find(|(stage, _)| *stage == name).map_or("", |(_, status)| status)
    }

    /// Exit codes in order.
    pub(crate) fn codes(&self) -> Vec<i64> {
        self.trace
            .iter()
            .filter(|event| event.at == "exit")
            .filter_map(|event| event.number("code"))
            .collect()
    }

    /// Archived files.
    pub(crate) fn archive(&self) -> PathBuf {
        self.folder.join("archive")
    }
}

/// A build that runs.
pub(crate) struct Running {
    pub(crate) folder: PathBuf,
}

/// Starts a build of this scenario; see `runner/Main.groovy`.
pub(crate) fn start(scenario: &Value) -> Running {
    let text = |key: &str| scenario[key].as_str().expect("a text").to_owned();
    let folder =
        Path::new(&text("jobs")).join(text("job")).join("builds").join(scenario["build"].to_string());
    ask(&json!({ "run": scenario }));
    Running { folder }
}

impl Running {
    /// Aborts it, as a person would.
    pub(crate) fn abort(&self) {
        ask(&json!({ "abort": self.folder }));
    }

    /// Its controller dies, without a word to anybody; returns once it is dead.
    #[track_caller]
    pub(crate) fn crash(&self) {
        ask(&json!({ "crash": self.folder }));
        eventually("the controller to be gone", LONGEST, || {
            self.trace().iter().any(|event| event.at == "gone").then_some(())
        });
    }

    /// What has happened so far.
    pub(crate) fn trace(&self) -> Vec<Event> {
        let text = fs::read_to_string(self.folder.join("trace.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Waits until a shell step of `stage` runs.
    #[track_caller]
    pub(crate) fn wait_for_sh(&self, stage: &str) {
        eventually("a shell step to begin", LONGEST, || {
            self.trace().iter().any(|event| event.at == "sh" && event.text("stage") == stage).then_some(())
        });
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(self) -> Built {
        let file = self.folder.join("result.json");
        eventually("the build to end", LONGEST, || file.exists().then_some(()));
        let text = fs::read_to_string(&file).expect("result.json");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}
