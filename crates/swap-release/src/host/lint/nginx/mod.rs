//! nginx: `$document_root` is the link itself, which PHP resolves again for every include, and by whose name opcache keeps
//! what it compiled. `$realpath_root` is resolved anew for each directive that uses it (all of `fastcgi_param` are one), so what
//! all of them use must be made once.

mod parse;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::parse::Directive;
use self::values::Values;
use super::files::Files;
use super::judge::Judge;
use super::link::{ANY, Leads};
use super::report::Harm;

/// What helps. The guide has it, and its tests.
const ONCE: &str = "`map $host $realpath_root_once { default $realpath_root; }` beside the server, \
                    `set $release $realpath_root_once;` in it, and $release in root, SCRIPT_FILENAME, DOCUMENT_ROOT and headers";

/// The paths that PHP takes for its own.
const PATHS: [&str; 3] = ["SCRIPT_FILENAME", "DOCUMENT_ROOT", "PATH_TRANSLATED"];

/// What a level has, its own or from around it.
#[derive(Debug, Clone, Default)]
struct Scope<'a> {
    values: Values<'a>,
    /// `fastcgi_param` and `add_header` of this level are all that count, if it has any.
    params: Vec<&'a Directive>,
    headers: Vec<&'a Directive>,
    /// Servers of the groups that `fastcgi_pass` may name.
    upstreams: BTreeMap<&'a str, Vec<&'a str>>,
    open_file_cache: bool,
    /// `fastcgi_cache`, if that is on, and its key.
    cache: Option<&'a Directive>,
    key: Option<&'a Directive>,
}

/// Judges all servers.
pub(super) fn judge(main: &Path, files: &mut Files, judge: &mut Judge<'_>) {
    let tree = parse::parse(main, files);
    level(&tree, &Scope::default(), judge);
}

fn level<'a>(directives: &'a [Directive], around: &Scope<'a>, judge: &mut Judge<'_>) {
    let mut scope = around.clone();
    let named = |name: &'static str| directives.iter().filter(move |one| one.name() == name);
    let without_dollar = |one: &'a Directive, number: usize| one.argument(number).trim_start_matches('$');
    for group in named("upstream") {
        let servers = group.block.iter().filter(|one| one.name() == "server").map(|one| one.argument(1));
        scope.upstreams.insert(group.argument(1), servers.collect());
    }
    for (name, list) in [("fastcgi_param", &mut scope.params), ("add_header", &mut scope.headers)] {
        if named(name).next().is_some() {
            *list = named(name).collect();
        }
    }
    scope.values.maps.extend(named("map").map(|one| (without_dollar(one, 2), one)));
    scope.values.set_variables(directives);
    if named("server_name").next().is_some() {
        scope.values.names =
            named("server_name").flat_map(|one| one.words.iter().skip(1)).map(String::as_str).collect();
    }
    let root = directives.iter().rfind(|one| matches!(one.name(), "root" | "alias"));
    if let Some(root) = root {
        scope.values.set_root(root);
    }
    if let Some(cache) = named("open_file_cache").next_back() {
        scope.open_file_cache = cache.argument(1) != "off";
    }
    if let Some(cache) = named("fastcgi_cache").next_back() {
        scope.cache = Some(cache).filter(|cache| cache.argument(1) != "off");
    }
    scope.key = named("fastcgi_cache_key").next_back().or(scope.key);
    let passes = named("fastcgi_pass").next().is_some();
    for pass in named("fastcgi_pass") {
        php(pass, &scope, judge);
    }
    // A fragment that is included where PHP is handed over, looked at by itself.
    if !passes && scope.values.root.is_none() && judge.link.deploy_to().is_none() {
        for param in named("fastcgi_param") {
            handed(param, &scope, None, judge);
        }
    }
    if let Some(root) = root {
        let leads = leads(root.argument(1), &scope, judge);
        judge.report.serves |= leads != Leads::Elsewhere;
        let server = directives.iter().any(|one| matches!(one.name(), "listen" | "server_name"));
        let whole = passes || is_kept(root, &scope) || (server && kept_everywhere(directives, &scope));
        if scope.open_file_cache && leads == Leads::Through && !whole {
            let what = format!(
                "open_file_cache keeps static files under the name of the link, so they stay those of the former release for a \
                 while; {ONCE}, in every location"
            );
            judge.found(&root.file, root.line, Harm::Mixes, what);
        }
    }
    for set in named("set").filter(|set| values::names(set.argument(2), "realpath_root")) {
        if leads("$realpath_root", &scope, judge) == Leads::Through {
            let what = format!(
                "set resolves $realpath_root twice, for the length and for the text: where the name of the new release is longer, a \
                 request between the two answers 500; {ONCE}"
            );
            judge.found(&set.file, set.line, Harm::Fails, what);
        }
    }
    for one in directives {
        level(&one.block, &scope, judge);
    }
}

