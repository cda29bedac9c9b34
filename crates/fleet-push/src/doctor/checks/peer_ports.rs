//! `peer-ports`: an embedded peer finds a port to listen on, and others know the address to dial.

use inventory::Engine;
use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::dial::free_ports;
use crate::doctor::remedy::{as_root, fault, here, ok};
use crate::doctor::seen::Seen;
use crate::hosts::address::peer_ip;

const NAME: &str = "peer-ports";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let host = subject.host;
    if host.engine != Engine::Embedded {
        return None;
    }
    let Some(dialled) = peer_ip(host) else {
        let remedy = "set `peer_address` of the host in fleet.toml to the IP address that the others dial";
        let look_up = here(&Argv::new("getent").args(["hosts", host.address.as_str()]));
        return Some(fault(NAME, format!("`{}` has no IP address", host.address), remedy, [look_up]));
    };
    let free = free_ports(host, dialled, &seen.look).count();
    if free > 0 {
        return Some(ok(NAME, format!("{free} of {} are free, dialled at {dialled}", host.peer_ports)));
    }
    let (first, last) = (*host.peer_ports.ports().start(), *host.peer_ports.ports().end());
    let who = Argv::new("ss").args(["-Hltnp", &format!("sport >= :{first} and sport <= :{last}")]);
    Some(fault(
        NAME,
        format!("others listen on every port of {} already", host.peer_ports),
        "end what listens there, or set other `peer_ports` in fleet.toml, and open them between the servers",
        [as_root(&who)],
    ))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn a_port_must_be_free_at_the_address_of_the_host() {
        let mut world = World::new("embedded");
        world.host.peer_ports = "6900-6901".parse().unwrap();
        let mut seen = good();
        let listener = |address: &str, port| (address.parse::<IpAddr>().unwrap(), port);
        seen.look.listening = vec![listener("0.0.0.0", 6900), listener("127.0.0.1", 6901)];
        let told = check(&world.subject(), &seen).unwrap();
        assert_says(&told, Verdict::Ok, "1 of 6900-6901 are free, dialled at 10.0.0.11", "");
        for other in ["10.0.0.11", "::"] {
            seen.look.listening.truncate(2);
            seen.look.listening.push(listener(other, 6901));
            let told = check(&world.subject(), &seen).unwrap();
            assert_says(&told, Verdict::Fault, "every port of 6900-6901", "ss -Hltnp");
        }
        assert_eq!(check(&World::new("rtorrent").subject(), &seen), None);
    }
}
