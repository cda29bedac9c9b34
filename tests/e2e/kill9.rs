//! swap-release is killed at random moments, on a server: whatever the moment, the site is on the old release or on the
//! new one, whole, and the next run needs no help.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use e2e::site::{self, Rng, Shape};
use e2e::{Output, Run, Scratch, Tree, bin, eventually};

/// So many kills must meet a process that still runs; three are tried in a round.
const KILLS: u32 = 51;
const MOST_ROUNDS: u32 = 40;

/// One server with two sites to release.
pub(crate) struct Server {
    scratch: Scratch,
    trees: [Tree; 2],
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::with(|site, number| site::write(site, Shape::Small, number))
    }

    /// One of everything, so that every single system call can be met.
    pub(crate) fn tiny() -> Self {
        Self::with(|site, number| {
            fs::create_dir_all(site.join("core/empty")).unwrap();
            // Where the links to shared/ go.
            fs::create_dir_all(site.join("sites/default")).unwrap();
            fs::write(site.join("index.php"), format!("<?php // {number}")).unwrap();
            fs::write(site.join("core/run.sh"), "#!/bin/sh\n").unwrap();
            fs::set_permissions(site.join("core/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
            // Longer than what is handed over as a whole.
            fs::write(site.join("core/large"), vec![b'0' + number as u8; 300_000]).unwrap();
            symlink("../index.php", site.join("core/link")).unwrap();
        })
    }

    fn with(write: impl Fn(&Path, u32)) -> Self {
        let scratch = Scratch::new();
        let trees = [1, 2].map(|number| {
            let site = scratch.path().join(format!("site{number}"));
            write(&site, number);
            Tree::read(&site, &[]).with_release_modes()
        });
        let server = Self { scratch, trees };
        let _ = server.scratch.dir("srv/shared/sites/default");
        fs::write(server.deploy_to().join("shared/sites/default/settings.php"), "<?php\n").unwrap();
        server
    }

    /// A directory for the test's own files.
    pub(crate) fn path(&self) -> &Path {
        self.scratch.path()
    }

    pub(crate) fn deploy_to(&self) -> PathBuf {
        self.scratch.path().join("srv")
    }

    pub(crate) fn pack(&self, site: usize, id: &str) {
        Run::new(bin("mkt-pack"), self.scratch.path())
            .arg(format!("site{site}"))
            .args(["--release-id", id, "--records", &format!("records-{id}")])
            .output()
            .ok();
    }

    pub(crate) fn stage(&self, id: &str) -> Run {
        let records = self.scratch.path().join(format!("records-{id}"));
        let payload = fs::read_dir(&records).unwrap().flatten().map(|entry| entry.path());
        let payload = payload.into_iter().find(|path| path.to_string_lossy().ends_with(".tar.zst")).unwrap();
        self.verb("stage")
            .arg("--payload")
            .arg(payload)
            .arg("--record")
            .arg(records.join("pack.json"))
            .args(["--shared", "sites/default/files/", "--shared", "sites/default/settings.php"])
    }

    pub(crate) fn verb(&self, verb: &str) -> Run {
        Run::new(bin("swap-release"), self.scratch.path()).args([verb, "--deploy-to"]).arg(self.deploy_to())
    }

    /// Right after a kill, before anything has repaired anything: `current` is one of `allowed`, and its tree is whole.
    #[track_caller]
    pub(crate) fn assert_whole(&self, allowed: &[(&str, usize)], when: &str) {
        let target = fs::read_link(self.deploy_to().join("current"))
            .unwrap_or_else(|e| panic!("{when}: current: {e}"));
        let live = target.file_name().unwrap().to_string_lossy().into_owned();
        let (_, site) = allowed
            .iter()
            .find(|(id, _)| *id == live)
            .unwrap_or_else(|| panic!("{when}: current is {live}, not one of {allowed:?}"));
        let tree = Tree::read(&self.deploy_to().join("releases").join(&live), &e2e::host::SHARED);
        self.trees[site - 1].assert_same(&tree, when);
    }

    fn live(&self) -> String {
        let target = fs::read_link(self.deploy_to().join("current")).unwrap();
        target.file_name().unwrap().to_string_lossy().into_owned()
    }
}

/// Starts `run` and kills it after `delay`; whether it was still running.
fn kill_after(run: Run, delay: Duration) -> Output {
    let running = run.start();
    let start = Instant::now();
    // A sleep, since the moment itself is what is chosen.
    std::thread::sleep(delay.saturating_sub(start.elapsed()));
    running.kill9();
    running.wait()
}

#[test]
fn killed_at_any_moment_the_site_is_on_the_old_release_or_the_new() {
    let server = Server::new();
    // Other moments in every run: the more runs, the more of them are met.
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let mut rng = Rng::new(seed);
    server.pack(1, "old");
    let mut staged = server.stage("old").output().ok().took;
    let mut switched = server.verb("activate").arg("old").output().ok().took;
    let mut killed = 0;
    for round in 0..MOST_ROUNDS {
        if killed >= KILLS {
            break;
        }
        let id = format!("k{round}");
        let (old, new) = (("old", 1), (id.as_str(), 2));
        server.pack(2, &id);
        let mut moment = |whole: Duration| whole.mul_f64(rng.unit());
        let mut count = |output: Output, whole: &mut Duration| {
            let met = output.signal == Some(9);
            killed += u32::from(met);
            // What it took at first, beside other tests that began, is too long later. A few have to miss, so that the end is met.
            *whole = whole.mul_f64(if met { 1.02 } else { 0.8 });
        };

        let delay = moment(staged);
        let when = format!("round {round}, stage killed after {delay:?}");
        count(kill_after(server.stage(&id), delay), &mut staged);
        server.assert_whole(&[old], &when);
        server.verb("verify").output().ok();
        server.stage(&id).output().ok();
        server.verb("verify").arg(&id).output().ok();

        let delay = moment(switched);
        let when = format!("round {round}, activate killed after {delay:?}");
        count(kill_after(server.verb("activate").arg(&id), delay), &mut switched);
        server.assert_whole(&[old, new], &when);
        server.verb("verify").output().ok();
        server.verb("activate").arg(&id).output().ok();
        server.assert_whole(&[new], &when);

        let delay = moment(switched);
        let when = format!("round {round}, rollback killed after {delay:?}");
        count(kill_after(server.verb("rollback").arg("old"), delay), &mut switched);
        server.assert_whole(&[old, new], &when);
        server.verb("rollback").arg("old").output().ok();
        server.assert_whole(&[old], &when);
        server.verb("verify").output().ok();
    }
    assert!(killed >= KILLS, "only {killed} of {} were met while they ran", MOST_ROUNDS * 3);
}

#[test]
fn killed_while_unconfirmed_the_next_run_puts_the_old_release_back() {
    let server = Server::new();
    server.pack(1, "old");
    server.pack(2, "new");
    server.stage("old").output().ok();
    server.stage("new").output().ok();
    server.verb("activate").arg("old").output().ok();

    // Killed while it waits for the word: nobody has confirmed, so it must not stay.
    let running = server.verb("activate").args(["new", "--confirm-within", "60s"]).with_stdin().start();
    eventually("the switch", Duration::from_secs(10), || {
        running.stdout_so_far().contains("\"switched\"").then_some(())
    });
    assert_eq!(server.live(), "new");
    running.kill9();
    assert_eq!(running.wait().signal, Some(9));
    server.assert_whole(&[("new", 2)], "unconfirmed");
    server.verb("prune").output().ok();
    server.assert_whole(&[("old", 1)], "after the next run");
    server.verb("verify").output().ok();

    // Nothing is known against it. Killed at any moment after the word was given: it may stay or not, but whole.
    for round in 0..10_u64 {
        let mut running =
            server.verb("activate").args(["new", "--confirm-within", "60s"]).with_stdin().start();
        let mut stdin = running.stdin();
        eventually("the switch", Duration::from_secs(10), || {
            running.stdout_so_far().contains("\"switched\"").then_some(())
        });
        stdin.write_all(b"commit\n").unwrap();
        std::thread::sleep(Duration::from_micros(300 * round));
        running.kill9();
        let output = running.wait();
        server.assert_whole(&[("old", 1), ("new", 2)], &format!("round {round} after commit"));
        if output.stdout.contains("\"committed\"") {
            assert_eq!(server.live(), "new", "it was told committed");
        }
        server.verb("prune").output().ok();
        if output.stdout.contains("\"committed\"") {
            assert_eq!(server.live(), "new", "what was told committed stays");
        }
        server.verb("verify").output().ok();
        server.verb("rollback").arg("old").output().ok();
        // What a kill put back is not bad: it goes live in the next round without being staged again.
    }
}

#[test]
fn without_the_word_in_time_or_at_the_end_of_input_the_old_release_comes_back() {
    let server = Server::new();
    server.pack(1, "old");
    server.pack(2, "new");
    server.stage("old").output().ok();
    server.stage("new").output().ok();
    server.verb("activate").arg("old").output().ok();
    let activate = |within: &str| server.verb("activate").args(["new", "--confirm-within", within]);

    // End of input at once, as when the controller's connection breaks (standard input is /dev/null here).
    let output = activate("60s").output().exits(40);
    assert!(output.stdout.contains("\"reverted\""), "{}", output.stdout);
    assert_eq!(server.live(), "old");

    // Silence.
    let mut running = activate("1s").with_stdin().start();
    let silent = running.stdin();
    let output = running.wait().exits(40);
    drop(silent);
    assert!(output.took < Duration::from_secs(4), "{:?}", output.took);
    assert_eq!(server.live(), "old");

    // The word, and the word against.
    for (word, code, live) in [("withdraw\n", 40, "old"), ("revert\n", 40, "old"), ("commit\n", 0, "new")] {
        if word == "commit\n" {
            // `revert` says that the release is bad.
            activate("1s").output().exits(10).says("`new` is failed");
            server.stage("new").output().ok();
        }
        let mut running = activate("60s").with_stdin().start();
        running.stdin().write_all(word.as_bytes()).unwrap();
        let _ = running.wait().exits(code);
        assert_eq!(server.live(), live, "after {word}");
    }
}
