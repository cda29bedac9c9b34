//! The freestyle chain: rendered by jenkins-job-builder, and its config.xml run, Build 1 to Build 2.

use std::fs;
use std::path::PathBuf;

use e2e::template::workspace;
use e2e::{Run, peers};
use serde_json::{Value, json};

use crate::needs_fleet;
use crate::runner::Built;
use crate::world::{World, changed};

/// The pinned jenkins-job-builder that scripts/test installs.
fn job_builder() -> PathBuf {
    workspace().join("target/peers-python/bin/jenkins-jobs")
}

/// A build of a rendered job. Freestyle jobs know no folders here.
fn build(world: &World, jobs: &std::path::Path, job: &str, number: u32, parameters: Value) -> Built {
    let mut scenario = changed(world.scenario(), "config", json!(jobs.join(job).join("config.xml")));
    scenario["job"] = json!(job);
    scenario["build"] = json!(number);
    scenario["parameters"] = parameters;
    scenario["workspace"] = json!(world.fleet.scratch().join("freestyle").join(job));
    world.begin(&scenario).wait()
}

#[test]
fn build_1_hands_its_very_build_to_build_2() {
    needs_fleet!();
    if !peers::skip_unless(
        module_path!(),
        job_builder().exists(),
        "jenkins-job-builder: scripts/test installs it",
    ) {
        return;
    }
    let world = World::new("Jenkinsfile.example");
    let jobs = world.fleet.dir().join("jobs");
    let render = Run::new(job_builder(), &world.fleet.dir()).args(["test", "--config-xml", "-o"]).arg(&jobs);
    render.arg(workspace().join("jenkins/freestyle/jobs.yaml")).output().ok();

    let first = build(&world, &jobs, "site-build", 1, json!({})).ends("SUCCESS");
    let trigger = first.trace.iter().find(|event| event.at == "trigger").expect("Build 2 is triggered");
    assert_eq!(trigger.text("job"), "site-deploy");
    let parameters: Value = serde_json::from_str(trigger.text("parameters")).unwrap();
    assert_eq!(parameters["UPSTREAM_BUILD"], json!("1"));
    let commit = world.head();

    // Before Build 2 begins, a newer Build 1 has finished. It must not matter.
    world.commit(2);
    build(&world, &jobs, "site-build", 2, json!({})).ends("SUCCESS");
    let deployed = build(&world, &jobs, "site-deploy", 7, parameters).ends("SUCCESS");
    let id = format!("7-{commit}");
    world.fleet.assert_live(&id);
    assert_eq!((deployed.tests["passed"], deployed.tests["failed"]), (6, 0));
    let record = fs::read_to_string(deployed.archive().join("records/swap.json")).unwrap();
    assert!(
        record.contains("\"upstream_build\": \"1\"") && record.contains("\"upstream_job\": \"site-build\""),
        "{record}"
    );
    world.assert_clean(&deployed);
    // Modes and links went through the archive.
    assert!(world.fleet.host("alpha").release_dir(&id).join("vendor/autoload.php").exists());

    // A step that fails ends the job; reports are made all the same.
    world.fleet.host("beta").write_settings(&["site_name"]);
    world.commit(3);
    build(&world, &jobs, "site-build", 3, json!({})).ends("SUCCESS");
    let failed = build(&world, &jobs, "site-deploy", 8, json!({ "UPSTREAM_BUILD": "3" })).ends("FAILURE");
    assert_eq!(failed.codes().last(), Some(&40), "{}", failed.log());
    assert!(failed.archive().join("records/swap.json").exists());
    world.fleet.assert_live(&id);
    let nothing = build(&world, &jobs, "site-deploy", 9, json!({ "UPSTREAM_BUILD": "99" })).ends("FAILURE");
    assert!(nothing.log().contains("Unable to find a build"), "{}", nothing.log());
}
