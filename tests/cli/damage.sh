#!/bin/bash
# Damaged, partial and odd recordings: what import says of them, what replay does, what is kept.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

value() { # FILE KEY
    sed -n "s/.*[{,]\"$2\":\([^,}]*\).*/\1/p" "$1"
}

# A recording in text, with its state before.
run "$BENCH" gen memhog --mib 64 --fill-mib 20 -o a.fprt; is 0
run "$BENCH" replay a.fprt --views views --views-at 1 --events events.txt; is 0
mkdir rec
cp views/machine.state rec/state.before
mark() { # DUMP TIME
    printf '    sh-1       [000] d.... %12s: ctl_write: FS_DUMP_%s\n' "$2" "$1"
}
{
    mark "BEGIN before" 0.999000; mark "END before" 1.001000
    cat events.txt
    mark "BEGIN after" 27.100000; mark "END after" 27.200000
} >rec/trace.txt
good() { # DIR: a copy that can be spoilt
    rm -rf "$1"
    cp -r rec "$1"
}
run "$BENCH" import rec -o b.fprt --json i.json; is 0
prints "all in pairs"
[ "$(value i.json misfits)" = 0 ] || bad "something does not fit"
run "$BENCH" replay b.fprt --json r.json; is 0
[ "$(value r.json pfn_match)" = 1 ] || bad "pfn_match is $(value r.json pfn_match)"

# A part of the middle is missing.
good gap
sed 1000,1600d rec/trace.txt >gap/trace.txt
run "$BENCH" import gap -o b.fprt --json i.json; is 0
prints "allocations and frees do not fit what was before them" "MiB are in use is not known" \
    "give or take"
case $out in *"good for       everything"*) bad "it is good for everything" ;; esac
grep -q '"lacks":\["gaps"' i.json || bad "the JSON does not tell of the gap"
[ "$(value i.json misfits)" -gt 0 ] || bad "nothing is counted"

# The state of another guest, or of another time.
good foreign
sed 's/^time .*/time 77000000000/' rec/state.before >foreign/state.before
run "$BENCH" import foreign -o b.fprt --json i.json; is 0
prints "its own state.before" "good for       host memory and settings, not page frames"
grep -q '"foreign-state"' i.json || bad "the JSON does not tell of it"

# No mark of when the state was taken.
good mark
cp events.txt mark/trace.txt
run "$BENCH" import mark -o b.fprt --json i.json; is 0
prints "the mark of when state.before was taken" "good for       host memory and settings, not page"
run "$BENCH" replay mark; is 0; prints "no mark of when that was"

# What replay refuses, import refuses in the same words.
good zone
rm zone/state.before
: >zone/zoneinfo.before
head -c 8192 /dev/zero >zone/kpageflags.before
run "$BENCH" replay zone; refused "do not describe one machine"
message=${err#*: }
run "$BENCH" import zone -o x.fprt; refused "do not describe one machine"; no_file x.fprt
[ "${err#*: }" = "$message" ] || bad "replay says '$message'"
good after
: >after/state.after
run "$BENCH" import after -o b.fprt; is 0; prints "a whole state.after" "is not compared"
run "$BENCH" replay after; is 0; prints "not compared: state.after cannot be read"

# Cut short: an error, that says what could be done; then what is whole is kept.
good cut
head -c 100000 rec/trace.txt >cut/trace.txt
printf '1.5 settled\nnonsense here\n2.5 idle\n' >cut/phases.txt
cp views/machine.state cut/state.after
run "$BENCH" replay cut; refused cut/phases.txt:2 "time" "import --salvage"
run "$BENCH" import cut -o x.fprt; refused cut/phases.txt:2 "import --salvage"; no_file x.fprt
run "$BENCH" import cut -o x.fprt --salvage; is 0
case $err in
*"cut/phases.txt:2: not a time in seconds: this line is left out"*"trace.txt:"*"the trace ends here, after "*) ;;
*) bad "the losses are not told" ;;
esac
[ "$(wc -l <stderr.txt)" -eq 2 ] || bad "not one line for each loss"
run "$BENCH" replay x.fprt --json r.json; is 0
[ "$(value r.json pfn_match)" = 1 ] || bad "what is whole does not match"
[ "$(value r.json free_set_missing)" = null ] || bad "it is compared with the state after the cut"
gzip -c rec/trace.txt | head -c 10000 >cut/trace.txt.gz
rm cut/trace.txt cut/phases.txt
run "$BENCH" import cut -o x.fprt; refused "cut short" "import --salvage"
run "$BENCH" import cut -o x.fprt --salvage; is 0
run "$BENCH" replay x.fprt; is 0
run "$BENCH" import "$SOURCE/bench/data/gcc.fprt" -o x.fprt; is 0
head -c 250000 x.fprt >short.fprt
run "$BENCH" import short.fprt -o y.fprt; refused short.fprt "import --salvage"; no_file y.fprt
run "$BENCH" import short.fprt -o y.fprt --salvage; is 0
run "$BENCH" replay y.fprt --json r.json; is 0
[ "$(value r.json pfn_match)" = 1 ] || bad "what is whole does not match"
head -c 3000 /dev/urandom >random.bin
run "$BENCH" import random.bin -o x2.fprt --salvage; refused random.bin; no_file x2.fprt
case $err in *"import --salvage"*) bad "the way out is the one that was taken" ;; esac
run "$BENCH" replay "$SOURCE/bench/data/fragrand.fprt" --profile linux-5.14; refused "not what the profile has"
case $err in *"import --salvage"*) bad "--salvage does not help there" ;; esac
: >empty.txt
run "$BENCH" import empty.txt -o x2.fprt --salvage; refused empty.txt; no_file x2.fprt
for left in "${TMPDIR:-/tmp}"/fpr-salvage-*; do
    [ ! -e "$left" ] || bad "$left is left behind"
