//! Holds the stories of remedies against the source of `fleet-push doctor`: who adds a check or a remedy there adds a story, or
//! says here why there can be none.

use std::collections::BTreeMap;
use std::fs;

use e2e::template::workspace;

/// The remedies of one file of the source.
struct Held {
    /// Below `crates/fleet-push/src/doctor`.
    file: &'static str,
    /// The checks that it makes.
    checks: &'static [&'static str],
    /// How many remedies are in it.
    remedies: usize,
    /// The stories that carry them out: module and function.
    stories: &'static [(&'static str, &'static str)],
    /// Those that no story carries out, and why.
    left: &'static [&'static str],
}

const SITE: (&str, &str) = ("remedies_site", "what_is_in_the_way_of_a_site_is_moved_away");
const WORDS: (&str, &str) = ("remedies_site", "what_words_say_of_shared_paths_and_of_mounts_helps");
const NET: (&str, &str) =
    ("remedies_net", "ports_families_and_start_up_files_are_put_right_by_what_is_printed");
const OWNERS: (&str, &str) = ("remedies", "what_is_somebody_else_s_is_given_to_the_account");
const MISSING: (&str, &str) = ("remedies", "what_is_missing_or_in_the_way_is_made_or_moved");
const REACHED: (&str, &str) =
    ("doctor", "who_cannot_be_reached_or_is_not_who_it_was_is_told_and_the_others_are_examined");
const DISK: (&str, &str) = ("remedies_site", "a_full_disk_is_made_room_on_by_the_commands_that_are_printed");
const RTORRENT: (&str, &str) =
    ("remedies_rtorrent", "an_rtorrent_of_another_account_is_put_right_by_what_is_printed");
const TRIAL: (&str, &str) =
    ("remedies_rtorrent", "what_only_a_trial_finds_out_of_an_rtorrent_is_put_right_by_what_is_printed");
const WEB: (&str, &str) = ("remedies_web", "what_keeps_web_servers_out_is_told_and_each_remedy_helps");
const OF_SITE: (&str, &str) = ("doctor", "what_is_wrong_with_the_site_is_told_and_the_remedy_helps");
const DRUPAL: (&str, &str) =
    ("remedies_drupal", "settings_drush_and_private_files_are_put_right_as_it_is_said");

