//! What drush says, read as drush says it.
//!
//! Values and JSON stand on standard output, but not alone: where PHP's `display_errors` is on, as without a php.ini,
//! notices stand before, behind, or without a line break of their own; a module may print what it likes. Drush 9 and later
//! write ` [error]  text` to standard error, behind a `> ` for every drush that called another; drush 8 writes the text and
//! then, at the right margin, `[error]` in colour, whether or not anybody sees colours.

use std::borrow::Cow;

use serde_json::Value;

/// Lines of a cause that are shown.
const SHOWN: usize = 3;
/// The longest line that is shown, in characters.
const LONGEST: usize = 400;

/// The text without escape sequences and trailing blanks.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        // CSI: parameters, then one letter (ECMA-48, 5.4). Another escape is one character.
        rest = match after.strip_prefix('[') {
            Some(csi) => {
                let end = csi.find(|c: char| ('\u{40}'..='\u{7e}').contains(&c));
                end.and_then(|at| csi.get(at + 1..)).unwrap_or_default()
            }
            None => after.get(after.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default(),
        };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// One line of the log, with its level.
struct Logged<'a> {
    level: &'a str,
    text: String,
}

/// A line as drush logs it, of either kind.
fn logged(line: &str) -> Option<Logged<'_>> {
    let line = line.trim().trim_start_matches(['>', ' ']);
    let word = |level: &str| !level.is_empty() && level.chars().all(|c| c.is_ascii_lowercase());
    if let Some((level, text)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && word(level)
    {
        return Some(Logged { level, text: squeeze(text) });
    }
    let (text, level) = line.strip_suffix(']')?.rsplit_once('[')?;
    word(level).then(|| Logged { level, text: squeeze(text) })
}

fn squeeze(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// What drush says of its own after every failure.
const OF_COURSE: [&str; 6] = [
    "Drush command terminated abnormally due to an unrecoverable error.",
    "Drush command terminated abnormally",
    "Finished performing updates",
    "Update aborted by",
    "Update failed:",
    "could not be executed",
];

fn is_of_course(text: &str) -> bool {
    OF_COURSE.iter().any(|phrase| text.contains(phrase))
}

/// A text without tags: Drupal 7 answers a command line in HTML, and drush's line stands right behind that.
fn without_tags(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        match after.split_once('>') {
            Some((tag, more)) if tag.len() < 40 && !tag.contains('<') => {
                plain.push(' ');
                rest = more;
            }
            _ => {
                plain.push('<');
                rest = after;
            }
        }
    }
    plain + rest
}

/// Why drush failed, from all that it said: the lines marked as errors; else an exception and what calls itself an error;
/// else the last lines.
#[must_use]
pub fn cause(output: &str) -> String {
    let output = plain(output);
    let lines: Vec<&str> = output.lines().collect();
    let mut marked: Vec<String> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(entry) = logged(line).filter(|entry| is_error(entry.level)) else {
            continue;
        };
        let mut text = without_tags(&entry.text);
        if let Some((before, _)) = text.split_once(OF_COURSE[0])
            && !before.trim().is_empty()
        {
            text = squeeze(before);
        }
        // Drush 8 goes on below when its text has reached the mark.
        if line.trim_end().ends_with(']')
            && !line.contains("  [")
            && !line.trim_start().starts_with(['[', '>'])
        {
            let more = lines
                .iter()
                .skip(number + 1)
                .take_while(|line| !line.trim().is_empty() && logged(line).is_none());
            for line in more.take(4) {
                text = squeeze(&format!("{text} {line}"));
            }
        }
        marked.push(text);
    }
    let of_course = marked.clone();
    marked.retain(|text| !text.is_empty() && !is_of_course(text));
    if marked.is_empty() {
        marked = unmarked(&lines);
    }
    if marked.is_empty() {
        marked = of_course;
    }
    marked.dedup();
    if marked.is_empty() {
        let said = lines.iter().rev().map(|line| squeeze(line)).filter(|line| !line.is_empty());
        marked = said.take(SHOWN).collect();
        marked.reverse();
    }
    marked.truncate(SHOWN);
    if marked.is_empty() { "it said nothing".to_owned() } else { marked.join("; ") }
}

/// Errors that are not drush's: of PHP, of the database's client, and exceptions, whose text Symfony's console puts into a
/// block below `In File.php line 1:`.
fn unmarked(lines: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = lines.iter().peekable();
    while let Some(line) = lines.next() {
        let text = squeeze(line.trim_start_matches(['>', ' ']));
        if text.starts_with("In ") && text.ends_with(':') && text.contains(" line ") {
            let block = lines.by_ref().skip_while(|line| line.trim().is_empty());
            let block = block.take_while(|line| !line.trim().is_empty()).map(|line| squeeze(line));
            found.push(squeeze(&block.collect::<Vec<_>>().join(" ")));
        } else if text.starts_with("PHP Fatal error:")
            || text.starts_with("Fatal error:")
            || text.contains("rror: ")
            || text.contains("Exception: ")
        {
            // With display_errors and log_errors PHP says it twice.
            let text = text.strip_prefix("PHP ").map_or(text.clone(), str::to_owned);
            if !found.contains(&text) {
                found.push(text);
            }
        }
    }
    found
}

