//! The commands of Jenkinsfile.example, taken from the file itself and run as Jenkins runs them, deploy a site.

use std::fs;

use e2e::template::workspace;
use e2e::{Fleet, Run, bin};

use crate::needs_peers;

/// What stands in `sh '...'` of the four stages.
fn commands() -> Vec<String> {
    let text = fs::read_to_string(workspace().join("Jenkinsfile.example")).unwrap();
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("sh '")?.strip_suffix('\''))
        .filter(|command| command.starts_with("exec "))
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn its_four_commands_deploy_a_site() {
    needs_peers!();
    let commands = commands();
    let programs: Vec<&str> =
        commands.iter().filter_map(|command| command.split_whitespace().nth(1)).collect();
    assert_eq!(programs, ["mkt-pack", "tracker-publish", "fleet-push", "swap-release"]);

    let fleet = Fleet::three();
    let site = fleet.site(1);
    // The key comes from Jenkins' credentials, not from the inventory.
    fleet.edit_inventory("identity = \"keys/client\"\n", "");
    let path = format!("{}:{}", bin("mkt-pack").parent().unwrap().display(), std::env::var("PATH").unwrap());
    for (number, command) in commands.iter().enumerate() {
        // durable-task writes the command to a file and starts it with these three signals ignored.
        let script = fleet.dir().join(format!("script{number}.sh"));
        fs::write(&script, command).unwrap();
        Run::new("sh", &fleet.dir())
            .args(["-c", "trap '' HUP INT QUIT; exec sh -xe \"$0\""])
            .arg(&script)
            .env("PATH", &path)
            .env("SITE", site.file_name().unwrap())
            .env("FLEET", "fleet.toml")
            .env("MKT_RECORDS", "records")
            .env("MKT_IDENTITY", fleet.client_key())
            .env("MKT_IDENTITY_PASSPHRASE", "")
            .env("BUILD_NUMBER", "42")
            .env("GIT_COMMIT", "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567")
            .env("JENKINS_SERVER_COOKIE", "durable-0123456789abcdef")
            .output()
            .ok();
    }
    // The release is named after the build and the commit.
    fleet.assert_live("42-0a1b2c3d");
    for report in ["push.junit.xml", "swap.junit.xml"] {
        let xml = fs::read_to_string(fleet.records().join(report)).unwrap();
        assert!(["alpha", "beta", "gamma"].iter().all(|name| xml.contains(name)), "{report}: {xml}");
    }
}
