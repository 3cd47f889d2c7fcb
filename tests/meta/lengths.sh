#!/bin/bash
# Files are at most 400 lines, functions at most 70 (CONTRIBUTING.md). Comments of public headers do
# not count: they are the manual. Lines of lessons are at most 78 columns: they are read on a screen of 80.
#   lengths.sh SOURCE
set -eu
cd "$1"
failed=0
files=$(find src include bench examples tests -name '*.[ch]' | sort)
# a body begins and ends with a brace in the first column
# shellcheck disable=SC2086 # a list of words
while read -r kind lines file line; do
    case $kind in
    file) [ "$lines" -le 400 ] || {
        echo "$file: $lines lines"
        failed=1
    } ;;
    body)
        echo "$file:$line: a function of $lines lines"
        failed=1
        ;;
    esac
done < <(awk '
    function done() { if (file) print "file", lines, file }
    FNR == 1 { done(); file = FILENAME; lines = begin = inside = 0 }
    /^\{$/ { begin = FNR }
    /^\}/ && begin { if (FNR - begin + 1 > 70) print "body", FNR - begin + 1, file, begin; begin = 0 }
    file ~ /^include/ && /\/\*/ { inside = 1 }
    !inside { lines++ }
    /\*\// { inside = 0 }
    END { done() }' $files)
awk 'length > 78 { print FILENAME ":" FNR ": " length " columns"; n++ } END { exit n > 0 }' \
    examples/lab/lessons/*.lab || failed=1
exit $failed
