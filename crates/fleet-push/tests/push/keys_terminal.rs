//! `fleet-push keys scan --add` with a person at a terminal.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use e2e::eventually;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::door::Door;
use crate::keys::extend;
use crate::needs_peers;
use crate::published::Published;

const SOON: Duration = Duration::from_secs(20);

/// The program with a terminal, and what a person would see on it.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn scan(published: &Published) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_fleet-push"))
            .args(["keys", "scan", "--fleet", "fleet.toml", "--add"])
            .current_dir(published.dir.path())
            .env("HOME", published.dir.path())
            .env_remove("MKT_KNOWN_HOSTS")
            .env_remove("MKT_IDENTITY")
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave)
            .spawn()
            .unwrap();
        let keyboard = File::from(master);
        let (mut reader, screen) = (keyboard.try_clone().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let shown = Arc::clone(&screen);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // EIO once nobody has the other end open.
            while let Ok(count) = reader.read(&mut buffer) {
                shown.lock().unwrap().extend(&buffer[..count]);
            }
        });
        Self { child, keyboard, screen }
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    /// Waits until `words` have been shown `times`.
    fn wait_for(&self, words: &str, times: usize) {
        eventually(words, SOON, || (self.screen().matches(words).count() >= times).then_some(()));
    }

    fn type_line(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn ends(mut self) -> (Option<i32>, String) {
        let code = eventually("the end", SOON, || self.child.try_wait().unwrap());
        (code.code(), self.screen())
    }
}

fn known(published: &Published) -> String {
    fs::read_to_string(published.path("known_hosts")).unwrap()
}

#[test]
fn a_person_types_what_the_host_s_console_shows() {
    needs_peers!();
    let published = Published::new("");
    let doors = ["web1", "web2", "web3"].map(|name| Door::open(&published, name));
    extend(&published, &doors.iter().map(Door::table).collect::<String>());
    let mut terminal = Terminal::scan(&published);
    let question = "type or paste one of the fingerprints";

    // By habit: it is asked again, three times at most.
    terminal.wait_for(question, 1);
    for number in 1..=3 {
        terminal.type_line("yes");
        terminal.wait_for("`yes` is no answer", number);
    }
    // The key of somebody else, as a man in the middle would have it, is not added for this host.
    terminal.wait_for(question, 4);
    assert!(!terminal.screen().contains("SHA256:a") && !terminal.screen().contains(&doors[1].fingerprint()));
    terminal.type_line(&doors[0].fingerprint());
    terminal.wait_for("who answers there may be somebody else", 1);
    // The whole line of ssh-keygen.
    terminal.wait_for(question, 5);
    assert!(!terminal.screen().contains(&doors[2].fingerprint()), "the answer is on the screen");
    terminal.type_line(doors[2].console().trim_end());
    let (code, screen) = terminal.ends();
    assert_eq!(code, Some(30), "{screen}");
    assert_eq!(known(&published), doors[2].known_host());
    assert!(screen.contains("not trusted: web1 (new), web2 (new)"), "{screen}");

    // Enter leaves one out, the end of input all.
    let mut terminal = Terminal::scan(&published);
    terminal.wait_for(question, 1);
    terminal.type_line("");
    terminal.wait_for(question, 2);
    terminal.keyboard.write_all(&[4]).unwrap();
    let (code, screen) = terminal.ends();
    assert_eq!(
        (code, screen.matches(question).count()),
        (Some(30), 2),
        "who is trusted is not asked about: {screen}"
    );
    assert_eq!(known(&published), doors[2].known_host());
}

#[test]
fn a_question_can_be_aborted_and_what_was_answered_before_is_kept() {
    needs_peers!();
    let published = Published::new("");
    let doors = ["web1", "web2"].map(|name| Door::open(&published, name));
    extend(&published, &doors.iter().map(Door::table).collect::<String>());
    let mut terminal = Terminal::scan(&published);
    terminal.wait_for("type or paste", 1);
    terminal.type_line(&doors[0].fingerprint());
    terminal.wait_for("type or paste", 2);
    let asked = Instant::now();
    let pid = terminal.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let (code, screen) = terminal.ends();
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(code, Some(143), "{screen}");
    assert_eq!(known(&published), doors[0].known_host());
}
