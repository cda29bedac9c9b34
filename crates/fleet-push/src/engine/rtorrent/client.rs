//! A host's standing rtorrent as engine: fed by its watch directory, talked to by RPC.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use inventory::Host;
use remote::Remote;
use rtorrent_rpc::{Client, HexInfohash, LoadCommand};

use crate::engine::rtorrent::channel::Channel;
use crate::engine::rtorrent::watch_dir;
use crate::engine::{Engine, Loaded, Seen};
use crate::error::Fault;
use crate::job::Job;
use crate::job::clock::Clock;

/// Between two questions while a load is awaited.
const POLL: Duration = Duration::from_millis(100);
/// inotify picks a torrent up in milliseconds, a poll of the directory in a second; then it is loaded by RPC.
const PICK_UP: Duration = Duration::from_secs(4);
/// Then it must appear, or rtorrent has refused it (and says so in its log only).
const LOAD: Duration = Duration::from_secs(10);
/// The least time between two announces that rtorrent is told to make.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The throttle of downloads whose upload is limited; other torrents of the client are not concerned.
const THROTTLE: &str = "mkt-push";
/// In KiB/s, 2.4 Gbit/s: rtorrent minds a throttle of some downloads only if all together have one, too. It makes the
/// number of upload slots from it, which must stay below 2^16.
const BOUNDLESS: u32 = 300_000;

/// See [`Engine`].
pub(crate) struct Rtorrent<'a> {
    remote: &'a dyn Remote,
    host: &'a Host,
    job: &'a Job,
    clock: &'a Clock,
    hash: HexInfohash,
    /// When the tracker was last asked for us.
    asked: Cell<Option<Instant>>,
    client: Client<Channel<'a>>,
}

impl<'a> Rtorrent<'a> {
    /// The rtorrent of `host`, reached by `remote`.
    pub(crate) fn new(remote: &'a dyn Remote, host: &'a Host, job: &'a Job, clock: &'a Clock) -> Self {
        let interrupt = clock.interrupt().clone();
        let client = Client::new(Channel { remote, host }).with_cancel(move || interrupt.is_raised());
        let hash = HexInfohash::from_bytes(*job.release.infohash.as_bytes());
        Self { remote, host, job, clock, hash, asked: Cell::new(None), client }
    }

    /// Waits until rtorrent knows the torrent; an rtorrent that does not answer gets `patience`.
    fn appears_within(&self, patience: Duration) -> Result<bool, Fault> {
        let until = Instant::now() + patience;
        loop {
            self.clock.check()?;
            let over = Instant::now() >= until;
            match self.client.download(&self.hash).map_err(Fault::from) {
                Ok(Some(_)) => return Ok(true),
                Ok(None) if over => return Ok(false),
                Err(fault) if over || !fault.is_client_down() => return Err(fault),
                Ok(None) | Err(_) => self.clock.pause(POLL)?,
            }
        }
    }

    /// Where peers come from the tracker only: has rtorrent announce now. By itself it would do so again after half an
    /// hour, and whoever came in the meantime would stay unknown.
    fn ask_the_tracker(&self) -> Result<(), Fault> {
        if self.asked.get().is_some_and(|asked| asked.elapsed() < ASK_AGAIN) {
            return Ok(());
        }
        self.asked.set(Some(Instant::now()));
        Ok(self.client.announce_force(&self.hash)?)
    }

    /// Gives it the torrent, by its watch directory or, if nobody seems to watch that, by RPC.
    fn give(&self) -> Result<Loaded, Fault> {
        if self.client.download(&self.hash)?.is_some() {
            return Ok(Loaded::Before);
        }
        let bytes = self.job.torrent.bytes_for(&self.host.name)?;
        let torrent = watch_dir::put(self.remote, self.host, &bytes, self.job.release.id.as_str())?;
        if self.appears_within(PICK_UP)? {
            return Ok(Loaded::New);
        }
        log::info!("{}: `{torrent}` was not picked up, loading it by RPC", self.host.name);
        let incoming = self.host.deploy_to.join("incoming").map_err(Fault::Settings)?;
        let directory = LoadCommand::directory(Path::new(incoming.as_str()))?;
        self.client.load_start(torrent.as_path(), &[directory])?;
        if self.appears_within(LOAD)? {
            return Ok(Loaded::New);
        }
        Err(Fault::NotLoaded { torrent: torrent.to_string(), after: PICK_UP + LOAD })
    }

    /// Has rtorrent send no more of this torrent than `max_upload` of the host says, during the push and after it.
    fn limit(&self) -> Result<(), Fault> {
        let Some(rate) = self.host.max_upload else { return Ok(()) };
        let kib = u32::try_from(rate.bytes_per_second().get() / 1024).unwrap_or(u32::MAX);
        // 0 would be no limit at all.
        self.client.set_named_upload_limit_kb(THROTTLE, kib.max(1))?;
        if self.client.upload_limit()? == 0 {
            self.client.set_upload_limit_kb(BOUNDLESS)?;
        }
        if self.client.throttle(&self.hash)? == THROTTLE {
            // To stop it once more would cost it its peers.
            return Ok(());
        }
        self.client.stop(&self.hash)?;
        self.client.set_throttle(&self.hash, THROTTLE)?;
        Ok(self.client.start(&self.hash)?)
    }
}

impl Engine for Rtorrent<'_> {
    fn load(&self) -> Result<Loaded, Fault> {
        let loaded = self.give()?;
        self.limit()?;
        Ok(loaded)
    }

    fn look(&self) -> Result<Option<Seen>, Fault> {
        let seen = self.client.download(&self.hash)?.map(|download| {
            let about_tracker = download.message.starts_with("Tracker: ");
            let (message, tracker) =
                if about_tracker { ("", &*download.message) } else { (&*download.message, "") };
            Seen {
                size: download.size,
                bytes: download.bytes_done,
                complete: download.complete,
                hashing: download.hash_checking || download.hashing != rtorrent_rpc::Hashing::No,
                hash_checked: download.hash_checked,
                hashed: download.pieces_hashed,
                active: download.active,
                peers: download.peers_connected,
                message: message.to_owned(),
                tracker: self.job.torrent.complaint(&self.host.name, tracker),
                place: download.base_path.to_string_lossy().into_owned(),
            }
        });
        Ok(seen)
    }

    fn sources(&self) -> Result<Vec<(IpAddr, u64)>, Fault> {
        Ok(self.client.sources(&self.hash)?)
    }

    fn has_free_slot(&self) -> Result<bool, Fault> {
        // One that has vanished gives nothing.
        let Some(download) = self.client.download(&self.hash)? else { return Ok(false) };
        Ok(self.client.has_free_upload_slot(download.max_uploads)?)
    }

    fn start(&self) -> Result<(), Fault> {
        Ok(self.client.start(&self.hash)?)
    }

    fn introduce(&self, peers: &[SocketAddr]) -> Result<(), Fault> {
        if !self.job.introduce {
            return if peers.is_empty() { Ok(()) } else { self.ask_the_tracker() };
        }
        for peer in peers {
            match self.client.add_peer(&self.hash, *peer).map_err(Fault::from) {
                Ok(()) => {}
                Err(fault @ Fault::Terminated) => return Err(fault),
                Err(fault) if fault.is_connection_loss() => return Err(fault),
                Err(fault) => log::debug!("{}: peer {peer}: {fault}", self.host.name),
            }
        }
        Ok(())
    }

    fn forget(&self) -> Result<(), Fault> {
        Ok(self.client.erase(&self.hash)?)
    }
}
