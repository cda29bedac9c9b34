//! The remedies of `fleet-push doctor` for what lies in the directory of a site: what is in the way, what is full, what visitors would
//! lose, and what a deployment left. See `remedies`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use e2e::mount::Tmpfs;
use e2e::{Fleet, FleetOptions, eventually, peers};
use rustix::fs::statvfs;
use serde_json::Value;

use crate::doctor::doctor;
use crate::needs_peers;
use crate::remedies::{Case, World, carry_out_as_root, plan_says, play, world};

#[test]
fn what_is_in_the_way_of_a_site_is_moved_away() {
    needs_peers!();
    play(&[
        Case {
            spoil: "rm -rf \"$SITE/incoming\" && echo x >\"$SITE/incoming\" && chown \"$ACCOUNT\": \"$SITE/incoming\"",
            check: "deploy-to",
            found: "/incoming` is not a directory",
            remedy: "mv -- ",
        },
        Case {
            spoil: "rm \"$SITE/current\" && echo x >\"$SITE/current\" && chown \"$ACCOUNT\": \"$SITE/current\"",
            check: "current",
            found: "/current` is a file",
            remedy: "mv -- ",
        },
        Case {
            spoil: "mkdir \"$SITE/../old\" && echo '<?php' >\"$SITE/../old/index.php\" && chown -R \"$ACCOUNT\": \"$SITE/../old\" && \
                    ln -sfn ../old \"$SITE/current\"",
            check: "current",
            found: "which is no release of ours",
            remedy: "swap-release adopt ",
        },
        Case {
            spoil: "mv \"$SITE/shared/sites/default/files\" \"$SITE/../kept\" && echo x >\"$SITE/shared/sites/default/files\" && \
                    chown \"$ACCOUNT\": \"$SITE/shared/sites/default/files\"",
            check: "shared",
            found: "files` is not a directory",
            remedy: "mv -- ",
        },
        Case {
            spoil: "chown root: \"$SITE/releases/$(readlink \"$SITE/current\" | sed 's,.*/,,')\"",
            check: "state-files",
            found: "it cannot be pruned",
            remedy: "chown -R -h -- ",
        },
        Case {
            spoil: "echo x >\"$SITE/incoming/left-by-root\"",
            check: "state-files",
            found: "a push that brings a file of this name fails",
            remedy: "chown -R -h -- ",
        },
        Case {
            spoil: "echo '{ torn' >\"$SITE/.swap/remains.json\" && chown \"$ACCOUNT\": \"$SITE/.swap/remains.json\"",
            check: "state",
            found: "remains.json` is unreadable",
            remedy: "mv -- ",
        },
        Case {
            spoil: "echo '{ torn' >\"$SITE/.swap/afterwards.json\" && chown \"$ACCOUNT\": \"$SITE/.swap/afterwards.json\"",
            check: "state",
            found: "afterwards.json` is unreadable",
            remedy: "mv -- ",
        },
    ]);
}

/// Where words are the remedy they are done word by word.
#[test]
fn what_words_say_of_shared_paths_and_of_mounts_helps() {
    needs_peers!();
    let Some(mut world) = world() else { return };
    world.deploy();
    let settings = "\"$SITE/shared/sites/default/settings.php\"";
    world.root(&format!("rm {settings} && install -d -o \"$ACCOUNT\" {settings}"));
    world.mend("shared", "is a directory, but", "or put a file in its place", |world, check| {
        world.carry_out(check);
        world
            .root(&format!("rmdir {settings} && echo '<?php' >{settings} && chown \"$ACCOUNT\": {settings}"));
    });
    world.root(&format!("rm {settings} && ln -s \"$SITE/../etc/settings.php\" {settings}"));
    world.mend(
        "shared",
        "etc/settings.php`, where nothing is",
        "put this server's own file there",
        |world, check| {
            world.carry_out(check);
            world.root("echo '<?php' >\"$SITE/../etc/settings.php\"");
        },
    );
    let mounted = Tmpfs::mount(&world.site().join("incoming"), "size=50m,mode=777").unwrap();
    world.mend(
        "one-file-system",
        "is on another file system",
        "mount it above all of them",
        |world, check| {
            world.carry_out(check);
            drop(mounted);
            world.root("rm -rf \"$SITE\"/incoming/*");
        },
    );
}

