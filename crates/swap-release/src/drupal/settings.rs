//! `shared/drupal.settings.php`: what makes settings.php, which all releases share, tell releases apart.

use std::path::Path;

/// Its name below `shared/`.
pub(crate) const FILE: &str = "drupal.settings.php";

/// The text, for the site below `deploy_to`. It never changes, so releases cannot disagree about it.
///
/// `deployment_identifier` is part of the key of the container's cache and of the prefix in APCu (Drupal's
/// DrupalKernel and Settings), so every server rebuilds what it has compiled when its own release changes. Compiled Twig
/// templates are PHP that is kept by name: they get a directory for each release, on the server's own disk.
pub(super) fn text(deploy_to: &Path) -> String {
    format!(
        r"<?php

// Written by swap-release. Include it at the end of settings.php:
//   include '{}';
if (preg_match('~^(.+)/releases/([A-Za-z0-9][A-Za-z0-9._+-]*)(?:/|$)~', $app_root ?? '', $mkt_release)) {{
  $settings['deployment_identifier'] = $mkt_release[2];
  $settings['php_storage']['twig']['directory'] = $mkt_release[1] . '/shared/php/' . $mkt_release[2];
}}
unset($mkt_release);
",
        deploy_to.join("shared").join(FILE).display()
    )
}

/// Whether a settings.php includes the file, or sees to the identifier itself.
pub(super) fn knows_the_release(settings: &str) -> bool {
    settings.lines().map(str::trim_start).any(|line| {
        let comment = ["//", "#", "*", "/*"].iter().any(|mark| line.starts_with(mark));
        !comment && (line.contains(FILE) || line.contains("deployment_identifier"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_no_setting() {
        assert!(knows_the_release("<?php\ninclude '/srv/site/shared/drupal.settings.php';\n"));
        assert!(knows_the_release("  $settings['deployment_identifier'] = getenv('R');"));
        assert!(!knows_the_release("<?php\n# $settings['deployment_identifier'] = \\Drupal::VERSION;\n"));
        assert!(!knows_the_release("<?php\n *   include 'drupal.settings.php';\n"));
    }
}
