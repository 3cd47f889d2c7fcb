#!/bin/bash
# Two ranks give the same bytes as one process; usage errors are said once.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
if [ -z "${MPI_BENCH-}" ] || [ -n "$WRAPPER" ]; then
    echo "not built, or under a checker that MPI does not suit"
    exit 77
fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
# Open MPI keeps much of what it takes, and its plug-ins are gone when leaks are looked for, so that
# they cannot be told from ours by name. fpr-bench shows ours.
export ASAN_OPTIONS=detect_leaks=0
data=$SOURCE/bench/data
# shellcheck disable=SC2054 # the commas are meant
grid=(--orders 0,5,9 --budget-divisors 16 --capacities 32 --delays-ms 2000)

run "$BENCH" tune "$data/gcc.fprt" "${grid[@]}" --csv one.csv --html one.html; is 0
cp stdout.txt one.txt
run "$MPIRUN" -n 2 "$MPI_BENCH" tune "$data/gcc.fprt" "${grid[@]}" --csv two.csv --html two.html
is 0
cmp -s one.csv two.csv || bad "the CSV differs"
cmp -s one.html two.html || bad "the page differs"
cmp -s one.txt stdout.txt || bad "the table differs"

run "$MPIRUN" -n 2 "$MPI_BENCH" tune x --orders y; is 2
[ "$(grep -c "fpr-bench-mpi: --orders" stderr.txt)" -eq 1 ] || bad "the error is not said once"
run "$MPIRUN" -n 2 "$MPI_BENCH" tune "$data/gcc.fprt" --shard 1/2; is 2
finish
