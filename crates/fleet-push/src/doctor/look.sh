# What fleet-push doctor looks at on a host, as one fact a line; it changes nothing.
# $1 deploy_to, $2 RPC socket or nothing, $3 watch directory or nothing, then the shared paths.
LC_ALL=C; export LC_ALL
base=$1; socket=$2; watch=$3; shift 3
me=$(id -u)
printf 'account %s %s %s\n' "$me" "$(id -un)" "$(id -gn)"
printf 'umask %s\n' "$(umask)"

# part NAME PATH
part() {
    if [ -d "$2" ]; then
        may=no
        [ -w "$2" ] && [ -x "$2" ] && may=yes
        printf 'part %s %s %s %s\n' "$1" "$may" "$(stat -L -c '%d %u %U' -- "$2")" \
            "$(findmnt -n -o OPTIONS -T "$2" 2>/dev/null)"
        flags=$(lsattr -d -- "$2" 2>/dev/null)
        case ${flags%% *} in *[ia]*) printf 'fixed %s\n' "$1" ;; esac
    elif [ -e "$2" ] || [ -L "$2" ]; then
        printf 'part %s other\n' "$1"
    else
        printf 'part %s missing\n' "$1"
    fi
}
part deploy_to "$base"
for name in releases shared incoming .swap; do part "$name" "$base/$name"; done
[ -z "$watch" ] || part watch "$watch"

# rights WORDS PATH: mode, owner, group, access list.
rights() {
    list=-
    case $(ls -ldL -- "$2" 2>/dev/null) in
    ??????????+*)
        list=$(getfacl -nacp -- "$2" 2>/dev/null | sed 's/[[:space:]]*#.*//; /^$/d' | tr '\n' ',')
        list=${list:-?}
        ;;
    esac
    numbers=$(stat -L -c '%a %u %g' -- "$2" 2>/dev/null) && printf '%s %s %s %s\n' "$1" "$numbers" "${list%,}" "$2"
}

if [ -L "$base/current" ]; then
    there=no
    [ -d "$base/current/" ] && there=yes
    printf 'current link %s %s\n' "$there" "$(readlink -- "$base/current")"
elif [ -d "$base/current" ]; then
    echo 'current directory'
elif [ -e "$base/current" ]; then
    echo 'current file'
else
    echo 'current none'
fi

# What swap-release has to write and may not, counted, with the first of them.
closed() {
    sed 10000q | {
        read -r first || exit 0
        printf 'closed %s %s %s %s\n' "$1" "$((1 + $(wc -l)))" "$(stat -c %U -- "$base/$first")" "$base/$first"
    }
}
if [ "$me" != 0 ] && cd -- "$base" 2>/dev/null; then
    # A release on its way out has the modes that it had.
    find .swap -path .swap/trash -prune -o \( -type d ! -writable -o ! -type l ! -user "$me" ! -writable \) -print \
        2>/dev/null | closed state
    find releases -maxdepth 1 -name '.staging-*' ! -user "$me" 2>/dev/null | closed staging
    find releases -mindepth 1 -maxdepth 1 ! -name '.*' ! -user "$me" ! -writable 2>/dev/null | closed releases
    find incoming -mindepth 1 -maxdepth 1 ! -user "$me" ! -writable 2>/dev/null | closed incoming
    cd / || exit 0
fi

