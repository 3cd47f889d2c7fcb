#!/bin/sh
# The contract of fpr-conform's command line: cli.sh PROGRAM GOLDEN_FOLDER
program=$1
golden=$2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# expect STATUS WHERE PATTERN ARGUMENT...: exit status, and a line that out or err must hold
expect() {
    status=$1 where=$2 pattern=$3
    shift 3
    "$program" "$@" >"$dir/out" 2>"$dir/err"
    got=$?
    if [ "$got" -ne "$status" ] || ! grep -q -- "$pattern" "$dir/$where"; then
        echo "fpr-conform $*: wanted status $status and '$pattern' in $where, got status $got:"
        cat "$dir/out" "$dir/err"
        failed=1
    fi
}

good=$golden/v16/report-o8.fpr.gz
gzip -dc "$good" >"$dir/plain.fpr"
head -n 100 "$dir/plain.fpr" >"$dir/cut.fpr"
head -c 3000 "$good" >"$dir/cut.fpr.gz"
sed '60s/.*/W 1/' "$dir/plain.fpr" >"$dir/unknown.fpr"

expect 0 out '^ok .*report-o8.fpr.gz$' "$good"
expect 0 out '^1 passed, 0 failed$' "$dir/plain.fpr"
expect 0 out '^1 passed, 0 failed$' --no-hash --events -v "$good"
expect 0 out '^[0-9]* passed, 0 failed$' "$golden/v16"
expect 0 out '^fpr-conform [0-9]' --version
expect 0 out 'FILE\.\.\.' --help
expect 1 out '^not ok .*cut.fpr: line 100: the file is cut short' "$dir/cut.fpr"
expect 1 out '^not ok .*cut.fpr.gz: line [0-9]*: the gzip data are cut short' "$dir/cut.fpr.gz"
expect 1 out "^not ok .*unknown.fpr: line 60: unknown record 'W 1'" "$dir/unknown.fpr"
expect 1 out '^1 passed, 2 failed$' "$dir/cut.fpr" "$good" "$dir/unknown.fpr"
expect 1 out '^not ok .*: line [0-9]*: expected .*, got ' --profile linux-5.10 "$good"
sed 's/$/\r/' "$dir/plain.fpr" >"$dir/dos.fpr"
expect 1 out '^not ok .*dos.fpr: line 1: the line ends with CR LF' "$dir/dos.fpr"
printf '# fpr-iova 1 profile merged\r\nopen v2 => 0\r\n' >"$dir/dos.iova"
expect 1 out '^not ok .*dos.iova: line 1: the line ends with CR LF' "$dir/dos.iova"
mkdir "$dir/empty"
expect 2 err 'empty: no golden files' "$good" "$dir/empty"
iova_line() { # a file with this line: NAME LINE
    printf '%s\n' '# fpr-iova 1 profile merged' 'open v2 => 0' "$2" >"$dir/$1.iova"
}
iova_line long 'map 0 0x1000 a:0 rw 32 junk => 0'
expect 1 out "^not ok .*: line 3: 'junk' is one word too many for 'map'" "$dir/long.iova"
iova_line close 'close now => 0'
expect 1 out "^not ok .*: line 3: 'now' is one word too many for 'close'" "$dir/close.iova"
iova_line short 'memlock => 0'
expect 1 out "^not ok .*: line 3: 'memlock' lacks words" "$dir/short.iova"
printf '%s\n' '# fpr-iova 1 profile merged' 'open v2 => 0' 'mapc 0x1000 0x1000 a:0 rw => 0' \
    'rdc 0x1000 8 => 0 fnv=0' 'close => 1' >"$dir/skips.iova"
expect 1 out '^not ok .*: line 5: .*expected 1, got 0 (skipped 2: mapc, rdc)$' "$dir/skips.iova"
expect 2 err 'no FILE given'
expect 2 err "nobody.fpr: No such file" "$good" "$dir/nobody.fpr"
expect 2 err "no profile is called 'v17'" --profile v17 "$good"
expect 2 err 'unrecognized option' --nonsense "$good"
exit $failed
