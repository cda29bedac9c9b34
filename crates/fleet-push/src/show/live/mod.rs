//! The live table: how all hosts stand, for a terminal. A pure function of that and of the terminal's size, which stays
//! readable whether there are three hosts or a thousand: a summary, then every host, or those that are furthest behind,
//! and the failures.

use cli::human;
use record::HostPhase;

use crate::show::origin::Received;
use crate::show::words::copies;

/// Hosts that are shown one by one.
pub(crate) const SHOWN: usize = 10;
/// Failures that are shown beside them.
const FAILURES: usize = 5;
/// Columns of the longest name; a longer one would push everything else out.
const NAME: usize = 30;

/// One host.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) phase: HostPhase,
    /// Bytes of payload that it has.
    pub(crate) bytes: u64,
    /// Bytes a second, if known.
    pub(crate) rate: Option<u64>,
    /// Connected peers.
    pub(crate) peers: u32,
    /// Whom its bytes came from, if known.
    pub(crate) received: Option<Received>,
    pub(crate) error: Option<&'a str>,
}

/// All of them at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot<'a> {
    pub(crate) release: &'a str,
    /// Bytes of the payload.
    pub(crate) size: u64,
    /// In the order of the inventory.
    pub(crate) rows: Vec<Row<'a>>,
    /// Bytes that the seeder in this process has sent, if there is one.
    pub(crate) sent: Option<u64>,
}

impl Snapshot<'_> {
    /// The lines for a terminal of this size, none of them wider, and one fewer than it has, for the cursor.
    pub(crate) fn lines(&self, width: usize, height: usize) -> Vec<String> {
        let room = height.saturating_sub(1).max(1);
        let mut lines = vec![self.standing(), self.flow()];
        let left = room.saturating_sub(lines.len());
        // One line is the head of the table.
        if self.rows.len() <= SHOWN && self.rows.len() < left {
            lines.extend(self.table("host", self.rows.iter()));
        } else {
            let failed: Vec<&Row<'_>> =
                self.rows.iter().filter(|row| row.phase == HostPhase::Failed).collect();
            let failures = failures(&failed, FAILURES.min(left / 2));
            let slowest = self.slowest(SHOWN.min(left.saturating_sub(failures.len() + 1)));
            if !slowest.is_empty() {
                lines.extend(self.table("slowest", slowest.into_iter()));
            }
            lines.extend(failures);
        }
        lines.truncate(room);
        lines.iter().map(|line| cli::cut(line, width)).collect()
    }

    /// How many are how far.
    fn standing(&self) -> String {
        let count = |phase: HostPhase| self.rows.iter().filter(|row| row.phase == phase).count();
        let mut text = format!(
            "{}: {} of {} staged",
            cli::sanitize(self.release),
            count(HostPhase::Staged),
            self.rows.len()
        );
        for phase in HostPhase::ALL.into_iter().rev().filter(|phase| *phase != HostPhase::Staged) {
            match count(phase) {
                0 => {}
                some => text += &format!(", {some} {}", phase.as_str()),
            }
        }
        text
    }

    /// What flows.
    fn flow(&self) -> String {
        let sum = |of: &dyn Fn(&Row<'_>) -> u64| self.rows.iter().map(of).fold(0, u64::saturating_add);
        let all = self.size.saturating_mul(u64::try_from(self.rows.len()).unwrap_or(u64::MAX));
        let (have, rate) = (sum(&|row| row.bytes), sum(&|row| flowing(row).unwrap_or(0)));
        let mut text = format!("{} of {}, {}/s", percent(have, all), human::bytes(all), human::bytes(rate));
        if let Some(sent) = self.sent {
            text += &format!(", this machine sent {}", copies(sent, self.size));
        }
        text
    }

    /// Those under way that are least far; of those that are as far the one with fewer bytes, then the earlier one.
    fn slowest(&self, count: usize) -> Vec<&Row<'_>> {
        let under_way = |row: &&Row<'_>| match row.phase {
            HostPhase::Connecting
            | HostPhase::Connected
            | HostPhase::Pushed
            | HostPhase::Downloading
            | HostPhase::Verifying => true,
            HostPhase::Waiting | HostPhase::Staged | HostPhase::Failed => false,
        };
        let mut rows: Vec<(usize, &Row<'_>)> = self.rows.iter().filter(under_way).enumerate().collect();
        let key = |(index, row): &(usize, &Row<'_>)| (row.phase, row.bytes, *index);
        if count < rows.len() {
            rows.select_nth_unstable_by_key(count, key);
            rows.truncate(count);
        }
        rows.sort_unstable_by_key(key);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn table<'r>(&self, head: &str, rows: impl Iterator<Item = &'r Row<'r>>) -> Vec<String> {
        let dash = || "-".to_owned();
        let cells = |row: &Row<'_>| {
            vec![
                cli::cut(&cli::sanitize(row.name), NAME),
                row.phase.as_str().to_owned(),
                percent(row.bytes, self.size),
                flowing(row).map_or_else(dash, |rate| format!("{}/s", human::bytes(rate))),
                if [HostPhase::Pushed, HostPhase::Downloading].contains(&row.phase) {
                    row.peers.to_string()
                } else {
                    dash()
                },
                from_seeder(row).map_or_else(dash, |percent| format!("{percent} %")),
                row.error.unwrap_or_default().to_owned(),
            ]
        };
        let cells: Vec<Vec<String>> = rows.map(cells).collect();
        let head = [head, "state", "has", "rate", "peers", "from seeder", ""];
        cli::table(&head, &cells).lines().map(str::to_owned).collect()
    }
}

fn from_seeder(row: &Row<'_>) -> Option<u64> {
    row.received.and_then(Received::percent_from_seeder)
}

/// A rate of which it is still true.
fn flowing(row: &Row<'_>) -> Option<u64> {
    row.rate.filter(|_| row.phase == HostPhase::Downloading)
}

/// At most so many lines, the last of which counts those for which there is none.
fn failures(failed: &[&Row<'_>], room: usize) -> Vec<String> {
    let shown = if failed.len() > room { room.saturating_sub(1) } else { failed.len() };
    let line = |row: &&Row<'_>| {
        let name = cli::cut(&cli::sanitize(row.name), NAME);
        format!("{name} failed: {}", cli::sanitize(row.error.unwrap_or_default()))
    };
    let mut lines: Vec<String> = failed.iter().take(shown).map(line).collect();
    if room > 0 && failed.len() > shown {
        lines.push(format!("{} more failed", failed.len() - shown));
    }
    lines
}

fn percent(part: u64, all: u64) -> String {
    let percent = (u128::from(part) * 100).checked_div(u128::from(all)).unwrap_or(100);
    format!("{percent} %")
}

#[cfg(test)]
mod tests;
