//! `fleet-push install`: a server that has nothing gets swap-release and a push works; whatever goes wrong on the way, the
//! one that was there goes on working. And the configuration that it writes starts a real rtorrent.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use e2e::daemon::Daemon;
use e2e::mount::Tmpfs;
use e2e::{Fleet, FleetOptions, Host, Run, bin, eventually, peers, rpc};

use crate::needs_peers;

/// Servers with the embedded engine, each with a place of its own for the program, and nothing there.
fn bare(hosts: Vec<&'static str>) -> Fleet {
    let fleet = Fleet::start(&FleetOptions::embedded(hosts));
    for host in &fleet.hosts {
        fs::create_dir(host.dir.join("bin")).unwrap();
        let key = format!("deploy_to = \"{}\"\n", host.deploy_to().display());
        fleet.edit_inventory(&key, &format!("{key}swap_release = \"{}\"\n", program(host).display()));
    }
    fleet
}

fn program(host: &Host) -> PathBuf {
    host.dir.join("bin/swap-release")
}

/// What is in the directory of the program.
fn names(host: &Host) -> Vec<String> {
    let entries = fs::read_dir(host.dir.join("bin")).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// swap-release without what only debuggers need: another file of the same version.
fn slim(fleet: &Fleet) -> PathBuf {
    let path = fleet.dir().join("slim");
    let status = Command::new(peers::need("strip"))
        .arg("-o")
        .args([&path, &bin("swap-release")])
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    path
}

fn install(fleet: &Fleet, binary: &Path) -> Run {
    fleet.run("fleet-push").args(["install", "--fleet", "fleet.toml", "--binary"]).arg(binary)
}

fn same(one: &Path, other: &Path) -> bool {
    fs::read(one).unwrap() == fs::read(other).unwrap()
}

#[test]
fn a_bare_server_gets_it_and_a_push_works_and_again_changes_nothing_and_back_is_back() {
    needs_peers!();
    // beta has no SFTP.
    let fleet = bare(vec!["alpha", "beta"]);
    let slim = slim(&fleet);
    let first = install(&fleet, &slim).output().ok();
    for host in &fleet.hosts {
        assert!(same(&program(host), &slim));
        assert_eq!(fs::metadata(program(host)).unwrap().permissions().mode() & 0o7777, 0o755);
        assert_eq!(names(host), ["swap-release"]);
        let version = env!("CARGO_PKG_VERSION");
        let path = program(host).display().to_string();
        assert!(first.stderr.contains(&format!("{} has swap-release {version} in {path} now", host.name)));
    }
    fleet.deploy(1);

    let identity = |host: &Host| {
        let meta = fs::metadata(program(host)).unwrap();
        (meta.ino(), meta.mtime_nsec(), meta.ctime_nsec())
    };
    let before: Vec<_> = fleet.hosts.iter().map(identity).collect();
    install(&fleet, &slim).output().ok().says("alpha has it already").says("beta has it already");
    assert_eq!(before, fleet.hosts.iter().map(identity).collect::<Vec<_>>());

    // Another one on one server: the one before is kept, and comes back.
    let alpha = fleet.host("alpha");
    let other = fleet.dir().join("other");
    let mut bytes = fs::read(&slim).unwrap();
    bytes.extend(b"another build");
    fs::write(&other, bytes).unwrap();
    let told = install(&fleet, &other).args(["--only", "alpha"]).output().ok();
    let previous = program(alpha).with_extension("previous");
    assert!(same(&program(alpha), &other) && same(&previous, &slim), "{}", told.stderr);
    let back = || fleet.run("fleet-push").args(["install", "--fleet", "fleet.toml", "--back", "--only"]);
    back().arg("alpha").output().ok().says("keeps the former one");
    assert!(same(&program(alpha), &slim) && same(&previous, &other));
    assert_eq!(names(alpha), ["swap-release", "swap-release.previous"]);
    back().arg("beta").output().fails_naming(31, "beta").says("to go back to");
    fleet.deploy(2);
}

#[test]
fn it_is_installed_by_another_account_than_the_one_that_deploys() {
    needs_peers!();
    let fleet = bare(vec!["alpha"]);
    let slim = slim(&fleet);
    let user = Run::new("id", &fleet.dir()).arg("-un").output().ok().stdout.trim().to_owned();
    fleet.edit_inventory(&format!("user = \"{user}\""), "user = \"nobody-of-that-name\"");
    install(&fleet, &slim).output().fails_naming(31, "alpha").says("`nobody-of-that-name` was refused");
    install(&fleet, &slim).args(["--as", &user]).output().ok();
    assert!(same(&program(fleet.host("alpha")), &slim));
}

#[test]
fn a_program_for_another_machine_or_none_at_all_is_refused() {
    needs_peers!();
    let fleet = bare(vec!["alpha"]);
    let mut bytes = fs::read(slim(&fleet)).unwrap();
    // e_machine: S/390, which no machine of the tests is.
    bytes[18..20].copy_from_slice(&22u16.to_le_bytes());
    let foreign = fleet.dir().join("foreign");
    fs::write(&foreign, bytes).unwrap();
    install(&fleet, &foreign).output().fails_naming(31, "alpha").says("is for s390x, the host is ");
    fs::write(&foreign, "#!/bin/sh\necho swap-release 0.1.0\n").unwrap();
    install(&fleet, &foreign).output().fails_naming(2, "foreign");
    install(&fleet, &fleet.dir().join("none")).output().fails_naming(2, "none");
    assert!(names(fleet.host("alpha")).is_empty());
}

#[test]
fn a_run_that_is_cut_off_leaves_the_one_before_and_can_be_run_again() {
    needs_peers!();
    let fleet = bare(vec!["alpha", "beta"]);
    let slim = slim(&fleet);
    install(&fleet, &slim).output().ok();
    // With all that debuggers need it is ten times as large, and seconds on the way.
    let large = bin("swap-release");
    for end in ["TERM", "KILL"] {
        let mut run = install(&fleet, &large).start();
        eventually("both to arrive", Duration::from_secs(30), || {
            assert!(run.is_running(), "{}", run.stderr_so_far());
            fleet.hosts.iter().all(|host| names(host).len() > 1).then_some(())
        });
        if end == "TERM" {
            let asked = Instant::now();
            run.terminate();
            let output = run.wait().exits(143);
            assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
            assert!(!output.stderr.contains(" now"), "it was too late: {}", output.stderr);
        } else {
            run.kill9();
            assert_eq!(run.wait().signal, Some(9));
        }
        for host in &fleet.hosts {
            assert!(same(&program(host), &slim), "{} after SIG{end}", host.name);
        }
        fleet.swap("status").output().ok();
    }
    install(&fleet, &large).output().ok();
    for host in &fleet.hosts {
        assert!(same(&program(host), &large));
    }
    fleet.deploy(1);
}

#[test]
fn a_place_that_cannot_hold_it_or_run_it_is_named_with_a_remedy() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "mounting small file systems needs root") {
        return;
    }
    let fleet = bare(vec!["alpha", "beta", "gamma"]);
    let slim = slim(&fleet);
    let mounts: Vec<Tmpfs> = [("alpha", "size=1m"), ("beta", "size=400m,noexec"), ("gamma", "size=1m,ro")]
        .map(|(name, options)| Tmpfs::mount(&fleet.host(name).dir.join("bin"), options).unwrap())
        .into();
    let former = program(fleet.host("alpha"));
    fs::write(&former, "#!/bin/sh\necho swap-release 0.0.1\n").unwrap();
    fs::set_permissions(&former, fs::Permissions::from_mode(0o755)).unwrap();
    let told = install(&fleet, &slim).output().fails_naming(31, "alpha");
    let told = told.says("alpha failed: cannot write").says("beta failed: it does not run there");
    told.says("gamma failed: `").says("gamma remedy: log in as an account that may write to ");
    assert!(fs::read_to_string(&former).unwrap().contains("0.0.1"));
    assert_eq!(names(fleet.host("alpha")), ["swap-release"], "nothing is left of what did not fit");
    assert!(names(fleet.host("beta")).is_empty() && names(fleet.host("gamma")).is_empty());
    drop(fleet);
    drop(mounts);
}

