//! The counts of a swarm (BEP 48): the cheapest question without side effects.

use metainfo::{AnnounceUrl, Infohash};

use crate::announce::{parse, refusal, secrets};
use crate::bencode::Value;
use crate::{Error, Http, Reply, Request, percent};

/// The peers of one torrent, as a tracker counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scraped {
    /// Seeders.
    pub complete: u64,
    /// Leechers.
    pub incomplete: u64,
    /// Completed downloads.
    pub downloaded: u64,
}

/// The URL that is scraped for an announce URL: `announce` in its last component becomes `scrape` (BEP 48).
#[must_use]
pub fn scrape_url(announce: &AnnounceUrl) -> Option<String> {
    let url = announce.expose();
    let path_ends = url.find('?').unwrap_or(url.len());
    let (path, query) = url.split_at(path_ends);
    let (before, last) = path.rsplit_once('/')?;
    let rest = last.strip_prefix("announce")?;
    (url.starts_with("http") && before.contains("://")).then(|| format!("{before}/scrape{rest}{query}"))
}

/// The counts of a torrent; `None` if the tracker does not know it.
///
/// # Errors
/// [`Error::Refused`] with the tracker's failure reason, such as `Passkey not found`; [`Error::Argument`] for a URL that
/// cannot be scraped; [`Error::Foreign`] for anything that is no tracker's answer.
pub fn scrape(http: &Http, announce: &AnnounceUrl, infohash: Infohash) -> Result<Option<Scraped>, Error> {
    let url = scrape_url(announce).ok_or_else(|| Error::Argument {
        what: announce.to_string(),
        reason: "cannot be scraped (BEP 48)",
    })?;
    let separator = if url.contains('?') { '&' } else { '?' };
    let asked = format!("{url}{separator}info_hash={}", percent(infohash.as_bytes()));
    let reply = http.follow(&Request::get(asked)).map_err(|error| error.without(&secrets(announce)))?;
    read(&reply, infohash).map_err(|error| error.without(&secrets(announce)))
}

fn read(reply: &Reply, infohash: Infohash) -> Result<Option<Scraped>, Error> {
    let value = parse(reply)?;
    refusal(reply, &value, "the scrape")?;
    let files = value.get(b"files").filter(|files| matches!(files, Value::Dict(_)));
    let files = files.ok_or_else(|| reply.foreign("a tracker", "its scrape has no `files`"))?;
    let Some(counts) = files.get(infohash.as_bytes()) else { return Ok(None) };
    let count = |key: &[u8]| {
        let number = counts.get(key).and_then(Value::as_int).and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| reply.foreign("a tracker", "its scrape lacks a count"))
    };
    Ok(Some(Scraped {
        complete: count(b"complete")?,
        incomplete: count(b"incomplete")?,
        downloaded: count(b"downloaded")?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_component_decides() {
        for (announce, scrape) in [
            ("http://t:80/announce", Some("http://t:80/scrape")),
            ("http://t/announce/k3y/announce.php?a=b", Some("http://t/announce/k3y/scrape.php?a=b")),
            ("http://t/announce/k3y", None),
            ("http://t", None),
            ("udp://t:80/announce", None),
        ] {
            assert_eq!(scrape_url(&announce.parse().unwrap()).as_deref(), scrape, "{announce}");
        }
    }
}
