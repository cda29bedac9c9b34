//! A site whose every answer tells of which release each of its parts is: found by all the ways in which PHP sites find
//! their files, a static file, and an `.htaccess` with a front controller and a header.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Run, bin};

/// The header that `.htaccess` sets.
pub const HTACCESS_HEADER: &str = "X-Htaccess";

/// Each part on a line of its own, `name: release`. It takes its time in the middle, as a page does.
const INDEX: &str = r#"<?php
$parts = ['index' => 'RELEASE'];
$parts['by __DIR__'] = require __DIR__ . '/inc/dir.php';
set_include_path('.');
$parts['by include_path'] = require 'inc/path.php';
$parts['by ./'] = require './inc/dot.php';
usleep(6000);
spl_autoload_register(require 'autoload.php');
$parts['class'] = Part::release();
$parts['by DOCUMENT_ROOT'] = require $_SERVER['DOCUMENT_ROOT'] . '/inc/root.php';
$parts['by SCRIPT_FILENAME'] = require dirname($_SERVER['SCRIPT_FILENAME']) . '/inc/script.php';
$parts['data'] = trim(file_get_contents(__DIR__ . '/inc/data.txt'));
header('Content-Type: text/plain');
header('X-Release-Php: RELEASE');
foreach ($parts as $name => $release) {
    echo $name, ': ', $release, "\n";
}
"#;
const AUTOLOAD: &str = "<?php\nreturn function ($class) { require __DIR__ . '/src/' . $class . '.php'; };\n";
const HTACCESS: &str = "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ index.php [L]\n\
                        Header set X-Htaccess RELEASE\n";

/// Writes release `id` of the site to `dir`; its document root is `web/`.
///
/// # Panics
/// When it cannot be written.
pub fn write(dir: &Path, id: &str) {
    let file = |path: &str, text: &str| {
        let path = dir.join("web").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of the site");
        fs::write(path, text.replace("RELEASE", id)).expect("a file of the site");
    };
    file("index.php", INDEX);
    file(".htaccess", HTACCESS);
    file("autoload.php", AUTOLOAD);
    file("src/Part.php", "<?php\nclass Part { static function release() { return 'RELEASE'; } }\n");
    for part in ["dir", "path", "dot", "root", "script"] {
        file(&format!("inc/{part}.php"), "<?php\nreturn 'RELEASE';\n");
    }
    file("inc/data.txt", "RELEASE\n");
    file("static.txt", "static: RELEASE\n");
}

/// Packs both releases, `r1` and `r2`, and stages them in `deploy_to`; `r1` is live.
///
/// # Panics
/// When a program fails.
pub fn stage(scratch: &Path, deploy_to: &Path, shared: &[&str]) {
    for id in ["r1", "r2"] {
        write(&scratch.join(format!("built-{id}")), id);
        stage_again(scratch, deploy_to, id, shared);
    }
    switch(scratch, deploy_to, "r1");
}

/// Packs what was built and stages it, also if it was found to be bad.
///
/// # Panics
/// When a program fails.
pub fn stage_again(scratch: &Path, deploy_to: &Path, id: &str, shared: &[&str]) {
    let (site, records) = (scratch.join(format!("built-{id}")), scratch.join(format!("records-{id}")));
    let records_text = records.display().to_string();
    Run::new(bin("mkt-pack"), scratch)
        .arg(&site)
        .args(["--release-id", id, "--records", &records_text])
        .output()
        .ok();
    let mut stage = Run::new(bin("swap-release"), scratch).args(["stage", "--deploy-to"]).arg(deploy_to);
    stage = stage.arg("--payload").arg(payload(&records)).arg("--record").arg(records.join("pack.json"));
    for path in shared {
        stage = stage.args(["--shared", path]);
    }
    stage.output().ok();
}

/// Makes a release live on this machine, without hooks and health.
///
/// # Panics
/// When that fails.
pub fn switch(scratch: &Path, deploy_to: &Path, id: &str) {
    Run::new(bin("swap-release"), scratch)
        .args(["activate", "--allow-older", id, "--deploy-to"])
        .arg(deploy_to)
        .output()
        .ok();
}

fn payload(records: &Path) -> PathBuf {
    let mut files = fs::read_dir(records).expect("records").flatten().map(|entry| entry.path());
    files.find(|path| path.to_string_lossy().ends_with(".tar.zst")).expect("a payload")
}
