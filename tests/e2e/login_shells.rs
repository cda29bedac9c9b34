//! Accounts whose login shell prints what nobody asked for, and accounts with other shells than sh.

use std::fs;

use e2e::{Fleet, FleetOptions, Output, keys};

use crate::needs_peers;

/// Has the hosts run every command by `wrapper`, which sshd gives to the account's own shell.
fn wrap(fleet: &Fleet, wrapper: &str) {
    let key = fs::read_to_string(keys::with_pub(&fleet.client_key())).unwrap();
    let quoted = wrapper.replace('"', "\\\"");
    fs::write(fleet.scratch().join("authorized_keys"), format!("command=\"{quoted}\" {key}")).unwrap();
}

/// Runs the command in the way that it would run as the account's login shell.
fn as_login_shell(fleet: &Fleet, shell: &str) {
    wrap(fleet, &format!("exec {shell} -c \"$SSH_ORIGINAL_COMMAND\""));
}

/// Each host is warned of once.
#[track_caller]
fn warned_once(fleet: &Fleet, output: Output) -> Output {
    for host in &fleet.hosts {
        let warning = format!("host `{}`: its account prints `Welcome", host.name);
        assert_eq!(output.stderr.matches(&warning).count(), 1, "{warning}\n{}", output.stderr);
    }
    assert!(output.stderr.contains(".bashrc"), "{}", output.stderr);
    output
}

#[test]
fn what_a_login_prints_is_told_and_hides_no_answer() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    // Without a line end, and like an answer of swap-release.
    wrap(
        &fleet,
        "printf 'Welcome {\"schema\":\"status/1\"} '; echo 'mesg: not a tty' >&2; sh -c \"$SSH_ORIGINAL_COMMAND\"; echo Goodbye",
    );
    let again = |verb: &str| fleet.run("swap-release").args([verb, "--fleet", "fleet.toml"]).output();
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let doctor = |name: &str| fleet.run("fleet-push").args([name, "--fleet", "fleet.toml"]).output().ok();
    warned_once(&fleet, doctor("doctor"));
    warned_once(&fleet, doctor("plan"));
    warned_once(&fleet, fleet.push().output().ok());
    warned_once(&fleet, fleet.swap("activate").output().ok());
    fleet.assert_live("r1");
    fleet.deploy(2);
    fleet.assert_live("r2");
    warned_once(&fleet, again("status").ok());
    warned_once(&fleet, fleet.swap("rollback").output().ok());
    fleet.assert_live("r1");
    // What a command says by its status comes through the wrapper, which always ends well.
    fs::remove_file(fleet.host("beta").release_dir("r1").join("index.php")).unwrap();
    let verify = again("verify");
    assert!(verify.code.is_some_and(|code| code != 0), "{}", verify.stderr);
}

#[test]
fn every_verb_goes_through_every_login_shell() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    let shells = ["/bin/csh", "/usr/bin/fish", "/bin/zsh", "/bin/tcsh", "/bin/ksh", "/bin/dash"];
    for shell in shells {
        assert!(std::path::Path::new(shell).exists(), "{shell} is missing: see PACKAGES in scripts/test");
    }
    let [csh, fish, zsh, tcsh, ksh, dash] = shells;
    let of_fleet =
        |name: &str, verb: &str| fleet.run(name).args([verb, "--fleet", "fleet.toml"]).output().ok();
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    as_login_shell(&fleet, csh);
    of_fleet("fleet-push", "doctor");
    of_fleet("fleet-push", "plan");
    fleet.push().output().ok();
    as_login_shell(&fleet, fish);
    fleet.swap("activate").output().ok();
    fleet.assert_live("r1");
    as_login_shell(&fleet, zsh);
    fleet.pack(&fleet.site(2), "r2").output().ok();
    fleet.publish().output().ok();
    fleet.push().output().ok();
    as_login_shell(&fleet, tcsh);
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
    as_login_shell(&fleet, ksh);
    fleet.swap("rollback").output().ok();
    fleet.assert_live("r1");
    as_login_shell(&fleet, dash);
    of_fleet("swap-release", "status");
    of_fleet("swap-release", "verify");
}
