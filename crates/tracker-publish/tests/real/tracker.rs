//! A tracker open to every torrent: answers each announce with what it was told to, and meets every fault.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use e2e::fakes::server::{Answer, Raw, Server};

/// A tracker on a port of its own.
pub(crate) struct TestTracker {
    server: Server,
    answer: Arc<Mutex<String>>,
}

impl TestTracker {
    /// One that has no peers for anybody.
    pub(crate) fn start() -> Self {
        let answer = Arc::new(Mutex::new("d8:intervali1800e5:peers0:e".to_owned()));
        let answers = Arc::clone(&answer);
        let server = Server::start(IpAddr::V4(Ipv4Addr::LOCALHOST), 1 << 16, move |_| {
            let body = answers.lock().unwrap().clone();
            let bytes = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            Answer { bytes: bytes.into_bytes(), keep: false }
        });
        Self { server, answer }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/announce", self.server.address())
    }

    /// From now on it refuses.
    pub(crate) fn refuse(&self, reason: &str) {
        *self.answer.lock().unwrap() = format!("d14:failure reason{}:{reason}e", reason.len());
    }

    /// For faults.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// The request lines it got.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.server.requests().iter().map(Raw::line).collect()
    }
}