const ALL: &[Held] = &[
    Held {
        file: "checks/address_family.rs",
        checks: &["address-family"],
        remedies: 1,
        stories: &[NET],
        left: &[],
    },
    Held {
        file: "checks/clock.rs",
        checks: &["clock"],
        remedies: 1,
        stories: &[REACHED],
        left: &[
            "`timedatectl set-ntp true`: the clock of the machine is that of all tests, and it has no systemd",
        ],
    },
    Held {
        file: "checks/current.rs",
        checks: &["current"],
        remedies: 4,
        stories: &[SITE, OF_SITE],
        left: &[],
    },
    Held {
        file: "checks/deploy_to.rs",
        checks: &["deploy-to"],
        remedies: 6,
        stories: &[OWNERS, MISSING, SITE, OF_SITE],
        left: &[],
    },
    Held { file: "checks/health.rs", checks: &["health"], remedies: 2, stories: &[WEB], left: &[] },
    Held {
        file: "checks/one_file_system.rs",
        checks: &["one-file-system"],
        remedies: 1,
        stories: &[WORDS],
        left: &[],
    },
    Held {
        file: "checks/peer_address.rs",
        checks: &["peer-address"],
        remedies: 3,
        stories: &[
            ("doctor", "a_firewall_between_peers_is_told"),
            ("doctor", "what_is_wrong_with_an_rtorrent_is_told"),
        ],
        left: &[],
    },
    Held {
        file: "checks/peer_ports.rs",
        checks: &["peer-ports"],
        remedies: 2,
        stories: &[NET],
        left: &[
            "a host without an address: what has none is not reached by SSH either, but through a jump host",
        ],
    },
    Held {
        file: "checks/rtorrent_downloads.rs",
        checks: &["rtorrent-downloads"],
        remedies: 3,
        stories: &[TRIAL],
        left: &[],
    },
    Held {
        file: "checks/rtorrent_events.rs",
        checks: &["rtorrent-events"],
        remedies: 1,
        stories: &[TRIAL],
        left: &[],
    },
    Held {
        file: "checks/rtorrent_rpc.rs",
        checks: &["rtorrent-rpc"],
        remedies: 5,
        stories: &[RTORRENT],
        left: &["an rtorrent before 0.9.8: no Debian that is supported has one"],
    },
    Held {
        file: "checks/rtorrent_watch.rs",
        checks: &["rtorrent-watch"],
        remedies: 6,
        stories: &[RTORRENT, TRIAL],
        left: &[
            "a torrent that cannot be put or is not loaded though modes allow it: rtorrent runs as root here",
        ],
    },
    Held {
        file: "checks/same_site.rs",
        checks: &["same-site"],
        remedies: 1,
        stories: &[("remedies", "one_directory_under_two_names_is_refused_by_name")],
        left: &[],
    },
    Held {
        file: "checks/shared.rs",
        checks: &["shared"],
        remedies: 4,
        stories: &[SITE, WORDS, MISSING],
        left: &[],
    },
    Held {
        file: "checks/shared_data.rs",
        checks: &["shared-data"],
        remedies: 1,
        stories: &[("remedies_site", "what_visitors_would_lose_is_kept_and_what_nothing_links_is_linked")],
        left: &[],
    },
    Held { file: "checks/space.rs", checks: &["free-space"], remedies: 2, stories: &[DISK], left: &[] },
    Held {
        file: "checks/ssh.rs",
        checks: &["ssh"],
        remedies: 5,
        stories: &[REACHED, NET],
        left: &["what sshd is set to, such as MaxSessions: `sessions` and `host_keys` have those"],
    },
    Held {
        file: "checks/state.rs",
        checks: &["state"],
        remedies: 6,
        stories: &[("remedies_site", "what_a_deployment_left_is_finished_by_what_is_printed"), SITE, DRUPAL],
        left: &[
            "caches that are owed: `drupal_alone` and `drupal_story` have drush fail, and `reconcile` pay",
        ],
    },
    Held {
        file: "checks/state_files.rs",
        checks: &["state-files"],
        remedies: 4,
        stories: &[OWNERS, SITE],
        left: &[],
    },
    Held {
        file: "checks/swap_release.rs",
        checks: &["swap-release"],
        remedies: 15,
        stories: &[
            MISSING,
            ("remedies", "a_binary_for_another_machine_or_a_newer_system_is_replaced_by_one_that_fits"),
            ("doctor", "what_is_wrong_with_the_program_is_mended_by_an_installation"),
        ],
        left: &[
            "SELinux: needs a kernel that enforces it",
            "a C library of another kind, or one that is missing: needs another system",
            "what nobody knows the reason of",
        ],
    },
    Held {
        file: "checks/upload.rs",
        checks: &["upload"],
        remedies: 1,
        stories: &[("remedies_net", "a_tmp_that_takes_no_files_is_opened_by_what_is_printed")],
        left: &[],
    },
    Held {
        file: "checks/web_server_config.rs",
        checks: &["web-server-config"],
        remedies: 3,
        stories: &[WEB],
        left: &[
            "the hook for Apache, and a header that proves nothing: `web_servers_hooks`, `web_servers_lint`",
        ],
    },
    Held {
        file: "checks/web_server_reads.rs",
        checks: &["web-server-reads"],
        remedies: 2,
        stories: &[WEB],
        left: &[],
    },
    Held {
        file: "checks/web_server_serves.rs",
        checks: &["web-server-serves"],
        remedies: 1,
        stories: &[WEB],
        left: &[],
    },
    Held {
        file: "checks/web_server_writes.rs",
        checks: &["web-server-writes"],
        remedies: 2,
        stories: &[WEB],
        left: &[],
    },
    Held {
        file: "checks/writing.rs",
        checks: &["writing"],
        remedies: 1,
        stories: &[DISK],
        left: &[
            "a quota, SELinux and a network file system that maps the account away: need another kernel or disk",
        ],
    },
    Held {
        file: "drupal/judge.rs",
        checks: &["drush", "drupal_settings", "health_code", "drupal_private_files"],
        remedies: 8,
        stories: &[DRUPAL],
        left: &[
            "a server without PHP, drush or a database client: nothing is installed or removed by a test",
        ],
    },
];

