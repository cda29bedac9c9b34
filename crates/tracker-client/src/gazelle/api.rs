//! The OPS line of Gazelle: a token and a JSON API.

use metainfo::Infohash;
use serde_json::Value;

use super::html::is_duplicate;
use super::json::{self, Ajax};
use super::manners::{Manners, Polite};
use super::multipart::Form;
use super::pages::{found, torrent_file};
use super::site::{APPLICATIONS, Found, Site, Stored, Upload};
use crate::{Error, Http, Request, Secret};

const CREDENTIAL: &str = "token";
/// The largest torrent read.
const TORRENT: u64 = 4 << 20;

/// A site of the OPS line.
#[derive(Debug)]
pub struct Api {
    polite: Polite,
    base: String,
    token: Secret,
}

impl Api {
    /// The site at `base` (scheme, host, perhaps a path), with a user's token.
    #[must_use]
    pub fn new(http: Http, base: &str, token: Secret, manners: Manners) -> Self {
        Self { polite: Polite::new(http, manners), base: base.trim_end_matches('/').to_owned(), token }
    }

    fn with_token(&self, request: Request) -> Request {
        request.header("Authorization", format!("token {}", self.token.expose()))
    }

    fn get(&self, query: &str) -> Request {
        self.with_token(Request::get(format!("{}/ajax.php?{query}", self.base)))
    }

    /// The site's words as an error: some mean that the token is not taken.
    fn failure(&self, what: &'static str, reason: String) -> Error {
        let endpoint = crate::http::endpoint(&self.base);
        let lower = reason.to_lowercase();
        let error = if lower.contains("invalid token") || lower.contains("requires an api token") {
            Error::LoggedOut { endpoint, credential: CREDENTIAL }
        } else {
            Error::Refused { endpoint, what, reason }
        };
        error.without(&[self.token.expose()])
    }
}

impl Site for Api {
    fn find(&self, infohash: Infohash) -> Result<Option<Found>, Error> {
        let hash = infohash.to_string().to_uppercase();
        let reply = self.polite.repeat(&self.get(&format!("action=torrent&hash={hash}")))?;
        match found(&reply, CREDENTIAL) {
            Err(Error::Refused { what, reason, .. }) => Err(self.failure(what, reason)),
            other => other,
        }
    }

    fn upload(&self, upload: &Upload<'_>) -> Result<Stored, Error> {
        let mut form = Form::new()
            .text("type", APPLICATIONS)
            .text("title", upload.title)
            .text("tags", upload.tags)
            // We send text, not HTML: nothing in it is to be unescaped.
            .text("workaround_broken_html_entities", "0");
        if let Some(description) = upload.description {
            form = form.text("desc", description);
        }
        let (kind, body) = form.file("file_input", upload.file_name, upload.torrent).finish();
        let url = format!("{}/ajax.php?action=upload", self.base);
        let request = Request::post(url, kind, body).timeout(self.polite.manners.upload);
        let reply = self.polite.once(&self.with_token(request))?;
        match json::read(&reply, CREDENTIAL)? {
            Ajax::Failure(reason) if is_duplicate(&reason) => Ok(Stored::Before),
            Ajax::Failure(reason) => Err(self.failure("the upload", reason)),
            Ajax::Success(response) => {
                let denied = |key: &str| response.get(key) == Some(&Value::Bool(false));
                Ok(match (denied("private"), denied("source")) {
                    (true, _) => Stored::Changed { what: "it set the private flag" },
                    (_, true) => Stored::Changed { what: "it set its own source" },
                    _ => Stored::AsSent,
                })
            }
        }
    }

    fn download(&self, torrent: u32) -> Result<Vec<u8>, Error> {
        let request = self.get(&format!("action=download&id={torrent}")).limit(TORRENT);
        match torrent_file(self.polite.repeat(&request)?, CREDENTIAL) {
            Err(Error::Refused { what, reason, .. }) => Err(self.failure(what, reason)),
            other => other,
        }
    }

    fn delete(&self, _torrent: u32, _reason: &str) -> Result<(), Error> {
        let reason = "its API has no call for that".to_owned();
        Err(self.failure("the deletion", reason))
    }
}
