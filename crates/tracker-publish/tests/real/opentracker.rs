//! Mode opentracker against a real one and a real rtorrent.

use std::fs;
use std::process::{Command, Stdio};

use e2e::opentracker::Opentracker;

use super::rtorrent::{Rtorrent, installed};
use super::world::{Ended, Packing, World, run};

struct Fleet {
    world: World,
    seeder: Rtorrent,
    tracker: Opentracker,
}

impl Fleet {
    fn new() -> Self {
        let world = World::new(Packing::default());
        let seeder = Rtorrent::start(&world.path().join("rtorrent"));
        let tracker = Opentracker::start(&world.path().join("tracker"));
        let fleet = Self { world, seeder, tracker };
        fleet.configure(&fleet.tracker.table());
        fleet
    }

    fn configure(&self, tracker: &str) {
        let text = format!(
            "[site]\ndeploy_to = \"/srv/site\"\n[seeder]\nrpc_socket = \"{}\"\ndirectory = \"{}\"\npeer = \"{}\"\n\
             [tracker]\n{tracker}\n[hosts.web1]\naddress = \"127.0.0.11\"\n",
            self.seeder.socket().display(),
            self.world.seed().display(),
            self.seeder.peer(),
        );
        fs::write(self.world.path().join("fleet.toml"), text).unwrap();
    }

    fn run(&self, args: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracker-publish"));
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(self.world.path()).stdin(Stdio::null());
        run(command.args(["--fleet", "fleet.toml"]).args(args))
    }
}

#[test]
fn it_is_listed_announced_found_forgotten_and_survives_an_outage() {
    let test = "it_is_listed_announced_found_forgotten_and_survives_an_outage";
    if !installed(test) || !Opentracker::installed(test) {
        return;
    }
    let mut fleet = Fleet::new();
    fleet.run(&["check"]).expect(20, &["does not seed release"]);
    fleet
        .run(&["--wait"])
        .expect(0, &["was put on opentracker's whitelist", "is given the seeder", "is seeded"]);
    assert_eq!(fleet.world.publish_json()["details"]["mode"], "opentracker");
    fleet.run(&["check"]).expect(0, &["registered, 1 seeders"]);
    fleet.run(&["hosts"]).expect(2, &["has no passkeys"]);

    fleet.tracker.down();
    fleet.run(&["--tracker-timeout", "1s"]).expect(21, &["cannot be reached", "hint: check that it runs"]);
    fleet.run(&["check", "--tracker-timeout", "1s"]).expect(21, &["cannot be reached"]);
    fleet.tracker.up();
    // It remembers no peers, and rtorrent would not announce again for half an hour.
    fleet.run(&["--wait"]).expect(0, &["is on opentracker's whitelist", "is given the seeder"]);

    fleet.run(&["withdraw"]).expect(0, &["is withdrawn"]);
    assert_eq!(fs::read_to_string(fleet.tracker.whitelist()).unwrap(), "# of the test\n");
    assert!(fleet.seeder.client().downloads().unwrap().is_empty());
    fleet.run(&["check"]).expect(20, &["does not seed release"]);
}

#[test]
fn a_reload_that_does_not_reach_it_is_found_out() {
    let test = "a_reload_that_does_not_reach_it_is_found_out";
    if !installed(test) || !Opentracker::installed(test) {
        return;
    }
    let fleet = Fleet::new();
    let (head, pid) =
        (fleet.tracker.table(), format!("pid_file = \"{}\"", fleet.tracker.pid_file().display()));
    fleet.configure(&head.replace(&pid, "reload = [\"true\"]"));
    fleet.run(&[]).expect(
        20,
        &["Requested download is not authorized", "hint: the tracker did not read its whitelist"],
    );
    fleet.configure(&head.replace(&pid, "reload = [\"sh\", \"-c\", \"exit 3\"]"));
    fleet.run(&[]).expect(20, &["exit status: 3", "hint: correct tracker.pid_file, or name a command"]);
    let hang_up = format!("kill -HUP $(cat {})", fleet.tracker.pid_file().display());
    fleet.configure(&head.replace(&pid, &format!("reload = [\"sh\", \"-c\", \"{hang_up}\"]")));
    fleet.run(&["--wait"]).expect(0, &["is given the seeder"]);
}
