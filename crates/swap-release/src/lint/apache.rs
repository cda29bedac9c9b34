//! Apache resolves a link in DocumentRoot for every file, never for a whole request: mod_realdoc does, or opcache is told
//! to look behind the link.

/// Lines, counted from 1, whose DocumentRoot is a link, in a file that does nothing against it.
pub(super) fn lint(text: &str) -> Vec<(usize, String)> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let lower = |line: &str| line.to_ascii_lowercase();
    let helped = lines().map(lower).any(|line| {
        line.starts_with("realpathevery")
            || line.contains("mod_realdoc")
            || (line.contains("opcache.revalidate_path") && (line.ends_with('1') || line.ends_with("on")))
    });
    if helped {
        return Vec::new();
    }
    let root = |line: &str| {
        let (directive, value) = line.trim().split_once(char::is_whitespace)?;
        let value = value.trim().trim_matches('"').trim_end_matches('/');
        let through_link = value.ends_with("/current") || value.contains("/current/");
        (directive.eq_ignore_ascii_case("DocumentRoot") && through_link).then(|| value.to_owned())
    };
    text.lines()
        .enumerate()
        .filter_map(|(number, line)| {
            let value = root(line)?;
            Some((
                number + 1,
                format!(
                    "DocumentRoot {value} is a link that is resolved for every file; use mod_realdoc, or \
                     php_admin_flag opcache.revalidate_path on"
                ),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_root_through_the_link_needs_help() {
        let lines = |text: &str| lint(text).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
        assert_eq!(lines("<VirtualHost *>\n  DocumentRoot \"/srv/site/current/web\"\n"), [2]);
        assert_eq!(lines("documentroot /srv/site/current\n"), [1]);
        for good in [
            "DocumentRoot /var/www/html\n",
            "# DocumentRoot /srv/site/current\n",
            "DocumentRoot /srv/site/current\nRealpathEvery 2\n",
            "DocumentRoot /srv/site/current\nphp_admin_flag opcache.revalidate_path on\n",
            "DocumentRoot /srv/currently/web\n",
        ] {
            assert!(lines(good).is_empty(), "{good}");
        }
    }
}
