//! Makes a packed release available to the swarm: a first seeder, proved, and a tracker if there is one.

fn main() -> std::process::ExitCode {
    tracker_publish::main()
}
