#!/bin/bash
# The README's example is the one that is compiled, and it does what one expects.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2016 # the backticks are meant
sed -n '/^```c$/,/^```$/p' "$SOURCE/README.md" | sed '1d;$d' >readme.c
cmp -s readme.c "$SOURCE/examples/first/main.c" || {
    last="README.md" status=1 && bad "its example is not examples/first/main.c"
}
run "$EXAMPLE"; is 0
prints " 2 s:  256 MiB reported" "10 s: 1024 MiB reported"
finish
