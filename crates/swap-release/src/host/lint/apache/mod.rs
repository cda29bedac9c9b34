//! Apache: a link in DocumentRoot is resolved for every file, by Apache and by PHP, and kept by both. So either the link is
//! kept from them (`swap-release apache`), or PHP is told to look behind it each time.

mod access;
pub(super) mod dump;
mod parse;
mod runs;
mod world;

use std::fs;
use std::path::{Path, PathBuf};

use self::dump::Dump;
use self::parse::{Directive, Parser, is_php};
use self::runs::{Php, each_for, runs_by, socket};
use self::world::World;
use super::files::Files;
use super::judge::Judge;
use super::link::{ANY, Leads};
use super::php::Settings;
use super::report::Harm;

/// What helps: a hook. The guide has it, and its tests.
const HOOK: &str = "keep the link from Apache: DocumentRoot ${SITE}/..., which the hook `swap-release apache` defines \
                    (crates/swap-release/WEBSERVERS.md)";

/// Judges all virtual hosts, and the server itself.
pub(super) fn judge(main: &Path, root: &Path, dump: Option<&Dump>, files: &mut Files, judge: &mut Judge<'_>) {
    let mut parser = Parser::new(files, root, dump);
    let tree = parser.file(main, 0);
    let mod_php = parser.modules.iter().any(|module| is_php(module));
    let known = dump.is_some() || !parser.modules.is_empty();
    let directory = parser.php.as_deref().map(|file| php_ini(file, root));
    let (base, preload) = directory.map(|dir| Settings::of(&dir, parser.files)).unwrap_or_default();
    let server: Vec<Directive> = tree.iter().filter(|one| one.name != "virtualhost").cloned().collect();
    let world = World { server: &server, mod_php, known, base: &base, preload: preload.as_ref() };
    for host in tree.iter().filter(|one| one.name == "virtualhost") {
        site(&world, &host.inside, judge);
    }
    site(&world, &[], judge);
}

/// Debian's directory of mod_php's php.ini, by the version in the module's name.
fn php_ini(module: &str, root: &Path) -> PathBuf {
    let name = Path::new(module).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let version: String = name.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let version = version.trim_end_matches('.');
    if version.is_empty() { root.to_owned() } else { format!("/etc/php/{version}/apache2").into() }
}

fn last<'a>(name: &str, server: &'a [Directive], host: &'a [Directive]) -> Option<&'a Directive> {
    let of = |list: &'a [Directive]| list.iter().rfind(|one| one.name == name);
    of(host).or_else(|| of(server))
}

/// A virtual host; with nothing of its own, the server.
fn site(world: &World<'_>, host: &[Directive], judge: &mut Judge<'_>) {
    let place = if host.is_empty() { world.server } else { host };
    let root = last("documentroot", world.server, host).map(|one| (one, one.argument(0).to_owned()));
    let mut told = false;
    for (one, path) in root.into_iter().chain(place.iter().filter_map(aliased)) {
        let leads = judge.link.leads(&path);
        if leads == Leads::Elsewhere {
            continue;
        }
        judge.report.serves = true;
        let php = runs_by(world, host, Path::new(&path));
        match &php {
            Php::Fpm(socket) => judge.hands_to(socket),
            Php::AtEachRequest => judge.report.at_each_request = true,
            Php::Module => judge.report.mod_php = true,
            Php::None => {}
        }
        match &leads {
            Leads::Release(release) => real_path(one, release, judge),
            Leads::Through => through(world, host, (one, &path), &php, judge),
            Leads::Elsewhere => {}
        }
        if !told {
            told = true;
            misplaced(world, host, judge);
            header(world, host, &path, judge);
        }
        doors(world, host, (one, Path::new(&path)), &leads, judge);
    }
    proxied(world, host, place, judge);
}

/// A directory that is served beside DocumentRoot, or in its place.
fn aliased(one: &Directive) -> Option<(&Directive, String)> {
    let path = match one.name.as_str() {
        "alias" | "scriptalias" => one.argument(1).to_owned(),
        "aliasmatch" | "scriptaliasmatch" => with_captures(one.argument(1), '$'),
        "virtualdocumentroot" | "virtualscriptalias" => with_captures(one.argument(0), '%'),
        _ => return None,
    };
    Some((one, path))
}

/// A path with what is filled in at each request: `$1`; with `%` as mod_vhost_alias has it, `%0`, `%-2.1+`.
fn with_captures(text: &str, mark: char) -> String {
    let mut parts = text.split(mark);
    let mut path = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest =
            part.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+') && mark == '%');
        // Within one name: `%2.1`.
        let rest = match rest.strip_prefix('.') {
            Some(more) if mark == '%' && more.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                more.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'))
            }
            _ => rest,
        };
        path.push_str(ANY);
        path.push_str(rest);
    }
    path
}

