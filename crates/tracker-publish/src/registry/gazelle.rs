//! Registering a release with a Gazelle site: look it up, upload it once, get it back, and see that the tracker knows.

use std::time::Duration;

use metainfo::{Content, Infohash, Metainfo};
use record::{Pack, Record};
use tracker_client::gazelle::{Api, Found, LARGEST_TORRENT, Login, Manners, Pages, Site, Stored, Upload};

use super::tracker::Registry;
use crate::error::Error;
use crate::release::packed::Packed;
use crate::settings::tracker::{Account, Gazelle};

/// How often the tracker is asked before it is told by us, and the pause between: the site tells it before it answers
/// the upload, but another site's worker may do it a moment later.
const ASKED: u32 = 3;
const AGAIN: Duration = Duration::from_millis(300);
/// The longest path in a torrent, in bytes.
const LONGEST_PATH: usize = 180;

/// Makes the site, and through it the tracker, know the release.
pub(crate) fn register(registry: &Registry<'_>, gazelle: &Gazelle, packed: &Packed) -> Result<(), Error> {
    let release = packed.release();
    if !release.private {
        return Err(Error::NotPrivate { release: release.id.clone() });
    }
    let site = site(registry, gazelle);
    let found = match site.find(release.infohash)? {
        Some(found) => {
            registry.console.say(format!("the site has it as torrent {}", found.torrent));
            found
        }
        None => upload(registry, gazelle, &*site, packed)?,
    };
    // Ids and words are not enough: what counts is the info dict that the site gives away.
    let stored = site.download(found.torrent)?;
    let stored = Metainfo::parse(&stored)
        .map_err(|source| drift(packed, &format!("its torrent is damaged: {source}")))?;
    if stored.infohash() != release.infohash {
        return Err(drift(packed, &difference(&packed.torrent, &stored)));
    }
    told(registry, gazelle, release.infohash, found)
}

/// Deletes it on the site, which tells the tracker; or tells the tracker alone where the site does not let us.
pub(crate) fn withdraw(registry: &Registry<'_>, gazelle: &Gazelle, infohash: Infohash) -> Result<(), Error> {
    let site = site(registry, gazelle);
    let Some(found) = site.find(infohash)? else { return Ok(()) };
    match site.delete(found.torrent, "withdrawn by tracker-publish") {
        Ok(()) => {}
        Err(error @ tracker_client::Error::Refused { .. }) => {
            registry.console.warn(format!("{error}; it stays on the site"));
            registry.console.hint("delete it there by hand, or leave it to the site's own rules");
        }
        Err(error) => return Err(error.into()),
    }
    let Some(updates) = &gazelle.updates else { return Ok(()) };
    registry.ocelot(updates).delete_torrent(infohash, found.torrent)?;
    registry.is_forgotten(infohash)
}

fn site(registry: &Registry<'_>, gazelle: &Gazelle) -> Box<dyn Site> {
    let http = registry.http.clone();
    match &gazelle.account {
        Account::Login { username, password, session_file } => {
            let login = Login { username, password, session_file };
            Box::new(Pages::new(http, &gazelle.site, login, Manners::default()))
        }
        Account::Token(token) => Box::new(Api::new(http, &gazelle.site, token.clone(), Manners::default())),
    }
}

fn upload(
    registry: &Registry<'_>,
    gazelle: &Gazelle,
    site: &dyn Site,
    packed: &Packed,
) -> Result<Found, Error> {
    let release = packed.release();
    let announce = metainfo::AnnounceUrl::no_tracker();
    // Never with anybody's passkey in it; the site puts its own announce URL there.
    let torrent = packed.torrent.with_announce(&announce).map_err(|source| Error::Torrent { source })?;
    let bytes = torrent.to_bytes();
    lint(&packed.torrent, release.torrent.file.as_str(), bytes.len())?;
    let fill = |text: &str| fill(text, &packed.record.record);
    let (title, tags, description) = (
        between("tracker.title", fill(&gazelle.title))?,
        between("tracker.tags", fill(&gazelle.tags))?,
        fill(&gazelle.description),
    );
    let description = Some(description).filter(|text| !text.trim().is_empty());
    if description.as_ref().is_some_and(|text| text.chars().count() < 10) {
        return Err(Error::Form {
            what: "tracker.description".into(),
            reason: "it must have 10 characters or none",
        });
    }
    let file_name = format!("{}.torrent", release.id);
    let form = Upload {
        torrent: &bytes,
        file_name: &file_name,
        title: &title,
        tags: &tags,
        description: description.as_deref(),
    };
    let stored = match site.upload(&form) {
        Ok(stored) => stored,
        // It may be stored all the same. Sending it again would only show that it is there already.
        Err(error) if error.is_unreachable() => {
            registry.console.warn(format!("{error}; looking whether it was stored all the same"));
            return match site.find(release.infohash)? {
                Some(found) => Ok(found),
                None => Err(error.into()),
            };
        }
        Err(error) => return Err(error.into()),
    };
    match (site.find(release.infohash)?, stored) {
        (Some(found), stored) => {
            let how = if stored == Stored::Before { "was there already" } else { "was uploaded" };
            registry
                .console
                .say(format!("the torrent {how}: torrent {} of group {}", found.torrent, found.group));
            Ok(found)
        }
        (None, Stored::Changed { what }) => Err(drift(packed, what)),
        (None, _) => Err(drift(packed, "it does not find it under this one")),
    }
}

