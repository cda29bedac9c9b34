complete -c fleet-push -l fleet -d 'Inventory' -r -F
complete -c fleet-push -l records -d 'Folder of records' -r -F
complete -c fleet-push -l only -d 'Host of the inventory, instead of all (can be repeated)' -r
complete -c fleet-push -l identity -d 'Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE' -r -F
complete -c fleet-push -l known-hosts -d 'Host keys that are trusted' -r -F
complete -c fleet-push -l parallel -d 'Hosts connected to at the same time; of those with rtorrent, also hosts at work' -r
complete -c fleet-push -l timeout -d 'Longest time for the whole push' -r
complete -c fleet-push -l stall-timeout -d 'A host that gets no new byte for so long has failed' -r
complete -c fleet-push -l payload -d 'Payload to seed from here, for a tree layout: the site; an archive is taken from the folder of records' -r -F
complete -c fleet-push -l allow-peer -d 'Client of another kind that takes part: embedded peers dial it, and it may come in (can be repeated)' -r
complete -c fleet-push -l grace -d 'If this program dies, servers that are not done go on for as long as they get something, and those that are done stay for so long to help them' -r
complete -c fleet-push -l junit -d 'JUnit XML with one case a host [default: push.junit.xml in the folder of records]' -r -F
complete -c fleet-push -l color -d 'Colour of messages: auto looks whether standard error is a terminal' -r -f -a "auto\t'If standard error is a terminal and NO_COLOR is not set'
always\t'Always, e.g. for Jenkins\' ansiColor'
never\t'Never'"
complete -c fleet-push -s v -l verbose -d 'Say more (can be repeated: -vv shows every step)'
complete -c fleet-push -s h -l help -d 'Print help (see more with \'--help\')'
complete -c fleet-push -s V -l version -d 'Print version'
