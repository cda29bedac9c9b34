//! As many compressors as there are cores, each used by one thread at a time.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use zstd::bulk::Compressor;
use zstd::stream::raw::CParameter;

/// Readers outnumber cores, to hide the disk's latency; compressors do not, since the highest levels take a hundred
/// megabytes each.
pub(super) struct Compressors {
    idle: Mutex<Receiver<Compressor<'static>>>,
    back: SyncSender<Compressor<'static>>,
}

impl Compressors {
    pub(super) fn new(level: i32, cores: usize) -> io::Result<Self> {
        let cores = cores.clamp(1, 64);
        let (back, idle) = sync_channel(cores);
        for _ in 0..cores {
            let mut compressor = Compressor::new(level)?;
            compressor.set_parameter(CParameter::ChecksumFlag(true))?;
            back.send(compressor).map_err(io::Error::other)?;
        }
        Ok(Self { idle: Mutex::new(idle), back })
    }

    /// One frame, which says how long its content is and has a checksum.
    pub(super) fn frame(&self, content: &[u8]) -> io::Result<Vec<u8>> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let mut compressor = idle.map_err(io::Error::other)?;
        let frame = compressor.compress(content);
        self.back.send(compressor).map_err(io::Error::other)?;
        frame
    }
}
