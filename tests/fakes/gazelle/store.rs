//! What the site makes of a torrent, keeps, and tells its tracker.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use sha1::{Digest, Sha1};

use super::{Flavour, State};
use crate::fakes::bencode::Value;

/// A stored torrent.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its group: another number than its own.
    pub group: u32,
    /// Of the info dict as it is stored.
    pub infohash: [u8; 20],
    /// Of the form.
    pub title: String,
    /// Of the form.
    pub tags: String,
    /// Of the form.
    pub description: String,
    /// The category of the form, counted from 0.
    pub category: String,
    /// Whether its owner may not delete it any more.
    pub(super) old: bool,
    top: BTreeMap<Vec<u8>, Value>,
    info: Vec<u8>,
}

/// How the upload changed the torrent.
pub(super) struct Changed {
    pub(super) private_was_set: bool,
    pub(super) source_was_right: bool,
}

/// Why it was not stored.
pub(super) enum Refused {
    /// It is there already, under this id.
    Duplicate(u32),
    /// A rule of the site.
    Rule(String),
}

/// The form's other fields.
pub(super) struct Form {
    pub(super) title: String,
    pub(super) tags: String,
    pub(super) description: String,
    pub(super) category: String,
}

impl Stored {
    /// The file that the owner of `passkey` downloads.
    pub(super) fn download(&self, tracker: &str, passkey: &str) -> Vec<u8> {
        let announce = Value::text(&format!("{tracker}/{passkey}/announce")).to_bytes();
        let mut out = [b"d8:announce", announce.as_slice()].concat();
        for (key, value) in &self.top {
            out.extend(Value::Text(key.clone()).to_bytes());
            out.extend(value.to_bytes());
        }
        out.extend(b"4:info");
        out.extend(&self.info);
        out.push(b'e');
        out
    }
}

impl State {
    /// Stores a torrent as the site rewrites it, and tells the tracker.
    pub(super) fn store(&mut self, torrent: &Value, form: Form) -> Result<(u32, Changed), Refused> {
        let ops = self.options.flavour == Flavour::Ops;
        let Some(Value::Dict(info)) = torrent.dict().and_then(|top| top.get(b"info".as_slice())) else {
            return Err(Refused::Rule("There wasn't any info in the torrent".to_owned()));
        };
        if ops && info.contains_key(b"meta version".as_slice()) {
            return Err(Refused::Rule("This appears to be a V2 torrent, which is not supported".to_owned()));
        }
        if let Some(bad) = names(info).into_iter().find_map(|name| offence(&name)) {
            return Err(Refused::Rule(bad));
        }
        let mut info = info.clone();
        let changed = Changed {
            private_was_set: info.insert(b"private".to_vec(), Value::Int(1)) == Some(Value::Int(1)),
            source_was_right: !ops
                || info.get(b"source".as_slice()) == Some(&Value::text(&self.options.source)),
        };
        if !changed.source_was_right {
            info.insert(b"source".to_vec(), Value::text(&self.options.source));
            info.remove(b"unique".as_slice());
            info.remove(b"x_cross_seed".as_slice());
        }
        let info = php(&Value::Dict(info));
        let infohash: [u8; 20] = Sha1::digest(&info).into();
        if let Some((id, _)) = self.torrents.iter().find(|(_, known)| known.infohash == infohash) {
            return Err(Refused::Duplicate(*id));
        }
        let top = torrent.dict().cloned().unwrap_or_default();
        let kept: &[&[u8]] =
            if ops { &[b"encoding"] } else { &[b"created by", b"creation date", b"encoding"] };
        let mut top: BTreeMap<Vec<u8>, Value> =
            top.into_iter().filter(|(key, _)| kept.contains(&key.as_slice())).collect();
        let id = self.next;
        if ops {
            top.insert(
                b"comment".to_vec(),
                Value::text(&format!("https://site.example/torrents.php?torrentid={id}")),
            );
        }
        self.next += 1;
        let Form { title, tags, description, category } = form;
        let group = id + 1000;
        let old = false;
        let stored = Stored { group, infohash, title, tags, description, category, old, top, info };
        self.torrents.insert(id, stored);
        self.tell(id, &infohash);
        Ok((id, changed))
    }