/// Every location that gives files away has a root that was kept.
fn kept_everywhere(directives: &[Directive], scope: &Scope<'_>) -> bool {
    let elsewhere = |one: &Directive| {
        matches!(one.name(), "return" | "proxy_pass" | "fastcgi_pass")
            || (one.name() == "deny" && one.argument(1) == "all")
    };
    let gives_files = |one: &&Directive| one.name() == "location" && !one.block.iter().any(elsewhere);
    let mut locations = directives.iter().filter(gives_files).peekable();
    locations.peek().is_some()
        && locations.all(|location| {
            let root = location.block.iter().find(|one| matches!(one.name(), "root" | "alias"));
            root.is_some_and(|root| is_kept(root, scope))
        })
}

/// A root that was resolved before.
fn is_kept(root: &Directive, scope: &Scope<'_>) -> bool {
    !scope.values.moments(root.argument(1), "root").is_empty()
}

/// Where a value leads: through the link, if it may.
fn leads(value: &str, scope: &Scope<'_>, judge: &Judge<'_>) -> Leads {
    lead(&scope.values.paths(value), judge)
}

fn lead(paths: &[String], judge: &Judge<'_>) -> Leads {
    let mut found: Vec<Leads> = paths.iter().map(|path| judge.link.leads(path)).collect();
    found.sort_by_key(|leads| match leads {
        Leads::Through => 0,
        Leads::Release(_) => 1,
        Leads::Elsewhere => 2,
    });
    found.into_iter().next().unwrap_or(Leads::Elsewhere)
}