#[test]
fn the_configuration_that_it_writes_starts_an_rtorrent_and_a_push_works() {
    needs_peers!();
    let options = FleetOptions { hosts: vec!["alpha", "beta"], web: false, ..FleetOptions::default() };
    let mut fleet = Fleet::start(&FleetOptions { embedded: vec!["beta"], seeder: false, ..options });
    fleet.host_mut("alpha").rtorrent.stop();
    let host = fleet.host("alpha");
    // What the harness runs is what is written; all that was there before goes, but for the configuration.
    let (state, units) = (host.dir.join("rt"), host.dir.join("units"));
    let config = state.join("rtorrent.rc");
    for name in ["session", "watch", "../site/incoming"] {
        fs::remove_dir_all(state.join(name)).unwrap();
    }
    let before = fs::read_to_string(&config).unwrap();
    let user = Run::new("id", &fleet.dir()).arg("-un").output().ok().stdout.trim().to_owned();
    let setup = |more: &[&str]| {
        let run = fleet.run("fleet-push").args(["install", "--fleet", "fleet.toml", "--rtorrent"]);
        run.args(["--rtorrent-user", &user, "--rtorrent-config"])
            .arg(&config)
            .arg("--unit-dir")
            .arg(&units)
            .args(more)
    };

    let shown = setup(&[]).output().ok();
    for words in [
        format!("# alpha: file {}: differs from what is there", config.display()),
        format!("network.scgi.open_local = {}", state.join("rpc.sock").display()),
        "RuntimeDirectory=site-rt".to_owned(),
        format!("directory {}", state.join("watch").display()),
    ] {
        assert!(shown.stdout.contains(&words), "{words}: {}", shown.stdout);
    }
    assert!(shown.stderr.contains("nothing was written") && !units.exists(), "{}", shown.stderr);
    assert!(shown.stderr.contains("beta has the embedded engine"), "{}", shown.stderr);
    assert_eq!(fs::read_to_string(&config).unwrap(), before);

    let written = setup(&["--write"]).output().ok();
    assert!(written.stderr.contains("the one before is kept as"), "{}", written.stderr);
    let kept: Vec<PathBuf> = fs::read_dir(&state)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains("rtorrent.rc.before-"))
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(fs::read_to_string(&kept[0]).unwrap(), before);
    let unit = fs::read_to_string(units.join("site-rt.service")).unwrap();
    assert!(unit.contains(&format!("import={}", config.display())), "{unit}");
    assert!(written.stderr.contains("left to do as root: "), "{}", written.stderr);
    let again = setup(&["--write"]).output().ok();
    assert!(!again.stderr.contains("new `") && !again.stderr.contains("kept as"), "{}", again.stderr);

    fleet.host_mut("alpha").rtorrent.resume();
    fleet.run("fleet-push").args(["doctor", "--fleet", "fleet.toml"]).output().ok();
    fleet.deploy(1);

    // What cannot be: a user that is not there, and no host with rtorrent.
    let run = fleet.run("fleet-push").args(["install", "--fleet", "fleet.toml", "--rtorrent", "--write"]);
    let run = run.args(["--rtorrent-user", "nobody-of-that-name", "--rtorrent-config"]).arg(&config);
    run.output().fails_naming(31, "alpha").says("useradd --system --home-dir ");
    let run =
        fleet.run("fleet-push").args(["install", "--fleet", "fleet.toml", "--rtorrent", "--only", "beta"]);
    run.output().fails_naming(2, "rtorrent");
}

