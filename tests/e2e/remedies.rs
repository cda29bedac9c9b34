//! Every remedy of `fleet-push doctor` helps: the fault is made on a real server, doctor and plan name it, the commands are run
//! as they are printed, by whom and where they say, and then doctor, push and activate go through. The account that deploys
//! is nobody's friend here: neither root nor the owner of what others left.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use e2e::account::Account;
use e2e::mount::Tmpfs;
use e2e::{Fleet, FleetOptions, Run, bin, peers};
use serde_json::Value;

use crate::doctor::doctor;
use crate::needs_peers;

/// A server whose account is its own, with all that the account needs.
pub(crate) struct World {
    pub(crate) account: Account,
    releases: u32,
    // Last, since the account's home is below its directory.
    pub(crate) fleet: Fleet,
}

/// A fault, and how it is told.
pub(crate) struct Case {
    /// For a shell of root's; SITE, BIN and ACCOUNT are what they say.
    pub(crate) spoil: &'static str,
    pub(crate) check: &'static str,
    /// In what was found.
    pub(crate) found: &'static str,
    /// In what is to be done, words or command.
    pub(crate) remedy: &'static str,
}

impl World {
    /// One host, alpha, as `options` have it.
    pub(crate) fn start(options: &FleetOptions) -> Self {
        let fleet = Fleet::start(options);
        let account = Account::create(&fleet.scratch().join("home"));
        let host = fleet.host("alpha");
        fleet.edit_inventory("user = \"root\"", &format!("user = \"{}\"", account.name()));
        let programs = host.dir.join("bin");
        fs::create_dir(&programs).unwrap();
        fs::copy(bin("swap-release"), programs.join("swap-release")).unwrap();
        let ours = bin("swap-release").display().to_string();
        fleet.edit_inventory(
            &format!("swap_release = \"{ours}\""),
            &format!("swap_release = \"{}\"", programs.join("swap-release").display()),
        );
        let world = Self { account, releases: 0, fleet };
        // The account has to come to its own directories, and sshd in its name to the keys.
        world.root("chmod 711 \"$SCRATCH\" && chown -R \"$ACCOUNT\": \"$SITE\" \"$BIN\"");
        world
    }

    pub(crate) fn site(&self) -> PathBuf {
        self.fleet.host("alpha").deploy_to()
    }

    /// Runs a line as root.
    #[track_caller]
    pub(crate) fn root(&self, line: &str) {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        self.run(command, line);
    }

