#!/bin/bash
# Sourced by tests/run and bench/run: what a bare Debian 12 lacks is installed and named.
# shellcheck disable=SC2034 # used by those that source it

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$0: $*"
    exit 1
}

# Packages that are not installed.
missing_packages() {
    local package
    for package; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
            printf '%s ' "$package"
    done
}

install_packages() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "not root and no sudo; please install: $*"
        as_root=(sudo)
    fi
    say "Installing Debian packages: $*"
    local get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
    "${get[@]}" install -y --no-install-recommends "$@" >/dev/null 2>&1 ||
        { "${get[@]}" update && "${get[@]}" install -y --no-install-recommends "$@" >/dev/null; } ||
        die "could not install: $*"
}

# Makes sure that the packages are there; without dpkg only names them.
need_packages() {
    if ! command -v dpkg-query >/dev/null; then
        say "Not a Debian system. Needed, by Debian's names: $*"
        return
    fi
    local missing
    missing=$(missing_packages "$@")
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086 # a list of words
        install_packages $missing
    fi
}

# What building everything needs. libjs-chart.js draws the reports; libtracecmd-dev reads trace.dat, with
# the two that its pkg-config file asks for and its package does not; libreadline-dev is for fpr-lab, systemtap-sdt-dev for USDT probes: both may be missing.
build_packages=(gcc libc6-dev make cmake pkg-config zlib1g-dev libzstd-dev libtracecmd-dev
    libtracefs-dev libtraceevent-dev libjson-c-dev libjs-chart.js libcmocka-dev check
    libreadline-dev systemtap-sdt-dev)

# Configures and builds a preset.
build_preset() {
    say "Building preset $1"
    cmake --preset "$1" >"$log" 2>&1 || { cat "$log" >&2; die "configuring $1 failed"; }
    cmake --build --preset "$1" --parallel "$(nproc)" >"$log" 2>&1 ||
        { grep -E 'error|warning|\*\*\*' -A4 "$log" >&2; die "building $1 failed"; }
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
