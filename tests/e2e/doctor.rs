//! `fleet-push doctor`: a fleet that is well is found well and left as it is; each fault is made for real, is named with
//! its remedy, and where a command is the remedy it is run and helps.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use e2e::mount::Tmpfs;
use e2e::{Fleet, FleetOptions, Run, bin, eventually, peers};
use serde_json::Value;

use crate::needs_peers;
use crate::remedies::plan_says;
use crate::support::{assert_untouched, servers};

/// What a doctor said.
pub(crate) struct Told {
    pub(crate) json: Value,
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
}

pub(crate) fn doctor(fleet: &Fleet, arguments: &[&str]) -> Told {
    ask(fleet.run("fleet-push"), arguments)
}

pub(crate) fn ask(run: Run, arguments: &[&str]) -> Told {
    let output = run.args(["doctor", "--fleet", "fleet.toml", "--json"]).args(arguments).output();
    let json = serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    Told { json, code: output.code, stderr: output.stderr }
}

impl Told {
    fn host(&self, name: &str) -> &Value {
        let hosts = self.json["hosts"].as_array().unwrap();
        hosts
            .iter()
            .find(|host| host["name"] == name)
            .unwrap_or_else(|| panic!("no {name} in {:#}", self.json))
    }

    pub(crate) fn checks(&self, name: &str) -> &[Value] {
        self.host(name)["checks"].as_array().unwrap()
    }

    pub(crate) fn check(&self, name: &str, check: &str) -> &Value {
        let all = self.checks(name);
        all.iter().find(|one| one["check"] == check).unwrap_or_else(|| panic!("no {check} in {all:#?}"))
    }

    /// Expects every host to be well.
    #[track_caller]
    pub(crate) fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        assert!(self.json["hosts"].as_array().unwrap().iter().all(|host| host["healthy"] == true));
        assert!(!self.json.to_string().contains("\"fault\""), "{:#}", self.json);
        self
    }

    /// A check with these words that is a fault or a warning.
    #[track_caller]
    pub(crate) fn ill(&self, name: &str, check: &str, words: &str) -> &Value {
        let is_it = |one: &&Value| {
            let ill = one["verdict"] == "fault" || one["verdict"] == "warning";
            ill && one["check"] == check && one["found"].as_str().unwrap().contains(words)
        };
        let all = self.checks(name);
        let found = all.iter().find(is_it);
        found.unwrap_or_else(|| panic!("no {check} with `{words}`: {all:#?}\n{}", self.stderr))
    }

    /// Expects this check of this host to be the only fault, with these words; gives it.
    #[track_caller]
    pub(crate) fn fault(&self, name: &str, check: &str, words: &str) -> &Value {
        let found = self.only(name, check, "fault", words);
        assert_eq!(
            (self.host(name)["healthy"].as_bool(), self.code),
            (Some(false), Some(31)),
            "{}",
            self.stderr
        );
        let line = format!("{name}: {check}: ");
        assert!(self.stderr.contains(&line) && self.stderr.contains("remedy: "), "{}", self.stderr);
        let said = format!("error: 1 of 1 hosts lack what a deployment needs: {name}");
        assert!(self.stderr.contains(&said) && self.stderr.contains("hint: "), "{}", self.stderr);
        found
    }

    /// The same of a warning, with which a host is well.
    #[track_caller]
    fn warning(&self, name: &str, check: &str, words: &str) -> &Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.only(name, check, "warning", words)
    }

    #[track_caller]
    fn only(&self, name: &str, check: &str, verdict: &str, words: &str) -> &Value {
        // Web servers of other stories run on the same machine.
        let others =
            |one: &Value| verdict == "warning" && one["check"].as_str().unwrap().starts_with("web-server-");
        let such: Vec<&Value> =
            self.checks(name).iter().filter(|one| one["verdict"] == verdict && !others(one)).collect();
        let [one] = such.as_slice() else { panic!("not one {verdict}: {such:#?}\n{}", self.stderr) };
        assert_eq!(one["check"], check, "{one:#}");
        assert!(one["found"].as_str().unwrap().contains(words), "{words}: {one:#}");
        assert!(one["remedy"].is_string() && !one["commands"].as_array().unwrap().is_empty(), "{one:#}");
        one
    }
}

