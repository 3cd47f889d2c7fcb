#!/bin/bash
# A recording through a pipe is read once, and whole; what needs more than that is refused.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

run "$BENCH" gen memhog --mib 64 --fill-mib 30 -o a.fprt; is 0
run "$BENCH" replay a.fprt --events trace.txt; is 0
gzip -k trace.txt
lines=$(grep -c . trace.txt)
value() { # FILE KEY
    sed -n "s/.*[{,]\"$2\":\([^,}]*\).*/\1/p" "$1"
}
run "$BENCH" import trace.txt -o whole.fprt --json whole.json; is 0
[ "$(value whole.json lines)" = "$lines" ] || bad "the file is not read whole"
run "$BENCH" replay trace.txt --json whole-r.json; is 0

mkfifo fifo
# piped FILE COMMAND...: the file through a named pipe, whose name follows the command.
piped() {
    cat "$1" >fifo 2>/dev/null &
    run "${@:2}" fifo
    wait $!
}
for file in trace.txt trace.txt.gz; do
    piped $file "$BENCH" import -o p.fprt --json p.json; is 0
    [ "$(value p.json lines)" = "$lines" ] || bad "$(value p.json lines) lines instead of $lines"
    cmp -s whole.fprt p.fprt || bad "$file: through a pipe it became another file"
    piped $file "$BENCH" replay --json p.json; is 0
    [ "$(value p.json events)" = "$(value whole-r.json events)" ] ||
        bad "$file: $(value p.json events) events are replayed"
    run "$BENCH" import /dev/stdin -o p.fprt < <(cat $file); is 0
    cmp -s whole.fprt p.fprt || bad "$file: from standard input it became another file"
done
run "$BENCH" import --salvage fifo -o s.fprt; refused "--salvage" fifo "once"; no_file s.fprt

# A native file's state lies beside its records.
for command in "import -o n.fprt" "replay --json n.json" "tune --csv n.csv"; do
    # shellcheck disable=SC2086 # words
    piped a.fprt "$BENCH" $command; refused fifo "native" "pipe"
done
no_file n.fprt; no_file n.json; no_file n.csv

# What import would say needs another reading: tune says that it does not know, and still advises.
piped trace.txt "$BENCH" tune --orders 9 --csv p.csv --json p.json; is 0
prints "what it lacks  not known: it came through a pipe"
grep -q '"verdict":"what it lacks  not known' p.json || bad "the JSON does not say so"
! grep -q good_for p.csv || bad "a verdict out of nothing"

# A pipe that nobody writes to can be left.
for command in "replay --json n.json" "tune --csv n.csv" "import -o n.fprt"; do
    # shellcheck disable=SC2086 # words
    timeout --foreground --preserve-status -k 60 -s INT 1 $WRAPPER "$BENCH" $command fifo >stdout.txt 2>stderr.txt
    status=$? err=$(cat stderr.txt) last="$command fifo, interrupted"
    is 1
    case $err in *": interrupted: nothing was finished"*) ;; *) bad "it does not say so" ;; esac
done
no_file n.fprt; no_file n.json; no_file n.csv
finish
