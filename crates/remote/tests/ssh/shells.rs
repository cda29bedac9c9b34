//! Every login shell runs every command, whatever its start-up files print or read.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use remote::{Argv, HostError, HostFault, LineRead, Remote, SshRemote, Status};

use crate::server::{Account, Server, Setup};

const LONG: Duration = Duration::from_secs(30);

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn sh(script: &str) -> Argv {
    Argv::new("sh").arg("-c").arg(script)
}

/// All that is done on a host, with input and output of every kind.
fn everything_works(remote: &SshRemote, home: &Path) {
    let odd = [
        "", " ", "it's", "\"q\"", "$(id)", "`id`", "$HOME", "\\", "\\n", "a\n\nb\n", "*", "~", "-n", "ü€",
        "!x", "#",
    ];
    let output = remote.exec(&Argv::new("printf").arg("%s\\0").args(odd), b"", LONG).unwrap();
    let arrived: Vec<_> = output.stdout.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    assert_eq!(arrived[..odd.len()], odd);
    let long = "x'!\n".repeat(500);
    let output = remote.exec(&Argv::new("printf").arg("%s").arg(&long), b"", LONG).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), long);
    let output = remote.exec(&sh("printf '{\"a\":1}'; echo 'error: no' >&2; exit 12"), b"", LONG).unwrap();
    assert_eq!((output.status.clone(), &output.stdout[..]), (Status::Exited(12), &b"{\"a\":1}"[..]));
    assert_eq!(output.stderr, b"error: no\n");
    assert_eq!(remote.exec(&Argv::new("no-such-program"), b"", LONG).unwrap().status, Status::Exited(127));
    let killed = remote.exec(&sh("kill -KILL $$"), b"", LONG).unwrap();
    assert_eq!(killed.status, Status::Signalled("KILL".into()));

    let bytes: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    assert_eq!(remote.exec(&Argv::new("cat"), &bytes, LONG).unwrap().stdout, bytes);
    let path = home.join("it's here");
    remote.upload(&bytes, &path.to_str().unwrap().parse().unwrap()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);

    let mut process =
        remote.spawn(&sh("echo ready; read x; echo \"got $x\"; cat; echo why >&2; exit 40")).unwrap();
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("ready".into()));
    process.write(b"word\n", soon()).unwrap();
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("got word".into()));
    process.close_stdin().unwrap();
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::End);
    assert_eq!(process.wait(soon()).unwrap(), Status::Exited(40));
    assert_eq!(process.stderr(), "why\n");
    // Written before anything was heard.
    let mut process = remote.spawn(&Argv::new("cat")).unwrap();
    process.write(b"one\ntwo", soon()).unwrap();
    process.close_stdin().unwrap();
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("one".into()));
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("two".into()));
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::End);
    // Told at once that there is no input.
    let mut process = remote.spawn(&sh("cat; echo done")).unwrap();
    process.close_stdin().unwrap();
    assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("done".into()));
}

const PLAIN: [Account; 8] = [
    Account::new("s-sh", "/bin/sh", &[]),
    Account::new("s-bash", "/bin/bash", &[]),
    Account::new("s-dash", "/bin/dash", &[]),
    Account::new("s-ksh", "/bin/ksh", &[]),
    Account::new("s-zsh", "/bin/zsh", &[]),
    Account::new("s-fish", "/usr/bin/fish", &[]),
    Account::new("s-csh", "/bin/csh", &[]),
    Account::new("s-tcsh", "/bin/tcsh", &[]),
];

/// The account's shell is installed. All of them are where E2E_PEERS=required.
fn has_shell(account: &Account) -> bool {
    let there = Path::new(account.shell).exists();
    let required = std::env::var("E2E_PEERS").as_deref() == Ok("required");
    assert!(there || !required, "{} is missing and E2E_PEERS=required", account.shell);
    there
}

