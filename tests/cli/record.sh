#!/bin/bash
# bench/record-guest on a made-up proc and tracefs, by the shell $RECORD_SHELL (sh); its folder
# through import and replay.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
script=$SOURCE/bench/record-guest
bench=${BENCH?} wrapper=$WRAPPER
WRAPPER=
root=$work/root
tracing=$root/sys/kernel/tracing
events="kmem/mm_page_alloc kmem/mm_page_free kmem/mm_page_free_batched
    kmem/mm_page_alloc_zone_locked kmem/mm_page_pcpu_drain kmem/mm_page_alloc_extfrag
    compaction/mm_compaction_begin compaction/mm_compaction_end"
probes="process process_ret notify fold drainz balance balance_ret isol report report_ret calib"

# What a kernel of 64 MiB, one CPU, shows.
fake_kernel() {
    rm -rf "$root"
    mkdir -p "$root/proc" "$tracing/options" "$tracing/per_cpu/cpu0"
    local event all=() file
    for event in $events; do
        all+=("$tracing/events/$event")
    done
    for event in $probes; do
        all+=("$tracing/events/fpr/$event")
    done
    mkdir -p "${all[@]}"
    for event in "${all[@]}"; do
        echo 0 >"$event/enable"
    done
    echo 0 >"$tracing/tracing_on"
    echo nop >"$tracing/current_tracer"
    echo "[local] global counter mono boot" >"$tracing/trace_clock"
    echo "7 (expanded: 1408)" >"$tracing/buffer_size_kb"
    echo 1 >"$tracing/options/overwrite"
    : >"$tracing/set_event"
    : >"$tracing/trace"
    : >"$tracing/trace_marker"
    : >"$tracing/kprobe_events"
    mkfifo "$tracing/trace_pipe"
    printf 'entries: 0\noverrun: 0\ncommit overrun: 0\ndropped events: 0\n' \
        >"$tracing/per_cpu/cpu0/stats"
    echo "4.50 3.00" >"$root/proc/uptime"
    echo "quiet nokaslr" >"$root/proc/cmdline"
    echo "MemTotal:      1048576 kB" >"$root/proc/meminfo"
    for file in buddyinfo pagetypeinfo vmstat; do
        echo "$file" >"$root/proc/$file"
    done
    cp "$DATA/view/gcc.zoneinfo" "$root/proc/zoneinfo"
    head -c 2097152 /dev/zero >"$root/proc/kpageflags"
}

# Runs beside the recorder: traces while tracing is on.
trace_on() {
    local on=0 calibrates=0
    until [ "$on$calibrates" = 10 ]; do
        if [ "$calibrates" = 1 ]; then
            calibration >"$tracing/trace.new" # a reader sees all of it or nothing
            mv "$tracing/trace.new" "$tracing/trace"
        fi
        sleep 0.05
        read -r on <"$tracing/tracing_on"
        read -r calibrates <"$tracing/events/fpr/calib/enable"
    done
    if [ "$1" = buffered ]; then
        cat "$DATA/trace/gcc-cut.txt" >"$tracing/trace"
        return
    fi
    cat "$DATA/trace/gcc-cut.txt" >"$tracing/trace_pipe"
}

# Page structures from 0xffffea0140000000 on; the first pair is of two tasks.
calibration() {
    echo "   a-1 [000] ..... 1.000001: calib: (free_unref_page+0x0/0x1) page=0xffffea0140000040"
    echo "   b-2 [000] ..... 1.000002: mm_page_free: page=00000000c0ffee00 pfn=0x77 order=0"
    echo "   a-1 [000] ..... 1.000003: calib: (free_unref_page+0x0/0x1) page=0xffffea0140048d00"
    echo "   a-1 [000] ..... 1.000004: mm_page_free: page=00000000c0ffee00 pfn=0x1234 order=0"
    echo "   a-1 [000] ..... 1.000005: mm_page_free: page=00000000c0ffee00 pfn=0x1235 order=0"
    echo "   a-1 [000] ..... 1.000006: calib: (free_unref_page+0x0/0x1) page=0xffffea0140000080"
    echo "   a-1 [000] ..... 1.000007: mm_page_free: page=00000000c0ffee00 pfn=0x2 order=0"
}

