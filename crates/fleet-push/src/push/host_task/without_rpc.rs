//! A host whose rtorrent has no RPC socket. The torrent goes into its watch directory, the word that the release is wanted
//! is on the host already, so the events of its rtorrent have it staged; `swap-release status` says when that is done.
//! Nobody can tell such a client of its peers: it is others that dial it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use inventory::{Engine, Host};
use record::PushState;
use record::host::{HostStatus, ReleaseState};
use remote::{Argv, Remote};
use rtorrent_rpc::{Client, HexInfohash, UnixConnector};

use super::task::HostTask;
use crate::engine::rtorrent::disk_watch::{DiskState, DiskWatch, Step};
use crate::engine::rtorrent::watch_dir;
use crate::error::Fault;
use crate::hosts::address::peer_address;
use crate::hosts::staging;
use crate::show::report::add;

/// Between two looks.
const POLL: Duration = Duration::from_secs(1);
/// Time for a command that should take none.
const BRIEF: Duration = Duration::from_secs(30);
/// How much lies at `$1`, in KiB as du(1) has it: files of a download have their full size from the beginning, and holes.
/// Whether the socket `$2` is there by now. And whether anybody listens on the port `$3`, in hexadecimal (proc(5)).
const LOOK: &str = r#"[ ! -S "$2" ] || echo socket
[ ! -e "$1" ] || du -sk -- "$1"
! cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -qi ":$3 [0-9A-F]*:0000 0A " || echo listens"#;
/// Hosts whose clients are asked at a time to dial one that gets nothing.
const HELPERS: usize = 3;

/// How it went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The release is staged.
    Staged,
    /// Its client can be asked now.
    HasSocket,
}

impl HostTask<'_> {
    /// From the torrent put in place to the release staged. The word that it is wanted is left now unless it was before.
    pub(super) fn follow_without_rpc(
        &mut self,
        remote: &dyn Remote,
        manifest: Option<&str>,
        mut left_word: bool,
    ) -> Result<Outcome, Fault> {
        let (job, host) = (&*self.push.job, self.host);
        if !self.began_once {
            self.say(format!(
                "has no RPC socket `{}`: its rtorrent gets the torrent by `{}`, and is followed by swap-release",
                host.rpc_socket, host.watch_dir
            ));
            if host.max_upload.is_some() {
                self.say(
                    "sends as fast as its rtorrent is set to: without a socket max_upload cannot be told it",
                );
            }
            let bytes = job.torrent.bytes_for(&host.name)?;
            watch_dir::put(remote, host, &bytes, job.release.id.as_str())?;
            self.began_once = true;
        }
        let size = job.release.payload.bytes;
        let place = host.deploy_to.join(&format!("incoming/{}", job.release.payload.file));
        let place = place.map_err(Fault::Settings)?;
        let mut said = String::new();
        let mut watch = DiskWatch::new(size, job.stall);
        let began = Instant::now();
        add(&mut self.report.seconds.push, Duration::ZERO);
        self.push.copies.takes_no_peers(self.index);
        let outcome = loop {
            self.push.clock.check()?;
            if !left_word {
                left_word = staging::want(remote, host, job)?;
            }
            let status = staging::status_with(remote, host, &job.shared)?;
            if status.has(&job.release.id, &job.release.tree_digest) {
                break Outcome::Staged;
            }
            let Look { bytes, listens, socket } = look(remote, host, place.as_str())?;
            if socket {
                self.say("has its RPC socket now");
                self.push.copies.takes_peers(self.index);
                break Outcome::HasSocket;
            }
            let seen = DiskState { bytes, staging: self.is_staging(&status), listens };
            let step = watch.next(began.elapsed(), seen);
            log::debug!("{}: {seen:?}, {step:?}", host.name);
            self.report.bytes = watch.bytes();
            self.tell_now();
            match step {
                Step::Wait => {}
                Step::Introduce => self.have_it_dialled(),
                Step::IntroduceWidely => {
                    self.have_it_dialled();
                    self.ask_others();
                }
                // What is not whole yet may look so. A place without room is the end of it.
                Step::Finish => {
                    match staging::stage(remote, host, job, place.as_str(), manifest, &self.push.clock) {
                        Ok(_) => break Outcome::Staged,
                        Err(Fault::Payload { reason }) => said = format!("; {reason}"),
                        Err(fault) => return Err(fault),
                    }
                }
                Step::Fail => {
                    add(&mut self.report.seconds.download, began.elapsed());
                    return Err(Fault::Unasked {
                        bytes: watch.bytes(),
                        size,
                        socket: host.rpc_socket.to_string(),
                        said,
                    });
                }
            }
            self.push.clock.pause(POLL)?;
        };
        add(&mut self.report.seconds.download, began.elapsed());
        if outcome == Outcome::Staged {
            self.report.bytes = size;
            self.report.state = PushState::Staged;
            self.tell_whole();
        }
        Ok(outcome)
    }

    fn is_staging(&self, status: &HostStatus) -> bool {
        let release = status.release(&self.push.job.release.id);
        status.busy.is_some() || release.is_some_and(|known| known.state == ReleaseState::Staging)
    }

    /// Tells everybody who can be told to dial this host.
    fn have_it_dialled(&self) {
        let push = self.push;
        let Some(address) = peer_address(self.host) else { return };
        push.swarm.rejoin(self.index, Some(address));
        push.mesh.outside(address);
        if !push.job.introduce {
            // A client that finds its peers by a tracker asks it as soon as it has the torrent.
            return;
        }
        if let Some(socket) = &push.job.seeder_socket
            && let Err(error) = tell_seeder(socket, *push.job.release.infohash.as_bytes(), address)
        {
            log::warn!("{}: the seeder cannot be told of it: {error}", self.host.name);
        }
    }
}

