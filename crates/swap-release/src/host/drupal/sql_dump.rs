//! Whether a dump is one. drush 8 ends with 0, and leaves a file, when the database could not be reached.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// What is looked at of beginning and end, in bytes.
const ENDS: usize = 4096;

/// `Err` says what is wrong with the dump at `path`, which is packed by gzip. All of it is read.
pub(super) fn check(path: &Path) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let (head, tail) =
        ends(MultiGzDecoder::new(file)).map_err(|error| format!("it cannot be unpacked: {error}"))?;
    let (head, tail) = (String::from_utf8_lossy(&head), String::from_utf8_lossy(&tail));
    if head.trim().is_empty() {
        return Err("it is empty".into());
    }
    if !begins(&head) {
        return Err(format!("it begins with `{}`", first_line(&head)));
    }
    if !ends_well(&tail) {
        return Err("it breaks off before its end".into());
    }
    Ok(())
}

/// Beginning and end of what comes.
fn ends(reader: impl Read) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    loop {
        let read = reader.fill_buf()?;
        let count = read.len();
        if read.is_empty() {
            return Ok((head, tail));
        }
        head.extend(read.iter().take(ENDS.saturating_sub(head.len())));
        tail.extend(read.iter().skip(read.len().saturating_sub(ENDS)));
        tail.drain(..tail.len().saturating_sub(ENDS));
        reader.consume(count);
    }
}

/// mysqldump and mariadb-dump (with `--skip-comments` a conditional comment comes first), pg_dump, sqlite3.
fn begins(head: &str) -> bool {
    let marks = [
        "-- MySQL dump",
        "-- MariaDB dump",
        "/*!",
        "/*M!",
        "-- PostgreSQL database dump",
        "PRAGMA foreign_keys",
    ];
    marks.iter().any(|mark| head.contains(mark))
}

/// `--skip-comments` leaves the settings put back as the last line; of MariaDB 11 another one.
fn ends_well(tail: &str) -> bool {
    let marks = [
        "-- Dump completed",
        "SQL_NOTES=@OLD_SQL_NOTES",
        "NOTE_VERBOSITY=@OLD_NOTE_VERBOSITY",
        "-- PostgreSQL database dump complete",
    ];
    let last = tail.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    last == "COMMIT;"
        || tail
            .lines()
            .rev()
            .filter(|line| !line.trim().is_empty())
            .take(5)
            .any(|line| marks.iter().any(|mark| line.contains(mark)))
}

fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn checked(text: &str, cut: usize) -> Result<(), String> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        let mut bytes = packed.finish().unwrap();
        bytes.truncate(bytes.len() - cut);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.sql.gz");
        std::fs::write(&path, bytes).unwrap();
        check(&path)
    }

    #[test]
    fn a_dump_opens_and_ends_as_a_dump_does() {
        let rows = "INSERT INTO node VALUES (1,'x');\n".repeat(10_000);
        let mysql = format!(
            "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n{rows}-- Dump completed on 2026-01-01 0:00:00\n"
        );
        let short =
            format!("/*!40101 SET NAMES utf8mb4 */;\n{rows}/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n\n");
        let sqlite = format!("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n{rows}COMMIT;\n");
        let postgres = format!(
            "--\n-- PostgreSQL database dump\n--\n{rows}--\n-- PostgreSQL database dump complete\n--\n\n"
        );
        let eleven = short
            .replace("40111 SET SQL_NOTES=@OLD_SQL_NOTES", "M!100616 SET NOTE_VERBOSITY=@OLD_NOTE_VERBOSITY");
        for dump in [&mysql, &short, &eleven, &sqlite, &postgres] {
            assert_eq!(checked(dump, 0), Ok(()), "{}", first_line(dump));
            assert!(checked(dump, 20).is_err(), "torn");
            assert!(checked(&dump[..dump.len() / 2], 0).unwrap_err().contains("breaks off"));
        }
        assert_eq!(checked("", 0).unwrap_err(), "it is empty");
        assert_eq!(
            checked("mysqldump: Got error: 2002\n", 0).unwrap_err(),
            "it begins with `mysqldump: Got error: 2002`"
        );
    }
}
