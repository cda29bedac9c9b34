//! What a visitor sees: a front page that proves which release serves it and that all of it is of that release.

/// The release from which on the front page needs a setting that not every server may have.
const NEEDS_PAYMENT: u32 = 3;

/// Files of the front page and around it, with their content.
#[must_use]
pub fn all(release: u32) -> Vec<(&'static str, String)> {
    let part = format!("<?php\n\n// Of release {release}; the front page compares.\nreturn {release};\n");
    vec![
        ("index.php", front_page(release)),
        ("core/includes/version.php", part.clone()),
        ("themes/custom/site/version.php", part),
        ("robots.txt", "User-agent: *\nDisallow: /core/\n".to_owned()),
        ("sites/default/default.settings.php", DEFAULT_SETTINGS.to_owned()),
        ("sites/README.txt", "One directory a site.\n".to_owned()),
        ("modules/README.txt", "Contributed and custom modules.\n".to_owned()),
        ("modules/custom/empty.info", String::new()),
        (".htaccess", "Options -Indexes\n".to_owned()),
        ("autoload.php", "<?php\n\nreturn [];\n".to_owned()),
    ]
}

/// Symlinks, with their targets: a file beside, a directory elsewhere, a file upwards.
pub const LINKS: [(&str, &str); 3] = [
    ("core/scripts/site", "drupal.sh"),
    ("themes/custom/site/core", "../../../core"),
    ("modules/custom/version.php", "../../core/includes/version.php"),
];

/// A directory that nothing is in.
pub const EMPTY: &str = "themes/contrib";

/// The scripts that are executable.
pub const SCRIPTS: [&str; 6] = [
    "core/scripts/dev/commit-code-check.sh",
    "core/scripts/drupal.sh",
    "core/scripts/password-hash.sh",
    "core/scripts/rebuild_token_calculator.sh",
    "core/scripts/run-tests.sh",
    "core/scripts/update-countries.sh",
];

const DEFAULT_SETTINGS: &str = "<?php\n\n// Copy to settings.php on the server and fill in; the copy is the server's.\n\
                                $settings['site_name'] = '';\n";

fn front_page(release: u32) -> String {
    let payment = if release < NEEDS_PAYMENT {
        String::new()
    } else {
        "if (!isset($settings['payment_endpoint'])) {\n  http_response_code(500);\n  \
         exit(\"settings.php of this server lacks payment_endpoint\\n\");\n}\n"
            .to_owned()
    };
    format!(
        "<?php\n\n// Front page of the demonstration site.\nheader('Content-Type: text/plain; charset=utf-8');\n\
         $core = require __DIR__ . '/core/includes/version.php';\n\
         $theme = require __DIR__ . '/themes/custom/site/version.php';\n\
         $settings = [];\nrequire __DIR__ . '/sites/default/settings.php';\n\
         if ($core !== {release} || $theme !== {release}) {{\n  http_response_code(500);\n  \
         exit(\"mixed: page {release}, core $core, theme $theme\\n\");\n}}\n\
         {payment}\
         echo 'release: ', basename(realpath(__DIR__)), \"\\n\";\n\
         echo \"version: $core\\n\";\n\
         echo \"site: {{$settings['site_name']}}\\n\";\n"
    )
}