    #[track_caller]
    pub(crate) fn run(&self, mut command: Command, line: &str) {
        command.env("SITE", self.site()).env("BIN", self.fleet.host("alpha").dir.join("bin"));
        command.env("SCRATCH", self.fleet.scratch()).env("ACCOUNT", self.account.name());
        let output = command.current_dir("/").stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Does what a check says is to be done: every command, in its order, where and as whom it says.
    #[track_caller]
    pub(crate) fn carry_out(&self, check: &Value) {
        for command in check["commands"].as_array().unwrap() {
            self.carry_out_one(command);
        }
    }

    /// Runs one command of a remedy.
    #[track_caller]
    pub(crate) fn carry_out_one(&self, command: &Value) {
        let line = command["command"].as_str().unwrap();
        match command["place"].as_str().unwrap() {
            "root" => self.root(line),
            "host" => self.run(self.account.shell(line), line),
            _ => {
                let programs = bin("fleet-push").parent().unwrap().display().to_string();
                let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
                Run::new("sh", &self.fleet.dir()).args(["-c", line]).env("PATH", path).output().ok();
            }
        }
    }

    /// A new release goes all the way.
    #[track_caller]
    pub(crate) fn deploy(&mut self) {
        self.releases += 1;
        let id = format!("t{}", self.releases);
        let site = self.fleet.dir().join("tiny");
        fs::create_dir_all(&site).unwrap();
        fs::write(site.join("index.php"), format!("<?php echo '{id}';\n")).unwrap();
        self.fleet.pack(&site, &id).output().ok();
        self.fleet.publish().output().ok();
        self.fleet.push().output().ok();
        self.fleet.swap("activate").output().ok();
        self.fleet.assert_live(&id);
    }

    /// The whole course of a fault.
    #[track_caller]
    fn play(&mut self, case: &Case) {
        self.root(case.spoil);
        self.mend(case.check, case.found, case.remedy, |world, check| world.carry_out(check));
    }

    /// What doctor finds is what plan finds; once `by` has done as the remedy says, neither does, and a release goes all the way.
    #[track_caller]
    pub(crate) fn mend(&mut self, name: &str, found: &str, remedy: &str, by: impl FnOnce(&mut Self, &Value)) {
        let told = doctor(&self.fleet, &[]);
        let check = told.ill("alpha", name, found).clone();
        if check["verdict"] == "fault" {
            told.fault("alpha", name, found);
        }
        assert!(format!("{check}").contains(remedy), "`{found}`: no `{remedy}` in {check:#}");
        plan_says(&self.fleet, &check);
        by(self, &check);
        let told = doctor(&self.fleet, &[]).well();
        let again = told.checks("alpha").iter().find(|one| one["found"] == check["found"]);
        assert!(again.is_none(), "{again:#?}");
        self.deploy();
    }

    /// Whatever doctor finds a fault is one for plan.
    #[track_caller]
    fn plan_says(&self, check: &Value) {
        plan_says(&self.fleet, check);
    }
}

pub(crate) fn world() -> Option<World> {
    let root = peers::is_root();
    peers::skip_unless(module_path!(), root, "making an account needs root")
        .then(|| World::start(&FleetOptions::embedded(vec!["alpha"])))
}

/// Whatever doctor finds a fault is one for plan, and a warning is a warning.
#[track_caller]
pub(crate) fn plan_says(fleet: &Fleet, check: &Value) {
    let output = fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml", "--json"]).output();
    let plan: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let (list, code) = if check["verdict"] == "fault" { ("problems", 31) } else { ("warnings", 0) };
    assert_eq!(output.code, Some(code), "{}", output.stderr);
    let told = plan["hosts"][0][list].to_string();
    let found = check["found"].to_string();
    assert!(plain(&told).contains(plain(&found).trim_matches('"')), "{found} is not in {told}");
}

/// Without the numbers of one run, such as a file's that is made for a trial.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_hexdigit()).collect()
}

/// Does what a check says is to be done where root deploys: every command, in its order.
#[track_caller]
pub(crate) fn carry_out_as_root(fleet: &Fleet, check: &Value) {
    let path =
        format!("{}:{}", bin("fleet-push").parent().unwrap().display(), std::env::var("PATH").unwrap());
    for command in check["commands"].as_array().unwrap() {
        let line = command["command"].as_str().unwrap();
        let dir = if command["place"] == "here" { fleet.dir() } else { PathBuf::from("/") };
        Run::new("sh", &dir).args(["-c", line]).env("PATH", &path).output().ok();
    }
}

/// One deployment for a start, then one fault after the other.
#[track_caller]
pub(crate) fn play(cases: &[Case]) {
    let Some(mut world) = world() else { return };
    world.deploy();
    doctor(&world.fleet, &[]).well();
    for case in cases {
        world.play(case);
    }
    // A case may have mounted something there.
    let _unmounted = Unmount(world.fleet.host("alpha").dir.join("bin"));
}

