//! Random trees from a seed, with everything that has ever been lost by a torrent maker.

use std::fs;

use crate::sandbox::Sandbox;

/// Names of one component; two of them are long enough for a path of 195 characters.
const NAMES: [&str; 26] = [
    ".htaccess",
    ".well-known",
    "a b",
    "it's",
    "\"quoted\"",
    "ünï-cødé",
    "日本語",
    "a-b",
    "a.b",
    "a",
    "a0",
    "B",
    "#hash",
    "!bang",
    "star*",
    "q?",
    "[br]",
    "{x,y}",
    "back\\slash",
    "new\nline",
    "-dash",
    "~tilde",
    "php.php",
    "...",
    "a-component-of-ninety-seven-characters-as-composer-and-its-tests-like-to-name-their-fixtures-xxxxxxxx",
    "another-component-of-a-good-ninety-characters-so-that-two-of-them-make-a-path-of-195-characters-or-more",
];

/// Sizes around a piece of 32 KiB and a block of 16 KiB, and the usual small ones.
const SIZES: [usize; 14] =
    [0, 0, 1, 17, 900, 4_096, 16_383, 16_384, 32_767, 32_768, 32_769, 65_536, 98_304, 120_001];

/// A generator that gives the same on every machine (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Fills the site of a sandbox. Links stay inside and dangle now and then.
pub(crate) fn fill(sandbox: &Sandbox, seed: u64, links: bool) {
    let random = &mut Random::new(seed);
    let mut dirs = vec![String::new()];
    for _ in 0..random.below(12) {
        let parent = dirs[random.below(dirs.len())].clone();
        let dir = format!("{parent}{}/", random.pick(&NAMES));
        // Not there yet, neither as a file nor as a link.
        if fs::create_dir_all(sandbox.path("site").join(&dir)).is_ok() && !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    let free = |path: &str| fs::symlink_metadata(sandbox.path("site").join(path)).is_err();
    let mut files = Vec::new();
    for number in 0..=random.below(40) {
        let path = format!("{}{}", dirs[random.below(dirs.len())], random.pick(&NAMES));
        if free(&path) {
            let size = SIZES[random.below(SIZES.len())];
            let content: String =
                (0..size).map(|at| char::from(b'!' + ((at / 7 + number * 13) % 90) as u8)).collect();
            sandbox.file(&path, &content, [0o644, 0o755, 0o600, 0o444][random.below(4)]);
            files.push(path);
        }
    }
    // At least one byte, and in some trees an empty file after all others.
    sandbox.file("0", "x", 0o644);
    if random.below(3) == 0 {
        sandbox.file("~~~last", "", 0o644);
    }
    for _ in 0..if links { 1 + random.below(4) } else { 0 } {
        let path = format!("link{}", random.below(100));
        let target = match (files.is_empty(), random.below(5)) {
            (true, _) | (_, 0) => "nowhere/at all".to_owned(),
            _ => files[random.below(files.len())].clone(),
        };
        if free(&path) {
            sandbox.link(&path, &target);
        }
    }
}
