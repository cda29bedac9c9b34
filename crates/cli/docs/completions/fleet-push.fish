# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_fleet_push_global_optspecs
    string join \n fleet= only= group= exclude= host= identity= known-hosts= parallel= records= dry-run link= timeout= stall-timeout= payload= allow-peer= max-upload= grace= require= events= metrics= junit= v/verbose color= h/help V/version
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
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l parallel -d 'Hosts connected to at the same time; of those with rtorrent, also hosts at work' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l records -d 'Folder of records' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l link -d 'With --dry-run, what every link carries, for the expected time; max_upload in fleet.toml goes before where it is less' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l timeout -d 'Longest time for the whole push' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l stall-timeout -d 'A host that gets no new byte for so long has failed' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l payload -d 'Payload to seed from here, for a tree layout: the site; an archive is taken from the folder of records' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l allow-peer -d 'Client of another kind that takes part: embedded peers dial it, and it may come in (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l max-upload -d 'Most that this machine and each host may send of the payload; max_upload in fleet.toml goes before where it is less' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l grace -d 'If this program dies, servers that are not done go on for as long as they get something, and those that are done stay for so long to help them' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l require -d 'Hosts that must be staged in each group for success: all, a number, or a percentage; GROUP=... for one group (can be repeated) [default: all]' -r
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l events -d 'File for one line of JSON whenever a host gets further' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l metrics -d 'File for Prometheus\' textfile collector, kept up to date' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l junit -d 'JUnit XML with one case a host [default: push.junit.xml in the folder of records]' -r -F
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_needs_command" -l dry-run -d 'Ask every host what a push would do there; change nothing. See plan'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -s V -l version -d 'Print version'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -f -a "plan" -d 'Ask every host what a push would do there, and expect how long it takes; change nothing'
complete -c fleet-push -n "__fish_fleet_push_needs_command" -f -a "hosts" -d 'Show the hosts of the inventory with everything that was resolved; ask nobody'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l fleet -d 'Inventory' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l parallel -d 'Hosts connected to at the same time; of those with rtorrent, also hosts at work' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l records -d 'Folder of records; the release is that of pack.json' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l link -d 'What every link carries, for the expected time; max_upload in fleet.toml goes before where it is less' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -l json -d 'Print JSON on standard output'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l fleet -d 'Inventory' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l group -d 'Group of the inventory, instead of all hosts (can be repeated, and combined with --only)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l exclude -d 'Host or group to leave out (can be repeated)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l host -d 'Host that is not in the inventory, with the settings of its [defaults]; instead of all (can be repeated, and combined with --only and --group)' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l parallel -d 'Hosts connected to at the same time; of those with rtorrent, also hosts at work' -r
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l json -d 'Print JSON on standard output'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -l schema -d 'Print the JSON Schema of fleet.toml instead, for editors'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -n "__fish_fleet_push_using_subcommand hosts" -s h -l help -d 'Print help (see more with \'--help\')'
