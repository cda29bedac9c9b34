# shellcheck shell=bash
# Server processes of the demo: started in the foreground, stopped by pid. Sourced.
#
# DAEMONS is the file that lists them, "pid start-time" a line: a pid alone may by then be somebody else's.

# daemon_start LOG COMMAND...
daemon_start() {
    local log=$1 pid
    shift
    # A server must not live longer than the demo, even when that is killed; with --keep it must.
    if [[ ${DAEMONS_KEEP:-} ]]; then
        setsid "$@" </dev/null >>"$log" 2>&1 &
    else
        setpriv --pdeathsig=TERM -- "$@" </dev/null >>"$log" 2>&1 &
    fi
    pid=$!
    printf '%s %s\n' "$pid" "$(process_start "$pid")" >>"$DAEMONS"
}

# process_start PID: when it was started (clock ticks since boot, proc(5)), nothing if it is gone.
process_start() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    # The name in parentheses may hold anything: count fields behind it.
    # shellcheck disable=SC2086 # to be split
    set -- ${stat##*) }
    printf '%s' "${20}"
}

# daemons_stop: TERM, newest first, then KILL for those that are still there after five seconds.
daemons_stop() {
    local pid start left signal
    [[ -f $DAEMONS ]] || return 0
    for signal in TERM KILL; do
        for ((left = 1, tries = 0; left && tries < 50; tries++)); do
            left=0
            while read -r pid start; do
                if [[ $(process_start "$pid") == "$start" && -n $start ]] && ! is_zombie "$pid"; then
                    left=1
                    ((tries)) || kill "-$signal" "$pid" 2>/dev/null || true
                fi
            done < <(tac "$DAEMONS")
            ((left == 0)) || sleep 0.1
        done
        ((left)) || break
    done
    rm -f "$DAEMONS"
}

# is_zombie PID: ended, and only not yet waited for.
is_zombie() { [[ $(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) == Z ]]; }

# wait_for SECONDS WHAT COMMAND...: polls until the command succeeds.
wait_for() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" 2>/dev/null; do
        if ((SECONDS >= deadline)); then
            printf 'error: waited in vain for %s\n' "$what" >&2
            return 1
        fi
        sleep 0.05
    done
}
