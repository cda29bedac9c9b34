//! Whether the hosts can reach seeder and tracker at all: what works on this machine may be nowhere for them.

use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};

use crate::error::Error;
use crate::settings::Settings;

/// Refuses a seeder or an announce URL that points at this machine, or a URL that has no IPv4 address, for hosts that are
/// elsewhere.
pub(crate) fn check(settings: &Settings) -> Result<(), Error> {
    let Some(host) = settings.hosts_elsewhere.first() else { return Ok(()) };
    if settings.seeder.is_loopback() {
        return Err(Error::SeederHere { peer: settings.seeder.peer, host: host.clone() });
    }
    if settings.tracker.is_none() {
        return Ok(());
    }
    let url = settings.tracker.template();
    let refuse = |reason| Err(Error::NoWay { url: url.clone(), host: host.clone(), reason });
    match judge(url.expose()) {
        Way::Open => Ok(()),
        Way::Loopback => refuse("it is this machine's own address"),
        Way::NoIpv4 => refuse("it has no IPv4 address, and Ocelot and opentracker's peers know no other"),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Way {
    Open,
    Loopback,
    NoIpv4,
}

fn judge(url: &str) -> Way {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.starts_with('[') {
        return Way::NoIpv4;
    }
    let name = authority.split(':').next().unwrap_or_default();
    let local = |ip: &Ipv4Addr| ip.is_loopback() || ip.is_unspecified();
    if let Ok(ip) = name.parse::<Ipv4Addr>() {
        return if local(&ip) { Way::Loopback } else { Way::Open };
    }
    if name == "localhost" || name.ends_with(".localhost") {
        return Way::Loopback;
    }
    // A name that this machine cannot resolve may be known to the hosts; asking the tracker will tell.
    let Ok(found) = (name, 80).to_socket_addrs() else { return Way::Open };
    let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    let fours: Vec<&IpAddr> = found.iter().filter(|ip| ip.is_ipv4()).collect();
    match fours.as_slice() {
        [] => Way::NoIpv4,
        all if all.iter().all(|ip| ip.is_loopback()) => Way::Loopback,
        _ => Way::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_and_ipv6_are_no_way() {
        for (url, way) in [
            ("http://10.0.0.5:34000/{passkey}/announce", Way::Open),
            ("udp://192.0.2.1:80", Way::Open),
            ("http://127.0.0.1:34000/announce", Way::Loopback),
            ("http://127.8.9.1/announce", Way::Loopback),
            ("http://0.0.0.0/announce", Way::Loopback),
            ("http://localhost:80/announce", Way::Loopback),
            ("http://tracker.localhost/announce", Way::Loopback),
            ("http://[2001:db8::1]:34000/announce", Way::NoIpv4),
            ("http://no-such-name.invalid/announce", Way::Open),
        ] {
            assert_eq!(judge(url), way, "{url}");
        }
    }
}
