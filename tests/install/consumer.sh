# shellcheck shell=bash
# What the installation tests share. Sourced.

# quiet COMMAND...: its output only if it fails.
quiet() {
    "$@" >"$work/quiet.log" 2>&1 || {
        echo "failed: $*"
        cat "$work/quiet.log"
        exit 1
    }
}

# says PROGRAM: it runs and says what it should.
says() {
    local out
    out=$("$1")
    [[ $out == "libfpr $version, knowledge bit "* ]] || {
        echo "$1 printed: $out"
        exit 1
    }
    echo "$(basename "$1"): $out"
}

# consume PREFIX SOURCE WORK: builds tests/install against an installed tree.
consume() {
    local prefix=$1 source=$2 work=$3 flags
    cp -r "$source/tests/install" "$work/consumer"
    quiet cmake -S "$work/consumer" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix"
    quiet cmake --build "$work/cmake"
    version=$(sed -n 's/^project(fpr VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")
    says "$work/cmake/consumer_c"
    says "$work/cmake/consumer_cpp"
    local pc
    pc=$(dirname "$(find "$prefix" -name fpr.pc)")
    flags=$(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs fprtrace fpr)
    [ "$(PKG_CONFIG_PATH=$pc pkg-config --modversion fpr)" = "$version" ]
    # shellcheck disable=SC2086 # the flags are words
    {
        quiet cc -std=c11 "$source/tests/install/main.c" -o "$work/pkgconfig_c" $flags
        quiet c++ -std=c++11 "$source/tests/install/main.cpp" -o "$work/pkgconfig_cpp" $flags
    }
    says "$work/pkgconfig_c"
    says "$work/pkgconfig_cpp"
}