#[test]
fn every_login_shell_runs_every_command() {
    let Some(server) = Server::start_with(&Setup { accounts: Some(&PLAIN), ..Setup::default() }) else {
        return;
    };
    for account in PLAIN.iter().filter(|account| has_shell(account)) {
        println!("{}", account.shell);
        let remote = server.log_in(account.name).unwrap_or_else(|error| panic!("{error}\n{}", server.log()));
        everything_works(&remote, &server.path(&format!("home/{}", account.name)));
        assert_eq!(remote.noise(), None, "{}", account.shell);
    }
}

const JSON: &str =
    "printf '{\"schema\":\"status/1\",\"current\":null}'; printf 'warn: \\033[31mred\\377\\000' >&2\n";
const NOISY: [Account; 9] = [
    Account::new("n-bash", "/bin/bash", &[(".bashrc", JSON)]),
    Account::new("n-zsh", "/bin/zsh", &[(".zshenv", "echo Welcome to web1\n")]),
    Account::new(
        "n-fish",
        "/usr/bin/fish",
        &[(".config/fish/config.fish", "echo -n Welcome; echo oh >&2\n")],
    ),
    Account::new("n-csh", "/bin/csh", &[(".cshrc", "echo Welcome\n")]),
    Account::new("n-tcsh", "/bin/tcsh", &[(".tcshrc", "echo Welcome\nset echo\n")]),
    Account::new("n-trace", "/bin/bash", &[(".bashrc", "set -x\n")]),
    Account::new("n-huge", "/bin/bash", &[(".bashrc", "head -c 3000000 /dev/urandom\n")]),
    // What asks for a line gets one, and none of the command's input.
    Account::new("n-reads", "/bin/bash", &[(".bashrc", "read -r -p 'which java? ' x; echo \"java <$x>\"\n")]),
    Account::new("n-waits", "/bin/bash", &[(".bashrc", "read -t 1 -r x; echo \"<$x>\"\n")]),
];

#[test]
fn what_a_start_up_file_prints_or_reads_is_no_part_of_an_answer() {
    let Some(server) = Server::start_with(&Setup { accounts: Some(&NOISY), ..Setup::default() }) else {
        return;
    };
    for account in NOISY.iter().filter(|account| has_shell(account)) {
        println!("{}", account.name);
        let remote = server.log_in(account.name).unwrap_or_else(|error| panic!("{error}\n{}", server.log()));
        if ["n-reads", "n-waits"].contains(&account.name) {
            let output = remote.exec(&Argv::new("cat"), b"the input\n", LONG).unwrap();
            assert_eq!(output.stdout, b"the input\n");
            assert_eq!(remote.exec(&Argv::new("cat"), b"", LONG).unwrap().stdout, b"");
        } else {
            everything_works(&remote, &server.path(&format!("home/{}", account.name)));
        }
        let said = remote.noise().unwrap();
        assert!(said.len() <= 700 && !said.chars().any(char::is_control), "{said}");
    }
}

#[test]
fn what_a_wrapper_prints_around_a_command_is_passed_over_and_its_status_too() {
    let wrapper = "ForceCommand sh -c 'echo \"running $SSH_ORIGINAL_COMMAND\"; sh -c \"$SSH_ORIGINAL_COMMAND\"; echo Goodbye; \
                   echo bye >&2; sleep 0.1'";
    let setup = Setup { accounts: Some(&PLAIN[..2]), config: wrapper, ..Setup::default() };
    let Some(server) = Server::start_with(&setup) else { return };
    let remote = server.log_in("s-bash").unwrap();
    everything_works(&remote, &server.path("home/s-bash"));
    assert!(remote.noise().unwrap().contains("running"));
}

