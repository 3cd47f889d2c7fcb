#!/bin/bash
# Every public function of the archives has a row in the tables of wrong calls
# (tests/unit/misuse_*.c), or a reason below why there is no wrong way to call it.
#   misuse.sh SOURCE READELF ARCHIVE...
set -eu
export LC_ALL=C
source=$1 readelf=$2
shift 2
declare -A harmless=(
    [fpr_version]="takes nothing"
    [fpr_mem_default]="takes nothing; what it gives is tried in misuse_names.c"
    [fpr_real_now]="takes nothing"
    [fpr_iova_guard_install]="takes nothing"
    [fpr_migratetype_name]="every number has an answer, see misuse_names.c"
    [fpr_zone_index_name]="every number has an answer, see misuse_names.c"
)
failed=0
fail() {
    echo "$*"
    failed=1
}

# Functions with default visibility are those that the headers declare with FPR_API.
functions=$(for archive; do "$readelf" -sW "$archive" 2>/dev/null; done |
    awk '$4 == "FUNC" && $5 == "GLOBAL" && $6 == "DEFAULT" && $7 != "UND" &&
         $8 ~ /^fpr_/ { print $8 }' | sort -u)
[ "$(wc -l <<<"$functions")" -gt 100 ] ||
    fail "hardly a public function in $*: are these the archives?"

# A row is REFUSED(call, ...) or IGNORED(call, ...); drawings share one table.
rows=$(cat "$source"/tests/unit/misuse_*.c | tr '\n' ' ' |
    grep -oE '(REFUSED|IGNORED|refuse_drawing)\( *fpr_[a-z0-9_]+' |
    grep -oE 'fpr_[a-z0-9_]+$' | sort -u)
reasons=$(printf '%s\n' "${!harmless[@]}" | sort)
tell() {
    while read -r function; do
        [ -z "$function" ] || fail "$function: $1"
    done
}
tell "no row in tests/unit/misuse_*.c" < <(comm -23 <(echo "$functions") <(sort -u <<<"$rows
$reasons"))
tell "rows, and a reason for having none" < <(comm -12 <(echo "$rows") <(echo "$reasons"))
tell "a reason for what is no public function" < <(comm -13 <(echo "$functions") <(echo "$reasons"))
exit $failed
