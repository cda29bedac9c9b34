//! Many hosts behind one sshd, which drops whom it has not let in yet once there are ten of them.

use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use inventory::Inventory;
use remote::{Argv, Event, HostError, HostFault, Interrupt, Outcome, Remote, SshRemote, Timeouts, fan_out};

use crate::server::{Server, Setup, options, user};

const HOSTS: usize = 60;

/// A bastion as sshd is out of the box.
const BASTION: &str = "MaxStartups 10:30:100\nMaxSessions 10\nLogLevel VERBOSE";

/// `HOSTS` hosts by way of the bastion, several of them at one target.
fn behind(bastion: &Server, targets: &[Server]) -> Inventory {
    let mut known = fs::read_to_string(bastion.path("known_hosts")).unwrap();
    let mut text = format!(
        "[site]\ndeploy_to = \"/srv\"\n[defaults]\nuser = \"{}\"\nidentity = \"user_ed25519\"\n\
         known_hosts = \"known_all\"\nssh_config = \"none\"\njump = \"{}:{}\"\n",
        user(),
        bastion.ip,
        bastion.port,
    );
    for number in 0..HOSTS {
        let target = &targets[number % targets.len()];
        writeln!(text, "[hosts.web{number}]\naddress = \"{}\"\nport = {}", target.ip, target.port).unwrap();
        // Several names of one directory are refused.
        writeln!(text, "deploy_to = \"/srv/{number}\"").unwrap();
        writeln!(text, "peer_address = \"10.0.0.{}\"", number + 1).unwrap();
    }
    for target in targets {
        fs::copy(bastion.path("authorized_keys"), target.path("authorized_keys")).unwrap();
        known += &fs::read_to_string(target.path("known_hosts")).unwrap();
    }
    fs::write(bastion.path("known_all"), known).unwrap();
    fs::write(bastion.path("fleet.toml"), text).unwrap();
    Inventory::load(&bastion.path("fleet.toml")).unwrap()
}

#[test]
fn sixty_hosts_behind_one_bastion_are_all_let_in_at_the_first_attempt() {
    let Some(bastion) = Server::start_with(&Setup { config: BASTION, ..Setup::default() }) else { return };
    let wide = Setup { config: "MaxStartups 200", ..Setup::default() };
    let targets: Vec<Server> = (0..6).map(|_| Server::start_with(&wide).unwrap()).collect();
    let inventory = behind(&bastion, &targets);
    let options = options();
    let outcomes = fan_out(
        inventory.hosts,
        NonZeroUsize::new(HOSTS).unwrap(),
        &Interrupt::never(),
        |_: Event<()>| (),
        move |host, _| {
            let remote = SshRemote::connect(&host, &options)?;
            let output = remote.exec(&Argv::new("echo").arg("here"), b"", Duration::from_secs(60))?;
            // Nobody ends before all have begun: logged in, a session counts no more.
            Ok::<_, HostError>((output.stdout, remote))
        },
    );
    let mut remotes = Vec::new();
    for outcome in outcomes {
        let Outcome::Done(result) = outcome else { panic!("a defect") };
        let (said, remote) = result.unwrap_or_else(|error| panic!("{error}\n{}", bastion.log()));
        assert_eq!(said, b"here\n");
        remotes.push(remote);
    }
    let log = bastion.log();
    assert_eq!(log.matches("Accepted publickey").count(), HOSTS, "{log}");
    // sshd counts a session a moment longer than the client, so a drop can happen; sixty at once lose more than a third.
    let dropped: usize = log
        .lines()
        .filter_map(|line| line.split_once("exited MaxStartups throttling")?.1.split(", ").nth(1))
        .map(|count| count.split(' ').next().unwrap_or_default().parse::<usize>().unwrap())
        .sum();
    assert!(dropped <= HOSTS / 6, "{dropped} dropped\n{log}");
}

