//! Reports: text lines in 1.0, JSON in 2.1.3.

use super::state::{Params, State, Swarm};
use super::{Content, OcelotVersion};

pub(super) fn report(state: &State, params: &Params) -> Content {
    let passkey = params.text("key");
    let user = state.memory.users.get(&passkey);
    let count = |of: fn(&Swarm) -> &Vec<super::state::Peer>| {
        let peers = state.swarms.values().flat_map(of);
        peers.filter(|peer| user.is_some_and(|user| user.id == peer.user)).count()
    };
    let (leeching, seeding) = (count(|swarm| &swarm.leechers), count(|swarm| &swarm.seeders));
    let (torrents, users) = (state.memory.torrents.len(), state.memory.users.len());
    let old = state.options.version == OcelotVersion::V1_0;
    match (params.text("get").as_str(), user) {
        ("user", Some(_)) if old => {
            Content::plain(format!("{leeching} leeching\n{seeding} seeding\nsuccess"))
        }
        ("user", None) if old => Content::plain("success"),
        ("user", Some(user)) => Content::plain(format!(
            "{{\"id\":{},\"leeching\":{leeching},\"seeding\":{seeding},\"deleted\":0,\"protected\":{},\"can_leech\":{}}}",
            user.id,
            u8::from(!user.visible),
            u8::from(user.can_leech)
        )),
        ("user", None) => Content::failure("Announce key not found"),
        ("stats", _) if old => Content::plain(format!("{torrents} torrents\n{users} users\nsuccess")),
        ("stats", _) => Content::plain(format!(
            "{{\"torrents\":{{\"type\":\"gauge\",\"value\":{torrents}}},\"users\":{{\"type\":\"gauge\",\"value\":{users}}}}}"
        )),
        _ if old => Content::plain("Invalid action\nsuccess"),
        _ => Content::failure("Invalid action"),
    }
}
