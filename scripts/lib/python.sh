# shellcheck shell=bash
# Python packages that only tests and benchmarks need, in an environment of their own below target/. Sourced, from the
# root of the repository, after packages.sh has installed Debian's python3-venv.

# shellcheck disable=SC2034 # used by those who source this
PYTHON_PEERS=target/peers-python

# python_ensure PACKAGE==VERSION...
python_ensure() {
    local package missing=()
    # Debian's own interpreter: there are wheels for it, and another one on the PATH may go away.
    [[ -x $PYTHON_PEERS/bin/python ]] || /usr/bin/python3 -m venv "$PYTHON_PEERS"
    for package in "$@"; do
        "$PYTHON_PEERS/bin/python" - "$package" 2>/dev/null <<'PYTHON' || missing+=("$package")
import importlib.metadata, sys
name, version = sys.argv[1].split("==")
sys.exit(importlib.metadata.version(name) != version)
PYTHON
    done
    ((${#missing[@]})) || return 0
    printf 'Installing for Python, below %s: %s\n' "$PYTHON_PEERS" "${missing[*]}"
    "$PYTHON_PEERS/bin/python" -m pip --quiet --disable-pip-version-check install "${missing[@]}"
}
