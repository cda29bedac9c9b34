# What fleet-push doctor looks at on a host, as one fact a line; it changes nothing.
# $1 deploy_to, $2 RPC socket or nothing, $3 watch directory or nothing, then the shared paths.
LC_ALL=C; export LC_ALL
base=$1; socket=$2; watch=$3; shift 3
printf 'account %s %s %s\n' "$(id -u)" "$(id -un)" "$(id -gn)"
printf 'umask %s\n' "$(umask)"

# part NAME PATH
part() {
    if [ -d "$2" ]; then
        may=no
        [ -w "$2" ] && [ -x "$2" ] && may=yes
        printf 'part %s %s %s %s\n' "$1" "$may" "$(stat -L -c '%d %u %U' -- "$2")" \
            "$(findmnt -n -o OPTIONS -T "$2" 2>/dev/null)"
    elif [ -e "$2" ] || [ -L "$2" ]; then
        printf 'part %s other\n' "$1"
    else
        printf 'part %s missing\n' "$1"
    fi
}
part deploy_to "$base"
for name in releases shared incoming .swap; do part "$name" "$base/$name"; done
[ -z "$watch" ] || part watch "$watch"

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

number=0
for path; do
    kind=missing
    if [ -d "$base/shared/$path" ]; then kind=directory
    elif [ -f "$base/shared/$path" ]; then kind=file
    elif [ -e "$base/shared/$path" ]; then kind=other
    fi
    printf 'shared %s %s\n' "$number" "$kind"
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

# Whom web servers run as.
for file in /proc/[0-9]*/comm; do
    read -r name 2>/dev/null <"$file" || continue
    case $name in
    php-fpm* | nginx | apache2 | httpd)
        user=$(stat -c %U "${file%/comm}" 2>/dev/null) || continue
        [ "$user" = root ] || printf 'web %s %s %s\n' "$user" "$(id -u "$user")" "$(id -G "$user")"
        ;;
    esac
done | sort -u

# Every directory on the way to a release.
path=$base/releases
[ -d "$path" ] || path=$base
path=$(readlink -f -- "$path") && while :; do
    stat -c 'way %a %u %g %n' -- "$path"
    [ "$path" != / ] || break
    path=${path%/*}
    path=${path:-/}
done
exit 0
