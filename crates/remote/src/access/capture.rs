//! Bounded keeping of what a host sends without end.

/// Keeps a part of a stream, however long that is.
#[derive(Debug)]
pub(crate) struct Capture {
    bytes: Vec<u8>,
    limit: usize,
    keep: Keep,
    cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Head,
    Tail,
}

impl Capture {
    /// Keeps the first `limit` bytes.
    pub(crate) fn head(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, keep: Keep::Head, cut: false }
    }

    /// Keeps the last `limit` bytes.
    pub(crate) fn tail(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, keep: Keep::Tail, cut: false }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let room = match self.keep {
            Keep::Head => self.limit.saturating_sub(self.bytes.len()),
            Keep::Tail => bytes.len(),
        };
        self.cut |= bytes.len() > room;
        self.bytes.extend(bytes.iter().take(room));
        // Twice the limit before the front is dropped: each byte is moved once on average, not at every push.
        if self.keep == Keep::Tail && self.bytes.len() > 2 * self.limit {
            self.cut_front();
        }
    }

    fn cut_front(&mut self) {
        let excess = self.bytes.len().saturating_sub(self.limit);
        self.cut |= excess > 0;
        self.bytes.drain(..excess);
    }

    /// What was kept so far.
    pub(crate) fn text(&self) -> String {
        let from = match self.keep {
            Keep::Head => 0,
            Keep::Tail => self.bytes.len().saturating_sub(self.limit),
        };
        String::from_utf8_lossy(self.bytes.get(from..).unwrap_or_default()).into_owned()
    }

    /// What was kept, and whether something was not.
    pub(crate) fn finish(mut self) -> (Vec<u8>, bool) {
        if self.keep == Keep::Tail {
            self.cut_front();
        }
        (self.bytes, self.cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_head() {
        let mut capture = Capture::head(4);
        capture.push(b"ab");
        capture.push(b"cdef");
        capture.push(b"gh");
        assert_eq!(capture.finish(), (b"abcd".to_vec(), true));
        let mut exact = Capture::head(4);
        exact.push(b"abcd");
        assert_eq!(exact.finish(), (b"abcd".to_vec(), false));
    }

    #[test]
    fn keeps_the_tail() {
        let mut capture = Capture::tail(4);
        for _ in 0..1000 {
            capture.push(b"abc");
            assert!(capture.bytes.len() <= 8);
        }
        capture.push(b"xyz");
        assert_eq!(capture.text(), "cxyz");
        assert_eq!(capture.finish(), (b"cxyz".to_vec(), true));
    }
}
