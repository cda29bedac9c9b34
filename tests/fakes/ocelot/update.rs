//! Updates: what Gazelle tells the tracker, and `success` whatever it was.

use super::state::{Params, State, Torrent, User};
use super::{Content, OcelotVersion};

pub(super) fn update(state: &mut State, params: &Params) -> Content {
    let hash = params.decoded("info_hash").unwrap_or_default();
    let free = match params.raw("freetorrent") {
        Some(b"0") => 0,
        Some(b"1") => 1,
        _ => 2,
    };
    match params.text("action").as_str() {
        "add_torrent" => {
            state.deleted.remove(&hash);
            let id = params.text("id");
            let torrent = state.memory.torrents.entry(hash).or_insert(Torrent { id, free });
            torrent.free = free;
        }
        "update_torrent" => set_free(state, &hash, free),
        "update_torrents" => {
            let hashes = params.decoded("info_hashes").unwrap_or_default();
            hashes.chunks(20).for_each(|hash| set_free(state, hash, free));
        }
        "delete_torrent" if state.memory.torrents.remove(&hash).is_some() => {
            state.swarms.remove(&hash);
            let why = match params.raw("reason") {
                None => String::new(),
                Some(b"0") => "Dupe".to_owned(),
                Some(other) => format!("reason {}", String::from_utf8_lossy(other)),
            };
            state.deleted.insert(hash, why);
        }
        "add_user" => {
            let visible = params.raw("visible") != Some(b"0");
            let user = User { id: params.text("id"), can_leech: true, visible };
            state.memory.users.entry(params.text("passkey")).or_insert(user);
        }
        "update_user" => {
            if let Some(user) = state.memory.users.get_mut(&params.text("passkey")) {
                user.can_leech = params.raw("can_leech") != Some(b"0");
                user.visible = params.raw("visible") != Some(b"0");
            }
        }
        "remove_user" => {
            state.memory.users.remove(&params.text("passkey"));
        }
        "remove_users" => {
            let passkeys = params.text("passkeys");
            passkeys.as_bytes().chunks(32).for_each(|passkey| {
                state.memory.users.remove(&*String::from_utf8_lossy(passkey));
            });
        }
        "change_passkey" => {
            if let Some(user) = state.memory.users.remove(&params.text("oldpasskey")) {
                state.memory.users.insert(params.text("newpasskey"), user);
            }
        }
        // Not decoded: `%2DUT` is kept as these five characters and never matches.
        "add_whitelist" => state.memory.whitelist.extend(params.raw("peer_id").map(<[u8]>::to_vec)),
        "remove_whitelist" => {
            state.memory.whitelist.retain(|prefix| Some(prefix.as_slice()) != params.raw("peer_id"));
        }
        "edit_whitelist" => {
            let (old, new) = (params.raw("old_peer_id"), params.raw("new_peer_id").unwrap_or_default());
            state.memory.whitelist.retain(|prefix| Some(prefix.as_slice()) != old);
            state.memory.whitelist.push(new.to_vec());
        }
        "update_announce_interval" => {
            if let Ok(interval) = params.text("new_announce_interval").parse() {
                state.options.interval = interval;
            }
        }
        "update_announce_jitter" if state.options.version == OcelotVersion::V2_1_3 => {
            if let Ok(jitter) = params.text("new_announce_jitter").parse() {
                state.options.jitter = jitter;
            }
        }
        "info_torrent" if state.options.version == OcelotVersion::V2_1_3 => {
            // Not JSON: the hash is neither quoted nor decoded.
            let raw = params.text("info_hash");
            return Content::plain(match state.memory.torrents.get(&hash) {
                Some(torrent) => {
                    format!("{{\"hash\":{raw},\"id\":{},\"free\":{}}}\n", torrent.id, torrent.free)
                }
                None => format!("{{\"hash\":{raw},\"fail\":1}}\n"),
            });
        }
        _ => {}
    }
    Content::plain("success")
}

fn set_free(state: &mut State, hash: &[u8], free: u8) {
    if let Some(torrent) = state.memory.torrents.get_mut(hash) {
        torrent.free = free;
    }
}
