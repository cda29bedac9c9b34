# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_tracker_publish_global_optspecs
    string join \n records= fleet= mode= announce= seeder-socket= seeder-directory= seeder-peer= payload= timeout= tracker-timeout= ca-file= wait keep= v/verbose color= h/help V/version
end

function __fish_tracker_publish_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_tracker_publish_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_tracker_publish_using_subcommand
    set -l cmd (__fish_tracker_publish_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l records -d 'Folder of records' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l fleet -d 'Inventory; its [seeder] and [tracker] are used where no flag is given' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l mode -d 'How peers find each other: none (fleet-push introduces them), announce (a tracker that is open to the release), or the kind that [tracker] in the inventory describes' -r -f -a "none\t'No tracker'
announce\t'The announce URL'
opentracker\t'A whitelist'
ocelot\t'Updates'
gazelle\t'The pages of 2016'
gazelle-ops\t'The API of the OPS line'"
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l announce -d 'Announce URL of the tracker; implies --mode announce' -r
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l seeder-socket -d 'RPC socket of the rtorrent that seeds, on this machine' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l seeder-directory -d 'Directory in which payload and torrent are kept for it' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l seeder-peer -d 'Address at which the hosts reach it' -r
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l payload -d 'What the torrent carries: the site for a tree layout; for an archive the one in the folder of records is taken' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l timeout -d 'Time for rtorrent to hash the payload and to seed' -r
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l tracker-timeout -d 'Time for one answer of the tracker or its site' -r
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l ca-file -d 'Certificates, in PEM, of the private authority that signs those of tracker and site; instead of the public ones' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l keep -d 'Withdraw all but the N releases that were published last' -r
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -l wait -d 'Ask the tracker as a peer would, until it gives the seeder'
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -s V -l version -d 'Print version'
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -f -a "check" -d 'Ask tracker and seeder how the release stands'
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -f -a "withdraw" -d 'Make tracker and seeder forget a release'
complete -c tracker-publish -n "__fish_tracker_publish_needs_command" -f -a "hosts" -d 'Check that the tracker knows every host\'s passkey'
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l records -d 'Folder of records' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l fleet -d 'Inventory; its [seeder] and [tracker] are used where no flag is given' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l mode -d 'How peers find each other: none (fleet-push introduces them), announce (a tracker that is open to the release), or the kind that [tracker] in the inventory describes' -r -f -a "none\t'No tracker'
announce\t'The announce URL'
opentracker\t'A whitelist'
ocelot\t'Updates'
gazelle\t'The pages of 2016'
gazelle-ops\t'The API of the OPS line'"
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l announce -d 'Announce URL of the tracker; implies --mode announce' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l seeder-socket -d 'RPC socket of the rtorrent that seeds, on this machine' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l seeder-directory -d 'Directory in which payload and torrent are kept for it' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l seeder-peer -d 'Address at which the hosts reach it' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l timeout -d 'Time for rtorrent to hash the payload and to seed' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l tracker-timeout -d 'Time for one answer of the tracker or its site' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l ca-file -d 'Certificates, in PEM, of the private authority that signs those of tracker and site; instead of the public ones' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l records -d 'Folder of records' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l fleet -d 'Inventory; its [seeder] and [tracker] are used where no flag is given' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l mode -d 'How peers find each other: none (fleet-push introduces them), announce (a tracker that is open to the release), or the kind that [tracker] in the inventory describes' -r -f -a "none\t'No tracker'
announce\t'The announce URL'
opentracker\t'A whitelist'
ocelot\t'Updates'
gazelle\t'The pages of 2016'
gazelle-ops\t'The API of the OPS line'"
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l announce -d 'Announce URL of the tracker; implies --mode announce' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l seeder-socket -d 'RPC socket of the rtorrent that seeds, on this machine' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l seeder-directory -d 'Directory in which payload and torrent are kept for it' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l seeder-peer -d 'Address at which the hosts reach it' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l timeout -d 'Time for rtorrent to hash the payload and to seed' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l tracker-timeout -d 'Time for one answer of the tracker or its site' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l ca-file -d 'Certificates, in PEM, of the private authority that signs those of tracker and site; instead of the public ones' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand withdraw" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l records -d 'Folder of records' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l fleet -d 'Inventory; its [seeder] and [tracker] are used where no flag is given' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l mode -d 'How peers find each other: none (fleet-push introduces them), announce (a tracker that is open to the release), or the kind that [tracker] in the inventory describes' -r -f -a "none\t'No tracker'
announce\t'The announce URL'
opentracker\t'A whitelist'
ocelot\t'Updates'
gazelle\t'The pages of 2016'
gazelle-ops\t'The API of the OPS line'"
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l announce -d 'Announce URL of the tracker; implies --mode announce' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l seeder-socket -d 'RPC socket of the rtorrent that seeds, on this machine' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l seeder-directory -d 'Directory in which payload and torrent are kept for it' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l seeder-peer -d 'Address at which the hosts reach it' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l timeout -d 'Time for rtorrent to hash the payload and to seed' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l tracker-timeout -d 'Time for one answer of the tracker or its site' -r
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l ca-file -d 'Certificates, in PEM, of the private authority that signs those of tracker and site; instead of the public ones' -r -F
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -l create -d 'Make the users it does not know (Ocelot), and the passkey files that do not exist'
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c tracker-publish -n "__fish_tracker_publish_using_subcommand hosts" -s h -l help -d 'Print help (see more with \'--help\')'
