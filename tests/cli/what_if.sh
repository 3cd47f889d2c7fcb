#!/bin/bash
# bench/what-if against a recording whose error is known: the replay's own curve on a clock that runs
# half as fast, 3 MiB above.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
whatif=$SOURCE/bench/what-if
export FPR_BENCH=$BENCH

cp -r "$SOURCE/tests/data/replay/warm" one
cp -r one other
run "$BENCH" replay one --csv curve.csv; is 0
read -r from middle to < <(awk -F, '!/^[#t]/ {t[n++] = $1} END {print t[0], t[int(n / 2)], t[n - 1]}' curve.csv)
# mark FACTOR: the markers, on a clock that runs so much slower
mark() {
    awk -v f="$1" 'BEGIN {print "# time name"; for (k = 1; k < ARGC; k += 2) print ARGV[k] * f + (f > 1 ? 5 : 0), ARGV[k + 1]}' \
        "$from" settled "$middle" middle "$to" idle-end
}
mark 1 >one/phases.txt
mark 2 >other/phases.txt
awk -F, 'BEGIN {print "guest_mono_s,ram_rss_kib"} !/^[#t]/ {printf "%.3f,%d\n", $1 * 2 + 4.99, $2 / 1024 + 3072}' \
    curve.csv >other/rss.csv
run "$whatif" one other; is 0
# the model is 3 MiB below what was "measured"
prints "raw         3.00 MiB" "centred     0.00 MiB"

run "$whatif" --help; is 0; prints "bench/what-if REC OTHER"
run "$whatif" one; is 2
run "$whatif" one missing; refused missing "no such folder"
run "$whatif" one other --order 9 --help; is 0; prints "bench/what-if REC OTHER"
run "$whatif" "$SOURCE/bench/data/gcc.fprt" other; refused gcc.fprt "not a folder"
FPR_BENCH=$PWD/none run "$whatif" one other; refused "$PWD/none" "FPR_BENCH"
FPR_BENCH=true run "$whatif" one other; refused "wrote no curve"
cp other/phases.txt p
echo "99 elsewhere" >>other/phases.txt
sed -i 's/idle-end/other-end/; s/elsewhere/idle-end/; s/middle/alien/' other/phases.txt
run "$whatif" one other; refused other "not of the same workload" alien
mv p other/phases.txt
rm other/phases.txt
run "$whatif" one other; refused phases.txt
grep -v settled one/phases.txt >p && mv p one/phases.txt
cp one/phases.txt other
run "$whatif" one other; refused settled
run "$whatif" one other --order 77; is 2
exit $((failures > 0))
