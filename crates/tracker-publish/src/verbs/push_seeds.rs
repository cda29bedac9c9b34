//! Publishing where there is nothing to publish to: no tracker, and no client that seeds, since `fleet-push` seeds for as
//! long as it runs. What is left is to see that this release can be seeded, and to say so in the record.

use std::path::PathBuf;

use cli::{Abort, Console};
use record::{Layout, Publish, Record, Records, Tool, TrackerMode};

use super::verb::Verb;
use crate::error::Error;
use crate::release::packed::Packed;
use crate::seeder::copy::sha256;

/// One run of any verb.
#[derive(Debug)]
pub(crate) struct PushSeeds {
    /// Where `pack.json` and its files are, and where `publish.json` goes.
    pub(crate) records: Records,
    /// What the torrent carries, if it is not the archive in the folder of records.
    pub(crate) payload: Option<PathBuf>,
}

impl PushSeeds {
    /// Does what there is to do.
    pub(crate) fn run(&self, verb: &Verb, console: &Console, abort: &Abort) -> Result<(), Error> {
        match verb {
            Verb::Publish => self.publish(console, abort),
            Verb::Check => {
                let packed = self.proved(abort)?;
                console.say(format!(
                    "the payload of {} is here; no tracker, no seeder: fleet-push seeds",
                    packed.release().id
                ));
                Ok(())
            }
            Verb::Withdraw(_) => {
                console.say("nothing to withdraw: no tracker and no seeder was told of a release");
                Ok(())
            }
            Verb::Hosts { .. } => Err(Error::NoPasskeys),
        }
    }

    fn publish(&self, console: &Console, abort: &Abort) -> Result<(), Error> {
        let packed = Packed::load(&self.records)?;
        let outcome = self.prove(&packed, abort);
        let details =
            Publish { mode: TrackerMode::None, announce: None, seeder: None, push_seeds: outcome.is_ok() };
        let tool = Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() };
        let input = Some(packed.record.input.clone());
        let mut record = Record::new(tool, input, packed.release().clone(), details);
        record.aborted = outcome.as_ref().is_err_and(Error::is_abort);
        self.records.write(&record)?;
        outcome?;
        console.say(format!(
            "release {}: no tracker and no seeder to tell; fleet-push seeds it while it runs",
            packed.release().id
        ));
        Ok(())
    }

    fn proved(&self, abort: &Abort) -> Result<Packed, Error> {
        let packed = Packed::load(&self.records)?;
        self.prove(&packed, abort)?;
        Ok(packed)
    }

    /// An archive is there and right. The files of a tree are hashed by whoever seeds them.
    fn prove(&self, packed: &Packed, abort: &Abort) -> Result<(), Error> {
        let release = packed.release();
        let (Layout::Archive, Some(expected)) = (release.layout, release.payload.sha256) else {
            return Ok(());
        };
        let path = packed.payload(self.payload.as_deref(), &self.records)?;
        let file = std::fs::File::open(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let found = sha256(&file, &path, abort)?;
        if found == expected { Ok(()) } else { Err(Error::Payload { path, found, expected }) }
    }
}
