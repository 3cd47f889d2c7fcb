#!/bin/bash
# Recordings of workloads: predicted to the page, the same from the same line, whole or not there.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# value FILE KEY: of a JSON document on one line, without a JSON program.
value() {
    sed -n "s/.*[{,]\"$2\":\([^,}]*\).*/\1/p" "$1"
}

# predicted FILE: the model serves every request with the recorded page, and ends in its state.
predicted() {
    run "$BENCH" replay "$1" --mode predict --json r.json; is 0
    [ "$(value r.json pfn_match)" = 1 ] || bad "pfn_match is $(value r.json pfn_match)"
    [ "$(value r.json allocs)" -gt 100 ] || bad "only $(value r.json allocs) requests"
    for key in free_set_missing free_set_extra batches_wrong buddy_wrong blocks_missing \
        lists_reordered lists_differ pageblocks pcp_lists flags counters repaired failed \
        frees_lost; do
        [ "$(value r.json $key)" = 0 ] || bad "$key is $(value r.json $key)"
    done
    [ "$(value r.json passes)" = "$(value r.json passes_within_60ms)" ] || bad "passes differ"
    notified=$(value r.json notifications_recorded)
    [ "$notified" = null ] || [ "$(value r.json notifications)" = "$notified" ] ||
        bad "notifications differ"
}

run "$BENCH" gen --help; is 0; prints Usage memhog --list
run "$BENCH" gen --version; is 0; prints fpr-bench
run "$BENCH" gen --usage; is 0; prints Usage
run "$BENCH" gen --list; is 0
workloads=$(awk '{print $1}' <<<"$out")
[ "$(wc -w <<<"$workloads")" -eq 6 ] || bad "there are not six workloads"

