#!/bin/bash
# The bundled recordings through the real engine, and damaged ones.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
data=$SOURCE/bench/data

# value FILE KEY: of a JSON document on one line, without a JSON program.
value() {
    sed -n "s/.*[{,]\"$2\":\([^,}]*\).*/\1/p" "$1"
}

recordings=(memhog fragrand redis-warm gcc)
[ -z "$WRAPPER" ] || recordings=(gcc)
for name in "${recordings[@]}"; do
    run "$BENCH" replay "$data/$name.fprt" --json r.json; is 0
    [ "$(value r.json pfn_match)" = 1 ] || bad "pfn_match is $(value r.json pfn_match)"
    [ "$(value r.json free_set_missing)" = 0 ] || bad "pages are missing in the final free set"
    [ "$(value r.json free_set_extra)" = 0 ] || bad "there are pages too many in the final free set"
    [ "$(value r.json batches_wrong)" = 0 ] || bad "reports differ"
    [ "$(value r.json report_bytes_match)" = 1 ] || bad "reported bytes differ"
done

# A native file imports to itself.
run "$BENCH" import "$data/gcc.fprt" -o again.fprt --json i.json; is 0
prints "all in pairs" written
[ "$(value i.json lost_events)" = 0 ] || bad "lost events"
run "$BENCH" import again.fprt -o third.fprt; is 0
cmp -s again.fprt third.fprt || bad "an import of an import differs"

# Damaged, missing and foreign input: one line, status 2, nothing left.
mkdir empty-folder
: >empty.txt
head -c 100000 "$data/gcc.fprt" >cut.fprt
head -c 5000 /dev/urandom >random.bin
{ head -c 50000 "$data/gcc.fprt"; head -c 50 /dev/zero; tail -c +50051 "$data/gcc.fprt"; } >flip.fprt
echo "     sh-1 [000] d..1. 5.000001: mm_page_alloc: page=x pfn=0xzz order=0 migratetype=1" >field.txt
for file in empty-folder empty.txt cut.fprt random.bin flip.fprt field.txt missing; do
    run "$BENCH" replay "$file" --json x.json; refused "$file"; no_file x.json
    run "$BENCH" import "$file" -o x.fprt; refused "$file"; no_file x.fprt
    run "$BENCH" tune "$file" --csv x.csv; refused "$file"; no_file x.csv
    [ -z "$WRAPPER" ] || break
done

# Shares on the real engine.
grid=(--orders 0-9 --budget-divisors 16 --capacities 32 --delays-ms 2000)
[ -z "$WRAPPER" ] || finish
# This kernel has orders up to 10.
run "$BENCH" replay "$data/gcc.fprt" --order 11 --json x.json; refused order 10; no_file x.json
run "$BENCH" tune "$data/gcc.fprt" --orders 10,12 --csv x.csv; refused order 10; no_file x.csv

run "$BENCH" tune "$data/gcc.fprt" "${grid[@]}" --json one.json --html one.html; is 0
prints "Recommended" page_reporting_order
for i in 1 2; do
    run "$BENCH" tune "$data/gcc.fprt" "${grid[@]}" --jobs $i --shard $i/2 --json $i.json; is 0
done
run "$BENCH" merge 1.json 2.json --html merged.html --json merged.json; is 0
cmp -s one.json merged.json || bad "merged JSON differs"
cmp -s one.html merged.html || bad "the merged page differs"

# A repair that was wrong about a page is taken back when the kernel is heard to have it free: else
# single lost pages keep whole blocks from being reported.
run "$BENCH" replay "$data/fragrand.fprt" --without bulk --resync --json r.json; is 0
error=$(value r.json rss_mae_mib)
[ "${error%%.*}" -lt 2 ] || bad "host memory is $error MiB wrong"
finish