/// Sees that the tracker knows the torrent; tells it where the site did not.
fn told(registry: &Registry<'_>, gazelle: &Gazelle, infohash: Infohash, found: Found) -> Result<(), Error> {
    let url = &registry.settings.clients.seeder;
    for attempt in 1..=ASKED {
        if registry.scrape("the seeder", url, infohash)?.is_some() {
            registry.console.say("the tracker knows the torrent");
            return Ok(());
        }
        if attempt < ASKED {
            registry.abort.sleep(AGAIN)?;
        }
    }
    let Some(updates) = &gazelle.updates else { return Err(Error::NotRegistered { url: url.clone() }) };
    registry.console.warn("the site did not tell its tracker of the torrent; telling it");
    // Under the site's own number: under another one its counts would go to another torrent.
    registry.ocelot(updates).add_torrent(infohash, found.torrent, updates.free)?;
    match registry.scrape("the seeder", url, infohash)? {
        Some(_) => Ok(()),
        None => Err(Error::NotRegistered { url: url.clone() }),
    }
}

fn drift(packed: &Packed, reason: &str) -> Error {
    let release = packed.release();
    Error::Drift {
        release: release.id.clone(),
        expected: release.infohash.to_string(),
        reason: reason.chars().take(300).collect(),
    }
}

/// What of the info dict the site changed.
fn difference(sent: &Metainfo, stored: &Metainfo) -> String {
    let (sent, stored) = (sent.info(), stored.info());
    if sent.private() != stored.private() {
        "it set the private flag".to_owned()
    } else if sent.source() != stored.source() {
        format!("its source is `{}`", stored.source().unwrap_or_default())
    } else {
        "it wrote the info dict in another way".to_owned()
    }
}

/// What the site would refuse, before it is asked.
fn lint(torrent: &Metainfo, file_name: &str, bytes: usize) -> Result<(), Error> {
    let refuse = |what: &str, reason| Err(Error::Form { what: what.to_owned(), reason });
    if bytes > LARGEST_TORRENT {
        return refuse(file_name, "sites take torrents of less than 1 MB");
    }
    let info = torrent.info();
    let paths: Vec<String> = match info.content() {
        Content::File { .. } => vec![info.name().to_owned()],
        Content::Tree { files } => {
            files.iter().map(|file| format!("{}/{}", info.name(), file.path)).collect()
        }
    };
    for path in &paths {
        let file = path.rsplit('/').next().unwrap_or_default();
        if path.contains([':', '?', '<', '>', '\\', '*', '|', '"']) {
            return refuse(path, "sites refuse names with : ? < > \\ * | or a quote");
        }
        if file.starts_with("INCOMPLETE~") || file.ends_with(".torrent") {
            return refuse(path, "sites refuse files of this name");
        }
        if path.len() > LONGEST_PATH {
            return refuse(path, "sites refuse paths of more than 180 bytes");
        }
    }
    Ok(())
}

fn between(what: &str, text: String) -> Result<String, Error> {
    if (2..=200).contains(&text.chars().count()) {
        return Ok(text);
    }
    Err(Error::Form { what: what.to_owned(), reason: "it must have 2 to 200 characters" })
}

/// `{release}` and its like, from the record.
fn fill(text: &str, record: &Record<Pack>) -> String {
    let release = &record.release;
    let build = record.build.as_ref();
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
    [
        ("{release}", release.id.to_string()),
        ("{infohash}", release.infohash.to_string()),
        ("{tree_digest}", release.tree_digest.to_string()),
        ("{files}", release.files.to_string()),
        ("{bytes}", release.bytes.to_string()),
        ("{commit}", or_none(build.and_then(|build| build.commit.clone()))),
        ("{build}", or_none(build.and_then(|build| build.tag.clone()))),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (name, value)| text.replace(name, &value))
}

#[cfg(test)]
mod tests {
    use metainfo::{FileEntry, Info, PieceLength};

    use super::*;

    fn torrent(content: Content, pieces: usize) -> Metainfo {
        let info = Info::new("x".to_owned(), PieceLength::MIN, vec![[0; 20]; pieces], content).unwrap();
        Metainfo::new(info.with_private(true)).unwrap()
    }

    #[test]
    fn rule_21_names_that_a_site_refuses_are_found_before_the_upload() {
        let long = format!("{}/{}", "d".repeat(120), "f".repeat(60));
        for bad in ["a?b.php", "core/a:b", "INCOMPLETE~a", "a.torrent", long.as_str()] {
            let files = vec![FileEntry { path: bad.to_owned(), length: 1 }];
            let error = lint(&torrent(Content::Tree { files }, 1), "r.torrent", 100).unwrap_err();
            assert!(matches!(&error, Error::Form { what, .. } if what.ends_with(bad)), "{error}");
        }
        let files = vec![FileEntry { path: "core/index.php".to_owned(), length: 1 }];
        lint(&torrent(Content::Tree { files }, 1), "r.torrent", 100).unwrap();
        assert!(
            between("tracker.title", "x".into()).is_err()
                && between("tracker.title", "x".repeat(201)).is_err()
        );
    }

    #[test]
    fn rule_22_a_torrent_of_a_megabyte_is_refused_before_it_is_sent() {
        let of = |pieces: usize| torrent(Content::File { length: pieces as u64 * 16384 }, pieces);
        let check = |torrent: &Metainfo| lint(torrent, "r.torrent", torrent.to_bytes().len());
        check(&of(50_000)).unwrap();
        let error = check(&of(53_000)).unwrap_err();
        assert!(error.to_string().contains("less than 1 MB"), "{error}");
    }
}
