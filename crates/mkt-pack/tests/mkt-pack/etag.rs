//! A real nginx: the ETag of a page changes when its content does, and only then.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::sandbox::{Sandbox, find, missing, run};

struct Nginx {
    process: Child,
    socket: PathBuf,
}

impl Nginx {
    /// Serves whatever `current` in the sandbox leads to, on a socket that only this test knows.
    fn start(program: &Path, sandbox: &Sandbox) -> Self {
        let socket = sandbox.path("nginx.sock");
        let state = sandbox.path("nginx");
        fs::create_dir(&state).unwrap();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {}/{kind};", state.display()));
        // A worker of root's nginx is somebody else, who may not enter a temporary directory.
        let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
        let config = format!(
            "daemon off; {user} pid {0}/pid; error_log {0}/error.log; events {{}}\n\
             http {{ access_log off; {1} server {{ listen unix:{2}; root {3}; }} }}",
            state.display(),
            temporary.join(" "),
            socket.display(),
            sandbox.path("current").display()
        );
        let path = state.join("nginx.conf");
        fs::write(&path, config).unwrap();
        let mut command = Command::new(program);
        command.arg("-e").arg(state.join("error.log")).arg("-c").arg(path);
        let process = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let nginx = Self { process, socket };
        for _ in 0..200 {
            if UnixStream::connect(&nginx.socket).is_ok() {
                return nginx;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("{}", fs::read_to_string(state.join("error.log")).unwrap_or_default());
    }

    /// ETag and Last-Modified of one path.
    fn validators(&self, path: &str) -> (String, String) {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        write!(stream, "GET /{path} HTTP/1.0\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let header = |name: &str| {
            let line = answer.lines().find(|line| line.starts_with(name));
            line.unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned()
        };
        (header("ETag:"), header("Last-Modified:"))
    }
}

impl Drop for Nginx {
    /// The master ends its workers on SIGTERM; a killed one would leave them.
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}

/// Packs, unpacks and makes live; gives what a browser sees of every page.
fn release(
    sandbox: &Sandbox,
    nginx: &Nginx,
    name: &str,
    time: &str,
    base: Option<&str>,
) -> BTreeMap<&'static str, (String, String)> {
    let mut command = sandbox.command(&["site", "--records", name]);
    if let Some(base) = base {
        command.args(["--base", &format!("{base}/pack.json")]);
    }
    run(command.env("SOURCE_DATE_EPOCH", time)).ok();
    let (payload, out) = (sandbox.named(name, "payload"), format!("out-{name}"));
    sandbox.run(&["unpack", payload.to_str().unwrap(), &out, "--record", &format!("{name}/pack.json")]).ok();
    let _ = fs::remove_file(sandbox.path("current"));
    symlink(out, sandbox.path("current")).unwrap();
    PAGES.into_iter().map(|page| (page, nginx.validators(page))).collect()
}

const PAGES: [&str; 5] = ["same.css", "same-size.css", "longer.css", "mode.js", "dir/same.js"];

#[test]
fn the_etag_changes_when_and_only_when_the_content_does() {
    let Some(program) = find("nginx") else { return missing("nginx") };
    let sandbox = Sandbox::new();
    for page in PAGES {
        sandbox.file(page, "body { color: red }", 0o644);
    }
    let nginx = Nginx::start(&program, &sandbox);
    let one = release(&sandbox, &nginx, "one", "1700000000", None);

    // Built again from another commit, nothing changed but the times on the agent.
    for page in PAGES {
        sandbox.file(page, "body { color: red }", 0o644);
    }
    assert_eq!(release(&sandbox, &nginx, "two", "1700000500", Some("one")), one);

    sandbox.file("same-size.css", "body { color: tan }", 0o644);
    sandbox.file("longer.css", "body { color: black }", 0o644);
    sandbox.file("mode.js", "body { color: red }", 0o755);
    // From the very same commit: a dirty work tree, or a dependency that moved.
    let three = release(&sandbox, &nginx, "three", "1700000000", Some("two"));
    let changed: Vec<_> = PAGES.into_iter().filter(|page| three[page].0 != one[page].0).collect();
    assert_eq!(changed, ["same-size.css", "longer.css"]);
    for page in changed {
        assert_ne!(three[page].1, one[page].1, "Last-Modified of {page}");
    }

    // Without the release before, every ETag changes: this is what --base is for.
    let four = release(&sandbox, &nginx, "four", "1700009000", None);
    assert!(PAGES.into_iter().all(|page| four[page].0 != three[page].0));
}
