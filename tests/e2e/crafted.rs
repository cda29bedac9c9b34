//! Payloads made by an enemy who also controls the record's digests: nothing is ever written outside the release.
//!
//! The archives are put together here, from the documented format; the first test proves that what this makes is
//! accepted when it is honest, so that the refusals are about what is evil in them.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::{Output, Run, Scratch, Tree, bin, site};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const MTIME: u64 = 1_700_000_000;

#[derive(Clone)]
enum Member {
    Dir(String),
    File(String, Vec<u8>),
    Link(String, String),
}
use Member::{Dir, File, Link};

impl Member {
    fn path(&self) -> &str {
        match self {
            Dir(path) | File(path, _) | Link(path, _) => path,
        }
    }

    fn line(&self) -> Value {
        match self {
            Dir(path) => json!({"path": path, "type": "dir", "mode": "0755", "mtime": MTIME}),
            File(path, content) => {
                json!({"path": path, "type": "file", "mode": "0644", "size": content.len(),
                "sha256": hex::encode(Sha256::digest(content)), "mtime": MTIME})
            }
            Link(path, target) => json!({"path": path, "type": "link", "target": target, "mtime": MTIME}),
        }
    }

    fn canonical(&self) -> String {
        match self {
            Dir(path) => format!("d {path}\0"),
            File(path, content) => {
                format!("f 0644 {} {} {path}\0", content.len(), hex::encode(Sha256::digest(content)))
            }
            Link(path, target) => format!("l {path}\0{target}\0"),
        }
    }
}

fn dir(path: &str) -> Member {
    Dir(path.into())
}
fn file(path: &str) -> Member {
    File(path.into(), format!("content of {path}\n").into_bytes())
}
fn link(path: &str, target: &str) -> Member {
    Link(path.into(), target.into())
}

/// A server's directory, and the means to stage crafted payloads there.
struct Victim {
    scratch: Scratch,
    record: Value,
}

impl Victim {
    fn new() -> Self {
        let scratch = Scratch::new();
        let site = scratch.path().join("site");
        site::write(&site, site::Shape::Small, 1);
        Run::new(bin("mkt-pack"), scratch.path()).arg(&site).args(["--release-id", "r1"]).output().ok();
        let record =
            serde_json::from_slice(&fs::read(scratch.path().join("records/pack.json")).unwrap()).unwrap();
        let _ = scratch.dir("srv/site");
        fs::write(scratch.path().join("srv/bystander"), "untouched").unwrap();
        Self { scratch, record }
    }

    fn deploy_to(&self) -> PathBuf {
        self.scratch.path().join("srv/site")
    }

    /// Stages an archive whose manifest lists `listed` and which carries `carried`; the record agrees with the manifest.
    fn stage(&self, listed: &[Member], carried: &[Member]) -> Output {
        let lines: Vec<Value> = listed.iter().map(Member::line).collect();
        let mut manifest = format!("{}\n", json!({"manifest": 1, "entries": lines.len()}));
        // The fields in the documented order.
        for (member, line) in listed.iter().zip(&lines) {
            let _ = member;
            manifest += &ordered(line);
        }
        let canonical: String = listed.iter().map(Member::canonical).collect();
        let digest = hex::encode(Sha256::digest(format!("tree/1\n{canonical}")));

        let mut tar = member("manifest.jsonl", tar::EntryType::Regular, 0o644, manifest.as_bytes(), "");
        for one in carried {
            let name = format!("tree/{}", one.path());
            tar.extend(match one {
                Dir(_) => member(&format!("{name}/"), tar::EntryType::Directory, 0o755, b"", ""),
                File(_, content) => member(&name, tar::EntryType::Regular, 0o644, content, ""),
                Link(_, target) => member(&name, tar::EntryType::Symlink, 0o777, b"", target),
            });
        }
        tar.resize(tar.len() + 1024, 0);
        let packed = zstd::encode_all(tar.as_slice(), 3).unwrap();
        let sha256 = hex::encode(Sha256::digest(&packed));
        let payload = self.scratch.path().join(format!("srv/{}.tar.zst", &sha256[..16]));
        fs::write(&payload, &packed).unwrap();

        let mut record = self.record.clone();
        let sizes = listed.iter().map(|one| if let File(_, content) = one { content.len() } else { 0 });
        let release = &mut record["release"];
        release["tree_digest"] = digest.into();
        release["payload"] =
            json!({"file": format!("{}.tar.zst", &sha256[..16]), "bytes": packed.len(), "sha256": sha256});
        release["manifest"]["sha256"] = hex::encode(Sha256::digest(&manifest)).into();
        release["files"] = listed.iter().filter(|one| matches!(one, File(..))).count().into();
        release["bytes"] = sizes.sum::<usize>().into();
        let path = self.scratch.path().join("record.json");
        fs::write(&path, serde_json::to_vec_pretty(&record).unwrap()).unwrap();
        Run::new(bin("swap-release"), self.scratch.path())
            .args(["stage", "--json", "--deploy-to"])
            .arg(self.deploy_to())
            .arg("--payload")
            .arg(&payload)
            .arg("--record")
            .arg(&path)
            .output()
    }

