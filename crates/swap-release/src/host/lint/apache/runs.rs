//! What runs the pages of a directory under Apache: mod_php, or a php-fpm, and which.

use std::fs;
use std::path::Path;

use super::parse::Directive;
use super::world::World;
use super::{access, parse};

/// How pages are run.
pub(super) enum Php {
    Module,
    /// By a php-fpm at this socket.
    Fpm(String),
    /// By one of several, in a balancer, or that another module starts.
    AtEachRequest,
    None,
}

/// The handler that is said last counts, that of the virtual host after that of the server; a proxied address before all.
pub(super) fn runs_by(world: &World<'_>, host: &[Directive], path: &Path) -> Php {
    let mut php = if world.mod_php { Php::Module } else { Php::None };
    let mut proxied = None;
    for list in [world.server, host] {
        each_for(path, list, &mut |one| {
            let to = one.arguments.iter().find_map(|word| socket(word));
            match one.name.as_str() {
                "sethandler" | "addhandler" | "addtype" => {
                    let is_module = |word: &String| {
                        ["application/x-httpd-php", "php-script", "php7-script"].contains(&word.as_str())
                    };
                    if let Some(to) = to {
                        php = Php::Fpm(to);
                    } else if one.arguments.iter().any(|word| is_elsewhere(word)) {
                        php = Php::AtEachRequest;
                    } else if world.mod_php && one.arguments.iter().any(is_module) {
                        php = Php::Module;
                    }
                }
                "proxypass" | "proxypassmatch" => proxied = to.map(Php::Fpm).or(proxied.take()),
                _ => {}
            }
        });
    }
    // What the site's own .htaccess says comes after all that.
    let read = access::access(path, world.server, host).no_htaccess.is_none();
    let own = if read { by_htaccess(path) } else { None };
    proxied.or(own).unwrap_or(php)
}

fn by_htaccess(path: &Path) -> Option<Php> {
    let text = fs::read(path.join(".htaccess")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let handler = |line: &str| {
        let mut words = parse::words(line).into_iter();
        words
            .next()
            .filter(|name| ["sethandler", "addhandler"].contains(&name.to_ascii_lowercase().as_str()))?;
        words.find_map(|word| match socket(&word) {
            Some(to) => Some(Php::Fpm(to)),
            None => is_elsewhere(&word).then_some(Php::AtEachRequest),
        })
    };
    text.lines().filter_map(handler).next_back()
}

/// Handlers behind which PHP is found, though not where: a balancer, mod_fcgid, mod_fastcgi, mod_suphp, LiteSpeed's, those of
/// control panels.
fn is_elsewhere(handler: &str) -> bool {
    let handler = handler.to_ascii_lowercase();
    ["balancer://", "fcgid", "fastcgi", "php-fcgi", "suphp", "lsapi", "-ea-php", "-alt-php", "x-lsphp"]
        .iter()
        .any(|part| handler.contains(part))
}

/// Every directive that counts where the pages of a directory are run.
pub(super) fn each_for<'a>(path: &Path, list: &'a [Directive], work: &mut impl FnMut(&'a Directive)) {
    for one in list {
        work(one);
        if access::applies(one, path) {
            each_for(path, &one.inside, work);
        }
    }
}

/// `proxy:unix:/run/fpm.sock|fcgi://localhost`, `fcgi://127.0.0.1:9000/...`.
pub(super) fn socket(word: &str) -> Option<String> {
    let word = word.strip_prefix("proxy:").unwrap_or(word);
    if let Some(rest) = word.strip_prefix("unix:") {
        let (path, scheme) = rest.split_once('|')?;
        return scheme.starts_with("fcgi:").then(|| path.to_owned());
    }
    let rest = word.strip_prefix("fcgi://")?;
    Some(rest.split('/').next()?.to_owned())
}
