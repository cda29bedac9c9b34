# shellcheck shell=bash
# rtorrent as a service on this machine: user, directories, configuration, unit. Sourced after packages.sh and host.sh by
# setup-web-node and setup-seeder, which set SCRIPT, ROOT, RT_USER, DEPLOY_USER, ADDRESS, PEER_PORT, SITE, INCOMING and EVENT (what an event of rtorrent runs, words joined by commas).

# as_root: everything below needs it, unless only files below another root are written.
as_root() {
    ((EUID == 0)) || [[ $ROOT ]] || {
        printf 'error: %s needs root\nhint: sudo scripts/%s ...; or --root DIR only writes the files below DIR\n' \
            "$SCRIPT" "$SCRIPT" >&2
        exit 2
    }
}

# folder PATH OWNER GROUP MODE
folder() {
    mkdir -p "$ROOT$1"
    if [[ ! $ROOT ]]; then
        chown "$2:$3" "$1"
        chmod "$4" "$1"
    fi
}

# rt_service: installs, writes and starts it. Safe to run again.
rt_service() {
    local group
    if [[ ! $ROOT ]]; then
        packages_ensure rtorrent openssh-server
        id -u "$DEPLOY_USER" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$DEPLOY_USER"
        id -u "$RT_USER" >/dev/null 2>&1 ||
            useradd --system --home-dir /var/lib/site-rt --shell /usr/sbin/nologin "$RT_USER"
        group=$(id -gn "$DEPLOY_USER")
    else
        group=$DEPLOY_USER
    fi
    folder /etc/site-rt root root 0755
    folder /var/lib/site-rt "$RT_USER" "$group" 0755
    folder /var/lib/site-rt/session "$RT_USER" "$group" 0750
    # The deployment puts .torrent files in, rtorrent takes them out.
    folder /var/lib/site-rt/watch "$RT_USER" "$group" 2775
    folder /var/log/site-rt "$RT_USER" "$group" 0755
    folder "$INCOMING" "$RT_USER" "$group" 2775
    mkdir -p "$ROOT/etc/systemd/system"
    fill rtorrent.rc.in "$ROOT/etc/site-rt/rtorrent.rc" STATE=/var/lib/site-rt RPC_SOCKET=/run/site-rt/rpc.sock \
        WATCH_DIR=/var/lib/site-rt/watch LOG=/var/log/site-rt/rt.log "ADDRESS=$ADDRESS" "PEER_PORT=$PEER_PORT" \
        "INCOMING=$INCOMING" "EVENT=$EVENT" RESCAN=10 MIN_FREE=200M
    fill rtorrent.service.in "$ROOT/etc/systemd/system/site-rt.service" "SCRIPT=scripts/$SCRIPT" "SITE=$SITE" \
        "RT_USER=$RT_USER" "DEPLOY_GROUP=$group" RUNTIME=site-rt CONFIG=/etc/site-rt/rtorrent.rc \
        "WRITES=/var/lib/site-rt /var/log/site-rt $INCOMING"
    if [[ $ROOT ]]; then
        printf 'Written below %s: etc/site-rt/rtorrent.rc, etc/systemd/system/site-rt.service\n' "$ROOT"
    elif [[ -d /run/systemd/system ]]; then
        systemctl daemon-reload
        systemctl enable --now site-rt.service
        systemctl restart site-rt.service
        printf 'rtorrent runs as site-rt.service and listens on %s:%s; its socket is /run/site-rt/rpc.sock\n' \
            "$ADDRESS" "$PEER_PORT"
    else
        printf 'systemd does not run here. Start it yourself, as %s: rtorrent -n -o import=/etc/site-rt/rtorrent.rc\n' \
            "$RT_USER"
    fi
}
