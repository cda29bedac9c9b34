//! The runner is tested with files that must go red, and with what a simpler runner gets wrong: a green run of nothing.

use std::fs;

use e2e::Scratch;
use e2e::template::workspace;
use serde_json::json;

use crate::needs_groovy;
use crate::runner::start;
use crate::world::files;

#[test]
fn known_bad_files_end_as_they_must() {
    needs_groovy!();
    let scratch = Scratch::new();
    let mut builds = Vec::new();
    for path in files(&workspace().join("tests/jenkins/known-bad")) {
        let text = fs::read_to_string(&path).unwrap();
        let heads: Vec<(&str, &str)> =
            text.lines().map_while(|line| line.strip_prefix("// ")?.split_once(": ")).collect();
        let Some(("run", result)) = heads.first() else { continue };
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let heads: Vec<(String, String)> =
            heads.iter().map(|(kind, text)| ((*kind).to_owned(), (*text).to_owned())).collect();
        let running = start(&json!({
            "jenkinsfile": path,
            "library": workspace().join("jenkins"),
            "jobs": scratch.path().join("jobs"),
            "job": name,
            "build": 1,
            "workspace": scratch.path().join("ws").join(&name),
            "previousResult": "SUCCESS",
            "environment": { "PATH": std::env::var("PATH").unwrap() },
            "credentials": { "token": { "kind": "string", "secret": "hunter2hunter2" } },
        }));
        builds.push((name, (*result).to_owned(), heads, running));
    }
    assert!(builds.len() > 20, "{} of {:?}", builds.len(), workspace());
    for (name, result, heads, running) in builds {
        let built = running.wait();
        let log = built.log();
        assert_eq!(built.result, result, "{name}:\n{log}");
        let mut at = 0;
        for (kind, text) in heads {
            match kind.as_str() {
                // In this order.
                "log" => {
                    at += log[at..].find(&text).unwrap_or_else(|| panic!("{name}: no `{text}` in\n{log}"));
                }
                "not" => assert!(!log.contains(&text), "{name}: `{text}` in\n{log}"),
                _ => {}
            }
        }
    }
}
