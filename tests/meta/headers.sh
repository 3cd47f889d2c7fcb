#!/bin/bash
# Every public header compiles by itself, as C11 and as C++11, and <fpr/fpr.h> has all of libfpr.
#   headers.sh SOURCE CC [CXX]
set -eu
source=$1 cc=$2 cxx=${3-}
flags=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only -I "$source/include")
failed=0
for header in "$source"/include/fpr/*.h; do
    name=fpr/$(basename "$header")
    unit="#include <$name>
#include <$name>
int main(void) { return 0; }"
    "$cc" -std=c11 "${flags[@]}" -x c - <<<"$unit" || failed=1
    [ -z "$cxx" ] || "$cxx" -std=c++11 "${flags[@]}" -x c++ - <<<"${unit/void/}" || failed=1
done
# All together as C99 has it: nothing is there twice.
"$cc" -std=c99 -Wpedantic -Werror -fsyntax-only -I "$source/include" -x c - \
    <<<'#include <fpr/fpr.h>' || failed=1
# These belong to libfprtrace; every other header is libfpr's.
for header in "$source"/include/fpr/*.h; do
    name=$(basename "$header")
    case $name in
    fpr.h | trace.h | replay.h | import.h | sink.h) continue ;;
    esac
    grep -qx "#include <fpr/$name>" "$source/include/fpr/fpr.h" || {
        echo "include/fpr/fpr.h lacks <fpr/$name>"
        failed=1
    }
done
exit $failed
