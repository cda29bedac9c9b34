//! Nothing is lost: what is packed comes back, and every peer reads the torrent as it was meant and finds the content
//! whole.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use metainfo::{Content, Metainfo};

use crate::sandbox::{Sandbox, installed, missing};
use crate::trees::fill;

/// Every path with what a release promises to carry.
fn listing(root: &Path) -> BTreeMap<PathBuf, String> {
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
                let executable = meta.mode() & 0o100 != 0;
                format!("{executable} {}", hex::encode(fs::read(&path).unwrap()))
            };
            all.insert(path.strip_prefix(root).unwrap().to_path_buf(), what);
        }
    }
    all
}

#[test]
fn what_is_not_kept_is_said() {
    let sandbox = Sandbox::site();
    sandbox.file("private", "x", 0o600);
    sandbox.file("a/group", "x", 0o664);
    sandbox.file("b/group", "x", 0o664);
    fs::hard_link(sandbox.path("site/a/x"), sandbox.path("site/a/y")).unwrap();
    let labelled = sandbox.path("site/index.php");
    let flags = rustix::fs::XattrFlags::empty();
    // Where the file system has none (tmpfs of old kernels), that line is not asked for.
    let has_attributes = rustix::fs::setxattr(&labelled, "user.origin", b"here", flags).is_ok();
    let stderr = sandbox.pack(&[]).ok().stderr;
    let mut lines = vec![
        "warning: not kept: mode 0600 of `private`; released as 0644: everybody on the hosts may read it",
        "not kept: mode 0664 of 2 entries, the first `a/group`; released as 0644",
        "not kept: hard links of 2 entries, the first `a/x`; each becomes a file of its own",
    ];
    if has_attributes {
        lines.push("warning: not kept: extended attributes (capabilities, access control lists, own ones) of `index.php`");
    }
    for line in lines {
        assert!(stderr.contains(line), "{line}: {stderr}");
    }
}

#[test]
fn packing_and_unpacking_is_the_identity() {
    let (mut links, mut empty, mut long) = (0, 0, 0);
    for seed in 300..330 {
        let sandbox = Sandbox::new();
        fill(&sandbox, seed, true);
        let before = listing(&sandbox.path("site"));
        links += before.values().filter(|what| what.starts_with("->")).count();
        empty += before.values().filter(|what| what.ends_with(' ')).count();
        long += before.keys().filter(|path| path.as_os_str().len() >= 195).count();
        for layout in ["archive", "tree"] {
            sandbox.pack(&["--layout", layout, "--records", layout, "--piece-length", "32KiB"]).ok();
            let payload =
                if layout == "archive" { sandbox.named(layout, "payload") } else { sandbox.path("site") };
            let (out, record) = (format!("out-{layout}"), format!("{layout}/pack.json"));
            sandbox.run(&["unpack", payload.to_str().unwrap(), &out, "--record", &record]).ok();
            assert!(listing(&sandbox.path(&out)) == before, "seed {seed}, {layout}");
            let torrent = Metainfo::read(&sandbox.named(layout, "torrent")).unwrap();
            assert!(torrent.check(&payload, &|_| true).unwrap().is_whole(), "seed {seed}, {layout}");
            // Packed again from what came out, it is the same release.
            sandbox.run(&[&out, "--layout", layout, "--records", "again", "--piece-length", "32KiB"]).ok();
            assert_eq!(
                sandbox.record("again")["release"]["infohash"],
                sandbox.record(layout)["release"]["infohash"]
            );
        }
    }
    assert!(links > 20 && empty > 20 && long > 0, "the trees are too tame: {links} {empty} {long}");
}

/// Trees and an archive under one directory, each with its torrent beside it.
struct Corpus {
    dir: tempfile::TempDir,
    names: Vec<String>,
}

