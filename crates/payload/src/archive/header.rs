//! The one way in which an entry stands in the archive.

use tar::{EntryType, Header};

use crate::content::entry::{Entry, Kind};
use crate::content::manifest::Manifest;

/// tar's unit: headers and contents are padded to it.
pub(super) const BLOCK: usize = 512;
/// Two empty blocks end an archive.
pub(super) static END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// Name of the first member.
pub(super) const MANIFEST: &str = "manifest.jsonl";
/// Where the tree lies in the archive.
const PREFIX: &str = "tree/";
/// Longest name that fits the header itself.
const SHORT: usize = 100;

/// Header of the manifest. Its time is that of the newest entry, since a date of 1970 makes tar complain.
pub(super) fn of_manifest(manifest: &Manifest, bytes: u64) -> Vec<u8> {
    let newest = manifest.entries().iter().map(|entry| entry.mtime).max().unwrap_or_default();
    member(MANIFEST, EntryType::Regular, 0o644, bytes, newest, "")
}

/// Header of an entry.
pub(super) fn of_entry(entry: &Entry) -> Vec<u8> {
    let name = format!("{PREFIX}{}", entry.path);
    match &entry.kind {
        Kind::Dir => member(&format!("{name}/"), EntryType::Directory, 0o755, 0, entry.mtime, ""),
        Kind::File { mode, size, .. } => {
            member(&name, EntryType::Regular, mode.bits(), *size, entry.mtime, "")
        }
        Kind::Link { target } => member(&name, EntryType::Symlink, 0o777, 0, entry.mtime, target),
    }
}

/// Bytes of the header of a file.
pub(super) fn length_of_file(path: &str) -> usize {
    let name = PREFIX.len() + path.len();
    if name > SHORT { BLOCK + long_length(name) } else { BLOCK }
}

/// The zeros that follow so many bytes of content.
pub(super) fn pad(size: u64) -> &'static [u8] {
    END.get(..padding(size)).unwrap_or_default()
}

/// How many zeros follow so many bytes of content.
pub(super) fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    (BLOCK - over) % BLOCK
}

fn member(name: &str, kind: EntryType, mode: u32, size: u64, mtime: u64, target: &str) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(BLOCK);
    // In GNU's order: the long target before the long name.
    if target.len() > SHORT {
        long(&mut blocks, EntryType::GNULongLink, target);
    }
    if name.len() > SHORT {
        long(&mut blocks, EntryType::GNULongName, name);
    }
    let header = header(name, kind, mode, size, mtime, target);
    blocks.extend_from_slice(header.as_bytes());
    blocks
}

/// Bytes of a member whose content is a name of so many.
fn long_length(name: usize) -> usize {
    BLOCK + (name + 1).next_multiple_of(BLOCK)
}

/// A member whose content is a name too long for a header.
fn long(blocks: &mut Vec<u8>, kind: EntryType, text: &str) {
    let size = text.len() as u64 + 1;
    blocks.extend_from_slice(header("././@LongLink", kind, 0o644, size, 0, "").as_bytes());
    blocks.extend_from_slice(text.as_bytes());
    blocks.resize(blocks.len() + 1 + padding(size), 0);
}

fn header(name: &str, kind: EntryType, mode: u32, size: u64, mtime: u64, target: &str) -> Header {
    let mut header = Header::new_gnu();
    if let Some(gnu) = header.as_gnu_mut() {
        fill(&mut gnu.name, name);
        fill(&mut gnu.linkname, target);
    }
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_mtime(mtime);
    header.set_cksum();
    header
}

/// As much of the text as fits; a long name's beginning stands in its header too.
fn fill(field: &mut [u8; SHORT], text: &str) {
    for (to, from) in field.iter_mut().zip(text.bytes()) {
        *to = from;
    }
}
