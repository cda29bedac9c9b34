//! Figures as people read them.

use std::time::Duration;

/// Bytes in decimal units, as network links are rated: `17.3 MB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1000.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// A number of things: `1 file`, `3 files`.
#[must_use]
pub fn count(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    match number.try_into() {
        Ok(1) => format!("1 {one}"),
        Ok(number) => format!("{number} {many}"),
        // No number of things that exist is that large.
        Err(_) => many.to_owned(),
    }
}

/// A duration to two or three figures: `850 ms`, `1.2 s`, `3 min 20 s`.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    let all = duration.as_secs();
    match all {
        0 => format!("{} ms", duration.as_millis()),
        1..=59 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!("{} min {} s", all / 60, all % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_decimal() {
        let cases =
            [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (17_300_000, "17.3 MB"), (999_960, "1.0 MB")];
        for (count, text) in cases {
            assert_eq!(bytes(count), text);
        }
        assert_eq!(bytes(u64::MAX), "18446.7 PB");
    }

    #[test]
    fn one_is_not_many() {
        let all = [0_usize, 1, 2].map(|number| count(number, "entry", "entries"));
        assert_eq!(all, ["0 entries", "1 entry", "2 entries"]);
    }

    #[test]
    fn durations_change_unit() {
        assert_eq!(seconds(Duration::from_millis(850)), "850 ms");
        assert_eq!(seconds(Duration::from_millis(1234)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(200)), "3 min 20 s");
    }
}