    /// Expects the payload to be refused, and nothing to be anywhere but in the site's own state.
    #[track_caller]
    fn refuses(&self, what: &str, listed: &[Member], carried: &[Member]) {
        let output = self.stage(listed, carried);
        assert!(matches!(output.code, Some(10 | 12)), "{what}: {output:?}");
        assert!(
            output.stderr.contains("error:") && output.stderr.contains("hint:"),
            "{what}: {}",
            output.stderr
        );
        assert!(output.stdout.is_empty(), "{what}: {}", output.stdout);
        let releases = self.deploy_to().join("releases");
        assert!(entries(&releases).is_empty(), "{what}: {:?}", entries(&releases));
        let outside: Vec<String> = entries(&self.scratch.path().join("srv"))
            .into_iter()
            .filter(|name| !name.ends_with(".tar.zst"))
            .collect();
        assert_eq!(outside, ["bystander", "site"], "{what}");
        assert_eq!(
            fs::read_to_string(self.scratch.path().join("srv/bystander")).unwrap(),
            "untouched",
            "{what}"
        );
    }
}

/// One line with the fields in the order that the writer has: path, type, mode, size, sha256, target, mtime.
fn ordered(line: &Value) -> String {
    let fields = ["path", "type", "mode", "size", "sha256", "target", "mtime"];
    let parts: Vec<String> =
        fields.iter().filter_map(|key| line.get(*key).map(|value| format!("\"{key}\":{value}"))).collect();
    format!("{{{}}}\n", parts.join(","))
}

/// Names as they are, which no library would write.
fn member(name: &str, kind: tar::EntryType, mode: u32, content: &[u8], target: &str) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    let gnu = header.as_gnu_mut().unwrap();
    gnu.name[..name.len()].copy_from_slice(name.as_bytes());
    gnu.linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(content.len() as u64);
    header.set_mtime(MTIME);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn entries(dir: &Path) -> Vec<String> {
    let found = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn an_honest_payload_made_by_hand_is_accepted() {
    let victim = Victim::new();
    let tree = [dir("a"), file("a/b.php"), link("a/c", "b.php"), file("z")];
    let output = victim.stage(&tree, &tree).ok();
    let reply: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&reply["state"], &reply["files"]), (&json!("staged"), &json!(2)), "{reply}");
    let release = victim.deploy_to().join("releases/r1");
    assert_eq!(fs::read_to_string(release.join("a/c")).unwrap(), "content of a/b.php\n");
    assert_eq!(Tree::read(&release, &[]).len(), 4);
}

#[test]
fn a_payload_cannot_leave_its_directory() {
    let victim = Victim::new();
    let honest = [dir("a"), file("a/b.php"), file("z")];

    // Names in the archive that the manifest does not have.
    for name in ["../../escaped", "../escaped", "/escaped", "a/../../../../escaped"] {
        victim.refuses(
            name,
            &honest,
            &[dir("a"), File(name.into(), b"content of a/b.php\n".to_vec()), file("z")],
        );
    }
    // The same names in the manifest, so that the digest agrees.
    for name in ["../escaped", "../../escaped", "/escaped", "a/../../escaped", ".", "..", "a//b", "a/./b", ""]
    {
        let tree = [dir("a"), file(name)];
        victim.refuses(&format!("manifest with {name}"), &tree, &tree);
    }
    // Links that lead out, alone and with a file below them.
    for target in ["/etc", "../..", "../../escaped", "b/../../escaped", ""] {
        let tree = [link("a", target), file("z")];
        victim.refuses(&format!("link to {target}"), &tree, &tree);
        let tree = [link("a", target), file("a/escaped")];
        victim.refuses(&format!("file below a link to {target}"), &tree, &tree);
    }
    // A link in the place of a directory: the manifest is honest.
    victim.refuses("link for a directory", &honest, &[link("a", ".."), file("a/b.php"), file("z")]);
    // A member more, a member less, other content, another order, twice.
    victim.refuses("one more", &honest, &[dir("a"), file("a/b.php"), file("a/shell.php"), file("z")]);
    victim.refuses("one more at the end", &honest, &[dir("a"), file("a/b.php"), file("z"), file("zz")]);
    victim.refuses("one less", &honest, &[dir("a"), file("a/b.php")]);
    victim.refuses(
        "other content",
        &honest,
        &[dir("a"), File("a/b.php".into(), b"CONTENT of a/b.php\n".to_vec()), file("z")],
    );
    victim.refuses("other order", &honest, &[file("z"), dir("a"), file("a/b.php")]);
    let twice = [dir("a"), file("a/b.php"), file("a/b.php"), file("z")];
    victim.refuses("twice", &twice, &twice);
    let twins = [dir("A"), file("A/b.php"), dir("a"), file("a/b.php")];
    victim.refuses("names that differ in case", &twins, &twins);
    let clash = [file("a"), file("a/b.php")];
    victim.refuses("file and directory of one name", &clash, &clash);
}
