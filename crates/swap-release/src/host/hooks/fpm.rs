//! php-fpm's graceful reload: SIGUSR2 to its master (php-fpm(8)).

use std::fs;
use std::path::Path;

use inventory::Phase;
use rustix::process::{Pid, Signal, kill_process};

use crate::host::lint::{Fpm, running};

/// Sends the signal to the process whose id is in `pid_file`. A php-fpm that would cut off the requests that are under way
/// is left alone, but for a switch that was taken back: then the former release must be what it runs.
pub(super) fn reload(pid_file: &Path, phase: Phase) -> Result<String, String> {
    let shown = pid_file.display();
    let text = fs::read_to_string(pid_file).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let pid = text.trim().parse::<i32>().ok().filter(|pid| *pid > 1).and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| format!("`{shown}` does not hold a process id"))?;
    // A file that a dead php-fpm left must not end whoever has its number now: SIGUSR2 kills by default.
    let name = fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero())).unwrap_or_default();
    if !name.starts_with("php-fpm") {
        return Err(format!(
            "process {} of `{shown}` is `{}`, not php-fpm",
            pid.as_raw_nonzero(),
            name.trim()
        ));
    }
    let number = pid.as_raw_nonzero().get().unsigned_abs();
    let configured = running::fpm_configuration(number).and_then(|main| Fpm::read(&main));
    let cuts = configured.and_then(|fpm| {
        Some(format!("{}:{}: {}", fpm.main.display(), fpm.control_timeout.0, fpm.cuts_off()?))
    });
    if let Some(why) = cuts.clone().filter(|_| phase != Phase::AfterRevert) {
        return Err(why);
    }
    kill_process(pid, Signal::USR2)
        .map_err(|errno| format!("cannot signal process {} of `{shown}`: {errno}", pid.as_raw_nonzero()))?;
    let note = cuts.map_or_else(String::new, |why| format!("; {why}"));
    Ok(format!("SIGUSR2 to process {number}{note}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_is_signalled() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fpm.pid");
        assert!(reload(&file, Phase::AfterSwitch).unwrap_err().contains("cannot read"));
        fs::write(&file, "0\n").unwrap();
        assert!(reload(&file, Phase::AfterSwitch).unwrap_err().contains("does not hold a process id"));
        fs::write(&file, format!("{}\n", std::process::id())).unwrap();
        assert!(reload(&file, Phase::AfterSwitch).unwrap_err().contains("not php-fpm"));
    }
}
