//! Bencode for the fakes: what a site keeps of a torrent, and how it writes it again.

use std::collections::BTreeMap;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "BEP 3 says what they are")]
pub enum Value {
    Int(i64),
    Text(Vec<u8>),
    List(Vec<Value>),
    Dict(BTreeMap<Vec<u8>, Value>),
}

impl Value {
    /// Reads one value that is all of `bytes`.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let value = take(&mut rest)?;
        rest.is_empty().then_some(value)
    }

    /// Writes it with sorted keys.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Int(number) => format!("i{number}e").into_bytes(),
            Self::Text(text) => [format!("{}:", text.len()).as_bytes(), text].concat(),
            Self::List(items) => {
                let items: Vec<u8> = items.iter().flat_map(Self::to_bytes).collect();
                [b"l", items.as_slice(), b"e"].concat()
            }
            Self::Dict(entries) => {
                let entries: Vec<u8> = entries
                    .iter()
                    .flat_map(|(key, value)| [Self::Text(key.clone()).to_bytes(), value.to_bytes()].concat())
                    .collect();
                [b"d", entries.as_slice(), b"e"].concat()
            }
        }
    }

    /// The entries of a dict.
    #[must_use]
    pub fn dict(&self) -> Option<&BTreeMap<Vec<u8>, Self>> {
        match self {
            Self::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    /// Text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }
}

fn take(rest: &mut &[u8]) -> Option<Value> {
    match rest.first()? {
        b'i' => {
            let end = rest.iter().position(|byte| *byte == b'e')?;
            let number = std::str::from_utf8(&rest[1..end]).ok()?.parse().ok()?;
            *rest = &rest[end + 1..];
            Some(Value::Int(number))
        }
        b'l' => {
            *rest = &rest[1..];
            let mut items = Vec::new();
            while *rest.first()? != b'e' {
                items.push(take(rest)?);
            }
            *rest = &rest[1..];
            Some(Value::List(items))
        }
        b'd' => {
            *rest = &rest[1..];
            let mut entries = BTreeMap::new();
            while *rest.first()? != b'e' {
                let Value::Text(key) = take(rest)? else { return None };
                entries.insert(key, take(rest)?);
            }
            *rest = &rest[1..];
            Some(Value::Dict(entries))
        }
        b'0'..=b'9' => {
            let colon = rest.iter().position(|byte| *byte == b':')?;
            let length: usize = std::str::from_utf8(&rest[..colon]).ok()?.parse().ok()?;
            let text = rest.get(colon + 1..colon + 1 + length)?.to_vec();
            *rest = &rest[colon + 1 + length..];
            Some(Value::Text(text))
        }
        _ => None,
    }
}
