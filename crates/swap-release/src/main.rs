//! Makes a release live, on one server or on a whole fleet together.

fn main() -> std::process::ExitCode {
    swap_release::main()
}
