//! Caddy: `php_fastcgi` hands PHP the link, unless `resolve_root_symlink` is said. What `caddy adapt` prints is looked at;
//! where there is no such program, the Caddyfile.

use std::path::Path;

use serde_json::Value;

use super::files::Files;
use super::judge::Judge;
use super::link::{ANY, Leads};
use super::report::Harm;

/// Judges all sites.
pub(super) fn judge(main: &Path, adapted: Option<&str>, files: &mut Files, judge: &mut Judge<'_>) {
    let text = files.text(main).unwrap_or_default();
    let line =
        |word: &str| 1 + text.lines().position(|line| line.trim_start().starts_with(word)).unwrap_or(0);
    match adapted.and_then(|json| serde_json::from_str::<Value>(json).ok()) {
        Some(value) => {
            let mut seen =
                Seen { main, php: line("php_fastcgi").max(line("reverse_proxy")), header: line("header") };
            seen.walk(&value, &mut Vec::new(), judge);
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
    /// Goes through routes in their order: `vars` sets the root of what comes after it. `roots` are all that it may be.
    fn walk(&mut self, value: &Value, roots: &mut Vec<String>, judge: &mut Judge<'_>) {
        match value {
            Value::Array(all) => {
                for one in all {
                    self.walk(one, roots, judge);
                }
            }
            Value::Object(map) => {
                let text = |key: &str| map.get(key).and_then(Value::as_str);
                if text("handler") == Some("vars")
                    && let Some(set) = text("root")
                {
                    *roots = vec![with_placeholders(set)];
                }
                let ours = roots.iter().any(|root| judge.link.leads(root) != Leads::Elsewhere);
                if text("handler") == Some("file_server") && ours {
                    judge.report.serves = true;
                }
                if text("handler") == Some("reverse_proxy") {
                    self.proxy(value, roots, judge);
                }
                if text("handler") == Some("headers") && ours {
                    self.headers(value, judge);
                }
                let mut inner = roots.clone();
                for (key, one) in map {
                    if key != "transport" {
                        self.walk(one, &mut inner, judge);
                    }
                }
                if !map.contains_key("handle") {
                    return;
                }
                // What comes after a route: nothing of it, if it was the last one or one of several; else it may have been taken.
                let ends =
                    map.get("terminal").and_then(Value::as_bool) == Some(true) || map.contains_key("group");
                match (ends, map.contains_key("match")) {
                    (true, _) => {}
                    (false, false) => *roots = inner,
                    (false, true) => {
                        inner.retain(|root| !roots.contains(root));
                        roots.append(&mut inner);
                    }
                }
            }
            _ => {}
        }
    }

    fn proxy(&mut self, handler: &Value, roots: &[String], judge: &mut Judge<'_>) {
        let transport = handler.get("transport").unwrap_or(&Value::Null);
        if transport.get("protocol").and_then(Value::as_str) != Some("fastcgi") {
            return;
        }
        let own = transport.get("root").and_then(Value::as_str).map(|root| vec![with_placeholders(root)]);
        let roots = own.as_deref().unwrap_or(roots);
        let resolves = transport.get("resolve_root_symlink").and_then(Value::as_bool).unwrap_or(false);
        let mut serves = false;
        for root in roots {
            let leads = judge.link.leads(root);
            serves |= leads != Leads::Elsewhere;
            if leads == Leads::Through && !resolves {
                judge.found(self.main, self.php, Harm::Mixes, mixes(root));
            }
        }
        if !serves {
            return;
        }
        judge.report.serves = true;
        for upstream in handler.get("upstreams").and_then(Value::as_array).into_iter().flatten() {
            let dial = upstream.get("dial").and_then(Value::as_str).unwrap_or_default();
            judge.hands_to(dial.strip_prefix("unix/").unwrap_or(dial));
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

/// A path with what is filled in at each request: `{http.request.host}`.
fn with_placeholders(text: &str) -> String {
    let mut path = text.to_owned();
    while let Some((before, rest)) = path.split_once('{') {
        let Some((_, after)) = rest.split_once('}') else { break };
        path = format!("{before}{ANY}{after}");
    }
    path
}

fn mixes(root: &str) -> String {
    let root = root.replace(ANY, "*");
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
            ["root", .., path] => root = with_placeholders(path),
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
                for upstream in rest.iter().filter(|word| **word != "{" && !word.starts_with(['@', '/', '*']))
                {
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
    use crate::host::lint::Link;
    use crate::host::lint::Report;

    const FILE: &str = "www.example.org {\n\troot * /srv/site/current/web\n\tphp_fastcgi unix//run/x.sock {\n\t\tresolve_root_symlink\n\t}\n\tfile_server\n}\n";

    #[test]
    fn a_link_that_php_gets_as_it_is_is_told() {
        assert_eq!(lines("Caddyfile", FILE), [0; 0]);
        let plain = FILE.replace(" {\n\t\tresolve_root_symlink\n\t}", "");
        assert_eq!(lines("Caddyfile", &plain), [3]);
        assert_eq!(lines("Caddyfile", &plain.replace("/srv/site", "/srv/other")), [0; 0]);
    }

    #[test]
    fn a_root_may_be_one_of_several() {
        let proxy = serde_json::json!({"handler": "reverse_proxy", "upstreams": [{"dial": "unix//run/x.sock"}],
            "transport": {"protocol": "fastcgi"}});
        let root = |matcher: &str, root: &str| {
            let route = serde_json::json!({"handle": [{"handler": "vars", "root": root}]});
            let mut route = route.as_object().unwrap().clone();
            if !matcher.is_empty() {
                route.insert("match".into(), serde_json::json!([{"path": [matcher]}]));
            }
            Value::Object(route)
        };
        let link = Link::of(Some(Path::new("/srv/site")));
        let look = |routes: &[Value]| {
            let mut judge = Judge { link: &link, header: None, fpms: &[], report: Report::default() };
            let mut routes = routes.to_vec();
            routes.push(serde_json::json!({"handle": [proxy.clone()]}));
            let value = serde_json::json!({"apps": {"http": {"servers": {"a": {"routes": routes}}}}});
            super::judge(Path::new("x"), Some(&value.to_string()), &mut Files::default(), &mut judge);
            (judge.report.findings.len(), judge.report.serves)
        };
        assert_eq!(look(&[root("", "/srv/site/current"), root("/shop/*", "/srv/shop/current")]), (1, true));
        assert_eq!(look(&[root("", "/srv/shop/current"), root("/shop/*", "/srv/site/current")]), (1, true));
        assert_eq!(look(&[root("/x", "/srv/site/current"), root("", "/srv/shop/current")]), (0, false));
        assert_eq!(look(&[root("", "/srv/{http.request.host}/current")]), (1, true));
        let mut other = root("/x", "/srv/site/current");
        other["terminal"] = true.into();
        assert_eq!(look(&[other]), (0, false));
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
