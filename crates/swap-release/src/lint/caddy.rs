//! Caddy: `php_fastcgi` hands PHP the link, unless `resolve_root_symlink` is said. What `caddy adapt` prints is looked at;
//! where there is no such program, the Caddyfile.

use std::path::Path;

use serde_json::Value;

use super::files::Files;
use super::link::Leads;
use super::{Harm, Judge};

/// Judges all sites.
pub(super) fn judge(main: &Path, adapted: Option<&str>, files: &mut Files, judge: &mut Judge<'_>) {
    let text = files.text(main).unwrap_or_default();
    let line =
        |word: &str| 1 + text.lines().position(|line| line.trim_start().starts_with(word)).unwrap_or(0);
    match adapted.and_then(|json| serde_json::from_str::<Value>(json).ok()) {
        Some(value) => {
            let mut seen =
                Seen { main, php: line("php_fastcgi").max(line("reverse_proxy")), header: line("header") };
            seen.walk(&value, &mut String::new(), judge);
        }
        None => by_lines(main, &text, judge),
    }
}

struct Seen<'a> {
    main: &'a Path,
    /// Lines to point to: the JSON has none.
    php: usize,
    header: usize,
}

impl Seen<'_> {
    /// Goes through routes in their order: `vars` sets the root of what comes after it.
    fn walk(&mut self, value: &Value, root: &mut String, judge: &mut Judge<'_>) {
        match value {
            Value::Array(all) => {
                for one in all {
                    self.walk(one, root, judge);
                }
            }
            Value::Object(map) => {
                let text = |key: &str| map.get(key).and_then(Value::as_str);
                if text("handler") == Some("vars")
                    && let Some(set) = text("root")
                {
                    set.clone_into(root);
                }
                if text("handler") == Some("file_server") && judge.link.leads(root) != Leads::Elsewhere {
                    judge.report.serves = true;
                }
                if text("handler") == Some("reverse_proxy") {
                    self.proxy(value, root, judge);
                }
                if text("handler") == Some("headers") && judge.link.leads(root) != Leads::Elsewhere {
                    self.headers(value, judge);
                }
                // A subroute has what is around it, and keeps what it sets to itself.
                let mut inner = root.clone();
                for (key, one) in map {
                    if key != "transport" {
                        self.walk(one, &mut inner, judge);
                    }
                }
                if map.contains_key("handle") {
                    *root = inner;
                }
            }
            _ => {}
        }
    }

    fn proxy(&mut self, handler: &Value, root: &str, judge: &mut Judge<'_>) {
        let transport = handler.get("transport").unwrap_or(&Value::Null);
        if transport.get("protocol").and_then(Value::as_str) != Some("fastcgi") {
            return;
        }
        let root = transport.get("root").and_then(Value::as_str).unwrap_or(root);
        let leads = judge.link.leads(root);
        if leads == Leads::Elsewhere {
            return;
        }
        judge.report.serves = true;
        for upstream in handler.get("upstreams").and_then(Value::as_array).into_iter().flatten() {
            let dial = upstream.get("dial").and_then(Value::as_str).unwrap_or_default();
            judge.hands_to(dial.strip_prefix("unix/").unwrap_or(dial));
        }
        let resolves = transport.get("resolve_root_symlink").and_then(Value::as_bool).unwrap_or(false);
        if leads == Leads::Through && !resolves {
            judge.found(self.main, self.php, Harm::Mixes, mixes(root));
        }
    }

    fn headers(&mut self, handler: &Value, judge: &mut Judge<'_>) {
        let Some(name) = judge.header else { return };
        let set = |verb: &str| handler.pointer(&format!("/response/{verb}")).and_then(Value::as_object);
        if ["set", "add"]
            .iter()
            .filter_map(|verb| set(verb))
            .flat_map(|map| map.keys())
            .any(|key| key.eq_ignore_ascii_case(name))
        {
            let what = format!(
                "the web server sets the header {name} itself, so it is no proof for [health] that PHP runs the release; have \
                 the page say it: `contains`, or a header that PHP sends"
            );
            judge.found(self.main, self.header, Harm::Unsure, what);
        }
    }
}

fn mixes(root: &str) -> String {
    format!(
        "{root} leads through the link, which PHP gets as it is: it keeps what it once found there, and visitors get parts of \
         two releases; say `resolve_root_symlink` in the block of php_fastcgi"
    )
}

/// Without Caddy itself: blocks that begin with `php_fastcgi`, and the root before them.
fn by_lines(main: &Path, text: &str, judge: &mut Judge<'_>) {
    let mut root = String::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["root", .., path] => (*path).clone_into(&mut root),
            ["php_fastcgi", rest @ ..] => {
                let mut resolves = false;
                if rest.last() == Some(&"{") {
                    for (_, inner) in lines.by_ref() {
                        resolves |= inner.trim() == "resolve_root_symlink";
                        if let Some(path) = inner.trim().strip_prefix("root ") {
                            path.trim().clone_into(&mut root);
                        }
                        if inner.trim() == "}" {
                            break;
                        }
                    }
                }
                if judge.link.leads(&root) == Leads::Elsewhere {
                    continue;
                }
                judge.report.serves = true;
                for upstream in rest.iter().filter(|word| **word != "{") {
                    judge.hands_to(upstream.strip_prefix("unix/").unwrap_or(upstream));
                }
                if judge.link.leads(&root) == Leads::Through && !resolves {
                    judge.found(main, number + 1, Harm::Mixes, mixes(&root));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines;
    use super::*;
    use crate::lint::Link;
    use crate::lint::Report;

    const FILE: &str = "www.example.org {\n\troot * /srv/site/current/web\n\tphp_fastcgi unix//run/x.sock {\n\t\tresolve_root_symlink\n\t}\n\tfile_server\n}\n";

    #[test]
    fn a_link_that_php_gets_as_it_is_is_told() {
        assert_eq!(lines("Caddyfile", FILE), [0; 0]);
        let plain = FILE.replace(" {\n\t\tresolve_root_symlink\n\t}", "");
        assert_eq!(lines("Caddyfile", &plain), [3]);
        assert_eq!(lines("Caddyfile", &plain.replace("/srv/site", "/srv/other")), [0; 0]);
    }

    #[test]
    fn without_caddy_the_lines_say_the_same() {
        let link = Link::of(Some(Path::new("/srv/site")));
        let look = |text: &str| {
            let mut judge = Judge { link: &link, header: None, fpms: &[], report: Report::default() };
            by_lines(Path::new("Caddyfile"), text, &mut judge);
            (judge.report.findings.len(), judge.report.handed_to)
        };
        assert_eq!(look(FILE), (0, vec!["/run/x.sock".to_owned()]));
        assert_eq!(look(&FILE.replace("resolve_root_symlink", "split .php")).0, 1);
    }
}