/// A server whose two places before the log-in are taken, by the connections.
fn full() -> Option<(Server, Vec<TcpStream>)> {
    let full = Setup { config: "MaxStartups 2:100:2\nLogLevel VERBOSE", ..Setup::default() };
    let server = Server::start_with(&full)?;
    let until = Instant::now() + Duration::from_secs(10);
    let mut others = Vec::new();
    while others.len() < 2 {
        assert!(Instant::now() < until, "{}", server.log());
        let mut stream = TcpStream::connect((server.ip, server.port)).unwrap();
        let mut greeting = [0; 4];
        // The one that found out whether it listens may still count.
        if stream.read_exact(&mut greeting).is_ok() && &greeting == b"SSH-" {
            others.push(stream);
        }
    }
    Some((server, others))
}

#[test]
fn who_finds_no_room_has_lost_a_connection_after_the_time_for_connecting() {
    let Some((server, others)) = full() else { return };
    let options = options().timeouts(Timeouts { connect: Duration::from_secs(1), ..Timeouts::default() });
    let began = Instant::now();
    let error = server.try_connect(Some("user_ed25519"), &options).map(drop).unwrap_err();
    assert!(error.is_connection_loss(), "{error}");
    assert!(error.to_string().contains("Exceeded MaxStartups"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(server.log().contains("MaxStartups"), "{}", server.log());
    drop(others);
}

#[test]
fn who_finds_no_room_comes_again_by_itself() {
    let Some((server, others)) = full() else { return };
    let (log, ip, port) = (server.path("sshd.log"), server.ip, server.port);
    let leaves = thread::spawn(move || {
        let until = Instant::now() + Duration::from_secs(10);
        while !fs::read_to_string(&log).unwrap_or_default().contains("MaxStartups") {
            assert!(Instant::now() < until, "never full at {ip} port {port}");
            thread::sleep(Duration::from_millis(10));
        }
        drop(others);
    });
    drop(server.try_connect(Some("user_ed25519"), &options()).unwrap());
    leaves.join().unwrap();
}

#[test]
fn who_waits_for_a_place_gives_up_when_asked_and_delays_nobody_elsewhere() {
    let Some(server) = Server::start() else { return };
    let silent = TcpListener::bind((server.ip, 0)).unwrap();
    let mut hung = server.host(Some("user_ed25519"));
    hung.port = silent.local_addr().unwrap().port();
    let raised = Arc::new(AtomicBool::new(false));
    let options = options()
        .timeouts(Timeouts { connect: Duration::from_secs(30), ..Timeouts::default() })
        .interrupt(Interrupt::from(Arc::clone(&raised)));
    // All places at the silent one are taken, and more wait for one.
    let waiting: Vec<_> = (0..12)
        .map(|_| {
            let (hung, options) = (hung.clone(), options.clone());
            thread::spawn(move || SshRemote::connect(&hung, &options).map(drop))
        })
        .collect();
    let mut taken = Vec::new();
    silent.set_nonblocking(true).unwrap();
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        taken.extend(silent.accept());
        thread::sleep(Duration::from_millis(10));
    }
    assert!(taken.len() < 10 && taken.len() > 4, "{} at once", taken.len());
    let began = Instant::now();
    drop(server.try_connect(Some("user_ed25519"), &options).unwrap());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    raised.store(true, Ordering::SeqCst);
    let began = Instant::now();
    for thread in waiting {
        let error = thread.join().unwrap().unwrap_err();
        assert!(matches!(error, HostError { kind: HostFault::Interrupted { .. }, .. }), "{error}");
    }
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn behind_a_bastion_that_hangs_all_give_up_together() {
    let Some(server) = Server::start() else { return };
    let silent = TcpListener::bind((server.ip, 0)).unwrap();
    let mut hung = server.host(Some("user_ed25519"));
    hung.port = silent.local_addr().unwrap().port();
    let options = options().timeouts(Timeouts { connect: Duration::from_secs(1), ..Timeouts::default() });
    let began = Instant::now();
    let threads: Vec<_> = (0..40)
        .map(|_| {
            let (hung, options) = (hung.clone(), options.clone());
            thread::spawn(move || SshRemote::connect(&hung, &options).map(drop))
        })
        .collect();
    for thread in threads {
        let error = thread.join().unwrap().unwrap_err();
        assert!(
            matches!(error, HostError { kind: HostFault::TimedOut { .. }, .. }) && error.is_connection_loss(),
            "{error}"
        );
    }
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}
