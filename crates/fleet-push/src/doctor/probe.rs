//! One command that tells what a push needs to know of a host, and changes nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use inventory::Host;
use remote::{Argv, Remote};

use crate::error::Fault;

/// Time for it.
const BRIEF: Duration = Duration::from_secs(30);

const SCRIPT: &str = include_str!("probe.sh");

/// What a host says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    /// How far its clock is ahead of ours, in milliseconds.
    pub(crate) clock_ahead_ms: Option<i64>,
    /// deploy_to, or what exists above it.
    pub(crate) place: String,
    /// The account may write there.
    pub(crate) writable: bool,
    pub(crate) free_bytes: Option<u64>,
    pub(crate) free_inodes: Option<u64>,
    /// swap-release has been at work there.
    pub(crate) has_site: bool,
    /// `swap-release 0.1.0`, or why there is none.
    pub(crate) version: Result<String, String>,
    /// What is known of one that does not run.
    pub(crate) program: Program,
    /// The longest name and the longest path there, in bytes.
    pub(crate) longest: (Option<usize>, Option<usize>),
}

/// A program that does not run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Program {
    /// What kind of machine the host is.
    pub(crate) machine: String,
    /// Its mode and path; `None` if it is not there.
    pub(crate) file: Option<(u32, String)>,
    /// Its first 20 bytes.
    pub(crate) header: Vec<u8>,
    /// The mount point of a file system from which nothing may be run.
    pub(crate) noexec: Option<String>,
    /// A directory on the way to it that the account may not enter.
    pub(crate) shut: Option<String>,
    /// SELinux is enforced.
    pub(crate) enforcing: bool,
    /// The account may not write where it is, or where a copy of it goes.
    pub(crate) closed: bool,
}

/// Asks.
pub(crate) fn probe(remote: &dyn Remote, host: &Host) -> Result<Probe, Fault> {
    let argv =
        Argv::new("sh").args(["-c", SCRIPT, "sh", host.deploy_to.as_str(), host.swap_release.as_str()]);
    let before = now();
    let output = remote.exec(&argv, b"", BRIEF)?;
    let after = now();
    if !output.status.success() {
        return Err(Fault::Command { command: "sh".into(), reason: output.reason(), hint: output.hint() });
    }
    Ok(read(&String::from_utf8_lossy(&output.stdout), before + (after - before) / 2))
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// What the lines say; `ours` is our clock in the middle of asking. Unknown lines, as of a login script, are passed over.
fn read(text: &str, ours: i64) -> Probe {
    let mut probe = Probe {
        clock_ahead_ms: None,
        place: String::new(),
        writable: false,
        free_bytes: None,
        free_inodes: None,
        has_site: false,
        version: Err("it did not answer".to_owned()),
        program: Program::default(),
        longest: (None, None),
    };
    for line in text.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "clock" => probe.clock_ahead_ms = millis(value).map(|theirs| theirs - ours),
            "place" => value.clone_into(&mut probe.place),
            "writable" => probe.writable = value == "yes",
            "space" => probe.free_bytes = available(value).and_then(|kib| kib.checked_mul(1024)),
            "inodes" => probe.free_inodes = available(value).filter(|free| *free > 0),
            "site" => probe.has_site = true,
            "version" => probe.version = Ok(value.trim().to_owned()),
            "missing" => probe.version = Err(value.trim().to_owned()),
            "machine" => value.trim().clone_into(&mut probe.program.machine),
            "program" => {
                let file = value.split_once(' ');
                let file =
                    file.and_then(|(mode, path)| Some((u32::from_str_radix(mode, 8).ok()?, path.to_owned())));
                probe.program.file = file;
            }
            "header" => probe.program.header = bytes(value),
            "noexec" => probe.program.noexec = Some(value.to_owned()),
            "shut" => probe.program.shut = Some(value.to_owned()),
            "enforcing" => probe.program.enforcing = true,
            "closed" => probe.program.closed = true,
            "longest" => {
                let (name, path) = value.split_once(' ').unwrap_or_default();
                probe.longest = (name.parse().ok(), path.parse().ok());
            }
            _ => {}
        }
    }
    probe
}

/// `1700000000.123456789`, or without a fraction where date(1) has none.
fn millis(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let seconds: i64 = seconds.parse().ok()?;
    let fraction = fraction.get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    seconds.checked_mul(1000)?.checked_add(fraction)
}

/// `7f454c46`.
fn bytes(text: &str) -> Vec<u8> {
    let digits = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len() / 2).map_while(|number| digits(number * 2)).collect()
}

/// The available units of a line of `df -P`: the number before the percentage. A device's name may hold spaces.
fn available(line: &str) -> Option<u64> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let percent =
        words.iter().position(|word| word.strip_suffix('%').is_some_and(|n| n.parse::<u32>().is_ok()))?;
    words.get(percent.checked_sub(1)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_debian_host_says() {
        let said = "Welcome!\nclock 1700000001.500000000\nplace /srv/site\nwritable yes\n\
                    space /dev/my disk 100 40 60 40% /srv\ninodes /dev/my disk 1000 1 999 1% /srv\n\nsite yes\n\
                    version swap-release 0.1.0\nlongest 255 4096\n";
        let expected = Probe {
            clock_ahead_ms: Some(1_500),
            place: "/srv/site".into(),
            writable: true,
            free_bytes: Some(60 * 1024),
            free_inodes: Some(999),
            has_site: true,
            version: Ok("swap-release 0.1.0".into()),
            program: Program::default(),
            longest: (Some(255), Some(4096)),
        };
        assert_eq!(read(said, 1_700_000_000_000), expected);
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        // busybox has no %N; btrfs has no count of inodes.
        let said = "clock 1700000001.%N\nspace x\ninodes /dev/x 0 0 0 - /\nmissing sh: 1: swap-release: not found\n\
                    machine x86_64\nprogram 644 /opt/a b\nheader 7f45zz\nnoexec /opt\nshut /root\nenforcing\nclosed\n\
                    longest  \n";
        let probe = read(said, 1_700_000_000_000);
        assert_eq!((probe.clock_ahead_ms, probe.free_bytes, probe.free_inodes), (Some(1_000), None, None));
        let program = Program {
            machine: "x86_64".into(),
            file: Some((0o644, "/opt/a b".into())),
            header: vec![0x7f, 0x45],
            noexec: Some("/opt".into()),
            shut: Some("/root".into()),
            enforcing: true,
            closed: true,
        };
        assert_eq!((&probe.program, probe.longest), (&program, (None, None)));
        assert!(probe.version.unwrap_err().contains("not found") && !probe.writable && !probe.has_site);
        assert_eq!(read("clock x\n", 0).clock_ahead_ms, None);
    }
}
