//! What helps when something cannot be written here: the remedy of its cause, for this file and this account.

use std::fs;
use std::io;
use std::path::Path;

use cli::Cause;

/// For `path`, which could not be made or written for this reason.
pub(crate) fn for_write(path: &Path, error: &io::Error) -> String {
    let shown = path.display().to_string();
    if let Ok(target) = fs::read_link(path)
        && !path.exists()
    {
        return format!(
            "{shown} is a link to {}, where nothing is: mount or make that, or remove the link",
            target.display()
        );
    }
    match Cause::of(error) {
        Some(Cause::NoSpace) if has_no_inode(path) => Cause::NoInodes.remedy(&existing(path), &user()),
        // What is not made yet belongs to nobody: the directory above it does.
        Some(cause @ (Cause::NoSpace | Cause::Quota | Cause::Denied)) => {
            cause.remedy(&existing(path), &user())
        }
        Some(cause) => cause.remedy(&shown, &user()),
        None => "check owner, permissions and free space".to_owned(),
    }
}

/// The nearest that is there, for commands to look at.
fn existing(path: &Path) -> String {
    path.ancestors().find(|path| path.exists()).unwrap_or(path).display().to_string()
}

/// Whether the file system has run out of inodes, and not of bytes. btrfs counts none.
fn has_no_inode(path: &Path) -> bool {
    let stat = path.ancestors().find_map(|path| rustix::fs::statvfs(path).ok());
    stat.is_some_and(|stat| stat.f_files > 0 && stat.f_favail == 0 && stat.f_bavail > 0)
}

/// The account that this runs as: its name, or its number where only a directory service knows that.
pub(crate) fn user() -> String {
    let uid = rustix::process::geteuid().as_raw().to_string();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of_uid = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        (fields.nth(1)? == uid).then_some(name)
    };
    accounts.lines().find_map(of_uid).unwrap_or(uid)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_remedy_is_that_of_the_cause() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared/files");
        let with = |number| for_write(&path, &io::Error::from_raw_os_error(number));
        assert!(with(28).contains(&format!("df -h {}", folder.path().display())), "{}", with(28));
        assert!(with(122).contains("quota"), "{}", with(122));
        let there = folder.path().display();
        assert!(with(13).contains(&format!("chown {} -- {there}", user())), "{}", with(13));
        assert!(for_write(&path, &io::Error::other("odd")).contains("check owner"));
        fs::create_dir(folder.path().join("shared")).unwrap();
        symlink("/nowhere/files", &path).unwrap();
        assert!(with(17).contains("is a link to /nowhere/files, where nothing is"), "{}", with(17));
    }

    #[test]
    fn the_account_is_named() {
        let output = std::process::Command::new("id").arg("-un").output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), user());
    }
}
