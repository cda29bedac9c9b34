//! Trees to work on.

use payload::{Manifest, Mtimes, TreeDigest, WalkOptions, archive, walk};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Release time of every tree here, unless a test is about times.
pub(crate) const TIME: u64 = 1_700_000_000;

/// A directory with a tree in `site/` and room beside it.
pub(crate) struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("site")).unwrap();
        Self { dir }
    }

    /// A little of everything that a site has.
    pub(crate) fn site() -> Self {
        let sandbox = Self::new();
        sandbox.file("index.php", "<?php echo 'x';", 0o644);
        sandbox.file(".htaccess", "Require all denied\n", 0o600);
        sandbox.file("vendor/bin/drush", "#!/bin/sh\n", 0o700);
        sandbox.file("core/empty", "", 0o666);
        sandbox.file("a-b/x", "1", 0o644);
        sandbox.file("a/x", "2", 0o644);
        sandbox.file("a0", "3", 0o644);
        sandbox.file("big", &"0123456789abcdef".repeat(40_000), 0o644);
        sandbox.dir("core/empty-dir");
        sandbox.link("vendor/bin/link", "../../core/empty");
        sandbox.link("libraries", "vendor");
        sandbox.link("dangling", "not/there");
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path("site")
    }

    pub(crate) fn dir(&self, path: &str) {
        fs::create_dir_all(self.root().join(path)).unwrap();
    }

    pub(crate) fn file(&self, path: &str, content: &str, mode: u32) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn link(&self, path: &str, target: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, &path).unwrap();
    }

    pub(crate) fn scan(&self) -> payload::Scan {
        walk(&self.root(), &WalkOptions::default(), &|_| true).unwrap()
    }

    pub(crate) fn manifest(&self) -> Manifest {
        self.scan().manifest(Mtimes { release: TIME, bases: &[] }, &|_| true).unwrap()
    }

    pub(crate) fn archive(&self) -> (Manifest, Vec<u8>) {
        self.pack(Vec::new(), &|_| true).unwrap()
    }

    pub(crate) fn pack<W: Write>(
        &self,
        out: W,
        progress: &payload::Progress<'_>,
    ) -> Result<(Manifest, W), payload::Error> {
        archive::write(&self.scan(), &self.options(), out, progress)
    }

    pub(crate) fn options(&self) -> archive::Options<'_> {
        archive::Options { level: 3, mtimes: Mtimes { release: TIME, bases: &[] }, spool: self.dir.path() }
    }

    pub(crate) fn unpack(&self, bytes: &[u8], digest: &TreeDigest) -> Result<Manifest, payload::Error> {
        archive::unpack(bytes, &self.path("out"), digest, &|_| true)
    }

    /// Everything outside the destination of [`Self::unpack`], to see that nothing there was touched.
    pub(crate) fn outside(&self) -> BTreeMap<PathBuf, String> {
        let mut all = listing(self.dir.path());
        all.retain(|path, _| !path.starts_with("out"));
        all
    }
}

/// Every path below a directory with all that a release promises to carry, and the time.
pub(crate) fn listing(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut dirs = vec![root.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let what = if meta.is_dir() {
                dirs.push(path.clone());
                "dir".to_owned()
            } else if meta.is_symlink() {
                format!("-> {}", fs::read_link(&path).unwrap().display())
            } else {
                format!("{:o} {}", meta.mode() & 0o7777, String::from_utf8_lossy(&fs::read(&path).unwrap()))
            };
            all.insert(path.strip_prefix(root).unwrap().to_path_buf(), format!("{what} @{}", meta.mtime()));
        }
    }
    all
}
