#!/bin/bash
# The archives hold no state that can change, but for what is named here with a reason.
#   state.sh OBJDUMP ARCHIVE...
set -eu
objdump=$1
shift
declare -A allowed=(
    [guard]="signal handlers belong to the process: opt-in, counted, under a lock"
)
failed=0
for archive; do
    [ -n "$("$objdump" -t "$archive" | grep ' O \.rodata')" ] || {
        echo "$archive holds no constant: is it the right file?"
        failed=1
    }
    while read -r name section; do
        [ -n "${allowed[$name]-}" ] || {
            echo "$archive: $name lies in $section"
            failed=1
        }
    done < <("$objdump" -t "$archive" | awk '$3 == "O" && $4 ~ /^\.(data|bss|tdata|tbss)/ &&
        $4 !~ /^\.data\.rel\.ro/ { print $6, $4 } $2 == "O" && $3 ~ /^\.(data|bss|tdata|tbss)/ &&
        $3 !~ /^\.data\.rel\.ro/ { print $5, $3 } $4 == "*COM*" { print $6, $4 }')
done
exit $failed
