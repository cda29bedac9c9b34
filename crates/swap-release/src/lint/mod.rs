//! Web server configuration that mixes releases: a path through `current` that is resolved more than once a request, or
//! that opcache keeps under the name of the link.

mod apache;
mod nginx;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;

/// Something that will mix releases.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) file: PathBuf,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// Where Debian keeps them.
const USUAL: [&str; 2] = ["/etc/nginx", "/etc/apache2"];
/// Deeper, or more, is no configuration.
const DEEPEST: usize = 8;
const LARGEST: u64 = 4 << 20;

/// Looks at these files, and at all files below these directories; at the usual places when there are none.
pub(crate) fn lint(paths: &[PathBuf]) -> Result<(usize, Vec<Finding>), Error> {
    let mut files = Vec::new();
    if paths.is_empty() {
        for usual in USUAL.map(Path::new).into_iter().filter(|path| path.is_dir()) {
            collect(usual, 0, &mut files)?;
        }
    } else {
        for path in paths {
            collect(path, 0, &mut files)?;
        }
    }
    files.sort();
    files.dedup();
    let mut findings = Vec::new();
    for file in &files {
        let bytes = fs::read(file).map_err(|source| Error::Read { path: file.clone(), source })?;
        let text = String::from_utf8_lossy(&bytes);
        let found = nginx::lint(&text).into_iter().chain(apache::lint(&text));
        findings.extend(found.map(|(line, what)| Finding { file: file.clone(), line, what }));
    }
    Ok((files.len(), findings))
}

fn collect(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    // sites-enabled holds links; a loop of them ends at the depth.
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(_) if depth > 0 => return Ok(()),
        Err(source) => return Err(read(source)),
    };
    if meta.is_file() && meta.len() <= LARGEST {
        files.push(path.canonicalize().map_err(read)?);
    } else if meta.is_dir() && depth < DEEPEST {
        for entry in fs::read_dir(path).map_err(read)? {
            collect(&entry.map_err(read)?.path(), depth + 1, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_a_directory_are_looked_at_once_also_through_links() {
        let folder = tempfile::tempdir().unwrap();
        let available = folder.path().join("sites-available");
        fs::create_dir_all(&available).unwrap();
        fs::create_dir(folder.path().join("sites-enabled")).unwrap();
        fs::write(
            available.join("site"),
            "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n",
        )
        .unwrap();
        std::os::unix::fs::symlink(available.join("site"), folder.path().join("sites-enabled/site")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        let (count, findings) = lint(&[folder.path().to_owned()]).unwrap();
        assert_eq!((count, findings.len(), findings[0].line), (1, 1, 1));
        assert!(lint(&[folder.path().join("none")]).is_err());
    }
}
