//! A small HTTP tracker for tests: answers every announce with what it was told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

/// A tracker on a port of its own.
pub(crate) struct TestTracker {
    address: SocketAddr,
    answer: Arc<Mutex<Vec<u8>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TestTracker {
    /// One that has no peers for anybody.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer = Arc::new(Mutex::new(b"d8:intervali1800e5:peers0:e".to_vec()));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answers, log) = (Arc::clone(&answer), Arc::clone(&asked));
        // Ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = [0; 4096];
                let count = stream.read(&mut request).unwrap_or_default();
                let line =
                    String::from_utf8_lossy(&request[..count]).lines().next().unwrap_or_default().to_owned();
                log.lock().unwrap().push(line);
                let body = answers.lock().unwrap().clone();
                let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let _gone = stream.write_all(&[head.as_bytes(), &body].concat());
            }
        });
        Self { address, answer, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/announce", self.address)
    }

    /// From now on it refuses.
    pub(crate) fn refuse(&self, reason: &str) {
        *self.answer.lock().unwrap() = format!("d14:failure reason{}:{reason}e", reason.len()).into_bytes();
    }

    /// The request lines it got.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}
