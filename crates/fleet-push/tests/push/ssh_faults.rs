//! Hosts at whose door something is wrong, in one push with hosts that are well.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use e2e::records::{self, Push, PushedHost, Record};
use e2e::{Fleet, FleetOptions, eventually, keys};

use crate::door::Door;
use crate::needs_peers;

/// Somebody who takes connections, says `greeting` and then nothing any more.
struct Hung {
    name: &'static str,
    port: u16,
    address: &'static str,
    taken: Arc<Mutex<Vec<TcpStream>>>,
}

impl Hung {
    fn start(name: &'static str, address: &'static str, greeting: &'static [u8]) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let (port, taken) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&taken);
        thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let _gone = stream.write_all(greeting);
                kept.lock().unwrap().push(stream);
            }
        });
        Self { name, port, address, taken }
    }

    fn table(&self) -> String {
        format!("[hosts.{}]\naddress = \"{}\"\nport = {}\n", self.name, self.address, self.port)
    }

    fn connections(&self) -> usize {
        self.taken.lock().unwrap().len()
    }
}

fn pushed(fleet: &Fleet, name: &str) -> PushedHost {
    let record: Record<Push> = records::read(&fleet.records(), "push.json");
    record.details.hosts.into_iter().find(|host| host.name == name).unwrap()
}

/// How often somebody began to talk SSH there.
fn visits(door: &Door) -> usize {
    door.log().matches("[preauth]").count()
}

#[test]
fn every_fault_at_the_door_is_named_and_holds_up_nobody() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    // One lets in other people only; at another the key is not the one that was known.
    let others = fleet.scratch().join("others");
    keys::generate(&others);
    let refused = Door::open_at(fleet.scratch(), &keys::with_pub(&others), "refused", "127.0.43.1");
    let let_in = keys::with_pub(&fleet.client_key());
    let mut changed = Door::open_at(fleet.scratch(), &let_in, "changed", "127.0.43.2");
    let known =
        fs::read_to_string(fleet.known_hosts()).unwrap() + &refused.known_host() + &changed.known_host();
    fs::write(fleet.known_hosts(), known).unwrap();
    changed.reinstall();
    let silent = Hung::start("silent", "127.0.43.3", b"");
    let banner = Hung::start("banner", "127.0.43.4", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
    fleet.extend_inventory(&[refused.table(), changed.table(), silent.table(), banner.table()].concat());

    let mut push = fleet.push().args(["--connect-timeout", "5s", "--parallel", "4"]).start();
    // The two that hang are tried four times, 5 s each; the others do not wait for that.
    eventually("alpha and beta to be staged", Duration::from_secs(20), || {
        let said = push.stderr_so_far();
        (said.contains("alpha staged") && said.contains("beta staged")).then_some(())
    });
    assert!(push.is_running(), "those that hang were given up too soon: {}", push.stderr_so_far());
    let output = push.wait().fails_naming(30, "silent");
    for name in ["alpha", "beta"] {
        assert_eq!(pushed(&fleet, name).state, "staged");
    }
    for (name, words, tried) in [
        ("refused", "was refused by `127.0.43.1`", false),
        ("changed", "has CHANGED", false),
        ("silent", "`SSH handshake` timed out after 5s", true),
        ("banner", "`SSH handshake` timed out after 5s", true),
    ] {
        let host = pushed(&fleet, name);
        let error = host.error.unwrap();
        assert_eq!(host.state, "failed");
        assert!(error.contains(words), "{name}: {error}");
        assert!(output.stderr.contains(&error), "{name}: {}", output.stderr);
        let again = output.stderr.contains(&format!("{name} lost, trying again"));
        assert_eq!(again, tried, "{name}: only a lost connection is worth another: {}", output.stderr);
    }
    assert_eq!((visits(&refused), visits(&changed)), (1, 1), "{}\n{}", refused.log(), changed.log());
    assert_eq!((silent.connections(), banner.connections()), (4, 4));
    assert!(!changed.log().contains("Accepted"), "{}", changed.log());
}

#[test]
fn when_all_doors_are_shut_no_host_succeeded() {
    needs_peers!();
    let mut fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha"]));
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet.host_mut("alpha").stop_sshd();
    let output = fleet.push().args(["--connect-timeout", "1s"]).output().fails_naming(31, "alpha");
    assert_eq!(output.stderr.matches("alpha lost, trying again").count(), 3, "{}", output.stderr);
    assert!(pushed(&fleet, "alpha").error.unwrap().contains("cannot connect"));
}
