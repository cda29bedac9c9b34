# shellcheck shell=bash
# One server of a test fleet: sshd, nginx and php-fpm on a loopback address of its own, and rtorrent where ENGINE says so.
# Sourced after daemons.sh. The caller sets SSH_PORT, HTTP_PORT, PEER_PORT, ENGINE and AUTHORIZED_KEYS.

TEMPLATES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# fill TEMPLATE TARGET KEY=VALUE...: replaces every @KEY@.
fill() {
    local text pair template=$1 target=$2
    shift 2
    text=$(<"$TEMPLATES/$template")
    for pair in "$@"; do
        text=${text//"@${pair%%=*}@"/"${pair#*=}"}
    done
    printf '%s\n' "$text" >"$target"
}

# listens ADDRESS PORT
listens() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# program NAME: its full path; Debian keeps servers in sbin, which users do not have in PATH.
program() { PATH=$PATH:/usr/sbin:/sbin command -v "$1"; }

# php_fpm: the newest one; Debian carries the version in its name.
php_fpm() {
    local found
    found=$(compgen -G '/usr/sbin/php-fpm*' | sort -V | tail -n 1)
    [[ $found ]] && printf '%s' "$found"
}

# rtorrent_start DIR ADDRESS INCOMING: its state is DIR, its socket DIR/rpc.sock, its watch directory DIR/watch. Its events
# do nothing here: fleet-push has every host stage what it has.
rtorrent_start() {
    local dir=$1 address=$2 incoming=$3
    mkdir -p "$dir/session" "$dir/watch" "$incoming"
    fill rtorrent.rc.in "$dir/rtorrent.rc" "STATE=$dir" "RPC_SOCKET=$dir/rpc.sock" "WATCH_DIR=$dir/watch" \
        "LOG=$dir/rt.log" "ADDRESS=$address" "PEER_PORT=$PEER_PORT" "INCOMING=$incoming" EVENT=/bin/true RESCAN=1 MIN_FREE=100M
    HOME=$dir daemon_start "$dir/stdout.log" "$(program rtorrent)" -n -o "import=$dir/rtorrent.rc"
}

# sshd_start DIR ADDRESS
sshd_start() {
    local dir=$1 address=$2 pam=no
    mkdir -p "$dir/ssh"
    [[ -f $dir/ssh/host_key ]] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/ssh/host_key" </dev/null
    if ((EUID == 0)); then
        # Debian's unit makes it at boot; in a container nobody has.
        mkdir -p /run/sshd
        ! grep -q '^root:!' /etc/shadow || pam=yes
    fi
    fill sshd_config.in "$dir/ssh/sshd_config" "DIR=$dir" "ADDRESS=$address" "SSH_PORT=$SSH_PORT" \
        "AUTHORIZED_KEYS=$AUTHORIZED_KEYS" "PAM=$pam" "SFTP=Subsystem sftp internal-sftp"
    # sshd starts itself anew for every connection and insists on a full path.
    daemon_start "$dir/ssh/sshd.log" "$(program sshd)" -D -e -f "$dir/ssh/sshd_config"
}

# web_start DIR ADDRESS DEPLOY_TO DOCROOT: DOCROOT is the web root inside a release, "" or like "/web".
web_start() {
    local dir=$1 address=$2 deploy_to=$3 docroot=$4 nginx_user='' php_user='' php_args=()
    mkdir -p "$dir/web/tmp/"{body,proxy,fastcgi,uwsgi,scgi}
    if ((EUID == 0)); then
        # Both stay root: the scratch directory is open to its owner only.
        nginx_user='user root;' php_user=$'user = root\ngroup = root' php_args=(--allow-to-run-as-root)
    fi
    fill php-fpm.conf.in "$dir/web/php-fpm.conf" "DIR=$dir" "USER=$php_user"
    fill nginx.conf.in "$dir/web/nginx.conf" "DIR=$dir" "USER=$nginx_user" "ADDRESS=$address" \
        "HTTP_PORT=$HTTP_PORT" "DEPLOY_TO=$deploy_to" "DOCROOT=$docroot"
    daemon_start "$dir/web/fpm-out.log" "$(php_fpm)" --nodaemonize --fpm-config "$dir/web/php-fpm.conf" "${php_args[@]}"
    daemon_start "$dir/web/nginx-error.log" "$(program nginx)" -e "$dir/web/nginx-error.log" -p "$dir/web" \
        -c "$dir/web/nginx.conf"
}

# host_start DIR ADDRESS DOCROOT: everything of one server; deploy_to is DIR/site.
host_start() {
    local dir=$1 address=$2 docroot=$3
    mkdir -p "$dir/site/shared$docroot/sites/default/files"
    sshd_start "$dir" "$address"
    [[ $ENGINE != rtorrent ]] || rtorrent_start "$dir/rt" "$address" "$dir/site/incoming"
    web_start "$dir" "$address" "$dir/site" "$docroot"
    wait_for 10 "sshd on $address" listens "$address" "$SSH_PORT"
    [[ $ENGINE != rtorrent ]] || wait_for 10 "rtorrent's socket below $dir" test -S "$dir/rt/rpc.sock"
    wait_for 10 "php-fpm's socket below $dir" test -S "$dir/web/fpm.sock"
    wait_for 10 "nginx on $address" listens "$address" "$HTTP_PORT"
}

# known_host DIR ADDRESS: its line of known_hosts.
known_host() { printf '[%s]:%s %s\n' "$2" "$SSH_PORT" "$(cut -d' ' -f1,2 "$1/ssh/host_key.pub")"; }
