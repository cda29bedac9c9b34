//! Downloads as they go, and as they go wrong, a quarter of a second a look.

use super::*;

const STALL: Duration = Duration::from_secs(60);

fn going(bytes: u64) -> Seen {
    Seen {
        size: 1000,
        bytes,
        complete: bytes == 1000,
        hashing: false,
        hash_checked: true,
        hashed: 0,
        active: true,
        peers: 2,
        message: String::new(),
        tracker: String::new(),
        place: "/srv/site/incoming/x".into(),
    }
}

/// Looks four times a second at `seen(seconds)` and notes what is done, by the second.
fn play(stall: Duration, seconds: u64, seen: impl Fn(f64) -> Option<Seen>) -> Vec<String> {
    let mut watch = Watch::new(stall, Duration::ZERO);
    let mut done = Vec::new();
    for tick in 0..=seconds * 4 {
        let now = Duration::from_millis(tick * 250);
        let next = watch.next(now, seen(now.as_secs_f64()).as_ref());
        let text = match &next {
            Next::Wait => continue,
            Next::Fail(fault) => format!("{} Fail: {fault}", now.as_secs()),
            other => format!("{} {other:?}", now.as_secs()),
        };
        done.push(text);
        if matches!(next, Next::Fail(_) | Next::Complete) {
            break;
        }
    }
    done
}

#[test]
fn an_ordinary_download_is_introduced_once_and_completes() {
    let done = play(STALL, 60, |t| {
        Some(if t < 1.0 {
            Seen { hashing: true, active: false, peers: 0, ..going(0) }
        } else {
            going(((t - 1.0) * 100.0).min(1000.0) as u64)
        })
    });
    assert_eq!(done, ["1 Join", "11 Complete"]);
}

#[test]
fn data_that_was_there_already_is_made_known_to_the_others() {
    let done = play(STALL, 60, |t| Some(Seen { hashing: t < 2.0, ..going(1000) }));
    assert_eq!(done, ["2 Join", "2 Complete"]);
}

#[test]
fn complete_while_hashing_is_not_complete() {
    let done = play(STALL, 5, |_| Some(Seen { hashing: true, ..going(1000) }));
    assert!(done.is_empty(), "{done:?}");
}

#[test]
fn a_host_without_peers_is_introduced_again_and_again() {
    let done = play(Duration::from_secs(600), 20, |_| Some(Seen { peers: 0, ..going(5) }));
    assert_eq!(done, ["0 Join", "5 Rejoin", "10 Rejoin", "15 Reload", "20 Rejoin"]);
}

#[test]
fn peers_that_give_nothing_are_no_help() {
    let done = play(Duration::from_secs(600), 46, |_| Some(going(5)));
    assert_eq!(done[..3], ["0 Join", "8 Rejoin", "13 Rejoin"]);
    assert_eq!(done[8..], ["40 Reload", "45 Rejoin"]);
}

#[test]
fn a_client_that_restarts_is_introduced_to_peers_it_forgot() {
    let done = play(STALL, 40, |t| {
        Some(match t {
            t if t < 5.0 => going((t * 50.0) as u64),
            t if t < 10.0 => Seen { peers: 0, ..going(250) },
            t => going((250.0 + (t - 10.0) * 50.0).min(1000.0) as u64),
        })
    });
    assert_eq!(done, ["0 Join", "7 Rejoin", "25 Complete"]);
}

#[test]
fn without_a_new_byte_it_fails_but_is_reloaded_once_before() {
    let done = play(Duration::from_secs(12), 60, |t| {
        Some(Seen { peers: 0, ..going(if t < 4.0 { (t * 10.0) as u64 + 1 } else { 41 }) })
    });
    let fail = done.last().unwrap();
    assert_eq!(fail, "16 Fail: stalled at 41 of 1000 bytes, 0 peers");
    assert_eq!(done.iter().filter(|step| step.ends_with("Reload")).count(), 1, "{done:?}");
}

#[test]
fn what_the_tracker_says_is_told_with_the_stall() {
    let tracker = "Tracker: [Failure reason \"Unregistered torrent\"]";
    let done =
        play(Duration::from_secs(4), 60, |_| Some(Seen { peers: 0, tracker: tracker.into(), ..going(0) }));
    assert_eq!(*done.last().unwrap(), format!("4 Fail: stalled at 0 of 1000 bytes, 0 peers; {tracker}"));
}

#[test]
fn a_slow_download_is_not_a_stalled_one() {
    let done = play(Duration::from_secs(10), 9500, |t| Some(going((t / 9.0) as u64)));
    assert!(!done.iter().any(|step| step.contains("Fail")), "{:?}", done.last());
    assert!(done.last().unwrap().ends_with("Complete"));
}

#[test]
fn a_long_hash_check_is_not_a_stall_unless_it_stands_still() {
    let hashing = |hashed| Seen { hashing: true, active: false, hashed, ..going(0) };
    let done = play(Duration::from_secs(10), 100, |t| Some(hashing(t as u64)));
    assert!(done.is_empty(), "{done:?}");
    let done = play(Duration::from_secs(10), 100, |_| Some(hashing(3)));
    assert_eq!(done, ["10 Fail: stalled at 0 of 1000 bytes, 2 peers"]);
}

#[test]
fn a_stopped_download_is_started() {
    let done = play(STALL, 30, |t| {
        Some(if t < 4.0 {
            Seen { active: false, peers: 0, ..going(100) }
        } else {
            going(100 + (t * 50.0) as u64)
        })
    });
    assert_eq!(done[..2], ["2 Start", "4 Join"]);
    assert!(!done.iter().any(|step| step.contains("Fail")), "{done:?}");
}

#[test]
fn a_client_that_refuses_is_believed_after_some_starts() {
    let stopped = |message: &str| {
        let message = message.to_owned();
        move |_| Some(Seen { active: false, peers: 0, message: message.clone(), ..going(100) })
    };
    let done = play(STALL, 60, stopped("File name too long"));
    assert_eq!(
        done,
        ["0 Start", "5 Start", "10 Start", "15 Fail: rtorrent does not go on: File name too long"]
    );
    let done = play(STALL, 60, stopped(""));
    assert!(done.last().unwrap().ends_with("it stays stopped and does not say why"), "{done:?}");
}

#[test]
fn a_vanished_download_is_loaded_again_but_not_for_ever() {
    let done = play(STALL, 60, |_| None);
    assert_eq!(done, ["0 Load", "0 Load", "0 Fail: the download vanished from rtorrent more than once"]);
}

#[test]
fn a_reload_starts_from_nothing() {
    let mut watch = Watch::new(Duration::from_secs(10), Duration::ZERO);
    let at = Duration::from_secs;
    assert!(matches!(watch.next(at(0), Some(&going(1000))), Next::Join));
    assert!(matches!(watch.next(at(0), Some(&going(1000))), Next::Complete));
    watch.refresh(at(50));
    assert!(matches!(watch.next(at(51), Some(&going(10))), Next::Join));
    assert!(
        matches!(watch.next(at(58), Some(&going(20))), Next::Wait),
        "fewer bytes than before, but new ones"
    );
    assert_eq!(watch.still_for(at(58)), Duration::ZERO);
    assert!(matches!(watch.next(at(60), Some(&going(1000))), Next::Complete));
}
