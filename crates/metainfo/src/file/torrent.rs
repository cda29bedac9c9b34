//! A whole `.torrent`: the info dict as it stands, and the keys around it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::file::encode;
use crate::file::parse;
use crate::{AnnounceUrl, Error, Info, Infohash, MAX_TORRENT_BYTES};

/// A metainfo file (BEP 3). The bytes of the info dict are kept as they were read, and so are keys unknown here.
#[derive(Clone, PartialEq, Eq)]
pub struct Metainfo {
    /// Every key of the outer dict with its raw value, `info` among them.
    raw: BTreeMap<Vec<u8>, Vec<u8>>,
    info: Info,
    infohash: Infohash,
    announce: Option<AnnounceUrl>,
    announce_list: Vec<Vec<AnnounceUrl>>,
}

impl Metainfo {
    /// A torrent of this info dict, without a tracker.
    ///
    /// # Errors
    /// None in practice; the encoder's refusal is passed on.
    pub fn new(info: Info) -> Result<Self, Error> {
        let content = encode::content(info.content());
        Self::with_encoded(info, content)
    }

    /// The same with the info dict's content encoded already.
    pub(crate) fn with_encoded(info: Info, content: Vec<u8>) -> Result<Self, Error> {
        let bytes = encode::info(&info, content)?;
        let infohash = Infohash::from_info_bytes(&bytes);
        let raw = BTreeMap::from([(b"info".to_vec(), bytes)]);
        Ok(Self { raw, info, infohash, announce: None, announce_list: Vec::new() })
    }

