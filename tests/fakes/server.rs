//! A TCP server for fakes: one thread a connection, every request kept, and the faults that networks have.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What goes wrong between the fake and its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The answer comes late.
    Slow(Duration),
    /// The answer comes byte for byte, with so much time between: no single read is slow.
    Drip(Duration),
    /// The request is carried out, and the connection reset instead of an answer.
    LoseReply,
    /// The connection is reset after so many bytes of the answer.
    Reset(usize),
    /// The connection is closed after so many bytes of the answer.
    Cut(usize),
    /// A page of some web server instead of an answer; the request is not carried out.
    Html,
    /// A page that repeats the request with all its headers, as servers do that say what they could not find.
    EchoPage,
    /// The same as ajax.php says that something failed.
    EchoJson,
    /// The same as a tracker says that something failed.
    EchoFailure,
    /// So many bytes instead of an answer; the request is not carried out.
    Huge(usize),
}

/// A request as it came, and who sent it.
#[derive(Debug, Clone)]
pub struct Raw {
    /// Head and body.
    pub bytes: Vec<u8>,
    /// Its sender.
    pub from: SocketAddr,
}

impl Raw {
    /// The first line.
    #[must_use]
    pub fn line(&self) -> String {
        let end = self.bytes.iter().position(|byte| *byte == b'\r').unwrap_or(self.bytes.len());
        String::from_utf8_lossy(&self.bytes[..end]).into_owned()
    }

    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let head = String::from_utf8_lossy(&self.bytes);
        head.split("\r\n").skip(1).take_while(|line| !line.is_empty()).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.to_ascii_lowercase() == name).then(|| value.trim().to_owned())
        })
    }

    /// What follows the head.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        let end = self.bytes.windows(4).position(|four| four == b"\r\n\r\n");
        end.map_or(&[], |end| &self.bytes[end + 4..])
    }
}

/// An answer, and whether the connection stays open after it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Head and body.
    pub bytes: Vec<u8>,
    /// Whether another request may come over the connection.
    pub keep: bool,
}

type Handler = dyn Fn(&Raw) -> Answer + Send + Sync;

/// What the server and its threads share.
struct Shared {
    handler: Box<Handler>,
    largest: usize,
    requests: Mutex<Vec<Raw>>,
    faults: Mutex<Vec<(String, Fault, usize)>>,
    closing: AtomicBool,
}

