//! A host over SSH.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use inventory::{Host, HostName, RemotePath};

use super::connect::connect;
use super::exec::exec;
use super::link::Link;
use super::options::SshOptions;
use super::process::SshProcess;
use super::stream::SshStream;
use super::upload::upload;
use crate::access::{ByteStream, Output, Process, Remote};
use crate::{Argv, HostError, HostFault};

/// What a session that has ended may take to be forgotten.
const MOMENT: Duration = Duration::from_millis(200);

/// An authenticated session. Commands, files and sockets are channels of it; where sshd allows fewer at a time than are needed
/// (MaxSessions), there are more sessions.
pub struct SshRemote {
    host: Host,
    options: SshOptions,
    /// At least one.
    links: Mutex<Vec<Arc<Link>>>,
}

impl SshRemote {
    /// Dials `host`, checks its key against known_hosts, logs in.
    ///
    /// # Errors
    /// Every reason why there is no authenticated session with the right server.
    pub fn connect(host: &Host, options: &SshOptions) -> Result<Self, HostError> {
        let link = Arc::new(connect(host, options)?);
        Ok(Self { host: host.clone(), options: options.clone(), links: Mutex::new(vec![link]) })
    }

    /// Does `call` on the first session that has room for it; on a new one if none has.
    fn on_link<T>(&self, call: impl Fn(&Arc<Link>) -> Result<T, HostError>) -> Result<T, HostError> {
        for link in self.links().iter().filter(|link| link.has_room()) {
            match call(link) {
                Err(HostError { kind: HostFault::NoSession { open, .. }, .. }) if open > 0 => {}
                // The last one may not have ended over there.
                Err(HostError { kind: HostFault::NoSession { .. }, .. }) if link.had_sessions() => {
                    thread::sleep(MOMENT);
                    match call(link) {
                        Err(HostError { kind: HostFault::NoSession { .. }, .. }) => {}
                        result => return result,
                    }
                }
                result => return result,
            }
        }
        log::debug!(
            "{}: sshd allows no more sessions in one connection, so there is one more",
            self.host.name
        );
        let link = Arc::new(connect(&self.host, &self.options)?);
        self.lock().push(Arc::clone(&link));
        call(&link)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Link>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn links(&self) -> Vec<Arc<Link>> {
        self.lock().clone()
    }
}

impl Remote for SshRemote {
    fn name(&self) -> &HostName {
        &self.host.name
    }

    fn exec(&self, argv: &Argv, stdin: &[u8], timeout: Duration) -> Result<Output, HostError> {
        self.on_link(|link| exec(link, argv, stdin, timeout))
    }

    fn spawn(&self, argv: &Argv) -> Result<Box<dyn Process>, HostError> {
        self.on_link(|link| Ok(Box::new(SshProcess::start(link, argv)?) as Box<dyn Process>))
    }

    fn upload(&self, bytes: &[u8], path: &RemotePath) -> Result<(), HostError> {
        self.on_link(|link| upload(link, bytes, path))
    }

    fn unix_socket(&self, path: &RemotePath) -> Result<Box<dyn ByteStream>, HostError> {
        let link = self.links().into_iter().next();
        let link = link.ok_or_else(|| {
            HostFault::Socket { path: path.to_string(), detail: "there is no session".to_owned() }
                .at(&self.host.name)
        })?;
        Ok(Box::new(SshStream::open(&link, path)?))
    }

    fn noise(&self) -> Option<String> {
        self.links().iter().find_map(|link| link.noise())
    }
}