/// A place where pages are handed to PHP.
fn php(pass: &Directive, scope: &Scope<'_>, judge: &mut Judge<'_>) {
    let mut sockets = Vec::new();
    for to in scope.values.paths(pass.argument(1)) {
        let servers = scope.upstreams.get(to.as_str());
        let servers: Vec<&str> = servers.map_or_else(|| vec![to.as_str()], Clone::clone);
        sockets.extend(
            servers.into_iter().map(|server| server.strip_prefix("unix:").unwrap_or(server).to_owned()),
        );
    }
    // What PHP sees of the paths that it gets.
    let chroot = sockets.iter().find_map(|socket| judge.pool(socket)?.chroot.clone());
    // Of several with one name php-fpm takes the last.
    let last = |name: &str| scope.params.iter().rfind(|param| param.argument(1) == name);
    let params: Vec<&Directive> = PATHS.into_iter().filter_map(last).copied().collect();
    let served =
        scope.values.root.is_some_and(|root| leads(root.argument(1), scope, judge) != Leads::Elsewhere);
    let by_parameter =
        params.iter().any(|param| param_leads(param, scope, chroot.as_deref(), judge) != Leads::Elsewhere);
    if !served && !by_parameter {
        return;
    }
    judge.report.serves = true;
    for socket in sockets {
        if socket.contains('$') || socket.contains(ANY) {
            judge.report.at_each_request = true;
        } else {
            judge.hands_to(&socket);
        }
    }
    let mut moments = BTreeSet::new();
    let mut second = None;
    for param in params {
        handed(param, scope, chroot.as_deref(), judge);
        note(param, &scope.values.moments(param.argument(2), "fastcgi_param"), &mut moments, &mut second);
    }
    for (number, header) in scope.headers.iter().enumerate() {
        let made = scope.values.moments(header.argument(2), &format!("header {number}"));
        note(header, &made, &mut moments, &mut second);
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
    if let Some(second) = second {
        let what = format!(
            "$realpath_root is resolved anew here, and a request that is under way at a switch gets two releases; {ONCE}"
        );
        judge.found(&second.file, second.line, Harm::Mixes, what);
    }
    if let Some(cache) = scope.cache {
        let key = scope.key.map_or("", |key| key.argument(1));
        if scope.values.moments(key, "key").is_empty() {
            let what = format!(
                "fastcgi_cache goes on giving pages of the former release, and of one that was taken back; have its key name the \
                 release: `fastcgi_cache_key \"$release$scheme$request_method$host$request_uri\";`, with {ONCE}"
            );
            judge.found(&cache.file, cache.line, Harm::Mixes, what);
        }
    }
}

/// Which directive is the first that adds a moment to those before.
fn note<'a>(
    one: &'a Directive,
    made: &BTreeSet<String>,
    moments: &mut BTreeSet<String>,
    second: &mut Option<&'a Directive>,
) {
    moments.extend(made.iter().cloned());
    if moments.len() > 1 && second.is_none() {
        *second = Some(one);
    }
}

/// Where a path that PHP gets leads.
fn param_leads(param: &Directive, scope: &Scope<'_>, chroot: Option<&str>, judge: &Judge<'_>) -> Leads {
    let paths = scope.values.paths(param.argument(2)).into_iter();
    let outside = |path: String| {
        chroot.map_or_else(|| path.clone(), |chroot| format!("{}{path}", chroot.trim_end_matches('/')))
    };
    lead(&paths.map(outside).collect::<Vec<_>>(), judge)
}

