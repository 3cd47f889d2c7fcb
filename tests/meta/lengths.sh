#!/bin/bash
# Files are at most 400 lines, functions at most 70 (CONTRIBUTING.md). Comments of public headers do
# not count: they are the manual.
#   lengths.sh SOURCE
set -eu
cd "$1"
# Files that were longer when this began to be checked: they are to be split, and may not grow.
declare -A limit=(
    [src/report/thread.c]=420
    [tests/prop/live.c]=433
    [tests/prop/threads.c]=405
)
failed=0
while read -r file; do
    case $file in
    include/*) lines=$(sed '/\/\*/,/\*\//d' "$file" | wc -l) ;;
    *) lines=$(wc -l <"$file") ;;
    esac
    [ "$lines" -le "${limit[$file]-400}" ] || {
        echo "$file: $lines lines"
        failed=1
    }
    # a body begins and ends with a brace in the first column
    long=$(awk -v file="$file" '
        /^\{$/ { begin = NR }
        /^\}/ && begin {
            if (NR - begin + 1 > 70) print file ":" begin ": a function of " NR - begin + 1 " lines"
            begin = 0
        }' "$file")
    [ -z "$long" ] || {
        echo "$long"
        failed=1
    }
done < <(find src include bench examples tests -name '*.[ch]' | sort)
exit $failed
