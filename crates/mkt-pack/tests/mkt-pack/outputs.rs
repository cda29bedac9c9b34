//! What is left in the folder of records, and on standard output.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use metainfo::Metainfo;
use payload::{Manifest, archive};
use record::{Build, Layout, Loaded, Pack, Records, Sha256};

use crate::sandbox::Sandbox;

#[test]
fn the_record_names_what_is_there_and_what_it_is() {
    let sandbox = Sandbox::site();
    sandbox.link("l", "a/x");
    sandbox.file(".git/HEAD", "ref", 0o644);
    sandbox.file("debug.log", "x", 0o644);
    sandbox.pack(&["--release-id", "r1", "--exclude", "*.log", "--level", "3"]).ok();
    let records = Records::new(sandbox.path("records"));
    let Loaded { record, path, .. } = records.load::<Pack>().unwrap();
    let release = &record.release;
    records.check_file(&release.payload.file, &release.payload.sha256.unwrap(), &path).unwrap();
    records.check_file(&release.torrent.file, &release.torrent.sha256, &path).unwrap();
    records.check_file(&release.manifest.file, &release.manifest.sha256, &path).unwrap();
    let payload = fs::read(sandbox.named("records", "payload")).unwrap();
    let torrent = Metainfo::read(&sandbox.named("records", "torrent")).unwrap();
    let manifest =
        Manifest::parse(fs::read(sandbox.named("records", "manifest")).unwrap().as_slice()).unwrap();

    assert_eq!(release.id.as_str(), "r1");
    assert_eq!(release.layout, Layout::Archive);
    assert_eq!(release.payload.bytes, payload.len() as u64);
    assert_eq!(release.payload.file.as_str(), format!("{}.tar.zst", &Sha256::of(&payload).to_string()[..16]));
    assert_eq!(release.torrent.file.as_str(), format!("{}.torrent", &Sha256::of(&payload).to_string()[..16]));
    assert_eq!(torrent.info().name(), release.payload.file.as_str());
    assert_eq!(torrent.infohash(), release.infohash);
    assert!(torrent.announce().unwrap().is_no_tracker());
    assert_eq!(release.piece_length, 65_536);
    assert_eq!(release.tree_digest.as_bytes(), manifest.digest().as_bytes());
    assert_eq!((release.files, release.bytes), (manifest.files(), manifest.bytes()));
    assert_eq!((release.private, release.source.as_deref()), (false, None));
    assert_eq!((record.details.links, record.details.excluded, record.details.level), (1, 2, Some(3)));
    assert_eq!(record.details.pieces, torrent.info().pieces().len() as u64);
    assert_eq!(record.build, None::<Build>);
    assert!(record.input.is_none() && !record.aborted);

    let out = sandbox.path("out");
    let unpacked = archive::unpack(payload.as_slice(), &out, &manifest.digest(), &|_| true).unwrap();
    assert_eq!(unpacked, manifest);
    assert!(manifest.get("debug.log").is_none() && manifest.get(".git").is_none());
}

#[test]
fn the_tree_layout_leaves_the_files_where_they_are() {
    let sandbox = Sandbox::site();
    sandbox.pack(&["--layout", "tree", "--private", "--source", "SRC"]).ok();
    let record = sandbox.record("records");
    let release = &record["release"];
    let digest = release["tree_digest"].as_str().unwrap();
    assert_eq!(release["payload"]["file"], digest[..16]);
    assert_eq!(release["payload"]["bytes"], release["bytes"]);
    assert!(release["payload"]["sha256"].is_null() && record["details"]["level"].is_null());
    assert_eq!((&release["private"], &release["source"]), (&true.into(), &"SRC".into()));
    let torrent = Metainfo::read(&sandbox.named("records", "torrent")).unwrap();
    assert!(torrent.check(&sandbox.path("site"), &|_| true).unwrap().is_whole());
    let names = [
        format!("{}.manifest.jsonl", &digest[..16]),
        format!("{}.torrent", &digest[..16]),
        "pack.json".into(),
        "summary.txt".into(),
    ];
    assert_eq!(sandbox.names("records"), names);
}

#[test]
fn the_files_can_be_read_by_others_and_nothing_else_is_left() {
    let sandbox = Sandbox::site();
    sandbox.pack(&["--records", "deep/down/records"]).ok();
    assert_eq!(sandbox.names("deep/down/records").len(), 5);
    for name in sandbox.names("deep/down/records") {
        let mode = fs::metadata(sandbox.path("deep/down/records").join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o644, "{name}");
    }
    let before = sandbox.files("deep/down/records");
    sandbox.pack(&["--records", "deep/down/records"]).ok();
    assert!(sandbox.files("deep/down/records") == before, "a second run is not the same");
}