/// The commands of a remedy.
fn commands(check: &Value) -> Vec<&str> {
    check["commands"].as_array().unwrap().iter().map(|one| one["command"].as_str().unwrap()).collect()
}

/// Runs a command of a remedy as a person would paste it, with our programs on the PATH.
#[track_caller]
fn carry_out(fleet: &Fleet, check: &Value, begins: &str) {
    let all = commands(check);
    let command = all.iter().find(|command| command.starts_with(begins));
    let command = command.unwrap_or_else(|| panic!("no `{begins}` among {all:?}"));
    let programs = bin("fleet-push").parent().unwrap().to_owned();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    Run::new("sh", &fleet.dir()).args(["-c", command]).env("PATH", path).output().ok();
}

/// A swap-release of its own for the fleet, without what only debuggers need.
fn own_program(fleet: &Fleet) -> std::path::PathBuf {
    let path = fleet.scratch().join("bin/swap-release");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let ours = bin("swap-release").display().to_string();
    fleet.edit_inventory(
        &format!("swap_release = \"{ours}\""),
        &format!("swap_release = \"{}\"", path.display()),
    );
    path
}

#[test]
fn a_fleet_that_is_well_is_found_well_and_left_as_it_is() {
    needs_peers!();
    let options = FleetOptions { embedded: vec!["gamma"], web: false, ..FleetOptions::default() };
    let fleet = Fleet::start(&options);
    // Before there is any release: nothing is missing but what a first one makes.
    doctor(&fleet, &[]).well();
    fleet.deploy(1);
    fs::create_dir_all(fleet.host("gamma").rtorrent.watch()).unwrap();
    let before = servers(&fleet);
    let loaded: Vec<_> = ["alpha", "beta"].map(|name| fleet.host(name).rtorrent.downloads()).into();

    let told = doctor(&fleet, &[]).well();
    assert_eq!(told.json["schema"], "fleet-doctor/1");
    for (name, checks) in [
        (
            "alpha",
            &["peer-address", "rtorrent-rpc", "rtorrent-watch", "rtorrent-downloads", "rtorrent-events"][..],
        ),
        ("beta", &["upload", "rtorrent-watch"]),
        ("gamma", &["peer-ports", "peer-address"]),
    ] {
        let common =
            ["ssh", "upload", "swap-release", "deploy-to", "free-space", "clock", "current", "shared"];
        for check in checks.iter().chain(&common) {
            assert_eq!(told.check(name, check)["verdict"], "ok", "{name} {check}: {:#}", told.json);
        }
    }
    assert!(told.check("alpha", "current")["found"].as_str().unwrap().contains("releases/r1"));
    assert_untouched(&fleet, &before);
    assert_eq!(loaded, ["alpha", "beta"].map(|name| fleet.host(name).rtorrent.downloads()));
    for name in ["alpha", "beta"] {
        let incoming = fleet.host(name).deploy_to().join("incoming");
        let left = fs::read_dir(incoming)
            .unwrap()
            .flatten()
            .find(|entry| entry.file_name().to_string_lossy().contains("doctor"));
        assert!(left.is_none(), "{left:?}");
    }

    // For people: one table on standard output, and one line on standard error.
    let people = fleet.run("fleet-push").args(["doctor", "--fleet", "fleet.toml"]).output().ok();
    assert!(people.stdout.starts_with("host ") && people.stdout.contains("gamma"), "{people:?}");
    assert!(people.stderr.contains("3 hosts are ready for a deployment"), "{}", people.stderr);
}

