#!/bin/bash
# The sweep on the stand-in engine: order of results, files, shares, errors, Ctrl-C.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

echo "release=6.1.0-50-cloud-amd64" >"a b,c.trace"
echo "release=6.1.0-50-cloud-amd64" >b.trace
echo "bad" >bad.trace
# shellcheck disable=SC2054 # the commas are meant
grid=(--orders 0,5,9 --budget-divisors 16,0 --capacities 32 --delays-ms 2000,100)

run "$FAKE" tune "a b,c.trace" b.trace "${grid[@]}" --csv one.csv --json one.json --html one.html
is 0
prints "reporting off" "Pareto set" "Recommended: order" "page_reporting_order" "report_call_ns=5000"
[ "$(grep -vc '^#' one.csv)" -eq 25 ] || bad "the CSV has not a header and 24 rows"
[ "$(grep -c '</html>' one.html)" -eq 1 ] || bad "the page is not whole"
grep -q '\\u003c\\u0026' one.html || bad "the page's data are not escaped"
if command -v jq >/dev/null; then
    [ "$(jq '.traces[0].results | length' one.json)" -eq 12 ] || bad "not 12 results in the JSON"
    [ "$(jq '.recommended.order' one.json)" -eq 0 ] || bad "not the right recommendation"
fi
cp stdout.txt one.txt

for jobs in 1 3; do
    run "$FAKE" tune "a b,c.trace" b.trace "${grid[@]}" --jobs $jobs --csv again.csv
    cmp -s one.csv again.csv || bad "another result with $jobs jobs"
    cmp -s one.txt stdout.txt || bad "another table with $jobs jobs"
done

run "$FAKE" tune b.trace "${grid[@]}" --csv -
is 0
[ "$(head -c 12 stdout.txt)" = "# fpr-bench " ] || bad "stdout is not the CSV alone"
run "$FAKE" tune b.trace "${grid[@]}" --csv - --json -; refused "standard output"

# Shares joined are the whole, to the byte.
for format in csv json; do
    for i in 1 2 3; do
        run "$FAKE" tune "a b,c.trace" b.trace "${grid[@]}" --shard $i/3 --$format $i.$format; is 0
    done
    run "$FAKE" merge 2.$format 3.$format 1.$format; is 0
    cmp -s one.$format stdout.txt || bad "merged $format differs from that of one process"
done
run "$FAKE" merge 1.json 2.json 3.json --html merged.html --csv merged.csv; is 0
cmp -s merged.html one.html || bad "the merged page differs"
cmp -s merged.csv one.csv || bad "CSV from JSON shares differs"
cmp -s one.txt stdout.txt || bad "the merged table differs"
run "$FAKE" merge one.csv; is 0
cmp -s one.csv stdout.txt || bad "a whole sweep does not merge to itself"

run "$FAKE" merge 1.csv 2.csv; refused "share 3 of 3"
run "$FAKE" merge 1.csv 1.csv; refused 1.csv "given already"
run "$FAKE" merge 1.csv 2.json; refused 2.json format
run "$FAKE" merge 1.csv 2.csv 3.csv --html x.html; refused "--html"; no_file x.html
run "$FAKE" merge missing.csv; refused missing.csv
run "$FAKE" tune b.trace "${grid[@]}" --shard 1/3 --csv other.csv
run "$FAKE" merge other.csv 2.csv 3.csv; refused 2.csv traces
head -c 700 1.csv >cut.csv
run "$FAKE" merge cut.csv; refused cut.csv:
sed 's/,32,2000,/,32,x,/' 1.csv >field.csv
run "$FAKE" merge field.csv; refused field.csv: delay_ms
sed 's/"b.trace"/"b\\n.trace"/' 1.json >line.json
run "$FAKE" merge line.json; refused line.json: "control character"
head -c 700 1.json >cut.json
run "$FAKE" merge cut.json; refused cut.json JSON
echo '{"program":"fpr-bench tune"}' >short.json
run "$FAKE" merge short.json; refused short.json version
head -c 999 /dev/urandom >random.bin
run "$FAKE" merge random.bin; refused random.bin

