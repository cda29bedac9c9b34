//! Peers that mean harm, on real sockets: each is refused, and the transfer completes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use bit_vec::BitVec;
use e2e::eventually;
use metainfo::Infohash;
use swarm_peer::wire::{BLOCK, Block, Handshake, Incoming, Message, PeerId, piece_header, read, write};
use swarm_peer::{Allow, BanReason, Event, Peer, Role};

use crate::fixture::{LONG, Site, completed, hear};

/// A raw connection that has shaken hands.
struct Raw(TcpStream, Vec<u8>);

impl Raw {
    fn dial(to: SocketAddr, hello: Handshake) -> std::io::Result<Self> {
        let mut stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(LONG))?;
        stream.write_all(&hello.to_bytes())?;
        stream.read_exact(&mut [0; Handshake::LEN])?;
        Ok(Self(stream, Vec::new()))
    }

    fn accept(listener: &TcpListener, hello: Handshake) -> Self {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; Handshake::LEN]).unwrap();
        stream.write_all(&hello.to_bytes()).unwrap();
        Self(stream, Vec::new())
    }

    fn say(&mut self, message: &Message) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        write(message, &mut bytes);
        self.0.write_all(&bytes)
    }

    /// The next message, or nothing when the other has closed the connection.
    fn hear(&mut self, pieces: u32) -> Option<Message> {
        loop {
            if let Some((incoming, used)) = read(&self.1, pieces).unwrap() {
                let message = if let Incoming::Message(message) = incoming { Some(message) } else { None };
                self.1.drain(..used);
                if message.is_some() {
                    return message;
                }
                continue;
            }
            let mut part = [0; 4096];
            match self.0.read(&mut part) {
                Ok(0) | Err(_) => return None,
                Ok(got) => self.1.extend(&part[..got]),
            }
        }
    }

    /// Whether the other closes the connection.
    fn sees_the_end(mut self) -> bool {
        let mut rest = [0; 65_536];
        loop {
            match self.0.read(&mut rest) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    }
}

fn hello(site: &Site, name: u8) -> Handshake {
    Handshake { fast: true, keyed: false, infohash: site.torrent.infohash(), peer_id: PeerId([name; 20]) }
}

fn pieces(site: &Site) -> u32 {
    u32::try_from(site.torrent.info().pieces().len()).unwrap()
}

fn open_seeder(site: &Site) -> Peer {
    let mut config = site.config(0, Role::Seed);
    config.allow = Allow::Anyone;
    Peer::start(&site.torrent, &site.payload(), config).unwrap()
}

#[test]
fn strangers_with_another_protocol_torrent_or_address_get_no_answer() {
    let site = Site::new(100_000);
    let seeder = site.seeder();
    let answer = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(seeder.address()).unwrap();
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    };
    let greeting = hello(&site, 7).to_bytes();
    assert_eq!(answer(&greeting), b"", "nobody was introduced");
    seeder.introduce(&[SocketAddr::from((Ipv4Addr::LOCALHOST, 9))]);
    eventually("to be let in", LONG, || Raw::dial(seeder.address(), hello(&site, 7)).ok());
    assert_eq!(answer(b"GET / HTTP/1.1\r\n\r\n"), b"");
    let other = Handshake { infohash: Infohash::new([1; 20]), ..hello(&site, 7) };
    assert_eq!(answer(&other.to_bytes()), b"");
}

