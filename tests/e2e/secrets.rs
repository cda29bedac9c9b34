//! Records and logs are read by many: no secret and no path of the build agent may be in them.

use std::fs;

use e2e::{Fleet, Run};

use crate::needs_peers;

const TOKEN: &str = "ghp-hunter2hunter2";
const PASSPHRASE: &str = "correct horse battery";

/// What Jenkins puts into the environment, with secrets where careless jobs have them.
fn as_jenkins(run: Run) -> Run {
    run.env("BUILD_NUMBER", "42")
        .env("BUILD_TAG", "jenkins-site-42")
        .env("JOB_NAME", "site/main")
        .env("BUILD_URL", format!("https://ci:{TOKEN}@jenkins.example.org/job/site/42/"))
        .env("GIT_URL", format!("https://deploy:{TOKEN}@git.example.org/site.git"))
        .env("GIT_COMMIT", "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567")
        .env("GIT_BRANCH", "origin/main")
        .env("JENKINS_SERVER_COOKIE", "durable-0123456789")
        .env("MKT_IDENTITY_PASSPHRASE", PASSPHRASE)
        .env("GITHUB_TOKEN", TOKEN)
}

#[test]
fn records_and_logs_hold_no_secret_and_no_path_of_the_agent() {
    needs_peers!();
    let fleet = Fleet::three();
    let site = fleet.site(1);
    assert!(site.ends_with("site1"));
    let mut talk = String::new();
    let mut run = |run: Run| {
        let output = as_jenkins(run).arg("-vv").output().ok();
        talk += &output.stdout;
        talk += &output.stderr;
    };
    // As in a Jenkinsfile: everything relative to the workspace.
    run(fleet.run("mkt-pack").arg("site1").args(["--release-id", "r1"]));
    run(fleet.publish());
    run(fleet.push());
    run(fleet.swap("activate"));
    run(fleet.swap("rollback").arg("r1"));

    let key = fs::read_to_string(fleet.client_key()).unwrap();
    let key_line = key.lines().nth(1).unwrap().to_owned();
    let agent = fleet.dir().to_string_lossy().into_owned();
    let mut texts = vec![("what was printed".to_owned(), talk)];
    for entry in fs::read_dir(fleet.records()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        texts.push((name, String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()));
    }
    assert!(texts.len() >= 8, "four records, payload, torrent, manifest, JUnit: {}", texts.len());
    for (name, text) in &texts {
        for (what, secret) in [
            ("a token", TOKEN),
            ("a passphrase", PASSPHRASE),
            ("the private key", &key_line),
            ("a path of the agent", &agent),
        ] {
            if let Some(at) = text.find(secret) {
                let around: String =
                    text[..at].chars().rev().take(120).collect::<Vec<_>>().into_iter().rev().collect();
                panic!("{name} holds {what}: ...{around}[here]");
            }
        }
    }
    // The rest of what Jenkins said is kept.
    let pack = &texts.iter().find(|(name, _)| name == "pack.json").unwrap().1;
    assert!(pack.contains("jenkins-site-42") && pack.contains("git.example.org/site.git"), "{pack}");
}
