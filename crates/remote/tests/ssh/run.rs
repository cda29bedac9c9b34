//! Commands on a host.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use remote::{Argv, HostError, HostFault, Interrupt, LineRead, Remote, Status};

use crate::server::{Server, options};

const LONG: Duration = Duration::from_secs(30);

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn sh(script: &str) -> Argv {
    Argv::new("sh").arg("-c").arg(script)
}

#[test]
fn arguments_arrive_as_they_were_given() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    let odd = [
        "", " ", "a b", "it's", "\"q\"", "$(id)", "`id`", "$HOME", "\\", "a\nb", "*", "~", "-n", "ü€", "!x",
        "a;b", "#",
    ];
    let output = remote.exec(&Argv::new("printf").arg("%s\\0").args(odd), b"", LONG).unwrap();
    let arrived: Vec<_> = output.stdout.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    assert_eq!(arrived[..odd.len()], odd);
    let error = remote.exec(&Argv::new("echo").arg("a\0b"), b"", LONG).unwrap_err();
    assert!(matches!(error, HostError { kind: HostFault::NulInArgument { .. }, .. }), "{error}");
}

#[test]
fn status_output_and_reason_come_back() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    let output = remote.exec(&sh("echo out; echo 'error: no' >&2; exit 12"), b"", LONG).unwrap();
    assert_eq!((output.status.clone(), output.stdout.clone()), (Status::Exited(12), b"out\n".to_vec()));
    assert_eq!(output.reason(), "no");
    // What the shell of the account says of a signal is `128 + n`, whichever shell that is.
    let output = remote.exec(&sh("kill -KILL $$"), b"", LONG).unwrap();
    assert_eq!(output.status, Status::Signalled("KILL".to_owned()));
    let output = remote.exec(&sh("exit 143"), b"", LONG).unwrap();
    assert_eq!(output.status, Status::Exited(143), "a status that programs choose");
    let output = remote.exec(&Argv::new("no-such-program"), b"", LONG).unwrap();
    assert_eq!(output.status, Status::Exited(127));
    // One session carries many commands.
    for number in 0..20 {
        let output = remote.exec(&Argv::new("echo").arg(number.to_string()), b"", LONG).unwrap();
        assert_eq!(output.stdout, format!("{number}\n").into_bytes());
    }
}

#[test]
fn input_larger_than_any_window_goes_through() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    let bytes: Vec<u8> = (0..6_000_000u32).map(|n| (n % 251) as u8).collect();
    let output = remote.exec(&Argv::new("wc").arg("-c"), &bytes, LONG).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "6000000");
    // Both ways at once, more than both windows hold.
    let output = remote.exec(&Argv::new("cat"), &bytes, LONG).unwrap();
    assert_eq!((output.stdout.len(), output.stdout_cut), (4 << 20, true));
    assert_eq!(output.stdout[..], bytes[..4 << 20]);
    // A command that does not read its input.
    let output = remote.exec(&sh("exit 3"), &bytes, LONG).unwrap();
    assert_eq!(output.status, Status::Exited(3));
}

#[test]
fn output_without_end_is_bounded() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    let script = "head -c 20000000 /dev/zero; head -c 3000000 /dev/zero | tr '\\0' e >&2; echo last >&2";
    let output = remote.exec(&sh(script), b"", LONG).unwrap();
    assert!(output.status.success());
    assert_eq!((output.stdout.len(), output.stdout_cut), (4 << 20, true));
    assert!(output.stderr.len() <= 64 << 10);
    assert!(output.stderr.ends_with(b"elast\n"));
}