#[test]
fn whoever_breaks_a_rule_is_disconnected_and_after_three_times_refused() {
    let site = Site::new(100_000);
    let seeder = open_seeder(&site);
    let count = pieces(&site);
    let mut extra = Vec::new();
    write(&Message::Bitfield(BitVec::from_elem(8, true)), &mut extra);
    let breaches: [Vec<u8>; 9] = [
        u32::MAX.to_be_bytes().to_vec(),
        [&1_000_000_u32.to_be_bytes()[..], &[7]].concat(),
        [&2_u32.to_be_bytes()[..], &[0, 0]].concat(),
        [&5_u32.to_be_bytes()[..], &[4], &count.to_be_bytes()].concat(),
        [&13_u32.to_be_bytes()[..], &[6], &[0; 8], &(BLOCK + 1).to_be_bytes()].concat(),
        extra,
        [&1_u32.to_be_bytes()[..], &[14], &1_u32.to_be_bytes(), &[15]].concat(),
        [&1_u32.to_be_bytes()[..], &[14]].concat().repeat(3000),
        [&[0, 0, 0, 1, 0], &[0, 0, 0, 1, 2][..]].concat().repeat(3000),
    ];
    let from = |host: usize| {
        let address = site.address(host).ip();
        let socket =
            rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None)
                .unwrap();
        rustix::net::bind(&socket, &SocketAddr::new(address, 0)).unwrap();
        rustix::net::connect(&socket, &seeder.address()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(&hello(&site, u8::try_from(host).unwrap()).to_bytes()).unwrap();
        Raw(stream, Vec::new())
    };
    for (host, bytes) in (1..).zip(&breaches) {
        let mut raw = from(host);
        let _ = raw.0.write_all(bytes);
        assert!(raw.sees_the_end(), "breach {host}");
    }
    // Without a port in its id it is known by the port it came from; one of our kind by where it listens.
    for _ in 0..3 {
        let ours = Handshake { peer_id: PeerId::new(6890, [3; 10]), ..hello(&site, 0) };
        let mut raw = Raw::dial(seeder.address(), ours).unwrap();
        let _ = raw.0.write_all(&breaches[3]);
        assert!(raw.sees_the_end());
    }
    let ban = hear(&seeder, "a ban", |event| if let Event::Banned(ban) = event { Some(ban) } else { None });
    assert_eq!(ban.address, SocketAddr::from((Ipv4Addr::LOCALHOST, 6890)));
    assert!(matches!(ban.reason, BanReason::Protocol { .. }), "{}", ban.reason);
    assert!(Raw::dial(seeder.address(), hello(&site, 9)).is_err(), "all of its address is refused");
    let host = site.leecher(10);
    host.introduce(&[seeder.address()]);
    completed(&host);
}

#[test]
fn a_crowd_of_half_open_connections_and_floods_leaves_room_for_the_fleet() {
    let site = Site::new(2_000_000);
    let seeder = open_seeder(&site);
    // Many that say a part of a handshake and nothing more.
    let slow: Vec<TcpStream> = (0..40)
        .filter_map(|_| {
            let mut stream = TcpStream::connect(seeder.address()).ok()?;
            stream.write_all(&hello(&site, 1).to_bytes()[..30]).ok()?;
            Some(stream)
        })
        .collect();
    let host = site.leecher(1);
    host.introduce(&[seeder.address()]);
    // One that asks for everything at once and reads nothing, and one that repeats itself.
    let from = |peer_id| {
        eventually("room", LONG, || {
            Raw::dial(seeder.address(), Handshake { peer_id, ..hello(&site, 2) }).ok()
        })
    };
    drop(slow);
    let mut greedy = from(PeerId([3; 20]));
    greedy.0.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    for round in 0..300_u32 {
        let block = |piece| Block { piece, begin: round % 4 * BLOCK, length: BLOCK };
        if (0..pieces(&site) - 1).try_for_each(|piece| greedy.say(&Message::Request(block(piece)))).is_err() {
            break;
        }
    }
    let mut babbler = from(PeerId([4; 20]));
    let _ = (0..100_000).try_for_each(|_| babbler.say(&Message::Have(0)));
    assert!(babbler.sees_the_end());
    completed(&host);
    site.assert_copy(&site.place(1));
    drop(greedy);
}

#[test]
fn one_that_sends_damaged_blocks_is_named_and_banned_and_the_rest_completes() {
    let site = Site::new(3_000_000);
    let seeder = site.seeder();
    let host = site.leecher(1);
    // It says that it has everything, and sends noise.
    let bad = TcpListener::bind(site.address(5)).unwrap();
    let (greeting, all) = (hello(&site, 5), pieces(&site));
    let liar = std::thread::spawn(move || {
        let mut raw = Raw::accept(&bad, greeting);
        raw.say(&Message::HaveAll).unwrap();
        raw.say(&Message::Unchoke).unwrap();
        let mut sent = 0;
        while let Some(message) = raw.hear(all) {
            if let Message::Request(block) = message {
                let mut bytes = Vec::new();
                piece_header(block, &mut bytes);
                bytes.resize(bytes.len() + block.length as usize, 0xAA);
                sent += 1;
                if raw.0.write_all(&bytes).is_err() {
                    break;
                }
            }
        }
        sent
    });
    host.introduce(&[site.address(5)]);
    let ban = hear(&host, "a ban", |event| if let Event::Banned(ban) = event { Some(ban) } else { None });
    assert_eq!(ban.address, site.address(5));
    assert!(matches!(ban.reason, BanReason::BadPiece { .. }));
    assert!(liar.join().unwrap() > 0);
    seeder.introduce(&[host.address()]);
    host.introduce(&[seeder.address()]);
    completed(&host);
    site.assert_copy(&site.place(1));
    assert_eq!(host.status().banned, [ban]);
}