#[test]
fn what_is_wrong_with_the_program_is_mended_by_an_installation() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha"]));
    let program = own_program(&fleet);
    let told = doctor(&fleet, &[]);
    let fault = told.fault("alpha", "swap-release", "it is not there");
    carry_out(&fleet, fault, "fleet-push install");
    doctor(&fleet, &[]).well();

    fs::remove_file(&program).unwrap();
    fs::write(&program, "#!/bin/sh\necho swap-release 0.0.1\n").unwrap();
    Command::new("chmod").arg("755").arg(&program).status().unwrap();
    let told = doctor(&fleet, &[]);
    // Of another version it may say what it likes of the site.
    let checks = told.checks("alpha");
    let fault = checks.iter().find(|check| check["check"] == "swap-release").unwrap();
    assert!(fault["found"].as_str().unwrap().contains("is 0.0.1 there"), "{fault:#}");
    carry_out(&fleet, fault, "fleet-push install");
    doctor(&fleet, &[]).well();
    fleet.deploy(1);
}

#[test]
fn what_is_wrong_with_an_rtorrent_is_told() {
    needs_peers!();
    let mut fleet = Fleet::start(&FleetOptions {
        hosts: vec!["alpha"],
        web: false,
        seeder: false,
        ..FleetOptions::default()
    });
    fleet.host_mut("alpha").rtorrent.stop();
    let told = doctor(&fleet, &[]);
    let fault = told.fault("alpha", "rtorrent-rpc", "rtorrent does not answer");
    assert!(commands(fault).contains(&"systemctl restart site-rt.service"), "{fault:#}");
    let socket = fleet.host("alpha").rtorrent.socket();
    fs::remove_file(&socket).unwrap();
    doctor(&fleet, &[]).fault("alpha", "rtorrent-rpc", "is not there");
    fleet.host_mut("alpha").rtorrent.resume();
    doctor(&fleet, &[]).well();

    // Other peers would dial a port on which it does not listen.
    let toml = fs::read_to_string(fleet.toml()).unwrap();
    let port = toml.lines().find(|line| line.starts_with("peer_port = ")).unwrap();
    fleet.edit_inventory(port, "peer_port = 1");
    doctor(&fleet, &[]).warning("alpha", "peer-address", "nobody listens");
    fleet.edit_inventory("peer_port = 1", port);

    // A watch directory that is not there, and its remedy.
    let watch = fleet.host("alpha").rtorrent.watch();
    fs::rename(&watch, watch.with_extension("away")).unwrap();
    let told = doctor(&fleet, &[]);
    carry_out(&fleet, told.fault("alpha", "rtorrent-watch", "is not there"), "install -d");
    assert!(watch.is_dir());
    fleet.host_mut("alpha").rtorrent.stop();
    fleet.host_mut("alpha").rtorrent.resume();
    doctor(&fleet, &[]).well();

    // One that nobody watches: a push goes on, so it is a warning.
    let other = fleet.scratch().join("h/alpha/rt/unwatched");
    fs::create_dir(&other).unwrap();
    let (from, to) =
        (format!("watch_dir = \"{}\"", watch.display()), format!("watch_dir = \"{}\"", other.display()));
    fleet.edit_inventory(&from, &to);
    doctor(&fleet, &[]).warning("alpha", "rtorrent-watch", "does not watch");
    fleet.edit_inventory(&to, &from);

    // Its downloads go where it cannot write.
    let incoming = fleet.host("alpha").deploy_to().join("incoming");
    fs::remove_dir_all(&incoming).unwrap();
    fs::write(&incoming, "in the way").unwrap();
    let told = doctor(&fleet, &[]);
    let fault = told.fault("alpha", "rtorrent-downloads", "rtorrent cannot write its downloads");
    fs::remove_file(&incoming).unwrap();
    carry_out(&fleet, fault, "install -d");
    doctor(&fleet, &[]).well();

    // What a run that was cut off has left is taken away by the next.
    let left = watch.join("mkt-doctor.trial.1.torrent");
    fs::write(&left, "half of it").unwrap();
    doctor(&fleet, &[]).well();
    assert!(!left.exists());

    // Its events tell nobody.
    let rtorrent = &fleet.host("alpha").rtorrent;
    rtorrent.call("method.set_key", &["", "event.download.finished", "swap"]).unwrap();
    doctor(&fleet, &[]).warning("alpha", "rtorrent-events", "does not tell swap-release");
    assert!(rtorrent.downloads().is_empty(), "no trial is left");
}

