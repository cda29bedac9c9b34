//! Held against what `ssh -G` makes of the same files.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use super::table::{KEYWORDS, Use};
use super::*;

/// Two files, the second of which the first one includes.
const FILES: &str = r#"
# a comment
IgnoreUnknown UseKey*,Tag
UseKeychain yes
Host jumper !never
  HostName 192.0.2.7
Host web* !web9
  User=deploy
  Port 2200
  ProxyJump ops@jumper:2022
Host web1 "quoted one"
  HostName %h.example.org
  Port 2222
  IdentityFile ~/.ssh/first
  IdentityFile "%d/second of %r at %h port %p"
  HostKeyAlias alias-of-web1
  UserKnownHostsFile ~/k1 "/tmp/k 2"
  GlobalKnownHostsFile none
Host web2
  ProxyCommand none
  AddressFamily inet6
  BindAddress ::1
  IdentitiesOnly yes
  CertificateFile /tmp/%n-cert.pub
Host web3
  ProxyCommand nc -X connect "%h" %p # all of it
  HostKeyAlgorithms -ssh-rsa,ecdsa-*
  IdentityAgent none
Match host web1.example.org user deploy
  IdentityFile /matched
Match originalhost web4 !user root
  Port 44
Host web5 web6 one
  Include {dir}/more-*
Match final host 192.0.2.7
  User at-last
Match final all
  IdentityAgent /run/agent
Host web* 192*
  Include {dir}/more-*
Host *
  User nobody
  Port 23
"#;
const MORE: &str = "Port 7\nHost web5\nHostName FIVE.Example.Org\nMatch all\nCertificateFile /all\n";

const NAMES: [&str; 12] =
    ["jumper", "never", "web1", "web2", "web3", "web4", "web5", "web6", "web9", "one", "WEB1", "192.0.2.7"];

/// Since OpenSSH 9.4.
const TAGS: &str = "Host web4\n  Tag blue\nMatch tagged blue,green\n  HostName tagged\nHost *\n";

fn files(dir: &Path) -> PathBuf {
    let main = dir.join("config");
    let tagged = Command::new("ssh").args(["-F", "/dev/null", "-G", "-o", "Tag=x", "web1"]).output();
    let has_tags = tagged.is_ok_and(|output| output.status.success());
    let text = format!("{}{FILES}", if has_tags { TAGS } else { "" });
    fs::write(&main, text.replace("{dir}", &dir.display().to_string())).unwrap();
    fs::write(dir.join("more-1"), MORE).unwrap();
    main
}

/// What `ssh -G` prints: all values of each keyword, in order.
fn ssh(arguments: &[&str]) -> Option<BTreeMap<String, Vec<String>>> {
    let output = Command::new("ssh").args(arguments).arg("-G").env("HOME", home()).output();
    let Ok(output) = output else {
        assert!(env::var("E2E_PEERS").as_deref() != Ok("required"), "ssh is missing and E2E_PEERS=required");
        return None;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
        all.entry(keyword.to_ascii_lowercase()).or_default().push(value.to_owned());
    }
    Some(all)
}

fn home() -> String {
    env::var("HOME").unwrap()
}

#[test]
fn every_host_is_read_as_ssh_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = files(dir.path());
    let config = SshConfig::load(Some(&path)).unwrap();
    for name in NAMES {
        let Some(ssh) = ssh(&["-F", path.to_str().unwrap(), name]) else { return };
        let first = |keyword: &str| ssh.get(keyword).and_then(|all| all.first()).map(String::as_str);
        let typed: String = name.to_owned();
        let found = Found::of(&config.files, &typed, None).unwrap();
        assert_eq!(Some(found.host().as_str()), first("hostname"), "{name}");
        for keyword in ["user", "port", "proxyjump", "hostkeyalias", "addressfamily", "bindaddress", "tag"] {
            let ours = found.word(keyword).map(str::to_owned);
            let theirs = first(keyword).map(str::to_owned);
            // What nobody has said is a default there.
            let is_default = ours.is_none() && ["any", "22"].contains(&theirs.as_deref().unwrap_or("any"));
            assert!(is_default || ours == theirs, "{keyword} of {name}: {ours:?}, ssh {theirs:?}");
        }
        for keyword in ["identityfile", "certificatefile"] {
            let ours: Vec<String> = found.every(keyword).iter().flat_map(|line| line.words.clone()).collect();
            let theirs = ssh.get(keyword).cloned().unwrap_or_default();
            assert!(
                ours == theirs || ours.is_empty() && keyword == "identityfile",
                "{keyword} of {name}: {ours:?}, ssh {theirs:?}"
            );
        }
        for keyword in ["userknownhostsfile", "globalknownhostsfile", "identityagent", "identitiesonly"] {
            if let Some(line) = found.words(keyword) {
                let ours: Vec<String> =
                    line.words.iter().map(|word| at_home(word).display().to_string()).collect();
                assert_eq!(Some(ours.join(" ").as_str()), first(keyword), "{keyword} of {name}");
            }
        }
        let command = found.words("proxycommand").map(|line| line.rest.clone()).filter(|text| text != "none");
        assert_eq!(command.as_deref(), first("proxycommand"), "{name}");
    }
}

