//! A fake Gazelle: the pages of 2016, or the JSON API of the OPS line, over one store of torrents.

mod ajax;
mod ops;
mod pages;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub use store::Stored;

use super::http::{Asked, page};
use super::ocelot::FakeOcelot;
use super::server::{Answer, Fault, Raw, Server};

/// Which Gazelle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// WhatCD's of 2016.
    Pages2016,
    /// OPSnet's.
    Ops,
}

/// Its configuration. Times are the real ones shortened a hundredfold.
#[derive(Debug, Clone)]
pub struct GazelleOptions {
    /// Which one.
    pub flavour: Flavour,
    /// The one user who logs in.
    pub username: String,
    /// The user's password.
    pub password: String,
    /// The user's passkey.
    pub passkey: String,
    /// The user's API token.
    pub token: String,
    /// OPS's constant.
    pub source: String,
    /// Calls of limited actions within [`Self::window`].
    pub limit: usize,
    /// See [`Self::limit`].
    pub window: Duration,
    /// What is said to calls beyond the limit: status 200 and a text, or 429 with so many seconds in `Retry-After`.
    pub retry_after: Option<u64>,
    /// OPS: whether downloads of torrents hit their own limit.
    pub limit_downloads: bool,
    /// Whether looking a torrent up counts, as on some sites of the family.
    pub limit_lookups: bool,
    /// Between two attempts to tell the tracker.
    pub tell_pause: Duration,
    /// Whether the ids of an upload are spelled in lower case, as in older replies.
    pub lower_case_ids: bool,
    /// The tracker that is told, and its secret.
    pub tracker: Option<(Arc<FakeOcelot>, String)>,
}

impl Default for GazelleOptions {
    fn default() -> Self {
        Self {
            flavour: Flavour::Pages2016,
            username: "deploy".to_owned(),
            password: "correct horse battery".to_owned(),
            passkey: "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee".to_owned(),
            token: "tokentokentokentokentoken".to_owned(),
            source: "OPS".to_owned(),
            limit: 5,
            window: Duration::from_millis(100),
            retry_after: None,
            limit_downloads: false,
            limit_lookups: false,
            tell_pause: Duration::from_millis(60),
            lower_case_ids: false,
            tracker: None,
        }
    }
}

/// What the site knows.
#[derive(Debug)]
struct State {
    options: GazelleOptions,
    sessions: BTreeSet<String>,
    failures: u32,
    banned: bool,
    torrents: BTreeMap<u32, Stored>,
    next: u32,
    calls: Vec<Instant>,
    downloads: BTreeMap<(String, u32), u32>,
    /// Users by name: id and passkey.
    users: BTreeMap<String, (u32, String)>,
    locked: bool,
    deleted: u32,
}

/// The value that proves a form to be ours; not verified on download.
const AUTHKEY: &str = "0123456789abcdef0123456789authke";

/// A running fake.
#[derive(Debug)]
pub struct FakeGazelle {
    server: Server,
    state: Arc<Mutex<State>>,
    announce: Option<String>,
}

