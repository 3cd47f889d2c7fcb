#!/bin/bash
# The packages of the optional libraries, as CMake names them, are installed by setup.sh and
# recommended by the Debian package.
cd "$(dirname "$0")/../.." || exit 1
failures=0
for package in $(sed -n 's/^fpr_optional_library(.*"\(.*\)")/\1/p' cmake/FprTraceLibs.cmake | tr -d ,); do
    seen=$((${seen-0} + 1))
    for file in setup.sh FprPackage.cmake; do
        grep -q "[ (\"]$package\>" "cmake/$file" || {
            echo "cmake/$file: no $package"
            failures=$((failures + 1))
        }
    done
done
# Debian's libtracecmd-dev depends on neither, and its pkg-config file needs both.
grep -q 'libtracefs-dev, libtraceevent-dev' cmake/FprTraceLibs.cmake || failures=$((failures + 1))
[ "${seen-0}" -ge 5 ] || failures=$((failures + 1))
exit "$failures"
