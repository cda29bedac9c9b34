//! Proof that a peer which asks the tracker is given the seeder.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use metainfo::Infohash;
use rtorrent_rpc::{Client, Connect, HexInfohash};

use super::tracker::Registry;
use crate::error::Error;

/// Pause between two questions.
const AGAIN: Duration = Duration::from_millis(500);
/// How long the tracker is asked.
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks as a host's client would until the seeder is among the peers.
pub(crate) fn found<C: Connect>(
    registry: &Registry<'_>,
    client: &Client<C>,
    infohash: Infohash,
) -> Result<(), Error> {
    let clients = &registry.settings.clients;
    let (url, peer) = (clients.other_than_seeder(), registry.settings.seeder.peer);
    let started = Instant::now();
    loop {
        let answer = registry.probe(url, infohash)?;
        let given: Vec<SocketAddr> = answer.peers.iter().copied().map(SocketAddr::V4).collect();
        if given.contains(&peer) {
            let count = |number: Option<i64>| number.map_or("?".to_owned(), |number| number.to_string());
            registry.console.say(format!(
                "a peer that asks the tracker is given the seeder {peer} ({} seeders, {} peers in all)",
                count(answer.complete),
                given.len()
            ));
            return Ok(());
        }
        if started.elapsed() >= PATIENCE.min(registry.settings.timeout) {
            let got: Vec<String> = given.iter().take(5).map(ToString::to_string).collect();
            return Err(Error::SeederNotGiven { url: url.clone(), peer, got: got.join(", ") });
        }
        // Ocelot hides a second seeder until it announces again.
        client.announce_force(&HexInfohash::from_bytes(*infohash.as_bytes()))?;
        registry.abort.sleep(AGAIN)?;
    }
}
