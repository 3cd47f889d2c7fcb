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

# lint PACKAGE...: lintian finds no error and no warning.
lint() {
    # There is no address to write to. A debug build's programs are stripped by CPack, but not its
    # archives. No bug of Debian's asks for the packages, and they are for the machine that made them,
    # not for several architectures side by side.
    local known=bogus-mail-host,bogus-mail-host-in-debian-changelog,unstripped-static-library
    known+=,initial-upload-closes-no-bugs,pkg-config-unavailable-for-cross-compilation
    quiet lintian --allow-root --fail-on error,warning --suppress-tags "$known" "$@"
}
