#!/bin/bash
# What cannot be written is found before the work where it can be, named where it cannot, and takes
# no other result with it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# failed WORD...: status 1, and stderr has one line that holds these.
failed() {
    is 1
    [ "$(wc -l <stderr.txt)" -eq 1 ] || bad "stderr is not one line"
    for word; do
        case $err in
        *"$word"*) ;;
        *) bad "the message does not say '$word'" ;;
        esac
    done
}
# whole FILE...: they are there, and nothing unfinished is.
whole() {
    for file; do
        [ -s "$file" ] || bad "$file is not there"
        rm -f "$file"
    done
    for file in *.tmp*; do
        [ ! -e "$file" ] || bad "$file is left over"
    done
}

run "$BENCH" gen memhog --mib 64 --fill-mib 20 -o g.fprt; is 0
echo "release=6.1.0" >a.trace
echo kept >old.csv

# Before the work: in /proc nobody makes files, not even root, and a name can be too long. The
# recording is none, and is not read.
long=$(printf '%0250d' 0)
echo none >none.txt
for command in replay tune; do
    for option in --csv --json --html; do
        run "$BENCH" $command none.txt $option /proc/new; refused $option /proc/new
        run "$BENCH" $command none.txt $option "$long"; refused $option "$long" "too long"
    done
done
run "$BENCH" replay none.txt --events /proc/new; refused --events /proc/new
run "$BENCH" replay none.txt --views /proc/new; refused --views /proc/new
run "$BENCH" replay none.txt --views /proc; refused --views /proc
run "$BENCH" merge none.txt --csv /proc/new; refused --csv /proc/new
run "$BENCH" import none.txt -o /proc/new; refused -o /proc/new
run "$BENCH" gen memhog -o /proc/new; refused -o /proc/new
run "$BENCH" series --svg /proc/new; refused --svg /proc/new
run "$BENCH" overcommit --csv /proc/new; refused --csv /proc/new
# Events wait in a temporary file, which is where all are.
run env TMPDIR=/proc/none "$BENCH" replay g.fprt --events e.txt; failed /proc/none; no_file e.txt
mkdir tmp
run env TMPDIR="$work/tmp" "$BENCH" replay g.fprt --events e.txt; is 0; whole e.txt
[ -z "$(ls tmp)" ] || bad "$(ls tmp) is left behind"
# What is there stays if the run comes to nothing.
run "$BENCH" tune none.txt --csv old.csv; refused none.txt
[ "$(cat old.csv)" = kept ] || bad "the old file is lost"
whole none.txt

# After it: the device is full. Its name is said, and the other results are there.
if [ -e /dev/full ]; then
    run "$BENCH" replay g.fprt --csv r.csv --json /dev/full --html r.html --timeline t.json
    failed "/dev/full: No space left"; prints "host memory"; whole r.csv r.html t.json
    run "$BENCH" replay g.fprt --events /dev/full --csv r.csv
    failed "/dev/full: No space left"; prints "host memory"; whole r.csv
    run "$FAKE" tune a.trace --orders 5,9 --csv /dev/full --json t.json --html t.html
    failed "/dev/full: No space left"; prints order; whole t.json t.html
    run "$BENCH" import g.fprt -o i.fprt --json /dev/full
    failed "/dev/full: No space left"; prints "good for"; whole i.fprt
    run "$FAKE" tune a.trace --orders 5,9 --shard 1/1 --json s.json; is 0
    run "$FAKE" merge s.json --csv /dev/full --html m.html
    failed "/dev/full: No space left"; prints order; whole m.html s.json
    # Standard output is a result as well.
    for line in "--help" "--version" "tune --help" "replay --usage" "gen --list" "gen --help" \
        "replay g.fprt" "replay g.fprt --csv -" "import g.fprt -o i.fprt"; do
        last="$line >/dev/full"
        # shellcheck disable=SC2086 # words
        $WRAPPER "$BENCH" $line >/dev/full 2>stderr.txt
        status=$? err=$(cat stderr.txt)
        : >stdout.txt
        failed "standard output: No space left"
    done
