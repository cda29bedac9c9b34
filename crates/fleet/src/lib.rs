//! The inventory of hosts, SSH to them, and bounded fan-out.
