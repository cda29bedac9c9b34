//! Turns a built site into one payload, its `.torrent` and its manifest.

fn main() -> std::process::ExitCode {
    mkt_pack::main()
}