#[test]
fn what_visitors_would_lose_is_kept_and_what_nothing_links_is_linked() {
    needs_peers!();
    let Some(mut world) = world() else { return };
    world.deploy();
    // What was uploaded into the release itself, at a path that is to be shared from now on.
    world.root("install -d -o \"$ACCOUNT\" \"$SITE/releases/t1/uploads\" && echo upload >\"$SITE/releases/t1/uploads/a.jpg\"");
    world.fleet.edit_inventory(
        "shared = [\"sites/default/files/\"",
        "shared = [\"uploads/\", \"sites/default/files/\"",
    );
    world.mend("shared-data", "the live site has 1 file in", "cp -a -- ", |world, check| {
        world.carry_out(check);
    });
    let upload = world.site().join("current/uploads/a.jpg");
    assert_eq!(fs::read_to_string(upload).unwrap(), "upload\n");

    world.root(
        "echo banner >\"$SITE/shared/banner.html\" && chown \"$ACCOUNT\": \"$SITE/shared/banner.html\"",
    );
    world.mend("shared-data", "`banner.html`", "name it in `shared` of fleet.toml, with a ?", |world, _| {
        world.fleet.edit_inventory("shared = [\"uploads/\"", "shared = [\"banner.html?\", \"uploads/\"");
    });
    assert_eq!(fs::read_to_string(world.site().join("current/banner.html")).unwrap(), "banner\n");

    // A docroot elsewhere has the uploads, and `shared/` an empty directory.
    world.root(
        "mkdir -p \"$SITE/../docroot/uploads\" && echo old >\"$SITE/../docroot/uploads/b.jpg\" && rm -r \"$SITE/shared/uploads\" && \
         mkdir \"$SITE/shared/uploads\" && chown -R \"$ACCOUNT\": \"$SITE/../docroot\" \"$SITE/shared\" && \
         ln -sfn ../docroot \"$SITE/current\"",
    );
    let told = doctor(&world.fleet, &[]);
    let stake = told.ill("alpha", "shared-data", "b.jpg").clone();
    plan_says(&world.fleet, &stake);
    world.carry_out(&stake);
    world.mend("current", "which is no release of ours", "swap-release adopt ", |world, check| {
        world.carry_out(check);
    });
    assert_eq!(fs::read_to_string(world.site().join("current/uploads/b.jpg")).unwrap(), "old\n");
}

/// Releases that were live long ago: a server in use for years has them.
fn make_old(site: &Path) {
    for release in fs::read_dir(site.join(".swap/releases")).unwrap().flatten() {
        for file in fs::read_dir(release.path()).unwrap().flatten() {
            let Ok(text) = fs::read_to_string(file.path()) else { continue };
            let Ok(mut state) = serde_json::from_str::<Value>(&text) else { continue };
            if state.get("since").is_some() {
                state["since"] = "2020-01-01T00:00:00Z".into();
                fs::write(file.path(), state.to_string()).unwrap();
            }
        }
    }
}

