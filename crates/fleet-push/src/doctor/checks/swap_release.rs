//! `swap-release`: it is there, it runs, and it is of our version, since the two exchange records. One that does not run is
//! told with the reason why: a program that lies where none may be run is not helped by another copy of it.

use record::{Check, RemedyCommand};
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::probe::Program;
use crate::doctor::remedy::{as_root, fault, here, ok, on_host};
use crate::doctor::seen::Seen;
use crate::install::Machine;

const NAME: &str = "swap-release";
const OURS: &str = env!("CARGO_PKG_VERSION");

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Check {
    let program = &subject.host.swap_release;
    let install = || {
        let install = subject.ours("fleet-push", "install");
        here(&if seen.probe.program.closed { install.args(["--as", "root"]) } else { install })
    };
    match &seen.probe.version {
        Err(reason) => {
            let why = why(&seen.probe.program, reason, install);
            let found = format!("`{program}` does not run there: {}", why.found);
            fault(NAME, found, why.remedy, why.commands)
        }
        Ok(said) => match said.strip_prefix("swap-release ") {
            Some(OURS) => ok(NAME, format!("`{program}` {OURS}")),
            Some(version) => fault(
                NAME,
                format!("`{program}` is {version} there, fleet-push is {OURS} here"),
                "both must be of one version: install it there",
                [install()],
            ),
            None => fault(
                NAME,
                format!("`{program}` says `{}` of itself", said.chars().take(80).collect::<String>()),
                "set `swap_release` in fleet.toml to the path of ours, or install it there",
                [install()],
            ),
        },
    }
}

/// Why a program does not run.
struct Why {
    found: String,
    remedy: &'static str,
    commands: Vec<RemedyCommand>,
}

