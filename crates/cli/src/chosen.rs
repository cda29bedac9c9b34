//! Flags that say which hosts of the inventory are meant.

use clap::Args;

/// Flags that say which hosts of the inventory are meant; flattened into what works on several.
#[derive(Debug, Clone, Default, Args)]
pub struct Chosen {
    /// Host of the inventory, instead of all (can be repeated)
    #[arg(long, value_name = "HOST")]
    pub only: Vec<String>,
    /// Group of the inventory, instead of all hosts (can be repeated, and combined with --only)
    #[arg(long, value_name = "GROUP")]
    pub group: Vec<String>,
    /// Host or group to leave out (can be repeated)
    #[arg(long, value_name = "HOST|GROUP")]
    pub exclude: Vec<String>,
    #[allow(
        rustdoc::broken_intra_doc_links,
        reason = "a table of fleet.toml, in a text that is shown as it is"
    )]
    /// Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and
    /// combined with --only and --group)
    #[arg(long, value_name = "[USER@]NAME[:PORT]")]
    pub host: Vec<String>,
}
