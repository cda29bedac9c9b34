//! SCGI framing: a netstring of headers and the body out, CGI headers and the body back.
//!
//! The order of the headers is part of rtorrent's parser: `CONTENT_LENGTH` first. rtorrent 0.9.8 drops the
//! connection at a body of more than 2 MiB.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// rtorrent 0.9.8 drops connections with a longer body.
pub(crate) const MAX_REQUEST_BODY: usize = 2 * 1024 * 1024 - 1024;

/// More header bytes than any reply of rtorrent has; what sends more is something else.
const MAX_REPLY_HEADER: usize = 8 * 1024;

/// The request with `body` as it goes on the wire.
pub(crate) fn frame(body: &[u8]) -> Vec<u8> {
    let headers = format!("CONTENT_LENGTH\x00{}\x00SCGI\x001\x00", body.len());
    let mut frame = format!("{}:{},", headers.len(), headers).into_bytes();
    frame.extend_from_slice(body);
    frame
}

/// Why an exchange ended without a reply.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The stream failed.
    Io(io::Error),
    /// The deadline passed.
    Timeout,
    /// The caller wants no more.
    Cancelled,
    /// Not an SCGI reply, or too long.
    Invalid(String),
}

/// The bounds of one exchange.
pub(crate) struct Bounds<'a> {
    /// When to give up.
    pub(crate) deadline: Instant,
    /// Longest reply body, in bytes.
    pub(crate) reply_bytes: usize,
    /// Asked between reads and writes.
    pub(crate) cancelled: &'a dyn Fn() -> bool,
}

impl Bounds<'_> {
    fn check(&self) -> Result<(), Broken> {
        if (self.cancelled)() {
            Err(Broken::Cancelled)
        } else if Instant::now() >= self.deadline {
            Err(Broken::Timeout)
        } else {
            Ok(())
        }
    }

    /// Whether to try again after `error`: yes for a stream that merely gave up waiting.
    fn forgive(&self, error: io::Error) -> Result<(), Broken> {
        match error.kind() {
            ErrorKind::Interrupted | ErrorKind::TimedOut => self.check(),
            ErrorKind::WouldBlock => {
                self.check()?;
                // A stream that does not block at all must not make this a busy loop.
                std::thread::sleep(Duration::from_millis(1));
                Ok(())
            }
            _ => Err(Broken::Io(error)),
        }
    }
}

/// Sends `frame` and reads the reply's body.
pub(crate) fn exchange<S: Read + Write>(
    stream: &mut S,
    frame: &[u8],
    bounds: &Bounds<'_>,
) -> Result<Vec<u8>, Broken> {
    send(stream, frame, bounds)?;
    receive(stream, bounds)
}

fn send<S: Write>(stream: &mut S, frame: &[u8], bounds: &Bounds<'_>) -> Result<(), Broken> {
    let mut rest = frame;
    while !rest.is_empty() {
        bounds.check()?;
        match stream.write(rest) {
            Ok(0) => return Err(Broken::Io(ErrorKind::WriteZero.into())),
            Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
            Err(error) => bounds.forgive(error)?,
        }
    }
    loop {
        match stream.flush() {
            Ok(()) => return Ok(()),
            Err(error) => bounds.forgive(error)?,
        }
    }
}

fn receive<S: Read>(stream: &mut S, bounds: &Bounds<'_>) -> Result<Vec<u8>, Broken> {
    let mut reply = Vec::new();
    let mut chunk = vec![0u8; 16 * 1024];
    let mut head: Option<Head> = None;
    loop {
        if let Some(Head { body_at, length }) = head
            && reply.len() - body_at >= length
        {
            reply.truncate(body_at + length);
            return Ok(reply.split_off(body_at));
        }
        bounds.check()?;
        match stream.read(&mut chunk) {
            Ok(0) => {
                return Err(Broken::Invalid(match head {
                    None => format!("it closed after {} bytes without a header", reply.len()),
                    Some(Head { body_at, length }) => {
                        format!("it closed after {} of {length} bytes", reply.len() - body_at)
                    }
                }));
            }
            Ok(count) => reply.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) => bounds.forgive(error)?,
        }
        if head.is_none() {
            head = parse_head(&reply, bounds.reply_bytes)?;
        }
    }
}

#[derive(Clone, Copy)]
struct Head {
    body_at: usize,
    length: usize,
}

