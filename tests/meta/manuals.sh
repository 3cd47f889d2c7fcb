#!/bin/bash
# Manual pages are lint-clean, each public function is on one with what it returns, and each option
# that a program's --help names is on the program's page.
#   manuals.sh SOURCE MANDOC PYTHON [PROGRAM...]
set -euo pipefail
source=$1 mandoc=$2 python=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
"$python" "$source/docs/man/generate" "$source" "$work/man3"
pages=("$source"/docs/man/*.[17])
for page in "$work"/man3/*.3; do
    grep -q '^\.so ' "$page" || pages+=("$page")
done
"$mandoc" -T lint -W warning "${pages[@]}" || failed=1

cat "$source"/include/fpr/*.h | grep -oE '^FPR_API [^(]*\bfpr_[a-z0-9_]+ *\(' |
    grep -oE 'fpr_[a-z0-9_]+ *\($' | tr -d ' (' | sort -u >"$work/functions"
[ "$(wc -l <"$work/functions")" -gt 200 ] || {
    echo "only $(wc -l <"$work/functions") public functions found: is the pattern right?"
    failed=1
}
while read -r name; do
    grep -qx "\.It Fn $name" "$work"/man3/*.3 || {
        echo "$name is on no manual page"
        failed=1
    }
    [ -s "$work/man3/$name.3" ] || {
        echo "man $name finds nothing"
        failed=1
    }
done <"$work/functions"

for program; do
    page=$source/docs/man/$(basename "$program").1
    helps=("$("$program" --help)")
    for command in $(sed -n 's/^  \([a-z]*\)  *.*/\1/p' <<<"${helps[0]}"); do
        helps+=("$("$program" "$command" --help 2>/dev/null)") || true
    done
    if workloads=$("$program" gen --list 2>/dev/null); then
        for workload in $(awk '{print $1}' <<<"$workloads"); do
            helps+=("$("$program" gen "$workload" --help)")
        done
    fi
    while read -r option; do
        grep -qE -- "Fl (Fl )?-?${option#--}\b" "$page" || {
            echo "$(basename "$page"): no word on $option"
            failed=1
        }
    done < <(printf '%s\n' "${helps[@]}" | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' |
        sort -u | grep -vE -- '--(help|usage|version)$')
done
exit $failed
