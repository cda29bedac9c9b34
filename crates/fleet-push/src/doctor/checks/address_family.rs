//! `address-family`: the host and the seeder can be dialled by addresses of one family.

use inventory::{Host, Inventory};
use record::Check;
use remote::Argv;

use crate::doctor::remedy::{here, warning};
use crate::hosts::family;

/// `None` where the seeder has an address in the family of the host.
pub(in crate::doctor) fn check(inventory: &Inventory, host: &Host) -> Option<Check> {
    let odd = family::apart(inventory, host)?;
    let dialled = Argv::new("fleet-push").args(["hosts", "--fleet", &inventory.path.display().to_string()]);
    Some(warning("address-family", odd, "give both an address of one family", [here(&dialled)]))
}