#[test]
fn data_goes_to_standard_output_only_when_asked() {
    let sandbox = Sandbox::site();
    let output = sandbox.pack(&[]).ok();
    assert_eq!(output.stdout, "");
    assert!(output.stderr.contains("[mkt-pack] release "), "{}", output.stderr);
    let output = sandbox.pack(&["--record", "-"]).ok();
    assert_eq!(output.stdout, fs::read_to_string(sandbox.path("records/pack.json")).unwrap());
    let output = sandbox.pack(&["--record", "copy.json"]).ok();
    assert_eq!(output.stdout, "");
    assert_eq!(
        fs::read_to_string(sandbox.path("copy.json")).unwrap(),
        fs::read_to_string(sandbox.path("records/pack.json")).unwrap()
    );
}

#[test]
fn people_are_told_what_was_left_out_and_that_the_date_is_made_up() {
    let sandbox = Sandbox::site();
    for number in 0..8 {
        sandbox.file(&format!("cache/{number}.tmp"), "x", 0o644);
    }
    let stderr = sandbox.pack(&["--exclude", "*.tmp"]).ok().stderr;
    assert!(stderr.contains("left out: cache/0.tmp, "), "{stderr}");
    assert!(stderr.contains(" and 3 more"), "{stderr}");
    assert!(stderr.contains("warning: neither SOURCE_DATE_EPOCH nor a commit"), "{stderr}");
    let mut command = sandbox.command(&["site"]);
    let stderr = crate::sandbox::run(command.env("SOURCE_DATE_EPOCH", "1700000000")).ok().stderr;
    assert!(!stderr.contains("warning"), "{stderr}");
    assert_eq!(sandbox.record("records")["details"]["release_time"], 1_700_000_000);
}

#[test]
fn what_jenkins_says_is_in_the_record_and_no_secret() {
    let sandbox = Sandbox::site();
    let mut command =
        sandbox.command(&["site", "--announce", "http://t.example/0123456789abcdef0123/announce"]);
    command
        .env("BUILD_NUMBER", "42")
        .env("JOB_NAME", "site/main")
        .env("GIT_COMMIT", "0123456789abcdef0123456789abcdef01234567")
        .env("GIT_URL", "https://user:hunter2@git.example/site.git")
        .env("WORKSPACE", sandbox.path(""))
        .env("API_TOKEN", "hunter3");
    let output = crate::sandbox::run(&mut command).ok();
    let text = fs::read_to_string(sandbox.path("records/pack.json")).unwrap();
    let record = sandbox.record("records");
    assert_eq!(record["release"]["id"], "42-01234567");
    assert_eq!(record["build"]["job"], "site/main");
    let path = sandbox.path("").to_string_lossy().trim_end_matches('/').to_owned();
    for secret in ["hunter2", "hunter3", "0123456789abcdef0123/announce", &path] {
        assert!(!text.contains(secret), "{secret} is in the record");
        assert!(!output.stderr.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn patterns_from_a_file() {
    let sandbox = Sandbox::site();
    fs::write(sandbox.path("ignore"), "# what nobody needs\r\n\n*.php\n/vendor/\n").unwrap();
    let names = |torrent: &str| -> Vec<String> {
        let torrent = Metainfo::read(&sandbox.path(torrent)).unwrap();
        match torrent.info().content() {
            metainfo::Content::Tree { files } => files.iter().map(|file| file.path.clone()).collect(),
            metainfo::Content::File { .. } => panic!("a tree"),
        }
    };
    sandbox.pack(&["--exclude-from", "ignore", "--exclude", "!index.php", "-o", "x.torrent"]).ok();
    let rest = [".htaccess", "a-b/x", "a.b", "a/x", "a0", "empty", "index.php", "modules/ünïcode näme.txt"];
    assert_eq!(names("x.torrent"), rest);
    sandbox.pack(&["--exclude-from", "ignore", "--exclude-from", "nowhere"]).fails(2, "`nowhere`");
    fs::write(sandbox.path("bad"), [b'a', 0xff]).unwrap();
    sandbox.pack(&["--exclude-from", "bad"]).fails(2, "`bad`");
    assert!(!sandbox.path("records").exists());
}
