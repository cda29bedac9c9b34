//! What a server shows to somebody who does not trust it yet, beside what known_hosts says of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use inventory::Host;

use super::connect::{before, handshake};
use super::host_key::{check, known_hosts_files, presented};
use super::known_hosts::{KnownKeys, PLAIN, Verdict, signature_algorithms};
use super::link::Link;
use super::options::SshOptions;
use super::presented::Presented;
use super::server_key::ServerKey;
use crate::{HandshakeFault, HostError, HostFault};

/// What sshd adds to a source's penalty for a connection without a log-in (`noauth` of PerSourcePenalties), and a little.
const FORGETS: Duration = Duration::from_millis(1050);
/// Between two looks at the interrupt.
const GLANCE: Duration = Duration::from_millis(50);

/// What known_hosts says of a key that a server shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is known, or an authority that is trusted has signed it.
    Known,
    /// Nothing is known of a key of its type.
    New,
    /// Another key of its type is known, or only keys that the server does not have.
    Changed,
    /// It was given up on purpose, or who signed it was.
    Revoked,
    /// An authority that is trusted signed it, but the certificate does not hold; why not.
    BadCertificate(String),
}

/// One key of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenKey {
    /// The key. The server has proved to have it.
    pub key: ServerKey,
    /// Whether it was shown inside a certificate.
    pub certified: bool,
    /// What is known of it.
    pub standing: Standing,
}

/// All keys that a server shows.
#[derive(Debug)]
pub struct HostKeyScan {
    /// The one that a connection would use comes first; at least that one.
    pub keys: Vec<SeenKey>,
    /// Why a connection would be refused, if it would.
    pub refused: Option<HostError>,
    /// The known_hosts file to which a key would be added. It need not be there yet.
    pub known_hosts: PathBuf,
}

/// Asks the sshd of `host` for its keys, one handshake for each type it has, and logs in nowhere but at the hosts on the way.
/// OpenSSH 9.8 and later count whoever does not log in; there a second passes between two handshakes.
///
/// # Errors
/// The host cannot be reached, a host on the way cannot be trusted or refuses, a known_hosts file cannot be read.
pub fn scan_host_keys(host: &Host, options: &SshOptions) -> Result<HostKeyScan, HostError> {
    let files = known_hosts_files(host, options).map_err(|error| error.at(&host.name))?;
    let known_hosts = files.first().cloned().unwrap_or_default();
    let (name, port) = host.known_as();
    let known = KnownKeys::read_if_there(&files, name, port).map_err(|error| error.at(&host.name))?;
    let before = before(host, options)?;
    let (first, counts) = show(host, options, before.as_ref(), &known.algorithms())?;
    let refused = check(host, &first, &known, known_hosts.clone()).err();
    let mut shown = vec![first];
    for types in types() {
        let is_there = |key: &Presented| {
            let own = signature_algorithms(key.key().algorithm().as_str());
            own.iter().any(|algorithm| types.contains(algorithm))
        };
        if shown.iter().any(|key| matches!(key, Presented::Key(_)) && is_there(key)) {
            continue;
        }
        if counts {
            pause(host, options)?;
        }
        match show(host, options, before.as_ref(), &types) {
            Ok((key, _)) => shown.push(key),
            // A server without a key of these types ends the handshake.
            Err(HostError {
                kind: HostFault::Handshake { detail, fault: HandshakeFault::NoCommonAlgorithm, .. },
                ..
            }) => {
                log::debug!("{}: no {types:?}: {detail}", host.name);
            }
            Err(error) => return Err(error),
        }
    }
    let now = SystemTime::now();
    let none_known = !shown.iter().any(|key| known.judge(key, now) == Verdict::Known);
    let standing = |key: &Presented| match known.judge(key, now) {
        Verdict::Known => Standing::Known,
        Verdict::Unknown => Standing::New,
        Verdict::Revoked => Standing::Revoked,
        Verdict::BadCertificate(why) => Standing::BadCertificate(why),
        Verdict::Changed if none_known || known.has_other_of_type(key.key()) => Standing::Changed,
        Verdict::Changed => Standing::New,
    };
    let keys = shown.iter().map(|shown| SeenKey {
        key: ServerKey::new(shown.key().clone()),
        certified: matches!(shown, Presented::Certificate(_)),
        standing: standing(shown),
    });
    Ok(HostKeyScan { keys: keys.collect(), refused, known_hosts })
}

/// Waits until the server has forgotten a connection without a log-in.
fn pause(host: &Host, options: &SshOptions) -> Result<(), HostError> {
    let until = Instant::now() + FORGETS;
    while Instant::now() < until {
        if options.interrupt.is_raised() {
            return Err(HostFault::Interrupted { step: "host key scan".to_owned() }.at(&host.name));
        }
        thread::sleep(GLANCE);
    }
    Ok(())
}

/// Whether a server with this banner bans addresses that connect and do not log in (PerSourcePenalties).
fn has_penalties(banner: &str) -> bool {
    let Some((_, version)) = banner.split_once("OpenSSH_") else { return false };
    let mut numbers =
        version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (9, 8)
}

/// One handshake, in which the server shows the key that fits `algorithms` best; and whether it counts those who only look.
fn show(
    host: &Host,
    options: &SshOptions,
    before: Option<&Arc<Link>>,
    algorithms: &[&str],
) -> Result<(Presented, bool), HostError> {
    options.starts.start(host, options.timeouts.connect, &options.interrupt, |deadline| {
        let link = handshake(host, options, before, algorithms, deadline)?;
        let counts = link.session.banner().is_some_and(has_penalties);
        Ok((presented(host, &link.session)?, counts))
    })
}

/// The algorithms of the key types that a server usually has one key of.
fn types() -> [Vec<&'static str>; 3] {
    ["ssh-ed25519", "ecdsa-", "rsa-"]
        .map(|prefix| PLAIN.iter().copied().filter(|algorithm| algorithm.starts_with(prefix)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn penalties_came_with_openssh_9_8() {
        for (banner, expected) in [
            ("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10", false),
            ("SSH-2.0-OpenSSH_9.7", false),
            ("SSH-2.0-OpenSSH_9.8p1", true),
            ("SSH-2.0-OpenSSH_10.0p2 Debian-7", true),
            ("SSH-2.0-dropbear_2022.83", false),
            ("SSH-2.0-OpenSSH_", false),
        ] {
            assert_eq!(has_penalties(banner), expected, "{banner}");
        }
    }
}