/// The reply's header, once it is complete.
fn parse_head(reply: &[u8], limit: usize) -> Result<Option<Head>, Broken> {
    let window = reply.get(..reply.len().min(MAX_REPLY_HEADER)).unwrap_or_default();
    let Some(end) = window.windows(4).position(|four| four == b"\r\n\r\n") else {
        return if reply.len() >= MAX_REPLY_HEADER {
            Err(Broken::Invalid("it sent no SCGI header".to_owned()))
        } else {
            Ok(None)
        };
    };
    let text = String::from_utf8_lossy(window.get(..end).unwrap_or_default()).into_owned();
    let field = |wanted: &str| {
        text.split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned()))
    };
    if let Some(status) = field("Status").filter(|status| !status.starts_with("200")) {
        return Err(Broken::Invalid(format!("status `{}`", status.chars().take(80).collect::<String>())));
    }
    let length = field("Content-Length")
        .and_then(|value| value.parse::<usize>().ok())
        .ok_or_else(|| Broken::Invalid("it sent no Content-Length".to_owned()))?;
    if length > limit {
        return Err(Broken::Invalid(format!("it announced {length} bytes, more than the {limit} we accept")));
    }
    Ok(Some(Head { body_at: end + 4, length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds<'a>(cancelled: &'a dyn Fn() -> bool) -> Bounds<'a> {
        Bounds { deadline: Instant::now() + Duration::from_secs(2), reply_bytes: 1000, cancelled }
    }

    /// A stream that answers `reply`, in pieces of `step` bytes, after complaining twice.
    struct Canned {
        reply: Vec<u8>,
        at: usize,
        step: usize,
        complaints: Vec<ErrorKind>,
        sent: Vec<u8>,
    }

    impl Canned {
        fn new(reply: &[u8], step: usize) -> Self {
            let complaints = vec![ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::Interrupted];
            Self { reply: reply.to_vec(), at: 0, step, complaints, sent: Vec::new() }
        }
    }

    impl Read for Canned {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if let Some(kind) = self.complaints.pop() {
                return Err(kind.into());
            }
            let end = (self.at + self.step.min(buffer.len())).min(self.reply.len());
            let count = end - self.at;
            buffer[..count].copy_from_slice(&self.reply[self.at..end]);
            self.at = end;
            Ok(count)
        }
    }

    impl Write for Canned {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(7);
            self.sent.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn ask(reply: &[u8], step: usize) -> Result<Vec<u8>, Broken> {
        exchange(&mut Canned::new(reply, step), b"x", &bounds(&|| false))
    }

    #[test]
    fn the_frame_is_what_rtorrent_was_seen_to_accept() {
        let body = br#"<?xml version="1.0"?><methodCall><methodName>system.client_version</methodName><params></params></methodCall>"#;
        let frame = frame(body);
        let golden: [u8; 30] = [
            0x32, 0x36, 0x3a, 0x43, 0x4f, 0x4e, 0x54, 0x45, 0x4e, 0x54, 0x5f, 0x4c, 0x45, 0x4e, 0x47, 0x54,
            0x48, 0x00, 0x31, 0x30, 0x39, 0x00, 0x53, 0x43, 0x47, 0x49, 0x00, 0x31, 0x00, 0x2c,
        ];
        assert_eq!(frame[..30], golden);
        assert_eq!(&frame[30..], body);
    }

    #[test]
    fn a_reply_in_single_bytes_is_put_together_and_the_request_is_whole() {
        let reply = b"Status: 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\r\nabcdef";
        let mut stream = Canned::new(reply, 1);
        let body = exchange(&mut stream, b"0123456789abcdef", &bounds(&|| false)).unwrap();
        assert_eq!(body, b"abc");
        assert_eq!(stream.sent, b"0123456789abcdef");
        assert_eq!(ask(reply, 4096).unwrap(), b"abc");
    }

    #[test]
    fn what_is_not_a_reply_is_named() {
        for (reply, word) in [
            (&b""[..], "without a header"),
            (b"Status: 200 OK\r\nContent-Length: 9\r\n\r\nabc", "3 of 9"),
            (b"Status: 500 No\r\nContent-Length: 3\r\n\r\nabc", "status `500 No`"),
            (b"Status: 200 OK\r\n\r\nabc", "no Content-Length"),
            (b"Status: 200 OK\r\nContent-Length: -1\r\n\r\nabc", "no Content-Length"),
            (b"Status: 200 OK\r\nContent-Length: 1001\r\n\r\nabc", "more than the 1000"),
            (&[b'x'; 9000], "no SCGI header"),
        ] {
            match ask(reply, 512) {
                Err(Broken::Invalid(what)) => assert!(what.contains(word), "{what}"),
                other => panic!("{word}: {other:?}"),
            }
        }
    }

    #[test]
    fn silence_ends_at_the_deadline_and_cancel_ends_it_sooner() {
        struct Silent;
        impl Read for Silent {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                std::thread::sleep(Duration::from_millis(5));
                Err(ErrorKind::TimedOut.into())
            }
        }
        impl Write for Silent {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let soon = |cancelled| Bounds {
            deadline: Instant::now() + Duration::from_millis(50),
            reply_bytes: 9,
            cancelled,
        };
        assert!(matches!(exchange(&mut Silent, b"x", &soon(&|| false)), Err(Broken::Timeout)));
        assert!(matches!(exchange(&mut Silent, b"x", &soon(&|| true)), Err(Broken::Cancelled)));
    }
}