#[test]
fn a_logout_that_hangs_holds_nobody_up() {
    let wrapper = "ForceCommand sh -c 'sh -c \"$SSH_ORIGINAL_COMMAND\"; sleep 30'";
    let setup = Setup { accounts: Some(&PLAIN[..2]), config: wrapper, ..Setup::default() };
    let Some(server) = Server::start_with(&setup) else { return };
    let began = Instant::now();
    let remote = server.log_in("s-sh").unwrap();
    assert_eq!(remote.exec(&Argv::new("echo").arg("x"), b"", LONG).unwrap().stdout, b"x\n");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

const SILENT: [Account; 4] = [
    Account::new("x-exit", "/bin/bash", &[(".bashrc", "echo no shell for you; exit 3\n")]),
    Account::new("x-false", "/bin/false", &[]),
    Account::new("x-true", "/bin/true", &[]),
    Account::new("x-nologin", "/usr/sbin/nologin", &[]),
];

#[test]
fn an_account_that_runs_no_command_is_told_with_what_it_said_instead() {
    let Some(server) = Server::start_with(&Setup { accounts: Some(&SILENT), ..Setup::default() }) else {
        return;
    };
    for (name, said, remedy) in [
        ("x-exit", "exit status 3, it said `no shell for you`", "start-up file"),
        ("x-false", "exit status 1", "usermod -s /bin/sh"),
        ("x-true", "exit status 0", "ForceCommand"),
        ("x-nologin", "This account is currently not available", "usermod -s /bin/sh"),
    ] {
        let remote = server.log_in(name).unwrap();
        let error = remote.exec(&Argv::new("swap-release").arg("status"), b"", LONG).unwrap_err();
        assert!(
            matches!(error, HostError { kind: HostFault::NotRun { .. }, .. }) && !error.is_connection_loss(),
            "{error:?}"
        );
        assert!(
            error.to_string().contains("did not run `swap-release`") && error.to_string().contains(said),
            "{error}"
        );
        assert!(error.hint().unwrap().contains(remedy), "{name}: {:?}", error.hint());
        let mut process = remote.spawn(&Argv::new("swap-release").arg("receive")).unwrap();
        let error = process.read_line(soon()).unwrap_err();
        assert!(matches!(error, HostError { kind: HostFault::NotRun { .. }, .. }), "{error:?}");
    }
}

const EATING: [Account; 2] = [
    Account::new("e-cat", "/bin/bash", &[(".bashrc", "cat >/dev/null\n")]),
    Account::new("e-zsh", "/bin/zsh", &[(".zshenv", "cat\n")]),
];

/// Both accounts at the same time: it takes its time to be sure.
#[test]
fn a_start_up_file_that_reads_all_input_is_found_out() {
    let Some(server) = Server::start_with(&Setup { accounts: Some(&EATING), ..Setup::default() }) else {
        return;
    };
    thread::scope(|scope| {
        for account in EATING.iter().filter(|account| has_shell(account)) {
            let server = &server;
            scope.spawn(move || {
                let remote = server.log_in(account.name).unwrap();
                let place = format!("home/{}/put", account.name);
                let put = format!("cat >'{}'", server.path(&place).display());
                let error = remote.exec(&sh(&put), b"all of it", LONG).unwrap_err();
                assert!(
                    matches!(error, HostError { kind: HostFault::InputEaten { .. }, .. }),
                    "{}: {error:?}",
                    account.name
                );
                assert!(!error.is_connection_loss() && error.hint().unwrap().contains("</dev/null"));
                assert!(!server.path(&place).exists(), "nothing takes the place of what was to come");
                let mut process = remote.spawn(&Argv::new("cat")).unwrap();
                let error = process.read_line(Instant::now() + LONG).unwrap_err();
                assert!(
                    matches!(error, HostError { kind: HostFault::InputEaten { .. }, .. }),
                    "{}: {error:?}",
                    account.name
                );
                // What has no input is not kept from anything.
                assert_eq!(remote.exec(&Argv::new("echo").arg("x"), b"", LONG).unwrap().stdout, b"x\n");
            });
        }
    });
}
