//! Reading a file in parts of one size.

use std::io::{self, ErrorKind, Read};

/// Bytes a read: large enough that system calls do not count, small enough for the cache.
pub(crate) const READ: usize = 128 * 1024;

/// Reads up to `left` bytes, nothing at the end of the file.
pub(crate) fn read_some<'a>(
    input: &mut impl Read,
    buffer: &'a mut Vec<u8>,
    left: u64,
) -> io::Result<&'a [u8]> {
    buffer.resize(READ, 0);
    let wanted = usize::try_from(left).unwrap_or(READ).min(READ);
    let part = buffer.get_mut(..wanted).unwrap_or_default();
    loop {
        match input.read(part) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result.map(|got| buffer.get(..got).unwrap_or_default()),
        }
    }
}
