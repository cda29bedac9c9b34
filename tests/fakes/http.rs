//! What the fakes of web sites read of a request: path, query, cookies, form fields and files.

use std::collections::BTreeMap;

use super::server::Raw;

/// Undoes percent-encoding; a `+` stays unless it stands in a form.
#[must_use]
pub fn unescape(text: &[u8], form: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (byte, digits.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(value)) => {
                out.push(value);
                rest = &after[2..];
            }
            (b'+', _) if form => {
                out.push(b' ');
                rest = after;
            }
            _ => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}

/// `a=b&c=d`, decoded as PHP does.
#[must_use]
pub fn pairs(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| String::from_utf8_lossy(&unescape(text.as_bytes(), true)).into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// A field of a multipart form.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// The file's name, if it is one.
    pub file_name: Option<String>,
    /// The content.
    pub content: Vec<u8>,
}

/// A request to a web site.
#[derive(Debug, Clone)]
pub struct Asked {
    /// GET or POST.
    pub method: String,
    /// Without `/` in front and without query.
    pub page: String,
    /// The query.
    pub query: BTreeMap<String, String>,
    /// Fields of a form, of either encoding.
    pub form: BTreeMap<String, Part>,
    /// The cookies.
    pub cookies: BTreeMap<String, String>,
}

impl Asked {
    /// Reads a request.
    #[must_use]
    pub fn read(raw: &Raw) -> Self {
        let line = raw.line();
        let mut words = line.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let kind = raw.header("content-type").unwrap_or_default();
        let form = match kind.split_once("boundary=") {
            Some((_, boundary)) => multipart(raw.body(), boundary.trim_matches('"')),
            None => pairs(&String::from_utf8_lossy(raw.body()))
                .into_iter()
                .map(|(key, value)| (key, Part { file_name: None, content: value.into_bytes() }))
                .collect(),
        };
        let cookies = raw.header("cookie").unwrap_or_default();
        let cookies = cookies.split("; ").filter_map(|one| one.split_once('='));
        Self {
            method,
            page: path.trim_start_matches('/').to_owned(),
            query: pairs(query),
            form,
            cookies: cookies.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        }
    }

    /// A value of the query, or nothing.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        self.query.get(key).map_or("", String::as_str)
    }

    /// A field of the form as text, or nothing.
    #[must_use]
    pub fn field(&self, key: &str) -> String {
        self.form.get(key).map(|part| String::from_utf8_lossy(&part.content).into_owned()).unwrap_or_default()
    }
}

fn multipart(body: &[u8], boundary: &str) -> BTreeMap<String, Part> {
    let delimiter = format!("--{boundary}");
    let mut parts = BTreeMap::new();
    for piece in split(body, delimiter.as_bytes()) {
        let Some(head_end) = piece.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&piece[..head_end]).into_owned();
        let content = piece[head_end + 4..].strip_suffix(b"\r\n").unwrap_or(&piece[head_end + 4..]);
        let quoted = |key: &str| {
            let (_, rest) = head.split_once(&format!("; {key}=\""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        if let Some(name) = quoted("name") {
            parts.insert(name, Part { file_name: quoted("filename"), content: content.to_vec() });
        }
    }
    parts
}

fn split<'a>(mut body: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    while let Some(at) = body.windows(delimiter.len()).position(|window| window == delimiter) {
        pieces.push(&body[..at]);
        body = &body[at + delimiter.len()..];
    }
    pieces
}

/// A page as web servers send it.
#[must_use]
pub fn page(status: &str, kind: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