/// A server on an address of its own; ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Server {
    /// Listens on a port of `ip` and answers with `handler`; requests longer than `largest` bytes are handed over cut.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn start(
        ip: IpAddr,
        largest: usize,
        handler: impl Fn(&Raw) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            largest,
            requests: Mutex::default(),
            faults: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        let listener = TcpListener::bind(SocketAddr::new(ip, 0)).expect("a port for the fake");
        let address = listener.local_addr().expect("the fake's address");
        let thread = Mutex::new(Some(shared.listen(listener)));
        Self { address, shared, thread }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on connections are refused.
    pub fn down(&self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // Wakes the listener; it looks at the flag then.
        drop(TcpStream::connect(self.address));
        let thread = self.thread.lock().unwrap().take();
        if let Some(thread) = thread {
            thread.join().expect("the fake's listener");
        }
    }

    /// Listens (again), at the same address.
    ///
    /// # Panics
    /// When it cannot.
    pub fn up(&self) {
        let listener = TcpListener::bind(self.address).expect("the fake's port");
        self.shared.closing.store(false, Ordering::SeqCst);
        *self.thread.lock().unwrap() = Some(self.shared.listen(listener));
    }

    /// The next `times` requests whose first line holds `only` meet this fault.
    pub fn fault(&self, only: &str, fault: Fault, times: usize) {
        self.shared.faults.lock().unwrap().push((only.to_owned(), fault, times));
    }

    /// No faults any more.
    pub fn heal(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Raw> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// First lines of requests that hold `part`.
    #[must_use]
    pub fn lines(&self, part: &str) -> Vec<String> {
        self.requests().iter().map(Raw::line).filter(|line| line.contains(part)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.down();
    }
}

impl Shared {
    fn listen(self: &Arc<Self>, listener: TcpListener) -> JoinHandle<()> {
        let shared = Arc::clone(self);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.closing.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&shared);
                // A client that has gone is no fault of the fake.
                thread::spawn(move || stream.map(|stream| shared.serve(stream)).ok());
            }
        })
    }

    fn serve(&self, mut stream: TcpStream) {
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok();
        loop {
            let Some(raw) = self.read(&mut stream) else { return };
            self.requests.lock().unwrap().push(raw.clone());
            let keep = match self.take_fault(&raw.line()) {
                None => self.send(&mut stream, &raw, usize::MAX, false),
                Some(Fault::Slow(time)) => {
                    thread::sleep(time);
                    self.send(&mut stream, &raw, usize::MAX, false)
                }
                Some(Fault::Drip(pause)) => self.drip(&mut stream, &raw, pause),
                Some(Fault::LoseReply) => self.send(&mut stream, &raw, 0, true),
                Some(Fault::Reset(bytes)) => self.send(&mut stream, &raw, bytes, true),
                Some(Fault::Cut(bytes)) => self.send(&mut stream, &raw, bytes, false),
                Some(Fault::Html) => {
                    let page = "<!DOCTYPE html>\n<html><body><h1>It works!</h1></body></html>\n";
                    stream.write_all(&instead("text/html", page)).ok();
                    false
                }
                Some(fault @ (Fault::EchoPage | Fault::EchoJson | Fault::EchoFailure)) => {
                    stream.write_all(&echo(&raw, fault)).ok();
                    false
                }
                Some(Fault::Huge(bytes)) => {
                    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";
                    stream.write_all(head.as_bytes()).ok();
                    let mut left = bytes;
                    while left > 0 && stream.write_all(&[b'd'; 65536][..left.min(65536)]).is_ok() {
                        left = left.saturating_sub(65536);
                    }
                    false
                }
            };
            if !keep {
                return;
            }
        }
    }

    /// Sends at most `most` bytes of the answer; tells whether the connection stays open.
    fn send(&self, stream: &mut TcpStream, raw: &Raw, most: usize, reset: bool) -> bool {
        let answer = (self.handler)(raw);
        let bytes = &answer.bytes[..most.min(answer.bytes.len())];
        let sent = stream.write_all(bytes).is_ok();
        if reset {
            // Closing with a linger time of 0 sends RST instead of FIN (socket(7)).
            rustix::net::sockopt::set_socket_linger(&*stream, Some(Duration::ZERO)).ok();
        }
        sent && !reset && answer.keep && bytes.len() == answer.bytes.len()
    }

    fn drip(&self, stream: &mut TcpStream, raw: &Raw, pause: Duration) -> bool {
        for byte in (self.handler)(raw).bytes {
            if stream.write_all(&[byte]).is_err() {
                break;
            }
            thread::sleep(pause);
        }
        false
    }

    fn take_fault(&self, line: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let (_, fault, times) =
            faults.iter_mut().find(|(only, _, times)| *times > 0 && line.contains(only.as_str()))?;
        *times -= 1;
        Some(*fault)
    }

    /// A whole request, or as much as `largest` allows; nothing when the client closed.
    fn read(&self, stream: &mut TcpStream) -> Option<Raw> {
        let from = stream.peer_addr().ok()?;
        let mut raw = Raw { bytes: Vec::new(), from };
        let mut buffer = [0; 65536];
        loop {
            let head = raw.bytes.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(head) = head {
                let length = raw.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
                if raw.bytes.len() >= head + 4 + length {
                    return Some(raw);
                }
            }
            if raw.bytes.len() > self.largest {
                return Some(raw);
            }
            match stream.read(&mut buffer) {
                Ok(count) if count > 0 => raw.bytes.extend(&buffer[..count]),
                _ => return None,
            }
        }
    }
}

/// An answer of some other server.
fn instead(kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn echo(raw: &Raw, fault: Fault) -> Vec<u8> {
    let head = String::from_utf8_lossy(&raw.bytes[..raw.bytes.len() - raw.body().len()]).into_owned();
    let form = String::from_utf8_lossy(&raw.body()[..raw.body().len().min(600)]).into_owned();
    let said = format!("not found: {} {form}", head.replace(['\r', '\n'], " "));
    match fault {
        Fault::EchoJson => {
            let text = serde_json::json!({ "status": "failure", "error": said }).to_string();
            instead("application/json", &text)
        }
        Fault::EchoFailure => instead("text/plain", &format!("d14:failure reason{}:{said}e", said.len())),
        _ => instead("text/html", &format!("<html><title>{said}</title><body>{said}</body></html>")),
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.address)
    }
}