/// `ProxyPassMatch` hands PHP the path in its own address, whatever DocumentRoot is.
fn proxied(world: &World<'_>, host: &[Directive], place: &[Directive], judge: &mut Judge<'_>) {
    let mut found = Vec::new();
    each(place, &mut |one| {
        if !matches!(one.name.as_str(), "proxypass" | "proxypassmatch") {
            return;
        }
        let address =
            one.arguments.iter().find_map(|word| Some((socket(word)?, word.split_once("fcgi://")?.1)));
        let path = address.as_ref().and_then(|(_, rest)| Some(format!("/{}", rest.split_once('/')?.1)));
        if let (Some((socket, _)), Some(path)) = (address, path) {
            found.push((one, socket, with_captures(&path, '$')));
        }
    });
    for (one, socket, path) in found {
        match judge.link.leads(&path) {
            Leads::Elsewhere => continue,
            Leads::Release(release) => real_path(one, &release, judge),
            Leads::Through => {
                let shown = path.split_once(ANY).map_or(path.as_str(), |(known, _)| known);
                through(world, host, (one, shown), &Php::Fpm(socket.clone()), judge);
            }
        }
        judge.report.serves = true;
        judge.hands_to(&socket);
    }
}

/// Apache serves a release by its own name.
fn real_path(one: &Directive, release: &str, judge: &mut Judge<'_>) {
    judge.report.by_real_path |= one.variable;
    let live = judge.link.live();
    if !one.variable {
        let what = format!(
            "{} names release `{release}` itself, and no switch changes that; {HOOK}",
            one.arguments.join(" ")
        );
        judge.found(&one.file, one.line, Harm::Mixes, what);
    } else if let Some(live) = live.filter(|live| live != release) {
        let what = format!(
            "Apache serves release `{release}`, and `current` is `{live}`; run swap-release apache there, as the hook does"
        );
        judge.found(&one.file, one.line, Harm::Mixes, what);
    }
}

/// Every directive, also of sections.
fn each<'a>(list: &'a [Directive], work: &mut impl FnMut(&'a Directive)) {
    for one in list {
        work(one);
        each(&one.inside, work);
    }
}

/// DocumentRoot through the link: mixes, unless PHP looks behind it each time.
fn through(
    world: &World<'_>,
    host: &[Directive],
    (one, path): (&Directive, &str),
    php: &Php,
    judge: &mut Judge<'_>,
) {
    let realdoc = last("realpathevery", world.server, host).is_some();
    let settings = match php {
        Php::None => return,
        Php::Module => {
            let mut settings = world.base.clone();
            for list in [world.server, host] {
                each_for(Path::new(path), list, &mut |one| {
                    let counts =
                        one.name.starts_with("php_admin_") || !Settings::is_of_the_system(one.argument(0));
                    if one.name.starts_with("php_") && counts {
                        settings.set(one.argument(0), one.argument(1));
                    }
                });
            }
            if let Some(preload) = world.preload {
                judge.preloads(preload);
            }
            Some(settings)
        }
        Php::Fpm(socket) => judge.pool(socket).map(|pool| pool.settings.clone()),
        Php::AtEachRequest => None,
    };
    if realdoc {
        return;
    }
    let what = |settings: &Settings| {
        let htaccess = access::access(Path::new(path), world.server, host).no_htaccess.is_none();
        Some(match (settings.looks_behind_the_link(), settings.keeps_no_paths()) {
            (true, true) if !settings.prepends() => format!(
                "a request that is under way at a switch gets parts of two releases, where it uses DOCUMENT_ROOT or \
                 SCRIPT_FILENAME; {HOOK}, or the auto_prepend_file of the guide"
            ),
            (true, true) if htaccess => format!(
                "a request that is under way at a switch may get the .htaccess of one release and the page of the other; {HOOK}"
            ),
            (true, true) => return None,
            (true, false) => format!(
                "opcache.revalidate_path is not enough: PHP keeps paths for realpath_cache_ttl, two minutes by default, and \
                 visitors get parts of two releases; {HOOK}, or realpath_cache_size=0 as well (by php_admin_value)"
            ),
            (false, _) => {
                let long = if settings.keeps_for_ever() { "for ever" } else { "for minutes" };
                format!(
                    "PHP keeps {long} what it once found there, and visitors get parts of two releases; {HOOK}"
                )
            }
        })
    };
    let what = match &settings {
        Some(settings) => what(settings),
        None => Some(format!(
            "PHP keeps what it once found there, and visitors get parts of two releases, unless its pool, which was not \
             found, has opcache.revalidate_path=1 and realpath_cache_size=0; {HOOK}"
        )),
    };
    if let Some(what) = what {
        judge.found(&one.file, one.line, Harm::Mixes, format!("{path} leads through the link: {what}"));
    }
}