# record OPTION...: by the shell at hand, with the kernel beside it.
record() {
    rm -rf rec
    local mode=streaming
    case " $* " in *" --buffered "*) mode=buffered ;; esac
    trace_on $mode &
    local kernel=$!
    # shellcheck disable=SC2086 # the shell may be two words
    run $shell "$script" --root "$root" -o rec "$@"
    kill $kernel 2>/dev/null
    wait $kernel 2>/dev/null
}

# All settings are back.
restored() {
    [ "$(cat "$tracing/tracing_on")" = 0 ] || bad "tracing is on"
    [ "$(cat "$tracing/trace_clock")" = local ] || bad "the clock is not as before"
    [ "$(cat "$tracing/buffer_size_kb")" = 7 ] || bad "the buffer is not as before"
    [ "$(cat "$tracing/options/overwrite")" = 1 ] || bad "overwrite is not as before"
    [ "$(cat "$tracing"/events/*/*/enable | sort -u)" = 0 ] || bad "an event is on"
    [ "$(grep -c '^[pr]:' "$tracing/kprobe_events")" -eq \
        "$(grep -c '^-:' "$tracing/kprobe_events")" ] || bad "a probe is left"
}

# What fpr-bench makes of it.
accepted() {
    WRAPPER=$wrapper
    run "$bench" import rec -o rec.fprt --json i.json; is 0
    grep -q '"mm_page_alloc":95' i.json || bad "95 allocations are not in it"
    grep -q '"lacks":\["state","bulk","buddy","rss"' i.json || bad "what is missing is not said"
    prints "what it lacks" "guesses"
    run "$bench" replay rec; is 0; prints "kpageflags and zoneinfo"
    run "$bench" replay rec.fprt; is 0; prints "kpageflags and zoneinfo"
    WRAPPER=
}

# The shell to run it with may be two words.
shell=${RECORD_SHELL:-sh}
command -v "${shell%% *}" >/dev/null || {
    echo "no ${shell%% *}"
    exit 77
}
fake_kernel
record -- sleep 0.3; is 0
[ -z "$out" ] || bad "something is on stdout"
for file in trace.txt.gz kpageflags.before.gz kpageflags.after.gz zoneinfo.before \
    zoneinfo.after buddyinfo.before pagetypeinfo.after vmstat.before meminfo.after phases.txt \
    ringbuf.stats uname README; do
    [ -s "rec/$file" ] || bad "there is no $file"
done
if [ -e rec/.reader ] || [ -e rec/vmemmap ]; then
    bad "there is a file too many"
fi
gzip -dc rec/trace.txt.gz | cmp -s - "$DATA/trace/gcc-cut.txt" || bad "the trace differs"
grep -qx '4.500000 workload-end' rec/phases.txt || bad "the phases are not as they should be"
# shellcheck disable=SC2016 # the kernel's arguments
grep -q 'p:fpr/report virtballoon_free_page_report nents=$arg3:u32 l0=+0($arg2):x64 n0=+12' \
    "$tracing/kprobe_events" || [ "$(uname -m)" != x86_64 ] || bad "no probe of reports"
restored
accepted

# Address randomisation: the page structures' place is found, or their addresses left alone.
fake_kernel
echo quiet >"$root/proc/cmdline"
record --no-kpageflags -- sleep 0.3; is 0
[ "$(cat rec/vmemmap)" = 0xffffea0140000000 ] || bad "vmemmap is $(cat rec/vmemmap)"
[ ! -e rec/kpageflags.before.gz ] || bad "kpageflags were read"
restored
fake_kernel
record --no-probes --buffered -b 4096 -s 1; is 0
gzip -dc rec/trace.txt.gz | cmp -s - "$DATA/trace/gcc-cut.txt" || bad "the trace differs"
restored

