//! This machine as a host: for `local = true`.

mod local_process;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use inventory::{HostName, RemotePath};

use self::local_process::LocalProcess;
use crate::{Argv, ByteStream, HostError, HostFault, Interrupt, Output, Process, Remote};

/// Runs commands and writes files on this machine.
#[derive(Debug)]
pub struct LocalRemote {
    name: HostName,
    interrupt: Interrupt,
}

impl LocalRemote {
    /// This machine under the name `name`.
    pub fn new(name: HostName, interrupt: Interrupt) -> Self {
        Self { name, interrupt }
    }

    fn start(&self, argv: &Argv) -> Result<LocalProcess, HostError> {
        let program = argv.program_name().to_owned();
        if argv.to_shell().is_none() {
            return Err(HostFault::NulInArgument { program }.at(&self.name));
        }
        let (command, arguments) = match argv.as_slice().split_first() {
            Some((command, arguments)) => (command.as_str(), arguments),
            None => ("", &[][..]),
        };
        Command::new(command)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map(|child| LocalProcess::new(self.name.clone(), program.clone(), child))
            .map_err(|source| HostFault::Run { program, source }.at(&self.name))
    }
}

impl Remote for LocalRemote {
    fn name(&self) -> &HostName {
        &self.name
    }

    fn exec(&self, argv: &Argv, stdin: &[u8], timeout: Duration) -> Result<Output, HostError> {
        self.start(argv)?.run(stdin, Instant::now() + timeout, timeout, &self.interrupt)
    }

    fn spawn(&self, argv: &Argv) -> Result<Box<dyn Process>, HostError> {
        Ok(Box::new(self.start(argv)?))
    }

    fn upload(&self, bytes: &[u8], path: &RemotePath) -> Result<(), HostError> {
        replace(bytes, path).map_err(|error| {
            HostFault::Upload { path: path.to_string(), detail: error.to_string() }.at(&self.name)
        })
    }

    fn unix_socket(&self, path: &RemotePath) -> Result<Box<dyn ByteStream>, HostError> {
        let open = || {
            let stream = UnixStream::connect(path.as_path())?;
            stream.set_read_timeout(Some(Duration::from_secs(30)))?;
            stream.set_write_timeout(Some(Duration::from_secs(30)))?;
            Ok(stream)
        };
        match open() {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error @ io::Error { .. }) => {
                Err(HostFault::Socket { path: path.to_string(), detail: error.to_string() }.at(&self.name))
            }
        }
    }
}

/// Writes beside `path`, then renames.
fn replace(bytes: &[u8], path: &RemotePath) -> io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let serial = COUNT.fetch_add(1, Ordering::Relaxed);
    let directory = Path::new(path.parent());
    let temporary = directory.join(format!(".{}.{}-{serial}.tmp", path.file_name(), process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path.as_path())?;
        File::open(directory)?.sync_all()
    };
    write().inspect_err(|_| {
        let _nothing_to_remove = fs::remove_file(&temporary);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LineRead, Status};

    fn here() -> LocalRemote {
        LocalRemote::new("here".parse().unwrap(), Interrupt::never())
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[test]
    fn runs_an_argv_without_a_shell() {
        let argv = Argv::new("printf").arg("%s|%s").args(["$(id) 'x'", "a\nb"]);
        let output = here().exec(&argv, b"", Duration::from_secs(10)).unwrap();
        assert_eq!((output.status, output.stdout), (Status::Exited(0), b"$(id) 'x'|a\nb".to_vec()));
    }

    #[test]
    fn feeds_and_reads_more_than_a_pipe_holds() {
        let bytes = vec![b'x'; 1 << 20];
        let output = here().exec(&Argv::new("cat"), &bytes, Duration::from_secs(20)).unwrap();
        assert_eq!((output.stdout.len(), output.stdout_cut), (bytes.len(), false));
        // A command that does not read its input is not an error.
        let output = here().exec(&Argv::new("true"), &bytes, Duration::from_secs(20)).unwrap();
        assert!(output.status.success());
    }

    #[test]
    fn bounds_time() {
        let began = Instant::now();
        let error = here().exec(&Argv::new("sleep").arg("60"), b"", Duration::from_millis(200)).unwrap_err();
        assert!(matches!(error, HostError { kind: HostFault::TimedOut { .. }, .. }), "{error}");
        assert!(began.elapsed() < Duration::from_secs(5));
        let stopped = LocalRemote::new("here".parse().unwrap(), Interrupt::new(|| true));
        let error = stopped.exec(&Argv::new("sleep").arg("60"), b"", Duration::from_secs(60)).unwrap_err();
        assert!(matches!(error, HostError { kind: HostFault::Interrupted { .. }, .. }), "{error}");
    }

    #[test]
    fn talks_line_by_line() {
        let script = "echo ready; read answer; echo \"got $answer\"; cat >/dev/null; echo no >&2; exit 40";
        let mut process = here().spawn(&Argv::new("sh").arg("-c").arg(script)).unwrap();
        assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("ready".into()));
        let brief = Instant::now() + Duration::from_millis(50);
        assert_eq!(process.read_line(brief).unwrap(), LineRead::TimedOut);
        process.write(b"commit\n", soon()).unwrap();
        assert_eq!(process.read_line(soon()).unwrap(), LineRead::Line("got commit".into()));
        process.close_stdin().unwrap();
        assert_eq!(process.read_line(soon()).unwrap(), LineRead::End);
        assert_eq!(process.wait(soon()).unwrap(), Status::Exited(40));
        assert_eq!(process.stderr(), "no\n");
    }

    #[test]
    fn replaces_a_file_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path: RemotePath = dir.path().join("a.torrent").to_str().unwrap().parse().unwrap();
        here().upload(b"first", &path).unwrap();
        here().upload(b"second", &path).unwrap();
        assert_eq!(fs::read(path.as_path()).unwrap(), b"second");
        let missing = path.join("below/a").unwrap();
        assert!(here().upload(b"x", &missing).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_program_or_socket_is_named() {
        let error = here().exec(&Argv::new("/nowhere/swap"), b"", Duration::from_secs(1)).unwrap_err();
        assert!(error.to_string().contains("`swap`"), "{error}");
        let Err(error) = here().unix_socket(&"/nowhere/rpc.sock".parse().unwrap()) else { panic!("opened") };
        assert!(error.to_string().contains("`/nowhere/rpc.sock`"), "{error}");
    }
}