#[test]
fn what_is_somebody_else_s_is_given_to_the_account() {
    needs_peers!();
    play(&[
        Case {
            spoil: "chown root \"$SITE\"",
            check: "deploy-to",
            found: "may not write to",
            remedy: "chown -h -- ",
        },
        Case {
            spoil: "chown -R root: \"$SITE/.swap\"",
            check: "deploy-to",
            found: "/.swap`, which is of `root`",
            remedy: "chown -R -h -- ",
        },
        Case {
            spoil: "chown root: \"$SITE/.swap/lock\"",
            check: "state-files",
            found: "1 file or directory that swap-release has to, first",
            remedy: "chmod -R u+rwX -- ",
        },
        Case {
            spoil: "chown -R root: \"$SITE/.swap/releases\"",
            check: "state-files",
            found: "which is of `root`",
            remedy: "chown -R -h -- ",
        },
        Case {
            spoil: "chown root: \"$SITE/releases\"",
            check: "deploy-to",
            found: "/releases`, which is of `root`",
            remedy: "chown -R -h -- ",
        },
        Case {
            spoil: "chown root: \"$SITE/incoming\"",
            check: "deploy-to",
            found: "/incoming`, which is of `root`",
            remedy: "chown -R -h -- ",
        },
        Case {
            spoil: "chown root: \"$SITE/shared\"",
            check: "deploy-to",
            found: "/shared`, which is of `root`",
            remedy: "chown -h -- ",
        },
        Case {
            spoil: "chattr +i \"$SITE/releases\"",
            check: "deploy-to",
            found: "was made immutable",
            remedy: "chattr -i -a -- ",
        },
        Case {
            spoil: "chattr +i \"$SITE\"",
            check: "deploy-to",
            found: "was made immutable",
            remedy: "chattr -i -a -- ",
        },
        Case {
            // An earlier try as root.
            spoil: "mkdir \"$SITE/releases/.staging-t9\" && touch \"$SITE/releases/.staging-t9/x\"",
            check: "state-files",
            found: "releases/.staging-t9`, which is of `root`",
            remedy: "chown -R -h -- ",
        },
    ]);
}

#[test]
fn what_is_missing_or_in_the_way_is_made_or_moved() {
    needs_peers!();
    play(&[
        Case {
            spoil: "rm -rf \"$SITE/shared/sites/default/files\" && ln -s \"$SITE/mnt/files\" \"$SITE/shared/sites/default/files\"",
            check: "shared",
            found: "mnt/files`, where nothing is",
            remedy: "install -d -o ",
        },
        Case {
            spoil: "rm -rf \"$SITE/.swap\" \"$SITE/releases\" \"$SITE/current\" \"$SITE/incoming\" && chown root \"$SITE\" && \
                    chmod 555 \"$SITE\"",
            check: "deploy-to",
            found: "may not write to",
            remedy: "chown -h -- ",
        },
        Case {
            spoil: "rm -f \"$BIN/swap-release\"",
            check: "swap-release",
            found: "it is not there",
            remedy: "fleet-push install ",
        },
        Case {
            spoil: "chmod 644 \"$BIN/swap-release\"",
            check: "swap-release",
            found: "has mode 644",
            remedy: "chmod 755 -- ",
        },
        Case {
            spoil: "chown root: \"$BIN\" && chmod 700 \"$BIN\"",
            check: "swap-release",
            found: "may not enter",
            remedy: "chmod o+x -- ",
        },
        Case {
            spoil: "chown \"$ACCOUNT\" \"$BIN\" && chmod 755 \"$BIN\" && cp \"$BIN/swap-release\" \"$SCRATCH/kept\" && mount -t \
                    tmpfs -o size=1g,noexec,mode=755 tmpfs \"$BIN\" && cp \"$SCRATCH/kept\" \"$BIN/swap-release\" && chown -R \
                    \"$ACCOUNT\" \"$BIN\"",
            check: "swap-release",
            found: "is mounted noexec",
            remedy: "mount -o remount,exec -- ",
        },
        Case {
            spoil: "chown \"$ACCOUNT\" \"$BIN\" && chmod 755 \"$BIN\" && printf '#!/bin/sh\\nexit 3\\n' >\"$BIN/swap-release\"",
            check: "swap-release",
            found: "is no program for Linux",
            remedy: "fleet-push install ",
        },
    ]);
}

