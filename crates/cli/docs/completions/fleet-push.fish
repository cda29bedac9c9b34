# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_fleet_push_global_optspecs
    string join \n fleet= only= group= exclude= host= identity= known-hosts= parallel= connect-timeout= records= timeout= stall-timeout= payload= allow-peer= max-upload= grace= events= metrics= junit= dry-run link= require= v/verbose color= h/help V/version
end

function __fish_fleet_push_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_fleet_push_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_fleet_push_using_subcommand
    set -l cmd (__fish_fleet_push_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c fleet-push -n "__fish_fleet_push_needs_command" -l fleet -d 'Inventory' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l parallel -d 'Hosts that are connected to and begun at the same time' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l connect-timeout -d 'Longest time from dialling a host until it has let us in' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l records -d 'Folder of records' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l timeout -d 'Longest time for all of it' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l stall-timeout -d 'A host that gets no new byte for so long has failed' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l payload -d 'Payload to seed from here, for a tree layout: the site; an archive is taken from the folder of records' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l allow-peer -d 'Client of another kind that takes part: embedded peers dial it, and it may come in (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l max-upload -d 'Most that this machine and each host may send of the payload; max_upload in fleet.toml goes before where it is less' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l grace -d 'If this program dies, servers that are not done go on for as long as they get something, and those that are done stay for so long to help them' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l events -d 'File for one line of JSON whenever a host gets further' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l metrics -d 'File for Prometheus\' textfile collector, kept up to date' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l junit -d 'JUnit XML with one case a host [default: push.junit.xml or converge.junit.xml in the folder of records]' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l link -d 'With --dry-run, what every link carries, for the expected time; max_upload in fleet.toml goes before where it is less' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l require -d 'Hosts that must be staged in each group for success: all, a number, or a percentage; GROUP=... for one group (can be repeated) [default: `groups.NAME.quorum` and `rollout.quorum` of fleet.toml, else all]' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l dry-run -d 'Ask every host what a push would do there; change nothing. See plan'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -s V -l version -d 'Print version'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -f -a "plan" -d 'Ask every host what a push would do there, and expect how long it takes; change nothing'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -f -a "doctor" -d 'Examine every host for what a deployment needs, and say what to do about each fault'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -f -a "install" -d 'Put swap-release on every host, checked and at once, and keep the one before; or a configuration of rtorrent'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -f -a "converge" -d 'Bring hosts that were away to the release that the fleet serves: push it to those that lack it, and switch them'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -f -a "hosts" -d 'Show the hosts of the inventory with everything that was resolved; ask nobody'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -f -a "keys" -d 'Look at the hosts\' SSH keys before they are trusted'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l fleet -d 'Inventory' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l parallel -d 'Hosts that are connected to and begun at the same time' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l connect-timeout -d 'Longest time from dialling a host until it has let us in' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l records -d 'Folder of records; the release is that of pack.json' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l link -d 'What every link carries, for the expected time; max_upload in fleet.toml goes before where it is less' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l json -d 'Print JSON on standard output'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l fleet -d 'Inventory' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l parallel -d 'Hosts that are connected to and begun at the same time' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l connect-timeout -d 'Longest time from dialling a host until it has let us in' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -l json -d 'Print JSON on standard output'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l fleet -d 'Inventory' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l parallel -d 'Hosts that are connected to and begun at the same time' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l connect-timeout -d 'Longest time from dialling a host until it has let us in' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l binary -d 'The swap-release for the hosts [default: the one beside fleet-push]' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l as -d 'Account to log in as, where the one that deploys may not write; root, mostly' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l rtorrent-user -d 'With --rtorrent, whom it runs as' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l rtorrent-config -d 'With --rtorrent, its configuration on the hosts' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l unit-dir -d 'With --rtorrent, where units of systemd lie on the hosts' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l back -d 'Go back to the swap-release that was there before; again, and it is exchanged again'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l rtorrent -d 'Show the reviewed configuration and systemd units of rtorrent, filled in for each host, instead'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -l write -d 'With --rtorrent, put them in place; files that differ are kept beside, and nothing is started'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l fleet -d 'Inventory' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l parallel -d 'Hosts that are connected to and begun at the same time' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l connect-timeout -d 'Longest time from dialling a host until it has let us in' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l records -d 'Folder of records' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l timeout -d 'Longest time for all of it' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l stall-timeout -d 'A host that gets no new byte for so long has failed' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l payload -d 'Payload to seed from here, for a tree layout: the site; an archive is taken from the folder of records' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l allow-peer -d 'Client of another kind that takes part: embedded peers dial it, and it may come in (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l max-upload -d 'Most that this machine and each host may send of the payload; max_upload in fleet.toml goes before where it is less' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l grace -d 'If this program dies, servers that are not done go on for as long as they get something, and those that are done stay for so long to help them' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l events -d 'File for one line of JSON whenever a host gets further' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l metrics -d 'File for Prometheus\' textfile collector, kept up to date' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l junit -d 'JUnit XML with one case a host [default: push.junit.xml or converge.junit.xml in the folder of records]' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -l dry-run -d 'Ask every host and print what would be done; change nothing'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand converge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l fleet -d 'Inventory' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l parallel -d 'Hosts that are connected to and begun at the same time' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l connect-timeout -d 'Longest time from dialling a host until it has let us in' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l json -d 'Print JSON on standard output'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l schema -d 'Print the JSON Schema of fleet.toml instead, for editors'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and not __fish_seen_subcommand_from scan" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and not __fish_seen_subcommand_from scan" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and not __fish_seen_subcommand_from scan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and not __fish_seen_subcommand_from scan" -f -a "scan" -d 'Show the host keys of the hosts and of the jump hosts on the way, beside what known_hosts says of them; add none unless told'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l fleet -d 'Inventory' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l parallel -d 'Hosts that are connected to and begun at the same time' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l connect-timeout -d 'Longest time from dialling a host until it has let us in' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l accept -d 'Key that may be added: its fingerprint, or a file of fingerprints or public keys that came from the hosts by another way than SSH (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l add -d 'Add keys to known_hosts: those that are named by --accept; without it, ask for the fingerprint that each host\'s own console shows, which needs a terminal. A changed key is never added'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l hash -d 'Hash the names of the hosts that are added, as ssh-keygen -H does'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -l json -d 'Print JSON on standard output'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand keys; and __fish_seen_subcommand_from scan" -s h -l help -d 'Print help (see more with \'--help\')'
