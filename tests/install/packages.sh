#!/bin/bash
# Builds the Debian packages, unpacks them into an empty folder and builds against that; lintian, if
# it is there, finds no error and no warning.
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
    dpkg-deb -x "$package" "$work/unpacked"
    for file in copyright changelog.gz changelog.Debian.gz; do
        [ -s "$work/unpacked/usr/share/doc/$name/$file" ] || {
            echo "$name has no $file"
            exit 1
        }
    done
    [ "$(dpkg-deb -f "$package" Package)" = "$name" ]
done
for program in fpr-bench fpr-conform fpr-lab; do
    "$work/unpacked/usr/bin/$program" --version
    gzip -t "$work/unpacked/usr/share/man/man1/$program.1.gz"
done
plain=$(find "$work/unpacked/usr/share/man" -type f ! -name '*.gz')
[ -z "$plain" ] || {
    echo "not compressed: $plain"
    exit 1
}
"$work/unpacked/usr/bin/fpr-lab" -q "$work/unpacked/usr/share/fpr/lessons/1-split-and-merge.lab" >/dev/null
"$work/unpacked/usr/bin/fpr-bench" replay "$work/unpacked/usr/share/fpr/recordings/gcc.fprt" >/dev/null
if command -v lintian >/dev/null; then
    lint "$work"/packages/*.deb
fi
python3 "$source/tests/meta/links.py" "$work/unpacked/usr/share/doc" || exit 1
"$work/unpacked/usr/share/fpr/record-guest" --help >"$work/help"
consume "$work/unpacked/usr" "$source" "$work"
