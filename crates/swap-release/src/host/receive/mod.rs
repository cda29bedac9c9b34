//! The verb `receive`: an embedded peer on this server for the length of one push. It is started over SSH by
//! `fleet-push`, told everything by its standard input, and leaves no process behind.
//!
//! - `inbox`: what the controller says, and noticing that it is gone;
//! - `opening`: its first line, checked;
//! - `turn`: one receiver at a time, and making way for the next;
//! - `session`: from listening to the end;
//! - `staging`: unpacking and proving, while the peer goes on giving.

mod inbox;
mod opening;
mod session;
mod staging;
mod turn;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;

use cli::{Abort, Console};
use record::ExitCode;
use swarm_peer::{Peer, Role};

use self::inbox::Inbox;
use self::opening::Opening;
use self::session::Session;
use self::turn::Turn;
use crate::Error;
use crate::host::disk::RealDisk;
use crate::host::site::Site;

/// Time for the first line, which brings torrent and record.
const OPENING: Duration = Duration::from_secs(60);

/// Receives what standard input says into the site below `deploy_to`.
pub(crate) fn receive(deploy_to: &Path, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let site = Site::open(deploy_to, &RealDisk)?;
    let mut inbox = Inbox::on_stdin(abort);
    let opening = Opening::parse(&inbox.opening(OPENING, abort)?)?;
    for folder in [site.paths.state(), site.paths.incoming()] {
        site.disk.make_folder(&folder).map_err(|source| Error::write(&folder, source))?;
    }
    let turn = Turn::take(&site.paths, &opening.push, &opening.host, abort)?;
    if opening.stage {
        site.note_receiving(&opening.release)?;
    }
    let peer = listen(&site, &opening)?;
    Session { deploy_to, opening: &opening, peer, inbox, turn, console, abort }.run()
}

/// Listens on the address of the opening, or on any address if that one is not this host's own, as behind NAT.
fn listen(site: &Site<'_>, opening: &Opening) -> Result<Peer, Error> {
    let role = if opening.stage { Role::Download } else { Role::Seed };
    let place = site.paths.incoming().join(opening.release.payload.file.as_str());
    let start = |address| Peer::start(&opening.torrent, &place, opening.config(address, role));
    let peer = match start(opening.listen) {
        Err(swarm_peer::Error::Listen { source, .. })
            if source.kind() == std::io::ErrorKind::AddrNotAvailable =>
        {
            start(match opening.listen {
                IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            })
        }
        other => other,
    };
    Ok(peer?)
}
