//! What the live table looks like, for three hosts and for a thousand, on wide and on narrow terminals.

use super::*;

const MB: u64 = 1_000_000;

fn row(name: &str, phase: HostPhase, mb: u64) -> Row<'_> {
    Row { name, phase, bytes: mb * MB, rate: None, peers: 0, received: None, error: None }
}

fn snapshot(rows: Vec<Row<'_>>) -> Snapshot<'_> {
    Snapshot { release: "42-0a1b2c3d", size: 20 * MB, rows, sent: Some(23 * MB) }
}

#[test]
fn three_hosts_are_all_shown_in_the_order_of_the_inventory() {
    let rows = vec![
        Row {
            rate: Some(5_200_000),
            peers: 2,
            received: Some(Received { from_seeder: 3 * MB, from_fleet: 9 * MB }),
            ..row("web1", HostPhase::Downloading, 12)
        },
        Row {
            rate: Some(5_200_000),
            received: Some(Received { from_seeder: 8 * MB, from_fleet: 12 * MB }),
            ..row("web2", HostPhase::Staged, 20)
        },
        Row { error: Some("no route to host"), ..row("web3", HostPhase::Failed, 0) },
    ];
    let expected = [
        "42-0a1b2c3d: 1 of 3 staged, 1 failed, 1 downloading",
        "53 % of 60.0 MB, 5.2 MB/s, this machine sent 1.2 copies",
        "host  state        has    rate      peers  from seeder",
        "web1  downloading  60 %   5.2 MB/s  2      25 %",
        "web2  staged       100 %  -         -      40 %",
        "web3  failed       0 %    -         -      -            no route to host",
    ];
    assert_eq!(snapshot(rows).lines(80, 24), expected);
}

/// A thousand hosts: 0..7 failed, 7..20 connect, 20..600 download, 600..610 verify, 610..900 are done, the rest waits.
fn thousand(names: &[String]) -> Vec<Row<'_>> {
    fn of((number, name): (usize, &String)) -> Row<'_> {
        let phase = match number {
            0..7 => HostPhase::Failed,
            7..20 => HostPhase::Connecting,
            20..600 => HostPhase::Downloading,
            600..610 => HostPhase::Verifying,
            610..900 => HostPhase::Staged,
            _ => HostPhase::Waiting,
        };
        let bytes = match phase {
            HostPhase::Downloading => u64::try_from(1000 - number).unwrap() * 10_000,
            HostPhase::Verifying | HostPhase::Staged => 20 * MB,
            _ => 0,
        };
        let error = (phase == HostPhase::Failed).then_some("cannot log in");
        Row { name, phase, bytes, rate: Some(1000), peers: 4, received: None, error }
    }
    names.iter().enumerate().map(of).collect()
}

#[test]
fn of_a_thousand_the_slowest_ten_and_the_failures_are_shown() {
    let names: Vec<String> = (0..1000).map(|number| format!("web{number}")).collect();
    let lines = snapshot(thousand(&names)).lines(120, 40);
    assert_eq!(
        lines[0],
        "42-0a1b2c3d: 290 of 1000 staged, 7 failed, 10 verifying, 580 downloading, 13 connecting, 100 waiting"
    );
    assert_eq!(lines[1], "50 % of 20.0 GB, 580.0 kB/s, this machine sent 1.2 copies");
    assert_eq!(lines.len(), 2 + 1 + SHOWN + FAILURES, "{lines:#?}");
    assert_eq!(lines[3], "web7     connecting  0 %  -     -      -");
    assert_eq!(lines[12], "web16    connecting  0 %  -     -      -");
    assert_eq!(lines[13], "web0 failed: cannot log in");
    assert_eq!(lines[17], "3 more failed");

    // Once nobody connects any more, those with the fewest bytes are the slowest.
    let mut rows = thousand(&names);
    rows.drain(0..20);
    let lines = snapshot(rows).lines(80, 24);
    let first = |line: &String| line.split(' ').next().unwrap_or_default().to_owned();
    let shown: Vec<String> = lines[3..13].iter().map(first).collect();
    assert_eq!(
        shown,
        ["web599", "web598", "web597", "web596", "web595", "web594", "web593", "web592", "web591", "web590"]
    );
    assert_eq!(lines[3], "web599   downloading  20 %  1.0 kB/s  4      -");
    assert_eq!(lines.len(), 13, "{lines:#?}");
}

#[test]
fn no_terminal_is_too_small_and_no_text_too_long_or_too_wicked() {
    let names: Vec<String> = (0..1000).map(|number| format!("web{number}")).collect();
    let wicked =
        ["a\x1b[2Jb\r\n", "\u{202e}x", &"x".repeat(5000), "\u{5343}\u{5343}\u{5343}\u{5343}\u{5343}"];
    let mut rows = thousand(&names);
    for (row, text) in rows.iter_mut().zip(wicked) {
        (row.name, row.error) = (text, Some(text));
    }
    for few in [rows.clone(), rows[..4].to_vec(), rows[..1].to_vec(), Vec::new()] {
        for width in [0, 1, 5, 20, 80, 300] {
            for height in [0, 1, 2, 3, 4, 5, 8, 24, 100] {
                let lines = snapshot(few.clone()).lines(width, height);
                assert!(lines.len() <= height.saturating_sub(1).max(1), "{width} x {height}: {lines:#?}");
                for line in lines {
                    assert_eq!(cli::cut(&line, width), line, "wider than {width}");
                    assert_eq!(cli::sanitize(&line), line);
                }
            }
        }
    }
    // A long name takes nothing from the other columns.
    let lines = snapshot(vec![row(wicked[2], HostPhase::Connected, 0)]).lines(80, 24);
    assert_eq!(lines[3], format!("{}...  connected  0 %  -     -      -", "x".repeat(27)));
}

#[test]
fn a_payload_without_bytes_divides_by_nothing() {
    let empty = Snapshot { size: 0, ..snapshot(vec![row("web1", HostPhase::Staged, 0)]) };
    assert_eq!(empty.lines(80, 24)[1], "100 % of 0 B, 0 B/s, this machine sent 0.0 copies");
}
