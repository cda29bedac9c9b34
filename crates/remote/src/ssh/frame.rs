//! A command's own words among all that comes from an account.
//!
//! What a start-up file of the login shell prints comes before them, what a logout file or a wrapper prints comes after. The command
//! line has the host print a mark at either end, with a token that nobody can know before, so nothing that is printed passes for an
//! answer or hides one.

use crate::access::Capture;

/// What is kept of that which is not the command's.
const NOISE_KEPT: usize = 512;
/// A start-up file that prints more than this does not end.
pub(super) const NOISE_LIMIT: usize = 16 << 20;
/// Digits of a status, and the colon behind it.
const STATUS: usize = 12;

/// Reads one output of a command.
pub(super) struct Frame {
    begin: Vec<u8>,
    end: Vec<u8>,
    /// Bytes that may be the beginning of a mark.
    held: Vec<u8>,
    place: Place,
    noise: Capture,
    /// Bytes that are not the command's.
    noisy: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Before,
    /// Nothing of the answer has come yet.
    First,
    Inside,
    /// With the status, if it was readable.
    After(Option<i32>),
}

impl Frame {
    pub(super) fn new(token: &str) -> Self {
        Self {
            begin: format!("{token}:o:").into_bytes(),
            end: format!("{token}:e:").into_bytes(),
            held: Vec::new(),
            place: Place::Before,
            noise: Capture::head(NOISE_KEPT),
            noisy: 0,
        }
    }

    /// Takes `bytes` and gives what is the command's of all that came.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let mut answer = Vec::new();
        if self.place == Place::Before {
            match find(&self.held, &self.begin) {
                Some(at) => {
                    let noise: Vec<u8> = self.held.drain(..at).collect();
                    self.keep_noise(&noise);
                    self.held.drain(..self.begin.len());
                    self.place = Place::First;
                }
                None => {
                    let whole = self.held.len() - beginning(&self.held, &self.begin);
                    let noise: Vec<u8> = self.held.drain(..whole).collect();
                    self.keep_noise(&noise);
                }
            }
        }
        if self.place == Place::First {
            // Where a start-up file has made the two outputs one, both marks come here.
            while self.held.starts_with(&self.begin) {
                self.held.drain(..self.begin.len());
            }
            if self.held.is_empty() || self.begin.starts_with(&self.held) {
                return answer;
            }
            self.place = Place::Inside;
        }
        if self.place == Place::Inside {
            if let Some(at) = find(&self.held, &self.end) {
                let rest = self.held.get(at + self.end.len()..).unwrap_or_default();
                let colon = rest.iter().take(STATUS).position(|byte| *byte == b':');
                if colon.is_none() && rest.len() < STATUS {
                    answer.extend(self.held.drain(..at));
                    return answer;
                }
                let digits = rest.get(..colon.unwrap_or(0)).unwrap_or_default();
                let status = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
                let after = at + self.end.len() + colon.map_or(0, |colon| colon + 1);
                answer.extend(self.held.drain(..at));
                self.held.drain(..after - at);
                self.place = Place::After(status);
            } else {
                let whole = self.held.len() - beginning(&self.held, &self.end);
                answer.extend(self.held.drain(..whole));
            }
        }
        if let Place::After(_) = self.place {
            let noise = std::mem::take(&mut self.held);
            self.keep_noise(&noise);
        }
        answer
    }

    /// The stream has ended: gives what was held back, if it is the command's.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        match self.place {
            Place::First | Place::Inside => held,
            Place::Before | Place::After(_) => {
                self.keep_noise(&held);
                Vec::new()
            }
        }
    }

    /// Whether the command was begun.
    pub(super) fn has_begun(&self) -> bool {
        self.place != Place::Before
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.place, Place::After(_))
    }

    /// The status it ended with, if that was said.
    pub(super) fn status(&self) -> Option<i32> {
        match self.place {
            Place::After(status) => status,
            _ => None,
        }
    }

    /// How much came that is not the command's.
    pub(super) fn noisy(&self) -> usize {
        self.noisy
    }

    /// The beginning of that.
    pub(super) fn noise(&self) -> String {
        self.noise.text()
    }

    fn keep_noise(&mut self, bytes: &[u8]) {
        self.noise.push(bytes);
        self.noisy = self.noisy.saturating_add(bytes.len());
    }
}

/// Where `mark` is in `bytes`.
fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

/// How many bytes at the end of `bytes` may be the beginning of `mark`.
fn beginning(bytes: &[u8], mark: &[u8]) -> usize {
    let most = mark.len().saturating_sub(1).min(bytes.len());
    (1..=most).rev().find(|length| bytes.ends_with(mark.get(..*length).unwrap_or_default())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `stream` in pieces of `size` bytes.
    fn read(stream: &[u8], size: usize) -> (Vec<u8>, Frame) {
        let mut frame = Frame::new("T1");
        let mut answer: Vec<u8> = stream.chunks(size).flat_map(|piece| frame.take(piece)).collect();
        answer.extend(frame.finish());
        (answer, frame)
    }

    #[test]
    fn the_answer_is_found_however_the_stream_is_cut() {
        let cases: [(&[u8], &[u8], Option<i32>); 8] = [
            (b"T1:o:{}\nT1:e:0:", b"{}\n", Some(0)),
            (b"Welcome T1:T1:T1:o:{}T1:e:12:bye\n", b"{}", Some(12)),
            (b"{\"ok\":true}\nT1:o:T1:o:{\"ok\":false}T1:e:0:T1:e:0:", b"{\"ok\":false}", Some(0)),
            (b"\x1b[31m\xff\x00T1:o:\xfe\x00T1:e:255:\xff", b"\xfe\x00", Some(255)),
            (b"T1:o:T1:e:1:", b"", Some(1)),
            (b"T1:o:T1:e", b"T1:e", None),
            (b"T1:o:cut", b"cut", None),
            (b"T1:o", b"", None),
        ];
        for (stream, answer, status) in cases {
            for size in 1..=stream.len() {
                let (read, frame) = read(stream, size);
                assert_eq!(read, answer, "{} by {size}", String::from_utf8_lossy(stream));
                assert_eq!(frame.status(), status);
            }
        }
    }

    #[test]
    fn noise_is_counted_and_kept_in_part() {
        let stream = [&b"x".repeat(3 << 20)[..], b"T1:o:answerT1:e:0:bye"].concat();
        let (answer, frame) = read(&stream, 16 << 10);
        assert_eq!((&answer[..], frame.noisy()), (&b"answer"[..], (3 << 20) + 3));
        assert_eq!(frame.noise(), "x".repeat(NOISE_KEPT));
        assert!(frame.has_begun() && frame.has_ended());
        assert!(frame.held.capacity() < 1 << 20);
    }

    #[test]
    fn a_line_is_given_before_the_mark_behind_it_is_there() {
        let mut frame = Frame::new("T1");
        assert_eq!(frame.take(b"hi\nT1:o:{}\nT"), b"{}\n");
        assert_eq!(frame.take(b"wo\n"), b"Two\n");
    }
}
