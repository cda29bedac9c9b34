//! nginx: `$document_root` is the link itself, which PHP resolves again for every include, and by whose name opcache keeps
//! what it compiled. `$realpath_root` is resolved anew each time it is used, so it must be kept by `set`, once.

mod parse;

use std::collections::BTreeMap;
use std::path::Path;

use self::parse::Directive;
use super::files::Files;
use super::link::Leads;
use super::{Harm, Judge};

/// What a level has, its own or from around it.
#[derive(Debug, Clone, Default)]
struct Scope<'a> {
    root: Option<&'a Directive>,
    /// `fastcgi_param` and `add_header` of this level are all that count, if it has any.
    params: Vec<&'a Directive>,
    headers: Vec<&'a Directive>,
    sets: BTreeMap<&'a str, &'a str>,
    /// Servers of the groups that `fastcgi_pass` may name.
    upstreams: BTreeMap<&'a str, Vec<&'a str>>,
    open_file_cache: bool,
}

/// Judges all servers.
pub(super) fn judge(main: &Path, files: &mut Files, judge: &mut Judge<'_>) {
    let tree = parse::parse(main, files);
    level(&tree, &Scope::default(), judge);
}

fn level<'a>(directives: &'a [Directive], around: &Scope<'a>, judge: &mut Judge<'_>) {
    let mut scope = around.clone();
    let named = |name: &'static str| directives.iter().filter(move |one| one.name() == name);
    scope.root = directives.iter().rfind(|one| matches!(one.name(), "root" | "alias")).or(scope.root);
    for group in named("upstream") {
        let servers = group.block.iter().filter(|one| one.name() == "server").map(|one| one.argument(1));
        scope.upstreams.insert(group.argument(1), servers.collect());
    }
    for (name, list) in [("fastcgi_param", &mut scope.params), ("add_header", &mut scope.headers)] {
        if named(name).next().is_some() {
            *list = named(name).collect();
        }
    }
    scope.sets.extend(named("set").map(|one| (one.argument(1), one.argument(2))));
    if let Some(cache) = named("open_file_cache").next_back() {
        scope.open_file_cache = cache.argument(1) != "off";
    }
    for pass in named("fastcgi_pass") {
        php(pass, &scope, judge);
    }
    // A fragment that is included where PHP is handed over, looked at by itself.
    if named("fastcgi_pass").next().is_none()
        && around.root.is_none()
        && scope.root.is_none()
        && judge.link.deploy_to().is_none()
    {
        for param in named("fastcgi_param") {
            handed(param, None, &scope, judge);
        }
    }
    if let Some(root) = named("root").next_back()
        && scope.open_file_cache
        && leads(root.argument(1), &scope, judge) == Leads::Through
        && directives.iter().any(|one| one.name() == "listen" || one.name() == "server_name")
        && !kept_everywhere(directives, &scope)
    {
        judge.found(
            &root.file,
            root.line,
            Harm::Mixes,
            "open_file_cache keeps static files under the name of the link, so they stay those of the former release for a \
             while; use `set $release $realpath_root;` and `root $release;` in every location",
        );
    }
    if named("root").any(|root| leads(root.argument(1), &scope, judge) != Leads::Elsewhere) {
        judge.report.serves = true;
    }
    for one in directives {
        level(&one.block, &scope, judge);
    }
}

/// Every location has a root that was kept.
fn kept_everywhere(directives: &[Directive], scope: &Scope<'_>) -> bool {
    let mut locations = directives.iter().filter(|one| one.name() == "location").peekable();
    locations.peek().is_some()
        && locations.all(|location| {
            let root = location.block.iter().find(|one| one.name() == "root");
            root.is_some_and(|root| is_kept(root.argument(1), scope))
        })
}

/// A variable that holds `$realpath_root` as it was.
fn is_kept(value: &str, scope: &Scope<'_>) -> bool {
    variable(value).and_then(|name| scope.sets.get(name)).is_some_and(|set| set.contains("$realpath_root"))
}

/// The variable that a value begins with, with its `$`.
fn variable(value: &str) -> Option<&str> {
    let rest = value.strip_prefix('$')?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    value.get(..=end)
}

