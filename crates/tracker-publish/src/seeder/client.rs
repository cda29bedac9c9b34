//! The way to the seeder's rtorrent, and what a peer sees of it.

use std::time::Duration;

use cli::Abort;
use rtorrent_rpc::{Client, Connect, Limits, UnixConnector};

use super::proof;
use crate::error::{Error, NoProof};
use crate::release::packed::Packed;
use crate::settings::Settings;

/// Time for the proof; a seeder answers in milliseconds.
const PROOF: Duration = Duration::from_secs(10);

/// The seeder's rtorrent.
pub(crate) fn rtorrent(settings: &Settings, abort: &Abort) -> Client<UnixConnector> {
    let cancelled = abort.clone();
    let limits = Limits::default();
    Client::new(UnixConnector::new(&settings.seeder.socket))
        .with_limits(Limits { deadline: limits.deadline.min(settings.timeout), ..limits })
        .with_cancel(move || cancelled.is_set())
}

/// The seeder, as a peer sees it.
pub(crate) fn prove<C: Connect>(
    settings: &Settings,
    packed: &Packed,
    client: &Client<C>,
    abort: &Abort,
) -> Result<(), Error> {
    let peer = settings.seeder.peer;
    let pieces = packed.torrent.info().pieces().len() as u64;
    proof::prove(peer, packed.release().infohash, pieces, PROOF, abort).map_err(|reason| match reason {
        NoProof::Aborted => Error::Aborted(cli::Aborted),
        // What rtorrent says of its own port is the best hint; without an answer there is none.
        reason => Error::Proof { peer, listens: client.listen_port().ok(), reason },
    })
}
