//! Passkeys that do not exist yet.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use inventory::{Inventory, SecretSource};
use tracker_client::Key;

use crate::error::Error;

/// Makes a random passkey for every client whose file does not exist; those that exist stay.
pub(crate) fn make_files(inventory: &Inventory) -> Result<(), Error> {
    let seeder = inventory.seeder.iter().filter_map(|seeder| seeder.passkey.as_ref());
    let hosts = inventory.hosts.iter().filter_map(|host| host.passkey.as_ref());
    for source in seeder.chain(hosts) {
        if let SecretSource::File(path) = source {
            make_file(path)?;
        }
    }
    Ok(())
}

fn make_file(path: &Path) -> Result<(), Error> {
    let write_error = |source| Error::Write { path: path.to_owned(), source };
    let key = Key::random().map_err(write_error)?;
    // Never over a file that is there: its user would be lost.
    let file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        other => other.map_err(write_error)?,
    };
    { &file }.write_all(format!("{}\n", key.expose()).as_bytes()).map_err(write_error)?;
    file.sync_all().map_err(write_error)
}
