//! Every keyword of ssh_config(5), OpenSSH 6 to 10 and Debian's own, and what becomes of it here.

/// What a keyword does to the way to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is followed.
    Followed,
    /// It says nothing about whom we talk to, as whom, or whether to trust: or what it asks for is always so here.
    Harmless,
    /// It would change that, and is refused with any other value than these.
    RefusedUnless(&'static [&'static str]),
}

use Use::{Followed, Harmless, RefusedUnless};

/// In lower case, in the order of the alphabet. A test holds it against `ssh -G`.
pub(super) const KEYWORDS: &[(&str, Use)] = &[
    ("addkeystoagent", Harmless),
    ("addressfamily", Followed),
    ("batchmode", Harmless),
    ("bindaddress", Followed),
    ("bindinterface", RefusedUnless(&[])),
    ("canonicaldomains", Harmless),
    ("canonicalizefallbacklocal", Harmless),
    ("canonicalizehostname", RefusedUnless(&["no", "false"])),
    ("canonicalizemaxdots", Harmless),
    ("canonicalizepermittedcnames", Harmless),
    ("casignaturealgorithms", Harmless),
    ("certificatefile", Followed),
    ("challengeresponseauthentication", Harmless),
    ("channeltimeout", Harmless),
    ("checkhostip", Harmless),
    ("cipher", Harmless),
    ("ciphers", Harmless),
    ("clearallforwardings", Harmless),
    ("compression", Harmless),
    ("compressionlevel", Harmless),
    ("connectionattempts", Harmless),
    ("connecttimeout", Harmless),
    ("controlmaster", Harmless),
    ("controlpath", Harmless),
    ("controlpersist", Harmless),
    ("dynamicforward", Harmless),
    ("enableescapecommandline", Harmless),
    ("enablesshkeysign", Harmless),
    ("escapechar", Harmless),
    ("exitonforwardfailure", Harmless),
    ("fingerprinthash", Harmless),
    ("forkafterauthentication", Harmless),
    ("forwardagent", Harmless),
    ("forwardx11", Harmless),
    ("forwardx11timeout", Harmless),
    ("forwardx11trusted", Harmless),
    ("gatewayports", Harmless),
    ("globalknownhostsfile", Followed),
    ("gssapiauthentication", Harmless),
    ("gssapiclientidentity", Harmless),
    ("gssapidelegatecredentials", Harmless),
    ("gssapikexalgorithms", Harmless),
    ("gssapikeyexchange", Harmless),
    ("gssapirenewalforcesrekey", Harmless),
    ("gssapiserveridentity", Harmless),
    ("gssapitrustdns", Harmless),
    ("hashknownhosts", Harmless),
    ("host", Followed),
    ("hostbasedacceptedalgorithms", Harmless),
    ("hostbasedauthentication", Harmless),
    ("hostbasedkeytypes", Harmless),
    ("hostkeyalgorithms", Followed),
    ("hostkeyalias", Followed),
    ("hostname", Followed),
    ("identitiesonly", Followed),
    ("identityagent", Followed),
    ("identityfile", Followed),
    ("ignoreunknown", Followed),
    ("include", Followed),
    ("ipqos", Harmless),
    ("kbdinteractiveauthentication", Harmless),
    ("kbdinteractivedevices", Harmless),
    ("keepalive", Harmless),
    ("kexalgorithms", Harmless),
    ("knownhostscommand", RefusedUnless(&["none"])),
    ("localcommand", Harmless),
    ("localforward", Harmless),
    ("loglevel", Harmless),
    ("logverbose", Harmless),
    ("macs", Harmless),
    ("match", Followed),
    ("nohostauthenticationforlocalhost", Harmless),
    ("numberofpasswordprompts", Harmless),
    ("obscurekeystroketiming", Harmless),
    ("passwordauthentication", Harmless),
    ("permitlocalcommand", Harmless),
    ("permitremoteopen", Harmless),
    ("pkcs11provider", RefusedUnless(&["none"])),
    ("port", Followed),
    ("preferredauthentications", Harmless),
    ("protocol", RefusedUnless(&["2"])),
    ("protocolkeepalives", Harmless),
    ("proxycommand", Followed),
    ("proxyjump", Followed),
    ("proxyusefdpass", RefusedUnless(&["no", "false"])),
    ("pubkeyacceptedalgorithms", Harmless),
    ("pubkeyacceptedkeytypes", Harmless),
    ("pubkeyauthentication", Harmless),
    ("refuseconnection", RefusedUnless(&[])),
    ("rekeylimit", Harmless),
    ("remotecommand", RefusedUnless(&["none"])),
    ("remoteforward", Harmless),
    ("requesttty", Harmless),
    ("requiredrsasize", Harmless),
    ("revokedhostkeys", RefusedUnless(&["none"])),
    ("rhostsrsaauthentication", Harmless),
    ("rsaauthentication", Harmless),
    ("securitykeyprovider", Harmless),
    ("sendenv", Harmless),
    ("serveralivecountmax", Harmless),
    ("serveraliveinterval", Harmless),
    ("sessiontype", Harmless),
    ("setenv", Harmless),
    ("setuptimeout", Harmless),
    ("skeyauthentication", Harmless),
    ("smartcarddevice", Harmless),
    ("stdinnull", Harmless),
    ("streamlocalbindmask", Harmless),
    ("streamlocalbindunlink", Harmless),
    ("stricthostkeychecking", Harmless),
    ("syslogfacility", Harmless),
    ("tag", Followed),
    ("tcpkeepalive", Harmless),
    ("tisauthentication", Harmless),
    ("tunnel", Harmless),
    ("tunneldevice", Harmless),
    ("updatehostkeys", Harmless),
    ("useprivilegedport", Harmless),
    ("user", Followed),
    ("userknownhostsfile", Followed),
    ("useroaming", Harmless),
    ("usersh", Harmless),
    ("verifyhostkeydns", Harmless),
    ("versionaddendum", Harmless),
    ("visualhostkey", Harmless),
    ("warnweakcrypto", Harmless),
    ("xauthlocation", Harmless),
];

/// The name of a keyword as it stands in the table, and what becomes of it; `None` when ssh does not know it either.
pub(super) fn look_up(keyword: &str) -> Option<(&'static str, Use)> {
    let lower = keyword.to_ascii_lowercase();
    KEYWORDS.binary_search_by(|(name, _)| (*name).cmp(&lower)).ok().and_then(|at| KEYWORDS.get(at)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_found_in() {
        assert!(KEYWORDS.is_sorted_by(|one, other| one.0 < other.0));
        assert_eq!(look_up("HostName"), Some(("hostname", Followed)));
        assert_eq!(look_up("UseKeychain"), None);
    }

    #[test]
    fn the_guide_says_of_every_keyword_what_becomes_of_it() {
        let guide = include_str!("../../README.md");
        let (_, after) = guide.split_once("**Followed:**").unwrap();
        let (followed, after) = after.split_once("\n- ").unwrap();
        let (_, after) = after.split_once("**Refused**").unwrap();
        let (refused, after) = after.split_once("**Harmless**").unwrap();
        let (harmless, _) = after.split_once("\n## ").unwrap();
        for (keyword, uses) in KEYWORDS {
            let word = format!("`{keyword}`");
            let told = [followed, refused, harmless].map(|part| part.to_lowercase().contains(&word));
            let expected = match uses {
                Followed => [true, false, false],
                RefusedUnless(_) => [false, true, false],
                Harmless => [false, false, true],
            };
            assert_eq!(told, expected, "{keyword}");
        }
    }
}
