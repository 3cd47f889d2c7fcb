#!/bin/bash
# Links of the documents hold in the sources, and where `cmake --install` puts the documents.
#   links.sh SOURCE BUILD
set -euo pipefail
source=$1 build=$2
python=$(command -v python3) || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$source/tests/meta/links.py" "$source"
cmake --install "$build" --component dev --prefix "$work/tree" >"$work/log" 2>&1 || {
    tail "$work/log"
    exit 1
}
"$python" "$source/tests/meta/links.py" "$work/tree"
