# shellcheck shell=bash
# Programs from npm that only tests need, in a directory of their own below target/. Sourced after python.sh, whose
# environment carries Node itself: Debian's is too old for them.

# shellcheck disable=SC2034 # used by those who source this
NODE_PEERS=target/peers-node

# node_ensure PACKAGE@VERSION
node_ensure() {
    local name=${1%@*} version=${1##*@} bin=$PWD/$PYTHON_PEERS/bin
    if [[ $(jq -r .version "$NODE_PEERS/node_modules/$name/package.json" 2>/dev/null) != "$version" ]]; then
        printf 'Installing from npm, below %s: %s\n' "$NODE_PEERS" "$1"
        PATH=$bin:$PATH npm install --silent --no-audit --no-fund --prefix "$NODE_PEERS" "$1" </dev/null
    fi
}
