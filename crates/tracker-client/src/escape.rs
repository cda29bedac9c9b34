//! Percent-encoding (RFC 3986), the only encoding that trackers decode: a `+` stays a `+` there.

use std::fmt::Write;

/// Every byte as `%XX`. An infohash goes over the wire as these 20 raw bytes: a hash in 40 hex digits is registered by
/// Ocelot as a torrent that nobody has, and answered `success`.
#[must_use]
pub fn percent(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 3), |mut out, byte| {
        // Writing to a String cannot fail.
        let _written = write!(out, "%{byte:02X}");
        out
    })
}

/// Text with everything but unreserved characters as `%XX`; a space becomes `%20`, never `+`.
#[must_use]
pub fn percent_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&percent(&[byte]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_never_hex_and_never_plus() {
        assert_eq!(percent(&[0x00, 0x20, 0x2b, b'a', 0xff]), "%00%20%2B%61%FF");
        assert_eq!(percent_text("a b+c/ü~"), "a%20b%2Bc%2F%C3%BC~");
    }
}
