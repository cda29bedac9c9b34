# What a push needs to know of a host, as one fact a line; it changes nothing.
# $1 deploy_to, $2 swap-release.
LC_ALL=C; export LC_ALL
printf 'clock '; date +%s.%N
# The space is that of the nearest directory that exists.
d=$1; while [ ! -e "$d" ] && [ "$d" != / ]; do d=${d%/*}; d=${d:-/}; done
printf 'place %s\n' "$d"
if [ -d "$d" ] && [ -w "$d" ] && [ -x "$d" ]; then echo 'writable yes'; else echo 'writable no'; fi
printf 'space '; df -Pk -- "$d" | tail -n 1
printf 'inodes '; df -Pi -- "$d" 2>/dev/null | tail -n 1; echo
printf 'longest %s %s\n' "$(getconf NAME_MAX "$d" 2>/dev/null)" "$(getconf PATH_MAX "$d" 2>/dev/null)"
[ -d "$1/.swap" ] && echo 'site yes'
if v=$("$2" --version 2>&1); then
    printf 'version %s\n' "$v" | head -n 1
else
    printf 'missing %s\n' "$v" | tail -n 1
    # Why: is it there, may it be run, on what file system, for which machine.
    p=$2
    case $p in
    */*) ;;
    *)
        IFS=:
        for d in $PATH; do [ -f "$d/$p" ] && { p=$d/$p; break; }; done
        unset IFS
        ;;
    esac
    printf 'machine %s\n' "$(uname -m)"
    if [ -e "$p" ]; then
        printf 'program %s %s\n' "$(stat -L -c %a -- "$p")" "$p"
        printf 'header %s\n' "$(od -An -v -tx1 -N20 -- "$p" 2>/dev/null | tr -d ' \n')"
        findmnt -n -o OPTIONS -T "$p" 2>/dev/null | tr ',' '\n' | grep -qx noexec &&
            printf 'noexec %s\n' "$(findmnt -n -o TARGET -T "$p")"
        [ "$(getenforce 2>/dev/null)" != Enforcing ] || echo 'enforcing'
    else
        while [ ! -e "$p" ] && [ -n "$p" ]; do case $p in */*) p=${p%/*} ;; *) p= ;; esac; done
        [ -d "$p" ] && [ ! -x "$p" ] && printf 'shut %s\n' "$p"
    fi
fi
# Whether the account could put a copy where the program is, or where one goes that is nowhere.
p=$(command -v -- "$2")
case $p in
/*) ;;
*) case $2 in */*) p=$2 ;; *) p=/usr/local/bin/$2 ;; esac ;;
esac
[ ! -e "$p" ] || p=$(readlink -f -- "$p")
p=${p%/*}
[ ! -d "${p:-/}" ] || { [ -w "${p:-/}" ] && [ -x "${p:-/}" ]; } || echo 'closed'
exit 0
