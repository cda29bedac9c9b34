//! May this account give a directory or file another parent? The rules of rename(2), asked before anything is renamed, each
//! with what helps.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use record::host::Obstacle;
use record::{RemedyCommand, RemedyPlace};
use remote::Argv;
use rustix::fs::{Access, AtFlags, CWD, StatxFlags, accessat, statx};
use rustix::io::Errno;

use crate::host::disk::mounts::Mounts;

/// `STATX_ATTR_IMMUTABLE` and `STATX_ATTR_APPEND` of statx(2).
const FIXED: u64 = 0x10 | 0x20;

/// What is found out about several renames.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What is in the way, with what helps.
    pub(super) obstacles: Vec<Obstacle>,
    /// Directories of this account that are write-protected, as Drupal does it with `sites/default`, and their modes: they are
    /// made writable for the time of the rename.
    pub(super) protected: Vec<(PathBuf, u32)>,
}

impl Findings {
    pub(super) fn add(&mut self, found: String, remedy: &str, commands: Vec<RemedyCommand>) {
        let obstacle = Obstacle { found, remedy: Some(remedy.to_owned()), commands };
        // One directory may be in the way of several.
        if !self.obstacles.contains(&obstacle) {
            self.obstacles.push(obstacle);
        }
    }

    /// Looks at moving `entry` to `to`, in whose directory, or what of it is there, a link of ours takes its place.
    pub(super) fn look(&mut self, entry: &Path, to: &Path, mounts: &Mounts) {
        let (Some(folder), Ok(meta)) = (entry.parent(), fs::symlink_metadata(entry)) else { return };
        let into = to.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(to);
        self.borders(entry, to, into, mounts);
        self.fixed(entry);
        for folder in [folder, into] {
            self.fixed(folder);
            self.writable(folder, Access::WRITE_OK | Access::EXEC_OK);
        }
        // A directory that gets another parent is written to: its `..` changes.
        if meta.is_dir() {
            self.writable(entry, Access::WRITE_OK);
        }
        self.sticky(folder, entry, &meta);
    }

    fn borders(&mut self, entry: &Path, to: &Path, into: &Path, mounts: &Mounts) {
        let real = entry.canonicalize().unwrap_or_else(|_| entry.to_owned());
        let (from, target) = (text(entry), text(to));
        let folder = text(to.parent().unwrap_or(to));
        if mounts.within(&real).contains(&real) {
            let make = here(&["mkdir", "-p", "--", if real.is_dir() { &target } else { &folder }]);
            self.add(
                format!("`{from}` is a mount point, and cannot be moved"),
                "mount it in shared/ as well, and change its line in /etc/fstab to that; what is one directory needs no move",
                vec![make, as_root(&["mount", "--bind", "--", &from, &target])],
            );
        } else if place_of(entry) != place_behind(into) {
            let (copy, new) = (format!("{from}.before"), format!("{from}.new"));
            self.add(
                format!(
                    "`{from}` is on another file system than `{}`, and cannot be moved there",
                    into.display()
                ),
                "copy it there, let a link take its place, and copy once more what came meanwhile",
                vec![
                    here(&["mkdir", "-p", "--", &folder]),
                    as_root(&["cp", "-a", "-T", "--", &from, &target]),
                    as_root(&["ln", "-s", "--", &target, &new]),
                    as_root(&["mv", "-T", "--", &from, &copy]),
                    as_root(&["mv", "-T", "--", &new, &from]),
                    as_root(&["cp", "-a", "-u", "-T", "--", &copy, &target]),
                ],
            );
        }
    }

    /// `current` itself is a directory that cannot be moved: it is better left where it is.
    pub(super) fn root(&mut self, entry: &Path, releases: &Path, mounts: &Mounts) {
        let real = entry.canonicalize().unwrap_or_else(|_| entry.to_owned());
        if mounts.within(&real).contains(&real)
            || place_of(entry) != releases.ancestors().find(|path| path.is_dir()).and_then(place_behind)
        {
            self.add(
                format!("`{}` is a mount point, or on another file system than releases/, and cannot be moved", text(entry)),
                "leave it where it is: take another directory as deploy_to and adopt it with --from; see crates/swap-release/README.md, A docroot of another name",
                Vec::new(),
            );
            return;
        }
        self.look(entry, &releases.join("current"), mounts);
    }

