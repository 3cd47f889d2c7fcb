#!/bin/bash
# A trace is imported in constant memory: a longer one takes no more, once all buffers are in use.
#   stream.sh STREAM BENCH     2 million events against 1; FPR_STREAM_EVENTS=100000000 against 2
set -eu
stream=$1
bench=$2
events=${FPR_STREAM_EVENTS:-2000000}
allowed=2048 # KiB more: what the allocator of libc keeps
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints the peak in KiB.
peak() {
    "$stream" "$1" "$bench" import % -o "$work/out.fprt" --json "$work/out.json" >"$work/said" || {
        cat "$work/said"
        exit 1
    }
    tail -n 1 "$work/said" >&2
    sed -n '$s/.* \([0-9]*\) KiB$/\1/p' "$work/said"
}

fewer=$((events > 2000000 ? 2000000 : events / 2))
short=$(peak $fewer)
long=$(peak "$events")
[ "$long" -le $((short + allowed)) ] || {
    echo "$events events took $long KiB, $fewer of them $short KiB"
    exit 1
}
