//! A site whose files belong to several accounts is taken in by the account that deploys, which is not root. What stands in
//! the way is told before anything is changed, and what is printed as help is copied, run, and helps.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use e2e::{Scratch, bin, peers};

/// A server with accounts of its own: `/etc` is seen through an overlay, in a mount namespace that ends with each command.
struct Server(Scratch);

/// What a command said, and whether it went well.
struct Said {
    ok: bool,
    text: String,
}

const SHARED: &str = "--shared web/sites/default/files/ --shared web/sites/default/settings.php";

impl Server {
    /// `current` is a directory of `deploy`, as an account that pulls by git leaves it, with files that www-data wrote.
    fn new() -> Self {
        let server = Self(Scratch::new());
        for folder in ["etc/upper", "etc/work", "srv/current/web/sites/default/files"] {
            fs::create_dir_all(server.at(folder)).unwrap();
        }
        fs::copy(bin("swap-release"), server.at("swap-release")).unwrap();
        let site = server.at("srv/current/web/sites/default");
        fs::write(server.at("srv/current/web/index.php"), "<?php").unwrap();
        fs::write(site.join("settings.php"), "<?php // of this server").unwrap();
        fs::write(site.join("files/upload.txt"), "of a visitor").unwrap();
        // A lock of the machine's own useradd(8), of a test beside this one, would be seen through the overlay for ever.
        let said = server.run(
            "rm -f /etc/*.lock; chmod 755 \"$T\" && useradd -M deploy && chown -R deploy:deploy \"$T/srv\" && cd \"$T/srv/current/web/sites/default\" &&
             chown -R www-data:www-data files && chmod 2775 files && chmod 444 settings.php && chmod 555 .",
        );
        assert!(said.ok, "{}", said.text);
        server
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Runs a script as root in the namespace; `deploy COMMAND...` in it runs one as the account that deploys does over SSH.
    fn run(&self, script: &str) -> Said {
        let prelude = "set -u; cd /; PATH=/usr/sbin:/usr/bin:/sbin:/bin:\"$T\"; \
             mount -t overlay overlay -o \"lowerdir=/etc,upperdir=$T/etc/upper,workdir=$T/etc/work\" /etc || exit 99; \
             deploy() { setpriv --reuid deploy --regid deploy --init-groups -- \"$@\"; }; \
             adopt() { deploy \"$T/swap-release\" adopt --deploy-to \"$T/srv\" \"$@\"; }; set -e; ";
        let output = Command::new("unshare")
            .args(["-m", "sh", "-c", &format!("{prelude}{script}")])
            .env("T", self.0.path())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        Said { ok: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
    }

    /// Everything of the site: path, kind, mode, owner, group.
    fn tree(&self) -> String {
        let list = "find \"$T/srv\" -printf '%P %y %m %u %g %l\\n' | grep -v '^.swap\\|^incoming \\|^releases \\|^shared ' | sort";
        self.run(&format!("{list}; test -z \"$(ls -A \"$T/srv/releases\" \"$T/srv/.swap/releases\" 2>/dev/null | grep -v ':$')\""))
            .text
    }
}

/// The commands that an output gives as help, in order, each to be run as whom it says.
fn remedies(said: &str) -> String {
    let line = |line: &str| {
        let (_, command) = line.split_once("remedy, run there")?;
        Some(match command.strip_prefix(" as root: ") {
            Some(command) => format!("{command}\n"),
            None => format!("deploy sh -c '{}'\n", command.strip_prefix(": ")?.replace('\'', "'\\''")),
        })
    };
    said.lines().filter_map(line).collect()
}

fn can() -> bool {
    let overlay = || {
        let scratch = Scratch::new();
        for folder in ["upper", "work"] {
            fs::create_dir(scratch.path().join(folder)).unwrap();
        }
        let options = "lowerdir=/etc,upperdir=$0/upper,workdir=$0/work";
        let script = format!("mount -t overlay overlay -o \"{options}\" /etc");
        Command::new("unshare")
            .args(["-m", "sh", "-c", &script])
            .arg(scratch.path())
            .status()
            .is_ok_and(|s| s.success())
    };
    peers::skip_unless(module_path!(), peers::is_root() && overlay(), "needs root and an overlay of /etc")
}

/// `fault` on a fresh server is told with `told`, nothing is changed by it, and what is printed helps. `mounts` is made anew in each
/// namespace.
#[track_caller]
fn helps(mounts: &str, fault: &str, told: &str) {
    let server = Server::new();
    let said = server.run(&format!("cd \"$T/srv\"; {fault}"));
    assert!(said.ok, "{fault}: {}", said.text);
    let before = server.tree();
    let said = server.run(&format!("{mounts} adopt {SHARED}"));
    assert!(!said.ok && said.text.contains(told), "{fault}: {}", said.text);
    assert!(said.text.contains("error:") && said.text.contains("hint:"), "{}", said.text);
    assert_eq!(server.tree(), before, "{fault}: nothing is changed");
    let help = remedies(&said.text);
    assert!(!help.is_empty(), "{}", said.text);
    let check = "cd \"$T/srv\"; test -L current; test -L current/web/sites/default/files || mountpoint -q current/web/sites/default/files; \
         grep -q visitor current/web/sites/default/files/upload.txt shared/web/sites/default/files/upload.txt; \
         grep -q server shared/web/sites/default/settings.php; \
         test \"$(stat -c %u shared/web/sites/default/files/upload.txt)\" = \"$(id -u www-data)\"";
    let said = server.run(&format!("{mounts} {help} adopt {SHARED}; {check}"));
    assert!(said.ok, "{fault}: {help}{}", said.text);
}

#[test]
fn what_drupal_leaves_on_a_live_site_is_no_obstacle_but_for_the_group() {
    if !can() {
        return;
    }
    // sites/default 0555 and settings.php 0444 are ours to deal with; files/ is www-data's.
    helps("", "true", "may not write to");
    let server = Server::new();
    let said = server.run(&format!(
        "usermod -a -G www-data deploy; adopt {SHARED}; cd \"$T/srv/current/web/sites\"; stat -c %a default; stat -L -c '%a %U' default/files"
    ));
    assert!(said.ok && said.text.starts_with("555\n2775 www-data\n"), "{}", said.text);
    // Again, as from a second run of the job.
    let said = server.run(&format!("adopt {SHARED}"));
    assert!(said.ok && said.text.contains("nothing to take in"), "{}", said.text);
}

#[test]
fn owners_modes_and_sticky_directories_are_told_and_helped() {
    if !can() {
        return;
    }
    let with_group = "usermod -a -G www-data deploy;";
    helps("", "chmod 755 current/web/sites/default/files", "may not write to");
    for (fault, told) in [
        ("chown root:root current/web/sites/default", "which is of `root`"),
        ("chown root:root current", "which is of `root`"),
        ("chown www-data:www-data current/web/sites/default", "which is of `www-data`"),
        (
            "chown www-data:root current/web/sites/default; chmod 755 current/web/sites/default",
            "which is of `www-data`",
        ),
        ("chown root:deploy current/web/sites/default; chmod 1775 current/web/sites/default", "is sticky"),
        ("chown root:root .", "which is of `root`"),
        ("mkdir -p shared; chown root:root shared; chmod 755 shared", "which is of `root`"),
    ] {
        helps("", &format!("{with_group} {fault}"), told);
    }
}

#[test]
fn other_file_systems_mounts_and_what_is_there_already_are_told_and_helped() {
    if !can() {
        return;
    }
    let with_group = "usermod -a -G www-data deploy;";
    let shared = "mkdir -p \"$T/srv/shared\"; mount -t tmpfs -o mode=755,uid=\"$(id -u deploy)\" tmpfs \"$T/srv/shared\";";
    helps(shared, with_group, "another file system");
    let files = "f=\"$T/srv/current/web/sites/default/files\"; mkdir -p \"$T/elsewhere\"; mount --bind \"$f\" \"$f\";";
    helps(files, with_group, "is a mount point");
    let there = "mkdir -p shared/web/sites/default/files; echo old >shared/web/sites/default/files/old.txt; chown -R deploy: shared";
    helps("", &format!("{with_group} {there}"), "is there already");
    let link =
        "mkdir -p shared \"$T/other\"; ln -s \"$T/other\" shared/web; chown -R deploy: shared \"$T/other\"";
    helps("", &format!("{with_group} {link}"), "would be moved through it");
}

#[test]
fn an_empty_directory_in_shared_gives_way() {
    if !can() {
        return;
    }
    let server = Server::new();
    let said = server.run(&format!(
        "usermod -a -G www-data deploy; cd \"$T/srv\"; deploy mkdir -p shared/web/sites/default/files; adopt {SHARED}; \
         test -f shared/web/sites/default/files/upload.txt; ls -A shared/web/sites/default"
    ));
    assert!(said.ok && said.text.starts_with("files\nsettings.php\n"), "{}", said.text);
}

#[test]
fn immutable_files_and_a_read_only_file_system_are_told_and_helped() {
    if !can() {
        return;
    }
    let with_group = "usermod -a -G www-data deploy;";
    // It outlives the test only where that fails; then the scratch directory needs a `chattr -i`.
    for fixed in ["settings.php", "files", "."] {
        helps("", &format!("{with_group} chattr +i current/web/sites/default/{fixed}"), "was made immutable");
    }
    let read_only = "mount --bind \"$T/srv\" \"$T/srv\"; mount -o remount,bind,ro \"$T/srv\";";
    helps(read_only, with_group, "mounted read-only");
}

#[test]
fn a_file_system_without_room_is_told_before_anything_is_moved() {
    if !can() {
        return;
    }
    for (options, fill, told) in [
        (
            "nr_inodes=300",
            "i=0; while touch \"$T/small/old/$i\" 2>/dev/null; do i=$((i + 1)); done",
            "hardly any inodes left",
        ),
        (
            "size=2m",
            "dd if=/dev/zero of=\"$T/small/old/x\" bs=64k 2>/dev/null || true",
            "hardly any bytes left",
        ),
    ] {
        let server = Server::new();
        let said = server.run(&format!(
            "usermod -a -G www-data deploy; mkdir \"$T/small\"; mount -t tmpfs -o mode=755,{options} tmpfs \"$T/small\"; \
             cp -a \"$T/srv/.\" \"$T/small/\"; mkdir \"$T/small/old\"; {fill}; mount --bind \"$T/small\" \"$T/srv\"; cd \"$T/srv\"; \
             ls -lAR current >\"$T/before\"; if adopt {SHARED}; then exit 1; fi; ls -lAR current | diff \"$T/before\" -; \
             test ! -e .swap; test ! -e shared; rm -r old; adopt {SHARED}; test -L current"
        ));
        assert!(said.ok && said.text.contains(told), "{options}: {}", said.text);
        let shows = |word: &str| said.text.contains(&format!("remedy, run there: {word} "));
        assert!(shows("df") && shows("du") && !said.text.contains("prune"), "{}", said.text);
    }
}
