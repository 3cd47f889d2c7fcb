#!/bin/bash
# An example ends well and prints exactly what is expected.
#   example.sh PROGRAM EXPECTED
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# shellcheck disable=SC2086 # the wrapper is words
${WRAPPER-} "$1" >out
diff -u "$2" out
