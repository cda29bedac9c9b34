//! `fleet-push keys`.

use clap::{Args, Subcommand};

use super::reach::ReachArgs;
use crate::keys::Scan;

#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    verb: KeysVerb,
}

#[derive(Debug, Subcommand)]
enum KeysVerb {
    /// Show the host keys of the hosts and of the jump hosts on the way, beside what known_hosts says of them; add none unless told
    Scan(ScanArgs),
}

#[derive(Debug, Args)]
struct ScanArgs {
    #[command(flatten)]
    reach: ReachArgs,
    /// Add keys to known_hosts: those that are named by --accept; without it, ask for the fingerprint that each host's own
    /// console shows, which needs a terminal. A changed key is never added
    #[arg(long)]
    add: bool,
    /// Key that may be added: its fingerprint, or a file of fingerprints or public keys that came from the hosts by another
    /// way than SSH (can be repeated)
    #[arg(long, value_name = "SHA256:...|FILE", requires = "add")]
    accept: Vec<String>,
    /// Hash the names of the hosts that are added, as ssh-keygen -H does
    #[arg(long, requires = "add")]
    hash: bool,
    /// Print JSON on standard output
    #[arg(long)]
    json: bool,
}

impl KeysArgs {
    pub(super) fn into_request(self) -> Scan {
        let KeysVerb::Scan(ScanArgs { reach, add, accept, hash, json }) = self.verb;
        Scan { reach: reach.into_reach(), add, accept, hash, json }
    }
}
