//! From untrusted bytes to fields. Strict: what another client could read differently is refused.

use std::collections::BTreeMap;

use bendy::decoding::{Decoder, DictDecoder, Object};

use crate::{Content, Error, FileEntry, Info, MAX_FILES, Piece, PieceLength};

/// Deepest nesting: torrent, info, files, file, path is five; some clients add a level in keys of their own.
const MAX_DEPTH: usize = 16;

/// The raw values of a dict by key; bendy has checked order, uniqueness and canonical integers.
type RawDict = BTreeMap<Vec<u8>, Vec<u8>>;

/// Takes the outer dict apart. Nothing may follow it.
pub(crate) fn outer(bytes: &[u8]) -> Result<RawDict, Error> {
    let mut raw = RawDict::new();
    let mut used = 2; // `d` and `e`
    with_dict("torrent", bytes, |key, object| {
        let value = raw_value("torrent", object)?;
        used += key.len() + key.len().to_string().len() + 1 + value.len();
        raw.insert(key.to_vec(), value);
        Ok(())
    })?;
    if used != bytes.len() {
        return Err(Error::bencode("torrent", "bytes after its end, or a length with leading zeros"));
    }
    Ok(raw)
}

/// Reads the info dict from its own bytes.
pub(crate) fn info(bytes: &[u8]) -> Result<Info, Error> {
    let (mut name, mut piece_length, mut pieces) = (None, None, None);
    let (mut length, mut files, mut private, mut source) = (None, None, false, None);
    let (mut name_utf8, mut cross_seed) = (None, None);
    with_dict("info", bytes, |key, object| {
        match key {
            b"name" => name = Some(text("info.name", object)?),
            b"name.utf-8" => name_utf8 = Some(text("info.name.utf-8", object)?),
            b"piece length" => piece_length = Some(PieceLength::new(unsigned("info.piece length", object)?)?),
            b"pieces" => pieces = Some(piece_hashes(object)?),
            b"length" => length = Some(unsigned("info.length", object)?),
            b"files" => files = Some(file_list(object)?),
            b"private" => private = unsigned("info.private", object)? != 0,
            b"source" => source = Some(text("info.source", object)?),
            // A mark of any type, for no purpose but another infohash.
            b"x_cross_seed" => cross_seed = text("info.x_cross_seed", object).ok(),
            _ => drop(object),
        }
        Ok(())
    })?;
    let missing = |field: &str| Error::Missing { field: field.into() };
    let content = match (length, files) {
        (Some(length), None) => Content::File { length },
        (None, Some(files)) => Content::Tree { files },
        (None, None) => return Err(missing("info.length")),
        (Some(_), Some(_)) => {
            return Err(Error::Field {
                field: "info.length".into(),
                expected: "alone: `files` is there too",
            });
        }
    };
    let name = name.ok_or_else(|| missing("info.name"))?;
    same_in_utf8("info.name.utf-8", name_utf8.as_ref(), &name)?;
    let piece_length = piece_length.ok_or_else(|| missing("info.piece length"))?;
    let pieces = pieces.ok_or_else(|| missing("info.pieces"))?;
    Info::new(name, piece_length, pieces, content)?
        .with_private(private)
        .with_source(source)
        .map(|info| info.with_cross_seed(cross_seed))
}

/// One string on its own.
pub(crate) fn single_text(field: &str, bytes: &[u8]) -> Result<String, Error> {
    let mut decoder = Decoder::new(bytes).with_max_depth(MAX_DEPTH);
    let object = decoder.next_object().map_err(|error| Error::bencode(field, error))?;
    text(field, object.ok_or_else(|| Error::Missing { field: field.into() })?)
}

/// One integer on its own, or nothing if it is something else.
pub(crate) fn single_unsigned(bytes: &[u8]) -> Option<u64> {
    let mut decoder = Decoder::new(bytes).with_max_depth(MAX_DEPTH);
    unsigned("integer", decoder.next_object().ok()??).ok()
}

/// `url-list` (BEP 19): a string or a list of strings. What is neither is left out.
pub(crate) fn web_seeds(bytes: &[u8]) -> Vec<String> {
    if let Ok(url) = single_text("url-list", bytes) {
        return vec![url];
    }
    let mut decoder = Decoder::new(bytes).with_max_depth(MAX_DEPTH);
    let mut urls = Vec::new();
    if let Ok(Some(object)) = decoder.next_object() {
        // What was read before something that is no string stays.
        let _ = each("url-list", object, |url| {
            urls.push(text("url-list", url)?);
            Ok(())
        });
    }
    urls
}

/// The tiers of `announce-list` (BEP 12).
pub(crate) fn tiers(bytes: &[u8]) -> Result<Vec<Vec<String>>, Error> {
    const FIELD: &str = "announce-list";
    let mut decoder = Decoder::new(bytes).with_max_depth(MAX_DEPTH);
    let object = decoder.next_object().map_err(|error| Error::bencode(FIELD, error))?;
    let mut tiers = Vec::new();
    each(FIELD, object.ok_or_else(|| Error::Missing { field: FIELD.into() })?, |tier| {
        let mut urls = Vec::new();
        each(FIELD, tier, |url| {
            urls.push(text(FIELD, url)?);
            Ok(())
        })?;
        tiers.push(urls);
        Ok(())
    })?;
    Ok(tiers)
}

