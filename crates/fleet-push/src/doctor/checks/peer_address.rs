//! `peer-address`: what is sent to the address that other peers dial arrives. A server that lets nobody in gets its copy all
//! the same, since it dials out; so it is never more than a warning.

use inventory::Engine;
use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::dial::Answer;
use crate::doctor::remedy::{as_root, here, ok, warning};
use crate::doctor::seen::Seen;

const NAME: &str = "peer-address";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let host = subject.host;
    let (place, answer) = seen.dialled.as_ref()?;
    let (address, port) = (place.ip().to_string(), place.port().to_string());
    let route = || here(&Argv::new("ip").args(["route", "get", &address]));
    let rules = || as_root(&Argv::new("nft").args(["list", "ruleset"]));
    let ports = match host.engine {
        Engine::Embedded => host.peer_ports.to_string(),
        Engine::Rtorrent => port.clone(),
    };
    let open = format!(
        "open TCP {ports} there, for the other servers and this machine; or set `peer_address` in fleet.toml to the address that they dial"
    );
    Some(match (answer, host.engine) {
        (Answer::Accepted, _) | (Answer::Refused, Engine::Embedded) => {
            ok(NAME, format!("{address} answers on port {port}"))
        }
        (Answer::Refused, Engine::Rtorrent) => warning(
            NAME,
            format!("nobody listens at {place}, where other peers dial rtorrent"),
            "`peer_port` in fleet.toml must be the port of `port_range` in rtorrent's configuration, and `peer_address` the address it is bound to",
            [as_root(&Argv::new("ss").args(["-ltnp"])), subject.rtorrent_setup()],
        ),
        (Answer::Silence, _) => warning(
            NAME,
            format!("nothing comes back from {place}, as if a firewall drops it"),
            open,
            [rules(), route()],
        ),
        (Answer::NoWay(why), _) => {
            warning(NAME, format!("{place} cannot be dialled: {why}"), open, [route(), rules()])
        }
    })
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn an_answer_is_enough_and_an_rtorrent_listens() {
        let with = |engine: &str, answer: Answer| {
            let mut seen = good();
            seen.dialled = Some(("10.0.0.11:6900".parse().unwrap(), answer));
            check(&World::new(engine).subject(), &seen).unwrap()
        };
        assert_eq!(with("embedded", Answer::Refused).verdict, Verdict::Ok);
        assert_eq!(with("rtorrent", Answer::Accepted).verdict, Verdict::Ok);
        let warning = Verdict::Warning;
        assert_says(&with("rtorrent", Answer::Refused), warning, "nobody listens", "`peer_port`");
        assert_says(&with("embedded", Answer::Silence), warning, "firewall", "open TCP 6900-6999");
        assert_says(&with("embedded", Answer::NoWay("x".into())), warning, "x", "ip route get 10.0.0.11");
        let mut seen = good();
        seen.dialled = None;
        assert_eq!(check(&World::new("embedded").subject(), &seen), None);
    }
}
