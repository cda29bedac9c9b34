//! Every long piece of work stops when the progress callback says so, and cleans up.

use crate::sandbox::{Sandbox, TIME};
use payload::{Error, Mtimes, WalkOptions, archive, tree, walk};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs the work again and again, stopping it one call later each time, until it gets through.
fn at_every_call(
    work: impl Fn(&payload::Progress<'_>) -> Result<(), Error>,
    after: impl Fn(&Error),
) -> usize {
    for allowed in 0.. {
        let calls = AtomicUsize::new(0);
        match work(&|_| calls.fetch_add(1, Ordering::Relaxed) < allowed) {
            Ok(()) => return allowed,
            Err(error) => {
                assert!(error.is_aborted(), "{error}");
                after(&error);
            }
        }
    }
    unreachable!("it gets through at last")
}

#[test]
fn unpacking_stops_anywhere_and_leaves_nothing() {
    let site = Sandbox::site();
    let (manifest, bytes) = site.archive();
    let out = site.path("out");
    let work = |progress: &payload::Progress<'_>| {
        archive::unpack(bytes.as_slice(), &out, &manifest.digest(), progress).map(drop)
    };
    let calls = at_every_call(work, |_| assert!(!out.exists()));
    assert!(calls > manifest.entries().len(), "{calls}");
}

#[test]
fn copying_stops_anywhere_and_leaves_nothing() {
    let site = Sandbox::site();
    let manifest = site.manifest();
    let out = site.path("out");
    let work = |progress: &payload::Progress<'_>| {
        tree::copy(&site.root(), &out, &manifest, &manifest.digest(), progress)
    };
    let calls = at_every_call(work, |_| assert!(!out.exists()));
    assert!(calls > manifest.entries().len(), "{calls}");
}

#[test]
fn walking_hashing_packing_and_verifying_stop_anywhere() {
    let site = Sandbox::site();
    let manifest = site.manifest();
    let root = site.root();
    let mtimes = Mtimes { release: TIME, bases: &[] };
    assert!(at_every_call(|p| walk(&root, &WalkOptions::default(), p).map(drop), |_| {}) >= 6);
    assert!(at_every_call(|p| site.scan().manifest(mtimes, p).map(drop), |_| {}) >= 7);
    assert!(at_every_call(|p| site.pack(std::io::sink(), p).map(drop), |_| {}) >= 16);
    assert!(at_every_call(|p| payload::verify::<&str>(&root, &manifest, &[], p).map(drop), |_| {}) >= 16);
}

#[test]
fn every_byte_is_reported_once() {
    let site = Sandbox::site();
    let (manifest, bytes) = site.archive();
    let counted = |work: &dyn Fn(&payload::Progress<'_>)| {
        let sum = std::sync::atomic::AtomicU64::new(0);
        work(&|bytes| {
            sum.fetch_add(bytes, Ordering::Relaxed);
            true
        });
        assert_eq!(sum.into_inner(), manifest.bytes());
    };
    let digest = manifest.digest();
    counted(&|p| drop(site.scan().manifest(Mtimes { release: TIME, bases: &[] }, p).unwrap()));
    counted(&|p| drop(site.pack(Vec::new(), p).unwrap()));
    counted(&|p| drop(archive::unpack(bytes.as_slice(), &site.path("out"), &digest, p).unwrap()));
    counted(&|p| tree::copy(&site.root(), &site.path("copy"), &manifest, &digest, p).unwrap());
}