/// What runs here and not there: the commands show what the host is, and the words say how the other binary is installed.
#[test]
fn a_binary_for_another_machine_or_a_newer_system_is_replaced_by_one_that_fits() {
    needs_peers!();
    let Some(mut world) = world() else { return };
    world.deploy();
    for (spoil, found) in [
        // e_machine of elf(5): RISC-V.
        (
            r#"printf '\363' | dd of="$BIN/swap-release" bs=1 seek=18 conv=notrunc 2>/dev/null"#,
            "it is built for",
        ),
        (r#"sed -i 's/GLIBC_2\.34/GLIBC_9.34/g' "$BIN/swap-release""#, "newer C library"),
    ] {
        world.root(spoil);
        let told = doctor(&world.fleet, &[]);
        let check = told.fault("alpha", "swap-release", found).clone();
        world.plan_says(&check);
        world.carry_out(&check);
        assert!(check["remedy"].as_str().unwrap().contains("install it with --binary FILE"), "{check:#}");
        let fits = bin("swap-release");
        world
            .fleet
            .run("fleet-push")
            .args(["install", "--fleet", "fleet.toml", "--binary"])
            .arg(fits)
            .output()
            .ok();
        doctor(&world.fleet, &[]).well();
        world.deploy();
    }
}

#[test]
fn a_directory_that_nobody_made_is_made_for_the_account() {
    needs_peers!();
    let Some(mut world) = world() else { return };
    // Nothing of the site is there, and what is above it is root's.
    world.root("rm -rf \"$SITE\" && chown root: \"$(dirname \"$SITE\")\"");
    let told = doctor(&world.fleet, &[]);
    let checks = told.checks("alpha");
    let missing = checks.iter().find(|check| check["check"] == "deploy-to").unwrap();
    let install = format!("install -d -o {} -m 755 ", world.account.name());
    assert!(missing["commands"].to_string().contains(&install), "{missing:#}");
    world.carry_out(missing);

    // Then the file that no release brings.
    let told = doctor(&world.fleet, &[]);
    let mut settings = told.fault("alpha", "shared", "settings.php` is not there").clone();
    let own = world.fleet.scratch().join("home/settings.php");
    world.run(world.account.shell(&format!("echo '<?php' >{}", own.display())), "a file of the account's");
    // A person writes the name of his own file.
    let commands = settings["commands"].to_string().replace("FILE", &own.display().to_string());
    settings["commands"] = serde_json::from_str(&commands).unwrap();
    world.carry_out(&settings);
    doctor(&world.fleet, &[]).well();
    world.deploy();

    // Reached by a link, as where the site was moved to a larger disk: nothing is wrong with that.
    world.root("mv \"$SITE\" \"$SITE.disk\" && ln -s \"$SITE.disk\" \"$SITE\"");
    doctor(&world.fleet, &[]).well();
    world.deploy();
}

#[test]
fn a_failed_push_says_what_the_cause_needs_and_nothing_else() {
    needs_peers!();
    let Some(mut world) = world() else { return };
    world.deploy();
    let alpha = world.fleet.host("alpha").deploy_to();
    let push = |world: &World| world.fleet.push().output();

    // An id that another tree has: running it again would not help.
    let site = world.fleet.dir().join("tiny");
    fs::write(site.join("index.php"), "<?php echo 'another';\n").unwrap();
    world.fleet.pack(&site, "t1").output().ok();
    world.fleet.publish().output().ok();
    let told = push(&world).fails_naming(31, "another release `t1`").says("release ids must be unique");
    assert!(!told.stderr.contains("run fleet-push again"), "{}", told.stderr);

    // Somebody else's file, of the name that the payload has.
    world.fleet.pack(&site, "t9").output().ok();
    world.fleet.publish().output().ok();
    let record = fs::read_to_string(world.fleet.records().join("pack.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    let payload = record["release"]["payload"]["file"].as_str().unwrap();
    let incoming = alpha.join("incoming");
    let foreign = incoming.join(payload);
    fs::write(&foreign, "somebody's").unwrap();
    let told =
        push(&world).exits(31).says("may not write there").says(&format!("chown {}", world.account.name()));
    assert!(!told.stderr.contains("make room"), "{}", told.stderr);
    fs::remove_file(&foreign).unwrap();

    // Bytes enough, and no inode.
    let small = Tmpfs::mount(&incoming, "size=50m,nr_inodes=1,mode=777").unwrap();
    let told = push(&world).exits(31).says("no inode is left");
    assert!(!told.stderr.contains("make room"), "{}", told.stderr);
    drop(small);

    // Inodes enough, and no bytes.
    let small = Tmpfs::mount(&incoming, "size=4k,mode=777").unwrap();
    fs::write(incoming.join("other"), [1; 4096]).unwrap();
    let told = push(&world).exits(31).says("make room on the file system of");
    assert!(!told.stderr.contains("inode"), "{}", told.stderr);
    drop(small);

    // A name that the file system has no room for is told before anything is sent.
    let long = site.join("d/".repeat(120)).join("n".repeat(200));
    fs::create_dir_all(long.parent().unwrap()).unwrap();
    fs::write(&long, "x").unwrap();
    world.fleet.pack(&site, "t10").output().ok();
    let deep = format!("{}{}", alpha.display(), format!("/{}", "y".repeat(200)).repeat(18));
    world.fleet.edit_inventory(&alpha.display().to_string(), &deep);
    let plan = world.fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml"]).output().exits(31);
    for words in ["would have a path of", "choose a shorter `deploy_to`"] {
        assert!(plan.stdout.contains(words), "{plan:?}");
    }
}

#[test]
fn one_directory_under_two_names_is_refused_by_name() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "a bind mount needs root") {
        return;
    }
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    doctor(&fleet, &[]).well();
    // As two servers have it that mount one export.
    let (alpha, beta) = (fleet.host("alpha").deploy_to(), fleet.host("beta").deploy_to());
    let mount = |arguments: &[&str]| {
        let status = Command::new(arguments[0]).args(&arguments[1..]).stdin(Stdio::null()).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    };
    let (from, to) = (alpha.display().to_string(), beta.display().to_string());
    mount(&["mount", "--bind", &from, &to]);
    let unmount = Unmount(beta.clone());
    let told = doctor(&fleet, &[]);
    assert_eq!(told.code, Some(31), "{}", told.stderr);
    for (name, other) in [("alpha", "beta"), ("beta", "alpha")] {
        let check = told.check(name, "same-site");
        let found = check["found"].as_str().unwrap();
        assert!(found.contains(&format!("of `{name}` is the same directory")), "{found}");
        assert!(found.contains(&format!("of `{other}`")), "{found}");
    }
    let plan = fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml"]).output().exits(31);
    assert!(plan.stdout.contains("of `beta` is the same directory as"), "{plan:?}");
    let push = fleet.push().args(["--stall-timeout", "20s"]).output();
    let push = push.fails_naming(30, "of this run, too");
    let named = ["host `alpha` of this run", "host `beta` of this run"];
    assert!(named.iter().any(|name| push.stderr.contains(name)), "{}", push.stderr);
    let left = fs::read_dir(&alpha).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.starts_with(".mkt-here")), "{left:?}");

    // The remedy leaves one out; apart, each is its own again.
    let without = told.check("alpha", "same-site")["commands"][0]["command"].as_str().unwrap().to_owned();
    let path =
        format!("{}:{}", bin("fleet-push").parent().unwrap().display(), std::env::var("PATH").unwrap());
    Run::new("sh", &fleet.dir()).args(["-c", &without]).env("PATH", path).output().ok();
    drop(unmount);
    doctor(&fleet, &[]).well();
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();

    // Where the inventory says so itself, nobody needs to be asked.
    let text = fs::read_to_string(fleet.toml()).unwrap();
    let address = fleet.host("alpha").address.clone();
    fleet.extend_inventory(&format!("[hosts.gamma]\naddress = \"{address}\"\ndeploy_to = \"{from}\"\n"));
    fleet.push().output().fails_naming(2, "hosts.gamma.deploy_to").says("of the host `alpha` already");
    fs::write(fleet.toml(), text).unwrap();
}

pub(crate) struct Unmount(pub(crate) PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).stdin(Stdio::null()).output();
    }
}
