//! Names that a torrent can hold and some clients do not take as they are.

use cli::Console;

/// Why a client may alter or refuse a path: libtorrent drops a backslash and Transmission replaces it, both replace
/// control characters, aria2 refuses these, and Transmission refuses a name of dots only.
fn is_awkward(path: &str) -> bool {
    // The bytes of what is not ASCII are looked at closely, which takes longer; hardly a path of a site has one.
    let suspect =
        path.bytes().any(|byte| byte < b' ' || byte == b'\\' || byte >= 0x7f) || path.contains("..");
    suspect
        && path.split('/').any(|name| {
            name.contains('\\') || name.contains(char::is_control) || name.bytes().all(|byte| byte == b'.')
        })
}

/// Says so where plain files are shared, which a swarm of mixed clients may not have alike then. Paths that differ in
/// case or Unicode form only are named too: libtorrent renames the second.
pub(crate) fn warn<'a>(paths: impl Iterator<Item = &'a str> + Clone, console: &Console) {
    let twins: Vec<&str> = payload::twins(paths.clone()).into_iter().map(|twins| twins.second).collect();
    let mut awkward = paths.filter(|path| is_awkward(path) || twins.contains(path));
    if let Some(first) = awkward.next() {
        let more = match awkward.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        console.warn(format!(
            "`{first}`{more}: some clients alter or refuse a name with a backslash, a control character or dots only, or \
             one that differs from another in case or Unicode form only"
        ));
        console.hint("rename it, leave it out with --exclude, or use the archive layout");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_client_was_seen_to_alter() {
        for path in ["a\\b", "d/a\nb", "a/.../b", "...", "x\u{7f}"] {
            assert!(is_awkward(path), "{path}");
        }
        for path in [".htaccess", "a b", "q?", "*", "\"x\"", "ünï/日本語", "..a"] {
            assert!(!is_awkward(path), "{path}");
        }
    }
}
