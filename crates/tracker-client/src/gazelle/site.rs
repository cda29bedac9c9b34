//! What both lines of Gazelle can do.

use metainfo::Infohash;

use crate::Error;

/// The largest torrent that stock sites take: nginx' client_max_body_size, with room for the form around it.
pub const LARGEST_TORRENT: usize = (1 << 20) - 8192;

/// The category Applications, as the form counts: from 0. It needs no artist, year or format.
pub(super) const APPLICATIONS: &str = "1";

/// What goes into the form.
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    /// The `.torrent`.
    pub torrent: &'a [u8],
    /// Its name, ending in `.torrent`.
    pub file_name: &'a str,
    /// 2 to 200 characters.
    pub title: &'a str,
    /// Separated by commas; 2 to 200 characters.
    pub tags: &'a str,
    /// 10 characters or more, or none.
    pub description: Option<&'a str>,
}

/// How an upload ended, if it was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// As it was sent, as far as the site says.
    AsSent,
    /// With another info dict, and so under another infohash.
    Changed {
        /// What the site changed.
        what: &'static str,
    },
    /// It was there already.
    Before,
}

/// A torrent of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its number, which is also the tracker's.
    pub torrent: u32,
    /// The number of its group.
    pub group: u32,
}

/// What both lines can do.
pub trait Site {
    /// The torrent with this infohash, if the site has it.
    ///
    /// # Errors
    /// All of [`Error`].
    fn find(&self, infohash: Infohash) -> Result<Option<Found>, Error>;

    /// Uploads once. After [`Error::Unreachable`] nobody knows whether it is stored: look it up, never send it again
    /// blindly.
    ///
    /// # Errors
    /// [`Error::Refused`] with the site's words; all others of [`Error`].
    fn upload(&self, upload: &Upload<'_>) -> Result<Stored, Error>;

    /// The `.torrent` as the site has it. Its announce URL holds the user's passkey.
    ///
    /// # Errors
    /// All of [`Error`].
    fn download(&self, torrent: u32) -> Result<Vec<u8>, Error>;

    /// Deletes a torrent, which sites allow to its owner for some days only.
    ///
    /// # Errors
    /// [`Error::Refused`] with the site's words; all others of [`Error`].
    fn delete(&self, torrent: u32, reason: &str) -> Result<(), Error>;
}
