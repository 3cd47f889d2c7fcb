#!/bin/bash
# Layers point one way (CONTRIBUTING.md): which folders' private headers each folder may include.
#   layers.sh SOURCE
set -eu
cd "$1/src"
declare -A may=(
    [base]="base"
    [mm]="base mm"
    [report]="base mm report"
    [host]="base host"
    [iova]="base iova"
    [guest]="base mm report host iova guest"
    [view]="base view"
    [trace]="base trace"
    [replay]="base trace replay"
)
failed=0
for layer in *; do
    [ -n "${may[$layer]-}" ] || {
        echo "src/$layer: no rule in tests/meta/layers.sh"
        failed=1
        continue
    }
    while IFS=: read -r file line text; do
        target=${text#*\"}
        target=${target%%\"*}
        case " ${may[$layer]} " in
        *" ${target%%/*} "*) ;;
        *)
            echo "src/$file:$line: $layer must not include \"$target\""
            failed=1
            ;;
        esac
    done < <(grep -rn '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$layer")
done
# No printing, and so no stdio, in what may one day run where there is none.
if grep -rn '<stdio.h>' base mm report; then
    echo "stdio in base, mm or report"
    failed=1
fi
# The library knows nothing of libfprtrace.
if grep -rnE '<fpr/(trace|replay)\.h>' base mm report host iova guest view; then
    echo "libfpr includes a header of libfprtrace"
    failed=1
fi
exit $failed
