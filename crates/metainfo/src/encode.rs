//! From fields to canonical bencode.

use crate::{AnnounceUrl, Content, Error, Info};
use bendy::encoding::{AsString, Encoder, SingleItemEncoder};

/// The info dict with mktorrent's keys in bencode's order: equal trees give equal bytes in both programs.
pub(crate) fn info(info: &Info) -> Result<Vec<u8>, Error> {
    let pieces = info.pieces().concat();
    value(|e| {
        e.emit_dict(|mut dict| {
            match info.content() {
                Content::File { length } => dict.emit_pair(b"length", length)?,
                Content::Tree { files } => dict.emit_pair_with(b"files", |e| {
                    e.emit_list(|list| {
                        for file in files {
                            list.emit_dict(|mut dict| {
                                dict.emit_pair(b"length", file.length)?;
                                dict.emit_pair_with(b"path", |e| {
                                    e.emit_list(|list| {
                                        file.path.split('/').try_for_each(|part| list.emit_str(part))
                                    })
                                })
                            })?;
                        }
                        Ok(())
                    })
                })?,
            }
            dict.emit_pair(b"name", info.name())?;
            dict.emit_pair(b"piece length", info.piece_length().bytes())?;
            dict.emit_pair(b"pieces", AsString(&pieces))?;
            if info.private() {
                dict.emit_pair(b"private", 1)?;
            }
            if let Some(source) = info.source() {
                dict.emit_pair(b"source", source)?;
            }
            if let Some(mark) = info.cross_seed() {
                dict.emit_pair(b"x_cross_seed", mark)?;
            }
            Ok(())
        })
    })
}

/// A byte string.
pub(crate) fn text(text: &str) -> Result<Vec<u8>, Error> {
    value(|e| e.emit_str(text))
}

/// A list of byte strings.
pub(crate) fn texts(texts: &[String]) -> Result<Vec<u8>, Error> {
    value(|e| e.emit_list(|list| texts.iter().try_for_each(|text| list.emit_str(text))))
}

/// The tiers of `announce-list` (BEP 12).
pub(crate) fn tiers(tiers: &[Vec<AnnounceUrl>]) -> Result<Vec<u8>, Error> {
    value(|e| {
        e.emit_list(|list| {
            tiers.iter().try_for_each(|tier| {
                list.emit_list(|list| tier.iter().try_for_each(|url| list.emit_str(url.expose())))
            })
        })
    })
}

/// The outer dict from values that are bencode already. bendy cannot embed raw bytes, and re-encoding the info dict
/// could change the infohash, so this is put together by hand; the map gives the order of the keys.
pub(crate) fn dict<'a>(entries: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let mut out = vec![b'd'];
    for (key, value) in entries {
        out.extend_from_slice(key.len().to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(key);
        out.extend_from_slice(value);
    }
    out.push(b'e');
    out
}

fn value(
    emit: impl FnOnce(SingleItemEncoder<'_>) -> Result<(), bendy::encoding::Error>,
) -> Result<Vec<u8>, Error> {
    let mut encoder = Encoder::new();
    encoder.emit_with(emit).map_err(|error| Error::bencode("torrent", error))?;
    encoder.get_output().map_err(|error| Error::bencode("torrent", error))
}