done

# Losses are told wherever a recording goes.
good lost
sed '1500i CPU:0 [LOST 41 EVENTS]' rec/trace.txt >lost/trace.txt
run "$BENCH" import lost -o l.fprt; is 0; prints "lost events    41"
run "$BENCH" replay l.fprt; is 0; prints "lost events    41"
run "$BENCH" tune l.fprt --orders 9 --budget-divisors 16 --capacities 32 --delays-ms 2000 \
    --json t.json --csv t.csv --html t.html; is 0
prints "lost events: 41"
grep -q '"lost_events":41' t.json || bad "the JSON does not tell of the loss"
grep -q '^# lost_events: 41' t.csv || bad "the CSV does not tell of the loss"
grep -q 'lost events</dt><dd>41' t.html || bad "the page does not tell of the loss"
run "$BENCH" tune l.fprt --orders 9 --budget-divisors 16 --capacities 32 --delays-ms 2000 \
    --shard 1/1 --csv s.csv; is 0
run "$BENCH" merge s.csv; is 0; prints "# lost_events: 41"

# Moments outside of the replay; options that would do nothing.
for at in 0 1000; do
    run "$BENCH" replay a.fprt --explain-at $at; refused "--explain-at: " "outside of the replay, 1.000 to 2"
    run "$BENCH" replay a.fprt --views v2 --views-at $at; refused "--views-at: " "outside of the replay"
    no_file v2
done
run "$BENCH" replay a.fprt --mode mirror --resync; refused "--resync" "mirror"
run "$BENCH" replay a.fprt --mode mirror --without pcp; refused "--without" "mirror"
run "$BENCH" replay a.fprt --mode mirror --repair on; refused "--repair" "mirror"
run "$BENCH" replay a.fprt --mode mirror --explain-at 20; is 0
prints "Reports are repeated as they were recorded (mirror mode): order 9." "they are given, not predicted"
run "$BENCH" replay a.fprt --reporting off --explain-at 20 --json -; is 0
grep -q '"gap":{"no_device":[1-9][0-9]*,"below_order":0' stdout.txt || bad "order 10 is below the order"

# A source is a recording too, and is called what it was called.
run "$BENCH" import gen:memhog,mib=64,fill-mib=20 -o g.fprt; is 0; prints "all in pairs"
run "$BENCH" replay gen:memhog,mib=64,fill-mib=20 --format perf; refused gen:memhog
case $err in *proc/self*) bad "the message names a descriptor" ;; esac

# Two CPUs' buffers, one after the other: the events are there, their order is not.
good joined
sed -n '1~2p' rec/trace.txt >joined/trace.txt
sed -n '2~2p' rec/trace.txt >>joined/trace.txt
good shuffled
grep -v FS_DUMP rec/trace.txt | awk 'NR % 2 {held = $0; next} {print; print held}' >shuffled/trace.txt
for name in joined shuffled; do
    run "$BENCH" import $name -o b.fprt --json i.json; is 0
    prints "the order of events: " "sort the lines by their time" "good for       the shape of curves"
    grep -q '"order"' i.json || bad "the JSON does not tell of the order"
done
run "$BENCH" tune joined --orders 9; is 0; prints "the order of events: "
run "$BENCH" import rec -o b.fprt --json i.json; is 0
! grep -q '"order"' i.json || bad "the order is good"
finish
