//! Room that is kept for the day on which the disk is full. Then it is given up, and there is a journal for a rollback, or
//! for the prune that makes room.

use std::fs;
use std::io::{self, ErrorKind};

use super::Paths;

/// Several files, for an inode each: a journal, a link and a state are new files before the old ones go.
const FILES: u32 = 4;
/// In bytes, more than what is written in a switch.
const SIZE: usize = 16 * 1024;

/// Makes what is missing of it, as far as there is room. Nobody waits for it to be durable.
pub(super) fn keep(paths: &Paths) {
    let folder = paths.reserve();
    let _there = fs::create_dir(&folder);
    for number in 0..FILES {
        let path = folder.join(number.to_string());
        if path.exists() {
            continue;
        }
        if fs::write(&path, [b'.'; SIZE]).is_err() {
            let _missing = fs::remove_file(&path);
            return;
        }
    }
}

/// Does `write`, and if there is no room for it once more without the reserve.
pub(super) fn or_give_up(paths: &Paths, write: impl Fn() -> io::Result<()>) -> io::Result<()> {
    match write() {
        Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            let folder = paths.reserve();
            let files = (0..FILES).map(|number| folder.join(number.to_string()));
            let given = files.filter(|path| fs::remove_file(path).is_ok()).count();
            if given > 0 { write() } else { Err(error) }
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::Path;

    use super::*;

    #[test]
    fn it_is_given_up_once_and_only_for_lack_of_room() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::new(root.path());
        fs::create_dir(paths.state()).unwrap();
        let count = || fs::read_dir(paths.reserve()).unwrap().count();
        let tries = Cell::new(0);
        let full_once = || {
            tries.set(tries.get() + 1);
            if tries.get() == 1 { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
        };
        keep(&paths);
        assert_eq!(count(), 4);
        let denied = || Err(ErrorKind::PermissionDenied.into());
        assert!(or_give_up(&paths, denied).is_err());
        assert_eq!(count(), 4, "room was no trouble");
        or_give_up(&paths, full_once).unwrap();
        assert_eq!((count(), tries.get()), (0, 2));
        tries.set(0);
        assert!(or_give_up(&paths, full_once).is_err(), "there is no more");
        keep(&paths);
        assert_eq!(count(), 4);
        keep(&Paths::new(Path::new("/nowhere")));
    }
}
