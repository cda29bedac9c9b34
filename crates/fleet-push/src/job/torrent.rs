//! The `.torrent` as each host gets it: the info dict that was packed, the announce URL that was published.

use inventory::{Host, HostName, Inventory, Passkeys, Secret};
use metainfo::{AnnounceUrl, Metainfo};
use record::{Loaded, Publish, Records};

use crate::Error;
use crate::error::Fault;

/// What stands for a client's own passkey in the announce URL of a record.
const PASSKEY: &str = "{passkey}";

/// Makes the torrents.
#[derive(Debug)]
pub(crate) struct Torrent {
    metainfo: Metainfo,
    announce: Option<String>,
    passkeys: Passkeys,
}

impl Torrent {
    /// The torrent that `publish` is about, and the passkeys of `hosts` if its tracker wants any.
    pub(crate) fn load(
        records: &Records,
        inventory: &Inventory,
        hosts: &[Host],
        publish: &Loaded<Publish>,
    ) -> Result<Self, Error> {
        let metainfo = packed(records, publish)?;
        let announce = publish.record.details.announce.clone();
        let wanted = announce.as_ref().is_some_and(|url| url.contains(PASSKEY));
        if wanted && !inventory.has_passkeys() {
            let what = "every host announces with a passkey of its own, but fleet.toml knows of none";
            return Err(Error::NotPublished { path: publish.path.clone(), what });
        }
        let passkeys =
            if wanted { inventory.passkeys(hosts)? } else { Passkeys { hosts: Vec::new(), seeder: None } };
        let this = Self { metainfo, announce, passkeys };
        // What is wrong with the URL is wrong for every host: told once, before any is touched.
        for host in hosts {
            this.announce(&host.name)?;
        }
        Ok(this)
    }

    /// The torrent itself.
    pub(crate) fn metainfo(&self) -> &Metainfo {
        &self.metainfo
    }

    /// The bytes for `host`. The infohash is that of the record: only the announce URL is changed.
    pub(crate) fn bytes_for(&self, host: &HostName) -> Result<Vec<u8>, Fault> {
        let refuse = |error: metainfo::Error| Fault::Settings(error.to_string());
        let announce = self.announce(host).map_err(refuse)?;
        let announced = self.metainfo.without_announce_list().with_announce(&announce).map_err(refuse)?;
        if announced.infohash() != self.metainfo.infohash() {
            return Err(Fault::Settings(
                "the announce URL cannot be set without changing the infohash".to_owned(),
            ));
        }
        Ok(announced.to_bytes())
    }

    /// What a client says about its tracker, if it has one; without the passkey, which a tracker may repeat.
    pub(crate) fn complaint(&self, host: &HostName, message: &str) -> String {
        if self.announce.is_none() {
            // The stand-in URL always fails.
            return String::new();
        }
        match self.passkey(host) {
            Some(passkey) => message.replace(passkey.expose(), "..."),
            None => message.to_owned(),
        }
    }

    fn announce(&self, host: &HostName) -> Result<AnnounceUrl, metainfo::Error> {
        match (&self.announce, self.passkey(host)) {
            // rtorrent refuses a torrent without any announce URL when DHT is off.
            (None, _) => Ok(AnnounceUrl::no_tracker()),
            (Some(url), Some(passkey)) => url.replace(PASSKEY, passkey.expose()).parse(),
            (Some(url), None) => url.parse(),
        }
    }

    fn passkey(&self, host: &HostName) -> Option<&Secret> {
        self.passkeys.hosts.iter().find(|(name, _)| name == host).map(|(_, passkey)| passkey)
    }
}

/// The `.torrent` that was packed, checked against the record.
fn packed(records: &Records, publish: &Loaded<Publish>) -> Result<Metainfo, Error> {
    let release = &publish.record.release;
    let path = records.check_file(&release.torrent.file, &release.torrent.sha256, &publish.path)?;
    let metainfo = Metainfo::read(&path)?;
    let same = |what, found: String, expected: String| {
        if found == expected {
            Ok(())
        } else {
            Err(Error::OtherTorrent { path: path.clone(), what, found, expected })
        }
    };
    same("infohash", metainfo.infohash().to_string(), release.infohash.to_string())?;
    same("name", metainfo.info().name().to_owned(), release.payload.file.to_string())?;
    same("payload bytes", metainfo.info().bytes().to_string(), release.payload.bytes.to_string())?;
    same("private flag", metainfo.info().private().to_string(), release.private.to_string())?;
    Ok(metainfo)
}

#[cfg(test)]
impl Torrent {
    /// Of a payload nobody has.
    pub(crate) fn for_tests(
        dir: &std::path::Path,
        announce: Option<&str>,
        passkeys: &[(&str, &str)],
    ) -> Self {
        use std::fs;
        let payload = dir.join("payload");
        fs::write(&payload, "x").unwrap();
        let metainfo = metainfo::Builder::new("x.tar.zst", metainfo::PieceLength::DEFAULT)
            .from_file(&payload, &|_| true)
            .unwrap();
        let secret = |(name, key): &(&str, &str)| {
            let file = dir.join(format!("passkey-{name}"));
            fs::write(&file, key).unwrap();
            (name.parse().unwrap(), inventory::SecretSource::File(file).read("passkey").unwrap())
        };
        let passkeys = Passkeys { hosts: passkeys.iter().map(secret).collect(), seeder: None };
        Self { metainfo, announce: announce.map(str::to_owned), passkeys }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announce_of(torrent: &Torrent, host: &str) -> String {
        let bytes = torrent.bytes_for(&host.parse().unwrap()).unwrap();
        let metainfo = Metainfo::parse(&bytes).unwrap();
        assert_eq!(metainfo.infohash(), torrent.metainfo.infohash());
        metainfo.announce().unwrap().expose().to_owned()
    }

    #[test]
    fn without_a_tracker_a_stand_in_keeps_rtorrent_content() {
        let dir = tempfile::tempdir().unwrap();
        let torrent = Torrent::for_tests(dir.path(), None, &[]);
        assert_eq!(announce_of(&torrent, "web1"), metainfo::NO_TRACKER_ANNOUNCE);
        assert_eq!(torrent.complaint(&"web1".parse().unwrap(), "Tracker: [Couldn't connect]"), "");
    }

    #[test]
    fn each_host_announces_with_its_own_passkey_and_no_one_sees_it() {
        let dir = tempfile::tempdir().unwrap();
        let keys = [("web1", "aaaaaaaa11"), ("web2", "bbbbbbbb22")];
        let torrent = Torrent::for_tests(dir.path(), Some("http://t.example/{passkey}/announce"), &keys);
        assert_eq!(announce_of(&torrent, "web1"), "http://t.example/aaaaaaaa11/announce");
        assert_eq!(announce_of(&torrent, "web2"), "http://t.example/bbbbbbbb22/announce");
        let said = torrent.complaint(&"web2".parse().unwrap(), "Tracker: [no bbbbbbbb22 here]");
        assert_eq!(said, "Tracker: [no ... here]");
        let shown = format!("{torrent:?}");
        assert!(!shown.contains("aaaaaaaa11") && !shown.contains("bbbbbbbb22"), "{shown}");
    }

    #[test]
    fn a_tracker_open_to_all_has_one_url() {
        let dir = tempfile::tempdir().unwrap();
        let torrent = Torrent::for_tests(dir.path(), Some("http://t.example/announce"), &[]);
        assert_eq!(announce_of(&torrent, "web1"), "http://t.example/announce");
    }
}