/// What stands before a remedy in the source.
const MARKS: [&str; 4] = ["fault(", "warning(", "Why {", "ill("];

/// The part of a source file that is no test.
fn production(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

/// How many remedies there are; definitions and imports are none.
fn remedies(text: &str) -> usize {
    let lines = production(text).lines().map(str::trim);
    let counted = lines.filter(|line| {
        !["use ", "//", "fn ", "pub", "struct ", "impl "].iter().any(|start| line.starts_with(start))
    });
    let is_word = |line: &str, at: usize| {
        at == 0 || !line.as_bytes()[at - 1].is_ascii_alphanumeric() && line.as_bytes()[at - 1] != b'_'
    };
    counted
        .map(|line| {
            MARKS
                .iter()
                .map(|mark| line.match_indices(mark).filter(|(at, _)| is_word(line, *at)).count())
                .sum::<usize>()
        })
        .sum()
}

/// The names that constants and first arguments give to checks.
fn names(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in production(text).lines().map(str::trim) {
        let starts = if file.starts_with("checks/") { "const NAME: &str = \"" } else { "const " };
        let is_name = line.starts_with(starts) && line.contains(": &str = \"");
        let is_argument = ["warning(\"", "fault(\""].iter().any(|mark| line.contains(mark));
        let Some(name) = line.split('"').nth(1).filter(|_| is_name || is_argument) else { continue };
        let is_plain = |c: char| c.is_ascii_lowercase() || c == '-' || c == '_';
        if name.chars().all(is_plain) {
            found.push(name.to_owned());
        }
    }
    found
}

#[test]
fn every_remedy_in_the_source_has_a_story_or_a_reason() {
    let source = workspace().join("crates/fleet-push/src/doctor");
    let mut there = BTreeMap::new();
    for folder in ["checks", "drupal"] {
        for entry in fs::read_dir(source.join(folder)).unwrap().flatten() {
            let file = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            if file.ends_with(".rs") && !file.ends_with("testing.rs") {
                there.insert(file, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    for (file, text) in &there {
        let count = remedies(text);
        let held = ALL.iter().find(|held| held.file == file);
        let Some(held) = held else {
            assert_eq!(count, 0, "{file} has remedies that no story is held against");
            continue;
        };
        assert_eq!(
            count, held.remedies,
            "{file}: carry out the new remedy in a story, or say why there can be none"
        );
        assert_eq!(names(file, text), held.checks, "{file}");
    }
    for held in ALL {
        assert!(there.contains_key(held.file), "{} is gone", held.file);
        assert!(!held.stories.is_empty() && held.left.iter().all(|why| why.len() > 20), "{}", held.file);
        let mut told = String::new();
        for (module, name) in held.stories {
            let path = workspace().join(format!("tests/e2e/{module}.rs"));
            let text = fs::read_to_string(&path).unwrap();
            let (_, rest) = text
                .split_once(&format!("fn {name}()"))
                .unwrap_or_else(|| panic!("{}: no story `{name}`", held.file));
            let body = rest.split("\n}\n").next().unwrap();
            let acts = ["carry_out", "mend", "play(", "sh\"", "fs::write", "edit_inventory"]
                .iter()
                .any(|word| body.contains(word));
            assert!(acts, "`{name}` carries nothing out");
            told += body;
        }
        for check in held.checks {
            assert!(told.contains(&format!("\"{check}\"")), "no story of {} names `{check}`", held.file);
        }
    }
}
