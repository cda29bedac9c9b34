# shellcheck shell=bash
# Debian packages: what is missing is named first, then installed. Sourced.

# packages_ensure PACKAGE...
# Packages may start services of their own (nginx, sshd on their usual ports); nothing here uses or needs those.
packages_ensure() {
    local package missing=() as_root=()
    for package in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    printf 'Installing from Debian: %s\n' "${missing[*]}"
    if ((EUID != 0)); then
        command -v sudo >/dev/null || {
            printf 'error: this needs root or sudo\nhint: as root, run: apt-get install %s\n' "${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update </dev/null
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y --no-install-recommends install "${missing[@]}" </dev/null >/dev/null
}

# What every build needs: ssh2 links libssl, zstd compiles its C sources.
# shellcheck disable=SC2034 # used by those who source this
PACKAGES_BUILD=(build-essential pkg-config libssl-dev)
# What a test fleet consists of.
# shellcheck disable=SC2034
PACKAGES_FLEET=(openssh-server openssh-client nginx-light php-fpm php-cli php-sqlite3 rsync acl)
# What a real Drupal needs beside, with a database of its own.
# shellcheck disable=SC2034
PACKAGES_DRUPAL=(mariadb-server php-mysql php-gd php-xml php-mbstring php-curl)
# And where rtorrent carries the payload.
# shellcheck disable=SC2034
PACKAGES_RTORRENT=(rtorrent)
# Networks of namespaces, for tests and benchmarks; a file system whose files can share blocks, and one of a network.
# shellcheck disable=SC2034
PACKAGES_NETWORK=(iproute2 nftables xfsprogs sshfs)

# cargo_ensure: Debian 12's own Rust is too old, and a toolchain is not ours to install.
cargo_ensure() {
    command -v cargo >/dev/null && return 0
    printf 'error: cargo is not installed\nhint: install Rust %s or newer (https://rustup.rs)\n' \
        "$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)" >&2
    return 1
}