# Lost events are told of, and the import hears of them.
fake_kernel
printf 'overrun: 3\ncommit overrun: 0\ndropped events: 39\n' >"$tracing/per_cpu/cpu0/stats"
record -- sleep 0.3; is 1
case $err in *"42 events were lost"*) ;; *) bad "the loss is not told" ;; esac
run "$bench" import rec -o rec.fprt; is 0; prints "lost events    42"
restored

# Ctrl-C ends a recording, and what there is is kept.
fake_kernel
rm -rf rec
trace_on streaming &
# shellcheck disable=SC2086
env --default-signal=INT $shell "$script" --root "$root" -o rec >stdout.txt 2>stderr.txt &
recorder=$!
for _ in $(seq 200); do
    grep -q workload-start rec/phases.txt 2>/dev/null && break
    sleep 0.05
done
sleep 0.3
kill -INT $recorder
wait $recorder
status=$? last="Ctrl-C with $shell" err=$(cat stderr.txt)
is 0
restored
accepted

# While it is still setting up: nothing is left, and nothing changed.
fake_kernel
rm "$tracing/trace" && mkfifo "$tracing/trace" # where it will hang
rm -rf rec
# shellcheck disable=SC2086
env --default-signal=INT $shell "$script" --root "$root" -o rec >stdout.txt 2>stderr.txt &
recorder=$!
for _ in $(seq 200); do
    [ "$(cat "$tracing/options/overwrite")" = 0 ] && break
    sleep 0.05
done
kill -INT $recorder
for _ in 1 2; do timeout 5 cat "$tracing/trace" >/dev/null & sleep 0.3; done
wait $recorder
status=$? last="Ctrl-C at once with $shell"
is 1
[ ! -e rec ] || bad "the folder is left"
restored

# One clear error a problem.
rec() {
    # shellcheck disable=SC2086
    run $shell "$script" --root "$root" "$@"
    [ ! -e rec ] || [ -e keep ] || bad "a folder was made"
}
rm -rf rec
fake_kernel
rec --help; is 0; prints Usage --buffered
rec --dry-run; is 0; prints "kpageflags: yes" "mm_page_alloc"
rec; refused -o
rec --nonsense; refused --nonsense
rec -o; refused -o
rec -o rec -s 0; refused -s
rec -o rec --seconds=1x; refused --seconds 1x
rec -o rec -b 1; refused -b 64
rec -o no/such/folder; refused -o no/such
: >file
rec -o file; refused -o file
rec -o "$root"; refused -o "not empty"
echo function >"$tracing/current_tracer"
rec -o rec; refused "in use" function
rec --dry-run; is 0; prints "in use: the tracer is 'function'" "mm_page_alloc" "kpageflags: yes"
[ "$(cat "$tracing/current_tracer")" = function ] || bad "--dry-run changed the tracer"
echo nop >"$tracing/current_tracer"
echo kmem:mm_page_alloc >"$tracing/set_event"
rec -o rec; refused "in use"
rec -n; is 0; prints "in use: events are on" "probes: yes"
: >"$tracing/set_event"
rec -o rec slepe 1; refused slepe "no such command"
rec -o rec -- ./slepe; refused ./slepe "no such command"
grep -q '^\[local\]' "$tracing/trace_clock" || bad "the clock was changed"
[ ! -s "$tracing/kprobe_events" ] || bad "probes were made"
echo "[local] global" >"$tracing/trace_clock"
rec -o rec; refused mono
echo "[local] mono" >"$tracing/trace_clock"
rm -r "$tracing/events/kmem/mm_page_free"
rec -o rec; refused mm_page_free
rm -r "$tracing"
rec -o rec; refused tracefs

if command -v shellcheck >/dev/null; then
    run shellcheck -s sh "$script"; is 0
fi
finish
