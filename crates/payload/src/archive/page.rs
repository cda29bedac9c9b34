//! A block of tar while it is put together.

/// A buffer that is used for one block after the other and never filled with zeros twice.
#[derive(Debug, Default)]
pub(super) struct Page {
    bytes: Vec<u8>,
    used: usize,
}

impl Page {
    /// What was put in so far.
    pub(super) fn content(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }

    /// Empties it.
    pub(super) fn clear(&mut self) {
        self.used = 0;
    }

    /// Appends room of this length, with any content, and says where it begins.
    pub(super) fn append(&mut self, length: usize) -> usize {
        let begin = self.used;
        self.used += length;
        if self.bytes.len() < self.used {
            self.bytes.resize(self.used, 0);
        }
        begin
    }

    /// Takes away from the end.
    pub(super) fn shorten(&mut self, by: usize) {
        self.used = self.used.saturating_sub(by);
    }

    /// What begins there.
    pub(super) fn from(&mut self, begin: usize) -> &mut [u8] {
        self.bytes.get_mut(begin..self.used).unwrap_or_default()
    }

    /// Puts bytes over what begins there.
    pub(super) fn put(&mut self, begin: usize, bytes: &[u8]) {
        for (to, from) in self.from(begin).iter_mut().zip(bytes) {
            *to = *from;
        }
    }

    /// Appends bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let begin = self.append(bytes.len());
        self.from(begin).copy_from_slice(bytes);
    }
}
