#!/bin/bash
# Documents, manual pages and comments of the public headers are spelt right. Names of things are in
# tests/meta/words, one a line, sorted; what is code, has a digit or an underscore, or is written in
# capitals is not looked at.
#   spelling.sh SOURCE
set -euo pipefail
cd "$1"
export LC_ALL=C.UTF-8
dictionaries=$(hunspell -D </dev/null 2>&1) || true # which fails where there is no American one
grep -q en_GB <<<"$dictionaries" || exit 77

document() { # Markdown without code, comments and addresses
    sed -e '/^ *```/,/^ *```$/d' -e 's/`[^`]*`//g' -e 's/<!--.*-->//g' -e 's/](.[^)]*)/]/g' \
        -e 's|https*://[^ )]*||g' "$1"
}
manual() { # mdoc: lines of text, and what follows the macros of plain words
    sed -nE -e '/^\.\\"/d' -e 's/^\.(Nd|Sh|Ss|It|Pq|Dq) //p' -e '/^\./!p' "$1" |
        sed -E -e 's/\\[(][a-z]{2}|\\&//g' -e 's/\b(Fl|Fn|Ar|Ev|Dv|Er|Nm|Xr|Pa|Cm) [^ ]+//g'
}
header() { # comments, without names of functions, parameters and files
    sed -n '/\/\*/,/\*\//p' "$1" | grep -oE '(/\*+|^ \*).*' |
        sed -E -e 's/@(param|file) [^ ]+//g' -e 's/@[a-z]+//g' -e 's/`[^`]*`//g' -e "s/'[^' ]+'//g" \
            -e 's/[a-z0-9_]+\(\)//g' -e 's/"[^"]*"//g'
}
# words FILE COMMAND: its unknown words
unknown() {
    "$2" "$1" | tr -s '[:space:]/,;:()[]{}<>|*=+"' '\n' |
        grep -vE '[0-9_\\&%$@#^~…·]|^[-.–]|[[:upper:]]{2}|^[a-z]+\.[a-z]+|--' |
        sed -E "s/[.!?]+$//; s/'s$//" | hunspell -d en_GB -l -p "$PWD/tests/meta/words" | sort -u
}
failed=0
check() {
    local wrong
    wrong=$(unknown "$1" "$2")
    [ -z "$wrong" ] || {
        echo "$1:" $wrong
        failed=1
    }
}
for file in README.md CONTRIBUTING.md CHANGELOG.md docs/*.md bench/README.md; do check "$file" document; done
for file in docs/man/*.[17]; do check "$file" manual; done
for file in include/fpr/*.h; do check "$file" header; done
LC_ALL=C sort -c tests/meta/words || failed=1
exit $failed
