//! What Apache does with it is tried in `tests/e2e/web_servers_lint.rs`; here, how the configuration is read.

use super::super::testing::{findings, lines};
use super::super::{Ask, Harm, lint};
use super::*;

const MOD_PHP: &str = "LoadModule php_module /none/libphp.so\n";
const FPM: &str =
    "<FilesMatch \"\\.php$\">\nSetHandler \"proxy:unix:/run/a.sock|fcgi://localhost\"\n</FilesMatch>\n";

#[test]
fn a_document_root_through_the_link_needs_help() {
    let host = |root: &str| format!("{MOD_PHP}<VirtualHost *:80>\n  DocumentRoot {root}\n</VirtualHost>\n");
    assert_eq!(lines("x.conf", &host("\"/srv/site/current/web\"")), [3]);
    for good in ["/var/www/html", "/srv/currently/web", "/srv/other/current"] {
        assert_eq!(lines("x.conf", &host(good)), [0; 0], "{good}");
    }
    assert_eq!(
        lines("x.conf", &format!("{MOD_PHP}documentroot \\\n /srv/site/current\nRealpathEvery 2\n")),
        [0; 0]
    );
    assert_eq!(lines("x.conf", "DocumentRoot /srv/site/current\n"), [0; 0], "no PHP");
    // Conditions and variables.
    let by = |condition: &str| {
        format!(
            "{MOD_PHP}Define BASE /srv/site\n<IfModule {condition}>\nDocumentRoot ${{BASE}}/current\n</IfModule>\n"
        )
    };
    assert_eq!(lines("x.conf", &by("mod_php.c")), [4]);
    assert_eq!(lines("x.conf", &by("!php_module")), [0; 0]);
}

#[test]
fn settings_count_where_the_page_runs() {
    let host = |more: &str| {
        format!("{MOD_PHP}<VirtualHost *:80>\nDocumentRoot /srv/site/current\n{more}</VirtualHost>\n")
    };
    let both = "php_admin_value opcache.revalidate_path 1\nphp_admin_value realpath_cache_size 0\n";
    let said = |text: &str, php: &str| {
        findings("x.conf", text, php).into_iter().map(|(.., what)| what).collect::<Vec<_>>().join("\n")
    };
    assert!(said(&host(""), "").contains("for minutes"));
    assert!(said(&host("php_admin_flag opcache.revalidate_path on\n"), "").contains("not enough"));
    assert!(said(&host(both), "").contains("DOCUMENT_ROOT or SCRIPT_FILENAME"));
    // Nothing reads an .htaccess here, so with the prepended file nothing is left.
    assert_eq!(said(&host(&format!("{both}php_admin_value auto_prepend_file /x.php\n")), ""), "");

    let host = format!("LoadModule proxy_fcgi_module x\nDocumentRoot /srv/site/current\n{FPM}");
    let pool = "[global]\npid = x\n[a]\nlisten = /run/a.sock\nphp_admin_value[opcache.revalidate_path] = 1\n";
    assert!(said(&host, "").contains("which was not found"), "{}", said(&host, ""));
    assert!(said(&host, pool).contains("not enough"));
    let whole =
        format!("{pool}php_admin_value[realpath_cache_size] = 0\nphp_value[auto_prepend_file] = /x.php\n");
    assert_eq!(said(&host, &whole), "");
    let misplaced = format!("{host}php_admin_flag opcache.revalidate_path on\n");
    assert!(said(&misplaced, &whole).contains("does not start"));
}

