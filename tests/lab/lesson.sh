#!/bin/bash
# A lesson prints exactly what was recorded. To record anew after a change that was looked at:
#   cd examples/lab/lessons && fpr-lab N.lab >../../../tests/data/lab/N.out
cd "$LESSONS" || exit 1
# shellcheck disable=SC2086 # the wrapper is words
$WRAPPER "$LAB" "$1.lab" </dev/null | diff -u "$DATA/$1.out" - && [ "${PIPESTATUS[0]}" -eq 0 ]