small=(--mib 128 --idle-s 3)
declare -A less=(
    [compile]="--jobs 3 --job-mib 4 --cache-mib 8 --seconds 2 --cpus 3"
    [memhog]="--fill-mib 30 --tasks 2 --hold-s 1 --rounds 2 --pause-s 3 --thp off"
    [page_fault1]="--map-mib 8 --seconds 2 --tasks 2 --cpus 2"
    [page_fault2]="--map-mib 4 --seconds 2"
    [kv]="--set-mib 16 --cache-mib 4 --seconds 8 --snapshot-s 3 --order 0"
    [fragment]="--seconds 2 --order 3"
)
for name in $workloads; do
    # shellcheck disable=SC2206 # words
    options=("${small[@]}" ${less[$name]-})
    run "$BENCH" gen "$name" --help; is 0; prints --seed --mib --idle-s
    run "$BENCH" gen "$name" "${options[@]}" -o a.fprt; is 0
    prints "a.fprt" "the same again fpr-bench gen $name --mib=128 --seed=1"
    # shellcheck disable=SC2206 # the line that is printed, as a shell would read it
    again=(${out##*fpr-bench })
    again[${#again[@]} - 1]=b.fprt # what -o names
    run "$BENCH" "${again[@]}"; is 0
    cmp -s a.fprt b.fprt || bad "$name: the line that was printed made another file"
    run "$BENCH" gen "$name" "${options[@]}" --seed 2 -o b.fprt; is 0
    cmp -s a.fprt b.fprt && bad "$name: another seed made the same file"
    predicted a.fprt
    [ "$(value r.json batches)" -gt 0 ] || bad "nothing was reported"
    [ -z "$WRAPPER" ] || finish
done

for profile in v16 linux-5.10 linux-5.14 linux-6.12; do
    run "$BENCH" gen fragment "${small[@]}" --seconds 1 --profile $profile -o a.fprt; is 0
    predicted a.fprt
    [ "$(value r.json profile)" = "\"$profile\"" ] || bad "the profile is $(value r.json profile)"
done
run "$BENCH" gen memhog "${small[@]}" --fill-mib 50 --reporting off -o a.fprt; is 0
predicted a.fprt
[ "$(value r.json report_calls)" = 0 ] || bad "reported although it is off"

# The file says what made it, and so does an import of it; the recording is sound.
run "$BENCH" replay a.fprt; is 0; prints "made by        fpr-bench gen memhog --mib=128"
run "$BENCH" import a.fprt -o b.fprt --json i.json; is 0; prints "all in pairs" "made by"
cmp -s a.fprt b.fprt || bad "an import differs"
[ "$(value i.json unpaired_frees)" = 0 ] || bad "frees without an allocation"

# A mirror replay finds the same free set, and bulk allocations that went unseen cannot be there.
run "$BENCH" replay a.fprt --mode mirror --json m.json; is 0
[ "$(value m.json free_set_missing)$(value m.json free_set_extra)" = 00 ] || bad "the mirror differs"

# Guests one after the other, each in its own file, over the same time.
run "$BENCH" gen memhog "${small[@]}" --fill-mib 30 --guests 3 --stagger-s 4 -o g.fprt; is 0
prints g-1.fprt g-2.fprt g-3.fprt --guests=3
no_file g.fprt
for i in 1 2 3; do
    predicted g-$i.fprt
    span[i]=$(value r.json span_s)
    run "$BENCH" replay g-$i.fprt; prints "# guest $i"
done
[ "${span[1]%.*} ${span[1]%.*}" = "${span[2]%.*} ${span[3]%.*}" ] ||
    bad "the guests' times are ${span[*]}"
cmp -s g-1.fprt g-2.fprt && bad "two guests are the same"

# A source without a file gives what the file gives.
run "$BENCH" gen memhog --mib 64 --fill-mib 30 --seed 3 -o a.fprt; is 0
run "$BENCH" replay a.fprt --csv a.csv; is 0
run "$BENCH" replay gen:memhog,mib=64,fill-mib=30,seed=3 --csv b.csv; is 0
[ "$(grep -v '^# trace' a.csv)" = "$(grep -v '^# trace' b.csv)" ] || bad "the source differs"
run env TMPDIR="$work" "$BENCH" tune gen:memhog,mib=64,fill-mib=30 --orders 0,9 \
    --budget-divisors 16 --capacities 32 --delays-ms 2000
is 0
prints Recommended
for file in fpr-gen*; do
    [ ! -e "$file" ] || bad "$file is left"
done

# Wrong lines: one line that names the option, and no file.
refuse() {
    run "$BENCH" "${@:2}" -o no.fprt
    # shellcheck disable=SC2086 # words
    refused $1
    no_file no.fprt
}
run "$BENCH" gen; refused "no workload"
run "$BENCH" gen --list x; refused "--list"
run "$BENCH" gen --nonsense; refused "--nonsense"
run "$BENCH" gen memhog; refused "-o"
refuse "nonsense memhog fragment" gen nonsense
refuse "--mib 1 64" gen memhog --mib 1
refuse "--mib" gen memhog --mib 1e3
refuse "--fill-mib --mib=64 54" gen memhog --mib 64
refuse "--thp maybe off" gen memhog --thp maybe
refuse "--profile linux-6.1" gen memhog --profile linux-2.4
refuse "--seed" gen memhog --seed -1
refuse "--seed" gen memhog --seed 4294967296
refuse "--order" gen memhog --order 11
refuse "--jobs" gen memhog --jobs 3
refuse "--guests" gen memhog --guests 0
refuse "--set-mib" gen kv --set-mib 900
refuse "--cache-mib" gen compile --cache-mib 2000
refuse "--map-mib" gen page_fault2 --map-mib 500
refuse "x" gen memhog x
run "$BENCH" gen memhog -o no/such/x.fprt; refused "-o" no/such
run "$BENCH" gen memhog -o -; refused "-o" "standard output"
mkfifo pipe
run "$BENCH" gen memhog -o pipe; refused "-o" pipe
run "$BENCH" import a.fprt -o pipe; refused "-o" pipe
for source in gen: gen:nonsense gen:memhog,nonsense=1 gen:memhog,mib gen:memhog,mib=x \
    gen:memhog,mib=64 gen:memhog,guests=2 'gen:memhog,'; do
    run "$BENCH" replay "$source"; refused ""
done
run "$BENCH" tune gen:memhog,mib=x; refused "gen:memhog: mib:" "'x'"

# The line that is printed can be given to a shell, whatever the file is called.
odd=$(printf "it's a \\n\$HOME")
run "$BENCH" gen memhog --mib 64 --fill-mib 20 -o "$odd.fprt"; is 0; prints " kB"
mv "$odd.fprt" first.fprt
eval "\$BENCH ${out##*fpr-bench }" >/dev/null
cmp -s first.fprt "$odd.fprt" || bad "the line that was printed made another file, or none"

# Interrupted: nothing is left.
"$BENCH" gen page_fault1 --thp off --seconds 3600 --pause-ms 0 -o no.fprt 2>stderr.txt >stdout.txt &
sleep 1
kill -INT $!
wait $!
status=$? last="an interrupted gen"
is 1
no_file no.fprt

# A folder in the way of one of several guests; signals that end a program leave nothing.
mkdir -p way/g-2.fprt
run "$BENCH" gen memhog --mib 64 --fill-mib 20 --guests 2 -o way/g.fprt; refused way/g-2.fprt directory
[ "$(ls way)" = g-2.fprt ] || bad "something is left"
for signal in HUP QUIT PIPE; do
    rm -rf sig
    mkdir sig
    (cd sig && ulimit -c 0 && exec "$BENCH" gen memhog --mib 16384 --fill-mib 8000 --rounds 500 -o k.fprt) \
        >/dev/null 2>stderr.txt &
    pid=$!
    for _ in $(seq 100); do
        [ -z "$(ls sig)" ] || break
        sleep 0.05
    done
    kill -$signal $pid 2>/dev/null
    wait $pid
    status=$? last="gen, SIG$signal"
    [ -z "$(ls sig)" ] || bad "$(ls sig) is left"
done
finish