impl FakeGazelle {
    /// Starts one without torrents.
    #[must_use]
    pub fn start(options: GazelleOptions) -> Self {
        let announce = options.tracker.as_ref().map(|(tracker, _)| tracker.base());
        let state = Arc::new(Mutex::new(State {
            options,
            sessions: BTreeSet::new(),
            failures: 0,
            banned: false,
            torrents: BTreeMap::new(),
            next: 1,
            calls: Vec::new(),
            downloads: BTreeMap::new(),
            users: BTreeMap::new(),
            locked: false,
            deleted: 0,
        }));
        let shared = Arc::clone(&state);
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let server = Server::start(ip, 4 << 20, move |raw| {
            let bytes = respond(&mut shared.lock().unwrap(), raw);
            Answer { bytes, keep: false }
        });
        Self { server, state, announce }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// `http://ip:port`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Its tracker's `http://ip:port`.
    #[must_use]
    pub fn tracker_base(&self) -> Option<&str> {
        self.announce.as_deref()
    }

    /// Its server, for faults and what was asked.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// What goes wrong for the next `times` requests whose first line holds `only`.
    pub fn fault(&self, only: &str, fault: Fault, times: usize) {
        self.server.fault(only, fault, times);
    }

    /// Every stored torrent by id.
    #[must_use]
    pub fn torrents(&self) -> BTreeMap<u32, Stored> {
        self.state.lock().unwrap().torrents.clone()
    }

    /// Every session ends.
    pub fn log_everybody_out(&self) {
        self.state.lock().unwrap().sessions.clear();
    }

    /// Lifts the ban, as six hours do.
    pub fn lift_ban(&self) {
        let mut state = self.state.lock().unwrap();
        state.banned = false;
        state.failures = 0;
    }

    /// Failed logins since the last good one.
    #[must_use]
    pub fn failed_logins(&self) -> u32 {
        self.state.lock().unwrap().failures
    }

    /// Staff removes every torrent.
    pub fn forget_torrents(&self) {
        self.state.lock().unwrap().torrents.clear();
    }

    /// More than seven days pass: owners cannot delete their torrents any more.
    pub fn grow_old(&self) {
        self.state.lock().unwrap().torrents.values_mut().for_each(|torrent| torrent.old = true);
    }

    /// Whether the upload lock is held, which refuses deletes.
    pub fn lock_uploads(&self, locked: bool) {
        self.state.lock().unwrap().locked = locked;
    }

    /// Changes the configuration.
    pub fn configure(&self, change: impl FnOnce(&mut GazelleOptions)) {
        change(&mut self.state.lock().unwrap().options);
    }
}

impl State {
    /// Whether one more call of a limited action is too many.
    fn over_limit(&mut self) -> bool {
        let window = self.options.window;
        self.calls.retain(|call| call.elapsed() < window);
        self.calls.push(Instant::now());
        // Seen at a limit of 5: the seventh call is the first refused.
        self.calls.len() > self.options.limit + 1
    }

    /// What a call beyond the limit is told.
    fn limited(&self, text: &str) -> Vec<u8> {
        match self.options.retry_after {
            None => json(text),
            Some(seconds) => {
                let headers: &[(&str, &str)] = &[("Retry-After", &seconds.to_string())];
                page("429 Too Many Requests", "application/json; charset=utf-8", headers, text.as_bytes())
            }
        }
    }

    fn logged_in(&self, asked: &Asked) -> bool {
        asked.cookies.get("session").is_some_and(|cookie| self.sessions.contains(cookie))
    }
}

fn redirect(to: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    page("302 Found", "text/html; charset=utf-8", &[&[("Location", to)], headers].concat(), b"")
}

fn html(title: &str, body: &str) -> Vec<u8> {
    let text = format!(
        "<!DOCTYPE html>\n<html><head><title>{title} :: Site</title></head>\n<body>{body}</body></html>"
    );
    page("200 OK", "text/html; charset=utf-8", &[], text.as_bytes())
}

fn json(text: &str) -> Vec<u8> {
    page("200 OK", "application/json; charset=utf-8", &[], text.as_bytes())
}

fn respond(state: &mut State, raw: &Raw) -> Vec<u8> {
    let asked = Asked::read(raw);
    let agent = raw.header("user-agent").unwrap_or_default();
    if raw.bytes.len() > 1 << 20 {
        // nginx's client_max_body_size.
        return page(
            "413 Request Entity Too Large",
            "text/html",
            &[],
            b"<h1>413 Request Entity Too Large</h1>",
        );
    }
    if asked.page == "ajax.php" && state.options.flavour == Flavour::Ops {
        return ops::ajax(state, &asked, raw);
    }
    if asked.page == "login.php" {
        return pages::login(state, &asked);
    }
    let by_passkey = asked.page == "torrents.php"
        && asked.get("action") == "download"
        && !asked.get("authkey").is_empty()
        && asked.get("torrent_pass") == state.options.passkey;
    if !state.logged_in(&asked) && !by_passkey {
        return redirect("login.php", &[]);
    }
    match (asked.page.as_str(), asked.method.as_str()) {
        ("ajax.php", _) => ajax::ajax(state, &asked),
        ("upload.php", "POST") => pages::upload(state, &asked),
        ("upload.php", _) => pages::form(""),
        ("torrents.php", "POST") => pages::delete(state, &asked),
        ("torrents.php", _) if asked.get("action") == "download" => pages::download(state, &asked, &agent),
        ("tools.php", "POST") => pages::create_user(state, &asked),
        _ => html("Home", "welcome"),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
