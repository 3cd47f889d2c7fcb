#!/bin/bash
# Every public header compiles by itself, as C11 and as C++11.
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
exit $failed
