//! The payload is altered on one server after its rtorrent has checked it: that server refuses, and nobody switches.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use e2e::{Fleet, bin};

use crate::needs_peers;
use crate::support::pushed;

#[test]
fn a_payload_that_was_altered_on_disk_is_refused_and_a_second_push_heals_it() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);

    // beta's swap-release alters the payload just before it reads it: what a failing disk or an intruder would do,
    // at the worst moment. Nor is its rtorrent told what is wanted, which would have it staged before.
    let beta = fleet.host("beta");
    let wrapper = beta.dir.join("swap-release");
    fs::write(
        &wrapper,
        format!(
            "#!/bin/sh\n[ \"$1\" != want ] || exit 0\nif [ \"$1\" = stage ]; then\n  for f in {}/*.tar.zst; do\n    \
             printf 'altered' | dd of=\"$f\" bs=1 seek=5000 conv=notrunc 2>/dev/null\n  done\nfi\nexec {} \"$@\"\n",
            beta.deploy_to().join("incoming").display(),
            bin("swap-release").display()
        ),
    )
    .unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    let beta_table = "[hosts.beta]\n";
    let override_line = format!("swap_release = \"{}\"\n", wrapper.display());
    fleet.edit_inventory(beta_table, &format!("{beta_table}{override_line}"));

    fleet.pack(&fleet.site(2), "r2").output().ok();
    fleet.publish().output().ok();
    fleet.push().output().fails_naming(30, "beta");
    let host = pushed(&fleet, "beta");
    assert_eq!(host.state, "failed", "{host:?}");
    assert_eq!(
        (pushed(&fleet, "alpha").state.as_str(), pushed(&fleet, "gamma").state.as_str()),
        ("staged", "staged")
    );
    assert_eq!(beta.releases(), ["r1"], "nothing of the bad payload is left");
    fleet.swap("activate").output().fails_naming(30, "beta");
    fleet.assert_live("r1");

    // The disk is repaired; rtorrent still believes in the altered file.
    fleet.edit_inventory(&override_line, "");
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
}
