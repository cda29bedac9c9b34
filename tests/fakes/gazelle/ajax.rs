//! ajax.php of 2016: status 200 whatever it says.

use super::{AUTHKEY, State, json};
use crate::fakes::http::Asked;

const LIMITED: [&str; 3] = ["browse", "torrentgroup", "user"];

pub(super) fn ajax(state: &mut State, asked: &Asked) -> Vec<u8> {
    let action = asked.get("action");
    let limited = LIMITED.contains(&action) || (action == "torrent" && state.options.limit_lookups);
    if limited && state.over_limit() {
        return state.limited("{\"status\":\"failure\",\"error\":\"rate limit exceeded\"}");
    }
    match action {
        "index" => json(&format!(
            "{{\"status\":\"success\",\"response\":{{\"username\":\"{}\",\"id\":1,\"authkey\":\"{AUTHKEY}\",\"passkey\":\"{}\"}}}}",
            state.options.username, state.options.passkey
        )),
        "torrent" => torrent(state, asked),
        _ => json("{\"status\":\"success\",\"response\":[]}"),
    }
}

/// By hash, in either case.
pub(super) fn torrent(state: &State, asked: &Asked) -> Vec<u8> {
    let hash = asked.get("hash").to_lowercase();
    let found = state.torrents.iter().find(|(_, stored)| hex::encode(stored.infohash) == hash);
    json(&match found {
        None => "{\"status\":\"failure\",\"error\":\"bad hash parameter\"}".to_owned(),
        // A cached count: it stays at 0 whatever the tracker says.
        Some((id, stored)) => format!(
            "{{\"status\":\"success\",\"response\":{{\"group\":{{\"id\":{},\"categoryId\":2}},\"torrent\":{{\"id\":{id},\
             \"infoHash\":\"{}\",\"size\":1,\"fileCount\":1,\"seeders\":0}}}}}}",
            stored.group,
            hex::encode_upper(stored.infohash)
        ),
    })
}