#[test]
fn what_is_wrong_with_the_site_is_told_and_the_remedy_helps() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "mounting a small file system needs root") {
        return;
    }
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha"]));
    let deploy_to = fleet.host("alpha").deploy_to();
    let small = Tmpfs::mount(&deploy_to, "size=300m").unwrap();
    fs::create_dir_all(deploy_to.join("shared/sites/default")).unwrap();
    let told = doctor(&fleet, &[]);
    let fault = told.fault("alpha", "shared", "shared/sites/default/settings.php` is not there");
    assert!(commands(fault).iter().any(|command| command.starts_with("mkdir -p -- ")), "{fault:#}");
    fleet.host("alpha").write_settings(&["site_name", "payment_endpoint"]);
    doctor(&fleet, &[]).well();

    // Read-only, as after a fault of the disk.
    small.remount("ro");
    let told = doctor(&fleet, &[]);
    carry_out(&fleet, told.fault("alpha", "deploy-to", "read-only"), "mount -o remount,rw");
    doctor(&fleet, &[]).well();

    // Served from a directory until now.
    fs::create_dir(deploy_to.join("current")).unwrap();
    fs::write(deploy_to.join("current/index.php"), "<?php").unwrap();
    let told = doctor(&fleet, &[]);
    carry_out(&fleet, told.fault("alpha", "current", "is a directory"), "swap-release adopt");
    doctor(&fleet, &[]).well();
    fleet.deploy(1);

    // A link that leads nowhere.
    let away = fleet.host("alpha").release_dir("r1").with_extension("away");
    fs::rename(fleet.host("alpha").release_dir("r1"), &away).unwrap();
    let told = doctor(&fleet, &[]);
    let fault = told.fault("alpha", "current", "the site is down");
    carry_out(&fleet, fault, "rm -f -- ");
    doctor(&fleet, &[]).well();
    fs::rename(&away, fleet.host("alpha").release_dir("r1")).unwrap();

    // No room for another one as large as the one that is there.
    let free = rustix::fs::statvfs(&deploy_to).unwrap();
    let filler = deploy_to.join("somebody-elses-backup");
    let keep = 200_000;
    fs::write(&filler, vec![0; (free.f_bavail * free.f_frsize).saturating_sub(keep) as usize]).unwrap();
    let told = doctor(&fleet, &[]);
    let fault = told.fault("alpha", "free-space", "free below");
    // It is a command that works; what fills the disk here is no release.
    carry_out(&fleet, fault, "swap-release prune ");
    fs::remove_file(&filler).unwrap();
    doctor(&fleet, &[]).well();
    drop(fleet);
    drop(small);
}

