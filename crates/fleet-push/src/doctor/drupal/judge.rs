//! What is made of what was seen. Pure.

use std::path::Path;

use inventory::{Core, Drupal, Dump, Host, SharedPath};
use record::{Check, Verdict as Found};
use remote::health::{HEADER, Verdict};

use super::seen::{Look, Status};

/// The check of drush and of what it needs.
const DRUSH: &str = "drush";
/// The check of settings.php.
const SETTINGS: &str = "drupal_settings";
/// The check of what PHP says.
const CODE: &str = "health_code";
/// The check of private files.
const PRIVATE: &str = "drupal_private_files";

pub(super) fn checks(
    host: &Host,
    drupal: &Drupal,
    shared: &[SharedPath],
    look: &Look,
    sites: &[(String, Result<Status, String>)],
) -> Vec<Check> {
    let mut checks = Vec::new();
    if drupal.runs_drush() {
        checks.push(drush(host, drupal, look, sites));
    }
    checks.extend(settings(host, drupal, look));
    checks.extend(
        sites
            .iter()
            .filter_map(|(uri, status)| private_files(host, drupal, shared, uri, status.as_ref().ok()?)),
    );
    checks
}

fn drush(host: &Host, drupal: &Drupal, look: &Look, sites: &[(String, Result<Status, String>)]) -> Check {
    let ill = |found: String, remedy: String| {
        // Elsewhere it is needed when that host is gone and a deployment is to be undone.
        let elsewhere = drupal.host.as_ref().filter(|name| **name != host.name);
        match elsewhere {
            None => told(DRUSH, Found::Fault, found, remedy),
            Some(name) => {
                told(DRUSH, Found::Warning, format!("{found}; needed should {name} be lost"), remedy)
            }
        }
    };
    if !look.has.iter().any(|program| program == "php") {
        return ill(
            format!("`php` is not on the PATH of a session without a terminal: {}", look.path),
            "install PHP for the command line (Debian: php-cli)".into(),
        );
    }
    let program = drupal.drush.first().map(String::as_str).unwrap_or_default();
    if look.drush.is_none() {
        if program.contains('/') && !look.live {
            return told_well(DRUSH, format!("`{program}` comes with the first release"));
        }
        let other = look.others.first();
        return match (program.contains('/'), other) {
            (true, _) if program.starts_with('/') => ill(
                format!("`{program}` is not there, or cannot be run"),
                "put drush there, or name another one: `[drupal] drush = [\"drush\"]`".into(),
            ),
            (true, _) => ill(
                format!("`{program}` is not there, or cannot be run, in the live release"),
                "have `composer install` put drush into the release, or name another one: `[drupal] drush = [\"drush\"]`".into(),
            ),
            (false, Some(other)) => ill(
                format!("`{program}` is not on the PATH of a session without a terminal: {}", look.path),
                format!("name it whole: `[drupal] drush = [\"{other}\"]`"),
            ),
            (false, None) => ill(
                format!("`{program}` is not on the PATH of a session without a terminal: {}", look.path),
                match drupal.core {
                    Core::Seven => "install drush 8, as /usr/local/bin/drush".into(),
                    Core::EightUp => "have `composer install` put drush into the release".into(),
                },
            ),
        };
    }
    for (uri, status) in sites {
        match status {
            Err(why) => {
                return ill(
                    format!("`drush status` for `{uri}` fails: {why}"),
                    "run it there by hand".into(),
                );
            }
            Ok(status) if !status.connected => {
                return ill(
                    format!("drush {} does not get to the database of `{uri}`", status.drush),
                    "see that settings.php names the database for a command line, too, and that the site is installed".into(),
                );
            }
            Ok(status) => {
                if let Some(missing) = dumper(drupal, look, &status.driver) {
                    return ill(
                        format!("`{missing}` is not on the PATH, and `[drupal] dump` needs it"),
                        "install the client of the database (Debian: mariadb-client, postgresql-client, sqlite3)".into(),
                    );
                }
            }
        }
    }
    let seen = sites.iter().filter_map(|(_, status)| status.as_ref().ok()).next();
    told_well(
        DRUSH,
        match seen {
            Some(status) => format!("drush {} gets to Drupal {}", status.drush, status.core),
            None => format!("`{program}` is there; no release is live that it could be run with"),
        },
    )
}

/// The program that a dump needs and that is missing.
fn dumper(drupal: &Drupal, look: &Look, driver: &str) -> Option<&'static str> {
    let any: &[&str] = match driver {
        "mysql" | "mariadb" => &["mysqldump", "mariadb-dump"],
        "pgsql" => &["pg_dump"],
        "sqlite" => &["sqlite3"],
        _ => return None,
    };
    let is_there = any.iter().any(|program| look.has.iter().any(|has| has == program));
    if drupal.dump == Dump::Never || is_there {
        return None;
    }
    Some(match driver {
        "pgsql" => "pg_dump",
        "sqlite" => "sqlite3",
        _ => "mysqldump",
    })
}

