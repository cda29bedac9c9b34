//! The data types of the SSH protocol (RFC 4251, 5), read from bytes that anybody may have sent.

/// What is left of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire<'a>(pub(super) &'a [u8]);

impl<'a> Wire<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(count)?;
        self.0 = left;
        Some(taken)
    }

    /// `uint32`.
    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// `uint64`.
    pub(super) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.take(8)?.try_into().ok()?))
    }

    /// `string`, which `mpint` and `name-list` are too.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// A `string` that is text.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    /// The bytes of an `mpint` that is not negative, without its leading zeros.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.string()?;
        if bytes.first().is_some_and(|first| *first >= 0x80) {
            return None;
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes.get(zeros..)
    }
}

/// Appends a `string`.
pub(super) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    // Nothing that is put together here is longer than what came in one packet.
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shorter_than_it_says_is_nothing() {
        assert_eq!(Wire(b"\0\0\0\x03ab").string(), None);
        assert_eq!(Wire(b"\xff\xff\xff\xff").string(), None);
        assert_eq!(Wire(b"\0\0").u32(), None);
        let mut both = Wire(b"\0\0\0\x02ab\0\0\0\x01\xff");
        assert_eq!((both.text(), both.text(), both.0), (Some("ab"), None, &b""[..]));
    }

    #[test]
    fn numbers_lose_their_leading_zeros() {
        assert_eq!(Wire(b"\0\0\0\x02\0\x80").unsigned(), Some(&b"\x80"[..]));
        assert_eq!(Wire(b"\0\0\0\x01\x80").unsigned(), None, "negative");
    }
}
