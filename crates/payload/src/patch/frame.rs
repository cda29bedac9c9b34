//! One zstd frame with a prefix.

use std::io::{self, BufRead, Read, Write};

use zstd::stream::raw::CParameter;

/// A level of zstd. Above it a patch takes ten times as long and shrinks by a tenth.
const LEVEL: i32 = 9;
/// Smallest window of zstd, as a power of two.
const SMALLEST: u32 = 10;
/// Largest window that is written or read, as a power of two: 128 MiB.
const LARGEST: u32 = 27;

/// Compresses the content, referring to the prefix.
pub(super) fn compress(content: &[u8], prefix: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::stream::write::Encoder::with_ref_prefix(Vec::new(), LEVEL, prefix)?;
    // The compressor looks back as far as its window, and the prefix lies behind the content.
    let whole = (content.len() + prefix.len()).next_power_of_two();
    encoder.set_parameter(CParameter::WindowLog(whole.ilog2().clamp(SMALLEST, LARGEST)))?;
    encoder.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
    encoder.set_parameter(CParameter::ChecksumFlag(true))?;
    encoder.set_pledged_src_size(Some(content.len() as u64))?;
    encoder.write_all(content)?;
    encoder.finish()
}

/// Reads the next frame, which was made with that prefix.
pub(super) struct Frame<'a, R: BufRead> {
    decoder: zstd::stream::read::Decoder<'a, R>,
}

impl<'a, R: BufRead> Frame<'a, R> {
    /// Begins to read.
    pub(super) fn open(input: R, prefix: &'a [u8]) -> io::Result<Self> {
        let mut decoder = zstd::stream::read::Decoder::with_ref_prefix(input, prefix)?.single_frame();
        decoder.window_log_max(LARGEST)?;
        Ok(Self { decoder })
    }

    /// Fails unless the frame ends here; gives back what follows.
    pub(super) fn end(mut self) -> io::Result<R> {
        // This reads and proves the checksum, too.
        match self.decoder.read(&mut [0])? {
            0 => Ok(self.decoder.finish()),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the frame is longer than what belongs into it",
            )),
        }
    }
}

impl<R: BufRead> Read for Frame<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_prefix_costs_next_to_nothing() {
        let old: Vec<u8> =
            (0..200_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        let mut new = old.clone();
        new.splice(300_000..300_003, *b"something else");
        let frame = compress(&new, &old).unwrap();
        assert!(frame.len() < 200, "{}", frame.len());
        assert!(compress(&new, &[]).unwrap().len() > 700_000);
        let both = [&frame[..], &compress(b"after", b"").unwrap()].concat();
        let mut reading = Frame::open(&both[..], &old).unwrap();
        let mut content = vec![0; new.len()];
        reading.read_exact(&mut content).unwrap();
        assert!(content == new);
        let mut reading = Frame::open(reading.end().unwrap(), b"").unwrap();
        let mut content = Vec::new();
        reading.read_to_end(&mut content).unwrap();
        assert_eq!((&content[..], reading.end().unwrap()), (&b"after"[..], &b""[..]));
        // With another prefix there is another content, and the checksum says so.
        let mut reading = Frame::open(&frame[..], &new).unwrap();
        assert!(reading.read_to_end(&mut Vec::new()).is_err());
        let mut reading = Frame::open(&frame[..], &old).unwrap();
        reading.read_exact(&mut [0; 10]).unwrap();
        assert!(reading.end().unwrap_err().to_string().contains("longer"));
    }
}
