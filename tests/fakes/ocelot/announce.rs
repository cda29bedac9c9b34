//! Announce and scrape.

use super::state::{Params, Peer, State, Swarm};
use super::{Content, OcelotVersion};
use crate::fakes::server::Raw;

/// What IPv6-minded clients are told.
const IPV6_WARNING: &str = "Illegal character found in IP address. IPv6 is not supported";

pub(super) fn announce(state: &mut State, passkey: &str, params: &Params, raw: &Raw) -> Content {
    let infohash = params.decoded("info_hash").unwrap_or_default();
    if !state.memory.torrents.contains_key(&infohash) {
        return match state.deleted.get(&infohash) {
            Some(why) if !why.is_empty() => Content::failure(&format!("Unregistered torrent: {why}")),
            _ => Content::failure("Unregistered torrent"),
        };
    }
    if params.raw("compact") != Some(b"1") {
        return Content::failure("Your client does not support compact announces");
    }
    let Some(peer_id) = params.decoded("peer_id") else { return Content::failure("No peer ID") };
    if peer_id.len() != 20 {
        return Content::failure("Invalid peer ID");
    }
    let whitelist = &state.memory.whitelist;
    if !whitelist.is_empty() && !whitelist.iter().any(|prefix| peer_id.starts_with(prefix)) {
        return Content::failure("Your client is not on the whitelist");
    }
    let user = state.memory.users[passkey].clone();
    let (ip, warning) = address(params, raw);
    let port = params.text("port").parse::<u16>().unwrap_or(0);
    let compact = [ip[0], ip[1], ip[2], ip[3], port.to_be_bytes()[0], port.to_be_bytes()[1]];
    let peer = Peer {
        id: peer_id,
        user: user.id.clone(),
        compact,
        visible: user.visible && warning.is_none(),
        hidden: false,
    };
    let left = params.text("left").parse::<u64>().unwrap_or(0);
    let wanted = match params.raw("numwant") {
        None => state.options.numwant,
        Some(_) => params.text("numwant").parse::<usize>().unwrap_or(0).min(state.options.numwant),
    };
    let fault = state.options.hide_second_seeder;
    let swarm = state.swarms.entry(infohash).or_default();
    let event = params.text("event");
    swarm.keep_books(&peer, left, &event, fault);
    if left > 0 && !user.can_leech {
        return Content::failure("Access denied, leeching forbidden");
    }
    let peers = if event == "stopped" { Vec::new() } else { swarm.peers_for(&peer, left, wanted, fault) };
    let (seeders, leechers, downloaded) = (swarm.seeders.len(), swarm.leechers.len(), swarm.downloaded);
    let base = state.options.interval;
    let interval = match state.options.version {
        OcelotVersion::V1_0 => base + i64::try_from(seeders.min(600)).unwrap_or(600),
        OcelotVersion::V2_1_3 => {
            state.dice = state.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            base + i64::from(state.dice >> 8) % state.options.jitter.max(1)
        }
    };
    let mut body = format!(
        "d8:completei{seeders}e10:downloadedi{downloaded}e10:incompletei{leechers}e8:intervali{interval}e\
         12:min intervali{base}e5:peers{}:",
        peers.len() * 6
    )
    .into_bytes();
    body.extend(peers.concat());
    if let Some(warning) = warning {
        body.extend(format!("15:warning message{}:{warning}", warning.len()).bytes());
    }
    body.push(b'e');
    Content::plain(body)
}

/// `ip=` or `ipv4=`, then the first of X-Forwarded-For, then the socket; nothing is checked, numbers wrap.
fn address(params: &Params, raw: &Raw) -> ([u8; 4], Option<&'static str>) {
    let given = params
        .raw("ip")
        .or_else(|| params.raw("ipv4"))
        .map(|value| String::from_utf8_lossy(value).into_owned());
    let forwarded = || {
        let list = raw.header("x-forwarded-for")?;
        list.split(',').next().map(|first| first.trim().to_owned())
    };
    let text = given.or_else(forwarded).unwrap_or_else(|| raw.from.ip().to_string());
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return ([0; 4], Some(IPV6_WARNING));
    }
    let mut ip = [0; 4];
    for (part, out) in text.split('.').zip(&mut ip) {
        let number =
            part.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(10).wrapping_add(u32::from(byte - b'0')));
        *out = number.to_le_bytes()[0];
    }
    (ip, None)
}

impl Swarm {
    fn keep_books(&mut self, peer: &Peer, left: u64, event: &str, fault: bool) {
        let known_seeder = self.seeders.iter().any(|known| known.id == peer.id);
        self.leechers.retain(|known| known.id != peer.id);
        if event == "stopped" {
            self.seeders.retain(|known| known.id != peer.id);
            return;
        }
        if event == "completed" {
            self.downloaded += 1;
        }
        if left > 0 {
            self.seeders.retain(|known| known.id != peer.id);
            self.leechers.push(peer.clone());
        } else if known_seeder {
            // Announcing again brings a hidden one to light.
            for known in self.seeders.iter_mut().filter(|known| known.id == peer.id) {
                *known = peer.clone();
            }
        } else {
            let hidden = fault && self.served_alone.take().is_some();
            self.seeders.push(Peer { hidden, ..peer.clone() });
        }
    }

    /// Peers of other users, seeders before leechers; a seeder gets leechers only.
    fn peers_for(&mut self, asking: &Peer, left: u64, wanted: usize, fault: bool) -> Vec<[u8; 6]> {
        let shown = |peer: &&Peer| peer.user != asking.user && peer.visible && !peer.hidden;
        let mut peers: Vec<[u8; 6]> = Vec::new();
        if left > 0 {
            // Later seeders come before the first.
            let seeders: Vec<&Peer> = self.seeders.iter().filter(shown).collect();
            peers.extend(seeders.iter().skip(1).chain(seeders.iter().take(1)).map(|peer| peer.compact));
            if let (true, [only], [alone]) = (fault, seeders.as_slice(), self.seeders.as_slice())
                && wanted > 0
                && only.id == alone.id
            {
                self.served_alone = Some(alone.id.clone());
            }
        }
        peers.extend(self.leechers.iter().filter(shown).map(|peer| peer.compact));
        peers.truncate(wanted);
        peers
    }
}

pub(super) fn scrape(state: &State, params: &Params) -> Content {
    let mut body = b"d5:filesd".to_vec();
    for infohash in params.all("info_hash") {
        if state.memory.torrents.contains_key(&infohash) {
            let swarm = state.swarms.get(&infohash).cloned().unwrap_or_default();
            body.extend(format!("{}:", infohash.len()).bytes());
            body.extend(&infohash);
            body.extend(
                format!(
                    "d8:completei{}e10:incompletei{}e10:downloadedi{}ee",
                    swarm.seeders.len(),
                    swarm.leechers.len(),
                    swarm.downloaded
                )
                .bytes(),
            );
        }
    }
    body.extend(b"ee");
    Content { may_gzip: true, ..Content::plain(body) }
}
