#!/bin/bash
# Every public structure and enumeration whose members can be seen has a manual page that names and
# explains each of them; what there is is asked of the preprocessor, not of the generator's own reader.
# A function's page names the library that has it.
#   fields.sh SOURCE CC PYTHON NM ARCHIVE...
set -euo pipefail
source=$1 cc=$2 python=$3 nm=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$source/docs/man/generate" "$source" "$work/man3"
for header in "$source"/include/fpr/*.h; do
    echo "#include <fpr/$(basename "$header")>"
done | "$cc" -std=c11 -E -P -I "$source/include" -x c - >"$work/all.i"
# NAME MEMBER a line
tr '\n' ' ' <"$work/all.i" | grep -oE '(struct|enum) fpr_[a-z0-9_]+ \{[^}]*\}' |
    while read -r sort name _ body; do
        body=${body%\}}
        if [ "$sort" = enum ]; then
            tr ',' '\n' <<<"$body" | sed -nE "s/^ *(FPR_\w+).*/$name \1/p"
        else # the name of a pointer to a function, else the last word
            tr ';' '\n' <<<"$body" | sed -nE -e "s/.*\(\*(\w+)\).*/$name \1/p;t" \
                -e "s/.*\b(\w+) *(\[[^]]*\])* *$/$name \1/p"
        fi
    done | sort -u >"$work/members"
count=$(wc -l <"$work/members")
[ "$count" -gt 600 ] || {
    echo "only $count members of public structures found: is the pattern right?"
    exit 1
}
failed=0
while read -r name member; do
    page=$work/man3/$name.3
    [ -s "$page" ] || {
        echo "man $name finds nothing"
        failed=1
        continue
    }
    # the line after the name is the meaning
    awk -v name="$member" 'found { if (/^[^.]/) ok = 1; exit }
        /^\.It (Fa|Dv) / && $3 == name { found = 1 } END { exit !ok }' "$page" || {
        echo "$name.3: no word on $member"
        failed=1
    }
done <"$work/members"
# Constants are on the page of a family.
while read -r name; do
    grep -qE "^\.It Dv $name( |$)" "$work"/man3/*.3 || {
        echo "no page has the constant $name"
        failed=1
    }
done < <(for header in "$source"/include/fpr/*.h; do
    echo "#include <fpr/$(basename "$header")>"
done | "$cc" -std=c11 -E -dM -I "$source/include" -x c - |
    sed -nE 's/^#define (FPR_[A-Z0-9_]+) .+/\1/p' | grep -vxE 'FPR_API|FPR_[A-Z]+_H')
# So are types with a name of their own.
for name in $(tr '\n' ' ' <"$work/all.i" | grep -oE 'typedef [^;{]*;' |
    grep -oE '(\(\*fpr_\w+\)|\bfpr_\w+;)' | grep -oE 'fpr_\w+' | sort -u); do
    if ! grep -qE "^\.It Vt \"typedef .*\b$name\b" "$work"/man3/*.3 || [ ! -s "$work/man3/$name.3" ]; then
        echo "no page has the type $name"
        failed=1
    fi
done
for archive; do
    library=$(basename "$archive" .a)
    for name in $("$nm" --defined-only "$archive" 2>/dev/null | awk '$2 == "T" { print $3 }'); do
        grep -qsx "\.so man3/.*" "$work/man3/$name.3" || continue # not public
        family=$work/$(sed -n 's/^\.so //p' "$work/man3/$name.3")
        grep -q "^$library (" "$family" || {
            echo "$name is in $library, and $(basename "$family") does not say so"
            failed=1
        }
    done
done
echo "$count members of $(cut -d' ' -f1 "$work/members" | uniq | wc -l) structures and enumerations"
exit $failed