#[test]
fn a_full_disk_is_made_room_on_by_the_commands_that_are_printed() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "mounting a small file system needs root") {
        return;
    }
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha"]));
    let site = fleet.host("alpha").deploy_to();
    let small = Tmpfs::mount(&site, "size=300m").unwrap();
    fs::create_dir_all(site.join("shared/sites/default/files")).unwrap();
    fleet.host("alpha").write_settings(&["site_name"]);
    let deploy = |number: u32| {
        // Large enough that the payload counts.
        let noise: Vec<u8> =
            (0..4_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        fs::write(fleet.site(number).join("large.bin"), noise).unwrap();
        fleet.deploy(number);
    };
    (1..=3).for_each(deploy);
    make_old(&site);
    let free = || statvfs(&site).map(|all| all.f_bavail * all.f_frsize).unwrap();
    let filler = free().saturating_sub(5_000_000);
    fs::write(site.join("somebodys-backup"), vec![0; usize::try_from(filler).unwrap()]).unwrap();
    let mend = |words: &str| {
        let told = doctor(&fleet, &[]);
        let fault = told.fault("alpha", "free-space", words).clone();
        // The plan knows the very release that is to come, and says how much that needs.
        let plan = fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml"]).output();
        let is_enough = plan.code == Some(0);
        assert!(is_enough || plan.stdout.contains("not enough"), "{plan:?}");
        carry_out_as_root(&fleet, &fault);
        doctor(&fleet, &[]).well();
    };
    mend("free below");
    assert_eq!(fleet.host("alpha").releases(), ["r2", "r3"], "the oldest went");
    fs::remove_file(site.join("somebodys-backup")).unwrap();
    deploy(4);

    // The same of inodes.
    make_old(&site);
    let all = statvfs(&site).unwrap();
    small.remount(&format!("nr_inodes={}", all.f_files - all.f_ffree + 60));
    mend("inodes free below");
    deploy(5);

    // None at all: no file can be made.
    let all = statvfs(&site).unwrap();
    small.remount(&format!("nr_inodes={}", all.f_files - all.f_ffree + 1500));
    for number in 0..2000 {
        fs::create_dir_all(site.join("shared/cache")).ok();
        let _full = fs::write(site.join(format!("shared/cache/{number}")), "");
    }
    let told = doctor(&fleet, &[]);
    let fault = told.fault("alpha", "writing", "no file can be made in").clone();
    assert!(fault["remedy"].as_str().unwrap().contains("directories of many small files"), "{fault:#}");
    plan_says(&fleet, &fault);
    carry_out_as_root(&fleet, &fault);
    fs::remove_dir_all(site.join("shared/cache")).unwrap();
    doctor(&fleet, &[]).well();
    make_old(&site);
    deploy(6);
    drop(fleet);
    drop(small);
}

/// Hooks that do as files say: one refuses a release, the other cannot take back what it did.
const HOOKS: &str = "[[hooks]]\nname = \"follow\"\nphase = [\"after-switch\", \"after-revert\"]\n\
                     run = [\"sh\", \"-c\", \"test ! -e $MKT_DEPLOY_TO/../broken\"]\n\
                     [[hooks]]\nname = \"inspect\"\nphase = \"before-commit\"\n\
                     run = [\"sh\", \"-c\", \"test ! -e $MKT_DEPLOY_TO/../refuse || { touch $MKT_DEPLOY_TO/../broken; false; }\"]\n";

#[test]
fn what_a_deployment_left_is_finished_by_what_is_printed() {
    needs_peers!();
    let Some(mut world) = world() else { return };
    world.root("chown \"$ACCOUNT\" \"$SITE/..\"");
    world.fleet.extend_inventory(HOOKS);
    world.deploy();
    let site = world.site();

    // Somebody is at work.
    let swap = bin_of(&world);
    let hold = format!("{swap} activate --deploy-to {} --in-step --confirm-within 60s t1", site.display());
    let mut holder = e2e::Run::new("runuser", Path::new("/"))
        .args(["-u", world.account.name(), "--", "sh", "-c", &hold])
        .with_stdin()
        .start();
    eventually("the lock to be held", Duration::from_secs(10), || {
        assert!(holder.is_running(), "{}", holder.stderr_so_far());
        (!holder.stdout_so_far().is_empty()).then_some(())
    });
    world.mend("state", "a deployment is under way there", "wait for its end", |world, check| {
        world.carry_out(check);
        // Its end.
        holder.terminate();
        let _ended = holder.wait();
    });

    // A hook that could not take back what it did.
    fs::write(site.join("../refuse"), "").unwrap();
    let id = "refused";
    let tree = world.fleet.dir().join("tiny");
    fs::write(tree.join("index.php"), "<?php echo 'refused';\n").unwrap();
    world.fleet.pack(&tree, id).output().ok();
    world.fleet.publish().output().ok();
    world.fleet.push().output().ok();
    world.fleet.swap("activate").output().exits(41);
    fs::remove_file(site.join("../refuse")).unwrap();
    world.mend("state", "hook `follow` fails since", "mend what it says", |world, check| {
        // What it says.
        fs::remove_file(site.join("../broken")).unwrap();
        world.carry_out(check);
    });
}

fn bin_of(world: &World) -> String {
    world.fleet.host("alpha").dir.join("bin/swap-release").display().to_string()
}
