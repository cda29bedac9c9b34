//! A host that has an IPv6 address only, from the inventory to the staged release.

use std::fs;

use e2e::records::{self, Push, Record};
use e2e::{Fleet, FleetOptions, Tree, keys};
use serde_json::Value;

use crate::door::Door;
use crate::needs_peers;

#[test]
fn a_host_is_known_asked_and_pushed_to_by_ipv6() {
    needs_peers!();
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        assert!(
            std::env::var("E2E_PEERS").as_deref() != Ok("required"),
            "::1 is missing and E2E_PEERS=required"
        );
        eprintln!("skipped: ::1 is missing");
        return;
    }
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha"]));
    let six = Door::open_at(fleet.scratch(), &keys::with_pub(&fleet.client_key()), "six", "::1");
    let deploy_to = fleet.scratch().join("six");
    fs::create_dir_all(deploy_to.join("shared/sites/default/files")).unwrap();
    fs::write(deploy_to.join("shared/sites/default/settings.php"), "<?php\n").unwrap();
    fleet.extend_inventory(&format!(
        "{}deploy_to = \"{}\"\nengine = \"embedded\"\n",
        six.table(),
        deploy_to.display()
    ));
    let json = |arguments: &[&str], code: i32| -> Value {
        let run = fleet.run("fleet-push").args(arguments).args([
            "--fleet",
            "fleet.toml",
            "--only",
            "six",
            "--json",
        ]);
        serde_json::from_str(&run.output().exits(code).stdout).unwrap()
    };
    let hosts = json(&["hosts"], 0);
    assert_eq!(
        (&hosts["hosts"][0]["address"], &hosts["hosts"][0]["port"]),
        (&"::1".into(), &six.port.into())
    );
    let table = fleet.run("fleet-push").args(["hosts", "--fleet", "fleet.toml"]).output().ok();
    assert!(table.stdout.contains(&format!("root@[::1]:{}", six.port)), "{}", table.stdout);

    assert_eq!(json(&["keys", "scan"], 31)["hosts"][0]["keys"][0]["standing"], "new");
    let added = json(&["keys", "scan", "--add", "--accept", &six.fingerprint()], 0);
    assert_eq!(added["hosts"][0]["keys"][0]["added"], true);
    let known = fs::read_to_string(fleet.known_hosts()).unwrap();
    assert!(
        known.ends_with(&six.known_host()) && known.contains(&format!("\n[::1]:{} ", six.port)),
        "{known}"
    );

    fleet.pack(&fleet.site(1), "r1").output().ok();
    let plan = json(&["plan"], 0);
    assert_eq!((&plan["hosts"][0]["name"], &plan["hosts"][0]["action"]), (&"six".into(), &"push".into()));
    fleet.publish().output().ok();
    // Nobody but the seeder is there to give it: it listens on IPv6, too.
    fleet.push().args(["--only", "six"]).output().ok();
    let record: Record<Push> = records::read(&fleet.records(), "push.json");
    let seeder = record.details.seeder.expect("it seeded");
    assert!(seeder.peer.to_string().starts_with("[::1]:"), "{:?}", seeder.peer);
    fs::remove_dir_all(deploy_to.join("releases/r1")).unwrap();
    fs::remove_dir_all(deploy_to.join(".swap")).unwrap();
    // And a fleet of both families is told nothing odd, since the seeder has an address in each.
    let pushed = fleet.push().output().ok();
    assert!(!pushed.stderr.contains("IPv4"), "{}", pushed.stderr);
    let record: Record<Push> = records::read(&fleet.records(), "push.json");
    let states: Vec<_> = record.details.hosts.iter().map(|host| (&*host.name, &*host.state)).collect();
    assert_eq!(states, [("alpha", "staged"), ("six", "staged")], "{}", pushed.stderr);
    let release = Tree::read(&deploy_to.join("releases/r1"), &e2e::host::SHARED);
    Tree::read(&fleet.site(1), &[])
        .with_release_modes()
        .assert_same(&release, "packed site and release on ::1");
    // A seeder that has an address of one family: who is dialled by the other is told of before anything is pushed, and what is
    // printed helps.
    let whole = fs::read_to_string(fleet.toml()).unwrap();
    for (seeder, apart, fine) in
        [(fleet.host("alpha").address.as_str(), "six", "alpha"), ("::1", "alpha", "six")]
    {
        fleet.extend_inventory(&format!("[seeder]\naddress = \"{seeder}\"\n"));
        let told = |verb: &str, only: &str| {
            let run = fleet.run("fleet-push").args([verb, "--fleet", "fleet.toml", "--only", only]).output();
            format!("{}{}", run.stdout, run.stderr)
        };
        for verb in ["plan", "doctor"] {
            let said = told(verb, apart);
            assert!(said.contains("it gets nothing") && said.contains("`seeder.address`"), "{verb}: {said}");
            let said = told(verb, fine);
            assert!(!said.contains("it gets nothing"), "{verb}: {said}");
        }
        fs::write(fleet.toml(), &whole).unwrap();
    }
    // A host beside the inventory, as it is typed for ssh.
    let place = format!("root@[::1]:{}", six.port);
    let other =
        fleet.run("fleet-push").args(["keys", "scan", "--fleet", "fleet.toml", "--host", &place]).output();
    assert_eq!(other.code, Some(2), "it is in the inventory already: {}", other.stderr);
}
