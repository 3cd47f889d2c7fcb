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
run "$FAKE" replay bad.trace --json x.json; refused "bad.trace:3: pfn"; no_file x.json
if [ -c /dev/full ]; then
    run "$FAKE" replay a.trace --json /dev/full
    is 1
fi
finish
