#!/bin/bash
# What fpr-lab does with mistakes, files, and a quiz.
set -u
# shellcheck source=tests/lab/kit.sh
. "$(dirname "$0")/kit.sh"

# mistakes: one line with the script's line
lab 2 'zone pages 32\nalocc 3\n'; says "stdin:2: unknown command 'alocc'; did you mean 'alloc'?"
lab 2 'xyzzyx\n'; says "unknown command 'xyzzyx'"
lab 2 'zone page 32\n'; says "unknown option 'page'; did you mean 'pages'?"
lab 2 'zone pages\n'; says "pages needs a value"
lab 2 'zone pages -3\n'; says "'-3' is not a number"
lab 2 'zone pages 99999999999999999999\n'; says "99999999999999999999 is not between 1 and 1048576"
lab 2 '' --quiz --seed 99999999999999999999; says "is not between"
lab 2 'q\n'; says "did you mean 'quit'?"
lab 2 'x\n'; says "unknown command 'x'; help lists them"
lab 2 '=\n'; says "a name is missing: NAME = alloc ORDER"
lab 2 'zon\0e\n'; says "unknown command 'zon?e'"
lab 2 'zone\ncount foo\n'; says "no counter 'foo' among allocs, "
lab 2 'zone\nshow foo\n'; says "nothing called 'foo' to show, but lists, tree"
lab 2 'zone\nalloc 0 foo\n'; says "not one of movable, unmovable"
lab 2 '' --quiz --topic foo; says "unknown topic 'foo', not one of split, merge"
# what a device is refused, in words
lab 1 'guest\nmap 1 0 1\n'; says "map: the IOVA is no multiple of the page size (page size 0x1000"
lab 1 'guest\nmap 0 0 1\nmap 0 0 1\n'; says "map: there is a mapping already"
lab 1 'guest\nmap 0 0 8\nunmap 0x1000\n'; says "unmap: the IOVA is no multiple of the page size, or it would cut"
lab 1 'guest\npin 0\n'; says "pin: not all of that is mapped"
lab 1 'guest\ndma 0 4\n'; says "dma: nothing is mapped there"
lab 1 'guest\nrw 0 "x"\n'; says "rw: not all of that is mapped"
lab 1 'guest\na = alloc 1\nmap 0xfffffffffffff000 a\n'; says "map: the range ends beyond the last IOVA"
lab 1 'guest\nmap 0 0 2\nunmap 0\n'; says "unmap IOVA PAGES takes a whole one"
# dma is for what is pinned, all of it
mapped='guest\na = alloc 1\nstore a "hello"\nmap 0x4000 a\n'
lab 1 "${mapped}dma 0x4000 2\n"; says "stdin:5: dma: not all of that is pinned"
lab 1 "${mapped}pin 0x4000\ndma 0x4fff 2\n"; says "stdin:6: dma: not all of that is pinned"
lab 1 "${mapped}pin 0x4000\nunpin 0x4000\ndma 0x4000 2\n"; says "stdin:7: dma: not all of that is pinned"
lab 1 "${mapped}pin 0x4000 2\ndma 0x5fff 2\n"; says "dma: nothing is mapped there"
lab 1 "${mapped}dma 0xffffffffffffffff 2\n"; says "dma: nothing is mapped there"
lab 0 "${mapped}pin 0x4000 2\ndma 0x4001 4\ndma 0x4fff 2\nunpin 0x4000\ndma 0x5000 1\n"; prints 'the device reads "ello"'
# the lists of all cpus, or of one
script='zone pages 64 cpus 2 high 8 batch 2\na = alloc 0 cpu 1\nb = alloc 0\nfree a cpu 1\n'
lab 0 "${script}drain\n"; prints "drained 3 pages"
lab 0 "${script}drain cpu 0\ndrain cpu 1\n"; prints "drained 1 page"; prints "drained 2 pages"
# a guest's passes show their calls, the last block first
lab 0 'zone pages 64\na = alloc 0\nreporting capacity 3 budget 0\nreport\n'; grep '^  call' out.txt >zone.calls
lab 0 'guest pages 64\na = alloc 0\nreporting capacity 3 budget 0\nreport\n'; grep '^  call' out.txt >guest.calls
[ "$(wc -l <guest.calls)" -eq 2 ] || bad "there are not two calls"
cmp -s zone.calls guest.calls || bad "a guest's calls are not those of a zone"
rm zone.calls guest.calls
# several passes: each with its own calls
lab 0 'zone pages 64 max-order 3 pageblock 2\nreporting capacity 2 budget 16\nadvance 10s\n'
sed -n '/^[0-9.]* s: a pass/,$p' out.txt >passes.txt
diff -u - passes.txt <<'EOF' || bad "the calls do not stand below their passes"
2.000 s: a pass, 2 calls, another one wanted
  call 1: 0x30/3 0x38/3
  call 2: 0x20/3 0x28/3