/// A path that PHP gets.
fn handed(param: &Directive, scope: &Scope<'_>, chroot: Option<&str>, judge: &mut Judge<'_>) {
    let (name, value) = (param.argument(1), param.argument(2));
    if !PATHS.contains(&name) || !scope.values.moments(value, "fastcgi_param").is_empty() {
        return;
    }
    let by_link =
        scope.values.root.is_none_or(|root| leads(root.argument(1), scope, judge) == Leads::Through);
    let by_name =
        ["document_root", "request_filename"].into_iter().find(|variable| values::names(value, variable));
    let what = if let Some(variable) = by_name.filter(|_| by_link) {
        format!("{name} by ${variable}, the link itself")
    } else if by_name.is_none() && param_leads(param, scope, chroot, judge) == Leads::Through {
        format!("{name} through the link itself")
    } else {
        return;
    };
    let inside = chroot.map_or_else(String::new, |chroot| {
        format!("; php-fpm is in `{chroot}`: `map $realpath_root $release {{ \"~^{chroot}(?<inside>/.*)$\" $inside; }}` gives it the name in there")
    });
    judge.found(
        &param.file,
        param.line,
        Harm::Mixes,
        format!(
            "{what}: PHP keeps what it once found there, and visitors get parts of two releases; {ONCE} (the last parameter of a \
             name counts, also of an include){inside}"
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, lines};
    use super::super::{Ask, lint};
    use super::*;

    const GOOD: &str = "map $host $once { default $realpath_root; } server {\nlisten 80;\nroot /srv/site/current/web;\nset $release $once;\nadd_header X-R $release;\n\
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
        // All parameters are made at one moment; set has two of its own.
        let both = twice
            .replace("add_header", "#")
            .replace("fastcgi_pass", "fastcgi_param DOCUMENT_ROOT $realpath_root; fastcgi_pass");
        assert_eq!(lines("x", &both), [0; 0]);
        let set = both
            .replace("# X", "set $release $realpath_root;# X")
            .replace("SCRIPT_FILENAME $realpath_root", "SCRIPT_FILENAME $release");
        let harms: Vec<_> = findings("x", &set, "").into_iter().map(|(line, harm, _)| (line, harm)).collect();
        assert_eq!(harms, [(6, Harm::Mixes), (3, Harm::Fails)]);
    }

    #[test]
    fn a_root_may_be_made_of_variables() {
        let site = |before: &str, name: &str, root: &str| {
            format!(
                "{before}\nserver {{\nserver_name {name};\nroot {root};\nlocation ~ php {{\nfastcgi_param SCRIPT_FILENAME \
                 $document_root$fastcgi_script_name;\nfastcgi_pass unix:/run/a.sock;\n}}\n}}\n"
            )
        };
        let docroots = "map $host $docroot { default /var/www; www.example.org /srv/site/current/web; }";
        for (before, name, root, found) in [
            ("", "site", "/srv/$host/current/web", true),
            ("", "other", "/srv/$server_name/current/web", false),
            ("", "site *.example.org", "/srv/${host}/current", true),
            ("", "~^(?<name>.+)$", "/srv/$name/current", true),
            ("", "~^(?<name>.+)$", "/srv/$name/public", false),
            ("", "a", "/srv/s$host/current", false),
            (docroots, "_", "$docroot", true),
            (&docroots.replace("/site", "/shop"), "_", "$docroot", false),
        ] {
            let lines = lines("x", &site(before, name, root));
            assert_eq!(lines, if found { vec![6] } else { vec![] }, "{name} {root}");
        }
        let set = site("", "x", "/srv/site/current")
            .replace("location", "set $base /srv/site; set $dir $base/current;\nlocation");
        assert_eq!(lines("x", &set.replace("$document_root", "$dir")), [7]);
        let sets = "\nset $dir /var/www; if ($arg_a) { set $dir /srv/site/current; } root";
        let either = site("", "x", "$dir").replace("\nroot", sets);
        assert_eq!(lines("x", &either), [6]);
        // The release's name out of the path, by a map of its own.
        let id = "map $realpath_root $id { ~/releases/(?<name>[^/]+) $name; }";
        let header = site(id, "x", "/srv/site/current")
            .replace("$document_root", "$realpath_root")
            .replace("location", "add_header X-Id $id;\nlocation");
        assert_eq!(lines("x", &header), [5]);
    }

    #[test]
    fn a_php_fpm_in_a_chroot_sees_other_paths() {
        let text = "server {\nroot /srv/site/current/web;\nlocation ~ php {\nfastcgi_param SCRIPT_FILENAME /current/web$fastcgi_script_name;\n\
                    fastcgi_pass unix:/run/a.sock;\n}\n}\n";
        let pool = |chroot: &str| format!("[global]\n[a]\nlisten = /run/$pool.sock\nchroot = {chroot}\n");
        let told = findings("x", text, &pool("/srv/site"));
        assert!(told.len() == 1 && told[0].2.contains("~^/srv/site(?<inside>/.*)$"), "{told:?}");
        assert_eq!(findings("x", text, &pool("/srv/other")), []);
    }

    #[test]
    fn pages_that_nginx_keeps_are_of_a_release() {
        let cached =
            GOOD.replace("listen 80;", "listen 80; fastcgi_cache z; fastcgi_cache_key $host$request_uri;");
        assert_eq!(lines("x", &cached), [2]);
        assert_eq!(lines("x", &cached.replace("_key ", "_key $release")), [0; 0]);
        assert_eq!(lines("x", &cached.replace("fastcgi_cache z", "fastcgi_cache off")), [0; 0]);
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
