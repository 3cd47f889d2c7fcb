#!/bin/bash
# A result never takes the place of what it is made from.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

run "$BENCH" gen memhog --mib 64 --fill-mib 20 -o g.fprt; is 0
run "$BENCH" replay g.fprt --events e.txt; is 0
mkdir fr
gzip -c e.txt >fr/trace.txt.gz
printf '7.5 idle\n' >fr/phases.txt
ln g.fprt hard.fprt
ln -s g.fprt soft.fprt
sum=$(cat g.fprt fr/* | cksum)
# kept WORD...: refused with these words, and every input is as it was.
kept() {
    refused "$@"
    [ "$(cat g.fprt fr/* | cksum)" = "$sum" ] || bad "an input was overwritten"
}
for option in --csv --json --html --events --timeline; do
    run "$BENCH" replay g.fprt $option g.fprt; kept $option g.fprt overwritten
    run "$BENCH" replay fr $option fr/phases.txt; kept $option fr/phases.txt overwritten
done
run "$BENCH" replay fr --views fr; kept --views fr overwritten
for option in --csv --json --html; do
    run "$BENCH" tune fr g.fprt --orders 9 $option ./g.fprt; kept $option g.fprt overwritten
done
for name in g.fprt hard.fprt soft.fprt; do
    run "$BENCH" import g.fprt -o $name; kept -o $name overwritten
    run "$BENCH" import g.fprt -o new.fprt --json $name; kept --json $name; no_file new.fprt
done
run "$BENCH" import fr -o fr/trace.txt.gz; kept -o fr/trace.txt.gz overwritten
run "$BENCH" import fr -o fr/new.fprt; is 0 # beside them is a place as any other
run "$FAKE" merge s1.csv s2.csv --csv s1.csv; refused s1.csv
echo "release=6.1.0" >a.trace
for i in 1 2; do
    run "$FAKE" tune a.trace --orders 5,9 --shard $i/2 --csv s$i.csv; is 0
done
cp s1.csv kept.csv
run "$FAKE" merge s1.csv s2.csv --csv s1.csv; refused --csv s1.csv overwritten
cmp -s s1.csv kept.csv || bad "the share was overwritten"
finish
