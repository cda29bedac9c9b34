//! Tests of the command line: what wins, what is refused, and that it shows no secret.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use cli::Failure;
use record::ExitCode;

use super::*;

const FLEET: &str = "\
[site]
deploy_to = \"/srv/site\"
[seeder]
rpc_socket = \"/run/seed.sock\"
directory = \"/srv/seed\"
peer = \"127.0.0.5:6890\"
[hosts.web1]
address = \"10.0.0.11\"
[hosts.web2]
address = \"127.0.0.12\"
";

fn resolve(args: &[&str], fleet: Option<&str>) -> Result<Settings, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fleet.toml");
    let mut all = vec!["tracker-publish".to_owned()];
    if let Some(text) = fleet {
        fs::write(&path, text).unwrap();
        all.extend(["--fleet".to_owned(), path.display().to_string()]);
    }
    all.extend(args.iter().map(|&arg| arg.to_owned()));
    CommandLine::try_parse_from(all).unwrap().resolve()
}

#[test]
fn the_definition_is_consistent() {
    CommandLine::command().debug_assert();
}

#[test]
fn the_inventory_fills_what_no_flag_gives() {
    let settings = resolve(&["--seeder-directory", "/elsewhere"], Some(FLEET)).unwrap();
    assert_eq!(settings.seeder.socket, Path::new("/run/seed.sock"));
    assert_eq!(settings.seeder.directory, Path::new("/elsewhere"));
    assert_eq!(settings.seeder.peer.to_string(), "127.0.0.5:6890");
    assert_eq!(settings.tracker, Tracker::none());
    assert_eq!(settings.timeout, Duration::from_secs(120));
    assert_eq!(settings.hosts_elsewhere, ["web1"]);
    assert!(settings.seeder.is_loopback());
}

#[test]
fn flags_alone_are_enough() {
    let args = ["--seeder-socket", "/s", "--seeder-directory", "/d", "--seeder-peer", "10.0.0.5:6890"];
    let settings = resolve(&args, None).unwrap();
    assert_eq!(settings.seeder.peer.to_string(), "10.0.0.5:6890");
    for missing in [0, 2, 4] {
        let mut fewer = args.to_vec();
        fewer.drain(missing..missing + 2);
        let error = resolve(&fewer, None).unwrap_err();
        assert_eq!(error.exit_code(), ExitCode::Usage);
        assert!(error.to_string().contains(args[missing]), "{error}");
    }
}

#[test]
fn the_tracker_comes_from_the_flag_then_from_the_inventory() {
    let announcing =
        format!("{FLEET}[tracker]\nmode = \"announce\"\nannounce = \"http://fleet.example/announce\"\n");
    let of = |args: &[&str], fleet: &str| resolve(args, Some(fleet)).map(|settings| settings.tracker);
    let configured = Tracker::announce("http://fleet.example/announce").unwrap();
    let typed = Tracker::announce("udp://flag.example:80").unwrap();
    assert_eq!(of(&[], &announcing).unwrap(), configured);
    assert_eq!(of(&["--mode", "announce"], &announcing).unwrap(), configured);
    assert_eq!(of(&["--mode", "none"], &announcing).unwrap(), Tracker::none());
    assert_eq!(of(&["--announce", "udp://flag.example:80"], &announcing).unwrap(), typed);
    assert_eq!(of(&["--announce", "udp://flag.example:80"], FLEET).unwrap(), typed);
    assert!(matches!(
        of(&["--mode", "announce"], FLEET),
        Err(Error::MissingSetting { flag: "--announce", .. })
    ));
    assert!(matches!(
        of(&["--mode", "none", "--announce", "udp://flag.example:80"], FLEET),
        Err(Error::AnnounceWithoutTracker)
    ));
}

#[test]
fn an_authority_that_is_none_is_refused_from_flag_and_inventory() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, missing) = (folder.path().join("empty.pem"), folder.path().join("missing.pem"));
    fs::write(&empty, "").unwrap();
    let announcing = |key: &str| {
        format!("{FLEET}[tracker]\nmode = \"announce\"\nannounce = \"https://t.example/announce\"\n{key}")
    };
    let in_file = announcing(&format!("ca_file = \"{}\"\n", empty.display()));
    let missing = missing.display().to_string();
    for (args, fleet, why) in [
        (vec![], in_file.as_str(), "holds no certificate"),
        (vec!["--ca-file", &missing], in_file.as_str(), "missing.pem"),
        (vec!["--ca-file", &missing], FLEET, "No such file"),
    ] {
        let error = resolve(&args, Some(fleet)).unwrap_err();
        assert!(matches!(error, Error::CaFile { .. }) && error.to_string().contains(why), "{error}");
        assert_eq!(error.exit_code(), ExitCode::Usage);
    }
}

#[test]
fn a_passkey_is_refused_wherever_it_comes_from_and_not_repeated() {
    let secret = "http://t.example/0123456789abcdef0123456789abcdef/announce";
    let in_file = format!("{FLEET}[tracker]\nmode = \"announce\"\nannounce = \"{secret}\"\n");
    for outcome in [resolve(&["--announce", secret], Some(FLEET)), resolve(&[], Some(&in_file))] {
        let error = outcome.unwrap_err();
        let shown = format!("{error} {error:?} {:?}", error.hint());
        assert_eq!(error.exit_code(), ExitCode::Usage);
        assert!(shown.contains("t.example") && !shown.contains("0123456789"), "{shown}");
    }
}

#[test]
fn help_does_not_show_the_value_of_the_announce_variable() {
    let command = CommandLine::command();
    let announce = command.get_arguments().find(|argument| argument.get_id() == "announce").unwrap();
    assert!(announce.get_env().is_some() && announce.is_hide_env_values_set());
}

#[test]
fn an_address_nobody_can_dial_is_refused() {
    for peer in ["0.0.0.0:6890", "10.0.0.5:0", "[2001:db8::5]:6890"] {
        let error = resolve(&["--seeder-peer", peer], Some(FLEET)).unwrap_err();
        assert!(matches!(error, Error::SeederPeer { .. }), "{peer}: {error}");
        assert_eq!(error.exit_code(), ExitCode::Usage);
    }
}
