#!/bin/bash
# Help, versions and refusals.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

run "$BENCH" --help; is 0; prints Usage tune replay import gen merge micro
run "$BENCH" --version; is 0; prints "fpr-bench"
run "$BENCH"; refused "no command"
run "$BENCH" nonsense; refused nonsense
for command in tune replay import gen merge micro; do
    run "$BENCH" $command --help; is 0; prints Usage
    run "$BENCH" $command --version; is 0; prints fpr-bench
    run "$BENCH" $command --usage; is 0; prints Usage
    run "$BENCH" $command --no-such-option; refused "--no-such-option"
done

for command in tune replay import; do
    run "$BENCH" $command; refused "no recording"
    run "$BENCH" $command "$work/missing" -o x.fprt 2>/dev/null
    [ "$status" -eq 2 ] || bad "a missing recording is not refused"
done
run "$BENCH" merge; refused "no shares"
run "$BENCH" replay a b; refused b

run "$BENCH" replay x --order 14; refused "--order" 14
run "$BENCH" replay x --order -1; refused "--order"
run "$BENCH" replay x --order; refused "--order"
run "$BENCH" replay x --capacity 0; refused "--capacity" 0
run "$BENCH" replay x --capacity 1e3; refused "--capacity" 1e3
run "$BENCH" replay x --budget-divisor abc; refused "--budget-divisor" abc
run "$BENCH" replay x --delay-ms 99999999999999999999; refused "--delay-ms"
run "$BENCH" replay x --profile linux-2.4; refused "--profile" linux-2.4 linux-6.1
run "$BENCH" replay x --mode guess; refused "--mode" guess predict
run "$BENCH" replay x --without got,nonsense; refused "--without" nonsense bulk
run "$BENCH" replay x --without ""; refused "--without"
run "$BENCH" replay x --patch-level P5; refused "--patch-level" P5
run "$BENCH" replay x --explain-at soon; refused "--explain-at" soon
run "$BENCH" replay x --cost fault_ns; refused "--cost" fault_ns
run "$BENCH" replay x --cost nothing=3; refused "--cost" nothing report_call_ns
run "$BENCH" replay x --cost fault_ns=x; refused "--cost"
run "$BENCH" replay x --repair maybe; refused "--repair" maybe
run "$BENCH" replay x --backing 8k; refused "--backing" 8k
run "$BENCH" replay x --format elf; refused "--format" elf
run "$BENCH" replay x --json no/such/folder/x.json; refused "--json" no/such/folder
run "$BENCH" replay x --csv .; refused "--csv"
run "$BENCH" replay x --device ./none.so; refused "--device" none.so
run "$BENCH" replay x --resync=1; refused "--resync"
# A sweep's settings are never as recorded.
run "$BENCH" tune x --resync; refused "--resync"
run "$BENCH" tune --help; case $out in *resync*) bad "tune still offers it" ;; esac

run "$BENCH" replay -x there; refused "-x: unknown option"
for knob in --order=9 --delay-ms=500 --capacity=3 --budget-divisor=0 --patch-level=P7; do
    run "$BENCH" replay x --reporting off $knob; refused "${knob%=*}: does nothing with --reporting off"
done
run "$BENCH" replay x --patch-level P4 --budget-divisor 16; refused "--budget-divisor" "P4"

run "$BENCH" tune x --orders 9-0; refused "--orders" 9-0
run "$BENCH" tune x --orders 0,14; refused "--orders"
run "$BENCH" tune x --budget-divisors ,; refused "--budget-divisors"
run "$BENCH" tune x --capacities 0; refused "--capacities"
run "$BENCH" tune x --delays-ms 1s; refused "--delays-ms" 1s
run "$BENCH" tune x --jobs 0; refused "--jobs"
run "$BENCH" tune x --gib-per-cpu -1; refused "--gib-per-cpu"
for shard in 0/2 3/2 1 1/0 a/b 1/2x -1/2; do
    run "$BENCH" tune x --shard $shard; refused "--shard" "$shard"
done
touch there
run "$BENCH" tune there there; refused twice
ln -s there too
run "$BENCH" tune there ./too; refused "./too: the recording is given twice"

run "$BENCH" import there; refused "-o"
run "$BENCH" micro --only nonsense; refused "--only" nonsense mixed
run "$BENCH" micro --frames 3; refused "--frames"
run "$BENCH" micro --ops x; refused "--ops"

