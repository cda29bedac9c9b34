//! Gazelle of 2016: no upload API, a browser's login and form.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use metainfo::Infohash;
use serde_json::Value;

use super::html::{is_duplicate, plain, red_paragraph, title};
use super::json::{self, Ajax, number};
use super::manners::{Manners, Polite};
use super::multipart::Form;
use super::session::{Kept, SessionFile, is_cookie};
use super::site::{APPLICATIONS, Found, Site, Stored, Upload};
use crate::{Error, Http, Reply, Request, Secret, percent_text};

const SITE: &str = "a Gazelle";
const UPLOAD: &str = "the upload";
/// The largest page read.
const PAGE: u64 = 2 << 20;
/// The largest torrent read.
const TORRENT: u64 = 4 << 20;

/// Who logs in, and where the session is kept.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// The user.
    pub username: &'a str,
    /// The password.
    pub password: &'a Secret,
    /// The file for the session's cookie, made with mode 0600.
    pub session_file: &'a Path,
}

/// A site of 2016, logged in when it is first needed.
#[derive(Debug)]
pub struct Pages {
    polite: Polite,
    base: String,
    username: String,
    password: Secret,
    file: SessionFile,
    session: Mutex<Option<Session>>,
}

/// A login that the site knows.
#[derive(Debug, Clone)]
struct Session {
    cookie: Secret,
    /// What proves that a form is ours.
    authkey: Secret,
}

impl Pages {
    /// The site at `base` (scheme, host, perhaps a path).
    #[must_use]
    pub fn new(http: Http, base: &str, login: Login<'_>, manners: Manners) -> Self {
        Self {
            polite: Polite::new(http, manners),
            base: base.trim_end_matches('/').to_owned(),
            username: login.username.to_owned(),
            password: login.password.clone(),
            file: SessionFile::new(login.session_file),
            session: Mutex::default(),
        }
    }

    /// The session: this run's, the one that was kept, or a new one by the one login of this run.
    fn session(&self) -> Result<Session, Error> {
        let mut slot = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = &*slot {
            return Ok(session.clone());
        }
        let refused = || Error::Login { endpoint: self.endpoint(), user: self.username.clone() };
        let kept = match self.file.load(&self.username) {
            Kept::Refused => return Err(refused()),
            Kept::Nothing => None,
            Kept::Cookie(cookie) => match self.index(&cookie) {
                Err(Error::LoggedOut { .. }) => None,
                other => Some(other?),
            },
        };
        let session = match kept {
            Some(session) => session,
            None => {
                let cookie = self.log_in()?;
                self.index(&cookie)?
            }
        };
        *slot = Some(session.clone());
        Ok(session)
    }

    /// Logs in once. A refusal is kept: the sixth failure bans the address for hours, so nobody tries the same again.
    fn log_in(&self) -> Result<Secret, Error> {
        let form = format!(
            "username={}&password={}&keeplogged=1",
            percent_text(&self.username),
            percent_text(self.password.expose())
        );
        let request = Request::post(
            format!("{}/login.php", self.base),
            "application/x-www-form-urlencoded",
            form.into_bytes(),
        );
        let reply = self.polite.once(&request.limit(PAGE))?;
        if json::is_login(&reply) {
            return Err(Error::Banned { endpoint: self.endpoint() });
        }
        let keep = |kept: std::io::Result<()>| {
            if let Err(error) = kept {
                log::warn!("the session cannot be kept: {error}");
            }
        };
        if reply.status == 200 && reply.text().contains("loginform") {
            keep(self.file.keep_refusal(&self.username));
            return Err(Error::Login { endpoint: self.endpoint(), user: self.username.clone() });
        }
        let cookie = reply.headers("set-cookie").find_map(|header| {
            let value = header.strip_prefix("session=")?.split(';').next()?;
            is_cookie(value).then(|| Secret::new(value))
        });
        let cookie = cookie.ok_or_else(|| reply.foreign(SITE, "its login gives no session"))?;
        keep(self.file.keep_cookie(&self.username, &cookie));
        Ok(cookie)
    }

    fn index(&self, cookie: &Secret) -> Result<Session, Error> {
        let reply = self.polite.repeat(&self.request("ajax.php?action=index", cookie))?;
        let session = match json::read(&reply, "session")? {
            Ajax::Success(response) => match response.get("authkey").and_then(Value::as_str) {
                Some(authkey) => Ok(Session { cookie: cookie.clone(), authkey: Secret::new(authkey) }),
                None => Err(reply.foreign(SITE, "its index has no authkey")),
            },
            Ajax::Failure(reason) => Err(reply.refused("the index", reason)),
        };
        session.map_err(|error| error.without(&[self.password.expose(), cookie.expose()]))
    }

    fn request(&self, page: &str, cookie: &Secret) -> Request {
        Request::get(format!("{}/{page}", self.base)).header("Cookie", format!("session={}", cookie.expose()))
    }

    fn endpoint(&self) -> String {
        crate::http::endpoint(&self.base)
    }

    /// An error without our secrets, should the site repeat one.
    fn clean(&self, session: &Session, error: Error) -> Error {
        error.without(&[self.password.expose(), session.cookie.expose(), session.authkey.expose()])
    }
}

impl Site for Pages {
    fn find(&self, infohash: Infohash) -> Result<Option<Found>, Error> {
        let session = self.session()?;
        let page = format!("ajax.php?action=torrent&hash={}", infohash.to_string().to_uppercase());
        let reply = self.polite.repeat(&self.request(&page, &session.cookie))?;
        found(&reply, "session").map_err(|error| self.clean(&session, error))
    }

