//! `ssh`: the host is there, is who it says, and lets us in.

use record::Check;
use remote::{Argv, HostError, HostFault};

use crate::doctor::Subject;
use crate::doctor::remedy::{fault, here, ok, ssh, warning};
use crate::doctor::seen::Seen;
use crate::error::Fault;

const NAME: &str = "ssh";

/// It was reached, and stayed so until all was asked.
pub(in crate::doctor) fn reached(subject: &Subject<'_>, seen: &Seen) -> Check {
    let host = subject.host;
    if host.local {
        return ok(NAME, "this machine");
    }
    if let Some(said) = &seen.noise {
        return warning(
            NAME,
            format!("the account prints `{said}` around every answer, which is passed over"),
            "a start-up file of its login shell (~/.bashrc, /etc/bash.bashrc, ~/.zshenv, ~/.cshrc, config.fish) or ForceCommand of \
             sshd_config prints: let it do so in interactive shells only",
            [here(&ssh(host).arg("true"))],
        );
    }
    ok(NAME, format!("{}@{} port {}, host key known", host.user, host.address, host.port))
}

/// It was not, or something went wrong that no check is about.
pub(in crate::doctor) fn failed(subject: &Subject<'_>, cause: &Fault) -> Check {
    let host = subject.host;
    let found = cause.beside();
    let hint = cause.hint();
    let look = || here(&ssh(host).arg("true"));
    match cause {
        Fault::Connection(
            HostError { kind: HostFault::UnknownHostKey { address, port, .. }, .. }
            | HostError { kind: HostFault::ChangedHostKey { address, port, .. }, .. },
        ) => {
            let scan = Argv::new("ssh-keyscan").args(["-p", &port.to_string(), address.as_str()]);
            fault(NAME, found, hint.unwrap_or_default(), [here(&scan)])
        }
        Fault::Connection(HostError { kind: HostFault::AuthRefused { user, address, port, .. }, .. }) => {
            let mut copy = Argv::new("ssh-copy-id").args(["-p", &port.to_string()]);
            if let Some(identity) = &host.identity {
                copy = copy.arg("-i").arg(identity.display().to_string());
            }
            let copy = copy.arg(format!("{user}@{address}"));
            fault(NAME, found, hint.unwrap_or_default(), [here(&copy)])
        }
        Fault::Connection(error) if error.is_connection_loss() => {
            let remedy = hint.unwrap_or_else(|| {
                "is it up, does sshd listen there, and does a firewall let this machine in?".to_owned()
            });
            fault(NAME, found, remedy, [look()])
        }
        _ => fault(NAME, found, hint.unwrap_or_else(|| "look there by hand".to_owned()), [look()]),
    }
}

#[cfg(test)]
mod tests {
    use record::Verdict;
    use remote::HandshakeFault;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn every_way_to_be_refused_has_its_own_remedy() {
        let world = World::new("embedded");
        let name = || "web1".parse().unwrap();
        let address = || "10.0.0.11".parse().unwrap();
        let check = |error: HostError| failed(&world.subject(), &error.into());
        let refused = HostError {
            host: name(),
            kind: HostFault::AuthRefused {
                user: "deploy".into(),
                address: address(),
                port: 22,
                with: "the agent".into(),
                detail: "x".into(),
            },
        };
        assert_says(&check(refused), Verdict::Fault, "was refused", "ssh-copy-id -p 22 deploy@10.0.0.11");
        let lost =
            HostError { host: name(), kind: HostFault::Lost { step: "sh".into(), detail: "reset".into() } };
        assert_says(&check(lost), Verdict::Fault, "connection lost", "ssh -p 22 deploy@10.0.0.11 true");
        let unknown = HostError {
            host: name(),
            kind: HostFault::UnknownHostKey {
                address: address(),
                port: 2222,
                fingerprint: "SHA256:x".into(),
                known_hosts: "known_hosts".into(),
            },
        };
        assert_says(&check(unknown), Verdict::Fault, "host key", "ssh-keyscan -p 2222 10.0.0.11");
        let mut seen = good();
        assert_eq!(reached(&world.subject(), &seen).verdict, Verdict::Ok);
        seen.noise = Some("Welcome".into());
        assert_says(&reached(&world.subject(), &seen), Verdict::Warning, "prints `Welcome`", "ssh -p 22");
        // What has a remedy of its own is not asked whether it is up.
        let run = HostError {
            host: name(),
            kind: HostFault::NotRun {
                step: "sh".into(),
                status: "exit status 1".into(),
                said: "This account is currently not available.".into(),
            },
        };
        assert_says(
            &check(run),
            Verdict::Fault,
            "currently not available",
            "ssh -p 22 deploy@10.0.0.11 true",
        );
        let more = HostError {
            host: name(),
            kind: HostFault::KeyIsNotEnough {
                user: "deploy".into(),
                address: address(),
                port: 22,
                with: "the key".into(),
                accepted: true,
                remaining: "password".into(),
            },
        };
        assert!(check(more).remedy.is_some_and(|remedy| remedy.contains("AuthenticationMethods publickey")));
        let kex = HostError {
            host: name(),
            kind: HostFault::Handshake {
                address: address(),
                port: 22,
                detail: "x".into(),
                fault: HandshakeFault::NoCommonAlgorithm,
            },
        };
        assert!(check(kex).remedy.is_some_and(|remedy| remedy.contains("it is up")));
    }
}