#[test]
fn one_that_promises_everything_and_sends_nothing_does_not_stop_the_rest() {
    let site = Site::new(3_000_000);
    let (seeder, host) = (site.seeder(), site.leecher(1));
    let idle = TcpListener::bind(site.address(5)).unwrap();
    let greeting = hello(&site, 5);
    let promising = std::thread::spawn(move || {
        let mut raw = Raw::accept(&idle, greeting);
        raw.say(&Message::HaveAll).unwrap();
        raw.say(&Message::Unchoke).unwrap();
        assert!(raw.sees_the_end());
    });
    host.introduce(&[site.address(5)]);
    eventually("the promise", LONG, || {
        host.status().sources.first().filter(|source| source.complete).map(drop)
    });
    seeder.introduce(&[host.address()]);
    host.introduce(&[seeder.address()]);
    completed(&host);
    site.assert_copy(&site.place(1));
    drop(host);
    promising.join().unwrap();
}

#[test]
fn a_bitfield_that_comes_late_counts_as_so_many_haves() {
    // No harm is meant: aria2 does so.
    let site = Site::new(300_000);
    let host = site.leecher(1);
    let late = TcpListener::bind(site.address(5)).unwrap();
    host.introduce(&[site.address(5)]);
    let mut raw = Raw::accept(&late, hello(&site, 5));
    let mut some = BitVec::from_elem(pieces(&site) as usize, false);
    some.set(3, true);
    for message in [Message::HaveNone, Message::Unchoke, Message::Bitfield(some.clone())] {
        raw.say(&message).unwrap();
    }
    let asked = std::iter::from_fn(|| raw.hear(pieces(&site)))
        .find_map(|message| if let Message::Request(block) = message { Some(block) } else { None });
    assert_eq!(asked.map(|block| block.piece), Some(3));
    some.set(3, false);
    raw.say(&Message::Bitfield(some)).unwrap();
    assert!(raw.sees_the_end(), "what it had it must have for ever");
}

#[test]
fn two_with_the_same_id_do_not_disturb_each_other_and_our_own_id_is_refused() {
    let site = Site::new(100_000);
    let seeder = open_seeder(&site);
    let mut first = Raw::dial(seeder.address(), hello(&site, 6)).unwrap();
    let mut stream = TcpStream::connect(seeder.address()).unwrap();
    stream.write_all(&hello(&site, 1).to_bytes()).unwrap();
    let mut answer = [0; Handshake::LEN];
    stream.read_exact(&mut answer).unwrap();
    let theirs = Handshake::read(&answer, &site.torrent.infohash()).unwrap().unwrap().peer_id;
    assert!(Raw::dial(seeder.address(), Handshake { peer_id: theirs, ..hello(&site, 0) }).is_err());
    let second = Raw::dial(seeder.address(), hello(&site, 6)).unwrap();
    first.say(&Message::HaveNone).unwrap();
    first.say(&Message::Request(Block { piece: 0, begin: 0, length: 10 })).unwrap();
    let mut header = Vec::new();
    piece_header(Block { piece: 0, begin: 0, length: 10 }, &mut header);
    let wanted = [&header[..], &site.content[..10]].concat();
    eventually("the first is still served", LONG, || {
        let mut part = [0; 512];
        let got = first.0.read(&mut part).unwrap();
        first.1.extend(&part[..got]);
        first.1.windows(wanted.len()).any(|window| window == wanted).then_some(())
    });
    drop(second);
}
