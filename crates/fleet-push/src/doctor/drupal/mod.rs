//! What a Drupal site needs of a host beside its files: a drush that runs in a session like that of a deployment, reaches the
//! database of every site and can dump it; settings that know the release; private files that outlive it; and PHP that says
//! which release it runs.

mod judge;
mod seen;

use std::time::Duration;

use inventory::{Drupal, Health, Host, SharedPath};
use record::Check;
use record::host::HostStatus;
use remote::health::ask;
use remote::{Argv, Remote};
use serde_json::Value;

use self::seen::{Look, Status};
use crate::error::Fault;

const BRIEF: Duration = Duration::from_secs(30);
/// drush starts PHP, and Drupal's container may have to be built.
const DRUSH: Duration = Duration::from_secs(120);
const SCRIPT: &str = include_str!("look.sh");
/// What is asked of drush. All of its status would have the password of the database in it.
const FIELDS: &str = "--fields=bootstrap,db-status,db-driver,drush-version,drupal-version,root,private";

/// Looks at the host and runs its drush, changing nothing.
pub(crate) fn examine(
    remote: &dyn Remote,
    host: &Host,
    drupal: &Drupal,
    shared: &[SharedPath],
) -> Result<Vec<Check>, Fault> {
    let program = drupal.drush.first().map(String::as_str).unwrap_or_default();
    let argv = Argv::new("sh").args(["-c", SCRIPT, "sh", host.deploy_to.as_str(), &drupal.docroot, program]);
    let argv = argv.args(drupal.sites.iter().map(|(site, _)| site.clone()));
    let output = remote.exec(&argv, b"", BRIEF)?;
    if !output.status.success() {
        return Err(Fault::Command { command: "sh".into(), reason: output.reason(), hint: None });
    }
    let look = read(&String::from_utf8_lossy(&output.stdout));
    let mut sites = Vec::new();
    if let Some(drush) = look.drush.as_deref().filter(|_| look.live) {
        for (_, uri) in &drupal.sites {
            sites.push((uri.clone(), status(remote, host, drupal, drush, uri)?));
        }
    }
    Ok(judge::checks(host, drupal, shared, &look, &sites))
}

/// Asks the live release as a health check does, whether PHP says which one it is. Nothing is asked where no release is live.
/// `others` is what [`examine`] found.
pub(crate) fn ask_code(host: &Host, health: &Health, status: &HostStatus, others: &[Check]) -> Option<Check> {
    let live = status.current.as_ref()?;
    // As activate asks: what was not built here may have a settings.php that nobody has changed yet.
    if status.release(live).is_some_and(|known| !known.origin.is_built()) {
        return None;
    }
    let check = health.for_host(host, live.as_str());
    let question = check.questions.first().filter(|question| question.expected.release.is_some())?;
    let verdict = ask(question, check.timeout);
    Some(judge::code(&question.url, &verdict, judge::is_included(others)))
}

fn status(
    remote: &dyn Remote,
    host: &Host,
    drupal: &Drupal,
    drush: &str,
    uri: &str,
) -> Result<Result<Status, String>, Fault> {
    // As a deployment calls it: in the release, with the whole of its name.
    const IN_RELEASE: &str = r#"cd "$1" && shift && COLUMNS=300 && export COLUMNS && exec "$@""#;
    let tree = format!("{}/current", host.deploy_to);
    let root = if drupal.docroot.is_empty() { tree.clone() } else { format!("{tree}/{}", drupal.docroot) };
    let argv = Argv::new("sh").args(["-c", IN_RELEASE, "sh", &tree, drush]);
    let argv = argv.args(drupal.drush.iter().skip(1).cloned());
    let argv = argv.args([format!("--root={root}"), format!("--uri={uri}")]);
    let output = remote.exec(&argv.args(["status", "--format=json", FIELDS]), b"", DRUSH)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let answer = remote::drush::json(&said);
    Ok(match answer {
        Some(answer) if output.status.success() => Ok(read_status(&answer)),
        // Standard output may hold a password.
        _ => Err(remote::drush::cause(&String::from_utf8_lossy(&output.stderr))),
    })
}

fn read_status(answer: &Value) -> Status {
    let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Status {
        connected: text("bootstrap") == "Successful",
        driver: text("db-driver"),
        drush: text("drush-version"),
        core: text("drupal-version"),
        private: text("private"),
        root: text("root"),
    }
}

/// What the lines say. Unknown ones, as of a login script, are passed over.
fn read(text: &str) -> Look {
    let mut look = Look::default();
    for line in text.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "live" => look.live = true,
            "drush" => look.drush = Some(value.to_owned()),
            "path" => value.clone_into(&mut look.path),
            "other" => look.others.push(value.to_owned()),
            "has" => look.has.push(value.to_owned()),
            "settings" => {
                let (kind, site) = value.split_once(' ').unwrap_or((value, ""));
                let included = match kind {
                    "included" => Some(true),
                    "plain" => Some(false),
                    _ => None,
                };
                look.settings.push((site.to_owned(), included));
            }
            _ => {}
        }
    }
    look
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_says() {
        let said = "Welcome!\nlive yes\ndrush /usr/local/bin/drush\npath /usr/bin:/bin\nhas php\nhas mysqldump\n\
                    settings included default\nsettings plain shop.example\nsettings unread blog\n";
        let look = read(said);
        assert!(look.live && look.drush.as_deref() == Some("/usr/local/bin/drush"));
        assert_eq!(look.has, ["php", "mysqldump"]);
        let settings: Vec<_> =
            look.settings.iter().map(|(site, included)| (site.as_str(), *included)).collect();
        assert_eq!(settings, [("default", Some(true)), ("shop.example", Some(false)), ("blog", None)]);
    }

    #[test]
    fn what_drush_says_of_a_site() {
        let said = "\nDeprecated: x in y on line 1\n{\"bootstrap\": \"Successful\", \"db-driver\": \"mysql\", \
                    \"drush-version\": \"8.4.12\", \"db-password\": \"x\"}\n";
        let status = read_status(&remote::drush::json(said).unwrap());
        assert!(status.connected && status.driver == "mysql" && status.drush == "8.4.12");
        assert!(!read_status(&serde_json::json!({"drush-version": "12.5.2.0"})).connected);
    }
}