#[test]
fn an_rtorrent_of_a_user_of_its_own_only_tells_and_the_deployment_looks() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "running rtorrent as another user needs root") {
        return;
    }
    let mut fleet = Fleet::start(&FleetOptions {
        hosts: vec!["alpha"],
        web: false,
        seeder: false,
        ..FleetOptions::default()
    });
    fleet.host_mut("alpha").rtorrent.stop();
    let host = fleet.host("alpha");
    let (state, units, etc) = (host.dir.join("rt"), host.dir.join("units"), host.dir.join("etc"));
    fs::remove_dir_all(&state).unwrap();
    fs::remove_dir_all(host.deploy_to().join("incoming")).unwrap();
    // Another user has to come as far as its own directories.
    fs::set_permissions(fleet.scratch(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(host.dir.join("bin")).unwrap();
    fs::copy(slim(&fleet), program(host)).unwrap();
    let ours = bin("swap-release").display().to_string();
    fleet.edit_inventory(&ours, &program(host).display().to_string());

    let config = etc.join("rtorrent.rc");
    let run = fleet.run("fleet-push").args(["install", "--fleet", "fleet.toml", "--rtorrent", "--write"]);
    let run = run.args(["--rtorrent-user", "nobody", "--rtorrent-config"]).arg(&config);
    run.arg("--unit-dir").arg(&units).output().ok();
    let mut start = Command::new("setpriv");
    start.args(["--reuid=nobody", "--regid=0", "--clear-groups", "--"]).arg(peers::need("rtorrent"));
    start.args(["-n", "-o"]).arg(format!("import={}", config.display())).env("HOME", &state);
    let mut daemon = Daemon::start("rtorrent of nobody", &start, &host.dir.join("rtorrent.log"));
    eventually("rtorrent to answer", Duration::from_secs(15), || {
        daemon.assert_running();
        rpc::call(&state.join("rpc.sock"), "system.client_version", &[]).ok()
    });

    let doctor = || fleet.run("fleet-push").args(["doctor", "--fleet", "fleet.toml"]).output();
    doctor().ok();
    // It may not write where payloads belong; the command that is shown helps.
    let incoming = host.deploy_to().join("incoming");
    std::os::unix::fs::chown(&incoming, Some(0), Some(0)).unwrap();
    fs::set_permissions(&incoming, fs::Permissions::from_mode(0o755)).unwrap();
    let told =
        doctor().fails_naming(31, "alpha").answers("rtorrent-downloads: rtorrent cannot write its downloads");
    let remedy = told.stdout.lines().find_map(|line| line.split_once("remedy, run there as root: install "));
    let remedy = format!("install {}", remedy.unwrap_or_else(|| panic!("{}", told.stdout)).1);
    assert!(remedy.contains("-o nobody"), "{remedy}");
    Run::new("sh", &fleet.dir()).args(["-c", &remedy]).output().ok();
    doctor().ok();
    fleet.deploy(1);
    let spool = state.join("events");
    let waiting = || fs::read_dir(&spool).unwrap().flatten().count();
    eventually("the event of rtorrent", Duration::from_secs(10), || (waiting() > 0).then_some(()));
    let unit = |name: &str| fs::read_to_string(units.join(name)).unwrap();
    assert!(unit("site-swap.path").contains(&format!("DirectoryNotEmpty={}", spool.display())));
    // What systemd would run then.
    let service = unit("site-swap.service");
    let line = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    Run::new("sh", &fleet.dir()).args(["-c", line]).output().ok();
    assert_eq!(waiting(), 0);
    fleet.assert_live("r1");
    drop(daemon);
}