    /// The row in the database, then the call to the tracker, whose answer is ignored.
    fn tell(&self, id: u32, infohash: &[u8; 20]) {
        let Some((tracker, secret)) = &self.options.tracker else { return };
        tracker.database(|base| base.torrent(infohash, id));
        let escaped: String = infohash.iter().map(|byte| format!("%{byte:02x}")).collect();
        let path = format!("/{secret}/update?action=add_torrent&id={id}&info_hash={escaped}&freetorrent=0");
        // OPS: 1.2 s, and half as long again each time; 2016: 6 s.
        let (attempts, growth) = if self.options.flavour == Flavour::Ops { (5, 1.5) } else { (3, 1.0) };
        let mut pause = self.options.tell_pause;
        for attempt in 0..attempts {
            if attempt > 0 {
                thread::sleep(pause);
                pause = pause.mul_f64(growth);
            }
            if call(tracker.address(), &path) {
                return;
            }
        }
    }

    /// A new user, in the database and by a call.
    pub(super) fn tell_user(&self, id: u32, passkey: &str) {
        let Some((tracker, secret)) = &self.options.tracker else { return };
        tracker.database(|base| base.user(passkey, id));
        call(tracker.address(), &format!("/{secret}/update?action=add_user&id={id}&passkey={passkey}"));
    }
}

/// Whether there was an answer of status 200, which Ocelot gives to everything.
fn call(address: std::net::SocketAddr, path: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Close\r\n\r\n");
    let mut answer = Vec::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_end(&mut answer).is_ok()
        && answer.starts_with(b"HTTP/1.1 200")
}

/// Bencode as PHP writes it: a key of digits only has become an integer, and comes out as one.
fn php(value: &Value) -> Vec<u8> {
    match value {
        Value::List(items) => [b"l".to_vec(), items.iter().flat_map(php).collect(), b"e".to_vec()].concat(),
        Value::Dict(entries) => {
            let mut out = b"d".to_vec();
            for (key, value) in entries {
                if !key.is_empty() && key.iter().all(u8::is_ascii_digit) {
                    out.extend([b"i", key.as_slice(), b"e"].concat());
                } else {
                    out.extend(Value::Text(key.clone()).to_bytes());
                }
                out.extend(php(value));
            }
            out.push(b'e');
            out
        }
        other => other.to_bytes(),
    }
}

/// Every path of the torrent, below its name.
fn names(info: &BTreeMap<Vec<u8>, Value>) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
        _ => String::new(),
    };
    let name = info.get(b"name".as_slice()).map(text).unwrap_or_default();
    let Some(Value::List(files)) = info.get(b"files".as_slice()) else { return vec![name] };
    let path = |file: &Value| match file.dict().and_then(|file| file.get(b"path".as_slice())) {
        Some(Value::List(parts)) => parts.iter().map(text).collect::<Vec<_>>().join("/"),
        _ => String::new(),
    };
    files.iter().map(|file| format!("{name}/{}", path(file))).collect()
}

/// Which rule a path breaks.
fn offence(path: &str) -> Option<String> {
    let file = path.rsplit('/').next().unwrap_or_default();
    if file.contains([':', '?', '<', '>', '\\', '*', '|', '"']) {
        return Some(format!("The torrent contains one or more files with invalid characters: {file}"));
    }
    if file.starts_with("INCOMPLETE~") {
        return Some("The torrent contained one or more forbidden files".to_owned());
    }
    if file.ends_with(".torrent") {
        return Some(format!("The torrent contained one or more torrents: {file}"));
    }
    (path.len() > 180).then(|| "The torrent contained one or more files with too long of a name".to_owned())
}