#[test]
fn a_site_that_is_not_there_or_is_somebody_else_s_is_told() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "logging in as another user needs root") {
        return;
    }
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha"]));
    let deploy_to = fleet.host("alpha").deploy_to();
    fs::rename(&deploy_to, deploy_to.with_extension("away")).unwrap();
    let told = doctor(&fleet, &[]);
    let checks = told.checks("alpha");
    let fault = checks.iter().find(|check| check["check"] == "deploy-to").unwrap();
    assert_eq!(fault["verdict"], "fault");
    carry_out(&fleet, fault, "mkdir -p -- ");
    fs::remove_dir(&deploy_to).unwrap();
    fs::rename(deploy_to.with_extension("away"), &deploy_to).unwrap();
    doctor(&fleet, &[]).well();

    // Others listen where its peer should.
    fleet.edit_inventory("[defaults]", "[defaults]\npeer_ports = \"6951\"");
    let listener = TcpListener::bind((fleet.host("alpha").address.as_str(), 6951)).unwrap();
    let told = doctor(&fleet, &[]);
    let fault = told.fault("alpha", "peer-ports", "every port of 6951-6951");
    assert!(commands(fault)[0].starts_with("ss -Hltnp "), "{fault:#}");
    drop(listener);
    doctor(&fleet, &[]).well();
}

#[test]
fn a_firewall_between_peers_is_told() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "network namespaces need root") {
        return;
    }
    let fleet = Fleet::start(&FleetOptions { apart: true, ..FleetOptions::embedded(vec!["alpha"]) });
    assert_eq!(doctor(&fleet, &[]).well().check("alpha", "peer-address")["verdict"], "ok");
    fleet.switch.as_ref().unwrap().close_all_but("alpha", fleet.ssh_port());
    let told = doctor(&fleet, &[]);
    let warning = told.warning("alpha", "peer-address", "as if a firewall drops it");
    assert!(commands(warning).contains(&"nft list ruleset"), "{warning:#}");
    fleet.pack(&fleet.site(1), "r1").output().ok();
    plan_says(&fleet, warning);
    // Its words, word by word.
    let remedy = warning["remedy"].as_str().unwrap();
    let ports = remedy.strip_prefix("open TCP ").and_then(|rest| rest.split_once(" there")).unwrap().0;
    fleet.switch.as_ref().unwrap().open("alpha", ports);
    assert_eq!(doctor(&fleet, &[]).well().check("alpha", "peer-address")["verdict"], "ok");
    fleet.deploy(1);

    // An address that nobody has.
    let address = fleet.host("alpha").address.clone();
    let nobody = format!("{}.250", address.rsplit_once('.').unwrap().0);
    let key = format!("address = \"{address}\"\n");
    let wrong = format!("peer_address = \"{nobody}\"\n");
    fleet.edit_inventory(&key, &format!("{key}{wrong}"));
    let told = doctor(&fleet, &[]);
    let warning = told.warning("alpha", "peer-address", &nobody);
    assert!(warning["remedy"].as_str().unwrap().contains("set `peer_address`"), "{warning:#}");
    fleet.edit_inventory(&wrong, "");
    assert_eq!(doctor(&fleet, &[]).well().check("alpha", "peer-address")["verdict"], "ok");
    fleet.deploy(2);
}

