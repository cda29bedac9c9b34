//! The board of a thousand hosts that all talk at once.

use record::HostPhase;

use super::*;

pub(crate) fn hosts(count: usize) -> Vec<Host> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fleet.toml");
    let table = |number: usize| {
        format!("[hosts.web{number}]\naddress = \"10.0.{}.{}\"\n", number / 250, number % 250 + 1)
    };
    let tables: String = (0..count).map(table).collect();
    std::fs::write(&path, format!("[site]\ndeploy_to = \"/srv\"\n{tables}")).unwrap();
    inventory::Inventory::load(&path).unwrap().hosts
}

#[test]
fn copies_are_rounded_and_an_empty_payload_is_no_trouble() {
    assert_eq!(copies(115, 100), "1.2 copies");
    assert_eq!(copies(0, 100), "0.0 copies");
    assert_eq!(copies(5, 0), "0.0 copies");
}

#[test]
fn what_a_word_of_a_host_costs_does_not_grow_with_the_fleet() {
    let hosts = hosts(1000);
    let console = Console::new("fleet-push", cli::ColorChoice::Never);
    let mut board = Board::new(&hosts, &"r1".parse().unwrap(), 1000, None, &console);
    // Five seconds in which every host speaks ten times a second.
    let began = Instant::now();
    let events = 50_000;
    for number in 0..events {
        let mut report = HostReport::new();
        (report.state, report.bytes, report.seconds.push) = (PushState::Failed, 500, Some(0.1));
        let now = began + Duration::from_micros(u64::try_from(number).unwrap() * 100);
        board.hear_at(Event::Said(number % hosts.len(), HostUpdate::Progress(report)), now);
    }
    let looks = board.looked_at / hosts.len();
    assert!((20..=26).contains(&looks), "{looks} looks at all hosts for {events} words");
    // And still nothing of what they said is lost.
    let picture = board.snapshot();
    assert!(picture.rows.iter().all(|row| row.phase == HostPhase::Downloading && row.bytes == 500));
}
