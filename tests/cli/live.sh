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
prints '"row"' '"enabled"' '"page_fault2"' '"of_baseline"'
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
grep -q '"mean_mib"' o.json || bad "the JSON lacks the mean"
grep -q '</html>' o.html || bad "the page is not whole"
run "$BENCH" overcommit --guests 2 --mib 128 --host-mib 256; refused --host-mib
run "$BENCH" overcommit --guests 1; refused --guests
run "$BENCH" overcommit --demand 2; refused --demand

finish