/// Whether drush has logged an error. Some commands go on after one and end with 0, as `updatedb` of drush 8 may.
#[must_use]
pub fn logs_an_error(output: &str) -> bool {
    plain(output).lines().filter_map(logged).any(|entry| is_error(entry.level))
}

fn is_error(level: &str) -> bool {
    matches!(level, "error" | "critical" | "alert" | "emergency")
}

/// Every object and list in an output that may hold more than that, each with its length in bytes.
fn values(output: &str) -> Vec<(usize, Value)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = output.get(at..).and_then(|rest| rest.find(['{', '['])) {
        let start = at + next;
        let mut values =
            serde_json::Deserializer::from_str(output.get(start..).unwrap_or_default()).into_iter::<Value>();
        match values.next() {
            Some(Ok(value @ (Value::Object(_) | Value::Array(_)))) => {
                found.push((values.byte_offset(), value));
                at = start + values.byte_offset();
            }
            _ => at = start + 1,
        }
    }
    found
}

/// The longest object or list in an output that may hold more than that: a notice behind the answer may say `f(array $x = [])`.
#[must_use]
pub fn json(output: &str) -> Option<Value> {
    values(&plain(output)).into_iter().max_by_key(|(length, _)| *length).map(|(_, value)| value)
}

/// Whether deploy hooks, which change content as they like, were begun: `drush deploy` runs them last.
#[must_use]
pub fn ran_deploy_hooks(output: &str) -> bool {
    output.contains("Deploy hook started:")
}

/// Whether a list of pending updates lists any. Drush prints an object or a list of objects; a table, where it does not know
/// `--format`; and nothing, or a sentence, where there is nothing to list. What is not understood is taken for an update: a site
/// closed in vain is better than a broken one.
#[must_use]
pub fn lists_updates(output: &str) -> bool {
    let output = plain(output);
    let found = values(&output);
    // A notice may hold `[0]`.
    let lists = |value: &Value| match value {
        Value::Object(updates) => !updates.is_empty() && updates.values().all(Value::is_object),
        Value::Array(updates) => !updates.is_empty() && updates.iter().all(Value::is_object),
        _ => false,
    };
    found.iter().any(|(_, value)| lists(value))
        || (found.is_empty() && output.contains('{'))
        || output.lines().any(|line| line.contains("Update ID") && !line.contains('"'))
}

