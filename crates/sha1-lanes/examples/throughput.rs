//! How fast each engine hashes on one core: `cargo run --release -p sha1-lanes --example throughput`.
//!
//! Every engine gets as many messages as it has lanes, each in the same warm buffer. Repeats of all engines alternate, so
//! that a busy moment of the machine hits them alike; the median counts.

use sha1::{Digest, Sha1};
use sha1_lanes::{Engine, digest_each};
use std::hint::black_box;
use std::io::{Result, Write, stdout};
use std::time::Instant;

const REPEATS: usize = 15;
/// Bytes a repeat, at least.
const BYTES: usize = 48 << 20;

/// MB/s of hashing `lanes` messages of `length` bytes.
fn megabytes_a_second(length: usize, lanes: usize, mut hash: impl FnMut()) -> f64 {
    let rounds = BYTES.div_ceil(length * lanes);
    let start = Instant::now();
    (0..rounds).for_each(|_| hash());
    (rounds * lanes * length) as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or_default()
}

fn main() -> Result<()> {
    let mut out = stdout().lock();
    let engines = Engine::available();
    writeln!(out, "{:24}{:>8}{:>8}{:>8}{:>8}  MB/s, median of {REPEATS}", "", "4K", "16K", "256K", "1M")?;
    let mut table = vec![Vec::new(); engines.len() + 1];
    for length in [4 << 10, 16 << 10, 256 << 10, 1 << 20] {
        // Small enough to stay in the second-level cache, so that it is the hashing that is measured, not the memory.
        let buffer: Vec<u8> = (0..length).map(|n| (n * 7 % 251) as u8).collect();
        let mut runs = vec![Vec::new(); table.len()];
        for _ in 0..REPEATS {
            for (run, engine) in runs.iter_mut().zip(engines.iter().copied().map(Some).chain([None])) {
                run.push(match engine {
                    Some(engine) => {
                        let messages = vec![black_box(buffer.as_slice()); engine.lanes()];
                        megabytes_a_second(length, messages.len(), || {
                            black_box(digest_each(engine, black_box(&messages)));
                        })
                    }
                    None => megabytes_a_second(length, 1, || {
                        black_box(Sha1::digest(black_box(&buffer)));
                    }),
                });
            }
        }
        table.iter_mut().zip(runs).for_each(|(row, run)| row.push(median(run)));
    }
    let names = engines.iter().map(|e| format!("{e}, {} lanes", e.lanes())).chain(["crate sha1".into()]);
    for (name, row) in names.zip(table) {
        let cells: String = row.iter().map(|figure| format!("{figure:8.0}")).collect();
        writeln!(out, "{name:24}{cells}")?;
    }
    shares(&mut out)
}

/// How long few messages take beside one, which decides how an engine shares them out.
fn shares(out: &mut impl Write) -> Result<()> {
    let buffer = vec![7; 64 << 10];
    writeln!(out, "\nTime for so many messages of 64K, that of one being 1")?;
    for engine in Engine::available() {
        let mut runs = vec![Vec::new(); 17];
        for _ in 0..REPEATS {
            for (count, run) in runs.iter_mut().enumerate() {
                let messages = vec![buffer.as_slice(); count.max(1)];
                let speed = megabytes_a_second(buffer.len(), messages.len(), || {
                    black_box(digest_each(engine, black_box(&messages)));
                });
                run.push(messages.len() as f64 / speed);
            }
        }
        let times: Vec<f64> = runs.into_iter().map(median).collect();
        let one = times.get(1).copied().unwrap_or(1.0);
        let cells = times.iter().skip(1).map(|time| format!("{:5.2}", time / one)).collect::<String>();
        writeln!(out, "{:24}{cells}", engine.to_string())?;
    }
    Ok(())
}