fn why(program: &Program, reason: &str, install: impl Fn() -> RemedyCommand) -> Why {
    let root = |argv: Argv| as_root(&argv);
    let Some((mode, path)) = &program.file else {
        return match &program.shut {
            Some(folder) => Why {
                found: format!("the account may not enter `{folder}`"),
                remedy: "let it in",
                commands: vec![root(Argv::new("chmod").args(["o+x", "--", folder]))],
            },
            None => Why {
                found: format!("it is not there ({reason})"),
                remedy: "install it, or set `swap_release` in fleet.toml to its path",
                commands: vec![install()],
            },
        };
    };
    if let Some(mount) = &program.noexec {
        return Why {
            found: format!("`{mount}` is mounted noexec, so that no program there may be run"),
            remedy: "mount it without (and in /etc/fstab), or set `swap_release` in fleet.toml to a path elsewhere and install it",
            commands: vec![root(Argv::new("mount").args(["-o", "remount,exec", "--", mount]))],
        };
    }
    if mode & 0o111 == 0 {
        return Why {
            found: format!("`{path}` has mode {mode:o}, which lets nobody run it"),
            remedy: "let it be run",
            commands: vec![root(Argv::new("chmod").args(["755", "--", path]))],
        };
    }
    let machine = &program.machine;
    match Machine::of(&program.header) {
        None => Why {
            found: format!("`{path}` is no program for Linux: {reason}"),
            remedy: "install it there",
            commands: vec![install()],
        },
        Some(built) if !built.fits(machine) => Why {
            found: format!("it is built for {}, the host is {machine}", built.name()),
            remedy: "build swap-release for that machine, and install it with --binary FILE",
            commands: vec![on_host(&Argv::new("uname").arg("-m"))],
        },
        Some(_) if reason.contains("GLIBC_") => Why {
            found: format!("it needs a newer C library than the host has: {reason}"),
            remedy: "build it on the oldest system of the fleet, and install it with --binary FILE",
            commands: vec![on_host(&Argv::new("ldd").arg("--version"))],
        },
        Some(_) if reason.contains("shared librar") => Why {
            found: reason.to_owned(),
            remedy: "install the package that brings the library that is named: libssl3 and zlib1g on Debian, openssl-libs and zlib \
                     on Red Hat",
            commands: vec![on_host(&Argv::new("ldd").arg(path))],
        },
        Some(_) if reason.contains("not found") => Why {
            found: format!(
                "`{path}` is there, but not the loader that it names, as where the C library is musl: {reason}"
            ),
            remedy: "build it for the C library of the host, and install it with --binary FILE",
            commands: vec![on_host(&Argv::new("ldd").arg("--version"))],
        },
        Some(_) if program.enforcing => Why {
            found: format!("{reason}; its mode allows it, and SELinux is enforced"),
            remedy: "see what SELinux refused, and give the program its label back",
            commands: vec![
                root(Argv::new("ausearch").args(["-m", "avc", "-ts", "recent"])),
                root(Argv::new("restorecon").args(["-v", "--", path])),
            ],
        },
        Some(_) if mode & 0o001 == 0 => Why {
            found: format!("{reason}; `{path}` has mode {mode:o}"),
            remedy: "let it be run by others, too",
            commands: vec![root(Argv::new("chmod").args(["755", "--", path]))],
        },
        Some(_) => Why {
            found: reason.to_owned(),
            remedy: "see what it says there; another copy may help",
            commands: vec![on_host(&Argv::new(path.as_str()).arg("--version")), install()],
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    const ELF: [u8; 20] = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0";

    #[test]
    fn it_must_be_ours() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).verdict, Verdict::Ok);
        let remedy = "fleet-push install --fleet fleet.toml --only web1";
        for (version, found) in [("swap-release 0.0.9", "is 0.0.9 there"), ("busybox 1.36", "says `busybox")]
        {
            seen.probe.version = Ok(version.to_owned());
            assert_says(&check(&world.subject(), &seen), Verdict::Fault, found, remedy);
        }
        // `install` without it would be refused there.
        seen.probe.program.closed = true;
        let remedy = format!("{remedy} --as root");
        assert_says(&check(&world.subject(), &seen), Verdict::Fault, "says `busybox", &remedy);
    }

    #[test]
    fn each_reason_why_it_does_not_run_has_its_own_remedy() {
        let world = World::new("embedded");
        let there = Program {
            machine: "x86_64".into(),
            file: Some((0o755, "/opt/swap-release".into())),
            header: ELF.to_vec(),
            ..Program::default()
        };
        let denied = "sh: 1: swap-release: Permission denied";
        let arm = [&ELF[..18], &[183, 0]].concat();
        let cases = [
            (Program::default(), "sh: 1: swap-release: not found", "fleet-push install --fleet"),
            (
                Program { shut: Some("/root".into()), ..Program::default() },
                "sh: 1: /root/swap-release: Permission denied",
                "chmod o+x -- /root",
            ),
            (
                Program { noexec: Some("/opt".into()), ..there.clone() },
                denied,
                "mount -o remount,exec -- /opt",
            ),
            (
                Program { file: Some((0o644, "/opt/swap-release".into())), ..there.clone() },
                denied,
                "chmod 755 -- /opt/swap-release",
            ),
            (Program { header: b"#!/bin/false".to_vec(), ..there.clone() }, "", "install it there"),
            (Program { header: arm, ..there.clone() }, "Exec format error", "uname -m"),
            (there.clone(), "/lib/libc.so.6: version `GLIBC_2.38' not found", "oldest system of the fleet"),
            (there.clone(), "error while loading shared libraries: libssl.so.3: cannot open", "libssl3"),
            (there.clone(), "sh: 1: /opt/swap-release: not found", "the C library of the host"),
            (Program { enforcing: true, ..there.clone() }, denied, "restorecon -v -- /opt/swap-release"),
            (
                Program { file: Some((0o750, "/opt/swap-release".into())), ..there.clone() },
                denied,
                "by others, too",
            ),
            (there, "Killed", "see what it says there"),
        ];
        let mut told = HashSet::new();
        for (program, reason, remedy) in cases {
            let mut seen = good();
            (seen.probe.version, seen.probe.program) = (Err(reason.to_owned()), program);
            let check = check(&world.subject(), &seen);
            assert_says(&check, Verdict::Fault, "does not run there", remedy);
            assert!(!check.commands.is_empty(), "{check:?}");
            assert!(told.insert((check.remedy.clone(), check.found.clone())), "{check:?}");
        }
    }
}