#[test]
fn who_cannot_be_reached_or_is_not_who_it_was_is_told_and_the_others_are_examined() {
    needs_peers!();
    let mut fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    fleet.host_mut("beta").stop_sshd();
    let told = doctor(&fleet, &[]);
    assert_eq!(told.code, Some(30), "{}", told.stderr);
    assert_eq!(
        (&told.host("alpha")["healthy"], &told.host("beta")["healthy"]),
        (&true.into(), &false.into())
    );
    let fault = told.only("beta", "ssh", "fault", "cannot connect");
    assert!(commands(fault)[0].starts_with("ssh -p "), "{fault:#}");
    fleet.host_mut("beta").start_sshd();

    // A host key that nobody knows.
    let known = fs::read_to_string(fleet.known_hosts()).unwrap();
    fs::write(fleet.known_hosts(), known.lines().next().unwrap()).unwrap();
    let told = doctor(&fleet, &["--only", "beta"]);
    let fault = told.fault("beta", "ssh", "host key");
    let scan = commands(fault)[0].to_owned();
    assert!(scan.starts_with("ssh-keyscan -p "), "{scan}");
    // What it prints is what to compare and to keep.
    let scanned = Run::new("sh", &fleet.dir()).args(["-c", &scan]).output().ok().stdout;
    let text = fs::read_to_string(fleet.known_hosts()).unwrap();
    fs::write(fleet.known_hosts(), format!("{text}\n{scanned}")).unwrap();
    doctor(&fleet, &[]).well();
    fleet.deploy(1);

    // A key that is not let in.
    let stranger = fleet.scratch().join("stranger");
    e2e::keys::generate(&stranger);
    let told = doctor(&fleet, &["--only", "beta", "--identity", &stranger.display().to_string()]);
    let fault = told.fault("beta", "ssh", "was refused");
    assert!(commands(fault)[0].starts_with("ssh-copy-id -p "), "{fault:#}");
    // As ssh-copy-id does where another key is let in already.
    let authorized = fleet.scratch().join("authorized_keys");
    let key = fs::read_to_string(stranger.with_extension("pub")).unwrap();
    fs::write(&authorized, fs::read_to_string(&authorized).unwrap() + &key).unwrap();
    let identity = stranger.display().to_string();
    doctor(&fleet, &["--identity", &identity]).well();
    fleet.pack(&fleet.site(2), "r2").output().ok();
    fleet.publish().output().ok();
    fleet.push().args(["--identity", &identity]).output().ok();
    fleet.swap("activate").args(["--identity", &identity]).output().ok();

    // A clock that is a year off; here it is this machine's, which to the host is the same.
    let faketime = peers::find("faketime");
    if peers::skip_unless(module_path!(), faketime.is_some(), "not installed: faketime") {
        let run =
            Run::new(faketime.as_ref().unwrap(), &fleet.dir()).args(["--exclude-monotonic", "-f", "+1y"]);
        let told = ask(run.arg(bin("fleet-push")), &["--only", "alpha"]);
        let off = told.warning("alpha", "clock", "behind of this machine's");
        assert_eq!(commands(off), ["timedatectl set-ntp true"]);
        let run = Run::new(faketime.unwrap(), &fleet.dir()).args(["--exclude-monotonic", "-f", "+1y"]);
        let run = run.arg(bin("fleet-push")).args(["plan", "--fleet", "fleet.toml", "--only", "alpha"]);
        run.output().ok().answers("behind of this machine's");
        // Of the two it is this machine's that was wrong, as the words say it may be.
        assert!(off["remedy"].as_str().unwrap().contains("or this machine's, whichever is wrong"), "{off:#}");
        assert_eq!(doctor(&fleet, &[]).well().check("alpha", "clock")["verdict"], "ok");
        fleet.deploy(3);
    }
}

#[test]
fn it_ends_at_once_when_it_is_told_to() {
    needs_peers!();
    let mut fleet = Fleet::start(&FleetOptions {
        hosts: vec!["alpha"],
        web: false,
        seeder: false,
        ..FleetOptions::default()
    });
    // It answers nothing: the socket is there, and the process stands still.
    let pid = fleet.host("alpha").rtorrent.call("system.pid", &[]).unwrap()[0].clone();
    let stop = |signal: &str| {
        let status = Command::new("kill").args([signal, &pid]).stdin(Stdio::null()).status().unwrap();
        assert!(status.success());
    };
    stop("-STOP");
    let mut run = fleet.run("fleet-push").args(["doctor", "--fleet", "fleet.toml"]).start();
    eventually("the host to be asked", Duration::from_secs(10), || {
        assert!(run.is_running(), "{}", run.stderr_so_far());
        run.stderr_so_far().contains("examining 1 host").then_some(())
    });
    run.terminate();
    let output = run.wait().exits(143);
    stop("-CONT");
    assert!(output.took < Duration::from_secs(5), "{:?}", output.took);
    fleet.host_mut("alpha").rtorrent.stop();
    fleet.host_mut("alpha").rtorrent.resume();
    doctor(&fleet, &[]).well();
}