fn settings(host: &Host, drupal: &Drupal, look: &Look) -> Option<Check> {
    let without: Vec<&str> = look
        .settings
        .iter()
        .filter(|(_, included)| *included == Some(false))
        .map(|(site, _)| site.as_str())
        .collect();
    if without.is_empty() {
        return None;
    }
    let docroot = if drupal.docroot.is_empty() { String::new() } else { format!("{}/", drupal.docroot) };
    let files: Vec<String> = without
        .iter()
        .map(|site| format!("`{}/shared/{docroot}sites/{site}/settings.php`", host.deploy_to))
        .collect();
    Some(told(
        SETTINGS,
        Found::Warning,
        format!(
            "{} {} not include what swap-release writes there",
            files.join(", "),
            if files.len() == 1 { "does" } else { "do" }
        ),
        format!("add at the end: include '{}/shared/drupal.settings.php';", host.deploy_to),
    ))
}

/// Private files in the release itself are not there in the next one.
fn private_files(
    host: &Host,
    drupal: &Drupal,
    shared: &[SharedPath],
    uri: &str,
    status: &Status,
) -> Option<Check> {
    if status.private.is_empty() {
        return None;
    }
    let tree = format!("{}/current", host.deploy_to);
    let root = if drupal.docroot.is_empty() { tree.clone() } else { format!("{tree}/{}", drupal.docroot) };
    // drush names the real root; where the site lies is what counts here.
    let path = if Path::new(&status.private).is_absolute() {
        match status.private.strip_prefix(&status.root) {
            Some(below) if below.starts_with('/') => format!("{root}{below}"),
            _ => status.private.clone(),
        }
    } else {
        format!("{root}/{}", status.private)
    };
    let path = lexically(&path);
    let below = path.strip_prefix(&format!("{tree}/"))?.to_owned();
    let is_shared = shared.iter().any(|path| {
        below == path.path() || below.strip_prefix(path.path()).is_some_and(|rest| rest.starts_with('/'))
    });
    (!is_shared).then(|| {
        told(
            PRIVATE,
            Found::Fault,
            format!("private files of `{uri}` are in the release itself, at `{below}`: the next one is without them"),
            format!("let them outlive releases: `[site] shared = [\"{below}/\"]`"),
        )
    })
}

/// Resolves `.` and `..` by the text alone.
fn lexically(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    format!("/{}", parts.join("/"))
}

/// Whether no settings.php was found that lacks ours.
pub(super) fn is_included(checks: &[Check]) -> bool {
    !checks.iter().any(|check| check.check == SETTINGS)
}

/// What the live release's answer says of settings.php.
pub(super) fn code(url: &str, verdict: &Verdict, is_included: bool) -> Check {
    match verdict {
        Verdict::Good(_) => told_well(CODE, format!("PHP says at `{url}` which release it runs")),
        // It may be of an older version, which said nothing yet; activate asks again, before anything is switched.
        Verdict::Bad(why) if why.contains(HEADER) && is_included => told(
            CODE,
            Found::Warning,
            format!("`{url}`: {why}"),
            "the next activate writes shared/drupal.settings.php anew and asks again before it switches; if PHP is silent then, too, \
             see that settings.php includes it at its end and that no proxy takes the header away"
                .into(),
        ),
        Verdict::Bad(why) if why.contains(HEADER) => told(
            CODE,
            Found::Fault,
            format!("`{url}`: {why}"),
            "include shared/drupal.settings.php at the end of settings.php, and have php-fpm read that anew; or, if PHP cannot say it, \
             `[health] prove = \"page\"`"
                .into(),
        ),
        Verdict::Bad(why) | Verdict::NoAnswer(why) => told(
            CODE,
            Found::Warning,
            format!("the live release is not well at `{url}`: {why}"),
            "see [health] and the server".into(),
        ),
    }
}

fn told_well(check: &str, found: String) -> Check {
    Check { check: check.into(), verdict: Found::Ok, found, remedy: None, commands: Vec::new() }
}

