//! The one way to know that an rtorrent takes what is put into its watch directory, where it puts the data, and whether
//! we can read that: it is given a torrent as a push gives one. It is of one byte that nobody has, and is taken out again
//! with all that it left; one that an aborted run left there is taken out by the next.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use inventory::{Host, RemotePath};
use metainfo::{AnnounceUrl, Content, Info, Metainfo, PieceLength};
use remote::{Argv, Interrupt, Remote};
use rtorrent_rpc::{Client, Download, HexInfohash, LoadCommand};

use super::seen::Trial;
use crate::engine::rtorrent::channel::Channel;
use crate::engine::rtorrent::watch_dir;
use crate::error::Fault;

/// Its name, and that of its file.
const NAME: &str = "mkt-doctor.trial";
/// inotify takes milliseconds, a poll of the directory seconds: as long as a push waits.
const PICK_UP: Duration = Duration::from_secs(4);
/// For a load by RPC, and for the file to be made.
const SOON: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(100);
const BRIEF: Duration = Duration::from_secs(30);
/// `$1` the file.
const READABLE: &str =
    r#"if [ ! -e "$1" ]; then echo none; elif [ -r "$1" ]; then echo yes; else echo no; fi"#;

/// `$1` the watch directory, `$2` the file or nothing. Also what an aborted run has left.
const CLEAN: &str = r#"rm -f -- "$1"/mkt-doctor.trial.*.torrent "$1"/.arriving/*mkt-doctor.trial.*
[ -z "$2" ] || rm -f -- "$2""#;

/// Makes it.
pub(super) fn trial(
    remote: &dyn Remote,
    host: &Host,
    client: &Client<Channel<'_>>,
    interrupt: &Interrupt,
) -> Result<Trial, Fault> {
    let (bytes, hash) = torrent()?;
    if client.download(&hash)?.is_some() {
        client.erase(&hash)?;
    }
    let torrent = match watch_dir::put(remote, host, &bytes, NAME) {
        Ok(torrent) => torrent,
        Err(fault @ Fault::Terminated) => return Err(fault),
        Err(fault) if fault.is_connection_loss() => return Err(fault),
        Err(fault) => return Ok(Trial::NotPut(fault.beside())),
    };
    let try_out = Try { remote, client, hash: &hash, interrupt };
    let found = try_out.load(host, &torrent);
    let cleaned = try_out.clean(&torrent, found.as_ref().ok());
    let found = found?;
    cleaned?;
    Ok(found)
}

/// The torrent, and its infohash as rtorrent spells it.
fn torrent() -> Result<(Vec<u8>, HexInfohash), Fault> {
    let make = || {
        let info = Info::new(NAME.to_owned(), PieceLength::MIN, vec![[0; 20]], Content::File { length: 1 })?;
        Metainfo::new(info)?.with_announce(&AnnounceUrl::no_tracker())
    };
    let metainfo = make().map_err(|error| Fault::Settings(error.to_string()))?;
    Ok((metainfo.to_bytes(), HexInfohash::from_bytes(*metainfo.infohash().as_bytes())))
}

struct Try<'a> {
    remote: &'a dyn Remote,
    client: &'a Client<Channel<'a>>,
    hash: &'a HexInfohash,
    interrupt: &'a Interrupt,
}

impl Try<'_> {
    /// By the watch directory; if that is not watched by RPC, as a push does it.
    fn load(&self, host: &Host, torrent: &RemotePath) -> Result<Trial, Fault> {
        let watched = self.within(PICK_UP, |_| true)?.is_some();
        if !watched {
            let incoming = host.deploy_to.join("incoming").map_err(Fault::Settings)?;
            let directory = LoadCommand::directory(Path::new(incoming.as_str()))?;
            self.client.load_start(torrent.as_path(), &[directory])?;
        }
        let opened = |download: &Download| {
            !download.base_path.as_os_str().is_empty() && (download.open || !download.message.is_empty())
        };
        let Some(download) = self.within(SOON, opened)?.or(self.client.download(self.hash)?) else {
            return Ok(Trial::NotLoaded);
        };
        let place = download.base_path.to_string_lossy().into_owned();
        // rtorrent says where it would be also when it cannot make it.
        let argv = Argv::new("sh").args(["-c", READABLE, "sh", &place]);
        let output = self.remote.exec(&argv, b"", BRIEF)?;
        let readable = match String::from_utf8_lossy(&output.stdout).lines().next_back() {
            Some("yes") => Some(true),
            Some("no") => Some(false),
            _ => None,
        };
        // That nobody tracks it is how it was made.
        let message = Some(download.message).filter(|message| !message.starts_with("Tracker: "));
        Ok(Trial::Loaded { watched, place, message: message.unwrap_or_default(), readable })
    }

    fn within(
        &self,
        patience: Duration,
        is_enough: impl Fn(&Download) -> bool,
    ) -> Result<Option<Download>, Fault> {
        let until = Instant::now() + patience;
        loop {
            if self.interrupt.is_raised() {
                return Err(Fault::Terminated);
            }
            let download = self.client.download(self.hash)?;
            log::debug!("{}: trial: {download:?}", self.remote.name());
            if let Some(download) = download.filter(&is_enough) {
                return Ok(Some(download));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            thread::sleep(POLL);
        }
    }

    /// Takes all of it out again.
    fn clean(&self, torrent: &RemotePath, found: Option<&Trial>) -> Result<(), Fault> {
        if self.client.download(self.hash)?.is_some() {
            self.client.erase(self.hash)?;
        }
        let mut argv = Argv::new("sh").args(["-c", CLEAN, "sh", torrent.parent()]);
        // rtorrent names the file, and it is removed: no other than that of the trial.
        if let Some(Trial::Loaded { place, .. }) = found
            && let Ok(place) = place.parse::<RemotePath>()
            && place.file_name() == NAME
        {
            argv = argv.arg(place.as_str());
        }
        // A file of another user in a directory of his own cannot be removed; it is empty.
        self.remote.exec(&argv, b"", BRIEF)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_torrent_is_the_same_each_time_so_that_a_left_over_is_found() {
        let ((bytes, hash), (again, other)) = (torrent().unwrap(), torrent().unwrap());
        assert_eq!((bytes, &hash), (again, &other));
        assert_eq!(hash.as_str().len(), 40);
    }
}
