//! A file put in place at once.

use std::io::Write;
use std::path::Path;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ssh2::{ErrorCode, OpenFlags, OpenType, Session, Sftp};

use super::exec::exec;
use super::link::{Failure, Link, Trouble};
use crate::{Argv, Error, RemotePath};

/// libssh2.h: the server has no subsystem `sftp`, CHANNEL_FAILURE and CHANNEL_REQUEST_DENIED.
const NO_SUBSYSTEM: [i32; 2] = [-21, -22];
/// libssh2.h: the server answered, and the answer is an error.
const SFTP_PROTOCOL: i32 = -31;
/// SFTP version 3 has no status for it (draft-ietf-secsh-filexfer-02, 7): "failure" is all that a full disk says.
const NO_ROOM: &str = "the server refused to go on writing: is its disk full?";
/// Writes below the path `$1`, moves it to `$2` when all `$3` bytes have come: a broken connection is end of file for
/// `cat`, and must not put half a file in place.
const SCRIPT: &str = r#"umask 022; cat >"$1" && test "$(wc -c <"$1")" -eq "$3" && mv -f -T -- "$1" "$2" || { rm -f -- "$1"; exit 1; }"#;

/// Writes `bytes` under a temporary name in the same directory, then renames. By SFTP; by `cat` and `mv` where the server
/// has none.
pub(super) fn upload(link: &Arc<Link>, bytes: &[u8], path: &RemotePath) -> Result<(), Error> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let serial = COUNT.fetch_add(1, Ordering::Relaxed);
    // Unique, so that two controllers never write to the same temporary file.
    let temporary = format!("{}/.{}.{}-{serial}.tmp", path.parent(), path.file_name(), process::id());
    let limit = time_for(link, bytes);
    match link.run("start SFTP", link.step, Session::sftp) {
        Ok(sftp) => {
            let done = by_sftp(link, &sftp, bytes, &temporary, path, limit);
            let _alone = link.hold();
            drop(sftp);
            done
        }
        Err(Failure::Refused(error)) if matches!(error.code(), ErrorCode::Session(code) if NO_SUBSYSTEM.contains(&code)) =>
        {
            log::debug!("{}: no SFTP ({error}), writing by cat", link.host);
            let argv = Argv::new("sh").arg("-c").arg(SCRIPT).arg("sh").arg(temporary).arg(path.as_str());
            let output = exec(link, &argv.arg(bytes.len().to_string()), bytes, limit)?;
            if output.status.success() { Ok(()) } else { Err(failed(link, path, &output.reason())) }
        }
        Err(failure) => Err(failure.or_refused(|error| failed(link, path, error.message()))),
    }
}

/// The step timeout, and time for the bytes at 64 KiB/s: slower is as good as dead.
fn time_for(link: &Link, bytes: &[u8]) -> Duration {
    link.step + Duration::from_secs(u64::try_from(bytes.len() >> 16).unwrap_or(u64::MAX >> 8))
}

fn by_sftp(
    link: &Arc<Link>,
    sftp: &Sftp,
    bytes: &[u8],
    temporary: &str,
    path: &RemotePath,
    limit: Duration,
) -> Result<(), Error> {
    let temporary = Path::new(temporary);
    let refuse = |failure: Failure| failure.or_refused(|error| failed(link, path, error.message()));
    let clean = |error: Error| {
        // Not by SFTP: answers to writes that were refused are still on their way, and one would be taken for this one's.
        let argv = Argv::new("rm").args(["-f", "--"]).arg(temporary.to_string_lossy());
        let _nothing_to_remove = exec(link, &argv, b"", link.step);
        error
    };
    write_all(link, sftp, bytes, temporary, limit).map_err(refuse).map_err(clean)?;
    // SFTP version 3 has no replacing rename (draft-ietf-secsh-filexfer-02, 6.5), so this works for a new file only.
    match link.run("rename", link.step, |_| sftp.rename(temporary, path.as_path(), None)) {
        Ok(()) => Ok(()),
        Err(Failure::Refused(_)) => {
            let argv =
                Argv::new("mv").args(["-f", "-T", "--"]).arg(temporary.to_string_lossy()).arg(path.as_str());
            let output = exec(link, &argv, b"", link.step).map_err(clean)?;
            if output.status.success() { Ok(()) } else { Err(clean(failed(link, path, &output.reason()))) }
        }
        Err(failure) => Err(clean(refuse(failure))),
    }
}

fn write_all(
    link: &Link,
    sftp: &Sftp,
    bytes: &[u8],
    temporary: &Path,
    limit: Duration,
) -> Result<(), Failure> {
    let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
    let mut file =
        link.run("open", link.step, |_| sftp.open_mode(temporary, flags, 0o644, OpenType::File))?;
    let mut left = bytes;
    let written = link.run("write", limit, |session| {
        while !left.is_empty() {
            // On EAGAIN libssh2 wants the same bytes again, which `left` still begins with.
            let written = file.write(left).map_err(|error| trouble(session, error))?;
            left = left.get(written..).unwrap_or_default();
        }
        Ok::<_, Trouble>(())
    });
    if let Err(failure) = written {
        let _alone = link.hold();
        drop(file);
        return Err(failure);
    }
    // An extension of OpenSSH's; a server without it writes when it likes.
    if let Err(Failure::Error(error)) = link.run("fsync", link.step, |_| file.fsync()) {
        return Err(Failure::Error(error));
    }
    link.run("close", link.step, |_| file.close())
}

/// ssh2's Write keeps the words of an error only. Whether the server refused to write, as on a full disk, or the connection
/// is gone, is what the session remembers.
fn trouble(session: &Session, error: std::io::Error) -> Trouble {
    match ssh2::Error::last_session_error(session) {
        Some(last) if last.code() == ErrorCode::Session(SFTP_PROTOCOL) => {
            Trouble::Refused(ssh2::Error::new(last.code(), NO_ROOM))
        }
        _ => error.into(),
    }
}

fn failed(link: &Link, path: &RemotePath, detail: &str) -> Error {
    Error::Upload { host: link.host.clone(), path: path.to_string(), detail: detail.to_owned() }
}