    fn writable(&mut self, folder: &Path, wanted: Access) {
        let Ok(meta) = fs::metadata(folder) else { return };
        let (mode, us) = (meta.mode() & 0o7777, user());
        // For its owner only the owner's bits count, and those can be set.
        if meta.uid() == rustix::process::geteuid().as_raw() && mode & 0o300 != 0o300 {
            if !self.protected.iter().any(|(known, _)| known == folder) {
                self.protected.push((folder.to_owned(), mode));
            }
            return;
        }
        let refused = match accessat(CWD, folder, wanted, AtFlags::EACCESS) {
            Ok(()) => return,
            Err(errno) => errno,
        };
        let path = text(folder);
        // Immutable, which is reported by itself: owner and mode are no help then.
        if refused == Errno::PERM {
            return;
        }
        if refused == Errno::ROFS {
            return self.add(
                format!("`{path}` is on a file system that is mounted read-only"),
                "mount it for writing",
                vec![RemedyCommand {
                    place: RemedyPlace::Root,
                    command: format!(
                        "mount -o remount,rw -- \"$(findmnt -n -o TARGET -T {})\"",
                        Argv::new(path)
                    ),
                }],
            );
        }
        let (group, to_group) = (meta.gid(), mode & 0o070 == 0o070);
        let join = || as_root(&["usermod", "-a", "-G", &group_name(group), "--", &us]);
        let open = || as_root(&["chmod", "g+rwx", "--", &path]);
        let commands = if group != 0 && to_group {
            vec![join()]
        } else if meta.uid() == 0 {
            // Nobody but root can have relied on its owner.
            vec![as_root(&["chown", "--", &us, &path]), as_root(&["chmod", "u+rwx", "--", &path])]
        } else if group != 0 {
            vec![join(), open()]
        } else {
            vec![as_root(&["chgrp", "--", &group_name(rustix::process::getegid().as_raw()), &path]), open()]
        };
        self.add(
            format!(
                "`{us}` may not write to `{path}`, which is of `{}` (mode {mode:04o})",
                user_name(meta.uid())
            ),
            "let the account that deploys write to that directory; what is in it keeps its owner",
            commands,
        );
    }

    fn sticky(&mut self, folder: &Path, entry: &Path, meta: &Metadata) {
        let (us, Ok(above)) = (rustix::process::geteuid(), fs::metadata(folder)) else { return };
        let owned = us.is_root() || [meta.uid(), above.uid()].contains(&us.as_raw());
        if above.mode() & 0o1000 != 0 && !owned {
            self.add(
                format!(
                    "`{}` is sticky: what is of `{}` in it can only be moved by that account, such as `{}`",
                    folder.display(),
                    user_name(meta.uid()),
                    entry.display()
                ),
                "take the sticky bit off that directory",
                vec![as_root(&["chmod", "--", "-t", &text(folder)])],
            );
        }
    }

    fn fixed(&mut self, path: &Path) {
        let seen = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS);
        if seen.is_ok_and(|seen| seen.stx_attributes.bits() & FIXED != 0) {
            self.add(
                format!("`{}` was made immutable (chattr +i or +a)", path.display()),
                "take that off, and put it on again afterwards",
                vec![as_root(&["chattr", "-i", "-a", "--", &text(path)])],
            );
        }
    }
}

/// File system and mount: rename(2) crosses neither.
fn place_of(path: &Path) -> Option<(u32, u32, u64)> {
    let seen =
        statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID).ok()?;
    Some((seen.stx_dev_major, seen.stx_dev_minor, seen.stx_mnt_id))
}

/// The same of what a directory leads to: `releases/` and `shared/` may be links.
fn place_behind(path: &Path) -> Option<(u32, u32, u64)> {
    place_of(&path.canonicalize().ok()?)
}

pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn as_root(words: &[&str]) -> RemedyCommand {
    RemedyCommand { place: RemedyPlace::Root, command: command(words) }
}

/// A command for the account that deploys.
pub(super) fn here(words: &[&str]) -> RemedyCommand {
    RemedyCommand { place: RemedyPlace::Host, command: command(words) }
}

fn command(words: &[&str]) -> String {
    let (program, rest) = words.split_first().unwrap_or((&"", &[]));
    Argv::new(*program).args(rest.iter().copied()).to_string()
}

/// This account by its name, else by its number.
fn user() -> String {
    user_name(rustix::process::geteuid().as_raw())
}

fn user_name(uid: u32) -> String {
    name_in("/etc/passwd", uid)
}

fn group_name(gid: u32) -> String {
    name_in("/etc/group", gid)
}

/// The name that a file of passwd(5) or group(5) gives to a number; others, as of a directory service, keep their numbers, which
/// the commands take as well.
fn name_in(file: &str, number: u32) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let named = text.lines().find(|line| line.split(':').nth(2) == Some(number.to_string().as_str()));
    named.and_then(|line| line.split(':').next()).map_or_else(|| number.to_string(), str::to_owned)
}
