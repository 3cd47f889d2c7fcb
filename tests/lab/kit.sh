# What the shell tests of fpr-lab share: a folder to work in, running a script, looking at what it said.
# shellcheck shell=bash
failures=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# lab STATUS SCRIPT [ARG...]: the script comes on stdin; leaves out.txt and err.txt
lab() {
    local want=$1 script=$2
    shift 2
    last="$script $*"
    # shellcheck disable=SC2086 # the wrapper is words
    printf '%b' "$script" | $WRAPPER "$LAB" "$@" >out.txt 2>err.txt
    local status=$?
    [ "$status" -eq "$want" ] || bad "status is $status, not $want"
}

bad() {
    echo "not ok: $last: $1"
    head -5 out.txt err.txt
    failures=$((failures + 1))
}

# stderr is one line that holds this
says() {
    [ "$(wc -l <err.txt)" -eq 1 ] || bad "stderr is not one line"
    grep -qF -- "$1" err.txt || bad "stderr does not say '$1'"
}

prints() {
    grep -qF -- "$1" out.txt || bad "stdout does not say '$1'"
}

prints_not() {
    grep -qF -- "$1" out.txt && bad "stdout says '$1'"
}

finish() {
    [ "$failures" -eq 0 ] && echo ok
    exit "$failures"
}