/// Where a root leads; of a variable, what it was set to.
fn leads(value: &str, scope: &Scope<'_>, judge: &Judge<'_>) -> Leads {
    let value = variable(value).and_then(|name| scope.sets.get(name)).copied().unwrap_or(value);
    judge.link.leads(value)
}

/// A place where pages are handed to PHP.
fn php(pass: &Directive, scope: &Scope<'_>, judge: &mut Judge<'_>) {
    let kept = scope.root.is_some_and(|root| is_kept(root.argument(1), scope));
    let served = match scope.root {
        Some(root) => kept || leads(root.argument(1), scope, judge) != Leads::Elsewhere,
        None => false,
    };
    let by_parameter =
        scope.params.iter().any(|param| judge.link.leads(param.argument(2)) != Leads::Elsewhere);
    if !served && !by_parameter {
        return;
    }
    judge.report.serves = true;
    let to = pass.argument(1);
    for server in scope.upstreams.get(to).cloned().unwrap_or_else(|| vec![to]) {
        if server.starts_with('$') {
            judge.report.at_each_request = true;
        } else {
            judge.hands_to(server.strip_prefix("unix:").unwrap_or(server));
        }
    }
    let mut resolved: Vec<&Directive> = Vec::new();
    for name in ["SCRIPT_FILENAME", "DOCUMENT_ROOT", "PATH_TRANSLATED"] {
        // Of several with one name php-fpm takes the last.
        let Some(param) = scope.params.iter().rfind(|param| param.argument(1) == name) else { continue };
        handed(param, Some(kept), scope, judge);
        if param.argument(2).contains("$realpath_root") {
            resolved.push(param);
        }
    }
    for header in &scope.headers {
        if header.argument(2).contains("$realpath_root") {
            resolved.push(header);
        }
        let known = judge.header.is_some_and(|name| header.argument(1).eq_ignore_ascii_case(name));
        if known {
            judge.found(
                &header.file,
                header.line,
                Harm::Unsure,
                format!(
                    "the web server sets the header {} itself, so it is no proof for [health] that PHP runs the release; \
                     have the page say it: `contains`, or a header that PHP sends",
                    header.argument(1)
                ),
            );
        }
    }
    if let [_, .., last] = resolved[..] {
        judge.found(
            &last.file,
            last.line,
            Harm::Mixes,
            "$realpath_root is resolved anew each time it is used, and a request that is under way at a switch gets two \
             releases; `set $release $realpath_root;` once in the server, and use $release in root, SCRIPT_FILENAME, \
             DOCUMENT_ROOT and headers",
        );
    }
}

