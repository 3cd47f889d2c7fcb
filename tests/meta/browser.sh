#!/bin/bash
# In a browser 400 pixels wide nothing of a page reaches out of it.
#   browser.sh SOURCE BIN
set -euo pipefail
command -v chromium >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/browser.sh
. "$1/tests/browser.sh"
pages "$2" "$1" "$work"
status=0
for page in "$work"/*.html; do
    wider "$page" 400 || status=1
done
exit $status