impl HostTask<'_> {
    /// Asks the rtorrents of some hosts whose own task is over, or has long begun, to dial this one.
    fn ask_others(&self) {
        let push = self.push;
        let Some(address) = peer_address(self.host).filter(|_| push.job.introduce) else { return };
        let others = push.hosts.iter().enumerate();
        let others = others.filter(|(index, host)| *index != self.index && host.engine == Engine::Rtorrent);
        let mut others: Vec<&Host> = others.map(|(_, host)| host).collect();
        fastrand::shuffle(&mut others);
        for other in others.into_iter().take(HELPERS) {
            let asked = (push.dial)(other).map_err(Fault::from).and_then(|remote| {
                let engine = (push.engine)(&*remote, other, &push.job, &push.clock);
                engine.introduce(&[address])
            });
            match asked {
                Ok(()) => log::info!("{}: asked {} to dial it", self.host.name, other.name),
                Err(fault) => log::info!("{}: {} cannot be asked: {fault}", self.host.name, other.name),
            }
        }
    }
}

/// Has the rtorrent that seeds, on this machine, dial a host.
fn tell_seeder(socket: &std::path::Path, infohash: [u8; 20], host: SocketAddr) -> rtorrent_rpc::Result<()> {
    Client::new(UnixConnector::new(socket)).add_peer(&HexInfohash::from_bytes(infohash), host)
}

/// What a host without a socket shows.
struct Look {
    /// Bytes at the place of the payload, if anything is there.
    bytes: Option<u64>,
    listens: bool,
    /// There is an RPC socket after all.
    socket: bool,
}

fn look(remote: &dyn Remote, host: &Host, place: &str) -> Result<Look, Fault> {
    let port = format!("{:04X}", host.peer_port);
    let argv = Argv::new("sh").args(["-c", LOOK, "sh", place, host.rpc_socket.as_str(), &port]);
    let output = remote.exec(&argv, b"", BRIEF)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let kib = text.lines().find_map(|line| line.split_once('\t')?.0.trim().parse::<u64>().ok());
    let says = |word: &str| text.lines().any(|line| line == word);
    Ok(Look {
        bytes: kib.map(|kib| kib.saturating_mul(1024)),
        listens: says("listens"),
        socket: says("socket"),
    })
}
