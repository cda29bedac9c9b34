//! What is mounted where, as the kernel says: a mount is another file system's border even where both sides have the same
//! device number, as those of a bind mount have.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Device and number: what a path resolves to, whatever its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Inode(u64, u64);

impl Inode {
    /// Of what a path resolves to; none where nothing is, or where we may not look.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        path.metadata().ok().map(|meta| Self(meta.dev(), meta.ino()))
    }
}

/// One mount of this process's namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mount {
    /// Major and minor number of the file system.
    device: String,
    /// Which directory of the file system.
    root: PathBuf,
    /// Where.
    at: PathBuf,
}

/// Every mount, in the order of mounting. Empty where /proc is not there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mounts(Vec<Mount>);

impl Mounts {
    /// Asks the kernel.
    pub(crate) fn read() -> Self {
        Self::parse(&fs::read("/proc/self/mountinfo").unwrap_or_default())
    }

    fn parse(text: &[u8]) -> Self {
        let line = |line: &[u8]| {
            let mut words = line.split(|byte| *byte == b' ').skip(2);
            let device = String::from_utf8_lossy(words.next()?).into_owned();
            Some(Mount { device, root: unescape(words.next()?), at: unescape(words.next()?) })
        };
        Self(text.split(|byte| *byte == b'\n').filter_map(line).collect())
    }

    /// Mount points at `tree` or below it; `tree` is free of links.
    pub(crate) fn within(&self, tree: &Path) -> Vec<PathBuf> {
        self.0.iter().map(|mount| &mount.at).filter(|at| at.starts_with(tree)).cloned().collect()
    }

    /// Where a path without links lies on its file system, by whichever mount it is reached.
    fn origin(&self, path: &Path) -> Option<(&str, PathBuf)> {
        // Of two at the same place the later one is seen.
        let covers = self.0.iter().filter(|mount| path.starts_with(&mount.at));
        let mount = covers.max_by_key(|mount| mount.at.components().count())?;
        let below = path.strip_prefix(&mount.at).ok()?;
        Some((
            &mount.device,
            if below.as_os_str().is_empty() { mount.root.clone() } else { mount.root.join(below) },
        ))
    }

    /// How many names lie between `tree` and `place`, which is in it or is it; none if it is elsewhere. Both are free of
    /// links. A bind mount of a part of `tree` is a place in it.
    pub(crate) fn depth(&self, tree: &Path, place: &Path) -> Option<usize> {
        let inode = Inode::of(tree)?;
        if let Some(depth) = place.ancestors().position(|ancestor| Inode::of(ancestor) == Some(inode)) {
            return Some(depth);
        }
        let (device, root) = self.origin(tree)?;
        let (other, path) = self.origin(place)?;
        let below = path.strip_prefix(root).ok().filter(|_| device == other)?;
        Some(below.components().count())
    }
}

fn octal(digits: [u8; 3]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()
}

/// Space, tab, newline and backslash are written as three octal digits.
fn unescape(text: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [a, b, c, tail @ ..] if *first == b'\\' => octal([*a, *b, *c]).map(|byte| (byte, tail)),
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, tail));
        bytes.push(byte);
        rest = after;
    }
    PathBuf::from(OsString::from_vec(bytes))
}

/// Every place that the way to a path leads through: each link that is followed, each directory that `..` leaves, and last
/// what it resolves to. All are free of links but for their last name. Removing one of them, or a directory above one, changes what the path is.
///
/// # Errors
/// What the system says, as for opening the path; ELOOP after 40 links, as the kernel has it.
pub(crate) fn way(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let parts = |path: &Path| -> Vec<OsString> {
        path.components().rev().map(|part| part.as_os_str().to_owned()).collect()
    };
    let (mut stops, mut links) = (Vec::new(), 0);
    let mut at = PathBuf::new();
    let mut rest = parts(&std::path::absolute(path)?);
    while let Some(part) = rest.pop() {
        if part.as_bytes() == b".." {
            // Left again, and has to be there all the same.
            let left = at.clone();
            at.pop();
            stops.push(left);
            continue;
        }
        let next = at.join(&part);
        match fs::read_link(&next) {
            Ok(_) if links >= 40 => return Err(rustix::io::Errno::LOOP.into()),
            Ok(target) => {
                links += 1;
                stops.push(next);
                rest.extend(parts(&target));
            }
            // EINVAL: it is there, and no link.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => at = next,
            Err(error) => return Err(error),
        }
    }
    stops.push(at);
    Ok(stops)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        30 22 8:17 / /srv rw - xfs /dev/sdb1 rw\n\
        31 30 8:17 /site/releases/7/web /var/www rw - xfs /dev/sdb1 rw\n\
        32 30 0:40 / /srv/site/releases/1/my\\040files rw - nfs nas:/x rw\nnonsense\n";

    #[test]
    fn mounts_within_a_tree_are_found_by_their_names() {
        let mounts = Mounts::parse(TEXT);
        let within = |tree: &str| mounts.within(Path::new(tree));
        assert_eq!(within("/srv/site/releases/1"), [Path::new("/srv/site/releases/1/my files")]);
        assert_eq!(within("/srv/site/releases/11"), [""; 0].map(PathBuf::from));
        assert_eq!(within("/var/www"), [Path::new("/var/www")]);
    }

    #[test]
    fn a_bind_mount_is_where_it_comes_from() {
        let mounts = Mounts::parse(TEXT);
        let origin = |path: &str| mounts.origin(Path::new(path));
        assert_eq!(origin("/var/www/core"), Some(("8:17", "/site/releases/7/web/core".into())));
        assert_eq!(origin("/srv/site/releases/7/web"), Some(("8:17", "/site/releases/7/web".into())));
        assert_eq!(origin("/etc"), Some(("8:1", "/etc".into())));
        assert_eq!(Mounts::default().origin(Path::new("/etc")), None);
    }
}
