//! `web-server-config`: what `swap-release lint` finds there.

use record::Check;

use fleet::Argv;

use crate::doctor::Subject;
use crate::doctor::remedy::{ok, on_host, warning};
use crate::doctor::seen::Seen;

const NAME: &str = "web-server-config";
/// Debian brings these as they are, and a site that sets the same parameter after them is right.
const BROUGHT: [&str; 2] = ["/etc/nginx/fastcgi.conf:", "/etc/nginx/fastcgi_params:"];

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let findings = seen.lint.as_ref()?;
    let own: Vec<&String> =
        findings.iter().filter(|line| !BROUGHT.iter().any(|file| line.starts_with(file))).collect();
    let Some(first) = own.first() else {
        return Some(ok(NAME, "nothing found that mixes releases"));
    };
    let lint = Argv::new(subject.host.swap_release.as_str()).arg("lint");
    let more = own.len() - 1;
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    Some(warning(
        NAME,
        format!("{first}{more}"),
        "correct the lines that are named, and reload the web server",
        [on_host(&lint)],
    ))
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn what_the_distribution_brings_is_not_told() {
        let world = World::new("embedded");
        let mut seen = good();
        seen.lint = Some(vec!["/etc/nginx/fastcgi_params:10: DOCUMENT_ROOT".into()]);
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Ok);
        for line in ["/etc/nginx/sites-enabled/site:3: one", "/etc/nginx/sites-enabled/site:4: two"] {
            seen.lint.as_mut().unwrap().push(line.into());
        }
        let told = check(&world.subject(), &seen).unwrap();
        assert_says(&told, Verdict::Warning, "site:3: one (and 1 more)", "swap-release lint");
        seen.lint = None;
        assert_eq!(check(&world.subject(), &seen), None);
    }
}
