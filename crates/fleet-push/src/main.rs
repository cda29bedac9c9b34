//! Puts a release on every server by BitTorrent and has each prove its copy.

fn main() -> std::process::ExitCode {
    fleet_push::main()
}
