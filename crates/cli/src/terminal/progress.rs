//! Progress of one long action.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::Console;
use crate::sanitize;
use crate::terminal::human;

/// Between two lines of one action when there is no terminal: enough to show life, too little to fill a log.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Progress in bytes. Threads share it by reference.
#[derive(Debug)]
pub struct Progress {
    label: String,
    console: Console,
    bar: Option<ProgressBar>,
    done: AtomicU64,
    total: AtomicU64,
    last_line: Mutex<Instant>,
}

impl Console {
    /// Progress of one long action: a bar on a terminal, a line at most every 30 s elsewhere.
    /// `total` in bytes, 0 if not known yet.
    #[must_use]
    pub fn progress(&self, label: &str, total: u64) -> Progress {
        Progress::start(self, label, total)
    }
}

impl Progress {
    fn start(console: &Console, label: &str, total: u64) -> Self {
        let label = sanitize(label);
        let bar = console.bars().map(|bars| bars.add(ProgressBar::new(total).with_prefix(label.clone())));
        if let Some(bar) = &bar {
            let template =
                "{prefix} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
        }
        Self {
            label,
            console: console.clone(),
            bar,
            done: AtomicU64::new(0),
            total: AtomicU64::new(total),
            last_line: Mutex::new(Instant::now()),
        }
    }

    /// The total, once it is known.
    pub fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.set_length(total);
        }
    }

    /// More bytes are done.
    pub fn advance(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.show(done, "");
    }

    /// So many bytes are done in all; `note` says more, e.g. "2 of 3 hosts complete".
    pub fn set(&self, done: u64, note: &str) {
        self.done.store(done, Ordering::Relaxed);
        self.show(done, note);
    }

    fn show(&self, done: u64, note: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            if !note.is_empty() {
                bar.set_message(sanitize(note));
            }
            return;
        }
        let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() < HEARTBEAT {
            return;
        }
        *last = Instant::now();
        drop(last);
        let total = self.total.load(Ordering::Relaxed);
        let gap = if note.is_empty() { "" } else { ", " };
        self.console.say(format!(
            "{} {} of {}{gap}{note}",
            self.label,
            human::bytes(done),
            human::bytes(total)
        ));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
