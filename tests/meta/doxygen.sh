#!/bin/bash
# No public item is undocumented: Doxygen's warnings are errors.
#   doxygen.sh SOURCE DOXYGEN
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$1"
{
    cat docs/Doxyfile
    echo "OUTPUT_DIRECTORY = $work"
} | "$2" - >"$work/log" 2>"$work/errors" || {
    cat "$work/errors"
    exit 1
}
# Grouped by noun: each header is a group with something in it.
for header in include/fpr/*.h; do
    noun=$(basename "$header" .h)
    [ "$noun" = fpr ] || [ -s "$work/html/group__$noun.html" ] || {
        echo "no group of $noun in the reference"
        exit 1
    }
done
