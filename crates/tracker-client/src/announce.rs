//! Asking a tracker as a peer would (BEP 3, 23).

use std::net::{Ipv4Addr, SocketAddrV4};

use metainfo::{AnnounceUrl, Infohash};

use crate::bencode::Value;
use crate::{Error, Http, Reply, Request, percent};

/// How rtorrent 0.9.8 begins its peer id: what is let in under this name is let in as rtorrent.
const PEER_ID: &str = "-lt0D80-";

/// What a tracker is called in errors.
const TRACKER: &str = "a tracker";

/// What the announcing peer does (BEP 3, `event`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It begins.
    Started,
    /// It goes: the tracker forgets it at once.
    Stopped,
}

/// A peer that asks and goes.
#[derive(Debug, Clone)]
pub struct Probe {
    peer_id: String,
    port: u16,
    left: u64,
}

impl Probe {
    /// A leecher in the guise of rtorrent, for the time between its two announces told to others under `port`.
    #[must_use]
    pub fn leecher(port: u16) -> Self {
        let tail: String = std::iter::repeat_with(fastrand::alphanumeric).take(12).collect();
        Self { peer_id: format!("{PEER_ID}{tail}"), port, left: 1 }
    }
}

/// What a tracker answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Seconds to the next announce.
    pub interval: i64,
    /// Seeders, where the tracker says so.
    pub complete: Option<i64>,
    /// Leechers, where the tracker says so.
    pub incomplete: Option<i64>,
    /// Peers it gave. opentracker gives the asking one, too.
    pub peers: Vec<SocketAddrV4>,
    /// A complaint beside an answer. Not sanitised.
    pub warning: Option<String>,
}

/// Announces once.
///
/// # Errors
/// [`Error::Refused`] with the tracker's failure reason; [`Error::Foreign`] for anything that is no tracker's answer.
pub fn announce(
    http: &Http,
    url: &AnnounceUrl,
    infohash: Infohash,
    probe: &Probe,
    event: Event,
) -> Result<Announced, Error> {
    let separator = if url.expose().contains('?') { '&' } else { '?' };
    let event = match event {
        Event::Started => "started",
        Event::Stopped => "stopped",
    };
    // compact=1 literally: Ocelot refuses every other spelling, and takes no client without it.
    let asked = format!(
        "{}{separator}info_hash={}&peer_id={}&port={}&uploaded=0&downloaded=0&left={}&compact=1&numwant=50&event={event}",
        url.expose(),
        percent(infohash.as_bytes()),
        probe.peer_id,
        probe.port,
        probe.left,
    );
    let reply = http.follow(&Request::get(asked)).map_err(|error| error.without(&secrets(url)))?;
    read(&reply).map_err(|error| error.without(&secrets(url)))
}

/// What of a URL a tracker could echo.
pub(crate) fn secrets(url: &AnnounceUrl) -> Vec<&str> {
    let rest = url.expose().split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '&', '=', '@', ':']).skip(1).filter(|part| part.len() >= 16).collect()
}

fn read(reply: &Reply) -> Result<Announced, Error> {
    let value = parse(reply)?;
    refusal(reply, &value, "the announce")?;
    let number = |key: &[u8]| value.get(key).and_then(Value::as_int);
    let interval =
        number(b"interval").ok_or_else(|| reply.foreign(TRACKER, "its reply has no `interval`"))?;
    let peers = match value.get(b"peers") {
        Some(Value::Bytes(compact)) => compact_peers(reply, compact)?,
        Some(Value::List(_)) => {
            return Err(reply.foreign(TRACKER, "it sends peers in the long form, which was not asked for"));
        }
        _ => return Err(reply.foreign(TRACKER, "its reply has no `peers`")),
    };
    let warning = value.get(b"warning message").and_then(Value::as_bytes).map(text);
    Ok(Announced {
        interval,
        complete: number(b"complete"),
        incomplete: number(b"incomplete"),
        peers,
        warning,
    })
}

fn compact_peers(reply: &Reply, compact: &[u8]) -> Result<Vec<SocketAddrV4>, Error> {
    let (chunks, rest) = compact.as_chunks::<6>();
    if !rest.is_empty() {
        return Err(reply.foreign(TRACKER, "its list of peers ends within a peer"));
    }
    let peer = |&[a, b, c, d, high, low]: &[u8; 6]| {
        SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low]))
    };
    Ok(chunks.iter().map(peer).collect())
}

/// The bencoded dict that every tracker answers.
pub(crate) fn parse(reply: &Reply) -> Result<Value<'_>, Error> {
    if !reply.body.starts_with(b"d") {
        return Err(reply.foreign(TRACKER, said(reply)));
    }
    Value::parse(&reply.body)
        .map_err(|error| reply.foreign(TRACKER, format!("its bencode is malformed: {error}")))
}

/// `failure reason`, as an error.
pub(crate) fn refusal(reply: &Reply, value: &Value<'_>, what: &'static str) -> Result<(), Error> {
    match value.get(b"failure reason").and_then(Value::as_bytes) {
        None => Ok(()),
        Some(reason) => Err(reply.refused(what, text(reason))),
    }
}

/// How a reply that is no tracker's begins.
pub(crate) fn said(reply: &Reply) -> String {
    let body = text(&reply.body);
    let kind = reply.header("content-type").unwrap_or("no type").to_owned();
    format!(
        "it answers with status {} and {} bytes of {kind}: {}",
        reply.status,
        reply.body.len(),
        body.trim()
    )
    .chars()
    .take(200)
    .collect()
}

/// At most 300 characters of what a server said.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(300).collect()
}