fn file_list(object: Object<'_, '_>) -> Result<Vec<FileEntry>, Error> {
    let mut files = Vec::new();
    each("info.files", object, |file| {
        if files.len() == MAX_FILES {
            return Err(Error::TooLarge { what: "info.files".into(), limit: format!("{MAX_FILES} files") });
        }
        files.push(file_entry(file)?);
        Ok(())
    })?;
    Ok(files)
}

fn file_entry(object: Object<'_, '_>) -> Result<FileEntry, Error> {
    let Object::Dict(dict) = object else {
        return Err(Error::Field { field: "info.files".into(), expected: "a list of dicts" });
    };
    let (mut length, mut path, mut path_utf8) = (None, None, None);
    each_pair("info.files", dict, |key, object| {
        match key {
            b"length" => length = Some(unsigned("info.files.length", object)?),
            b"path" => path = Some(joined_path("info.files.path", object)?),
            b"path.utf-8" => path_utf8 = Some(joined_path("info.files.path.utf-8", object)?),
            // rtorrent makes an empty file of a symlink and really downloads padding (BEP 47).
            b"attr" if text("info.files.attr", object)?.contains(['l', 'p']) => {
                return Err(Error::Field {
                    field: "info.files.attr".into(),
                    expected: "free of `l` and `p`",
                });
            }
            _ => {}
        }
        Ok(())
    })?;
    let missing = |field: &str| Error::Missing { field: field.into() };
    let path = path.ok_or_else(|| missing("info.files.path"))?;
    same_in_utf8("info.files.path.utf-8", path_utf8.as_ref(), &path)?;
    Ok(FileEntry { path, length: length.ok_or_else(|| missing("info.files.length"))? })
}

/// Joins the components, refusing those that would read as two, such as `a/b`, before the join hides them.
fn joined_path(field: &str, object: Object<'_, '_>) -> Result<String, Error> {
    let mut parts = Vec::new();
    each(field, object, |part| {
        let part = text(field, part)?;
        crate::info_dict::path::check_component(&part)?;
        parts.push(part);
        Ok(())
    })?;
    Ok(parts.join("/"))
}

fn piece_hashes(object: Object<'_, '_>) -> Result<Vec<Piece>, Error> {
    let bytes = byte_string("info.pieces", object)?;
    let (pieces, rest) = bytes.as_chunks::<20>();
    if !rest.is_empty() {
        return Err(Error::Field { field: "info.pieces".into(), expected: "a multiple of 20 bytes" });
    }
    Ok(pieces.to_vec())
}

/// Clients that know the `.utf-8` keys prefer them; another path there would be another file.
fn same_in_utf8(field: &str, utf8: Option<&String>, plain: &str) -> Result<(), Error> {
    match utf8 {
        Some(other) if other != plain => {
            Err(Error::Field { field: field.into(), expected: "equal to the key without `.utf-8`" })
        }
        _ => Ok(()),
    }
}

fn with_dict(
    field: &str,
    bytes: &[u8],
    pair: impl FnMut(&[u8], Object<'_, '_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut decoder = Decoder::new(bytes).with_max_depth(MAX_DEPTH);
    match decoder.next_object().map_err(|error| Error::bencode(field, error))? {
        Some(Object::Dict(dict)) => each_pair(field, dict, pair),
        _ => Err(Error::Field { field: field.into(), expected: "a dict" }),
    }
}

fn each_pair(
    field: &str,
    mut dict: DictDecoder<'_, '_>,
    mut pair: impl FnMut(&[u8], Object<'_, '_>) -> Result<(), Error>,
) -> Result<(), Error> {
    while let Some((key, object)) = dict.next_pair().map_err(|error| Error::bencode(field, error))? {
        pair(key, object)?;
    }
    Ok(())
}

fn each(
    field: &str,
    object: Object<'_, '_>,
    mut item: impl FnMut(Object<'_, '_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let Object::List(mut list) = object else {
        return Err(Error::Field { field: field.into(), expected: "a list" });
    };
    while let Some(object) = list.next_object().map_err(|error| Error::bencode(field, error))? {
        item(object)?;
    }
    Ok(())
}

/// The bytes of a value as they stand, so that a key nobody here knows survives unchanged.
fn raw_value(field: &str, object: Object<'_, '_>) -> Result<Vec<u8>, Error> {
    let raw = |result: Result<&[u8], _>| {
        result.map(<[u8]>::to_vec).map_err(|error: bendy::decoding::Error| Error::bencode(field, error))
    };
    match object {
        Object::Dict(dict) => raw(dict.into_raw()),
        Object::List(list) => raw(list.into_raw()),
        Object::Integer(number) => Ok(format!("i{number}e").into_bytes()),
        Object::Bytes(bytes) => Ok([format!("{}:", bytes.len()).as_bytes(), bytes].concat()),
    }
}

fn byte_string<'a>(field: &str, object: Object<'_, 'a>) -> Result<&'a [u8], Error> {
    match object {
        Object::Bytes(bytes) => Ok(bytes),
        _ => Err(Error::Field { field: field.into(), expected: "a byte string" }),
    }
}

fn text(field: &str, object: Object<'_, '_>) -> Result<String, Error> {
    let bytes = byte_string(field, object)?;
    let text = std::str::from_utf8(bytes);
    text.map(str::to_owned).map_err(|_| Error::Field { field: field.into(), expected: "UTF-8 text" })
}

fn unsigned(field: &str, object: Object<'_, '_>) -> Result<u64, Error> {
    match object {
        Object::Integer(number) => number.parse().ok(),
        _ => None,
    }
    .ok_or_else(|| Error::Field { field: field.into(), expected: "an integer from 0 to 2^64-1" })
}
