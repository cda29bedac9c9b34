//! A site as version 0.1 left it, with all of its state, killed in a switch: this version goes on with it. The copy in
//! `tests/frozen/0.1` was made by the programs of 0.1 and is never made anew.

use std::fs;
use std::path::Path;
use std::process::Command;

use e2e::{Run, Scratch, bin};

struct Site(Scratch);

impl Site {
    fn thaw() -> Self {
        let scratch = Scratch::new();
        let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("frozen/0.1");
        let status =
            Command::new("cp").arg("-a").arg(frozen).arg(scratch.path().join("srv")).status().unwrap();
        assert!(status.success());
        // As a release is, whatever the umask of the checkout.
        let status =
            Command::new("chmod").args(["-R", "u=rwX,go=rX"]).arg(scratch.path().join("srv")).status();
        assert!(status.unwrap().success());
        Self(scratch)
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join("srv").join(path)
    }

    fn verb(&self, verb: &str) -> Run {
        Run::new(bin("swap-release"), self.0.path()).args([verb, "--deploy-to", "srv"])
    }

    fn live(&self) -> String {
        fs::read_to_string(self.at("current/web/name")).unwrap().trim().to_owned()
    }
}

#[test]
fn it_is_reconciled_shown_verified_and_rolled_back_all_the_way() {
    let site = Site::thaw();
    assert_eq!(site.live(), "5", "unconfirmed");
    let status = site.verb("status").arg("--json").output().ok().stdout;
    assert_eq!(site.live(), "3", "put back");
    for part in [
        "\"current\":\"r3\"",
        "\"previous\":\"r2\"",
        "\"origin\":{\"kind\":\"adopted\"",
        "\"state\":\"failed\"",
    ] {
        assert!(status.contains(part), "{part}: {status}");
    }
    for release in ["r1", "r2", "r3", "r5", "before"] {
        site.verb("verify").arg(release).output().ok();
    }
    // Nothing of what was taken over is "changed".
    fs::write(site.at("releases/before/web/index.php"), "<?php // patched by hand").unwrap();
    for live in ["2", "1", "old"] {
        site.verb("rollback").output().ok();
        assert_eq!(site.live(), live);
        let upload = site.at("current/web/sites/default/files/upload.txt");
        assert_eq!(fs::read_to_string(upload).unwrap(), "up\n");
    }
    assert_eq!(fs::read_link(site.at("current")).unwrap().as_os_str(), "releases/before");
    site.verb("rollback").output().exits(10);
    site.verb("activate").arg("r5").output().ok();
    assert_eq!(site.live(), "5");
    site.verb("rollback").output().ok();
    assert_eq!(site.live(), "old");
    let history = site.verb("history").arg("--json").output().ok().stdout;
    assert!(history.contains("\"what\":\"adopted\"") && history.contains("\"by\":\"frozen\""), "{history}");
}

#[test]
fn a_prune_keeps_what_was_taken_over_and_what_is_pinned() {
    let site = Site::thaw();
    site.verb("activate").arg("r5").output().ok();
    site.verb("prune")
        .args(["--keep", "1", "--grace", "0s"])
        .output()
        .ok()
        .answers("removed `r4`")
        .answers("removed `r2`");
    for (release, stays) in
        [("before", true), ("r1", true), ("r2", false), ("r3", true), ("r4", false), ("r5", true)]
    {
        assert_eq!(site.at("releases").join(release).is_dir(), stays, "{release}");
    }
    site.verb("unpin").arg("before").output().ok();
    site.verb("prune").args(["--keep", "1", "--grace", "0s"]).output().ok().answers("removed `before`");
    site.verb("rollback").output().ok();
    assert_eq!(site.live(), "3");
}
