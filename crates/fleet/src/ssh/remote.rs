//! A host over SSH.

use std::sync::Arc;
use std::time::Duration;

use super::connect::connect;
use super::exec::exec;
use super::link::Link;
use super::options::SshOptions;
use super::process::SshProcess;
use super::stream::SshStream;
use super::upload::upload;
use crate::remote::{ByteStream, Output, Process, Remote};
use crate::{Argv, Error, Host, HostName, RemotePath};

/// One authenticated session. Commands, files and sockets are channels of it.
pub struct SshRemote {
    link: Arc<Link>,
}

impl SshRemote {
    /// Dials `host`, checks its key against known_hosts, logs in.
    ///
    /// # Errors
    /// The errors of [`Error`] between `ReadIdentity` and `AuthRefused`, `TimedOut`, `Interrupted`.
    pub fn connect(host: &Host, options: &SshOptions) -> Result<Self, Error> {
        Ok(Self { link: Arc::new(connect(host, options)?) })
    }
}

impl Remote for SshRemote {
    fn name(&self) -> &HostName {
        &self.link.host
    }

    fn exec(&self, argv: &Argv, stdin: &[u8], timeout: Duration) -> Result<Output, Error> {
        exec(&self.link, argv, stdin, timeout)
    }

    fn spawn(&self, argv: &Argv) -> Result<Box<dyn Process>, Error> {
        Ok(Box::new(SshProcess::start(&self.link, argv)?))
    }

    fn upload(&self, bytes: &[u8], path: &RemotePath) -> Result<(), Error> {
        upload(&self.link, bytes, path)
    }

    fn unix_socket(&self, path: &RemotePath) -> Result<Box<dyn ByteStream>, Error> {
        Ok(Box::new(SshStream::open(&self.link, path)?))
    }
}
