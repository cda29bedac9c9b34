# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_swap_release_global_optspecs
    string join \n v/verbose color= h/help V/version
end

function __fish_swap_release_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_swap_release_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_swap_release_using_subcommand
    set -l cmd (__fish_swap_release_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c swap-release -n "__fish_swap_release_needs_command" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_needs_command" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_needs_command" -s V -l version -d 'Print version'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "stage" -d 'Unpack a payload on this server, prove its tree digest, and keep it ready'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "receive" -d 'Get a payload from its peers and stage it, as fleet-push says on standard input (started by it over SSH)'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "activate" -d 'Make a staged release live'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "rollback" -d 'Put a former release back: the named one, or the one that was live before'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "status" -d 'Say what is live and what else is there'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "verify" -d 'Compare a release on disk with its manifest: the named one, or the live one'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "manifest" -d 'Print the manifest of a release, proved by its digest: the named one, or what is live; a base for mkt-pack'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "adopt" -d 'Make what is served a release, without an outage: a real directory `current`, or a link to a foreign place'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "converge" -d 'Bring hosts that serve something else to the fleet\'s release'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "want" -d 'Say that a release is wanted here, so that an event of the BitTorrent client may stage it'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "finished" -d 'An event of the BitTorrent client: stage what it is about, if that is wanted and not here'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "lint" -d 'Look for web server configuration that mixes two releases in one request, or shuts the site'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "apache" -d 'Have this server\'s Apache serve the live release by its real path (as root; a hook of after-switch and after-revert)'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "settle" -d 'Say that what a deployment that was taken back left in the database is seen to; caches that are still owed are rebuilt first'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "prune" -d 'Remove old releases and what was received for them, keeping the live one, the one before it, pinned ones and the newest good ones'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "pin" -d 'Keep a release whatever a prune says'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "unpin" -d 'Let a prune remove a release again'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "mark-failed" -d 'Say that a release is bad, if it was never confirmed (what --fleet does after a failed health check)'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "history" -d 'Say what happened on this server, oldest first'
complete -c swap-release -n "__fish_swap_release_needs_command" -f -a "reconcile" -d 'Finish or undo what a killed run left, as every other verb does first'
complete -c swap-release -n "__fish_swap_release_using_subcommand stage" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand stage" -l payload -d 'The payload as it was downloaded: the archive, or the directory of the tree layout; `-` reads an archive from standard input' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand stage" -l record -d 'The record of any stage of the build; `-` reads it from standard input' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand stage" -l manifest -d 'The manifest, for the tree layout' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand stage" -l shared -d 'Path in the release that is a link to shared/; a trailing / says directory, created when missing (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand stage" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand stage" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand stage" -l json -d 'Print the result as one line of JSON'
complete -c swap-release -n "__fish_swap_release_using_subcommand stage" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand stage" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand receive" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand receive" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand receive" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand receive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l fleet -d 'Inventory: do it on every host, by SSH' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l part-of -d 'The run that this is part of, and this host\'s name in it, which no other host in the same directory may have' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l confirm-within -d 'Put the former release back unless `commit` comes on standard input (or the fleet is healthy) within this time' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l shared -d 'With --adopt, path that moves to shared/; with --fleet those of fleet.toml (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l canary -d 'Hosts that switch before all others and must be healthy first: a number, or a percentage such as 10% [default: `rollout.canary` of fleet.toml, else none]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l batch -d 'Hosts that switch at a time, after the canary: a number, a percentage, or all [default: `rollout.batch`, else all]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l pause -d 'How long a healthy batch is watched before the next one [default: `rollout.pause`, else no time]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l quorum -d 'Hosts that must be ready, in each group, for the others to be left out: a number, a percentage, or all [default: `groups.NAME.quorum` and `rollout.quorum`, else all]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l records -d 'Folder of records' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l junit -d 'JUnit XML with one case a host [default: swap.junit.xml in the folder of records]' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l in-step -d 'Lock and check, then wait for `go` on standard input before switching (what --fleet does on every server)'
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l allow-older -d 'Activate even if a newer build of the same job is live'
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l adopt -d 'Before that, take in what is served as a release, if it is none: see adopt'
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l force -d 'Switch to a release that is older than a database update'
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l retry-failed -d 'Take a release that has failed its health check before, if its tree is still what was built'
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -l dry-run -d 'Ask every host and print what would be done; lock and change nothing'
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand activate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l fleet -d 'Inventory: do it on every host, by SSH' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l part-of -d 'The run that this is part of, and this host\'s name in it, which no other host in the same directory may have' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l confirm-within -d 'Put the former release back unless `commit` comes on standard input (or the fleet is healthy) within this time' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l shared -d 'With --adopt, path that moves to shared/; with --fleet those of fleet.toml (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l canary -d 'Hosts that switch before all others and must be healthy first: a number, or a percentage such as 10% [default: `rollout.canary` of fleet.toml, else none]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l batch -d 'Hosts that switch at a time, after the canary: a number, a percentage, or all [default: `rollout.batch`, else all]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l pause -d 'How long a healthy batch is watched before the next one [default: `rollout.pause`, else no time]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l quorum -d 'Hosts that must be ready, in each group, for the others to be left out: a number, a percentage, or all [default: `groups.NAME.quorum` and `rollout.quorum`, else all]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l records -d 'Folder of records' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l junit -d 'JUnit XML with one case a host [default: swap.junit.xml in the folder of records]' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l in-step -d 'Lock and check, then wait for `go` on standard input before switching (what --fleet does on every server)'
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l allow-older -d 'Activate even if a newer build of the same job is live'
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l adopt -d 'Before that, take in what is served as a release, if it is none: see adopt'
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l force -d 'Switch to a release that is older than a database update'
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l retry-failed -d 'Take a release that has failed its health check before, if its tree is still what was built'
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -l dry-run -d 'Ask every host and print what would be done; lock and change nothing'
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l fleet -d 'Inventory: do it on every host, by SSH' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l part-of -d 'The run that this is part of, and this host\'s name in it, which no other host in the same directory may have' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l shared -d 'With --json, path of fleet.toml\'s `shared`: tell what in shared/ nothing links, and what the live site has that shared/ lacks (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -l json -d 'Print JSON on standard output'
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l fleet -d 'Inventory: do it on every host, by SSH' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l part-of -d 'The run that this is part of, and this host\'s name in it, which no other host in the same directory may have' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l payload -d 'The payload [default: as the BitTorrent client left it in incoming/]' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l json -d 'Print JSON on standard output'
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -l repair -d 'Put right what differs, from the payload; what differed is reported'
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l fleet -d 'Inventory: do it on every host, by SSH' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l part-of -d 'The run that this is part of, and this host\'s name in it, which no other host in the same directory may have' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand manifest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l release-id -d 'Name as a release [default: adopted-<time>]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l fleet -d 'Inventory: do it on every host, by SSH' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l part-of -d 'The run that this is part of, and this host\'s name in it, which no other host in the same directory may have' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l shared -d 'Path that moves to shared/, a link staying in its place; with --fleet those of fleet.toml (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l from -d 'Directory that is served today and is not called current: where there is no current, it becomes a link to it' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l dry-run -d 'Say what would be done and what is in the way; change nothing'
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -l json -d 'With --dry-run, print JSON on standard output'
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand adopt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l fleet -d 'Inventory' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l records -d 'Folder of records' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l dry-run -d 'Ask every host and print what would be done; lock and change nothing'
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -l if-orphaned -d 'Wait for the end of standard input, and do nothing unless it says that a decision was left undone'
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand converge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand want" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand want" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand want" -l record -d 'The record of any stage of the build; `-` reads it from standard input' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand want" -l shared -d 'Path in the release that is a link to shared/; a trailing / says directory, created when missing (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand want" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand want" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand want" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand finished" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand finished" -l spool -d 'Directory of events: without --deploy-to the event is put there, with it all that are there are worked off' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand finished" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand finished" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand finished" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand lint" -l deploy-to -d 'Directory of the site: say only what is about it' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand lint" -l header -d 'The header by which [health] knows the release: say whether a web server sets it' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand lint" -l fpm-reload -d 'The file of the process id that a hook `fpm_reload` names: say whether visitors will see errors (can be repeated)' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand lint" -l opcache-reset -d 'The php-fpm that a hook `opcache_reset` names: say whether the site runs there (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand lint" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand lint" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand lint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand apache" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand apache" -l define -d 'The file to be written, which the configuration includes; one line: Define VARIABLE "DIR of the release"' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand apache" -l variable -d 'The variable that is defined there' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand apache" -l apachectl -d 'The program that tests the configuration [default: apache2ctl, apachectl or httpd]' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand apache" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand apache" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand apache" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l fleet -d 'Inventory: do it on every host, by SSH' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l part-of -d 'The run that this is part of, and this host\'s name in it, which no other host in the same directory may have' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand settle" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l fleet -d 'Inventory: do it on every host, by SSH' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l part-of -d 'The run that this is part of, and this host\'s name in it, which no other host in the same directory may have' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l keep -d 'Good releases to keep [default: 5, or `keep` of fleet.toml]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l grace -d 'Keep what was live until this long ago, for requests and cron jobs that still run in it [default: 15m]' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l dry-run -d 'Print what would be removed and what would stay; change nothing'
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -l json -d 'Print JSON on standard output'
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand pin" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand pin" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand pin" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand pin" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand pin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand unpin" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand unpin" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand unpin" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand unpin" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand unpin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand mark-failed" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand mark-failed" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand mark-failed" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand mark-failed" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand mark-failed" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand history" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand history" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand history" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand history" -l json -d 'Print the lines of JSON as they are kept'
complete -c swap-release -n "__fish_swap_release_using_subcommand history" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swap-release -n "__fish_swap_release_using_subcommand reconcile" -l deploy-to -d 'Directory of the site on this server' -r -F
complete -c swap-release -n "__fish_swap_release_using_subcommand reconcile" -l owner -d 'Who asks, for the lock and the history' -r
complete -c swap-release -n "__fish_swap_release_using_subcommand reconcile" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c swap-release -n "__fish_swap_release_using_subcommand reconcile" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c swap-release -n "__fish_swap_release_using_subcommand reconcile" -s h -l help -d 'Print help (see more with \'--help\')'
