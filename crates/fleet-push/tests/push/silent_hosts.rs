//! Hosts that do not answer, or not as SSH servers do: no server is needed to test that.

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::published::{Published, wait};

fn table(name: &str, listener: &TcpListener) -> String {
    let address = listener.local_addr().unwrap();
    format!("[hosts.{name}]\naddress = \"{}\"\nport = {}\ngroup = \"eu\"\n", address.ip(), address.port())
}

#[test]
fn hosts_that_cannot_be_reached_are_all_in_the_record() {
    let closed = |ip: &str| TcpListener::bind((ip, 0)).unwrap();
    let (one, two) = (closed("127.0.41.1"), closed("127.0.41.2"));
    let published = Published::new(&(table("web1", &one) + &table("web2", &two)));
    drop((one, two));
    published.push(&[]).refuses(31, "2 of 2 hosts failed: web1, web2");
    let record = published.pushed();
    assert!(!record.aborted);
    assert_eq!(record.input.unwrap().file, "publish.json");
    let hosts: Vec<_> =
        record.details.hosts.iter().map(|host| (host.name.as_str(), host.state.as_str())).collect();
    assert_eq!(hosts, [("web1", "failed"), ("web2", "failed")]);
    for host in &record.details.hosts {
        assert!(host.error.as_ref().unwrap().starts_with("cannot connect to"), "{host:?}");
        assert!(host.seconds.connect.is_some() && host.seconds.push.is_none(), "{host:?}");
    }
    let junit = published.junit();
    assert!(junit.contains("classname=\"fleet.eu\"") && junit.contains("name=\"web2\""), "{junit}");
    assert_eq!(junit.matches("<failure").count(), 2, "{junit}");
}

#[test]
fn the_report_goes_where_it_is_asked_to_go() {
    let closed = TcpListener::bind("127.0.41.3:0").unwrap();
    let published = Published::new(&table("web1", &closed));
    drop(closed);
    assert_eq!(published.push(&["--junit", "here.xml"]).code, Some(31));
    assert!(published.path("here.xml").exists() && !published.path("records/push.junit.xml").exists());
    published.push(&["--junit", "none/here.xml"]).refuses(11, "`none/here.xml`");
}

#[test]
fn a_silent_host_holds_up_no_abort() {
    let silent: Vec<_> =
        (4..7).map(|last| TcpListener::bind((format!("127.0.41.{last}"), 0)).unwrap()).collect();
    let published = Published::new(
        &(table("web1", &silent[0]) + &table("web2", &silent[1]) + &table("web3", &silent[2])),
    );
    let child = published.start(&["--parallel", "2"]);
    // Two hosts, whichever came first, took the connection and say nothing.
    silent.iter().for_each(|listener| listener.set_nonblocking(true).unwrap());
    let (mut taken, until) = (Vec::new(), Instant::now() + Duration::from_secs(10));
    while taken.len() < 2 && Instant::now() < until {
        taken.extend(silent.iter().filter_map(|listener| listener.accept().ok()));
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(taken.len(), 2);
    thread::sleep(Duration::from_millis(200));
    let asked = Instant::now();
    assert!(Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap().success());
    let (ended, _) = wait(child, Duration::from_secs(10));
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    drop(taken);
    let record = published.pushed();
    assert!(record.aborted);
    let mut states: Vec<_> = record.details.hosts.iter().map(|host| host.state.as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, ["failed", "failed", "skipped"], "no new host is begun");
    assert!(published.junit().contains("<skipped"));
}

#[test]
fn what_a_host_says_cannot_play_with_the_terminal() {
    let rude = TcpListener::bind("127.0.41.8:0").unwrap();
    let published = Published::new(&table("web1", &rude));
    thread::spawn(move || {
        while let Ok((mut stream, _)) = rude.accept() {
            let _gone = stream.write_all(b"SSH-2.0-x\x1b[2J\x1b]0;owned\x07\r\nError: \x1b[31m\r\n");
        }
    });
    let ended = published.push(&["--timeout", "8s"]);
    assert_eq!(ended.code, Some(31), "{}", ended.stderr);
    assert!(!ended.stderr.contains('\u{1b}') && !ended.stderr.contains('\u{7}'), "{:?}", ended.stderr);
}

#[test]
fn the_time_for_the_whole_push_is_kept() {
    let silent = TcpListener::bind("127.0.41.9:0").unwrap();
    let published = Published::new(&table("web1", &silent));
    let began = Instant::now();
    let ended = published.push(&["--timeout", "2s"]);
    assert_eq!(ended.code, Some(31));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
