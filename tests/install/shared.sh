#!/bin/bash
# The shared library: a versioned soname, only fpr_* visible, and programs that find and run it.
#   shared.sh SOURCE
set -euo pipefail
source=$1
# shellcheck source=tests/install/consumer.sh
. "$source/tests/install/consumer.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quiet cmake -S "$source" -B "$work/build" -DFPR_SHARED=ON -DFPR_TESTS=OFF -DFPR_BENCH=OFF \
    -DFPR_EXAMPLES=OFF -DCMAKE_BUILD_TYPE=Debug
quiet cmake --build "$work/build" -j2
for component in dev lib; do
    quiet cmake --install "$work/build" --component $component --prefix "$work/first"
done
mv "$work/first" "$work/moved"
lib=$(dirname "$(find "$work/moved" -name 'libfpr.so')")
version=$(sed -n 's/^project(fpr VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")
readelf -d "$lib/libfpr.so" | grep -q "SONAME.*\[libfpr\.so\.${version%.*}\]" || {
    echo "the soname is not libfpr.so.${version%.*}"
    exit 1
}
[ "$(readlink -f "$lib/libfpr.so")" = "$(readlink -f "$lib")/libfpr.so.$version" ]
alien=$(nm -D --defined-only "$lib/libfpr.so" | awk '$3 !~ /^fpr_/ { print $3 }')
[ -z "$alien" ] || {
    echo "it also defines: $alien"
    exit 1
}
# shellcheck disable=SC2046 # the flags are words
quiet cc -std=c11 "$source/examples/first/main.c" -o "$work/first" \
    $(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --cflags --libs fpr)
readelf -d "$work/first" | grep -q "NEEDED.*libfpr\.so\.${version%.*}" || {
    echo "the program was not linked with the shared library"
    exit 1
}
# Its package, and that of the headers, which depends on it.
if command -v dpkg-deb dpkg-shlibdeps >/dev/null; then
    quiet cpack -G DEB --config "$work/build/CPackConfig.cmake" -B "$work/packages"
    name=libfpr${version%.*}
    dpkg-deb -f "$work"/packages/libfpr-dev_*.deb Depends | grep -q "^$name (= $version-" || {
        echo "libfpr-dev does not depend on $name"
        exit 1
    }
    if command -v lintian >/dev/null; then
        lint "$work"/packages/libfpr*.deb
    fi
fi
LD_LIBRARY_PATH=$lib "$work/first" | diff -u "$source/examples/first/expected.txt" -