# Whom web servers run as: front for what answers visitors, php for what runs the site, both for Apache, pool for a php-fpm
# whose workers come when they are needed.
web() {
    for dir in /proc/[0-9]*; do
        read -r name 2>/dev/null <"$dir/comm" || continue
        title=$(tr '\0' ' ' 2>/dev/null <"$dir/cmdline")
        case $name in
        php-fpm*)
            case $title in
            'php-fpm: pool'*) kind=php ;;
            *) kind=master ;;
            esac
            ;;
        php-cgi* | lsphp* | frankenphp) kind=php ;;
        nginx)
            case $title in
            *'worker process'*) kind=front ;;
            *) continue ;;
            esac
            ;;
        caddy | lighttpd | h2o) kind=front ;;
        apache2 | httpd | litespeed) kind=both ;;
        *) continue ;;
        esac
        awk -v kind="$kind" '/^Uid:/ { uid = $3 } /^Gid:/ { gid = $3 } /^Groups:/ { $1 = ""; groups = $0 }
            END { if (uid != 0 || kind == "php" || kind == "front" || kind == "master") print kind, uid, gid, gid groups }' \
            "$dir/status" 2>/dev/null
    done | sort -u
}
name_of() { getent "$1" "$2" 2>/dev/null | sed 's/:.*//; q'; }
found=$(web)
printf '%s\n' "$found" | while read -r kind uid gid groups; do
    case $kind in '' | master) continue ;; esac
    user=$(name_of passwd "$uid"); group=$(name_of group "$gid")
    printf 'web %s %s %s %s %s\n' "${user:-$uid}" "$uid" "$kind" "${group:-$gid}" "$groups"
done
case $found in
*php\ *) ;;
*master*)
    cat /etc/php/*/fpm/pool.d/*.conf /etc/php-fpm.d/*.conf 2>/dev/null |
        sed -n 's/^[[:space:]]*user[[:space:]]*=[[:space:]]*\([A-Za-z0-9._-]*\).*/\1/p' | sort -u |
        while read -r user; do
            [ "$user" != root ] && uid=$(id -u "$user" 2>/dev/null) || continue
            printf 'web %s %s pool %s %s\n' "$user" "$uid" "$(id -gn "$user")" "$(id -G "$user")"
        done
    ;;
esac

number=0
for path; do
    place=$base/shared/$path
    kind=missing
    if [ -d "$place" ]; then kind=directory
    elif [ -f "$place" ]; then kind=file
    elif [ -e "$place" ]; then kind=other
    elif [ -L "$place" ]; then kind="dangling $(readlink -m -- "$place")"
    fi
    printf 'shared %s %s\n' "$number" "$kind"
    case $kind in
    directory)
        # Also what was made in it by somebody else, as drush does for root.
        find "$place/" -maxdepth 2 -type d 2>/dev/null | sed 's,\([^/]\)/$,\1,; 200q' |
            while read -r dir; do rights "dir $number" "$dir"; done
        # Root can try it.
        [ "$me" != 0 ] || printf '%s\n' "$found" | while read -r kind uid gid groups; do
            case $kind in php | both) ;; *) continue ;; esac
            may=no
            setpriv --reuid "$uid" --regid "$gid" --groups "$(echo "$groups" | tr ' ' ,)" -- test -w "$place" -a -x "$place" \
                2>/dev/null && may=yes
            printf 'tried %s %s %s\n' "$number" "$uid" "$may"
        done
        ;;
    missing)
        above=$place
        while [ ! -d "$above" ] && [ "$above" != "$base" ] && [ -n "$above" ]; do above=${above%/*}; done
        printf 'above %s %s\n' "$number" "$above"
        ;;
    esac
    number=$((number + 1))
done

if [ -n "$socket" ]; then
    if [ -S "$socket" ]; then
        may=no
        [ -w "$socket" ] && may=yes
        printf 'socket %s %s\n' "$may" "$(stat -c %U -- "$socket")"
    elif [ -e "$socket" ]; then
        echo 'socket other'
    else
        echo 'socket missing'
    fi
fi

# Listening sockets, proc(5): the state is 0A.
awk '$4 == "0A" { print "listen " $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null

# Every directory on the way to a release, and to what is shared.
up() {
    path=$(readlink -f -- "$1") && while :; do
        rights way "$path"
        [ "$path" != / ] || break
        path=${path%/*}
        path=${path:-/}
    done
}
{
    if [ -d "$base/releases" ]; then up "$base/releases"; else up "$base"; fi
    for path; do [ ! -e "$base/shared/$path" ] || up "$(dirname -- "$base/shared/$path")"; done
} | awk '!seen[$0]++'
exit 0