fn told(check: &str, verdict: Found, found: String, remedy: String) -> Check {
    Check { check: check.into(), verdict, found, remedy: Some(remedy), commands: Vec::new() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use inventory::Inventory;

    use super::*;

    fn inventory(core: &str, more: &str) -> Inventory {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fleet.toml");
        let text = format!(
            "[site]\ndeploy_to = \"/srv/site\"\ndrupal = \"{core}\"\nshared = [\"private/\"]\n[drupal]\ndump = true\n{more}\n\
             [defaults]\nssh_config = \"none\"\n[hosts.web1]\naddress = \"10.0.0.11\"\n[hosts.web2]\naddress = \"10.0.0.12\"\n"
        );
        fs::write(&path, text).unwrap();
        Inventory::load(&path).unwrap()
    }

    fn look(drush: Option<&str>, has: &[&str]) -> Look {
        Look {
            live: true,
            drush: drush.map(str::to_owned),
            path: "/usr/bin:/bin".into(),
            has: has.iter().map(|&program| program.to_owned()).collect(),
            settings: vec![("default".into(), Some(true))],
            ..Look::default()
        }
    }

    fn site(connected: bool, driver: &str, private: &str) -> Vec<(String, Result<Status, String>)> {
        let status = Status {
            connected,
            driver: driver.into(),
            drush: "8.4.12".into(),
            core: "7.98".into(),
            private: private.into(),
            root: "/srv/site/releases/r1".into(),
        };
        vec![("http://default".into(), Ok(status))]
    }

    #[track_caller]
    fn says(
        inventory: &Inventory,
        look: &Look,
        sites: &[(String, Result<Status, String>)],
        verdict: Found,
        text: &str,
    ) {
        let drupal = inventory.drupal.as_ref().unwrap();
        let checks = checks(&inventory.hosts[0], drupal, &inventory.site.shared, look, sites);
        let all = format!("{checks:?}");
        let found = checks.iter().find(|check| format!("{} {:?}", check.found, check.remedy).contains(text));
        assert_eq!(found.map(|check| check.verdict), Some(verdict), "{text} in {all}");
    }

    #[test]
    fn a_drush_must_be_found_run_and_get_to_the_database() {
        let seven = inventory("7", "");
        let all = ["php", "mysqldump"];
        says(&seven, &look(None, &all), &[], Found::Fault, "`drush` is not on the PATH");
        let beside = Look { others: vec!["/usr/local/bin/drush".into()], ..look(None, &all) };
        says(&seven, &beside, &[], Found::Fault, "drush = [\\\"/usr/local/bin/drush\\\"]");
        let there = look(Some("/usr/bin/drush"), &all);
        says(&seven, &there, &site(true, "mysql", ""), Found::Ok, "drush 8.4.12 gets to Drupal 7.98");
        says(&seven, &there, &site(false, "", ""), Found::Fault, "does not get to the database");
        let broken = vec![("http://default".into(), Err("env: 'php': No such file".into()))];
        says(&seven, &there, &broken, Found::Fault, "env: 'php'");
        says(&seven, &look(Some("/usr/bin/drush"), &[]), &[], Found::Fault, "`php` is not on the PATH");
        says(
            &seven,
            &look(Some("/usr/bin/drush"), &["php"]),
            &site(true, "mysql", ""),
            Found::Fault,
            "`mysqldump`",
        );
        // Elsewhere it is a matter of undoing only.
        says(
            &inventory("7", "host = \"web2\""),
            &look(None, &all),
            &[],
            Found::Warning,
            "should web2 be lost",
        );
        let ten = inventory("8+", "");
        says(&ten, &look(None, &all), &[], Found::Fault, "in the live release");
        says(&ten, &Look { live: false, ..look(None, &all) }, &[], Found::Ok, "comes with the first release");
        assert!(
            checks(
                &ten.hosts[0],
                inventory("8+", "database = \"none\"\nrebuild = false").drupal.as_ref().unwrap(),
                &[],
                &look(None, &[]),
                &[]
            )
            .is_empty(),
            "nobody runs drush"
        );
    }

    #[test]
    fn what_php_does_not_say_is_a_fault_unless_it_is_told_to_say_it() {
        let silent = Verdict::Bad(format!("PHP does not say which release it runs (no header {HEADER})"));
        let url = "http://10.0.0.1/";
        let found = |verdict: &Verdict, is_included| code(url, verdict, is_included).verdict;
        assert_eq!(found(&silent, false), Found::Fault);
        assert_eq!(found(&silent, true), Found::Warning);
        assert_eq!(found(&Verdict::Good("status 200".into()), true), Found::Ok);
        assert_eq!(found(&Verdict::NoAnswer("refused".into()), false), Found::Warning);
        let remedy = code(url, &silent, false).remedy.unwrap_or_default();
        assert!(remedy.contains("include shared/drupal.settings.php"), "{remedy}");
    }

    #[test]
    fn private_files_and_settings_belong_outside_of_a_release() {
        let seven = inventory("7", "");
        let there = look(Some("/usr/bin/drush"), &["php", "mysqldump"]);
        for lost in ["sites/default/secret", "../current/sites/x", "/srv/site/releases/r1/secret"] {
            says(&seven, &there, &site(true, "mysql", lost), Found::Fault, "private files of");
        }
        for kept in ["private", "private/a", "sites/default/files/private", "../shared/p", "/srv/private", ""]
        {
            let checks = checks(
                &seven.hosts[0],
                seven.drupal.as_ref().unwrap(),
                &seven.site.shared,
                &there,
                &site(true, "mysql", kept),
            );
            assert!(!checks.iter().any(|check| check.check == PRIVATE), "{kept}: {checks:?}");
        }
        let plain = Look { settings: vec![("default".into(), Some(false))], ..there };
        says(&seven, &plain, &[], Found::Warning, "include '/srv/site/shared/drupal.settings.php'");
    }
}
