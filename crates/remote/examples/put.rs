//! Puts one file on every host of an inventory, proved by its SHA-256 there: what `fleet-push` does with a `.torrent`, and
//! nothing else. For `scripts/bench-push`.
//!
//!     put FLEET.TOML FILE NAME-BELOW-DEPLOY_TO PARALLEL

use std::env;
use std::error::Error;
use std::fs;
use std::io::{Write, stdout};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use inventory::Inventory;
use remote::{Event, Interrupt, Outcome, SshOptions, connect, fan_out};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [inventory, file, name, parallel] = arguments.as_slice() else {
        return Err("usage: put FLEET.TOML FILE NAME-BELOW-DEPLOY_TO PARALLEL".into());
    };
    let inventory = Inventory::load(Path::new(inventory))?;
    let bytes = Arc::new(fs::read(file)?);
    let parallel: NonZeroUsize = parallel.parse()?;
    let (options, name) = (SshOptions::new(), name.clone());
    let outcomes = fan_out(
        inventory.hosts,
        parallel,
        &Interrupt::new(|| false),
        |_: Event<()>| (),
        move |host, _| -> Result<(), String> {
            let path = host.deploy_to.join(&name).map_err(|error| error.to_string())?;
            let remote = connect(&host, &options).map_err(|error| error.to_string())?;
            remote.upload(&bytes, &path).map_err(|error| error.to_string())
        },
    );
    let all = outcomes.len();
    let faults: Vec<String> = outcomes
        .into_iter()
        .filter_map(|outcome| match outcome {
            Outcome::Done(Ok(())) => None,
            Outcome::Done(Err(fault)) => Some(fault),
            other => Some(format!("{other:?}")),
        })
        .collect();
    writeln!(stdout(), "{} of {all} hosts have it", all - faults.len())?;
    match faults.first() {
        None => Ok(()),
        Some(first) => Err(format!("{} failed, the first: {first}", faults.len()).into()),
    }
}
