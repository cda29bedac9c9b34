//! A connection to a host that a command makes for us (ProxyCommand of ssh_config(5)).

use std::env;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;

use inventory::Host;

/// A socket whose other end is standard input and output of the command. The command ends when its input does.
///
/// # Errors
/// It could not be started.
pub(super) fn open(host: &Host) -> io::Result<UnixStream> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let output: OwnedFd = theirs.try_clone()?.into();
    let command = host.way.proxy_command.as_deref().unwrap_or_default();
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("exec {}", line(command, host))])
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::from(output))
        .spawn()?;
    // Nobody else waits for it.
    thread::Builder::new().name(format!("proxy to {}", host.name)).spawn(move || child.wait())?;
    Ok(ours)
}

/// The command with its tokens.
fn line(command: &str, host: &Host) -> String {
    let mut line = String::new();
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            line.push(c);
            continue;
        }
        match chars.next() {
            Some('%') => line.push('%'),
            Some('h' | 'n' | 'k') => line.push_str(host.address.as_str()),
            Some('p') => line.push_str(&host.port.to_string()),
            Some('r') => line.push_str(host.user.as_str()),
            Some('d') => line.push_str(&env::var("HOME").unwrap_or_default()),
            Some('u') => line.push_str(&env::var("USER").unwrap_or_default()),
            other => line.extend(['%'].into_iter().chain(other)),
        }
    }
    line
}