/// Settings of mod_php where there is none.
fn misplaced(world: &World<'_>, host: &[Directive], judge: &mut Judge<'_>) {
    if world.mod_php || !world.known {
        return;
    }
    let mut found = Vec::new();
    for list in [world.server, host] {
        each(list, &mut |one| {
            if matches!(one.name.as_str(), "php_admin_flag" | "php_admin_value" | "php_flag" | "php_value") {
                found.push((
                    one.file.clone(),
                    one.line,
                    one.name.clone(),
                    one.argument(0).to_owned(),
                    one.argument(1).to_owned(),
                ));
            }
        });
    }
    for (file, line, name, setting, value) in found {
        let what = format!(
            "{name} exists with mod_php only, and Apache does not start with it; say it in the pool of php-fpm: \
             php_admin_value[{setting}] = {value}"
        );
        judge.found(&file, line, Harm::Fails, what);
    }
}

/// The header of `[health]`, set by Apache itself or by the `.htaccess` of the release.
fn header(world: &World<'_>, host: &[Directive], root: &str, judge: &mut Judge<'_>) {
    let Some(name) = judge.header else { return };
    let what = |place: &str| {
        format!(
            "{place} sets the header {name} itself, so it is no proof for [health] that PHP runs the release; have the page \
             say it: `contains`, or a header that PHP sends"
        )
    };
    let mut found = Vec::new();
    for list in [world.server, host] {
        each(list, &mut |one| {
            if one.name == "header" && one.arguments.iter().any(|word| word.eq_ignore_ascii_case(name)) {
                found.push((one.file.clone(), one.line));
            }
        });
    }
    for (file, line) in found {
        judge.found(&file, line, Harm::Unsure, what("the web server"));
    }
    let htaccess = Path::new(root).join(".htaccess");
    let text =
        fs::read(&htaccess).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    for (number, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace();
        let sets = words.next().is_some_and(|word| word.eq_ignore_ascii_case("header"));
        if sets && words.any(|word| word.trim_matches('"').eq_ignore_ascii_case(name)) {
            judge.found(&htaccess, number + 1, Harm::Unsure, what(".htaccess"));
        }
    }
}

/// What shuts the site, or a part of it.
fn doors(
    world: &World<'_>,
    host: &[Directive],
    (one, path): (&Directive, &Path),
    leads: &Leads,
    judge: &mut Judge<'_>,
) {
    // mod_realdoc has Apache see the real path, and which one is decided at each request.
    let realdoc = last("realpathevery", world.server, host).is_some();
    if realdoc || access::is_open_question(world.server) || access::is_open_question(host) {
        return;
    }
    let access = access::access(path, world.server, host);
    let at = |said: Option<&Directive>| {
        said.map_or((one.file.clone(), one.line), |said| (said.file.clone(), said.line))
    };
    let shown = path.display();
    if let Some(said) = access.denied {
        let (file, line) = at(Some(said));
        let grant = match (leads, judge.link.deploy_to()) {
            (Leads::Release(_), Some(site)) => site.join("releases"),
            _ => path.to_owned(),
        };
        let what = format!(
            "nobody is let in to {shown}, since a grant counts by the name that is configured, not by where a link leads; \
             `<Directory \"{}\">` with `Require all granted`",
            grant.display()
        );
        judge.found(&file, line, Harm::Fails, what);
    }
    let Some(deploy_to) = judge.link.deploy_to().map(Path::to_owned) else { return };
    let link = deploy_to.join("current");
    let release = link.canonicalize().unwrap_or_default();
    let links = access::shared_links(&deploy_to, &release);
    let here = *leads == Leads::Through;
    if let (Some(said), None) = (access.no_links, access.owner_match) {
        if here || !links.is_empty() {
            let (file, line) = at(Some(said));
            let what = if here { shown.to_string() } else { "links into shared/".to_owned() };
            judge.found(
                &file,
                line,
                Harm::Fails,
                format!("no link is followed, and {what} answers 403; `Options FollowSymLinks`"),
            );
        }
    } else if let (Some(said), Some(_)) = (access.owner_match, access.no_links) {
        let own = links.into_iter().chain(here.then_some(link)).find(|link| access::of_another_owner(link));
        if let Some(own) = own {
            let (file, line) = at(Some(said));
            let what = format!(
                "SymLinksIfOwnerMatch: `{}` and what it leads to have different owners, so it answers 403; `Options FollowSymLinks`",
                own.display()
            );
            judge.found(&file, line, Harm::Fails, what);
        }
    }
    let rewrites = |list: &[Directive]| {
        let mut any = false;
        each(list, &mut |one| any |= matches!(one.name.as_str(), "rewriterule" | "fallbackresource"));
        any
    };
    let htaccess = fs::read(path.join(".htaccess")).unwrap_or_default();
    let front = String::from_utf8_lossy(&htaccess).to_ascii_lowercase();
    let front = front.lines().any(|line| line.trim_start().starts_with("rewriterule"));
    if let Some(said) = access.no_htaccess
        && front
        && !rewrites(host)
    {
        let (file, line) = at(said);
        let what = format!(
            "the .htaccess of {shown} is not read, and clean URLs answer 404; `AllowOverride All` for that directory"
        );
        judge.found(&file, line, Harm::Fails, what);
    }
}

#[cfg(test)]
mod tests;
