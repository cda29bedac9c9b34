//! A fake Ocelot, versions 1.0 and 2.1.3: one parser at fixed offsets, status 200 to everything, `success` to nonsense.

mod announce;
mod report;
mod state;
mod update;

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

pub use state::{Database, Torrent, User};

use super::server::{Answer, Fault, Raw, Server};
use state::{Params, State};

/// Which Ocelot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OcelotVersion {
    /// WhatCD's of 2015.
    V1_0,
    /// OPSnet's of 2024.
    V2_1_3,
}

/// Its configuration; [`OcelotOptions::default`] has the stock values.
#[derive(Debug, Clone)]
pub struct OcelotOptions {
    /// Which one.
    pub version: OcelotVersion,
    /// site_password.
    pub secret: String,
    /// report_password.
    pub report: String,
    /// announce_interval in seconds.
    pub interval: i64,
    /// announce_jitter in seconds; 2.1.3 only.
    pub jitter: i64,
    /// numwant_limit.
    pub numwant: usize,
    /// keepalive_timeout above 0.
    pub keep_alive: bool,
    /// Whether the fault that hides a second seeder is there.
    pub hide_second_seeder: bool,
    /// Where it listens; the real one listens everywhere.
    pub ip: IpAddr,
}

impl Default for OcelotOptions {
    fn default() -> Self {
        Self {
            version: OcelotVersion::V1_0,
            secret: "SecretSecretSecretSecretSecret32".to_owned(),
            report: "ReportReportReportReportReport32".to_owned(),
            interval: 1800,
            jitter: 240,
            numwant: 50,
            keep_alive: false,
            hide_second_seeder: true,
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }
}

/// A running fake.
#[derive(Debug)]
pub struct FakeOcelot {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl FakeOcelot {
    /// Starts one with an empty database.
    #[must_use]
    pub fn start(options: OcelotOptions) -> Self {
        let ip = options.ip;
        let state = Arc::new(Mutex::new(State::new(options)));
        let shared = Arc::clone(&state);
        let server = Server::start(ip, 4096, move |raw| handle(&mut shared.lock().unwrap(), raw));
        Self { server, state }
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

    /// The announce URL for a passkey.
    #[must_use]
    pub fn announce_url(&self, passkey: &str) -> String {
        format!("{}/{passkey}/announce", self.base())
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

    /// Changes the site's database; the tracker sees it at the next SIGUSR1 or restart.
    pub fn database(&self, change: impl FnOnce(&mut Database)) {
        change(&mut self.state.lock().unwrap().database);
    }

    /// Changes the database and what the tracker has in memory: as if it had been started with it.
    pub fn both(&self, change: impl Fn(&mut Database)) {
        let mut state = self.state.lock().unwrap();
        change(&mut state.database);
        change(&mut state.memory);
    }

    /// What it has in memory.
    #[must_use]
    pub fn memory(&self) -> Database {
        self.state.lock().unwrap().memory.clone()
    }

    /// SIGUSR1: torrents, users and whitelist as the database has them.
    pub fn sigusr1(&self) {
        self.state.lock().unwrap().reload();
    }

    /// A restart: as SIGUSR1, and no peers.
    pub fn restart(&self) {
        self.state.lock().unwrap().restart();
    }

    /// After SIGTERM: nothing but the 39 bytes of "temporarily unavailable".
    pub fn drain(&self, draining: bool) {
        self.state.lock().unwrap().draining = draining;
    }

    /// Peers of a torrent as `(seeders, leechers)`.
    #[must_use]
    pub fn peers(&self, infohash: &[u8]) -> (usize, usize) {
        self.state.lock().unwrap().swarms.get(infohash).map_or((0, 0), state::Swarm::counts)
    }
}

/// Content type, body, and whether it may be packed.
struct Content {
    kind: &'static str,
    body: Vec<u8>,
    may_gzip: bool,
}

impl Content {
    fn plain(body: impl Into<Vec<u8>>) -> Self {
        Self { kind: "text/plain", body: body.into(), may_gzip: false }
    }

    fn failure(text: &str) -> Self {
        let length = text.len();
        Self::plain(format!("d14:failure reason{length}:{text}12:min intervali5400e8:intervali5400ee"))
    }
}

fn handle(state: &mut State, raw: &Raw) -> Answer {
    let content = respond(state, raw);
    let version = state.options.version;
    let old = version == OcelotVersion::V1_0;
    let close = match raw.header("connection") {
        _ if !state.options.keep_alive => true,
        None => !raw.line().ends_with("HTTP/1.1"),
        Some(value) => value != "Keep-Alive",
    };
    let packed =
        content.may_gzip && raw.header("accept-encoding").is_some_and(|value| value.contains("gzip"));
    let body = if packed {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&content.body).expect("gzip");
        encoder.finish().expect("gzip")
    } else {
        content.body
    };
    let server = if old { "Ocelot 1.0" } else { "Ocelot 2.1.3" };
    let mut head = format!("HTTP/1.1 200 OK\r\nServer: {server}\r\nContent-Type: {}\r\n", content.kind);
    if packed {
        head += "Content-Encoding: gzip\r\n";
    }
    let connection = if close { "Connection: Close\r\n" } else { "" };
    let length = format!("Content-Length: {}\r\n", body.len());
    head += &if old { format!("{connection}{length}") } else { format!("{length}{connection}") };
    head += "\r\n";
    Answer { bytes: [head.as_bytes(), &body].concat(), keep: !close }
}

fn respond(state: &mut State, raw: &Raw) -> Content {
    let input = &raw.bytes;
    if state.draining {
        return Content::failure("The tracker is temporarily unavailable.");
    }
    if input.len() < 60 {
        return Content::failure("GET string too short");
    }
    if input.len() > 4096 {
        return Content::failure("GET string too long");
    }
    // `GET /`, 32 characters, `/`, and the letter of the action.
    if !input.starts_with(b"GET /") || input[37] != b'/' {
        return Content::failure("Malformed announce");
    }
    let key = String::from_utf8_lossy(&input[5..37]).into_owned();
    let action = input[38];
    let word = match action {
        b'a' => "announce",
        b's' | b'u' | b'r' => "scrape",
        _ => "",
    };
    let after = 38 + word.len();
    if word.is_empty() || input.get(after) != Some(&b'?') {
        let body =
            b"<html><head><title>Ocelot</title></head><body>Nothing to see here</body></html>".to_vec();
        return Content { kind: "text/html", body, may_gzip: false };
    }
    let query = &input[after + 1..];
    let query = &query[..query.iter().position(|byte| *byte == b' ').unwrap_or(query.len())];
    let params = Params::read(query);
    match action {
        b'u' if key != state.options.secret => Content::failure("Authentication failure"),
        b'u' => update::update(state, &params),
        b'r' if key != state.options.report => Content::failure("Authentication failure"),
        b'r' => report::report(state, &params),
        _ if !state.memory.users.contains_key(&key) => Content::failure("Passkey not found"),
        b's' => announce::scrape(state, &params),
        _ => announce::announce(state, &key, &params, raw),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