/// Whether the variable `name` is set to a true value: drush 9 and later print the value, drush 8 that or `name: value`, on a
/// line of its own. Nothing else is the value: the stack trace of a notice ends in `x.php:0`.
#[must_use]
pub fn is_true(output: &str, name: &str) -> bool {
    let output = plain(output);
    let value = |line: &str| {
        let line = line.trim();
        let said = line.strip_prefix(name).map_or(line, |rest| rest.trim_start_matches([':', ' ', '=']));
        match said.trim_matches(['\'', '"']) {
            "1" | "true" | "TRUE" => Some(true),
            "0" | "false" | "FALSE" => Some(false),
            _ => None,
        }
    };
    output.lines().filter_map(value).next_back().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As drush 12.5.2 wrote it when an update threw.
    const DEPLOY: &str = " [notice] Database updates start.\n\
        > >  [notice] Update started: site_update_9002\n\
        > >  [error]  boom: the table is not there, and this text is long \n\
        > >  [error]  Update failed: site_update_9002 \n\
        >  [error]  Update aborted by: site_update_9002 \n\
        >  [error]  Finished performing updates. \n\n\
        In SiteProcess.php line 214:\n                 \n  \
        The command \"/srv/vendor/bin/drush updatedb --yes\" failed.   \n                \n  \
        Exit Code: 1(General error)      \n";

    #[test]
    fn the_cause_is_what_is_marked_as_an_error_and_not_what_drush_always_says() {
        assert_eq!(cause(DEPLOY), "boom: the table is not there, and this text is long");
        // Drush 8.
        let eight = "Mktprobe  7002  The updates.\nboom: the table is not there              \u{1b}[31;40m\u{1b}[1m[error]\u{1b}[0m\n\
                     Performed update: site_update_7002        \u{1b}[1;32;40m\u{1b}[1m[ok]\u{1b}[0m\n\
                     Finished performing updates.   \u{1b}[1;32;40m\u{1b}[1m[ok]\u{1b}[0m\n";
        assert_eq!(cause(eight), "boom: the table is not there");
        let wrapped = "WD update: Error 0 (php_network_getaddresses: getaddrinfo for \u{1b}[31;40m\u{1b}[1m[error]\u{1b}[0m\n\
                       updates.example failed: Name or service not known) occurred.\nInstallation complete.   [ok]\n";
        assert_eq!(
            cause(wrapped),
            "WD update: Error 0 (php_network_getaddresses: getaddrinfo for updates.example failed: Name or service not \
             known) occurred."
        );
        // Nothing but what it always says.
        assert_eq!(cause(" [error]  Update aborted by: x\n [notice] done\n"), "Update aborted by: x");
    }

    #[test]
    fn where_nothing_is_marked_the_cause_is_an_exception_or_what_calls_itself_an_error() {
        let exception = "\nIn BootstrapHook.php line 40:\n                       \n  Bootstrap failed. Run your command with -vvv for more  \n  \
                         information.  \n                    \n\n";
        assert_eq!(cause(exception), "Bootstrap failed. Run your command with -vvv for more information.");
        let client = "> mysqldump: Got error: 2002: \"Can't connect\" when trying to connect\n\nIn SqlCommands.php line 215:\n  \n  Unable to \
                      dump database.  \n   \n";
        assert_eq!(
            cause(client),
            "mysqldump: Got error: 2002: \"Can't connect\" when trying to connect; Unable to dump database."
        );
        let fatal = "PHP Fatal error:  Uncaught Error: Class \"X\" not found in /srv/x.php:1\nStack trace:\n#0 {main}\n\
                     Fatal error: Uncaught Error: Class \"X\" not found in /srv/x.php:1\n";
        assert_eq!(cause(fatal), "Fatal error: Uncaught Error: Class \"X\" not found in /srv/x.php:1");
        assert_eq!(cause("sh: 1: drush: not found\n"), "sh: 1: drush: not found");
        // Drupal 7 in drush 8, the two streams in one and apart.
        let html = "<h1>Additional uncaught exception.</h1><h2>Original</h2><p>PDOException: no such table</p><hr />";
        let end = "Drush command terminated abnormally due to an unrecoverable error.   \u{1b}[31;40m\u{1b}[1m[error]\u{1b}[0m\n";
        for between in ["", "\n"] {
            let cause = cause(&format!("{html}{between}{end}"));
            assert!(
                cause.contains("PDOException: no such table") && !cause.contains("terminated"),
                "{cause}"
            );
        }
        assert_eq!(cause(end), OF_COURSE[0]);
        assert_eq!(cause(" \n"), "it said nothing");
    }

    #[test]
    fn json_is_found_among_notices_and_log_lines() {
        let notice = "\nNotice: Undefined index: a[b] in /srv/{x}.php on line 3\n";
        for (said, some) in [
            (String::new(), false),
            ("[]".into(), false),
            ("{}\n".into(), false),
            ("null".into(), false),
            (" [success] No database updates required.\n".into(), false),
            ("No database updates required      \u{1b}[1m[ok]\u{1b}[0m\n".into(), false),
            (" [notice] x\n[]\n [success] y\n".into(), false),
            (format!("{notice}{{\"a_update_1\": {{}}}}"), true),
            ("Deprecated: f() in x.php on line 3[{\"update_id\":\"7002\"}]\nand behind it".into(), true),
            (r#"{"user_update_9001":{"module":"user"}}"#.into(), true),
            ("{ torn".into(), true),
            // A notice behind the answer that holds brackets of its own.
            (
                "{\"x_update_1\":{\"module\":\"x\"}}\nDeprecated: f(array $x = []) in y.php on line 3\n"
                    .into(),
                true,
            ),
            ("[]\nWarning: Undefined array key $row[0] in y.php on line 3\n".into(), false),
            // Drush of before `--format`.
            (" Module  Update ID  Description \n site    7002       More.\n".into(), true),
        ] {
            assert_eq!(lists_updates(&said), some, "{said}");
        }
    }

    #[test]
    fn the_answer_is_the_longest_and_an_error_is_told_from_words_about_one() {
        let said = "{\"config-sync\":\"../config/sync\"}\nDeprecated: f(array $x = []) in y.php on line 3\n";
        assert_eq!(json(said).unwrap()["config-sync"], "../config/sync");
        for (said, some) in [
            (DEPLOY, true),
            ("boom: no table     \u{1b}[31;40m\u{1b}[1m[error]\u{1b}[0m\nFinished.   [ok]\n", true),
            (" [notice] Update started: x\n [warning] error: none\n", false),
        ] {
            assert_eq!(logs_an_error(said), some, "{said}");
        }
    }

    #[test]
    fn a_value_is_found_among_notices() {
        for on in [
            "1\n",
            "maintenance_mode: 1",
            "maintenance_mode: '1'\n",
            "true",
            "PHP Notice:  x in y on line 0\n\nNotice: x in y on line 0\n1\n",
            "1\nDeprecated: old in y on line 0\n",
            " [warning] something\n1\n",
            // As xdebug shows a notice.
            "1\n\nDeprecated: old in y on line 0\n\nCall Stack:\n    0.0001     395464   1. {main}() /srv/vendor/bin/drush:0\n",
        ] {
            assert!(is_true(on, "maintenance_mode"), "{on}");
        }
        for off in [
            "",
            "0\n",
            "maintenance_mode: 0",
            "\n",
            "false",
            "No matching variable found.",
            "Notice: x in y on line 1\n0\n",
            "Warning: x in y on line 1\n\n",
            "\nDeprecated: old in y on line 0\n    0.0001     395464   1. {main}() /srv/vendor/bin/drush:1\n",
            " [warning] file.php:1\n",
        ] {
            assert!(!is_true(off, "maintenance_mode"), "{off}");
        }
    }
}
