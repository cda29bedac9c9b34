//! The info dict: what the torrent carries, and what the infohash covers (BEP 3, BEP 27).

use crate::info_dict::path::{check_component, check_distinct, check_path};
use crate::{Error, MAX_FILES, PieceLength};

/// SHA-1 of one piece.
pub type Piece = [u8; 20];

/// Largest content in bytes: what fits the signed integers of other clients.
const MAX_CONTENT: u64 = i64::MAX as u64;
/// Longest `source`, in bytes.
const MAX_SOURCE: usize = 1024;

/// The fields of the info dict that this suite writes or reads. Only valid ones can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    name: String,
    piece_length: PieceLength,
    pieces: Vec<Piece>,
    private: bool,
    source: Option<String>,
    cross_seed: Option<String>,
    content: Content,
}

/// One file, or a directory of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The torrent's name is a file of this many bytes.
    File {
        /// Bytes.
        length: u64,
    },
    /// The torrent's name is a directory with these files, in the order of their bytes in the pieces.
    Tree {
        /// At least one.
        files: Vec<FileEntry>,
    },
}

/// One file of a multi-file torrent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileEntry {
    /// Below the torrent's directory, `/` between components.
    pub path: String,
    /// Bytes.
    pub length: u64,
}

impl Content {
    /// Bytes of all files; saturates, since a sum too large is refused by every constructor.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Self::File { length } => *length,
            Self::Tree { files } => files.iter().fold(0, |sum, file| sum.saturating_add(file.length)),
        }
    }
}

/// Content and its name, which a torrent may hold.
#[derive(Debug)]
pub(crate) struct CheckedContent {
    name: String,
    content: Content,
    bytes: u64,
}

impl CheckedContent {
    pub(crate) fn new(name: String, content: Content) -> Result<Self, Error> {
        check_component(&name)?;
        if let Content::Tree { files } = &content {
            if files.len() > MAX_FILES {
                return Err(Error::TooLarge { what: name, limit: format!("{MAX_FILES} files") });
            }
            files.iter().try_for_each(|file| check_path(&file.path))?;
            check_distinct(files.iter().map(|file| file.path.as_str()))?;
        }
        let bytes = content.bytes();
        if bytes == 0 {
            return Err(Error::Empty { name });
        }
        if bytes > MAX_CONTENT {
            return Err(Error::TooLarge { what: name, limit: format!("{MAX_CONTENT} bytes") });
        }
        Ok(Self { name, content, bytes })
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }
}

impl Info {
    /// Puts an info dict together and checks all of it.
    ///
    /// # Errors
    /// An unsafe, repeated or clashing path; no content; a number of pieces that does not fit the sizes.
    pub fn new(
        name: String,
        piece_length: PieceLength,
        pieces: Vec<Piece>,
        content: Content,
    ) -> Result<Self, Error> {
        Self::of_checked(CheckedContent::new(name, content)?, piece_length, pieces)
    }

    /// The same of content that was checked before its pieces were known.
    pub(crate) fn of_checked(
        checked: CheckedContent,
        piece_length: PieceLength,
        pieces: Vec<Piece>,
    ) -> Result<Self, Error> {
        let CheckedContent { name, content, bytes } = checked;
        let (expected, found) = (piece_length.pieces(bytes), pieces.len() as u64);
        if expected != found {
            return Err(Error::PieceCount { name, bytes, expected, found });
        }
        Ok(Self { name, piece_length, pieces, private: false, source: None, cross_seed: None, content })
    }

    /// Sets the private flag of BEP 27: peers only from the tracker. rtorrent then refuses `add_peer`.
    #[must_use]
    pub fn with_private(mut self, private: bool) -> Self {
        self.private = private;
        self
    }

    /// Sets the text that some trackers want in the info dict so that a torrent of theirs has its own infohash.
    ///
    /// # Errors
    /// [`Error::Field`] when it is empty, longer than 1024 bytes or has control characters.
    pub fn with_source(mut self, source: Option<String>) -> Result<Self, Error> {
        let fits =
            |text: &str| !text.is_empty() && text.len() <= MAX_SOURCE && !text.chars().any(char::is_control);
        if source.as_deref().is_some_and(|text| !fits(text)) {
            let expected = "a text of 1 to 1024 bytes without control characters";
            return Err(Error::Field { field: "info.source".into(), expected });
        }
        self.source = source;
        Ok(self)
    }

    /// Sets a mark that has no meaning but to give the same content another infohash, as `mktorrent -x` does.
    #[must_use]
    pub fn with_cross_seed(mut self, mark: Option<String>) -> Self {
        self.cross_seed = mark;
        self
    }

    /// Name of the file or directory that a client creates.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes a piece.
    #[must_use]
    pub fn piece_length(&self) -> PieceLength {
        self.piece_length
    }

    /// SHA-1 of each piece.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether only the tracker may name peers (BEP 27).
    #[must_use]
    pub fn private(&self) -> bool {
        self.private
    }

    /// The tracker's mark, see [`Self::with_source`].
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// See [`Self::with_cross_seed`].
    #[must_use]
    pub fn cross_seed(&self) -> Option<&str> {
        self.cross_seed.as_deref()
    }

    /// The file or files.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.content.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, u64)]) -> Content {
        let files = files.iter().map(|&(path, length)| FileEntry { path: path.into(), length }).collect();
        Content::Tree { files }
    }

    fn info(name: &str, pieces: usize, content: Content) -> Result<Info, Error> {
        Info::new(name.into(), PieceLength::MIN, vec![[0; 20]; pieces], content)
    }

    #[test]
    fn counts_pieces_and_refuses_others() {
        info("x", 2, Content::File { length: 16_385 }).unwrap();
        info("x", 1, tree(&[("a", 0), ("b", 16_384), ("c", 0)])).unwrap();
        assert!(matches!(info("x", 2, tree(&[("b", 16_384)])), Err(Error::PieceCount { expected: 1, .. })));
    }

    #[test]
    fn refuses_what_rtorrent_dies_of_or_rejects() {
        assert!(matches!(info("x", 0, tree(&[("a", 0)])), Err(Error::Empty { .. })));
        assert!(matches!(info("x", 0, tree(&[])), Err(Error::Empty { .. })));
        assert!(matches!(info("x", 1, tree(&[("a", 1), ("a", 1)])), Err(Error::DuplicatePath { .. })));
        assert!(matches!(info("x", 1, tree(&[("a", 1), ("a/b", 1)])), Err(Error::PathClash { .. })));
        assert!(matches!(info("..", 1, tree(&[("a", 1)])), Err(Error::UnsafePath { .. })));
        assert!(matches!(info("x", 1, tree(&[("a/../../b", 1)])), Err(Error::UnsafePath { .. })));
    }

    #[test]
    fn refuses_a_sum_that_overflows() {
        let content = tree(&[("a", u64::MAX), ("b", u64::MAX)]);
        assert!(matches!(info("x", 1, content), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn source_is_bounded() {
        let info = info("x", 1, Content::File { length: 1 }).unwrap();
        assert_eq!(info.clone().with_source(Some("SRC".into())).unwrap().source(), Some("SRC"));
        for bad in ["", "a\nb", &"x".repeat(1025)] {
            assert!(info.clone().with_source(Some(bad.into())).is_err());
        }
    }
}
