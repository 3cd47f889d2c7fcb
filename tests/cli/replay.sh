#!/bin/bash
# replay on the stand-in engine: results, files, plug-ins.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

echo "release=6.1.0" >a.trace
echo "bad" >bad.trace

run "$FAKE" replay a.trace; is 0
prints "500 of 500" "host memory" "the gap" "per-cpu lists"
run "$FAKE" replay a.trace --json -; is 0
if command -v jq >/dev/null; then
    for key in events seconds free_pages_end free_set_missing free_set_extra allocs pfn_match \
        report_calls reported_bytes report_bytes_match rss_mae_mib rss_mae_centred_mib \
        host_mean_mib host_peak_mib refaults gap notifications batches batches_wrong first_miss \
        misses state_after pass_instants_within_60ms repaired failed frees_lost; do
        [ "$(jq "has(\"$key\")" stdout.txt)" = true ] || bad "no key $key"
    done
    [ "$(jq .pfn_match stdout.txt)" = 1 ] || bad "pfn_match is not 1"
    [ "$(jq .free_set_missing stdout.txt)" = null ] || bad "free_set_missing is not null"
fi
run "$FAKE" replay a.trace --csv c.csv --json c.json --html c.html --order 5 --budget-divisor 0 \
    --capacity 64 --delay-ms 100 --profile v16 --mode mirror; is 0
prints "mirror, profile v16"
[ "$(grep -vc '^#' c.csv)" -eq 401 ] || bad "the curve has not 400 points"
grep -q "</html>" c.html || bad "the page is not whole"
run "$FAKE" replay a.trace --explain-at 20; is 0; prints "because it is a test"
run "$FAKE" replay a.trace --without got,bulk --resync; is 0
run "$FAKE" replay a.trace --reporting off; is 0
run "$FAKE" replay a.trace --device "$PLUGIN"; is 0
run "$FAKE" replay a.trace --device a.trace; refused "--device"
# What differs from the recording is said and written; recorded reports say nothing of it.
run "$BENCH" replay "$SOURCE/bench/data/gcc.fprt" --order 5 --delay-ms 250 --json w.json; is 0; prints "what if "
case $out in *"not as the model's"*) bad "reports are compared with those of other reporting" ;; esac
if command -v jq >/dev/null; then
    [ "$(jq -c .settings w.json)" = '{"reporting":true,"order":5,"budget_divisor":16,"capacity":32,"delay_ms":250}' ] ||
        bad "the settings are not in the JSON: $(jq -c .settings w.json)"
    [ "$(jq -r .version w.json)" != null ] || bad "no version"
fi
run "$BENCH" replay "$SOURCE/bench/data/gcc.fprt" --json r.json; is 0; prints "not as the model's"
case $out in *"what if "*) bad "it is as recorded" ;; esac
# The room, the errors and the order wish of a device count.
gcc=$SOURCE/bench/data/gcc.fprt
for how in "" "--order 9" "--mode mirror"; do
    # shellcheck disable=SC2086 # the options are words
    run "$BENCH" replay "$gcc" $how --device "$PLUGIN,room=8"; refused device 8 32
    # shellcheck disable=SC2086
    run "$BENCH" replay "$gcc" $how --device "$PLUGIN,fail" --json f.json; is 0
    case $err in *"--device: "*" calls failed, the first with -5"*) ;; *) bad "no word of the error" ;; esac
    ! grep -q '"device_failed":0' f.json || bad "no error is counted"
done
run "$BENCH" replay "$gcc" --order 9 --capacity 8 --device "$PLUGIN,room=8" --json a.json; is 0
grep -q '"device_failed":0' a.json || bad "errors are counted"
[ -z "$err" ] || bad "there is a message"
run "$BENCH" replay "$gcc" --order 5 --device "$PLUGIN,fail" --json a.json; is 0
grep -q '"reported_bytes":0,' a.json || bad "what the device refused counts as reported"
run "$BENCH" replay "$gcc" --order 5 --json a.json
run "$BENCH" replay "$gcc" --reporting on --device "$PLUGIN,order=5" --json b.json
for key in report_calls reported_bytes; do
    [ "$(grep -o "\"$key\":[0-9]*" a.json)" = "$(grep -o "\"$key\":[0-9]*" b.json)" ] || bad "the wish has no effect"
done
run "$FAKE" replay bad.trace --json x.json; refused "bad.trace:3: pfn"; no_file x.json
if [ -c /dev/full ]; then
    run "$FAKE" replay a.trace --json /dev/full
    is 1
fi

# The CSV says as much as the JSON of how it was made, in comments of one line each.
run "$FAKE" replay a.trace --csv - --order 5 --budget-divisor 0 --capacity 64 --delay-ms 3600000; is 0
prints "# settings: reporting=on order=5 budget_divisor=0 capacity=64 delay_ms=3600000" "# lost_events: 0"
run "$FAKE" replay a.trace --csv -; is 0; prints "# settings: as recorded"
run "$BENCH" replay "$gcc" --csv - --reporting off; is 0; prints "# settings: reporting=off"
run "$BENCH" replay gen:memhog,mib=64,fill-mib=20 --csv -; is 0
prints "# trace gen:memhog,mib=64,fill-mib=20" "# command: fpr-bench gen memhog --mib=64"
odd=$(printf 'two\nlines, "odd"')
cp a.trace "$odd"
run "$FAKE" replay "$odd" --csv -; is 0; prints '# trace two lines, "odd"'
[ "$(grep -vc '^#' stdout.txt)" -eq 401 ] || bad "the name is taken for data"
run "$FAKE" replay "$odd"; is 0; prints 'recording      two lines, "odd"'

# The words are those of what was replayed.
run "$BENCH" replay "$gcc" --order 5 --delay-ms 3600000 --html on.html; is 0
prints "what if        reporting with order 5, budget 1/16, capacity 32, delay 3600000 ms, not as recorded"
grep -q "allocator with free page reporting" on.html || bad "the page does not say that reporting is on"
run "$BENCH" replay "$gcc" --reporting off --html off.html; is 0
prints "what if        reporting is off, not as recorded"
for words in "allocator without free page reporting" "Reporting is off in this replay"; do
    grep -q "$words" off.html || bad "the page does not say '$words'"
done
for words in "shorter delay" "was given back" "and then used again"; do
    ! grep -q "$words" off.html || bad "the page says '$words'"
done
finish
