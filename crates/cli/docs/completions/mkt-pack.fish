# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mkt_pack_global_optspecs
    string join \n records= record= release-id= layout= exclude= exclude-from= allow= base= no-base level= a/announce= c/comment= d/no-date e= f/force l/piece-length= n/name= o/output= p/private s/source= t/threads= w/web-seed= x/cross-seed mktorrent-compat v/verbose color= h/help V/version
end

function __fish_mkt_pack_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mkt_pack_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mkt_pack_using_subcommand
    set -l cmd (__fish_mkt_pack_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l records -d 'Folder for the payload, the .torrent, the manifest and pack.json; made when missing [env: MKT_RECORDS] [default: records, or none with --output]' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l record -d 'Write the record here, too; `-` is standard output' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l release-id -d 'Name of the release [default: BUILD_NUMBER-COMMIT under Jenkins, else 12 digits of the tree digest]' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l layout -d 'One .tar.zst with the manifest inside (default), or the plain files with the manifest beside the torrent' -r -f -a "archive\t'One file'
tree\t'The plain files'"
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l exclude -d 'Leave out what matches, as in a .gitignore at the root of the site (can be repeated)' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l exclude-from -d 'File with patterns to leave out, one a line, as a .gitignore; --exclude comes after it (can be repeated)' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l allow -d 'Release what looks like a host\'s own file or a private key, as in a .gitignore (can be repeated)' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l base -d 'pack.json or manifest of the release before, or what swap-release manifest printed (`-` reads that from standard input): unchanged files keep their modification time [default: the last pack.json in the folder of records]' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l level -d 'zstd level of the archive, 1 to 19; more is worth it where links are slow and hosts many [default: 3]' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s a -l announce -d 'Announce URLs of one tier, without a passkey: every host gets its own later. Each further -a is the next tier [default: none, see tracker-publish]' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s c -l comment -d 'Comment about the torrent' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s e -d 'Leave out what matches, several patterns separated by commas' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s l -l piece-length -d 'Bytes a piece: a power of two from 16KiB to 128MiB, or its exponent, 15 to 27 [default: the longest with 200 pieces, at least 64KiB; 18 (256KiB) where no records are written]' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s n -l name -d 'Name in the torrent [default: that of the site or file]' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s o -l output -d 'Write the .torrent here, and no records unless --records is given [default for a file and for --mktorrent-compat: NAME.torrent]' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s s -l source -d 'Text that some trackers want in the info dict' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s t -l threads -d 'Threads that hash, at most; 0 for as many as are useful' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s w -l web-seed -d 'Web seeds (can be repeated)' -r
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l no-base -d 'Every file gets the release\'s time, whatever was packed before'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s d -l no-date -d 'Write no creation date; only --mktorrent-compat writes one'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s f -l force -d 'Overwrite the file of --output'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s p -l private -d 'Set the private flag: peers only from the tracker. rtorrent then refuses peers that are introduced to it'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s x -l cross-seed -d 'Put a random mark into the info dict, for an infohash of its own'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -l mktorrent-compat -d 'Do what mktorrent does also where that is wrong for a release: follow links, leave unreadable files out with a warning, refuse and exclude nothing by itself, write a date and no announce URL of its own'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -s V -l version -d 'Print version'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -a "show" -d 'Show what a .torrent says: name, infohash, magnet link, pieces, files'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -a "check" -d 'Hash what is on disk piece by piece and name the damaged files'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -a "diff" -d 'Compare two releases: files added, removed, changed'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -a "patch" -d 'Make what turns one release into another: some kilobytes for an ordinary update'
complete -c mkt-pack -n "__fish_mkt_pack_needs_command" -a "unpack" -d 'Unpack a payload into a new directory, or make it of another release by a patch, proving every byte'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand show" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand show" -l json -d 'One JSON document on standard output'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand show" -l reveal -d 'Show announce URLs in full, which may hold a passkey, also in the magnet link'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand show" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand check" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand check" -l json -d 'One JSON document on standard output'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand check" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand diff" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand diff" -l json -d 'One JSON document on standard output'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand diff" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand patch" -s o -l output -d 'The patch' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand patch" -l base-tree -d 'The release that is there, unpacked, where its payload is not beside its record' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand patch" -l new-tree -d 'The new release, unpacked, where its payload is not beside its record' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand patch" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand patch" -l force -d 'Overwrite it'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand patch" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand patch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand unpack" -l record -d 'Record of the release (pack.json or another stage\'s): what must come out' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand unpack" -l manifest -d 'Manifest of the release: what must come out' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand unpack" -l base -d 'Record or manifest of the release that a patch is for' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand unpack" -l base-tree -d 'That release, unpacked; it is only read' -r -F
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand unpack" -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand unpack" -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c mkt-pack -n "__fish_mkt_pack_using_subcommand unpack" -s h -l help -d 'Print help (see more with \'--help\')'