#[test]
fn the_table_has_every_keyword_that_ssh_knows_and_no_other() {
    let Some(known) = ssh(&["-F", "/dev/null", "web1"]) else { return };
    for keyword in known.keys() {
        assert!(table::look_up(keyword).is_some(), "ssh -G prints `{keyword}`, which the table lacks");
    }
    // A harmless keyword that this ssh does not know is from another version of it; what is followed, all of them know.
    let unknown = |keyword: &str| {
        let run = Command::new("ssh")
            .args(["-F", "/dev/null", "-G", "-o", &format!("{keyword}=x"), "web1"])
            .output();
        String::from_utf8_lossy(&run.unwrap().stderr).contains("Bad configuration option")
    };
    for (keyword, what) in KEYWORDS {
        // Host and Match are no options, and Tag came with OpenSSH 9.4.
        if *what == Use::Followed && !["host", "match", "tag"].contains(keyword) {
            assert!(!unknown(keyword), "ssh does not know `{keyword}`");
        }
    }
    assert!(unknown("usekeychain"));
}

fn refused(text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, text).unwrap();
    let config = SshConfig::load(Some(&path));
    let asked = config.and_then(|config| config.ask(&"web1".parse().unwrap(), None).map(drop));
    asked.err().map_or_else(String::new, |error| error.to_string())
}

#[test]
fn what_would_change_whom_we_talk_to_is_refused_and_never_passed_over() {
    for (keyword, uses) in KEYWORDS {
        if let Use::RefusedUnless(harmless) = uses {
            let text = refused(&format!("Host other\n{keyword} x\nHost web*\n{keyword} something\n"));
            assert!(text.contains("line 4") && text.contains(keyword), "{keyword}: {text}");
            assert_eq!(
                refused(&format!("Host other\n{keyword} something\n")),
                "",
                "it is about another host"
            );
            for value in *harmless {
                assert_eq!(
                    refused(&format!("{keyword} {value}\n{keyword} something\n")),
                    "",
                    "the first value counts"
                );
            }
        }
    }
    for (text, words) in [
        ("UseKeychain yes\n", "ssh knows no keyword `UseKeychain`"),
        ("Match exec \"true\"\n  Port 7\n", "`Match exec`"),
        ("Match localnetwork 10.0.0.0/8\n", "`Match localnetwork`"),
        ("Match host\n", "has no value"),
        ("Include %d/x\n", "has a variable"),
        ("User \"a\n", "a quote is not closed"),
        ("Port 0\n", "`0` is not a port"),
        ("Port\n", "says nothing"),
        ("Host\n", "says nothing"),
        ("Match\n", "says nothing"),
        ("HostName a b\n", "`b` is another"),
        ("HostKeyAlias=a b\n", "`b` is another"),
        ("Match host web1 exec true\n", "`Match exec`"),
        ("AddressFamily inet7\n", "AddressFamily"),
        ("BindAddress eth0.example.org\n", "BindAddress"),
    ] {
        assert!(refused(text).contains(words), "{text}: {}", refused(text));
    }
    // What is surely about another host is nobody's trouble, wherever in the line that is said.
    for about_another in ["Match exec true host web2\nFoo x\n", "Match host web2 exec true\nFoo x\n"] {
        assert_eq!(refused(about_another), "", "{about_another}");
    }
    assert_eq!(refused("IgnoreUnknown UseKeychain,Apple*\nUseKeychain yes\nAppleX no\n"), "");
}

#[test]
fn a_file_that_includes_itself_ends() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, format!("Include {}\n", path.display())).unwrap();
    let Err(error) = SshConfig::load(Some(&path)) else { panic!("it was read") };
    assert!(error.to_string().contains("too deep"), "{error}");
}