# Whatever line is damaged, the answer is one line, never a crash.
lines=$(wc -l <1.csv)
for n in $(seq 1 "$lines"); do
    sed "${n}s/[=,:]/;/" 1.csv >damaged.csv
    run "$FAKE" merge damaged.csv 2.csv 3.csv
    if [ "$status" -gt 2 ] || [ "$(wc -l <stderr.txt)" -gt 1 ]; then
        bad "line $n damaged"
    fi
    [ -z "$WRAPPER" ] || break
done

# Errors of the reader and of the engine: one line, no files.
run "$FAKE" tune b.trace bad.trace "${grid[@]}" --csv x.csv --json x.json --html x.html
refused "bad.trace:3: pfn: not a number"
no_file x.csv; no_file x.json; no_file x.html
export FAKE_FAIL_ORDER=5
run "$FAKE" tune b.trace "${grid[@]}" --csv x.csv; refused b.trace order "above the recorded"
unset FAKE_FAIL_ORDER
no_file x.csv

# Ctrl-C: ends at once, says what was finished, leaves no files.
export FAKE_SLEEP_MS=150
$FAKE tune b.trace "${grid[@]}" --jobs 2 --csv x.csv --html x.html >stdout.txt 2>stderr.txt &
pid=$!
sleep 0.8
kill -INT $pid
wait $pid
status=$? out=$(cat stdout.txt) err=$(cat stderr.txt) last="interrupted tune"
is 1
case $err in
*"of 12 replays were finished"*) ;;
*) bad "does not say what was finished" ;;
esac
[ "$(wc -l <stderr.txt)" -eq 1 ] || bad "stderr is not one line: a progress bar without a terminal?"
no_file x.csv; no_file x.html
prints "reporting off" "not complete"
# What import finds a recording good for is said beside the advice, also by a merge.
event='     sh-1 [000] ..... 5.10000'
{
    echo "${event}1: mm_page_alloc: page=0 pfn=0x10 order=0 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE"
    echo "${event}2: mm_page_alloc: page=0 pfn=0x11 order=0 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE"
} >only.txt
small=(--orders 5,9 --budget-divisors 16 --capacities 32 --delays-ms 2000)
run "$BENCH" tune only.txt "${small[@]}"; is 0
prints "mm_page_free was not recorded" "good for       nothing" "Nothing is recommended"
case $out in *Recommended:* | *echo* | *Today*) bad "there is advice" ;; esac
cp only.txt early.txt
echo "${event}3: mm_page_free: page=0 pfn=0x10 order=0" >>early.txt
echo "${event/5.1/25.1}3: mm_page_free: page=0 pfn=0x10 order=0" >>only.txt
run "$BENCH" tune only.txt "${small[@]}" --csv shape.csv --json shape.json; is 0
prints "good for       the shape of curves" "only.txt is good for the shape of curves alone" "A hint:" \
    "rules of linux-6.1 (the recording names no release)"
case $out in *Recommended:* | *echo*) bad "there is firm advice" ;; esac
for format in csv json; do
    run "$BENCH" merge shape.$format; is 0
    cmp -s shape.$format stdout.txt || bad "the verdict is lost in $format"
done

# A recording that ends before passes can show anything says nothing against reporting.
run "$BENCH" tune early.txt "${small[@]}"; is 0
prints "early.txt ends too early (0.0 s; 2 MiB wait" "Nothing is recommended" "in so short a time"
case $out in *"leave reporting off"*) bad "reporting is told to be no good" ;; esac
ends=gen:memhog,mib=1024,fill-mib=700,hold-s=0,reporting=off
run "$BENCH" tune "$ends,idle-s=1" "${small[@]}"; is 0
prints "MiB wait for further passes then" "Nothing is recommended"
run "$BENCH" tune "$ends,idle-s=20" "${small[@]}"; is 0
prints "Recommended: order"
case $out in *"too early"*) bad "twenty seconds are long enough" ;; esac

# Each kernel of the recordings is told what it can set.
run "$BENCH" tune "$SOURCE/bench/data/gcc.fprt" gen:page_fault1,profile=linux-5.10,seconds=1 "${small[@]}"
is 0
prints "gcc.fprt), only the order can be set" "seconds=1), nothing can be set"
finish
