#!/bin/bash
# replay --views, --events, --timeline, --usdt: any machine, at any time, in the kernel's formats.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
recording=$SOURCE/tests/data/replay/warm

run "$BENCH" replay "$recording" --views v --events e.txt --timeline t.json; is 0
prints "page frames"
grep -qE '^Node 0, zone +DMA32( +[0-9]+){11} $' v/buddyinfo || bad "buddyinfo has another form"
grep -q '^Page block order: 9$' v/pagetypeinfo || bad "pagetypeinfo has another form"
grep -qE '^Node 0, zone +DMA32( -?[0-9]\.[0-9]{3}){11} $' v/unusable_index &&
    grep -qE '^Node 0, zone +DMA32( -?[0-9]\.[0-9]{3}){11} $' v/extfrag_index ||
    bad "an index has another form"
[ "$(tail -1 v/node0-DMA32.svg)" = "</svg>" ] || bad "the drawing is not whole"

# What was written as events is read back: the same requests and reports.
run "$BENCH" replay "$recording" --json r.json; is 0
run "$BENCH" replay e.txt --json back.json; is 0
[ "$(grep -c ' mm_page_alloc: ' e.txt)" -ge 1208 ] || bad "requests are missing"
[ "$(grep -c ' report: ' e.txt)" -eq 2 ] || bad "there are not two reports"
if command -v jq >/dev/null; then
    [ "$(jq .reported_bytes r.json)" = "$(jq .reported_bytes back.json)" ] || bad "bytes differ"
    [ "$(jq '[.traceEvents[] | select(.name == "mm_page_alloc")] | length' t.json)" -eq \
        "$(grep -c ' mm_page_alloc: ' e.txt)" ] || bad "timeline and text differ"
    jq -e '[.zones[].free] | add > 0' v/machine.json >/dev/null || bad "no free pages in the JSON"
fi

# Earlier is another state, and the state's text is a machine again.
run "$BENCH" replay "$recording" --views early --views-at 34.51; is 0
cmp -s early/machine.state v/machine.state && bad "the first state is the last"
run "$BENCH" replay "$recording" --events - ; is 0
cmp -s stdout.txt e.txt || bad "events on standard output differ"

# Probes fire into nothing; their notes say what there is to hook on to.
if command -v readelf >/dev/null && readelf -n "$BENCH" | grep -q stapsdt; then
    run "$BENCH" replay "$recording" --usdt; is 0
    notes=$(readelf -n "$BENCH")
    for probe in mm_page_alloc mm_page_free mm_page_alloc_zone_locked mm_page_pcpu_drain \
        mm_page_alloc_extfrag isolate_free_page putback_isolated_page page_reporting_notify; do
        grep -q "Name: $probe\$" <<<"$notes" || bad "no probe $probe"
    done
fi

run "$BENCH" replay "$recording" --views-at 3; refused "--views-at"
run "$BENCH" replay "$recording" --views e.txt; refused e.txt "no folder"
run "$BENCH" replay "$recording" --views same --json same; refused --views --json same; no_file same
run "$BENCH" replay "$recording" --views /nowhere/v; refused /nowhere/v
run "$BENCH" replay "$recording" --events /nowhere/e; refused /nowhere
run "$BENCH" replay "$recording" --events - --timeline -; refused "--timeline"
run "$BENCH" replay missing --events x.txt; refused missing; no_file x.txt
finish