# One place cannot take two results.
for command in replay tune; do
    run "$BENCH" $command there --json - --csv -; refused "--json" "standard output is taken by --csv"
    run "$BENCH" $command there --html=a --csv=./a; refused "--html" "is taken by --csv"
done
run "$BENCH" replay there --events=a --timeline=a; refused "is taken by --events"
run "$BENCH" merge there --html=a --csv=a; refused "is taken by --csv"
run "$BENCH" import there -o a --json a; refused "is taken by -o"
run "$BENCH" series --curve a --svg a; refused "is taken by"
run "$BENCH" overcommit --json a --csv a; refused "is taken by --csv"
run "$BENCH" overcommit --guests=64 --mib=1048576; refused "--mib" "64 guests of 1048576 MiB"
for command in replay import tune merge; do
    run "$BENCH" $command --usage; is 0
    [ "$(grep -o 'RECORDING\|FILE\.\.\.' stdout.txt | sort | uniq -d | wc -l)" -eq 0 ] ||
        bad "the usage says twice what it takes"
done

# Of two values one would be lost without a word; but some options add to what there is.
for command in replay tune merge series overcommit; do
    run "$BENCH" $command there --csv a --csv b; refused "--csv: given twice"
    run "$BENCH" $command there --html=a --htm b; refused "--html: given twice"
done
for line in "replay x --order 9 --order 5" "replay x --mode mirror --mode predict" "replay x --events a --events b" \
    "tune x --orders 9 --jobs 2 --orders 5" "import x -o a --output b" "import x -oa -o b" "series --rows free --rows enabled" \
    "gen kv --mib 64 --mib 128 -o x" "gen kv -o x -o x" "micro --ops 5 --ops 6"; do
    # shellcheck disable=SC2086 # words
    run "$BENCH" $line; refused "given twice"
done
run "$BENCH" import x -o a --output b; refused "-o: given twice"
run "$BENCH" replay x --csv --csv -- x; refused "x" # the second is the first's value
run "$BENCH" replay x -- --csv a; refused "--csv"
: >empty.txt
run "$BENCH" replay empty.txt --cost fault_ns=1 --cost fault_ns=2 --without pcp --without bulk --resync --resync
refused "empty.txt: the file is empty"

# What was meant.
run "$BENCH" replya; refused "replya" "did you mean 'replay'?"
run "$BENCH" replay x --htlm a; refused "--htlm: unknown option" "did you mean 'html'?"
run "$BENCH" replay x --mode miror; refused "mirror, predict" "did you mean 'mirror'?"
run "$BENCH" gen memhgo; refused memhgo compile "did you mean 'memhog'?"
run "$BENCH" replay gen:memhgo; refused "gen:" "'memhgo'" compile "did you mean 'memhog'?"
run "$BENCH" replay gen:; refused "gen:" compile
run "$BENCH" tune gen:memhog,sed=1; refused "gen:memhog:" "'sed'" "fill-mib" "did you mean 'seed'?"
case $err in *guests*) bad "it offers what a source cannot have" ;; esac
run "$BENCH" replay gen:kv,nonsense=1; refused "gen:kv:" "'nonsense'" "mib" "seed"
run "$BENCH" replay gen:memhog,mib; refused "gen:memhog:" "'mib' is not NAME=VALUE"
run "$BENCH" replay gen:memhog,mib=x; refused "gen:memhog: mib:" "'x'" 65536
run "$BENCH" replay gen:memhog,profile=linux-6; refused "gen:memhog: profile:" "linux-6.1"
run "$BENCH" replay gen:memhog,mib=64,mib=128; refused "gen:memhog: mib: given twice"
run "$BENCH" replay gen:memhog,mib=64,fill-mib=64; refused "gen:memhog: fill-mib:" "mib=64"
run "$BENCH" gen memhog --mib 64 --fill-mib 64 -o x; refused "--fill-mib:" "--mib=64"

# Numbers are decimal, and ranges plain.
for number in 0x10 1,5 inf nan " 1" +1 1e10; do
    run "$BENCH" replay x --explain-at "$number"; refused "--explain-at: '$number'" "from 0 to 1000000000"
done
# Ranges are said where an option has one.
run "$BENCH" overcommit --help; is 0
prints "2 to 64" "128 to 1048576" "1 to 1000" "0.05 to 3600" "0.01 to 1" "0 to 3600000"
run "$BENCH" series --help; is 0; prints "1 to 101" "1 to 1024" "0.01 to 3600" "0 to 10"
run "$BENCH" tune --help; is 0; prints "0 to 13" "1 to 65536" "1 to 1024"
finish
