//! A list, gone through in parts.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::{Size, work};

/// Goes through `0..count` in parts of `step`, and gives what was made of each, in order. `part` has something of its own
/// in each member, such as a buffer. After an error nothing more is begun; of several the first in order is given.
///
/// # Errors
/// Those of `part`.
pub fn in_parts<S: Default, R: Send, E: Send>(
    size: Size,
    count: usize,
    step: usize,
    part: impl Fn(&mut S, Range<usize>) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let (step, next, stop) = (step.max(1), AtomicUsize::new(0), AtomicBool::new(false));
    let parts = count.div_ceil(step);
    let made = work(size.at_most(parts), |member| {
        let (mut own, mut mine) = (S::default(), Vec::new());
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= parts {
                break;
            }
            let start = number * step;
            let result = part(&mut own, start..(start + step).min(count));
            if result.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            mine.push((number, result));
            member.pause();
        }
        mine
    });
    let mut made: Vec<_> = made.into_iter().flatten().collect();
    made.sort_unstable_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { start: 3, most: 5 };

    #[test]
    fn every_part_once_and_in_order() {
        for (count, step) in [(0, 5), (1, 5), (99, 1), (100, 7), (100, 1000), (3, 0)] {
            let part = |seen: &mut Vec<usize>, part: Range<usize>| {
                seen.extend(part.clone());
                Ok::<_, ()>(part.collect::<Vec<_>>())
            };
            let made = in_parts(SIZE, count, step, part).unwrap();
            assert!(made.concat().into_iter().eq(0..count), "{count} {step}");
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        let begun = AtomicUsize::new(0);
        let part = |(): &mut (), part: Range<usize>| {
            begun.fetch_add(1, Ordering::Relaxed);
            if part.start >= 10 { Err(part.start) } else { Ok(()) }
        };
        assert_eq!(in_parts(SIZE, 100_000, 1, part), Err(10));
        assert!(begun.into_inner() < 100);
    }
}
