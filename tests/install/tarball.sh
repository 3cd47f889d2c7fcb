#!/bin/bash
# The source tarball of a commit is the same bytes each time, and complete enough to configure.
#   tarball.sh SOURCE
set -euo pipefail
source=$1
git -C "$source" rev-parse HEAD >/dev/null 2>&1 || exit 77 # not a checkout: skipped
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/a" "$work/b"
a=$("$source/cmake/source-tarball" HEAD "$work/a")
sleep 1 # a time stamp of now would differ
b=$(umask 077 && "$source/cmake/source-tarball" HEAD "$work/b")
cmp "$a" "$b"
tar -tzf "$a" >"$work/list"
for file in CMakeLists.txt LICENSE README.md include/fpr/fpr.h bench/data/memhog.fprt; do
    grep -q "^libfpr-[0-9.]*/$file\$" "$work/list" || {
        echo "the tarball lacks $file"
        exit 1
    }
done
