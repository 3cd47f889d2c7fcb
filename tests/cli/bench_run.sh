#!/bin/bash
# bench/run: which recordings and files it takes, in a tree whose fpr-bench prints its arguments.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir -p tree/bench/data tree/cmake tree/build/release/bin else
cp "$SOURCE/bench/run" tree/bench
touch tree/bench/data/one.fprt else/my.fprt else/old.csv
cat >tree/cmake/setup.sh <<'END'
build_packages=()
say() { printf '%s\n' "$*" >&2; }
die() { say "$0: $*"; exit 1; }
need_packages() { :; }
build_preset() { :; }
END
printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >tree/build/release/bin/fpr-bench
chmod +x tree/build/release/bin/fpr-bench
job=$work/tree/bench/run
cd else || exit 1

# has and lacks look at whole lines: one is an argument
has() { grep -qxFe "$1" stdout.txt || bad "fpr-bench was not given $1"; }
lacks() { ! grep -qxFe "$1" stdout.txt || bad "fpr-bench was given $1"; }

run bash "$job"; is 0; has bench/data/one.fprt
for kind in html csv json; do has --$kind=bench/out/report.$kind; done

# Names are those of where the user is.
run bash "$job" my.fprt; is 0; has "$work/else/my.fprt"; lacks bench/data/one.fprt
# A line that makes a recording is one.
run bash "$job" gen:memhog,mib=64; is 0; has gen:memhog,mib=64; lacks bench/data/one.fprt
# Files of one's own are written, there or not.
for own in new.csv old.csv; do
    run bash "$job" --csv $own my.fprt; is 0
    has "--csv=$work/else/$own"; has "$work/else/my.fprt"
    lacks --csv=bench/out/report.csv; has --json=bench/out/report.json
    case $err in *"$work/else/$own"*) ;; *) bad "does not say what was written" ;; esac
    run bash "$job" --csv=$own; is 0; has "--csv=$work/else/$own"; has bench/data/one.fprt
done
run bash "$job" --orders 5,9 --all my.fprt; is 0; has --orders; has 5,9; has --all; has "$work/else/my.fprt"
finish
