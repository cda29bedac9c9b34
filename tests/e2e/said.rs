//! What is said after a decision is true: what cannot be written any more is a warning, and mended by the next run.

use std::fs;

use e2e::Fleet;

use crate::needs_peers;

#[test]
fn what_cannot_be_written_after_the_commit_is_a_warning() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deliver(2);

    // What can be known beforehand is found before anybody switches.
    let nowhere = fleet.dir().join("nowhere/swap.xml");
    fleet.swap("activate").arg("--junit").arg(&nowhere).output().fails_naming(11, "nowhere/swap.xml");
    fleet.assert_live("r1");
    let read_only = fleet.host("beta").deploy_to().join(".swap/releases/r1");
    if !e2e::peers::is_root() {
        let mode = |mode| fs::set_permissions(&read_only, std::os::unix::fs::PermissionsExt::from_mode(mode));
        mode(0o500).unwrap();
        fleet.swap("activate").output().fails_naming(30, "beta").says(".swap/releases/r1");
        fleet.assert_live("r1");
        mode(0o755).unwrap();
    }

    // On gamma nobody can write the history; on beta what is known of the former release, and here the records, go
    // between the switch and the commit.
    let history = fleet.host("gamma").deploy_to().join(".swap/history.jsonl");
    fs::remove_file(&history).unwrap();
    fs::create_dir(&history).unwrap();
    let records = fleet.records();
    let away = fleet.scratch().join("records.away");
    fleet.extend_inventory(&format!(
        "[[hooks]]\nphase = \"before-commit\"\nhost = \"beta\"\non = \"once\"\nrun = [\"sh\", \"-ec\", \
         \"cd $MKT_DEPLOY_TO/.swap/releases/r1; mv state.json kept; mkdir state.json; touch state.json/x; \
         mv {records} {away}; touch {records}\"]\n",
        records = records.display(),
        away = away.display(),
    ));
    let output = fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
    for warning in [
        "gamma: `activated` of `r2` is not in the history",
        "beta: `r2` is live; the next run",
        "cannot write `records`",
        "cannot write `records/swap.junit.xml`",
    ] {
        assert!(output.stderr.contains(warning), "{warning}: {}", output.stderr);
    }

    // Beta catches up when it can.
    let beta = fleet.host("beta").deploy_to();
    assert!(beta.join(".swap/pending.json").exists());
    fs::remove_dir_all(beta.join(".swap/releases/r1/state.json")).unwrap();
    fs::rename(beta.join(".swap/releases/r1/kept"), beta.join(".swap/releases/r1/state.json")).unwrap();
    fs::remove_file(&records).unwrap();
    fs::rename(&away, &records).unwrap();
    fleet.swap("status").output().ok();
    assert!(!beta.join(".swap/pending.json").exists());
    let toml = fs::read_to_string(fleet.toml()).unwrap();
    fs::write(fleet.toml(), toml.split("[[hooks]]").next().unwrap()).unwrap();
    fleet.swap("rollback").output().ok();
    fleet.assert_live("r1");
}

#[test]
fn what_was_asked_for_is_on_standard_output_and_the_rest_is_not() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deploy(2);
    let deploy_to = fleet.host("alpha").deploy_to();
    let here = |verb: &str| fleet.run("swap-release").args([verb, "--deploy-to"]).arg(&deploy_to);
    let mut records = fs::read_dir(fleet.records()).unwrap().flatten().map(|entry| entry.path());
    let torrent = records.find(|path| path.extension().is_some_and(|end| end == "torrent")).unwrap();
    let push = |verb: &str| fleet.run("fleet-push").args([verb, "--fleet", "fleet.toml"]);
    for (run, answer) in [
        (fleet.swap("status"), "alpha"),
        (fleet.swap("verify"), "exactly what was built"),
        (fleet.swap("activate").arg("--dry-run"), "has it live already"),
        (here("status"), "current  r2"),
        (here("history"), "activated"),
        (push("hosts"), "alpha"),
        (push("plan"), "nothing: has it"),
        (push("doctor"), "alpha"),
        (fleet.run("fleet-push").args(["keys", "scan", "--fleet", "fleet.toml"]), "SHA256:"),
        (push("converge").arg("--dry-run"), "nothing: serves it"),
        (fleet.run("mkt-pack").arg("show").arg(&torrent), "pieces"),
    ] {
        let output = run.output();
        assert!(output.stdout.contains(answer), "{}: {}\n{}", output.line, output.stdout, output.stderr);
        let talks = ["[swap-release]", "[fleet-push]", "[mkt-pack]", "error:", "hint:"];
        let talks = talks.iter().find(|word| output.stdout.contains(**word));
        assert!(talks.is_none(), "{}: {talks:?} in {}", output.line, output.stdout);
    }
    // A reader that has read enough is no fault.
    let line = "swap-release status --fleet fleet.toml | true; exit ${PIPESTATUS[0]}";
    let path = e2e::bin("swap-release");
    let path = format!("{}:{}", path.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let bash = e2e::Run::new("bash", &fleet.dir()).args(["-c", line]).env("PATH", path);
    bash.output().ok();
}
