//! An rtorrent that nobody invited: it has the payload, seeds it, and can be made to give away what is wrong.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

use crate::records::{Pack, Record};
use crate::rtorrent::Rtorrent;
use crate::{Fleet, eventually};

/// A seeder beside the fleet.
#[derive(Debug)]
pub struct Stranger {
    /// The client.
    pub rtorrent: Rtorrent,
    address: String,
    payload: PathBuf,
}

impl Stranger {
    /// Starts it and waits until it seeds what was packed.
    ///
    /// # Panics
    /// When it does not come to that.
    #[must_use]
    pub fn seed(fleet: &Fleet, pack: &Record<Pack>) -> Self {
        let dir = fleet.scratch().join("stranger");
        let seed = dir.join("seed");
        fs::create_dir_all(&seed).expect("its directory");
        let payload = seed.join(&pack.release.payload.file);
        fs::copy(fleet.records().join(&pack.release.payload.file), &payload).expect("the payload");
        let (address, port) = fleet.spare();
        let rtorrent = Rtorrent::start("a stranger", &dir, &address, port, &seed, "1M");
        rtorrent.load(&fleet.records().join(&pack.release.torrent.file));
        eventually("the stranger to seed", Duration::from_secs(60), || {
            rtorrent.downloads().iter().any(|(_, _, complete)| *complete).then_some(())
        });
        Self { rtorrent, address: format!("{address}:{port}"), payload }
    }

    /// What is dialled.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it has hashed is changed under its feet, so it gives away with a good conscience what is wrong.
    ///
    /// # Panics
    /// When its payload cannot be written.
    pub fn spoil(&self) {
        let file = File::options().write(true).open(&self.payload).expect("its payload");
        let length = file.metadata().expect("its length").len();
        let garbage = vec![0x5a; usize::try_from(length).expect("a small one")];
        file.write_all_at(&garbage, 0).expect("garbage");
    }
}
