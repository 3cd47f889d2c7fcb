#!/bin/bash
# The archives define no global symbol but fpr_*, so that linking them never clashes.
#   symbols.sh NM ARCHIVE...
set -eu
nm=$1
shift
failed=0
for archive; do
    # Compilers' own (sanitizers, coverage) begin with two underscores, that of probes with one.
    alien=$("$nm" -g --defined-only "$archive" 2>/dev/null |
        awk 'NF == 3 && $3 !~ /^fpr_/ && $3 !~ /^__/ && $3 != "_.stapsdt.base" { print $3 }')
    [ -z "$alien" ] || {
        echo "$archive defines:"
        echo "$alien"
        failed=1
    }
    [ -n "$("$nm" -g --defined-only "$archive" 2>/dev/null | grep ' T fpr_')" ] || {
        echo "$archive defines no fpr_ function: is it the right file?"
        failed=1
    }
done
exit $failed
