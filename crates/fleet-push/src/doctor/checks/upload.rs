//! `upload`: a file that is sent arrives as it was, by SFTP or without.

use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::remedy::{as_root, fault, ok, on_host};
use crate::doctor::seen::Seen;

const NAME: &str = "upload";

pub(super) fn check(_: &Subject<'_>, seen: &Seen) -> Check {
    match &seen.upload {
        Ok(()) => ok(NAME, "a file that was sent to /tmp arrived unaltered"),
        Err(why) => fault(
            NAME,
            format!("a file cannot be sent to /tmp: {why}"),
            "/tmp must take files of the account, and sshd needs `Subsystem sftp internal-sftp`, or cat, mv and wc in the account's shell",
            [
                on_host(&Argv::new("df").args(["-h", "/tmp"])),
                as_root(&Argv::new("chmod").args(["1777", "/tmp"])),
                as_root(&Argv::new("sshd").arg("-T")),
            ],
        ),
    }
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn a_file_must_arrive() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).verdict, Verdict::Ok);
        seen.upload = Err("No space left on device".into());
        assert_says(&check(&world.subject(), &seen), Verdict::Fault, "No space left", "df -h /tmp");
    }
}
