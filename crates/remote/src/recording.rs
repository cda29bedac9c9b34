//! A host that only writes down what is done to it: for tests of the order of effects.

use std::collections::VecDeque;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use inventory::{HostName, RemotePath};

use crate::{Argv, ByteStream, HostError, LineRead, Output, Process, Remote, Status};

/// One effect, in the order in which they happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// [`Remote::exec`].
    Exec(HostName, Argv, Vec<u8>),
    /// [`Remote::spawn`].
    Spawn(HostName, Argv),
    /// [`Process::write`] to a spawned command.
    Write(HostName, Vec<u8>),
    /// [`Process::close_stdin`].
    CloseStdin(HostName),
    /// [`Remote::upload`].
    Upload(HostName, RemotePath, Vec<u8>),
    /// [`Remote::unix_socket`].
    Socket(HostName, RemotePath),
}

/// What a recorded effect answers.
#[derive(Debug)]
pub enum Reply {
    /// Success: for exec, the status and standard output; for a spawned command its lines and, after the last, its
    /// status; for a socket the bytes to be read. Uploads take it as "written".
    Says(Status, Vec<u8>),
    /// The effect fails.
    Fails(HostError),
}

type Script = dyn Fn(&Effect) -> Reply + Send + Sync;

/// Records effects into a log that several hosts may share, and answers by a script.
#[derive(Clone)]
pub struct RecordingRemote {
    name: HostName,
    log: Arc<Mutex<Vec<Effect>>>,
    script: Arc<Script>,
}

impl RecordingRemote {
    /// A host that records into `log` and answers each effect by `script`.
    pub fn new(
        name: HostName,
        log: Arc<Mutex<Vec<Effect>>>,
        script: impl Fn(&Effect) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self { name, log, script: Arc::new(script) }
    }

    fn record(&self, effect: Effect) -> Result<(Status, Vec<u8>), HostError> {
        let reply = (self.script)(&effect);
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(effect);
        match reply {
            Reply::Says(status, bytes) => Ok((status, bytes)),
            Reply::Fails(error) => Err(error),
        }
    }
}

impl Remote for RecordingRemote {
    fn name(&self) -> &HostName {
        &self.name
    }

    fn exec(&self, argv: &Argv, stdin: &[u8], _timeout: Duration) -> Result<Output, HostError> {
        let (status, stdout) = self.record(Effect::Exec(self.name.clone(), argv.clone(), stdin.to_vec()))?;
        Ok(Output { status, stdout, stderr: Vec::new(), stdout_cut: false })
    }

    fn spawn(&self, argv: &Argv) -> Result<Box<dyn Process>, HostError> {
        let (status, stdout) = self.record(Effect::Spawn(self.name.clone(), argv.clone()))?;
        let lines = String::from_utf8_lossy(&stdout).lines().map(str::to_owned).collect();
        Ok(Box::new(RecordedProcess { remote: self.clone(), lines, status }))
    }

    fn upload(&self, bytes: &[u8], path: &RemotePath) -> Result<(), HostError> {
        self.record(Effect::Upload(self.name.clone(), path.clone(), bytes.to_vec())).map(|_| ())
    }

    fn unix_socket(&self, path: &RemotePath) -> Result<Box<dyn ByteStream>, HostError> {
        let (_, bytes) = self.record(Effect::Socket(self.name.clone(), path.clone()))?;
        Ok(Box::new(RecordedStream(Cursor::new(bytes))))
    }
}

struct RecordedProcess {
    remote: RecordingRemote,
    lines: VecDeque<String>,
    status: Status,
}

impl Process for RecordedProcess {
    fn read_line(&mut self, _deadline: Instant) -> Result<LineRead, HostError> {
        Ok(self.lines.pop_front().map_or(LineRead::End, LineRead::Line))
    }

    fn write(&mut self, bytes: &[u8], _deadline: Instant) -> Result<(), HostError> {
        self.remote.record(Effect::Write(self.remote.name.clone(), bytes.to_vec())).map(|_| ())
    }

    fn close_stdin(&mut self) -> Result<(), HostError> {
        self.remote.record(Effect::CloseStdin(self.remote.name.clone())).map(|_| ())
    }

    fn wait(&mut self, _deadline: Instant) -> Result<Status, HostError> {
        Ok(self.status.clone())
    }

    fn stderr(&self) -> String {
        String::new()
    }
}

/// Reads what the script gave, takes any write.
struct RecordedStream(Cursor<Vec<u8>>);

impl std::io::Read for RecordedStream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Write for RecordedStream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_logged_in_order_and_answered_by_the_script() {
        let log = Arc::default();
        let name: HostName = "web1".parse().unwrap();
        let remote = RecordingRemote::new(name.clone(), Arc::clone(&log), |effect| match effect {
            Effect::Upload(..) => Reply::Fails(
                crate::HostFault::Interrupted { step: "upload".into() }.at(&"web1".parse().unwrap()),
            ),
            Effect::Write(_, bytes) => Reply::Says(Status::Exited(0), bytes.clone()),
            _ => Reply::Says(Status::Exited(3), b"one\ntwo\n".to_vec()),
        });
        let path: RemotePath = "/srv/x".parse().unwrap();
        let argv = Argv::new("true");
        assert_eq!(remote.exec(&argv, b"in", Duration::ZERO).unwrap().status, Status::Exited(3));
        assert!(remote.upload(b"x", &path).is_err());
        let mut process = remote.spawn(&argv).unwrap();
        assert_eq!(process.read_line(Instant::now()).unwrap(), LineRead::Line("one".into()));
        process.write(b"commit\n", Instant::now()).unwrap();
        assert_eq!(
            *log.lock().unwrap(),
            [
                Effect::Exec(name.clone(), argv.clone(), b"in".to_vec()),
                Effect::Upload(name.clone(), path, b"x".to_vec()),
                Effect::Spawn(name.clone(), argv),
                Effect::Write(name, b"commit\n".to_vec()),
            ]
        );
    }
}
