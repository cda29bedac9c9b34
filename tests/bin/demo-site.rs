//! Writes the site that `scripts/demo` deploys: `demo-site DIR [--release N] [--small | --large]`.

use std::path::PathBuf;
use std::process::ExitCode;

use e2e::site::{Shape, write};

fn main() -> ExitCode {
    let mut dir: Option<PathBuf> = None;
    let mut release = 1;
    let mut shape = Shape::Drupal;
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--release") => match args.next().and_then(|n| n.to_str().and_then(|n| n.parse().ok())) {
                Some(number) if number >= 1 => release = number,
                _ => return usage(),
            },
            Some("--small") => shape = Shape::Small,
            Some("--large") => shape = Shape::Large,
            Some(flag) if flag.starts_with('-') => return usage(),
            _ if dir.is_none() => dir = Some(arg.into()),
            _ => return usage(),
        }
    }
    let Some(dir) = dir else { return usage() };
    write(&dir, shape, release);
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: demo-site DIR [--release N] [--small | --large]");
    ExitCode::from(2)
}
