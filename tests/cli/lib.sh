#!/bin/bash
# What the command line tests share. Sourced.
# $BENCH is fpr-bench, $FAKE the same on the stand-in engine, $WRAPPER goes before either.
set -u
failures=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# run PROGRAM ARG...: leaves $status, $out and $err.
run() {
    # shellcheck disable=SC2086 # the wrapper is words
    $WRAPPER "$@" >stdout.txt 2>stderr.txt
    status=$?
    out=$(cat stdout.txt)
    err=$(cat stderr.txt)
    last="$*"
}

bad() {
    echo "not ok: $last"
    echo "   $1"
    echo "   status $status; stdout: $(head -c 300 stdout.txt)"
    echo "   stderr: $(head -c 300 stderr.txt)"
    failures=$((failures + 1))
}

# Exit status of the last run.
is() {
    [ "$status" -eq "$1" ] || bad "status is $status, not $1"
}

# Usage errors: status 2, exactly one line on stderr that holds every argument, no output.
refused() {
    is 2
    [ "$(wc -l <stderr.txt)" -eq 1 ] || bad "stderr is not one line"
    [ -z "$out" ] || bad "something is on stdout"
    for word; do
        case $err in
        *"$word"*) ;;
        *) bad "the message does not say '$word'" ;;
        esac
    done
}

# stdout holds every argument.
prints() {
    for word; do
        case $out in
        *"$word"*) ;;
        *) bad "stdout does not say '$word'" ;;
        esac
    done
}

# No file of this name, nor a leftover of one.
no_file() {
    for file in "$1" "$1".tmp*; do
        [ ! -e "$file" ] || bad "$file is there"
    done
}

finish() {
    [ "$failures" -eq 0 ] && echo "ok"
    exit "$failures"
}
