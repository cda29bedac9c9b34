# Where the program is or goes, and what is there; as one fact a line. Changes nothing.
# $1 the program: a path, or a name that PATH finds; without one there it goes to /usr/local/bin.
LC_ALL=C; export LC_ALL
printf 'machine %s\n' "$(uname -m)"
path=$1
case $path in
/*) ;;
*)
    path=$(command -v -- "$1")
    case $path in /*) ;; *) path=/usr/local/bin/$1 ;; esac
    ;;
esac
# What a link leads to is what runs.
[ ! -e "$path" ] || path=$(readlink -f -- "$path")
printf 'path %s\n' "$path"
folder=${path%/*}
if [ ! -d "${folder:-/}" ]; then
    echo 'folder missing'
elif [ -w "${folder:-/}" ] && [ -x "${folder:-/}" ]; then
    echo 'folder writable'
else
    echo 'folder closed'
fi
# one WORD PATH
one() {
    [ -f "$2" ] || return 0
    sum=$(sha256sum <"$2") || return 0
    may=no
    [ ! -x "$2" ] || may=yes
    printf '%s %s %s %s\n' "$1" "${sum%% *}" "$may" "$("$2" --version 2>/dev/null | head -n 1)"
}
one installed "$path"
one previous "$path.previous"
exit 0