#[test]
fn what_counts_is_said_last_and_for_this_directory() {
    let said = |text: &str, php: &str| {
        findings("x.conf", text, php)
            .into_iter()
            .map(|(line, _, what)| format!("{line}: {what}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let host = |more: &str| {
        format!("{MOD_PHP}<VirtualHost *:80>\nDocumentRoot /srv/site/current\n{more}</VirtualHost>\n")
    };
    let whole = "php_admin_value opcache.revalidate_path 1\nphp_admin_value realpath_cache_size 0\nphp_value auto_prepend_file /x.php\n";
    let of = |section: &str| format!("<{section}>\n{whole}</{}>\n", section.split(' ').next().unwrap());
    assert_eq!(said(&host(&of("Directory /srv/site/current")), ""), "");
    for other in
        ["Directory /srv/other", "Files cron.php", "FilesMatch ^(install|update)\\.php$", "Location /shop"]
    {
        assert!(said(&host(&of(other)), "").contains("for minutes"), "{other}");
    }
    // Of the system's administrator only; 0 seconds are for ever; and with open_basedir PHP has no such cache.
    assert!(said(&host(&whole.replace("admin_value realpath", "value realpath")), "").contains("not enough"));
    assert!(said(&host(&whole.replace("cache_size", "cache_ttl")), "").contains("not enough"));
    assert_eq!(said(&host(&whole.replace("realpath_cache_size 0", "open_basedir /srv:/tmp")), ""), "");
    // Debian's file for php-fpm comes after that of mod_php, and is for PHP of any version.
    let both = format!("{MOD_PHP}<IfModule !mod_php7.c>\n{FPM}</IfModule>\nDocumentRoot /srv/site/current\n");
    let pool = "[a]\nlisten = 127.0.0.1:9000\n[b]\nlisten = /run/a.sock\nphp_admin_value[opcache.validate_timestamps] = 0\n";
    assert!(said(&both, pool).contains("for ever"), "{}", said(&both, pool));
    assert!(said(&both.replace("!mod_php7.c", "!mod_php.c"), pool).contains("for minutes"));
    let back = both.replace(
        "DocumentRoot",
        "<FilesMatch \"\\.php$\">\nSetHandler application/x-httpd-php\n</FilesMatch>\nDocumentRoot",
    );
    assert!(said(&back, pool).contains("for minutes"));
}

#[test]
fn a_directory_may_be_served_by_other_ways() {
    let said = |text: &str| lines("x.conf", &format!("{MOD_PHP}{text}"));
    for (text, found) in [
        ("VirtualDocumentRoot /srv/%0/current/web\n", vec![2]),
        ("VirtualDocumentRoot /srv/%-2.1/current\n", vec![2]),
        ("VirtualDocumentRoot /srv/%0/public\n", vec![]),
        ("VirtualDocumentRoot /srv/s%2/current\n", vec![2]),
        ("VirtualDocumentRoot /srv/x%2/current\n", vec![]),
        ("AliasMatch ^/(shop|blog)/ /srv/site/current/$1/\n", vec![2]),
        ("DocumentRoot ${BASE}/site/current\n", vec![]),
        ("DocumentRoot /srv/${NAME}/current\n", vec![2]),
        ("<IfVersion < 2.4>\nDocumentRoot /srv/site/current\n</IfVersion>\n", vec![]),
        ("<IfVersion >= 2.4>\nDocumentRoot /srv/site/current\n</IfVersion>\n", vec![3]),
        (
            "<Macro Site $name $dir>\n<VirtualHost *:80>\nDocumentRoot $dir/web\n</VirtualHost>\n</Macro>\nUse Site x /srv/site/current\n\
          Use Site y /srv/other/current\n",
            vec![4],
        ),
    ] {
        assert_eq!(said(text), found, "{text}");
    }
    for handler in ["SetHandler \"proxy:balancer://php\"", "AddHandler fcgid-script .php"] {
        let text = format!("LoadModule x_module x\nDocumentRoot /srv/site/current\n{handler}\n");
        assert_eq!(lines("x.conf", &text), [2], "{handler}");
    }
    // The path that PHP gets is that of the proxied address.
    let proxied = |path: &str| {
        format!(
            "<VirtualHost *:80>\nDocumentRoot /var/www\nProxyPassMatch \"^/(.*\\.php)$\" \"unix:/run/a.sock|fcgi://x{path}/$1\"\n</VirtualHost>\n"
        )
    };
    assert_eq!(lines("x.conf", &proxied("/srv/site/current/web")), [3]);
    assert_eq!(lines("x.conf", &proxied("/srv/other/current/web")), [0; 0]);
}

#[test]
fn by_the_real_path_nothing_mixes_but_it_must_be_the_live_one() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    fs::create_dir_all(site.join("releases/r1/web")).unwrap();
    fs::create_dir_all(site.join("releases/r2/web")).unwrap();
    std::os::unix::fs::symlink("releases/r2", site.join("current")).unwrap();
    let path = folder.path().join("site.conf");
    let look = |id: &str| {
        let text = format!(
            "{MOD_PHP}Define SITE \"{0}/releases/{id}\"\n<Directory />\nRequire all denied\n</Directory>\n<VirtualHost *:80>\n\
             DocumentRoot \"${{SITE}}/web\"\n<Directory \"{0}/releases\">\nRequire all granted\n</Directory>\n</VirtualHost>\n",
            site.display()
        );
        fs::write(&path, text).unwrap();
        lint(&Ask {
            paths: vec![path.clone()],
            deploy_to: Some(site.clone()),
            header: None,
            ..Ask::default()
        })
        .unwrap()
    };
    assert!(look("r2").findings.is_empty() && look("r2").by_real_path, "{:?}", look("r2"));
    let found = look("r1").findings;
    assert!(found.len() == 1 && found[0].what.contains("`current` is `r2`"), "{found:?}");
    // A release that is written down for ever.
    let text = format!("{MOD_PHP}DocumentRoot {}/releases/r2/web\n", site.display());
    fs::write(&path, text).unwrap();
    let found = lint(&Ask { paths: vec![path], deploy_to: Some(site), header: None, ..Ask::default() })
        .unwrap()
        .findings;
    assert!(found[0].what.contains("no switch changes that"), "{found:?}");
}

#[test]
fn who_runs_pages_may_stand_in_the_release_itself() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    fs::create_dir_all(site.join("releases/r1")).unwrap();
    std::os::unix::fs::symlink("releases/r1", site.join("current")).unwrap();
    let path = folder.path().join("site.conf");
    let look = |htaccess: &str, allow: &str| {
        fs::write(site.join("releases/r1/.htaccess"), htaccess).unwrap();
        let root = site.join("current").display().to_string();
        let text = format!(
            "LoadModule x_module x\n<Directory {root}>\nAllowOverride {allow}\n</Directory>\nDocumentRoot {root}\n"
        );
        fs::write(&path, text).unwrap();
        let ask = Ask { paths: vec![path.clone()], deploy_to: Some(site.clone()), ..Ask::default() };
        lint(&ask).unwrap().findings.iter().filter(|found| found.harm == Harm::Mixes).count()
    };
    let handler = "<FilesMatch \\.php$>\nSetHandler \"proxy:unix:/run/a.sock|fcgi://x\"\n</FilesMatch>\n";
    for (htaccess, allow, found) in [
        (handler, "All", 1),
        (handler, "None", 0),
        ("AddHandler application/x-httpd-ea-php82 .php\n", "All", 1),
        ("SetHandler Drupal_Security_Do_Not_Remove_See_SA_2006_006\n", "All", 0),
    ] {
        assert_eq!(look(htaccess, allow), found, "{htaccess} {allow}");
    }
}