#[test]
fn a_command_without_end_is_given_up() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    for argv in [Argv::new("sleep").arg("60"), Argv::new("yes")] {
        let began = Instant::now();
        let error = remote.exec(&argv, b"", Duration::from_millis(500)).unwrap_err();
        assert!(matches!(error, HostError { kind: HostFault::TimedOut { .. }, .. }), "{error}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    // The session is still good.
    assert!(remote.exec(&Argv::new("true"), b"", LONG).unwrap().status.success());
}

#[test]
fn an_interrupt_ends_the_wait() {
    let Some(server) = Server::start() else { return };
    let began = Instant::now();
    let interrupt = Interrupt::new(move || began.elapsed() > Duration::from_secs(2));
    let remote = server.try_connect(Some("user_ed25519"), &options().interrupt(interrupt)).unwrap();
    let error = remote.exec(&Argv::new("sleep").arg("60"), b"", Duration::from_secs(60)).unwrap_err();
    assert!(matches!(error, HostError { kind: HostFault::Interrupted { .. }, .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[test]
fn a_connection_that_breaks_is_told_at_once() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    // The parent of the shell that runs the command is the sshd of this session.
    let output = remote.exec(&sh("ps -o ppid= -p $PPID"), b"", LONG).unwrap();
    let session = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        Command::new("kill").arg("-KILL").arg(session).status().unwrap();
    });
    let began = Instant::now();
    let error = remote.exec(&Argv::new("sleep").arg("20"), b"", LONG).unwrap_err();
    assert!(matches!(error, HostError { kind: HostFault::Lost { .. }, .. }), "{error}");
    assert!(error.is_connection_loss());
    assert!(began.elapsed() < Duration::from_secs(5));
    let error = remote.exec(&Argv::new("true"), b"", LONG).unwrap_err();
    assert!(error.is_connection_loss(), "{error}");
}

#[test]
fn a_running_command_is_talked_with_line_by_line() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    let script =
        "echo '{\"event\":\"switched\"}'; read answer; echo \"said $answer\"; cat; echo why >&2; exit 40";
    let mut process = remote.spawn(&sh(script)).unwrap();
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("{\"event\":\"switched\"}".into()));
    let began = Instant::now();
    assert_eq!(process.read_line(began + Duration::from_millis(200)).unwrap(), LineRead::TimedOut);
    assert!(began.elapsed() < Duration::from_secs(1));
    // Meanwhile the session does other things.
    assert!(remote.exec(&Argv::new("true"), b"", LONG).unwrap().status.success());
    process.write(b"commit\n", soon()).unwrap();
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("said commit".into()));
    process.write(b"no line end", soon()).unwrap();
    process.close_stdin().unwrap();
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("no line end".into()));
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::End);
    assert_eq!(process.wait(soon()).unwrap(), Status::Exited(40));
    assert_eq!(process.stderr(), "why\n");
}

#[test]
fn a_dropped_command_sees_the_end_of_its_input() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    let mark = server.path("reverted");
    let script = format!("echo ready; cat >/dev/null; echo reverted >'{}'", mark.display());
    let mut process = remote.spawn(&sh(&script)).unwrap();
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("ready".into()));
    assert!(!mark.exists());
    drop(process);
    let deadline = soon();
    while !mark.exists() {
        assert!(Instant::now() < deadline, "the command never saw the end of its input");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn waiting_for_the_end_may_time_out_and_go_on() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    let mut process = remote.spawn(&sh("echo unread; read line; exit 5")).unwrap();
    let error = process.wait(Instant::now() + Duration::from_millis(200)).unwrap_err();
    assert!(matches!(error, HostError { kind: HostFault::TimedOut { .. }, .. }), "{error}");
    process.write(b"go\n", soon()).unwrap();
    assert_eq!(process.wait(soon()).unwrap(), Status::Exited(5));
}

#[test]
fn several_commands_of_one_session_run_side_by_side_on_threads() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let mut process =
                remote.spawn(&sh("read x; head -c 300000 /dev/zero | tr '\\0' x; echo; echo $x")).unwrap();
            thread::spawn(move || {
                process.write(format!("{number}\n").as_bytes(), soon()).unwrap();
                process.close_stdin().unwrap();
                let LineRead::Line(line) = process.read_line(soon()).unwrap() else { panic!() };
                assert_eq!(line.len(), 300_000);
                assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line(number.to_string()));
                assert!(process.wait(soon()).unwrap().success());
            })
        })
        .collect();
    for _ in 0..10 {
        assert!(remote.exec(&Argv::new("true"), b"", LONG).unwrap().status.success());
    }
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn a_line_without_end_is_refused() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    let mut process = remote.spawn(&sh("head -c 5000000 /dev/zero; sleep 60")).unwrap();
    let error = process.read_line(soon()).unwrap_err();
    assert!(error.to_string().contains("longer than 1 MiB"), "{error}");
}
