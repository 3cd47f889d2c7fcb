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
