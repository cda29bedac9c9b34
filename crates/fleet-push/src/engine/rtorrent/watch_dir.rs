//! The directory that a host's rtorrent watches.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use inventory::{Host, RemotePath};
use remote::{Argv, Remote};

use crate::error::Fault;

/// Time for a command on the host that should take none.
const BRIEF: Duration = Duration::from_secs(30);

/// Makes `$2` below the watch directory `$1`, which must be there: one that we made would be watched by nobody.
const MAKE: &str =
    r#"[ -d "$1" ] || { echo 'there is no such directory' >&2; exit 1; }; exec mkdir -p -- "$2""#;

/// Puts a torrent into the watch directory of `host`, under a name that begins with `stem`; gives its path.
///
/// rtorrent is told of every file that is closed in that directory, temporary ones too, and would tie the download to
/// the temporary name; so the file is written in a directory of its own below and moved up. The name is new each
/// time: rtorrent never reads a path again whose modification time it has seen.
pub(crate) fn put(remote: &dyn Remote, host: &Host, bytes: &[u8], stem: &str) -> Result<RemotePath, Fault> {
    let stamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let name = format!("{stem}.{stamp:x}.torrent");
    let path = |below: &str| host.watch_dir.join(below).map_err(Fault::Settings);
    let (arriving, torrent) = (path(&format!(".arriving/{name}"))?, path(&name)?);
    let make = Argv::new("sh").args(["-c", MAKE, "sh", host.watch_dir.as_str(), arriving.parent()]);
    let made = remote.exec(&make, b"", BRIEF)?;
    if !made.status.success() {
        return Err(Fault::WatchDirectory { path: host.watch_dir.to_string(), reason: made.reason() });
    }
    remote.upload(bytes, &arriving)?;
    let argv = Argv::new("mv").args(["-f", "-T", "--", arriving.as_str(), torrent.as_str()]);
    let moved = remote.exec(&argv, b"", BRIEF)?;
    if !moved.status.success() {
        return Err(Fault::Command { command: argv.to_string(), reason: moved.reason(), hint: moved.hint() });
    }
    log::info!("{}: put `{torrent}` in place", host.name);
    Ok(torrent)
}
