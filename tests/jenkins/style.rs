//! npm-groovy-lint has nothing to say: a second reader of the same files, with another parser.

use std::fs;
use std::time::Duration;

use e2e::template::workspace;
use e2e::{Run, Scratch, peers};

use crate::needs_groovy;
use crate::world::files;

#[test]
fn npm_groovy_lint_is_content() {
    needs_groovy!();
    let root = workspace();
    let lint = root.join("target/peers-node/node_modules/.bin/npm-groovy-lint");
    if !peers::skip_unless(module_path!(), lint.exists(), "npm-groovy-lint: scripts/test installs it") {
        return;
    }
    let scratch = Scratch::new();
    let mut count = 0;
    let shipped = files(&root.join("jenkins")).into_iter().chain([root.join("Jenkinsfile.example")]);
    for (number, path) in shipped.enumerate() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // By the name Jenkinsfile it knows which rules are meant.
        let (folder, name) = match name.as_str() {
            "Jenkinsfile" | "Jenkinsfile.example" => (format!("j{number}"), "Jenkinsfile".to_owned()),
            name if name.ends_with(".groovy") => ("groovy".to_owned(), name.to_owned()),
            _ => continue,
        };
        fs::copy(&path, scratch.dir(&folder).join(name)).unwrap();
        count += 1;
    }
    assert!(count >= 10, "only {count} files");
    let path =
        format!("{}:{}", root.join("target/peers-python/bin").display(), std::env::var("PATH").unwrap());
    let output = Run::new(&lint, scratch.path())
        // Without --noserver a JVM is left behind.
        .args(["--noserver", "--failon", "warning", "--output", "txt", "--config"])
        .arg(root.join("jenkins"))
        .args(["--path", ".", "--files", "**/{*.groovy,Jenkinsfile}"])
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env("FORCE_COLOR", "0")
        .limit(Duration::from_secs(400))
        .output()
        .ok();
    assert!(output.stdout.contains(&format!("results in {count} linted files")), "{}", output.stdout);
}
