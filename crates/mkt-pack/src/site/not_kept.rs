//! What the release will not have of the tree, told before it is packed.

use cli::Console;
use payload::{Examples, NotKept};

/// Modes that are named; the rest is counted.
const MODES: usize = 4;

/// Says it: a warning where somebody may rely on it, a line otherwise.
pub(crate) fn tell(not_kept: &NotKept, console: &Console) {
    let NotKept { modes, attributes, hard_links } = not_kept;
    for change in modes.iter().take(MODES) {
        let (entries, from, to) = (some(&change.entries), change.from, change.to);
        let line = format!("not kept: mode {from:04o} of {entries}; released as {to:04o}");
        match concern(from, to) {
            Some(why) => console.warn(format!("{line}: {why}")),
            None => console.say(line),
        }
    }
    if let Some(rest) = modes.get(MODES..).filter(|rest| !rest.is_empty()) {
        let count: usize = rest.iter().map(|change| change.entries.count).sum();
        console.say(format!("not kept: {} more modes, of {count} entries", rest.len()));
    }
    if attributes.count > 0 {
        console.warn(format!(
            "not kept: extended attributes (capabilities, access control lists, own ones) of {}",
            some(attributes)
        ));
    }
    if hard_links.count > 0 {
        console.say(format!("not kept: hard links of {}; each becomes a file of its own", some(hard_links)));
    }
}

/// What somebody may rely on that the released mode does not do.
fn concern(from: u32, to: u32) -> Option<&'static str> {
    if from & 0o4000 != 0 {
        return Some("nobody runs it as its owner any more");
    }
    let readers = (to & !from) & 0o044;
    (readers != 0).then_some("everybody on the hosts may read it")
}

fn some(examples: &Examples) -> String {
    match examples.count {
        1 => format!("`{}`", examples.first),
        count => format!("{count} entries, the first `{}`", examples.first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_private_is_a_warning_and_a_umask_is_not() {
        for (from, to) in [(0o600, 0o644), (0o640, 0o644), (0o700, 0o755), (0o400, 0o644)] {
            assert!(concern(from, to).is_some(), "{from:o}");
        }
        for (from, to) in [(0o664, 0o644), (0o775, 0o755), (0o2775, 0o755), (0o444, 0o644), (0o777, 0o755)] {
            assert_eq!(concern(from, to), None, "{from:o}");
        }
        assert!(concern(0o4755, 0o755).is_some());
    }
}
