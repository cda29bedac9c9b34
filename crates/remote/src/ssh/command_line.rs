//! A command as the one line that any login shell understands alike.
//!
//! sshd hands the line to the account's shell (RFC 4254, 6.5), which may be sh, bash, dash, ksh, zsh, fish, csh or tcsh. What is
//! between single quotes is the same to all of them as long as it has none of `'`, `\`, `!` (csh's history) and the line end
//! (csh ends a string there). So the line is `sh -c 'SCRIPT' TOKEN 'PART'...`, in which the script has none of these and the parts
//! are the command quoted for sh, its other bytes written as `\0ooo` for printf(1).

use crate::Argv;

/// Longest part: csh knows no words of more than 4 KiB.
const PART: usize = 1000;

/// What `sh` does: says on both outputs that the answer begins, runs the command, and says with its status that it has ended.
/// `$0` is the token, and not as it is printed: a start-up file that shows the command shows no mark.
const RUN: &str = "c=$(printf %b \"$@\" .); printf %s:o: \"$0\" >&2; printf %s:o: \"$0\"; eval \"${c%.}\"; \
                   s=$?; printf %s:e:%s: \"$0\" $s >&2; printf %s:e:%s: \"$0\" $s; exit $s";
/// The same with a line of the token before the command's input: what comes before that line was for a start-up file. Without that
/// line the input ended too early, and the command is not run: it would take nothing for all that there is.
const RUN_WITH_INPUT: &str = "c=$(printf %b \"$@\" .); printf %s:o: \"$0\" >&2; printf %s:o: \"$0\"; \
                              until case $l in *\"$0\") true;; *) false;; esac; do read -r l || exit 254; done; eval \"${c%.}\"; \
                              s=$?; printf %s:e:%s: \"$0\" $s >&2; printf %s:e:%s: \"$0\" $s; exit $s";

/// The line that runs `argv` between marks of `token`; `None` when an argument holds a NUL byte.
pub(super) fn command_line(argv: &Argv, token: &str, has_input: bool) -> Option<String> {
    let script = if has_input { RUN_WITH_INPUT } else { RUN };
    let mut line = format!("sh -c '{script}' {token}");
    let mut part = String::new();
    let mut put = |part: &mut String| {
        line.push(' ');
        line.push_str(&format!("'{part}'"));
        part.clear();
    };
    for byte in argv.to_shell()?.bytes() {
        if part.len() >= PART {
            put(&mut part);
        }
        match byte {
            // Outside of quotes a backslash stands for the one behind it in every shell.
            b'\n' => part.push_str(r"'\\'n"),
            b'\'' | b'\\' | b'!' | 0..=0x1f | 0x7f.. => part.push_str(&format!(r"'\\'0{byte:03o}")),
            plain => part.push(char::from(plain)),
        }
    }
    put(&mut part);
    Some(line)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::*;

    /// Every shell that a distribution offers as a login shell.
    const SHELLS: [&str; 9] = [
        "/bin/sh",
        "/bin/bash",
        "/bin/dash",
        "/bin/ksh",
        "/bin/rbash",
        "/usr/bin/zsh",
        "/usr/bin/fish",
        "/bin/csh",
        "/bin/tcsh",
    ];

    #[test]
    fn the_script_has_nothing_that_a_shell_reads_in_its_own_way() {
        for script in [RUN, RUN_WITH_INPUT] {
            assert!(!script.contains(['\'', '\\', '!', '\n']), "{script}");
        }
    }

    #[test]
    fn every_byte_arrives_through_every_shell() {
        let all: String = (1..=127u8).map(char::from).chain("äß€😀".chars()).collect();
        let long = "x'!\\\n".repeat(400);
        let arguments =
            ["", " ", "-n", "%s%b", "~", "$HOME", "`id`", "a\n\nb\n", all.as_str(), long.as_str()];
        let argv = Argv::new("printf").arg("%s\\0").args(arguments);
        let line = command_line(&argv, "T1", false).unwrap();
        let mut tried = 0;
        for shell in SHELLS.iter().filter(|shell| Path::new(shell).exists()) {
            let run = Command::new(shell).args(["-c", &line]).stdin(Stdio::null()).output().unwrap();
            let wanted: Vec<u8> = arguments.iter().flat_map(|text| text.bytes().chain([0])).collect();
            let framed = [b"T1:o:".to_vec(), wanted, b"T1:e:0:".to_vec()].concat();
            assert!(run.stdout == framed, "{shell}: {}", String::from_utf8_lossy(&run.stderr));
            assert_eq!(String::from_utf8_lossy(&run.stderr), "T1:o:T1:e:0:", "{shell}");
            tried += 1;
        }
        assert!(tried >= 2, "sh and bash are everywhere");
    }

    #[test]
    fn ordinary_commands_can_be_read_in_a_log() {
        let argv = Argv::new("/usr/bin/swap-release").args(["status", "--deploy-to", "/srv/site"]);
        let line = command_line(&argv, "T1", false).unwrap();
        assert!(line.ends_with(" T1 '/usr/bin/swap-release status --deploy-to /srv/site'"), "{line}");
        assert_eq!(command_line(&Argv::new("a").arg("x\0"), "T1", false), None);
    }
}
