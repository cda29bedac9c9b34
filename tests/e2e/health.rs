//! What may be asked of a server before the switch counts: so many good answers in a row, in time, by a header or by a
//! command.

use std::fs;

use e2e::Fleet;

use crate::needs_peers;
use crate::support::swap_record;

/// Delivers release `number` with a front page of `php` before its own.
fn deliver(fleet: &Fleet, number: u32, php: &str) {
    let page = fleet.site(number).join("index.php");
    let own = fs::read_to_string(&page).unwrap();
    fs::write(&page, own.replacen("<?php", &format!("<?php\n{php}"), 1)).unwrap();
    fleet.deliver(number);
}

/// What is said of a server's health.
fn health(fleet: &Fleet, host: &str) -> String {
    let hosts = swap_record(fleet).details.hosts;
    hosts.into_iter().find(|found| found.name == host).unwrap().health.unwrap()
}

/// Every second answer of beta is bad.
const LIMPS: &str = "$count = dirname(__DIR__, 2) . '/count';\n\
                     if (str_contains(__DIR__, '/beta/')) {\n\
                     $n = (int) @file_get_contents($count);\nfile_put_contents($count, $n + 1);\n\
                     if ($n % 2) { http_response_code(500); exit('limps'); }\n}\n";

#[test]
fn one_good_answer_may_do_and_three_in_a_row_are_not_had_from_a_server_that_limps() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.edit_inventory("attempts = 5", "attempts = 5\nin_a_row = 3");
    deliver(&fleet, 2, LIMPS);
    fleet.swap("activate").output().fails_naming(40, "beta");
    fleet.assert_live("r1");
    assert!(health(&fleet, "beta").contains("500"));

    // Its former release limps as well, which says nothing against the new one.
    assert!(swap_record(&fleet).details.judgement.unwrap().contains("healthy on alpha, gamma"));
    fleet.edit_inventory("in_a_row = 3", "in_a_row = 1");
    fleet.swap("activate").output().ok();
    assert!(fleet.currents().iter().all(|current| current.as_deref() == Some("r2")));
}

#[test]
fn a_late_answer_is_a_bad_one() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.edit_inventory("attempts = 5", "attempts = 3\nmax_latency = \"400ms\"");
    deliver(&fleet, 2, "if (str_contains(__DIR__, '/gamma/')) { usleep(600000); }\n");
    fleet.swap("activate").output().fails_naming(40, "gamma");
    fleet.assert_live("r1");
    assert!(health(&fleet, "gamma").contains("but in"), "{}", health(&fleet, "gamma"));

    fleet.edit_inventory("max_latency = \"400ms\"", "max_latency = \"5s\"");
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
}

#[test]
fn a_header_or_a_command_may_tell_instead_of_the_page() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.edit_inventory("contains = \"{release}\"", "header = \"X-Release: {release}\"");
    deliver(&fleet, 2, "header('X-Release: ' . basename(__DIR__));\n");
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
    // A header that only begins as it should.
    deliver(&fleet, 3, "header('X-Release: r30');\n");
    fleet.swap("activate").output().fails_naming(40, "X-Release");
    fleet.assert_live("r2");

    // The page is as it should be; what the server itself says is not.
    let ill = fleet.scratch().join("ill");
    fleet.edit_inventory(
        "header = \"X-Release: {release}\"",
        &format!(
            "contains = \"{{release}}\"\ncommand = [\"sh\", \"-c\", \"if test -e $0; then cat $0 >&2; exit 3; fi\", \"{}\"]",
            ill.display()
        ),
    );
    fs::write(&ill, "has a fever\n").unwrap();
    deliver(&fleet, 4, "");
    fleet.swap("activate").output().fails_naming(40, "has a fever");
    fleet.assert_live("r2");
    // r2 is as ill with it: that is the server, not the release.
    let judgement = swap_record(&fleet).details.judgement.unwrap();
    assert!(judgement.contains("the former release fails the same check"), "{judgement}");
    fs::remove_file(&ill).unwrap();
    fleet.swap("activate").output().ok();
    fleet.assert_live("r4");

    // A command knows what it is asked about, as hooks do; a site is asked by its name.
    let seen = fleet.scratch().join("seen");
    fleet.edit_inventory("if test -e $0; then cat $0 >&2; exit 3; fi", "env | grep ^MKT_ >> $0");
    fleet.edit_inventory(&ill.to_string_lossy(), &seen.to_string_lossy());
    fleet.edit_inventory(
        "status = 200",
        "host = \"www.example.org\"\nheaders = { X-Asks = \"{release}\" }\nstatus = 200",
    );
    deliver(
        &fleet,
        5,
        "if ($_SERVER['HTTP_HOST'] !== 'www.example.org' && !isset($_SERVER['HTTP_USER_AGENT'])) { exit('nobody'); }\n\
         file_put_contents(dirname(__DIR__, 2) . '/asked', $_SERVER['HTTP_HOST'] . ' ' . ($_SERVER['HTTP_X_ASKS'] ?? ''));\n",
    );
    fleet.swap("activate").output().ok();
    let asked = fs::read_to_string(fleet.host("beta").deploy_to().join("asked")).unwrap();
    assert_eq!(asked, "www.example.org r5");
    let seen = fs::read_to_string(&seen).unwrap();
    let deploy_to = fleet.host("beta").deploy_to();
    for line in ["MKT_PHASE=health", "MKT_VERB=activate", "MKT_RELEASE=r5", "MKT_PREVIOUS=r4"] {
        assert_eq!(seen.lines().filter(|found| *found == line).count(), 3, "{line}: {seen}");
    }
    assert!(seen.contains(&format!("MKT_CURRENT={}/current\n", deploy_to.display())), "{seen}");
}
