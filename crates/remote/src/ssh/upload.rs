//! A file put in place at once, whole and proved.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use inventory::RemotePath;
use sha2::{Digest, Sha256};

use super::exec::exec;
use super::link::Link;
use crate::{Argv, HostError, HostFault};

/// Writes what comes to the new file `$1`, durably, and moves it to `$2` if its SHA-256 is `$3`: a broken connection is end
/// of file for `dd`, and must not put half a file in place.
///
/// One command and no SFTP: a server that runs `swap-release` runs this too, with or without a subsystem for files, it
/// costs one channel instead of two and half of the round trips, and what arrived has to be hashed over there anyway.
const SCRIPT: &str = r#"umask 022; set -C
fail() { rm -f -- "$tmp"; exit 1; }
tmp=$1
dd bs=64k conv=fsync status=none >"$1" || fail
sum=$(sha256sum <"$1") && [ "${sum%% *}" = "$3" ] || { echo "what arrived is not what was sent" >&2; fail; }
exec mv -f -T -- "$1" "$2""#;

/// Writes `bytes` (mode 0644) under a temporary name in the same directory, then renames.
pub(super) fn upload(link: &Arc<Link>, bytes: &[u8], path: &RemotePath) -> Result<(), HostError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let serial = COUNT.fetch_add(1, Ordering::Relaxed);
    // Unique, so that two controllers never write to the same temporary file.
    let temporary = format!("{}/.{}.{}-{serial}.tmp", path.parent(), path.file_name(), process::id());
    let sum = hex::encode(Sha256::digest(bytes));
    let argv = Argv::new("sh").args(["-c", SCRIPT, "sh", &temporary, path.as_str(), &sum]);
    let output = exec(link, &argv, bytes, time_for(link, bytes))?;
    if output.status.success() {
        return Ok(());
    }
    // What the last command of the script leaves when it fails. Whether it can be removed changes nothing.
    let _left = exec(link, &Argv::new("rm").args(["-f", "--", &temporary]), b"", link.step);
    Err(HostFault::Upload { path: path.to_string(), detail: output.reason() }.at(&link.host))
}

/// The step timeout, and time for the bytes at 64 KiB/s: slower is as good as dead.
fn time_for(link: &Link, bytes: &[u8]) -> Duration {
    link.step + Duration::from_secs(u64::try_from(bytes.len() >> 16).unwrap_or(u64::MAX >> 8))
}
