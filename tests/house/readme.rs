//! What README promises is what the binaries do.

use std::fs;

use e2e::template::workspace;
use record::ExitCode;

#[test]
fn every_exit_code_is_documented() {
    // Names of files and programs are set as code there.
    let readme = fs::read_to_string(workspace().join("README.md")).expect("README.md").replace('`', "");
    let rows: Vec<Vec<&str>> = readme
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    for code in ExitCode::ALL {
        let number = code.number().to_string();
        let row = rows.iter().find(|row| row.first().is_some_and(|cell| **cell == number));
        let row = row.unwrap_or_else(|| panic!("README's table of exit codes lacks {number}"));
        assert!(row.iter().all(|cell| !cell.is_empty()), "README says too little of {number}: {row:?}");
    }
}
