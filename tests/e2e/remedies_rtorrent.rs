//! The remedies of `fleet-push doctor` for an rtorrent that runs as somebody else than the account that deploys. No systemd runs
//! here: what it would start anew is the same process with the same configuration. See `remedies`.

use std::fs;
use std::path::PathBuf;

use e2e::{FleetOptions, peers};
use serde_json::Value;

use crate::doctor::doctor;
use crate::needs_peers;
use crate::remedies::{World, plan_says};

fn rtorrent_world() -> Option<World> {
    if !peers::skip_unless(module_path!(), peers::is_root(), "making an account needs root") {
        return None;
    }
    let options = FleetOptions { hosts: vec!["alpha"], web: false, seeder: false, ..FleetOptions::default() };
    let mut world = World::start(&options);
    // Of another account than the site's they would leave files that are not its own.
    world.fleet.host_mut("alpha").rtorrent.forget_events();
    Some(world)
}

/// Every command as it is printed; the unit is our process.
#[track_caller]
fn carry_out(world: &mut World, check: &Value) {
    for command in check["commands"].as_array().unwrap() {
        if command["command"] == "systemctl restart site-rt.service" {
            restart(world);
        } else {
            world.carry_out_one(command);
        }
    }
}

fn restart(world: &mut World) {
    let rtorrent = &mut world.fleet.host_mut("alpha").rtorrent;
    rtorrent.stop();
    rtorrent.resume();
}

