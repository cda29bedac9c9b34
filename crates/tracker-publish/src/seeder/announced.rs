//! Whether the tracker took the seeder's announce.

use std::time::{Duration, Instant};

use cli::Abort;
use metainfo::AnnounceUrl;
use rtorrent_rpc::{Client, Connect, HexInfohash};

use crate::error::Error;

/// Pause between two looks.
const POLL: Duration = Duration::from_millis(100);
/// Pause before rtorrent is told to try again; by itself it waits 5 s, then twice as long each time.
const AGAIN: Duration = Duration::from_secs(1);
/// Failed announces after which the tracker counts as unreachable.
const ATTEMPTS: u64 = 3;
/// How rtorrent quotes what a tracker answered (BEP 3, `failure reason`).
const REFUSAL: &str = "Failure reason";

/// Waits until the tracker has answered an announce of the download.
pub(crate) fn announced<C: Connect>(
    client: &Client<C>,
    hash: &HexInfohash,
    url: &AnnounceUrl,
    timeout: Duration,
    abort: &Abort,
) -> Result<(), Error> {
    let started = Instant::now();
    let mut attempts = 0;
    loop {
        let trackers = client.trackers(hash)?;
        let tracker = trackers.iter().find(|tracker| tracker.expose_url() == url.expose());
        if tracker.is_some_and(|tracker| tracker.success_counter > 0 && tracker.failed_counter == 0) {
            return Ok(());
        }
        if tracker.is_some_and(|tracker| !tracker.enabled) {
            return Err(Error::TrackerDisabled { url: url.clone() });
        }
        let failed = tracker.is_some_and(|tracker| tracker.failed_counter > attempts && !tracker.busy);
        let late = started.elapsed() >= timeout;
        if failed || late {
            let message = client.download(hash)?.map(|download| download.message).unwrap_or_default();
            let message: String = match message.trim() {
                "" => "no answer".to_owned(),
                message => message.chars().take(300).collect(),
            };
            if message.contains(REFUSAL) {
                return Err(Error::TrackerRefused { url: url.clone(), message });
            }
            attempts += 1;
            if attempts >= ATTEMPTS || late {
                return Err(Error::TrackerUnreachable { url: url.clone(), message });
            }
            abort.sleep(AGAIN)?;
            client.announce_force(hash)?;
        }
        abort.sleep(POLL)?;
    }
}