fi

# A disk that is full in mid-file, played by a limit: what was there stays.
(
    trap '' XFSZ # so that a write fails, not the program
    ulimit -f 16
    exec "$BENCH" replay g.fprt --html old.csv --csv r.csv
) 2>stderr.txt | cat >stdout.txt
status=${PIPESTATUS[0]} err=$(cat stderr.txt) out=$(cat stdout.txt) last="replay --html, limited"
failed "old.csv: File too large"; prints "host memory"; whole r.csv
[ "$(cat old.csv)" = kept ] || bad "the old file is lost"
run "$BENCH" gen memhog --mib 64 --fill-mib 40 --rounds 9 -o big.fprt; is 0
for line in "import big.fprt -o new.fprt" "gen memhog --mib 64 --fill-mib 40 --rounds 9 -o new.fprt"; do
    (
        trap '' XFSZ
        ulimit -f 8
        # shellcheck disable=SC2086 # words
        exec "$BENCH" $line
    ) >stdout.txt 2>stderr.txt
    status=$? err=$(cat stderr.txt) out=$(cat stdout.txt) last="$line, limited"
    failed "new.fprt: File too large"; no_file new.fprt
done

# Closed from the beginning: no file of ours takes the place of standard output.
for line in "replay g.fprt --csv c.csv" "tune g.fprt --orders 9 --csv c.csv" "--version"; do
    last="$line, closed"
    # shellcheck disable=SC2086 # words
    $WRAPPER "$BENCH" $line >&- 2>stderr.txt
    status=$? err=$(cat stderr.txt)
    : >stdout.txt
    failed "standard output: Bad file descriptor"
done
[ "$(grep -c "" c.csv)" -ge 10 ] || bad "the file is not written"
! grep -q 'good for\|host memory' c.csv || bad "standard output is in the file"

# A reader who has read enough: a quiet end, and the other results are there.
for line in "replay g.fprt --csv r.csv" "replay g.fprt --events - --csv r.csv" "tune g.fprt --csv r.csv" \
    "import g.fprt -o r.csv" "tune g.fprt --json - --csv r.csv" "--help"; do
    last="$line | true"
    # shellcheck disable=SC2086 # words
    { sleep 0.3; $WRAPPER "$BENCH" $line 2>stderr.txt; } | true
    status=${PIPESTATUS[0]} err=$(cat stderr.txt)
    : >stdout.txt
    is 1
    [ -z "$err" ] || bad "something is said"
    [ "$line" = --help ] || whole r.csv
done

# Another name of standard output is it: the table gives way, and the name is no file to replace.
ln -s /proc/self/fd/1 out.lnk
for command in "$BENCH replay g.fprt" "$FAKE tune a.trace --orders 5,9"; do
    # shellcheck disable=SC2086 # words
    run $command --csv - && cp stdout.txt want.csv
    # shellcheck disable=SC2086
    run $command --csv out.lnk; is 0
    cmp -s stdout.txt want.csv || bad "standard output is not the CSV alone"
    [ -L out.lnk ] || bad "the link is gone"
done
run "$BENCH" import g.fprt -o out.lnk; refused "standard output"
run "$BENCH" replay g.fprt --csv - --html out.lnk; refused "standard output is taken by --csv"
# Of a link the file is written, as of any other program.
ln -s real.csv link.csv
: >real.csv
run "$BENCH" replay g.fprt --csv link.csv; is 0
[ -L link.csv ] || bad "the link is gone"
whole real.csv
for command in "series --mib 128 --map-mib 8 --runs 1 --seconds 0.01 --only table --rows baseline" \
    "overcommit --guests 2 --mib 128 --rounds 1 --slot 0.05"; do
    # shellcheck disable=SC2086
    run "$BENCH" $command --csv -; is 0
    case $out in "#"*) ;; *) bad "the CSV is not alone" ;; esac
    ! grep -qE '^(2 guests|Guest) of ' stdout.txt || bad "the table is there as well"
done
finish
