//! Who may do what with a directory, by its mode and its access list: the check of path_resolution(7) and acl(5), made here
//! because the account that asks is not the one that it asks about.

use super::web_user::WebUser;

/// To enter it.
pub(crate) const ENTER: u32 = 1;
/// To make and remove files in it.
pub(crate) const WRITE: u32 = 3;

/// A directory's owner, mode and access list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) list: List,
    pub(crate) path: String,
}

/// An access list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum List {
    /// There is none.
    None,
    /// There is one, and the host has no getfacl(1).
    Unseen,
    /// Its entries.
    Entries(Vec<Entry>),
}

/// One entry, with numbers: `user:33:rwx`; without one it is about the owner, or the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    tag: String,
    id: Option<u64>,
    bits: u32,
}

impl Rights {
    /// Of `MODE UID GID LIST PATH`, where the list is `-`, `?`, or the lines of getfacl(1) with commas between.
    pub(crate) fn read(value: &str) -> Option<Self> {
        let mut words = value.splitn(5, ' ');
        let mode = u32::from_str_radix(words.next()?, 8).ok()?;
        let (uid, gid) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let list = match words.next()? {
            "-" => List::None,
            "?" => List::Unseen,
            entries => List::Entries(entries.split(',').filter_map(entry).collect()),
        };
        Some(Self { mode, uid, gid, list, path: words.next()?.to_owned() })
    }

    /// Whether `user` may; `None` if that is not to be told from here.
    pub(crate) fn allow(&self, user: &WebUser, wanted: u32) -> Option<bool> {
        if user.uid == 0 {
            return Some(true);
        }
        let class = |shift: u32| Some(self.mode >> shift & wanted == wanted);
        // The first class that fits decides.
        if user.uid == self.uid {
            return class(6);
        }
        match &self.list {
            List::Unseen => None,
            List::None if user.groups.contains(&self.gid) => class(3),
            List::None => class(0),
            List::Entries(entries) => Some(self.listed(entries, user, wanted)),
        }
    }

    fn listed(&self, entries: &[Entry], user: &WebUser, wanted: u32) -> bool {
        let mask = entries.iter().find(|entry| entry.tag == "mask").map_or(7, |entry| entry.bits);
        let grants = |bits: u32| bits & mask & wanted == wanted;
        let named = entries.iter().find(|entry| entry.tag == "user" && entry.id == Some(user.uid));
        if let Some(entry) = named {
            return grants(entry.bits);
        }
        let is_of =
            |entry: &&Entry| entry.tag == "group" && user.groups.contains(&entry.id.unwrap_or(self.gid));
        let mut groups = entries.iter().filter(is_of).peekable();
        if groups.peek().is_some() {
            return groups.any(|entry| grants(entry.bits));
        }
        entries.iter().any(|entry| entry.tag == "other" && entry.bits & wanted == wanted)
    }
}

fn entry(text: &str) -> Option<Entry> {
    let mut parts = text.splitn(3, ':');
    let (tag, id, bits) = (parts.next()?, parts.next()?, parts.next()?);
    let bits = bits.chars().take(3).zip([4, 2, 1]).filter(|(c, _)| *c != '-').map(|(_, bit)| bit).sum();
    Some(Entry { tag: tag.to_owned(), id: id.parse().ok(), bits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::web_user::Serves;

    #[test]
    fn the_class_that_fits_decides_and_a_list_is_read_as_the_kernel_does() {
        let user = |uid, groups: &[u64]| WebUser {
            name: "www-data".into(),
            group: "www-data".into(),
            uid,
            serves: Serves::Php,
            groups: groups.to_vec(),
        };
        let may = |value: &str, user: &WebUser| Rights::read(value).unwrap().allow(user, WRITE);
        let www = user(33, &[33, 50]);
        for (value, expected) in [
            ("755 1001 1001 - /s", Some(false)),
            ("775 1001 33 - /s", Some(true)),
            ("2775 1001 50 - /s", Some(true)),
            ("707 1001 50 - /s", Some(false)),
            ("577 33 33 - /s", Some(false)),
            ("777 0 0 - /s a", Some(true)),
            ("775 1001 1001 ? /s", None),
            ("775 1001 1001 user::rwx,user:33:rwx,group::r-x,mask::rwx,other::r-x /s", Some(true)),
            ("755 1001 1001 user::rwx,user:33:rwx,group::r-x,mask::r-x,other::r-x /s", Some(false)),
            (
                "777 1001 1001 user::rwx,user:33:r-x,group::r-x,group:50:rwx,mask::rwx,other::rwx /s",
                Some(false),
            ),
            ("775 1001 33 user::rwx,group::r-x,group:50:rwx,mask::rwx,other::--- /s", Some(true)),
            ("775 1001 33 user::rwx,group::r-x,group:51:rwx,mask::rwx,other::rwx /s", Some(false)),
            ("777 1001 7 user::rwx,group::r-x,group:51:rwx,mask::r-x,other::rwx /s", Some(true)),
        ] {
            assert_eq!(may(value, &www), expected, "{value}");
        }
        assert_eq!(may("700 1001 1001 - /s", &user(0, &[0])), Some(true), "nothing stops root");
        for nonsense in ["", "9 1 1 - /s", "755 x 1 - /s", "755 1 1 -"] {
            assert_eq!(Rights::read(nonsense), None);
        }
    }
}
