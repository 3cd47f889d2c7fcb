#!/bin/bash
# Installs, moves the tree elsewhere, and builds against it as others would: with find_package and
# with pkg-config, in C and C++; then every example as a project of its own.
#   installed.sh BUILD SOURCE
set -euo pipefail
build=$1 source=$2
# shellcheck source=tests/install/consumer.sh
. "$source/tests/install/consumer.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --component dev --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/moved" # nothing may remember where it was
consume "$work/moved" "$source" "$work"
mkdir "$work/wrong"
cat >"$work/wrong/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.18)
project(wrong C)
find_package(fpr REQUIRED COMPONENTS bogus)
END
if cmake -S "$work/wrong" -B "$work/wrong/build" -DCMAKE_PREFIX_PATH="$work/moved" \
    >"$work/wrong.log" 2>&1 || ! grep -q "no component: bogus" "$work/wrong.log"; then
    echo "find_package does not name the component that there is none of"
    cat "$work/wrong.log"
    exit 1
fi
python3 "$source/tests/meta/links.py" "$work/moved"
for folder in "$work"/moved/share/doc/libfpr-dev/examples/*; do # as somebody finds them
    name=$(basename "$folder")
    cp -r "$folder" "$work/$name"
    quiet cmake -S "$work/$name" -B "$work/$name/build" -DCMAKE_PREFIX_PATH="$work/moved"
    quiet cmake --build "$work/$name/build"
    echo "example $name builds by itself"
    examples=$((${examples-0} + 1))
done
[ "${examples-0}" -ge "$(grep -lE '^project\(' "$source"/examples/*/CMakeLists.txt | wc -l)" ] || {
    echo "not every example is installed"
    exit 1
}
