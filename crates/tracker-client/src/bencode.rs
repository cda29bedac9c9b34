//! A reader of bencode (BEP 3) for what trackers answer.
//!
//! It takes dicts whose keys are not sorted, because Ocelot's failure reply and scrape are so and every client accepts
//! them; libraries for metainfo rightly refuse those. Everything else malformed is refused: leading zeros, `-0`,
//! duplicate keys, numbers beyond 64 bits, strings cut short, anything after the end, nesting deeper than 32.

use std::fmt;

/// Deeper than any reply; a bound, so that a hostile one cannot exhaust the stack.
const DEEPEST: usize = 32;

/// A value, borrowing its strings from the reply.
#[derive(Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// `i42e`
    Int(i64),
    /// `4:spam`
    Bytes(&'a [u8]),
    /// `l...e`
    List(Vec<Value<'a>>),
    /// `d...e`, in the order of the reply.
    Dict(Vec<(&'a [u8], Value<'a>)>),
}

/// Why bytes are not bencode, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {at}")]
pub struct Malformed {
    /// What is wrong.
    pub reason: &'static str,
    /// Offset of the byte.
    pub at: usize,
}

impl<'a> Value<'a> {
    /// Reads `bytes`, which must be one value and nothing else.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader { bytes, at: 0 };
        let value = reader.value(0)?;
        if reader.at == bytes.len() { Ok(value) } else { Err(reader.malformed("something follows the end")) }
    }

    /// What a dict has for `key`.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&Value<'a>> {
        match self {
            Self::Dict(entries) => entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// A number.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// A string.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Writes it back, dicts in the order in which they were read.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        let text = |out: &mut Vec<u8>, bytes: &[u8]| {
            out.extend(bytes.len().to_string().bytes());
            out.push(b':');
            out.extend(bytes);
        };
        match self {
            Self::Int(number) => out.extend(format!("i{number}e").bytes()),
            Self::Bytes(bytes) => text(out, bytes),
            Self::List(items) => {
                out.push(b'l');
                items.iter().for_each(|item| item.write(out));
                out.push(b'e');
            }
            Self::Dict(entries) => {
                out.push(b'd');
                for (key, value) in entries {
                    text(out, key);
                    value.write(out);
                }
                out.push(b'e');
            }
        }
    }
}

/// Kinds and sizes only: a reply may echo a secret.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(f, "Int({number})"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Dict(entries) => f
                .debug_map()
                .entries(entries.iter().map(|(key, value)| (key.escape_ascii().to_string(), value)))
                .finish(),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn malformed(&self, reason: &'static str) -> Malformed {
        Malformed { reason, at: self.at }
    }

    fn peek(&self) -> Result<u8, Malformed> {
        self.bytes.get(self.at).copied().ok_or_else(|| self.malformed("the end is missing"))
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Malformed> {
        if depth > DEEPEST {
            return Err(self.malformed("nested too deep"));
        }
        match self.peek()? {
            b'i' => {
                self.at += 1;
                self.number(b'e').map(Value::Int)
            }
            b'0'..=b'9' => self.text().map(Value::Bytes),
            b'l' => {
                self.at += 1;
                let mut items = Vec::new();
                while self.peek()? != b'e' {
                    items.push(self.value(depth + 1)?);
                }
                self.at += 1;
                Ok(Value::List(items))
            }
            b'd' => {
                self.at += 1;
                self.dict(depth).map(Value::Dict)
            }
            _ => Err(self.malformed("neither number, string, list nor dict")),
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Vec<(&'a [u8], Value<'a>)>, Malformed> {
        let mut entries: Vec<(&'a [u8], Value<'a>)> = Vec::new();
        // Replies for many torrents have many keys: looking through all of them each time would be quadratic.
        let mut seen = std::collections::BTreeSet::new();
        while self.peek()? != b'e' {
            if !self.peek()?.is_ascii_digit() {
                return Err(self.malformed("a key must be a string"));
            }
            let at = self.at;
            let key = self.text()?;
            if !seen.insert(key) {
                return Err(Malformed { reason: "a key comes twice", at });
            }
            let value = self.value(depth + 1)?;
            entries.push((key, value));
        }
        self.at += 1;
        Ok(entries)
    }

    fn text(&mut self) -> Result<&'a [u8], Malformed> {
        let at = self.at;
        let length = self.number(b':')?;
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let text = end.and_then(|end| self.bytes.get(self.at..end));
        let text = text.ok_or(Malformed { reason: "a string is longer than the reply", at })?;
        self.at += text.len();
        Ok(text)
    }

    /// Digits up to `end`, which is consumed; a sign only before an integer.
    fn number(&mut self, end: u8) -> Result<i64, Malformed> {
        let start = self.at;
        let wrong = |reason| Err(Malformed { reason, at: start });
        if self.peek()? == b'-' {
            self.at += 1;
        }
        while self.peek()?.is_ascii_digit() {
            self.at += 1;
        }
        if self.peek()? != end {
            return Err(self.malformed("not a digit in a number"));
        }
        let digits = self.bytes.get(start..self.at).unwrap_or_default();
        self.at += 1;
        match digits {
            [] | [b'-'] => wrong("a number without digits"),
            [b'0', _, ..] => wrong("a number with a leading zero"),
            [b'-', b'0', ..] => wrong("a number that begins with -0"),
            [b'-', ..] if end == b':' => wrong("a negative length"),
            _ => match std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()) {
                Some(number) => Ok(number),
                None => wrong("a number beyond 64 bits"),
            },
        }
    }
}
