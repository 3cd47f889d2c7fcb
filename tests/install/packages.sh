#!/bin/bash
# Builds the Debian packages, unpacks them into an empty folder and builds against that.
#   packages.sh BUILD SOURCE
set -euo pipefail
build=$1 source=$2
# shellcheck source=tests/install/consumer.sh
. "$source/tests/install/consumer.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quiet cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/packages"
for name in libfpr-dev fpr-tools; do
    package=$(ls "$work"/packages/"$name"_*.deb)
    dpkg-deb -x "$package" "$work/root"
    [ -s "$work/root/usr/share/doc/$name/copyright" ] || {
        echo "$name has no copyright file"
        exit 1
    }
    [ "$(dpkg-deb -f "$package" Package)" = "$name" ]
done
for program in fpr-bench fpr-conform fpr-lab; do
    "$work/root/usr/bin/$program" --version
done
"$work/root/usr/share/fpr/record-guest" --help >"$work/help"
consume "$work/root/usr" "$source" "$work"
