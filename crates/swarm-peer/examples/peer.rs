//! One peer from the command line, to measure or to try it: it listens, meets the peers it is given, tells what happens, and
//! goes on giving until its standard input ends.
//!
//! ```sh
//! cargo run --release -p swarm-peer --example peer -- seed site.torrent site.tar.zst 10.0.0.1 6890
//! cargo run --release -p swarm-peer --example peer -- get site.torrent copy.tar.zst 10.0.0.2 6890 10.0.0.1:6890
//! ```
//!
//! `MKT_PUSH_KEY` is the key of the push, if it has one. Peers may also come on standard input, one a line.

use std::error::Error;
use std::io::{BufRead, Write, stderr, stdin, stdout};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metainfo::Metainfo;
use swarm_peer::{Allow, Config, Event, Peer, Role};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [role, torrent, place, address, port, peers @ ..] = args.as_slice() else {
        return Err("usage: peer seed|get TORRENT PLACE ADDRESS PORT [PEER...]".into());
    };
    let role = if role == "seed" { Role::Seed } else { Role::Download };
    let port: u16 = port.parse()?;
    let mut config = Config::new(address.parse::<IpAddr>()?, port..=port, role);
    config.key = std::env::var("MKT_PUSH_KEY").ok().map(|key| key.parse()).transpose()?;
    if config.key.is_some() || role == Role::Seed {
        config.allow = Allow::Anyone;
    }
    let peer = Peer::start(&Metainfo::read(Path::new(torrent))?, Path::new(place), config)?;
    let peers: Vec<SocketAddr> = peers.iter().map(|peer| peer.parse()).collect::<Result<_, _>>()?;
    peer.introduce(&peers);
    writeln!(stdout(), "listening {}", peer.address())?;
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for line in stdin().lock().lines().map_while(Result::ok) {
                peer.introduce(
                    &line.split_whitespace().filter_map(|peer| peer.parse().ok()).collect::<Vec<_>>(),
                );
            }
            ended.store(true, Ordering::Relaxed);
        });
        while !ended.load(Ordering::Relaxed) {
            match peer.wait(Duration::from_millis(100)) {
                Some(Event::Completed) => drop(writeln!(stdout(), "completed {:?}", peer.status().verified)),
                Some(Event::Progress { .. }) | None => {}
                Some(event) => drop(writeln!(stderr(), "{event:?}")),
            }
        }
    });
    let summary = peer.stop();
    let (status, after) = (&summary.status, summary.completed_after.unwrap_or_default());
    writeln!(
        stdout(),
        "after {:.3} s: downloaded {} wasted {} uploaded {}",
        after.as_secs_f64(),
        status.downloaded,
        status.wasted,
        status.uploaded
    )?;
    Ok(())
}
