#!/bin/bash
# The experiments on real memory: small, as only their working is tested, never a time.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

small=(--mib 128 --map-mib 8 --runs 1 --seconds 0.02 --delay-ms 5)

run "$BENCH" series "${small[@]}" --csv t.csv --json t.json --html t.html --curve c.csv --svg c.svg
is 0
prints "page_fault1" "page_fault2" "Baseline" "MADV_FREE" "predicted" "95 %"
grep -q '^free,page_fault2,1,1,' t.csv || bad "the CSV lacks the last row"
grep -q '^model_pass,' c.csv || bad "the curve lacks the model"
grep -q '</svg>' c.svg || bad "the picture is not whole"
grep -q '</html>' t.html || bad "the page is not whole"
# The model knows how many passes it takes.
measured=$(sed -n 's/^95 % .* after \([0-9]*\) passes.*/\1/p' stdout.txt)
predicted=$(sed -n 's/^95 % .*predicted: \([0-9]*\)).*/\1/p' stdout.txt)
[ -n "$measured" ] && [ "$measured" -gt 0 ] || bad "95 % never came back"
[ "$measured" = "$predicted" ] || bad "the model predicts $predicted passes, not $measured"

run "$BENCH" series "${small[@]}" --only table --rows baseline,enabled --tests page_fault2 --json -
is 0
prints '"row"' '"enabled"' '"page_fault2"' '"of_baseline"' '"order"' '"capacity"' \
    '"budget_divisor"' '"thp"' '"after_memhog"'

# Without the baseline nothing is a part of it.
run "$BENCH" series "${small[@]}" --only table --rows enabled --tests page_fault1
is 0
grep -q ' -$' stdout.txt || bad "a part of no baseline"
run "$BENCH" series "${small[@]}" --only table --rows enabled --tests page_fault1 --json -
prints '"of_baseline":null'

# A device that gets nothing back: its blocks are larger than the guest's.
run "$BENCH" series "${small[@]}" --only memhog --capacity 4096 --json never.json
is 0
prints "never back (predicted: never)"
case $out in *"a task"* | *" runs "*) bad "it speaks of a table that is not there" ;; esac
grep -q '"passes_to_95":null' never.json || bad "never is a number"

# Were it not refused it would take all there is: where that can be capped, it is.
cap=
(ulimit -v 8388608 && $WRAPPER "$BENCH" --version) >/dev/null 2>&1 &&
    cap="prlimit --as=8589934592 --"
WRAPPER="$cap $WRAPPER" run "$BENCH" series --mib 1048576 --only memhog
refused --mib 1048576

# One signal is acted on at once, whatever is waited for; it leaves no files.
stops() {
    timeout --foreground --preserve-status -k 60 -s INT 1 $WRAPPER "$@" --json x.json >stdout.txt 2>stderr.txt
    status=$? out=$(cat stdout.txt) err=$(cat stderr.txt) last="$*"
    is 1
    case $err in
    *"fpr-bench $2: interrupted: nothing was finished; no file was written") ;;
    *) bad "does not say what was finished" ;;
    esac
    [ -z "$out" ] || bad "a table of nothing"
    no_file x.json
}
stops "$BENCH" series --seconds 3000 --only table --mib 128 --map-mib 8
stops "$BENCH" series --only memhog --mib 128 --map-mib 8 --delay-ms 3000000
stops "$BENCH" overcommit --slot 3000 --guests 2 --mib 128 --host-mib 16
run "$BENCH" series --pairs 100 --rows enabled --mib 128 --map-mib 8 --delay-ms 0; is 0
run "$BENCH" series --rows nothing; refused --rows nothing
run "$BENCH" series --mib 1; refused --mib
run "$BENCH" series --mib 128 --map-mib 256; refused --map-mib
run "$BENCH" series --only table --svg x.svg; refused --svg
no_file x.svg
run "$BENCH" series --only memhog --csv x.csv; refused --csv
run "$BENCH" series --csv nowhere/x.csv; refused --csv nowhere

run "$BENCH" overcommit --guests 2 --mib 128 --rounds 1 --slot 0.1 --delay-ms 5 --csv o.csv \
    --json o.json --html o.html
is 0
prints "peak MiB" "off" "order 9"
grep -q '"order 10",' o.csv || bad "the CSV lacks a setting"
for key in mean_mib demand rounds delay_ms host_memory; do
    grep -q "\"$key\"" o.json || bad "the JSON lacks $key"
done
grep -q '</html>' o.html || bad "the page is not whole"
run "$BENCH" overcommit --guests 2 --mib 128 --host-mib 256; refused --host-mib
run "$BENCH" overcommit --guests 1; refused --guests
run "$BENCH" overcommit --demand 2; refused --demand


# Numbers are plain, however large.
run "$BENCH" overcommit --guests 2 --mib 128 --rounds 1 --slot 0.05 --delay-ms 3600000; is 0
prints "delay 3600000 ms"
run "$BENCH" series "${small[@]:0:6}" --seconds 0.01 --only table --rows baseline --delay-ms 3600000; is 0
prints "delay 3600000 ms"
finish