impl Corpus {
    fn new() -> Self {
        let mut corpus = Self { dir: tempfile::tempdir().unwrap(), names: Vec::new() };
        // rtorrent may run as somebody else, one day.
        fs::set_permissions(corpus.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for seed in 400..408 {
            let (sandbox, name) = (Sandbox::new(), format!("tree{seed}"));
            fill(&sandbox, seed, false);
            without_awkward_names(&sandbox.path("site"));
            let piece = ["15", "16", "18"][seed as usize % 3];
            sandbox.run(&["-o", "x.torrent", "-n", &name, "-l", piece, "site"]).ok();
            corpus.add(&sandbox.path("site"), &sandbox.path("x.torrent"), name);
        }
        let sandbox = Sandbox::new();
        fill(&sandbox, 500, true);
        sandbox.pack(&["--piece-length", "32KiB", "--source", "S"]).ok();
        let payload = sandbox.named("records", "payload");
        let name = payload.file_name().unwrap().to_str().unwrap().to_owned();
        corpus.add(&payload, &sandbox.named("records", "torrent"), name);
        corpus
    }

    fn add(&mut self, content: &Path, torrent: &Path, name: String) {
        fs::rename(content, self.dir.path().join(&name)).unwrap();
        fs::rename(torrent, self.dir.path().join(format!("{name}.torrent"))).unwrap();
        self.names.push(name);
    }

    fn torrents(&self) -> Vec<(PathBuf, Metainfo)> {
        let path = |name: &String| self.dir.path().join(format!("{name}.torrent"));
        self.names.iter().map(|name| (path(name), Metainfo::read(&path(name)).unwrap())).collect()
    }
}

/// Removes the names that mkt-pack warns of: libtorrent and Transmission alter some, aria2 and Transmission refuse others.
fn without_awkward_names(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.contains(['\n', '\\']) || ["...", "A"].contains(&name) {
            if path.is_dir() { fs::remove_dir_all(&path).unwrap() } else { fs::remove_file(&path).unwrap() }
        } else if path.is_dir() {
            without_awkward_names(&path);
        }
    }
}

fn files(torrent: &Metainfo) -> Vec<(String, u64)> {
    let name = torrent.info().name();
    match torrent.info().content() {
        Content::File { length } => vec![(name.to_owned(), *length)],
        Content::Tree { files } => {
            files.iter().map(|file| (format!("{name}/{}", file.path), file.length)).collect()
        }
    }
}

#[track_caller]
fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn libtorrent_reads_the_same() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = package.join("../../target/peers-python/bin/python");
    if !python.is_file() {
        return missing("libtorrent for Python, see scripts/lib/python.sh");
    }
    let corpus = Corpus::new();
    let torrents = corpus.torrents();
    let text = output(
        Command::new(python)
            .arg(package.join("tests/peers/libtorrent_show.py"))
            .args(torrents.iter().map(|(path, _)| path)),
    );
    assert_eq!(text.lines().count(), torrents.len());
    for (line, (_, torrent)) in text.lines().zip(torrents) {
        let info = torrent.info();
        let pieces: Vec<String> = info.pieces().iter().map(hex::encode).collect();
        let expected = serde_json::json!({
            "infohash": torrent.infohash().to_string(),
            "name": info.name(),
            "piece_length": info.piece_length().bytes(),
            "pieces": pieces,
            "bytes": info.bytes(),
            "private": info.private(),
            "files": files(&torrent),
        });
        let found: serde_json::Value = serde_json::from_str(line).unwrap();
        for (key, expected) in expected.as_object().unwrap() {
            assert_eq!(found[key], *expected, "{key}");
        }
    }
}

#[test]
fn transmission_reads_the_same() {
    if !installed("transmission-show") {
        return;
    }
    for (path, torrent) in Corpus::new().torrents() {
        let text = output(Command::new("transmission-show").arg(&path));
        assert!(text.contains(&format!("Hash: {}\n", torrent.infohash())), "{text}");
        assert!(text.contains(&format!("Name: {}\n", torrent.info().name())), "{text}");
        assert!(text.contains(&format!("Piece Count: {}\n", torrent.info().pieces().len())), "{text}");
        let listed = text.split("\nFILES\n").nth(1).unwrap().lines().filter(|line| !line.is_empty());
        assert_eq!(listed.count(), files(&torrent).len(), "{text}");
    }
}