#[test]
fn a_grant_counts_by_the_name_through_the_link() {
    let host = |grant: &str, more: &str| {
        format!(
            "<Directory />\nRequire all denied\n{more}</Directory>\n<VirtualHost *:80>\nDocumentRoot /srv/site/current/web\n\
             <Directory {grant}>\nRequire all granted\n</Directory>\n</VirtualHost>\n"
        )
    };
    let harms = |text: &str| {
        findings("x.conf", text, "").into_iter().map(|(line, harm, _)| (line, harm)).collect::<Vec<_>>()
    };
    assert_eq!(harms(&host("/srv/site/releases", "")), [(2, Harm::Fails)]);
    for good in ["/srv/site", "/srv/site/current/web/", "\"/srv/*/current\""] {
        assert_eq!(harms(&host(good, "")), [], "{good}");
    }
    assert_eq!(harms(&host("/srv/site", "Options None\n")), [(3, Harm::Fails)]);
    assert_eq!(harms(&host("/srv/site", "Options Indexes FollowSymLinks\n")), []);
}

#[test]
fn what_apache_says_of_itself_is_read() {
    let said = "ServerRoot: \"/etc/apache2\"\nDefine: SITE=/srv/site/releases/r1\nDefine: X\nLoaded Modules:\n core_module \
                (static)\n php_module (shared)\n";
    let dump = Dump::read(said);
    assert_eq!(dump.defines["SITE"], "/srv/site/releases/r1");
    assert_eq!(dump.modules.iter().map(String::as_str).collect::<Vec<_>>(), ["core_module", "php_module"]);
}
