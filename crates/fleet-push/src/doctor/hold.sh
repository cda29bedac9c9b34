# Makes a file in the directory of a site that no second host of the same run can make: who finds it there sees the same
# directory under another name, be it on one server or by a network file system. The file goes when standard input ends.
# $1 deploy_to, $2 the run, $3 the host's name. Says one line.
LC_ALL=C; export LC_ALL
umask 022
file=$1/.mkt-here.$2
# What runs that were cut off have left.
find "$1/" -maxdepth 1 -type f -name '.mkt-here.*' -mmin +1440 -exec rm -f -- {} + 2>/dev/null
if [ ! -e "$file" ]; then
    # noclobber opens with O_EXCL, which network file systems keep to.
    if said=$(set -C; { : >"$file"; } 2>&1); then
        trap 'rm -f -- "$file"; exit 0' HUP INT TERM PIPE
        if said=$(printf '%s\n' "$3" 2>&1 | cat 2>&1 >>"$file") && [ -s "$file" ]; then
            echo 'here alone'
            cat >/dev/null
        else
            printf 'here refused %s\n' "$said"
        fi
        rm -f -- "$file"
        exit 0
    fi
    [ -e "$file" ] || { printf 'here refused %s\n' "$said"; exit 0; }
fi
# It may be made, and the name not yet be in it.
left=20
name=$(head -c 100 -- "$file" 2>/dev/null)
while [ -z "$name" ] && [ "$left" -gt 0 ]; do
    sleep 0.1
    left=$((left - 1))
    name=$(head -c 100 -- "$file" 2>/dev/null)
done
printf 'here also %s\n' "$name"