#[test]
fn aria2_reads_the_same_and_finds_the_content_whole() {
    if !installed("aria2c") {
        return;
    }
    let corpus = Corpus::new();
    for (path, torrent) in corpus.torrents() {
        let text = output(Command::new("aria2c").arg("-S").arg(&path));
        assert!(text.contains(&format!("Info Hash: {}\n", torrent.infohash())), "{text}");
        assert!(
            text.contains(&format!("The Number of Pieces: {}\n", torrent.info().pieces().len())),
            "{text}"
        );
        for (file, bytes) in files(&torrent) {
            assert!(
                text.contains(&format!("|./{file}\n")) || text.contains(&format!("|{file}\n")),
                "{file}: {text}"
            );
            assert!(text.contains(&format!("({})\n", grouped(bytes))), "{bytes}: {text}");
        }
        let mut check = Command::new("aria2c");
        check.args([
            "--hash-check-only=true",
            "-V",
            "--seed-time=0",
            "--enable-dht=false",
            "--bt-enable-lpd=false",
        ]);
        let text = output(check.arg("-d").arg(corpus.dir.path()).arg(&path));
        assert!(text.contains("(OK):download completed"), "{text}");
    }
}

/// Thousands apart, as aria2 prints bytes.
fn grouped(bytes: u64) -> String {
    let digits = bytes.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[test]
fn rtorrent_reads_the_same_and_finds_the_content_whole() {
    if crate::sandbox::find("rtorrent").is_none() {
        return missing("rtorrent");
    }
    let corpus = Corpus::new();
    let dir = corpus.dir.path();
    let session = dir.join("session");
    fs::create_dir(&session).unwrap();
    let config = format!(
        "system.daemon.set = true\nsession.path.set = {0}\nnetwork.bind_address.set = 127.0.0.1\n\
         network.port_open.set = no\ndht.mode.set = disable\nprotocol.pex.set = no\ntrackers.use_udp.set = no\n\
         directory.default.set = {1}\nschedule2 = load, 0, 0, \"load.start={1}/*.torrent\"\n\
         schedule2 = save, 1, 1, ((session.save))\n",
        session.display(),
        dir.display()
    );
    fs::write(dir.join("rtorrent.rc"), config).unwrap();
    let mut import = std::ffi::OsString::from("import=");
    import.push(dir.join("rtorrent.rc"));
    let mut command = Command::new("rtorrent");
    command.args(["-n", "-o"]).arg(import).current_dir(dir).stdin(Stdio::null());
    let log = fs::File::create(dir.join("rtorrent.log")).unwrap();
    let process = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    let _ended = Ended(process);
    let deadline = Instant::now() + Duration::from_secs(40);
    let mut waiting = corpus.torrents();
    while !waiting.is_empty() {
        let left: Vec<String> = waiting.iter().map(|(path, _)| path.display().to_string()).collect();
        assert!(
            Instant::now() < deadline,
            "{left:?} {}",
            fs::read_to_string(dir.join("rtorrent.log")).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(200));
        waiting.retain(|(_, torrent)| {
            let file = format!("{}.torrent", torrent.infohash().to_string().to_uppercase());
            let Ok(state) = fs::read(session.join(format!("{file}.rtorrent"))) else { return true };
            let state = String::from_utf8_lossy(&state).into_owned();
            let whole = format!("11:chunks_donei{}e", torrent.info().pieces().len());
            if !state.contains("8:completei1e") || !state.contains(&whole) {
                return true;
            }
            // What rtorrent keeps is what it has read.
            let kept = Metainfo::read(&session.join(&file)).unwrap();
            assert!(kept.info_bytes() == torrent.info_bytes());
            false
        });
    }
}

/// A process that does not outlive its test.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
