//! Adding to a known_hosts file.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use inventory::Address;
use sha1::Sha1;
use ssh_key::known_hosts::HostPatterns;

use super::known_hosts::{LIMIT, name};
use super::server_key::ServerKey;
use crate::KeyFileError;

/// More links than this are a circle.
const LINKS: usize = 16;
/// How often another program may write the file between our reading and replacing it.
const ATTEMPTS: usize = 5;

/// A line to be added: these keys are those of the sshd at this address and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHost {
    /// What is dialled.
    pub address: Address,
    /// The SSH port.
    pub port: u16,
    /// A key of it.
    pub key: ServerKey,
}

/// Adds lines to the known_hosts file `path`, with the names hashed if `hash`. All that is in it stays as it is; so do mode,
/// owner, and a symbolic link that leads to it. A new file is for its owner alone. Whoever reads meanwhile reads the old file or the
/// new one, and after a power cut it is one of the two.
///
/// # Errors
/// [`KeyFileError::WriteKnownHosts`]; then the file is as it was.
pub fn add_known_hosts(path: &Path, lines: &[KnownHost], hash: bool) -> Result<(), KeyFileError> {
    let failed = |source| KeyFileError::WriteKnownHosts { path: path.to_owned(), source };
    let mut more = String::new();
    for line in lines {
        more += &text(line, hash).map_err(failed)?;
    }
    if more.is_empty() {
        return Ok(());
    }
    for _ in 0..ATTEMPTS {
        if append(path, &more).map_err(failed)? {
            return Ok(());
        }
    }
    Err(failed(io::Error::other("another program goes on writing it")))
}

/// One line.
fn text(line: &KnownHost, hash: bool) -> io::Result<String> {
    let mut names = name(line.address.as_str(), line.port);
    if hash {
        let mut salt = vec![0; 20];
        getrandom::fill(&mut salt).map_err(io::Error::other)?;
        let mac = Hmac::<Sha1>::new_from_slice(&salt).map_err(io::Error::other)?;
        let hash = mac.chain_update(names.as_bytes()).finalize().into_bytes().into();
        names = HostPatterns::HashedName { salt, hash }.to_string();
    }
    Ok(format!("{names} {}\n", line.key))
}

/// Replaces the file by itself and `more`; false if it changed meanwhile.
fn append(path: &Path, more: &str) -> io::Result<bool> {
    let path = follow(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let before = read(&path)?;
    if before.is_none() && !folder.exists() {
        // As ssh makes ~/.ssh.
        DirBuilder::new().mode(0o700).create(folder)?;
    }
    let mut file = tempfile::Builder::new().prefix(".known_hosts-").tempfile_in(folder)?;
    if let Some((old, text)) = &before {
        file.write_all(text)?;
        if !text.is_empty() && !text.ends_with(b"\n") {
            file.write_all(b"\n")?;
        }
        let new = file.as_file().metadata()?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            fchown(file.as_file(), Some(old.uid()), Some(old.gid()))?;
        }
        file.as_file().set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
    }
    file.write_all(more.as_bytes())?;
    file.as_file().sync_all()?;
    // ssh appends to it without a lock.
    if read(&path)?.map(|(_, text)| text) != before.map(|(_, text)| text) {
        return Ok(false);
    }
    file.persist(&path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()?;
    Ok(true)
}

/// The file and all that is in it; `None` if there is none.
fn read(path: &Path) -> io::Result<Option<(fs::Metadata, Vec<u8>)>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > LIMIT {
        return Err(io::Error::other("it is larger than 16 MiB"));
    }
    let mut text = Vec::new();
    file.take(LIMIT).read_to_end(&mut text)?;
    Ok(Some((metadata, text)))
}

/// Where symbolic links lead, also if there is nothing yet.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // EINVAL: it is there and no link.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => {
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("its links go in a circle"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";

    fn line(address: &str, port: u16) -> KnownHost {
        KnownHost { address: address.parse().unwrap(), port, key: KEY.parse().unwrap() }
    }

    #[test]
    fn what_was_there_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("real"), dir.path().join("known_hosts"));
        // Not text, and without an end of its last line.
        fs::write(&path, b"# ours\n\xff\xfe\n@revoked * x").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        symlink("real", &link).unwrap();
        add_known_hosts(&link, &[line("web1", 22), line("2001:db8::1", 2222)], false).unwrap();
        let expected = format!("@revoked * x\nweb1 {KEY}\n[2001:db8::1]:2222 {KEY}\n");
        assert_eq!(fs::read(&path).unwrap(), [b"# ours\n\xff\xfe\n", expected.as_bytes()].concat());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "a temporary file is left");
        let inode = fs::metadata(&path).unwrap().ino();
        add_known_hosts(&link, &[], false).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().ino(), inode, "nothing to add, nothing written");
    }

    #[test]
    fn a_new_file_is_private_and_hashed_names_hide_the_host() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ssh/known_hosts");
        add_known_hosts(&path, &[line("web1", 2222)], true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o7777, 0o700);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("|1|") && !text.contains("web1"), "{text}");
        add_known_hosts(&path, &[line("web1", 2222)], true).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        assert_ne!(lines.next(), lines.next(), "every line has a salt of its own");
    }

    #[test]
    fn what_cannot_be_written_is_told_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "x").unwrap();
        fs::create_dir(dir.path().join("folder")).unwrap();
        symlink("around", dir.path().join("around")).unwrap();
        for name in ["none/deeper/known_hosts", "file/known_hosts", "around", "folder"] {
            let error = add_known_hosts(&dir.path().join(name), &[line("web1", 22)], false).unwrap_err();
            assert!(
                matches!(&error, KeyFileError::WriteKnownHosts { path, .. } if path.ends_with(name)),
                "{error}"
            );
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    }
}
