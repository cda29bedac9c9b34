//! A push as a person sees it on a terminal: a table while it runs, and what stays when it is over.

use e2e::{Fleet, FleetOptions, Run};

use crate::needs_peers;

/// Columns of the terminal; the longest line of the table needs them.
const COLUMNS: usize = 76;

/// The same command on a terminal of its own, by script(1); what it shows comes as standard output.
fn on_a_terminal(fleet: &Fleet, command: &Run) -> Run {
    let quoted =
        command.argv().iter().map(|word| format!("'{}'", word.to_string_lossy())).collect::<Vec<_>>();
    let line = format!("stty cols {COLUMNS} rows 24; exec {}", quoted.join(" "));
    Run::new("script", &fleet.dir()).args(["-q", "-e", "-c", &line, "/dev/null"]).env("TERM", "xterm")
}

/// The lines that were drawn, without what moves the cursor. Those of the table are padded to the terminal's width and
/// follow each other without a line break: a longer one would be seen as two.
fn lines_of(shown: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut chars = shown.chars();
    while let Some(c) = chars.next() {
        match c {
            // A control sequence ends with a letter (ECMA-48, 5.4).
            '\x1b' => {
                let _ = chars.by_ref().find(char::is_ascii_alphabetic);
                pieces.push(String::new());
            }
            '\r' | '\n' => pieces.push(String::new()),
            c => pieces.last_mut().unwrap().push(c),
        }
    }
    let lines = pieces.iter().flat_map(|piece| {
        let chars: Vec<char> = piece.chars().collect();
        chars.chunks(COLUMNS).map(|line| line.iter().collect::<String>()).collect::<Vec<_>>()
    });
    lines.map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_terminal_shows_every_host_and_keeps_the_summary_and_a_file_has_plain_lines() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta", "gamma"]));
    fleet.edit_inventory("[tracker]\n", "[seeder]\nmax_upload = \"100 kB/s\"\n\n[tracker]\n");
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();

    let shown = on_a_terminal(&fleet, &fleet.push()).output().ok().stdout;
    assert!(shown.contains('\x1b'), "nothing is drawn anew: {shown}");
    let lines = lines_of(&shown);
    let count = |wanted: &dyn Fn(&str) -> bool| lines.iter().filter(|line| wanted(line)).count();
    let is = |host: &str, state: &str, line: &str| line.starts_with(host) && line.contains(state);
    assert!(count(&|line| line.starts_with("r1: 0 of 3 staged, 3 ")) > 0, "{lines:#?}");
    assert!(count(&|line| line.contains("this machine sent ") && line.contains(" of ")) > 0, "{lines:#?}");
    for host in ["alpha", "beta", "gamma"] {
        let drawn = count(&|line| is(host, "downloading", line));
        assert!(drawn > 1, "{host} is drawn {drawn} times: {lines:#?}");
        // Bounded: five times a second, in some seconds.
        assert!(drawn < 200, "{host} is drawn {drawn} times");
    }
    // What stays: no line of the table is left below it.
    let (_, last) = shown.rsplit_once('\x1b').unwrap();
    assert!(!last.contains("downloading") && !last.contains("from seeder"), "{last}");
    let end = lines.iter().rposition(|line| line.contains("downloading")).unwrap();
    let after = &lines[end + 1..];
    for host in ["alpha", "beta", "gamma"] {
        assert!(after.iter().any(|line| is(host, "staged", line)), "{after:#?}");
    }
    assert_eq!(after.last().unwrap(), "[fleet-push] release r1 is staged on 3 hosts");

    // No terminal: nothing moves, a line tells an event.
    let output = fleet.push().output().ok();
    assert!(!output.stderr.contains(['\x1b', '\r']), "{}", output.stderr);
    for line in ["alpha has the release already", "release r1 is staged on 3 hosts"] {
        assert!(output.stderr.contains(&format!("[fleet-push] {line}\n")), "{}", output.stderr);
    }
}

#[test]
fn of_a_crowd_the_hindmost_and_the_failures_are_seen_and_nobody_else_has_a_line() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta", "gamma"]));
    // Nobody listens there.
    let dead: String = (0..12)
        .map(|number| {
            let address = number + 10;
            format!(
                "[hosts.dead{number}]\naddress = \"127.0.0.{address}\"\nport = 1\nengine = \"embedded\"\n\n"
            )
        })
        .collect();
    fleet.extend_inventory(&dead);
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let shown = on_a_terminal(&fleet, &fleet.push()).output().exits(30).stdout;
    let lines = lines_of(&shown);
    let any = |wanted: &dyn Fn(&str) -> bool| lines.iter().any(|line| wanted(line));
    assert!(
        any(&|line| line.starts_with("r1: ")
            && line.contains(" of 15 staged, ")
            && line.contains(" failed, ")),
        "{lines:#?}"
    );
    assert!(
        any(&|line| line.starts_with("slowest ")) && any(&|line| line.ends_with(" more failed")),
        "{lines:#?}"
    );
    assert!(any(&|line| line.starts_with("[fleet-push] dead0 failed: ")), "{lines:#?}");
    for noise in ["[fleet-push] alpha staged", "trying again"] {
        assert!(!any(&|line| line.contains(noise)), "{noise}: {lines:#?}");
    }
    // On no terminal every host has its lines.
    let output = fleet.push().output().fails_naming(30, "12 of 15 hosts failed");
    assert!(output.stderr.contains("alpha has the release already"), "{}", output.stderr);
    assert!(output.stderr.contains("dead0 lost, trying again"), "{}", output.stderr);
}