/// A path that PHP gets. `kept`: whether `$document_root` is a root that was kept; `None` if nobody knows the root.
fn handed(param: &Directive, kept: Option<bool>, scope: &Scope<'_>, judge: &mut Judge<'_>) {
    let (name, value) = (param.argument(1), param.argument(2));
    if !matches!(name, "SCRIPT_FILENAME" | "DOCUMENT_ROOT" | "PATH_TRANSLATED") {
        return;
    }
    let by_link = kept.is_none()
        || scope.root.is_some_and(|root| leads(root.argument(1), scope, judge) == Leads::Through);
    let by_name = ["$document_root", "${document_root}", "$request_filename", "${request_filename}"];
    let by_name = by_name.iter().find(|variable| value.contains(**variable));
    let what = if let Some(variable) = by_name.filter(|_| kept != Some(true) && by_link) {
        format!("{name} by {variable}, the link itself")
    } else if judge.link.leads(value) == Leads::Through {
        format!("{name} through the link itself")
    } else {
        return;
    };
    judge.found(
        &param.file,
        param.line,
        Harm::Mixes,
        format!(
            "{what}: PHP keeps what it once found there, and visitors get parts of two releases; use $release, after \
             `set $release $realpath_root;` once in the server (the last parameter of a name counts, also of an include)"
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, lines};
    use super::super::{Ask, lint};
    use super::*;

    const GOOD: &str = "server {\nlisten 80;\nroot /srv/site/current/web;\nset $release $realpath_root;\nadd_header X-R $release;\n\
        location / { root $release; try_files $uri /index.php; }\nlocation ~ \\.php$ {\nroot $release;\n\
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\nfastcgi_param SCRIPT_FILENAME $release$fastcgi_script_name;\n\
        fastcgi_param DOCUMENT_ROOT $release;\nfastcgi_pass unix:/run/fpm.sock;\n}\n}\n";

    #[test]
    fn what_is_handed_to_php_decides_and_the_last_one_counts() {
        assert_eq!(lines("x", GOOD), [0; 0]);
        let late = GOOD.replace(
            "fastcgi_param DOCUMENT_ROOT $release;",
            "fastcgi_param SCRIPT_FILENAME $document_root$x;",
        );
        // The root is kept there, so even that one is whole.
        assert_eq!(lines("x", &late), [0; 0]);
        assert_eq!(
            lines("x", &late.replacen("root $release; try", "try", 1).replace("\nroot $release;\n", "\n")),
            [10]
        );
        let through = "server {\nroot /srv/site/current/web;\nlocation ~ \\.php$ {\n\
            fastcgi_param DOCUMENT_ROOT ${document_root}; # as in fastcgi_params\n\
            fastcgi_param SCRIPT_FILENAME /srv/site/current/web$fastcgi_script_name;\nfastcgi_pass 127.0.0.1:9000;\n}\n}\n";
        assert_eq!(lines("x", through), [4, 5]);
        // Of another site, or handed to nobody.
        assert_eq!(lines("x", &through.replace("/srv/site/", "/srv/other/")), [0; 0]);
        assert_eq!(lines("x", &through.replace("fastcgi_pass", "#")), [0; 0]);
    }

    #[test]
    fn resolved_twice_is_told_and_so_is_a_header_that_proves_nothing() {
        let twice = "server {\nroot /srv/site/current/web;\nadd_header X-Release $realpath_root;\nlocation ~ \\.php$ {\n\
            fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;\nfastcgi_pass unix:/run/fpm.sock;\n}\n}\n";
        let found = findings("x", twice, "");
        assert_eq!(
            found.iter().map(|(line, harm, _)| (*line, *harm)).collect::<Vec<_>>(),
            [(3, Harm::Mixes), (3, Harm::Unsure)]
        );
        assert_eq!(lines("x", &twice.replace("add_header", "#")), [0; 0]);
    }

    #[test]
    fn a_group_of_servers_is_where_its_servers_are() {
        let text = "upstream php {\nserver unix:/run/a.sock;\nserver 127.0.0.1:9000;\n}\nserver {\nroot /srv/site/current;\n\
            location ~ php {\nfastcgi_param SCRIPT_FILENAME $request_filename;\nfastcgi_pass php;\n}\n}\n";
        assert_eq!(lines("x", text), [8]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, text).unwrap();
        let ask = Ask { paths: vec![path], deploy_to: Some("/srv/site".into()), ..Ask::default() };
        let report = lint(&ask).unwrap();
        assert_eq!(
            (report.handed_to.join(" "), report.serves),
            ("/run/a.sock 127.0.0.1:9000".to_owned(), true)
        );
    }

    #[test]
    fn static_files_that_are_kept_open_are_told() {
        let cached = GOOD.replace("listen 80;", "listen 80; open_file_cache max=100;");
        assert_eq!(lines("x", &cached), [0; 0]);
        assert_eq!(lines("x", &cached.replacen("root $release; try", "try", 1)), [3]);
    }

    #[test]
    fn includes_are_in_their_places_and_php_s_socket_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("nginx.conf", "http { include sites/*; }");
        std::fs::create_dir(folder.path().join("sites")).unwrap();
        write(
            "sites/one",
            "server { root /srv/site/current; location / { fastcgi_pass unix:/run/x.sock;\nfastcgi_param \
            SCRIPT_FILENAME $realpath_root$x; include params; } }",
        );
        write("params", "fastcgi_param SCRIPT_FILENAME $document_root$x;\n");
        let ask = Ask {
            paths: vec![folder.path().to_owned()],
            deploy_to: Some("/srv/site".into()),
            header: None,
            ..Ask::default()
        };
        let report = lint(&ask).unwrap();
        assert_eq!((report.files, report.handed_to.as_slice()), (3, &["/run/x.sock".to_owned()][..]));
        assert!(report.findings[0].file.ends_with("params"), "{report:?}");
    }
}
