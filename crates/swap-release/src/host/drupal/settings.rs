//! `shared/drupal.settings.php`: what makes settings.php, which all releases share, tell releases apart.

use std::path::Path;

/// Its name below `shared/`.
pub(crate) const FILE: &str = "drupal.settings.php";

/// The text, for the site below `deploy_to`. It never changes, so releases cannot disagree about it.
///
/// `deployment_identifier` is part of the key of the container's cache and of the prefix in APCu (Drupal's
/// DrupalKernel and Settings), so every server rebuilds what it has compiled when its own release changes. Compiled Twig
/// templates are PHP that is kept by name: they get a directory for each release, on the server's own disk.
///
/// A health check asks with [`remote::health::QUERY`]. Then PHP itself says in [`remote::health::HEADER`] below which release
/// the front controller and Drupal's core lie that it runs, both if they differ; and no cache of pages answers, or keeps the
/// answer: of Drupal 8 and later the bins are in memory for this request, for Drupal 7 the page cache is off. Such an
/// answer costs what a page costs, so settings.php may say by `$mkt_health_from` who gets one.
pub(super) fn text(deploy_to: &Path) -> String {
    const SHAPE: &str = r"<?php

// Written by swap-release. Include it at the end of settings.php:
//   include '@FILE@';
// Before it $mkt_health_from may list the addresses of those who may ask by ?@QUERY@=... which release this is.
$mkt_core = $app_root ?? (defined('DRUPAL_ROOT') ? DRUPAL_ROOT : '');
$mkt_pattern = '~^(.+)/releases/([A-Za-z0-9][A-Za-z0-9._+-]*)(?:/|$)~';
if (preg_match($mkt_pattern, $mkt_core, $mkt_release)) {
  $settings['deployment_identifier'] = $mkt_release[2];
  $settings['php_storage']['twig']['directory'] = $mkt_release[1] . '/shared/php/' . $mkt_release[2];
  $mkt_asked = PHP_SAPI !== 'cli' && isset($_GET['@QUERY@']);
  if ($mkt_asked && in_array($_SERVER['REMOTE_ADDR'] ?? '', (array) ($mkt_health_from ?? ($_SERVER['REMOTE_ADDR'] ?? '')), TRUE)) {
    // The front controller is the first file of a release that was run; auto_prepend_file comes before it.
    $mkt_front = $mkt_release[2];
    foreach (get_included_files() as $mkt_file) {
      if (preg_match($mkt_pattern, $mkt_file, $mkt_match)) {
        $mkt_front = $mkt_match[2];
        break;
      }
    }
    header('@HEADER@: ' . implode(' ', array_unique([$mkt_release[2], $mkt_front])));
    $conf['cache'] = 0;
    foreach (['page', 'dynamic_page_cache', 'render'] as $mkt_bin) {
      $settings['cache']['bins'][$mkt_bin] = 'cache.backend.memory';
    }
  }
}
unset($mkt_asked, $mkt_core, $mkt_health_from, $mkt_pattern, $mkt_release, $mkt_front, $mkt_file, $mkt_match, $mkt_bin);
";
    SHAPE
        .replace("@FILE@", &deploy_to.join("shared").join(FILE).display().to_string())
        .replace("@QUERY@", remote::health::QUERY)
        .replace("@HEADER@", remote::health::HEADER)
}

/// Whether a settings.php includes the file, or sees to the identifier itself.
pub(super) fn knows_the_release(settings: &str) -> bool {
    code_lines(settings).any(|line| line.contains(FILE) || line.contains("deployment_identifier"))
}

fn code_lines(settings: &str) -> impl Iterator<Item = &str> {
    let is_comment = |line: &&str| ["//", "#", "*", "/*"].iter().any(|mark| line.starts_with(mark));
    settings.lines().map(str::trim_start).filter(move |line| !is_comment(line))
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