/// Changes rtorrent's configuration.
#[track_caller]
fn configure(world: &World, from: &str, to: &str) {
    let path = world.fleet.host("alpha").dir.join("rt/rtorrent.rc");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// The course of what only a trial finds out, which a plan does not make.
#[track_caller]
fn mend_by_trial(
    world: &mut World,
    name: &str,
    found: &str,
    remedy: &str,
    by: impl FnOnce(&mut World, &Value),
) {
    let check = doctor(&world.fleet, &[]).ill("alpha", name, found).clone();
    assert!(format!("{check}").contains(remedy), "no `{remedy}` in {check:#}");
    by(world, &check);
    let told = doctor(&world.fleet, &[]).well();
    assert_eq!(told.check("alpha", name)["verdict"], "ok", "{:#}", told.json);
    world.deploy();
}

#[test]
fn an_rtorrent_of_another_account_is_put_right_by_what_is_printed() {
    needs_peers!();
    let Some(mut world) = rtorrent_world() else { return };
    world.fleet.pack(&world.fleet.site(1), "r1").output().ok();
    let rtorrent = &world.fleet.host("alpha").rtorrent;
    let (socket, watch) = (rtorrent.socket(), rtorrent.watch());

    // Neither is the account's.
    let told = doctor(&world.fleet, &[]);
    let closed = told.ill("alpha", "rtorrent-rpc", "may not use the socket").clone();
    let shut = told.ill("alpha", "rtorrent-watch", "may not write to").clone();
    plan_says(&world.fleet, &closed);
    plan_says(&world.fleet, &shut);
    carry_out(&mut world, &closed);
    // And as the words say, each start makes it anew.
    assert!(closed["remedy"].as_str().unwrap().contains("configuration has to do that"), "{closed:#}");
    let mode = format!("execute.nothrow = chmod,0660,{}\n", socket.display());
    let group = format!("execute.nothrow = chgrp,{},{}\n", world.account.name(), socket.display());
    configure(&world, &mode, &format!("{mode}{group}"));
    carry_out(&mut world, &shut);
    doctor(&world.fleet, &[]).well();
    world.deploy();

    world.fleet.host_mut("alpha").rtorrent.stop();
    world.mend("rtorrent-rpc", "rtorrent does not answer", "systemctl restart ", carry_out);

    // Without its socket it could be fed all the same, so that a plan goes on.
    world.fleet.host_mut("alpha").rtorrent.stop();
    fs::remove_file(&socket).unwrap();
    world.fleet.pack(&world.fleet.site(2), "r2").output().ok();
    let plan = world.fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml"]).output().ok();
    assert!(plan.stdout.contains("no RPC socket"), "{plan:?}");
    mend_by_trial(&mut world, "rtorrent-rpc", "is not there", "systemctl restart ", carry_out);

    // Another file than its socket.
    let quoted = |path: &PathBuf| format!("\"{}\"", path.display());
    let file = world.fleet.scratch().join("file");
    fs::write(&file, "").unwrap();
    world.fleet.edit_inventory(&quoted(&socket), &quoted(&file));
    world.mend("rtorrent-rpc", "is not a socket", "set `rpc_socket` in fleet.toml", |world, check| {
        carry_out(world, check);
        world.fleet.edit_inventory(&quoted(&file), &quoted(&socket));
    });

    fs::rename(&watch, watch.with_extension("away")).unwrap();
    world.mend("rtorrent-watch", "is not there", "make it, and start rtorrent anew", carry_out);

    world.fleet.edit_inventory(&quoted(&watch), &quoted(&file));
    world.mend("rtorrent-watch", "is not a directory", "set `watch_dir` in fleet.toml", |world, check| {
        carry_out(world, check);
        world.fleet.edit_inventory(&quoted(&file), &quoted(&watch));
    });
}

#[test]
fn what_only_a_trial_finds_out_of_an_rtorrent_is_put_right_by_what_is_printed() {
    needs_peers!();
    let Some(mut world) = rtorrent_world() else { return };
    let rtorrent = &world.fleet.host("alpha").rtorrent;
    let (socket, watch) = (rtorrent.socket(), rtorrent.watch());
    let mode = format!("execute.nothrow = chmod,0660,{}\n", socket.display());
    let group = format!("execute.nothrow = chgrp,{},{}\n", world.account.name(), socket.display());
    configure(&world, &mode, &format!("{mode}{group}"));
    restart(&mut world);
    world.root(&format!("chgrp \"$ACCOUNT\" {0} && chmod 2775 {0}", watch.display()));
    doctor(&world.fleet, &[]).well();
    let site = world.site();

    // Files that only it can read.
    configure(&world, "system.umask.set = 0022", "system.umask.set = 0077");
    restart(&mut world);
    mend_by_trial(
        &mut world,
        "rtorrent-downloads",
        "cannot read what rtorrent writes",
        "umask must be 0022",
        |world, check| {
            carry_out(world, check);
            configure(world, "system.umask.set = 0077", "system.umask.set = 0022");
            restart(world);
        },
    );

    // What is in the way.
    fs::rename(site.join("incoming"), site.join("before")).unwrap();
    fs::write(site.join("incoming"), "in the way").unwrap();
    mend_by_trial(&mut world, "rtorrent-downloads", "cannot write its downloads", "mv -- ", carry_out);

    // Elsewhere than fleet.toml says.
    let other = world.fleet.scratch().join("elsewhere");
    fs::create_dir(&other).unwrap();
    let (from, to) = (format!("d.directory.set={}", site.join("incoming").display()), other.display());
    configure(&world, &from, &format!("d.directory.set={to}"));
    restart(&mut world);
    let told = doctor(&world.fleet, &[]);
    let check = told.ill("alpha", "rtorrent-downloads", "downloads go to").clone();
    carry_out(&mut world, &check);
    configure(&world, &format!("d.directory.set={to}"), &from);
    restart(&mut world);
    assert_eq!(doctor(&world.fleet, &[]).well().check("alpha", "rtorrent-downloads")["verdict"], "ok");

    // A directory that it does not watch.
    let unwatched = world.fleet.scratch().join("unwatched");
    world.root(&format!("install -d -o \"$ACCOUNT\" {}", unwatched.display()));
    let quoted = |path: &PathBuf| format!("\"{}\"", path.display());
    world.fleet.edit_inventory(&quoted(&watch), &quoted(&unwatched));
    mend_by_trial(
        &mut world,
        "rtorrent-watch",
        "does not watch",
        "set `watch_dir` in fleet.toml",
        |world, check| {
            carry_out(world, check);
            world.fleet.edit_inventory(&quoted(&unwatched), &quoted(&watch));
        },
    );

    // Its events, by the lines of the configuration that is printed.
    let told = doctor(&world.fleet, &[]);
    let silent = told.ill("alpha", "rtorrent-events", "does not tell swap-release").clone();
    let command = silent["commands"][0]["command"].as_str().unwrap();
    let path =
        format!("{}:{}", e2e::bin("fleet-push").parent().unwrap().display(), std::env::var("PATH").unwrap());
    let run = e2e::Run::new("sh", &world.fleet.dir()).args(["-c", command]).env("PATH", path);
    let printed = run.output().ok().stdout;
    let lines: Vec<&str> =
        printed.lines().map(str::trim).filter(|line| line.starts_with("method.set_key")).collect();
    assert_eq!(lines.len(), 2, "{printed}");
    configure(&world, "directory.watch.added", &format!("{}\n{}\ndirectory.watch.added", lines[0], lines[1]));
    restart(&mut world);
    assert_eq!(doctor(&world.fleet, &[]).well().check("alpha", "rtorrent-events")["verdict"], "ok");
}