    /// Reads a torrent from memory.
    ///
    /// # Errors
    /// Whatever is not canonical bencode, is missing, has the wrong type, or could make a client misbehave.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() as u64 > MAX_TORRENT_BYTES {
            return Err(Error::TooLarge {
                what: "torrent".into(),
                limit: format!("{MAX_TORRENT_BYTES} bytes"),
            });
        }
        let raw = parse::outer(bytes)?;
        let info_bytes = raw.get(&b"info"[..]).ok_or_else(|| Error::Missing { field: "info".into() })?;
        let info = parse::info(info_bytes)?;
        let infohash = Infohash::from_info_bytes(info_bytes);
        let announce = raw.get(&b"announce"[..]).map(|value| parse::single_text("announce", value)?.parse());
        let announce_list = match raw.get(&b"announce-list"[..]) {
            Some(value) => parse::tiers(value)?
                .into_iter()
                .map(|tier| tier.iter().map(|url| url.parse()).collect())
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        Ok(Self { announce: announce.transpose()?, announce_list, info, infohash, raw })
    }

    /// Reads a torrent from a file of at most [`MAX_TORRENT_BYTES`].
    ///
    /// # Errors
    /// As [`Self::parse`], with the file's path; [`Error::Read`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_TORRENT_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|source| Error::Read { path: path.into(), source })?;
        Self::parse(&bytes).map_err(|source| Error::Torrent { path: path.into(), source: source.into() })
    }

    /// The info dict's fields.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// SHA-1 of [`Self::info_bytes`].
    #[must_use]
    pub fn infohash(&self) -> Infohash {
        self.infohash
    }

    /// The info dict as it stands in the file.
    #[must_use]
    pub fn info_bytes(&self) -> &[u8] {
        self.raw.get(&b"info"[..]).map_or(&[], Vec::as_slice)
    }

    /// The tracker (BEP 3).
    #[must_use]
    pub fn announce(&self) -> Option<&AnnounceUrl> {
        self.announce.as_ref()
    }

    /// Tiers of trackers (BEP 12); clients that know the key ignore `announce`.
    #[must_use]
    pub fn announce_list(&self) -> &[Vec<AnnounceUrl>] {
        &self.announce_list
    }

    /// The same torrent for one tracker: sets `announce`, removes `announce-list` (which would be preferred to it),
    /// and leaves the info dict alone, so the infohash is the same for every host's own passkey.
    ///
    /// # Errors
    /// None in practice; the encoder's refusal is passed on.
    pub fn with_announce(&self, url: &AnnounceUrl) -> Result<Self, Error> {
        self.clone().announced(std::slice::from_ref(&vec![url.clone()]))
    }

    /// The same torrent for tiers of trackers (BEP 12); `announce` becomes the first of them. No URL at all is
    /// [`Self::without_announce_list`].
    ///
    /// # Errors
    /// None in practice; the encoder's refusal is passed on.
    pub fn with_announce_list(&self, tiers: &[Vec<AnnounceUrl>]) -> Result<Self, Error> {
        self.clone().announced(tiers)
    }

    /// Sets `announce` to the first of these URLs, and `announce-list` to all if there are several. No URL at all leaves
    /// `announce` as it is.
    pub(crate) fn announced(mut self, tiers: &[Vec<AnnounceUrl>]) -> Result<Self, Error> {
        self.raw.remove(&b"announce-list"[..]);
        self.announce_list.clear();
        let mut urls = tiers.iter().flatten();
        let Some(first) = urls.next() else { return Ok(self) };
        self.raw.insert(b"announce".to_vec(), encode::text(first.expose())?);
        self.announce = Some(first.clone());
        if urls.next().is_some() {
            self.announce_list = tiers.iter().filter(|tier| !tier.is_empty()).cloned().collect();
            self.raw.insert(b"announce-list".to_vec(), encode::tiers(&self.announce_list)?);
        }
        Ok(self)
    }

    /// The same torrent without `announce-list`; `announce` stays.
    #[must_use]
    pub fn without_announce_list(&self) -> Self {
        let mut torrent = self.clone();
        torrent.raw.remove(&b"announce-list"[..]);
        torrent.announce_list.clear();
        torrent
    }

    /// What somebody wrote about the torrent.
    #[must_use]
    pub fn comment(&self) -> Option<String> {
        self.text(b"comment")
    }

    /// The program that made the file.
    #[must_use]
    pub fn created_by(&self) -> Option<String> {
        self.text(b"created by")
    }

    /// When the file was made, in seconds since 1970.
    #[must_use]
    pub fn creation_date(&self) -> Option<u64> {
        self.raw.get(&b"creation date"[..]).and_then(|value| parse::single_unsigned(value))
    }

    /// Where the content can be had over HTTP (BEP 19). What cannot be read is left out.
    #[must_use]
    pub fn web_seeds(&self) -> Vec<String> {
        self.raw.get(&b"url-list"[..]).map(|value| parse::web_seeds(value)).unwrap_or_default()
    }

    /// A text of the outer dict that nothing depends on; one that cannot be read is as good as none.
    fn text(&self, key: &[u8]) -> Option<String> {
        parse::single_text("text", self.raw.get(key)?).ok()
    }

    /// Sets `comment`, which is not part of the infohash.
    pub(crate) fn with_comment(mut self, text: &str) -> Result<Self, Error> {
        self.raw.insert(b"comment".to_vec(), encode::text(text)?);
        Ok(self)
    }

    /// Sets `creation date`, in seconds since 1970; not part of the infohash.
    pub(crate) fn with_creation_date(mut self, seconds: u64) -> Self {
        self.raw.insert(b"creation date".to_vec(), format!("i{seconds}e").into_bytes());
        self
    }

    /// Sets `url-list` (BEP 19), which is not part of the infohash. One URL is a string, several are a list, as
    /// mktorrent writes them.
    pub(crate) fn with_web_seeds(mut self, urls: &[String]) -> Result<Self, Error> {
        match urls {
            [] => return Ok(self),
            [url] => self.raw.insert(b"url-list".to_vec(), encode::text(url)?),
            urls => self.raw.insert(b"url-list".to_vec(), encode::texts(urls)?),
        };
        Ok(self)
    }

    /// Sets `created by`, which says who made the file and is not part of the infohash.
    pub(crate) fn with_created_by(mut self, text: &str) -> Result<Self, Error> {
        self.raw.insert(b"created by".to_vec(), encode::text(text)?);
        Ok(self)
    }

    /// The bytes of the `.torrent`: canonical bencode, equal for equal torrents.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode::dict(self.raw.iter().map(|(key, value)| (key.as_slice(), value.as_slice())))
    }
}

/// Raw values are left out: the announce URL among them may hold a passkey.
impl fmt::Debug for Metainfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metainfo")
            .field("infohash", &self.infohash)
            .field("name", &self.info.name())
            .field("announce", &self.announce)
            .field("announce_list", &self.announce_list)
            .finish_non_exhaustive()
    }
}
