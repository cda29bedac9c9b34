//! What sets a Jenkins up agrees with the Jenkinsfiles: credentials, the library and its version, plugins, jobs.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use e2e::template::workspace;
use e2e::{Run, Scratch, eventually, peers};
use serde_json::{Value, json};

use crate::needs_groovy;
use crate::runner::ask;
use crate::world::files;

/// Every Jenkinsfile and step that we ship, as one text.
fn groovy() -> String {
    let jenkins = files(&workspace().join("jenkins")).into_iter();
    let all = jenkins
        .filter(|path| path.ends_with("Jenkinsfile") || path.extension().is_some_and(|e| e == "groovy"));
    all.chain([workspace().join("Jenkinsfile.example")])
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// What stands between `before` and the next quote, wherever it does.
fn quoted(text: &str, before: &str) -> BTreeSet<String> {
    text.split(before).skip(1).filter_map(|rest| rest.split('\'').next()).map(ToOwned::to_owned).collect()
}

fn python() -> PathBuf {
    workspace().join("target/peers-python/bin/python")
}

/// A YAML file, read by the library that jenkins-job-builder brings.
fn yaml(file: &str) -> Value {
    let scratch = Scratch::new();
    let program = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let run = Run::new(python(), scratch.path()).args(["-c", program]).arg(workspace().join(file));
    serde_json::from_str(&run.output().ok().stdout).unwrap()
}

#[test]
fn credentials_and_library_of_casc_are_those_of_the_jenkinsfiles() {
    if !peers::skip_unless(module_path!(), python().exists(), "jenkins-job-builder: scripts/test installs it")
    {
        return;
    }
    let casc = yaml("jenkins/casc.yaml");
    let credentials =
        casc["credentials"]["system"]["domainCredentials"][0]["credentials"].as_array().unwrap();
    let made: BTreeSet<String> = credentials
        .iter()
        .map(|entry| entry["basicSSHUserPrivateKey"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(made, quoted(&groovy(), "credentialsId: '"));
    let jobs = fs::read_to_string(workspace().join("jenkins/freestyle/jobs.yaml")).unwrap();
    assert!(made.iter().all(|id| jobs.contains(&format!("credentials: {id}\n"))), "{made:?}");

    let library = &casc["unclassified"]["globalLibraries"]["libraries"][0];
    let pin =
        format!("{}@{}", library["name"].as_str().unwrap(), library["defaultVersion"].as_str().unwrap());
    assert_eq!(quoted(&groovy(), "@Library('").into_iter().collect::<Vec<_>>(), [pin.as_str()]);
    assert_eq!(library["implicit"], Value::Bool(false), "a library is named by who uses it");
    let retriever = library["retriever"]["modernSCM"]["libraryPath"].as_str().unwrap();
    assert!(workspace().join(retriever).join("vars").is_dir());
    let version = format!("@v{}", env!("CARGO_PKG_VERSION"));
    assert!(pin.ends_with(&version), "the version of this workspace is {version}");
    let script = casc["jobs"][0]["file"].as_str().unwrap();
    assert!(workspace().join("jenkins").join(script).exists());
}

#[test]
fn the_seed_makes_the_job_that_the_readme_promises() {
    needs_groovy!();
    let scratch = Scratch::new();
    let answer = scratch.path().join("seed.json");
    let seed = workspace().join("jenkins/jobs.groovy");
    ask(
        &json!({ "seed": seed, "variables": { "SITE_URL": "https://git.example/site.git" }, "answer": answer }),
    );
    eventually("the seed to be read", Duration::from_secs(60), || answer.exists().then_some(()));
    let jobs: Value = serde_json::from_str(&fs::read_to_string(&answer).unwrap()).unwrap();
    let names: Vec<&str> =
        jobs["jobs"].as_array().expect("jobs").iter().map(|job| job["value"].as_str().unwrap()).collect();
    assert_eq!(names, ["web", "web/site"], "{jobs}");
    let text = jobs.to_string();
    assert!(
        text.contains("https://git.example/site.git") && text.contains("\"value\":\"Jenkinsfile\""),
        "{text}"
    );
}

#[test]
fn plugins_are_named_once_and_in_order() {
    let text = fs::read_to_string(workspace().join("jenkins/plugins.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pinned: Vec<(&str, &str)> =
        lines.map(|line| line.split_once(':').expect("a pinned version")).collect();
    for (name, version) in &pinned {
        let digits = version.starts_with(|c: char| c.is_ascii_digit());
        let plain = version.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        assert!(digits && plain, "{name}: `{version}` is no version");
    }
    let names: Vec<&str> = pinned.into_iter().map(|(name, _)| name).collect();
    let unique: BTreeSet<&&str> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    let good = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    assert!(names.iter().all(good), "{names:?}");
    // What a newcomer installs by hand is what the list says.
    let readme = fs::read_to_string(workspace().join("jenkins/README.md")).unwrap();
    assert!(readme.contains("plugins.txt") && readme.contains("casc.yaml"));
}

/// The example has no library, so it decides by itself; both say the same.
#[test]
fn the_example_and_the_library_make_the_same_of_an_exit_code() {
    let read = |file: &str| fs::read_to_string(workspace().join(file)).unwrap();
    let cases = |text: &str| -> Vec<(String, String)> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let pairs = lines.windows(2).filter(|pair| pair[0].starts_with("case ") || pair[0] == "default:");
        pairs
            .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
            .filter(|(code, _)| code != "case 0:")
            .collect()
    };
    let library = cases(&read("jenkins/vars/mktSettle.groovy"));
    let example = read("Jenkinsfile.example");
    assert_eq!(cases(example.split_once("void settle").unwrap().1), library);
    assert_eq!(library.len(), 5);
}
