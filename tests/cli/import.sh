#!/bin/bash
# import: what is wrong with a recording, and what that means.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

time=100000
line() {
    time=$((time + 1))
    printf '     sh-1 [%s] ..... 5.%s: %s\n' "${cpu-000}" $time "$1"
}
alloc() {
    line "mm_page_alloc: page=0 pfn=0x$1 order=0 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE"
}
free() {
    line "mm_page_free: page=0 pfn=0x$1 order=0"
}

# Every kind of mistake.
mkdir rec
{
    alloc 10; alloc 11; free 10
    free 10 # unpaired
    alloc 11 # doubled
    free 20 # from before
    echo "CPU:0 [LOST 7 EVENTS]"
    time=100003
    alloc 30 # backwards
} >rec/trace.txt
printf 'overrun: 3\ncommit overrun: 0\ndropped events: 2\n' >rec/ringbuf.stats
run "$BENCH" import rec -o a.fprt --json i.json; is 0
prints "lost events    7: the kernel's buffer overran" \
    "frees without an allocation   1, the first at record 4 (pfn 0x10)" \
    "allocations of allocated pages   1, the first at record 5 (pfn 0x11)" \
    "frees of pages from before the trace   1" "times that run backwards   1" \
    "neither state.before nor kpageflags.before" "no event of a reporting pass" \
    "good for       the shape of curves"
for pair in '"lost_events":7' '"unpaired_frees":1' '"double_allocations":1' \
    '"frees_from_before":1' '"times_backwards":1' '"start_known":false' '"good_for":"shape"'; do
    grep -q "$pair" i.json || bad "the JSON has no $pair"
done
# Of an import of the import the same is said; the losses come with it.
run "$BENCH" import a.fprt -o b.fprt; is 0
prints "lost events    7" "frees without an allocation   1"
cmp -s a.fprt b.fprt || bad "an import of an import differs"
printf 'overrun: 3\ncommit overrun: 0\ndropped events: 20\n' >rec/ringbuf.stats
run "$BENCH" import rec -o a.fprt; is 0; prints "lost events    23"

run "$BENCH" replay a.fprt --json r.json; is 0; prints "lost events    23"
grep -q '"lost_events":23' r.json || bad "the replay does not tell of the loss"

# One kind missing, several CPUs.
{ alloc 10; cpu=003 alloc 11; } >only.txt
run "$BENCH" import only.txt -o a.fprt; is 0
prints "mm_page_free was not recorded" "several CPUs" "good for       nothing" "linux-6.1 is assumed"
free 10 >only.txt
run "$BENCH" import only.txt -o a.fprt; is 0
prints "mm_page_alloc was not recorded" "good for       nothing"

# A whole recording lacks nothing.
run "$BENCH" import "$SOURCE/bench/data/gcc.fprt" -o a.fprt --json i.json; is 0
prints "what it lacks  nothing" "good for       everything" "lost events    none"
grep -q '"lacks":\[\],"good_for":"everything"' i.json || bad "the JSON says something else"
run "$BENCH" import "$SOURCE/bench/data/gcc.fprt" -o a.fprt --json -; is 0
[ "${out:0:1}" = "{" ] || bad "there is more than JSON"

# With pages that went unseen, replays can repair that or leave it alone.
run "$BENCH" gen memhog --mib 64 --fill-mib 20 -o a.fprt; is 0
run "$BENCH" replay a.fprt --without bulk --repair off --json off.json; is 0
run "$BENCH" replay a.fprt --without bulk --repair on --json on.json; is 0
for file in off.json on.json; do
    grep -q '"repaired":0,"failed":0,"frees_lost":0' $file || bad "$file: something was repaired"
done
finish
