//! A word with rtorrent over its socket: XML-RPC in an SCGI frame, the least that a test needs, and not the client that
//! is under test.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Calls `method`; parameters are strings, or integers when they look like one.
///
/// # Errors
/// What the socket or rtorrent (a fault) said.
pub fn call(socket: &Path, method: &str, params: &[&str]) -> Result<String, String> {
    let params: String = params
        .iter()
        .map(|param| {
            let kind = if param.parse::<i64>().is_ok() { "i8" } else { "string" };
            format!("<param><value><{kind}>{param}</{kind}></value></param>")
        })
        .collect();
    let body = format!(
        "<?xml version=\"1.0\"?><methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>"
    );
    let headers = format!("CONTENT_LENGTH\0{}\0SCGI\x001\0", body.len());
    let mut stream =
        UnixStream::connect(socket).map_err(|e| format!("connect `{}`: {e}", socket.display()))?;
    let limit = Some(Duration::from_secs(10));
    stream.set_read_timeout(limit).and(stream.set_write_timeout(limit)).map_err(|e| e.to_string())?;
    stream.write_all(format!("{}:{headers},{body}", headers.len()).as_bytes()).map_err(|e| e.to_string())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).map_err(|e| e.to_string())?;
    let (_, xml) = reply.split_once("\r\n\r\n").ok_or_else(|| format!("no HTTP-like reply: {reply:?}"))?;
    if xml.contains("<fault>") { Err(xml.to_owned()) } else { Ok(xml.to_owned()) }
}

/// Every scalar of a reply, in order, as text.
#[must_use]
pub fn scalars(xml: &str) -> Vec<String> {
    let mut found = Vec::new();
    for kind in ["string", "i4", "i8", "int"] {
        let (open, close) = (format!("<{kind}>"), format!("</{kind}>"));
        let mut at = 0;
        while let Some(start) = xml[at..].find(&open).map(|i| at + i + open.len()) {
            let end = xml[start..].find(&close).map_or(xml.len(), |i| start + i);
            found.push((start, xml[start..end].to_owned()));
            at = end;
        }
    }
    found.sort();
    found.into_iter().map(|(_, text)| text).collect()
}