4.000 s: a pass, 2 calls
  call 1: 0x10/3 0x18/3
  call 2: 0x0/3 0x8/3
the host holds 0 of 64 pages
EOF
rm passes.txt
many='pages 512 max-order 1 pageblock 1\nreporting order 1 capacity 1 budget 1000 delay 1s\nadvance 1000s\n'
lab 0 "zone $many"; prints "64.000 s: a pass, 2 calls"; prints_not "65.000 s: a pass"
[ "$(tail -2 out.txt)" = "and 64 passes more, 128 calls
the host holds 0 of 512 pages" ] || bad "the passes that are not shown are not counted"
# what was reported stays so while reporting is off, for the host too
on='zone\nreporting\nreport\nreport\nreporting off\n'
lab 0 "${on}reporting\nreport\nshow map\n"; prints "0x0  $(printf '*%.0s' {1..64})"
[ "$(grep -c 'the host holds 0 of 64 pages' out.txt)" -eq 2 ] || bad "the host has forgotten what it was told"
lab 0 "${on}a = alloc 3\nreporting\nreport\nfree a\nreport\n"
[ "$(grep 'the host holds' out.txt | tail -2)" = "the host holds 8 of 64 pages
the host holds 0 of 64 pages" ] || bad "the host has not what was allocated meanwhile"
lab 0 "import $DATA/../view/gcc.state\nreporting\ncount dropped_bytes\nreport\n"
prints "dropped_bytes 0 "; prints "the host holds 76249 of 262105 pages"
# more calls than are shown
lab 0 'zone pages 4096 max-order 1 pageblock 1\nreporting order 0 capacity 1 budget 0\nreport\n'
prints "  call 1024: "; prints "  and 1024 more"
lab 0 'zone pages 4096 max-order 1 pageblock 1\nreporting order 0 capacity 3 budget 0\nreport\n'
prints "  call 341: "; prints "  and 342 more"
[ "$(grep -cE 'call [0-9]+:( 0x[0-9a-f]+/1){3}' out.txt)" -eq 341 ] || bad "a call is not shown whole"
# together stdout and stderr are in the order of what happened
printf 'zone\nfoo\n' | $WRAPPER "$LAB" >out.txt 2>&1
[ "$(tail -1 out.txt)" = "fpr-lab: stdin:2: unknown command 'foo'; help lists them" ] || bad "the error is not last"
lab 2 'zone pages 32 pages 32\n'; says "given twice"
lab 2 'zone profile v17\n'; says "none of v16"
lab 2 'zone max-order 3 pageblock 4\n'; says "pageblock"
lab 1 'alloc 3\n'; says "begin with zone, guest or import"
lab 2 'zone\nalloc\n'; says "alloc needs an order"
lab 2 'zone\nalloc 3 moveable\n'; says "did you mean 'movable'?"
lab 2 'zone\nalloc 30\n'; says "not between 0 and 4"
lab 1 'zone\nblock = alloc 1\nfree blok\n'; says "no block is called 'blok'; did you mean 'block'?"
lab 1 'zone\na = alloc 1\nfree a\nfree a\n'; says "stdin:4: no block is called 'a'"
lab 1 'zone\na = alloc 1\na = alloc 1\n'; says "free it first"
lab 1 'zone\nfree 0 0\n'; says "not an allocated block"
lab 2 'zone\n3 = alloc 1\n'; says "is no name"
lab 2 'zone\na = free b\n'; says "only an allocation"
lab 2 'zone\n= alloc 1\n'; says "a name is missing"
lab 2 'rw 0 "x\n'; says "quotation mark"
lab 1 'zone\nmap 0 0 1\n'; says "needs a guest"
lab 1 'guest\nrw 0 4\n'; says "rw:"
lab 2 'zone\nadvance 3\n'; says "is not a time"
lab 1 'zone\nreport\n'; says "reporting is off"
lab 2 'zone\nshow tre\n'; says "did you mean 'tree'?"
lab 2 'zone\nshow svg\n'; says "needs a file"
lab 1 'zone\nshow svg /nowhere/x.svg\n'; says "/nowhere/x.svg"
mkfifo pipe.svg
lab 1 'zone\nshow svg pipe.svg\n'; says "pipe.svg: not a regular file"
[ -p pipe.svg ] || bad "a file took the place of a pipe"
rm pipe.svg
lab 2 'zone\nreporting\ncount refault\n'; says "did you mean"
lab 1 'zone\nback 2\n'; says "only 1 step to go back"
lab 1 'zone\nalloc 0\nback 3\n'; says "only 2 steps to go back"
lab 1 'forth\n'; says "no step to go forth"
lab 0 'zone pages 1 max-order 1 pageblock 1 high 4 batch 1\na = alloc 0\nfree a\nshow zone\n'
prints "zone: 1 frame from"; prints "cpu 0: 1 page on per-cpu lists"
lab 2 'zone\nreporting delay 99999999999999s\n'; says "99999999999999s is too long"
lab 2 'zone\ncount\n'; says "the name of a counter, of allocs, "
lab 0 'zone\nshow stats\n'; prints "nothing has been counted yet"
lab 0 'zone\nalloc 0\nshow stats\n'; prints_not "nothing has been counted yet"
lab 2 'zone\nback -1\n'; says "steps: '-1' is not a number from 1 to 1000000"
lab 2 'zone pcp high 6 batch 3\n'; says "unknown option 'pcp'; the per-cpu lists are: high N batch N"
lab 2 'zone pags 3 pcp off\n'; says "unknown option 'pags'; did you mean 'pages'?"
lab 2 'guest watermark min 3\n'; says "unknown option 'watermark'; the watermarks are: min N low N high-mark N"
# the limits that help and docs/lab.md tell are those that hold
for command in zone guest; do
    lab 0 "help $command\n"; prints "pages 1 to 1048576 (64)"; prints "high-mark 0 to 1048576 (0)"
    mapfile -t limits < <(grep -oE '[a-z-]+ [0-9]+ to [0-9]+' out.txt)
    [ "${#limits[@]}" -ge 10 ] || bad "help tells ${#limits[@]} limits"
    for limit in "${limits[@]}"; do
        read -r key least _ most <<<"$limit"
        lab 2 "$command $key $((most + 1))\n"; says "$key: $((most + 1)) is not between $least and $most"
        grep -qF "| \`$key\` | $least to $most | " "${DATA%/tests/data/lab}/docs/lab.md" || bad "docs/lab.md lacks: $limit"
    done
done
lab 0 "help unpin\nhelp rw\n"; prints "an IOVA is an address in the device's view"
# no memory is an outcome, which why explains, no refusal
lab 0 'zone\nalloc 4\nalloc 4\nalloc 4\nalloc 4\nalloc 4\n'; prints "no memory: order 4, movable"
# a script within the lab
printf 'zone pages 32\n> text \na = alloc 1\n' >inner.lab
lab 0 'play inner.lab\nwhy\nback\n'
prints "lab> a = alloc 1"; prints "why: a = alloc 1"; prints "after step 1 of 2: zone pages 32"
[ "$(grep -c "text" out.txt)" -eq 1 ] || bad "text is repeated"
lab 0 'play inner.lab\n' -q; prints_not "lab> "
printf 'zone\nplay inner.lab\n' >outer.lab
lab 1 'play outer.lab\n'; says "stdin:1: outer.lab:2: a script that is played cannot play another"
printf 'zone\nalocc\n' >inner.lab
lab 2 'play inner.lab\n'; says "stdin:1: inner.lab:2: unknown command 'alocc'"
lab 1 'play nowhere.lab\n'; says "nowhere.lab: No such file"
lab 1 "play $work\n"; says "$work: Is a directory"
lab 2 'play\n'; says "play FILE"
rm inner.lab outer.lab
lab 1 'why\n'; says "no step"
lab 2 "$(printf 'a%.0s' {1..2000})\n"; says "stdin:1: the line is too long"
lab 2 "help $(printf 'a %.0s' {1..60})\n"; says "more than"
lab 2 '\001\377\n'; says "unknown command"
lab 2 '\033[31mred\n'; says "unknown command"
grep -q $'\033' out.txt && bad "what a script holds is repeated raw"

# several zones, and machines from elsewhere
lab 2 'zone pages 32 dma 32\n'; says "dma"
lab 2 'guest dma 3\n'; says "unknown option 'dma'"
lab 1 'zone dma 16\nselect dmb\n'; says "did you mean 'dma'?"
lab 2 'zone\nselect\n'; says "select ZONE"
lab 0 'zone pages 32 dma 16\na = alloc 4\nb = alloc 3\nwhy\nselect dma\nfree a b\nwhy\nback 2\nshow zones\n'
prints "b = frame 0x0, order 3, movable, zone DMA"; prints "in zone DMA:"
prints "* node 0, zone Normal"; prints "16 frames from 0x10       free        0"
lab 2 'import\n'; says "import FOLDER"
lab 1 'import /nowhere\n'; says "/nowhere"
lab 1 'import /dev/null\n'; says "import: /dev/null: neither a folder nor a file with a state"
lab 1 'import /dev/zero\n'; says "import: /dev/zero: neither a folder nor a file with a state"
lab 1 'zone\nselect Normal node 7\n'; says "no zone 'Normal' on node 7; show zones lists them"
mkdir -p none; lab 1 'import none\n'; says "zoneinfo"
printf 'nonsense\n' >bad.state; lab 1 'import bad.state\n'; says "bad.state: not a state dump"
: >empty.state; lab 1 'import empty.state\n'; says "empty.state"
mkdir -p gcc
for file in zoneinfo buddyinfo pagetypeinfo; do cp "$DATA/../view/gcc.$file" "gcc/$file.before"; done
lab 0 'import gcc suffix .before\nshow buddyinfo x.buddyinfo\nshow extfrag\nselect dma\nshow lists\n'
cmp -s "$DATA/../view/gcc.buddyinfo" x.buddyinfo || bad "another buddyinfo than the machine's"
lab 0 "import $DATA/../view/gcc.state\\nshow buddyinfo x.buddyinfo\\n"
cmp -s "$DATA/../view/gcc.buddyinfo" x.buddyinfo || bad "another buddyinfo than the state's"
# what was imported stays what it was, whatever becomes of the files
lab 0 'import gcc suffix .before\nalloc 9\nshow buddyinfo gcc/buddyinfo.before\nback\nshow buddyinfo x.buddyinfo\n'
cmp -s "$DATA/../view/gcc.buddyinfo" x.buddyinfo || bad "stepping back imported anew"
cmp -s gcc/buddyinfo.before x.buddyinfo && bad "nothing was allocated"
mkdir holed # of six pageblocks the machine has four
printf 'Node 0, zone Normal\n  pages free 64\n spanned 3072\n present 2048\n managed 2048\n  start_pfn: 0\n' >holed/zoneinfo
printf 'Node 0, zone Normal 0 0 0 0 0 0 1 0 0 0 1\n' >holed/buddyinfo
lab 0 'import holed\nreporting capacity 1\nreport\nshow pagetypeinfo\n'; prints "the host holds 1024 of 2048 pages"
grep -qE '^Node 0, zone +Normal +0 +4 +0 +0 +0 $' out.txt || bad "holes are counted as pageblocks"
rm -r holed
rm gcc/buddyinfo.before gcc/pagetypeinfo.before
lab 1 'import gcc suffix .before\n'; says "gcc"
rm -rf none gcc bad.state empty.state x.buddyinfo

# the program's own line
lab 2 '' --nonsense; says "--nonsense"
lab 2 '' --seed; says "--seed"
lab 2 '' --quiz --seed x; says "--seed"
lab 2 '' --quiz --topic spilt; says "did you mean 'split'?"
lab 2 '' --topic split; says "only with --quiz"
lab 2 '' --seed 3; says "--seed: only with --quiz"
lab 2 '' --questions 2; says "--questions: only with --quiz"
lab 0 'zone pages 0100\n'; prints "zone: 100 frames"
lab 2 'zone pages 08x\n'; says "'08x' is not a number"
lab 1 '' "$work"; says "$work: Is a directory"
lab 2 '' --quiz --grade "$work"; says "$work: Is a directory"
lab 2 '' a b; says "one argument too many"
lab 2 '' /nowhere.lab; says "/nowhere.lab"
lab 2 '' --quiz --grade /nowhere.txt; says "/nowhere.txt"
lab 0 '' --help; prints "--quiz"
lab 0 '' --version; prints "fpr-lab (libfpr) "
lab 0 ''
lab 0 'quit\nnonsense\n'

# no colours where there is no terminal; files whole or not at all
lab 0 'zone\na = alloc 1 unmovable\nshow lists\nshow map\nshow tree\n'
grep -q $'\033' out.txt && bad "colours in a file"
lab 0 'zone\nshow svg x.svg\nshow json x.json\n'
[ "$(tail -1 x.svg)" = "</svg>" ] || bad "the picture is not whole"
[ "$(ls | wc -l)" -eq 4 ] || bad "leftovers: $(ls)"
[ "$(stat -c %a x.svg)" = "$(printf '%o' $((0666 & ~$(umask))))" ] || bad "the mode is not the umask's"
chmod 640 x.svg
lab 0 'zone\nshow svg x.svg\n'
[ "$(stat -c %a x.svg)" = 640 ] || bad "the mode has changed"
if command -v jq >/dev/null; then
    [ "$(jq '.zones[0].free' x.json)" = 64 ] || bad "the JSON is wrong"
fi

# back and forth come to the same state
lab 0 'zone\nreporting\na = alloc 0\nadvance 2s\nb = alloc 3\nfree a\nshow json a.json\nback 3\nforth 3\nshow json b.json\n'
cmp -s a.json b.json || bad "back and forth is not the same"
lab 0 'zone\na = alloc 0\nback\nb = alloc 1\nshow names\n'
prints "b = frame"; grep -q "^a = frame" <(tail -1 out.txt) && bad "an undone step is still there"

# the quiz: stable, and its own answers are right
for seed in 1 7; do
    lab 0 '' --quiz --seed $seed --questions 14 --solutions
    cp out.txt quiz.txt
    lab 0 '' --quiz --seed $seed --questions 14 --solutions
    cmp -s out.txt quiz.txt || bad "the quiz is not stable"
    awk '/^Answer: /{n++; sub("Answer: ", ""); print n ": " $0}' quiz.txt >answers.txt
    lab 0 '' --quiz --seed $seed --questions 14 --grade answers.txt
    prints "score: 14 of 14"
done
sed -e '1s/^/\xef\xbb\xbf/' -e 's/$/ # mine/' answers.txt >mine.txt
lab 0 '' --quiz --seed 7 --questions 14 --grade mine.txt
lab 0 '' --quiz --seed 1
grep -q "^Answer" out.txt && bad "the answers are not hidden"
printf '# mine\n1: wrong\n\n' >mine.txt
lab 1 '' --quiz --seed 1 --questions 2 --grade mine.txt
prints "1: wrong"; prints "2: no answer"; prints "score: 0 of 2"
lab 0 '' --quiz --seed 1 --questions 1 --solutions
zeros=$(sed -n 's/^Answer: 0x//p' out.txt)
printf '1: 0%o\n' $((0x$zeros)) >mine.txt
lab 1 '' --quiz --seed 1 --questions 1 --grade mine.txt; prints "1: wrong"
printf '1: 0%d\n' $((0x$zeros)) >mine.txt
lab 0 '' --quiz --seed 1 --questions 1 --grade mine.txt
printf '9: 3\n' >mine.txt
lab 2 '' --quiz --questions 2 --grade mine.txt; says "mine.txt:1:"
lab 0 '' --quiz --seed 1 --questions 7 --solutions
cp "$DATA/quiz-1.txt" want.txt && diff -u want.txt out.txt || bad "the quiz of seed 1 has changed"

# what docs/lab.md shows is what happens
doc=${DATA%/tests/data/lab}/docs/lab.md
awk '/^## A first session/{on=1} on && /^lab> /{in_it=1} in_it && /^```/{exit} in_it' "$doc" >session.txt
lab 0 "$(sed -n 's/^lab> //p' session.txt)\n"
diff -u session.txt out.txt || bad "docs/lab.md shows another session"

finish
