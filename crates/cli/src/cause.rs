//! Why the system refused to write, and the remedy that fits that cause. One table for all programs: what helps a full
//! disk is no help for a full quota.

use std::io;

/// A cause that has a remedy of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// `ENOSPC`, and there are inodes left.
    NoSpace,
    /// `ENOSPC`, and there are none.
    NoInodes,
    /// `EDQUOT`.
    Quota,
    /// `EROFS`.
    ReadOnly,
    /// `EACCES`.
    Denied,
    /// `EPERM`: as root, or an attribute of the file forbids it.
    NotPermitted,
    /// `ENAMETOOLONG`.
    NameTooLong,
    /// `ENOENT`.
    Missing,
    /// `ENOTDIR`.
    NotADirectory,
    /// `EEXIST`.
    Exists,
    /// `ELOOP`.
    Links,
    /// `EMLINK`: as many directories in one as the file system can have.
    TooManyEntries,
    /// `EIO`.
    Disk,
    /// `ESTALE`.
    Stale,
    /// `EBUSY`: a mount point, mostly.
    InUse,
}

/// The system's words (strerror(3) in the C locale) and numbers. Linux numbers them alike on x86, ARM, RISC-V, POWER and
/// s390 (asm-generic/errno.h).
const TABLE: [(Cause, i32, &str); 14] = [
    (Cause::NoSpace, 28, "No space left on device"),
    (Cause::Quota, 122, "Disk quota exceeded"),
    (Cause::ReadOnly, 30, "Read-only file system"),
    (Cause::Denied, 13, "Permission denied"),
    (Cause::NotPermitted, 1, "Operation not permitted"),
    (Cause::NameTooLong, 36, "File name too long"),
    (Cause::Missing, 2, "No such file or directory"),
    (Cause::NotADirectory, 20, "Not a directory"),
    (Cause::Exists, 17, "File exists"),
    (Cause::Links, 40, "Too many levels of symbolic links"),
    (Cause::TooManyEntries, 31, "Too many links"),
    (Cause::Disk, 5, "Input/output error"),
    (Cause::Stale, 116, "Stale file handle"),
    (Cause::InUse, 16, "Device or resource busy"),
];

impl Cause {
    /// That of an error of the system; none for one without a remedy of its own.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        let number = error.raw_os_error().or_else(|| {
            // One that says what it is about, as those of `tempfile` do, has the system's number in its words only.
            let text = error.to_string();
            let (_, number) = text.rsplit_once("(os error ")?;
            number.split(')').next()?.parse().ok()
        })?;
        TABLE.iter().find(|(_, known, _)| *known == number).map(|(cause, ..)| *cause)
    }

    /// That of an error that somebody else tells in words, as a shell does or another program of ours.
    #[must_use]
    pub fn told(text: &str) -> Option<Self> {
        // The last one named is the deepest cause.
        let found = TABLE.iter().filter_map(|(cause, _, words)| Some((text.rfind(words)?, *cause)));
        found.max_by_key(|(at, _)| *at).map(|(_, cause)| cause)
    }

    /// What helps, where `path` could not be written by `user`.
    #[must_use]
    pub fn remedy(self, path: &str, user: &str) -> String {
        match self {
            Self::NoSpace => format!(
                "make room on the file system of {path} (df -h {path}): swap-release prune, or what else lies there"
            ),
            Self::NoInodes => format!(
                "there is room, but no inode is left for another file (df -i {path}): remove old releases by swap-release \
                 prune, or directories of many small files"
            ),
            Self::Quota => format!(
                "the disk quota of {user} is used up (quota -s -u {user}): raise it as root by edquota -u {user}, or remove \
                 old releases"
            ),
            Self::ReadOnly => format!(
                "the file system of {path} is mounted read-only; the kernel does that after a fault of the disk (dmesg): \
                 mend it, then mount -o remount,rw"
            ),
            Self::Denied => format!(
                "{user} may not write there: see who owns it (namei -lo {path}), and give it to {user} as root: chown {user} -- {path}"
            ),
            Self::NotPermitted => format!(
                "see who owns {path}, and whether it is marked immutable (lsattr -d {path}; as root chattr -i)"
            ),
            Self::NameTooLong => {
                "the path is longer than the system allows (255 bytes for a name, 4095 for a path; less on some file \
                 systems): choose a shorter deploy_to, or shorten the name in the site"
                    .to_owned()
            }
            Self::Missing => format!(
                "a directory on the way to {path} is not there, or a link on it leads nowhere (namei -l {path})"
            ),
            Self::NotADirectory => {
                format!("something on the way to {path} is a file and no directory (namei -l {path})")
            }
            Self::Exists => format!("something else is in its place already: see it (ls -ld {path}) and move it away"),
            Self::Links => format!("links on the way to {path} lead in a circle (namei -l {path})"),
            Self::TooManyEntries => format!(
                "the directory holds as many others as its file system allows: remove old releases, or what else lies beside \
                 {path}"
            ),
            Self::Disk => format!("the disk below {path} fails (dmesg): nothing else helps before that is mended"),
            Self::Stale => format!("the network file system below {path} has lost it: mount it anew"),
            Self::InUse => format!("{path} is a mount point, or in use (findmnt {path})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_words_and_numbers_are_the_system_s_and_every_remedy_is_another() {
        let mut remedies = HashSet::new();
        for (cause, number, words) in TABLE {
            let error = io::Error::from_raw_os_error(number);
            assert!(error.to_string().starts_with(words), "{error}: {words}");
            assert_eq!(Cause::of(&error), Some(cause));
            assert_eq!(Cause::told(&format!("sh: 1: cannot create x: {words}")), Some(cause));
            assert!(remedies.insert(cause.remedy("/srv/site", "deploy")), "{cause:?}");
        }
        assert!(remedies.insert(Cause::NoInodes.remedy("/srv/site", "deploy")));
        assert_eq!(
            Cause::of(&io::Error::other("Permission denied")),
            None,
            "words of ours are not the system's"
        );
        // With a path, as tempfile tells it.
        let missing = tempfile::tempdir_in("/nowhere").unwrap_err();
        assert_eq!((missing.raw_os_error(), Cause::of(&missing)), (None, Some(Cause::Missing)));
        assert_eq!(Cause::told("all is well"), None);
        let both = "cannot write `/x`: Permission denied; then: No space left on device (os error 28)";
        assert_eq!(Cause::told(both), Some(Cause::NoSpace));
    }
}
