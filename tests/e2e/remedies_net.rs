//! The remedies of `fleet-push doctor` for what stands between the machines: ports, addresses, login shells, `/tmp`. See
//! `remedies`, and `doctor` for firewalls, keys and clocks.

use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use e2e::{eventually, peers};
use serde_json::Value;

use crate::doctor::doctor;
use crate::needs_peers;
use crate::remedies::{World, plan_says, world};

/// A process that is ended on drop.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn ports_families_and_start_up_files_are_put_right_by_what_is_printed() {
    needs_peers!();
    let Some(mut world) = world() else { return };
    world.deploy();

    // Somebody listens where the peer should.
    let address = world.fleet.host("alpha").address.clone();
    world.fleet.edit_inventory("[defaults]", "[defaults]\npeer_ports = \"6952\"");
    let mut command = Command::new("python3");
    command.args(["-m", "http.server", "6952", "--bind", &address]).stdin(Stdio::null());
    let mut other = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    eventually("it to listen", Duration::from_secs(10), || TcpStream::connect((address.as_str(), 6952)).ok());
    world.mend("peer-ports", "every port of 6952-6952", "end what listens there", |_, check| {
        let line = check["commands"][0]["command"].as_str().unwrap();
        let output = Command::new("sh").args(["-c", line]).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(&format!("pid={},", other.0.id())), "{text}");
        other.0.kill().unwrap();
        other.0.wait().unwrap();
    });

    // The seeder and the host have no family of addresses in common.
    world.fleet.extend_inventory("[seeder]\naddress = \"::1\"\n");
    world.mend("address-family", "(IPv6)", "give both an address of one family", |world, check| {
        world.carry_out(check);
        world.fleet.edit_inventory("address = \"::1\"", "address = \"127.0.0.1\"");
    });

    // A start-up file that prints, also where nobody looks.
    let name = world.account.name().to_owned();
    eventually("another shell", Duration::from_secs(20), || {
        let mut command = Command::new("usermod");
        command.args(["-s", peers::need("zsh").to_str().unwrap(), &name]).stdin(Stdio::null());
        command.output().unwrap().status.success().then_some(())
    });
    let file = world.fleet.scratch().join("home/.zshenv");
    fs::write(&file, "echo Welcome\n").unwrap();
    world.mend("ssh", "prints `Welcome`", "let it do so in interactive shells only", |_, _| {
        fs::write(&file, "[[ -o interactive ]] && echo Welcome\ntrue\n").unwrap();
    });
}

/// Runs what a remedy says in the mount namespace of the server.
#[track_caller]
fn carry_out_in(world: &World, server: &Running, check: &Value) {
    for command in check["commands"].as_array().unwrap() {
        let line = command["command"].as_str().unwrap();
        let mut enter = Command::new("nsenter");
        enter.args([&format!("--mount=/proc/{}/ns/mnt", server.0.id()), "--"]);
        if command["place"] == "host" {
            enter.args(["runuser", "-u", world.account.name(), "--"]);
        }
        let output = enter.args(["sh", "-c", line]).current_dir("/").stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_tmp_that_takes_no_files_is_opened_by_what_is_printed() {
    needs_peers!();
    let Some(mut world) = world() else { return };
    world.deploy();
    // A server whose /tmp is of its own, without touching this machine's.
    let host = world.fleet.host_mut("alpha");
    host.stop_sshd();
    let (config, address) = (host.dir.join("ssh/sshd_config"), host.address.clone());
    let port = world.fleet.ssh_port();
    let script = "mkdir -p \"$KEPT\" && mount --bind \"$SCRATCH\" \"$KEPT\" && mount -t tmpfs -o mode=755 tmpfs /tmp && \
                  mkdir -p \"$SCRATCH\" && mount --move \"$KEPT\" \"$SCRATCH\" && rmdir \"$KEPT\" && exec \"$SSHD\" -D -e -f \"$CONFIG\"";
    let kept = format!("/run/e2e-{}", world.account.name());
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", script]);
    command.env("KEPT", &kept).env("SCRATCH", world.fleet.scratch()).env("CONFIG", config);
    command.env("SSHD", peers::need("sshd")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = Running(command.spawn().unwrap());
    eventually("sshd to listen", Duration::from_secs(10), || {
        assert!(server.0.try_wait().unwrap().is_none(), "it has ended");
        TcpStream::connect((address.as_str(), port)).ok()
    });
    let told = doctor(&world.fleet, &[]);
    let fault = told.fault("alpha", "upload", "a file cannot be sent to /tmp").clone();
    plan_says(&world.fleet, &fault);
    carry_out_in(&world, &server, &fault);
    doctor(&world.fleet, &[]).well();
    world.deploy();
    drop(server);
    let _ = fs::remove_dir(kept);
    world.fleet.host_mut("alpha").start_sshd();
}
