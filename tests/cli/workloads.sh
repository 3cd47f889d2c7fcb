#!/bin/bash
# The table of docs/workloads.md: every workload with its presets gives what stands there, so that a
# line that somebody published goes on making the same recording.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

value() {
    sed -n "s/.*[{,]\"$2\":\([^,}]*\).*/\1/p" "$1" | head -n 1
}

# shown FILE: the cells of host memory, calls and refaults.
shown() {
    printf '%.1f / %.0f, %d, %d' "$(value "$1" host_mean_mib)" "$(value "$1" host_end_mib)" \
        "$(value "$1" report_calls)" "$(value "$1" refaults)"
}

rows=0
for name in $("$BENCH" gen --list | awk '{print $1}'); do
    run "$BENCH" gen "$name" -o w.fprt; is 0
    run "$BENCH" replay w.fprt --json 9.json; is 0
    run "$BENCH" replay w.fprt --order 0 --json 0.json; is 0
    run "$BENCH" replay w.fprt --reporting off --json off.json; is 0
    [ "$(value 9.json pfn_match)" = 1 ] || bad "$name: pfn_match is $(value 9.json pfn_match)"
    off=$(shown off.json)
    row="| $name | $(printf %.0f "$(value 9.json span_s)") | $(value 9.json allocs) |"
    row+=" $(value 9.json events) | ${off%, 0, *} | $(shown 9.json) | $(shown 0.json) |"
    grep -qxF "$row" "$SOURCE/docs/workloads.md" || bad "docs/workloads.md has not: $row"
    rows=$((rows + 1))
done
[ $rows -eq 6 ] || bad "there are $rows workloads"
finish