    fn upload(&self, upload: &Upload<'_>) -> Result<Stored, Error> {
        let session = self.session()?;
        let mut form = Form::new()
            // Without it the blank form comes back with status 200.
            .text("submit", "true")
            .text("auth", session.authkey.expose())
            .text("rules", "1")
            .text("type", APPLICATIONS)
            .text("title", upload.title)
            .text("tags", upload.tags);
        if let Some(description) = upload.description {
            form = form.text("desc", description);
        }
        let (kind, body) = form.file("file_input", upload.file_name, upload.torrent).finish();
        let request = Request::post(format!("{}/upload.php", self.base), kind, body)
            .header("Cookie", format!("session={}", session.cookie.expose()))
            .limit(PAGE)
            .timeout(self.polite.manners.upload);
        let reply = self.polite.once(&request)?;
        outcome(&reply).map_err(|error| self.clean(&session, error))
    }

    fn download(&self, torrent: u32) -> Result<Vec<u8>, Error> {
        let session = self.session()?;
        let page = format!("torrents.php?action=download&id={torrent}");
        let reply = self.polite.repeat(&self.request(&page, &session.cookie).limit(TORRENT))?;
        torrent_file(reply, "session").map_err(|error| self.clean(&session, error))
    }

    fn delete(&self, torrent: u32, reason: &str) -> Result<(), Error> {
        let session = self.session()?;
        let form = format!(
            "action=takedelete&auth={}&torrentid={torrent}&reason={}&extra=",
            percent_text(session.authkey.expose()),
            percent_text(reason)
        );
        let kind = "application/x-www-form-urlencoded";
        let request = Request::post(format!("{}/torrents.php", self.base), kind, form.into_bytes())
            .header("Cookie", format!("session={}", session.cookie.expose()))
            .limit(PAGE);
        let reply = self.polite.once(&request)?;
        let text = plain_page(&reply);
        let outcome = if json::is_login(&reply) {
            Err(Error::LoggedOut { endpoint: self.endpoint(), credential: "session" })
        } else if text.contains("successfully deleted") {
            Ok(())
        } else {
            Err(reply.refused("the deletion", text))
        };
        outcome.map_err(|error| self.clean(&session, error))
    }
}

/// What became of the upload. Only a redirect to the group's page, or the page titled `Warning`, says that it is
/// stored; 200 alone says nothing.
fn outcome(reply: &Reply) -> Result<Stored, Error> {
    if json::is_login(reply) {
        return Err(Error::LoggedOut { endpoint: reply.endpoint.clone(), credential: "session" });
    }
    let location = reply.header("location").unwrap_or_default();
    if (300..400).contains(&reply.status) && location.contains("torrents.php?id=") {
        return Ok(Stored::AsSent);
    }
    let page = reply.text();
    if let Some(red) = red_paragraph(&page) {
        return if is_duplicate(red) { Ok(Stored::Before) } else { Err(reply.refused(UPLOAD, plain(red))) };
    }
    if title(&page) == Some("Warning") {
        return Ok(Stored::Changed { what: "it set the private flag" });
    }
    for known in ["Malformed string", "Invalid authorization key"] {
        if let Some(at) = page.find(known) {
            return Err(reply.refused(UPLOAD, plain(page.get(at..).unwrap_or_default())));
        }
    }
    if reply.status == 413 {
        return Err(reply.refused(UPLOAD, "the torrent is larger than it takes (status 413)"));
    }
    Err(reply.refused(
        UPLOAD,
        format!(
            "neither stored nor refused; status {}, page `{}`",
            reply.status,
            plain(title(&page).unwrap_or_default())
        ),
    ))
}

/// The ids in an answer to `action=torrent`.
pub(super) fn found(reply: &Reply, credential: &'static str) -> Result<Option<Found>, Error> {
    match json::read(reply, credential)? {
        Ajax::Success(response) => {
            let id = |key: &str| response.get(key).and_then(|part| part.get("id")).and_then(number);
            match (id("torrent"), id("group")) {
                (Some(torrent), Some(group)) => Ok(Some(Found { torrent, group })),
                _ => Err(reply.foreign(SITE, "its answer has no ids")),
            }
        }
        Ajax::Failure(reason) if reason.contains("bad hash") || reason.contains("bad id") => Ok(None),
        Ajax::Failure(reason) => Err(reply.refused("the search", reason)),
    }
}

/// A `.torrent`, told from a page of HTML or JSON by its type and its first byte.
pub(super) fn torrent_file(reply: Reply, credential: &'static str) -> Result<Vec<u8>, Error> {
    if json::is_login(&reply) {
        return Err(Error::LoggedOut { endpoint: reply.endpoint, credential });
    }
    let kind = reply.header("content-type").unwrap_or_default();
    if kind.starts_with("application/x-bittorrent") && reply.body.starts_with(b"d") {
        return Ok(reply.body);
    }
    let reason = match json::read(&reply, credential) {
        Ok(Ajax::Failure(reason)) => reason,
        _ => plain_page(&reply),
    };
    Err(reply.refused("the download", reason))
}

fn plain_page(reply: &Reply) -> String {
    let page = reply.text();
    plain(page.split_once("<body>").map_or(page.as_str(), |(_, body)| body))
}
