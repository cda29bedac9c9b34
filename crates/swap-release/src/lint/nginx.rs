//! nginx: `$realpath_root` is resolved once, when the request begins; `$document_root` is the link itself, which PHP
//! resolves again for every include, and by whose name opcache keeps what it compiled.

/// Lines, counted from 1, that hand PHP a path through the link.
pub(super) fn lint(text: &str) -> Vec<(usize, String)> {
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        // A `#` begins a comment; inside quotes it does not, but no path through a link needs one there.
        let code = line.split('#').next().unwrap_or_default();
        let mut words = code.split_whitespace();
        let Some("fastcgi_param") = words.next() else { continue };
        let Some(name) = words.next() else { continue };
        let value: String = words.collect::<Vec<_>>().join(" ");
        let wanted = matches!(name, "SCRIPT_FILENAME" | "DOCUMENT_ROOT" | "PATH_TRANSLATED");
        if wanted && (value.contains("$document_root") || value.contains("${document_root}")) {
            findings.push((
                number + 1,
                format!("{name} by $document_root: one request may load two releases; use $realpath_root"),
            ));
        } else if wanted && value.contains("/current") {
            findings.push((number + 1, format!("{name} through the link itself; use $realpath_root")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_to_php_decides() {
        let lines = |text: &str| lint(text).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
        let good = "root /srv/site/current/web;\nfastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;\n\
                    fastcgi_param DOCUMENT_ROOT $realpath_root;\ntry_files $document_root/x =404;\n";
        assert!(lines(good).is_empty());
        let bad = "  fastcgi_param  SCRIPT_FILENAME  $document_root$fastcgi_script_name;\n\
                   # fastcgi_param DOCUMENT_ROOT $document_root;\n\
                   fastcgi_param DOCUMENT_ROOT ${document_root}; # as in fastcgi_params\n\
                   fastcgi_param SCRIPT_FILENAME /srv/site/current/web$fastcgi_script_name;\n";
        assert_eq!(lines(bad), [1, 3, 4]);
    }
}
