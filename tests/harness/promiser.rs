//! A peer that promises everything and gives nothing: it says that it has every piece and that it may be asked (BEP 3), and
//! then only listens.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// One that can be dialled; its threads end with the test's process.
#[derive(Debug)]
pub struct Promiser {
    address: String,
    asked: Arc<AtomicU32>,
}

impl Promiser {
    /// Listens at `address` for the torrent with this infohash (hex) of so many pieces.
    ///
    /// # Panics
    /// When the address is taken, or the infohash is none.
    #[must_use]
    pub fn listen((address, port): (String, u16), infohash: &str, pieces: u64) -> Self {
        let listener = TcpListener::bind((address.as_str(), port)).expect("a free address");
        let infohash = hex::decode(infohash).expect("an infohash");
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (infohash, count) = (infohash.clone(), Arc::clone(&count));
                thread::spawn(move || promise(stream, &infohash, pieces, &count));
            }
        });
        Self { address: format!("{address}:{port}"), asked }
    }

    /// What is dialled.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How many blocks it was asked for.
    #[must_use]
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

fn promise(mut stream: TcpStream, infohash: &[u8], pieces: u64, asked: &AtomicU32) -> Option<()> {
    const REQUEST: u8 = 6;
    let mut hello = [0; 68];
    stream.read_exact(&mut hello).ok()?;
    let mut reply = b"\x13BitTorrent protocol\0\0\0\0\0\0\0\0".to_vec();
    reply.extend(infohash);
    reply.extend(b"-XX0001-promises all");
    let mut bitfield = vec![0xff_u8; usize::try_from(pieces.div_ceil(8)).ok()?];
    if !pieces.is_multiple_of(8) {
        *bitfield.last_mut()? = 0xff << (8 - pieces % 8);
    }
    reply.extend((u32::try_from(bitfield.len()).ok()? + 1).to_be_bytes());
    reply.push(5);
    reply.extend(bitfield);
    // Unchoke.
    reply.extend([0, 0, 0, 1, 1]);
    stream.write_all(&reply).ok()?;
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length).ok()?;
        let mut message = vec![0; usize::try_from(u32::from_be_bytes(length)).ok()?];
        stream.read_exact(&mut message).ok()?;
        if message.first() == Some(&REQUEST) {
            asked.fetch_add(1, Ordering::SeqCst);
        }
    }
}
