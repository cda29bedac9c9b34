//! What is told of a scan: a table or JSON, what is wrong with whom, and the exit code.

use cli::Console;
use record::{ExitCode, HostKeys, KeyStanding, ScannedHost, ScannedKey};
use remote::Standing;

use super::target::{Key, Seen};
use crate::Error;
use crate::show::words::{count, place};

/// All that was seen.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Seen>);

impl Report {
    pub(super) fn add(&mut self, seen: Vec<Seen>) {
        self.0.extend(seen);
    }

    /// Of every key that was shown.
    pub(super) fn fingerprints(&self) -> Vec<String> {
        self.0.iter().flat_map(|seen| &seen.keys).map(|key| key.seen.key.fingerprint()).collect()
    }

    /// Tells it, and whether all are trusted.
    pub(super) fn tell(&self, json: bool, console: &Console) -> Result<ExitCode, Error> {
        let text = if json { self.json()? } else { self.table() };
        console.data(text.as_bytes()).map_err(Error::Stdout)?;
        for (seen, problem) in self.0.iter().filter_map(|seen| Some((seen, seen.problem.as_ref()?))) {
            console.warn(format!("{}: {}", seen.target.name, problem.text));
            // How an unknown key is added is told once, at the end.
            if let Some(hint) = problem.hint.as_ref().filter(|_| !seen.may_be_added_to()) {
                console.hint(hint);
            }
        }
        let bad: Vec<&Seen> = self.0.iter().filter(|seen| !seen.is_trusted()).collect();
        if bad.is_empty() {
            console.say(format!("the keys of {} are known", count(self.0.len())));
            return Ok(ExitCode::Ok);
        }
        Err(Error::KeysNotTrusted {
            failed: bad.len(),
            all: self.0.len(),
            names: bad.iter().take(10).map(|seen| format!("{} ({})", seen.target.name, word(seen))).collect(),
            new: bad.iter().any(|seen| seen.may_be_added_to()),
        })
    }

    fn table(&self) -> String {
        let head = ["host", "dialled", "type", "fingerprint", "known_hosts says"];
        let mut rows = Vec::new();
        for seen in &self.0 {
            let host = &seen.target.host;
            let dialled = place(&host.address, host.port);
            if seen.keys.is_empty() {
                let none = || "-".to_owned();
                rows.push(vec![
                    seen.target.name.clone(),
                    dialled.clone(),
                    none(),
                    none(),
                    "not reached".to_owned(),
                ]);
            }
            for key in &seen.keys {
                let certified = if key.seen.certified { " certificate" } else { "" };
                rows.push(vec![
                    seen.target.name.clone(),
                    dialled.clone(),
                    format!("{}{certified}", key.seen.key.kind()),
                    key.seen.key.fingerprint(),
                    says(key),
                ]);
            }
        }
        cli::table(&head, &rows)
    }

    fn json(&self) -> Result<String, Error> {
        let all =
            HostKeys { schema: HostKeys::SCHEMA.to_owned(), hosts: self.0.iter().map(scanned).collect() };
        let text = serde_json::to_string_pretty(&all).map_err(|error| Error::Json(error.to_string()))?;
        Ok(format!("{text}\n"))
    }
}

/// What is wrong with a host, in a word.
fn word(seen: &Seen) -> &'static str {
    if seen.keys.is_empty() {
        "not reached"
    } else if seen.has(&Standing::Changed) {
        "CHANGED"
    } else if seen.has(&Standing::Revoked) {
        "REVOKED"
    } else if seen.may_be_added_to() {
        "new"
    } else {
        "bad certificate"
    }
}

fn says(key: &Key) -> String {
    match &key.seen.standing {
        Standing::New if key.added => "new, added".to_owned(),
        Standing::New => "new".to_owned(),
        Standing::Known => "known".to_owned(),
        Standing::Changed => "CHANGED".to_owned(),
        Standing::Revoked => "REVOKED".to_owned(),
        Standing::BadCertificate(why) => why.clone(),
    }
}

fn scanned(seen: &Seen) -> ScannedHost {
    let host = &seen.target.host;
    ScannedHost {
        name: seen.target.name.clone(),
        address: host.address.to_string(),
        port: host.port,
        jump: host
            .jump
            .iter()
            .map(|jump| format!("{}@{}", jump.user, place(&jump.address, jump.port)))
            .collect(),
        known_hosts: seen.known_hosts.display().to_string(),
        trusted: seen.is_trusted(),
        keys: seen.keys.iter().map(scanned_key).collect(),
        problem: seen.problem.as_ref().map(|problem| problem.text.clone()),
        hint: seen.problem.as_ref().and_then(|problem| problem.hint.clone()),
    }
}

fn scanned_key(key: &Key) -> ScannedKey {
    ScannedKey {
        algorithm: key.seen.key.algorithm(),
        fingerprint: key.seen.key.fingerprint(),
        certified: key.seen.certified,
        standing: match key.seen.standing {
            Standing::Known => KeyStanding::Known,
            Standing::New => KeyStanding::New,
            Standing::Changed => KeyStanding::Changed,
            Standing::Revoked => KeyStanding::Revoked,
            Standing::BadCertificate(_) => KeyStanding::BadCertificate,
        },
        added: key.added,
    }
}
