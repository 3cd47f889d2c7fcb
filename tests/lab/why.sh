#!/bin/bash
# What `why` says of a step.
set -u
# shellcheck source=tests/lab/kit.sh
. "$(dirname "$0")/kit.sh"

# a fallback changes the lists before the next page is taken; lists are the request's
lab 0 'zone pages 64 pageblock 3 high 8 batch 4\na = alloc 0 unmovable\nwhy\n'
prints "per-cpu list of order 0, Unmovable"; prints "- 0x31 is the head of the order-0 Unmovable list"
grep -q '0x31/0 comes out' out.txt && bad "the second page comes from the fallback as well"
# watermarks, passed, refused, and in the way of reporting
lab 0 'zone pages 32 min 8 low 10\na = alloc 4\nb = alloc 2\nc = alloc 1\nwhy\n'
prints "12 free less 1 for the order is 11, above low (10)"
lab 0 'zone pages 32 min 8 low 10\na = alloc 4\nb = alloc 2\nc = alloc 1\nd = alloc 0\nwhy\n'
prints "is 10, not above low (10)"
lab 0 'zone pages 32 min 8 low 10\na = alloc 4\nb = alloc 3\nd = alloc 0\nwhy\n'
prints "the watermark check refused"
lab 0 'zone pages 64 min 60 low 0\nreporting capacity 1\nreport\nwhy\n'
prints "- the min watermark: a block is taken off only"
grep -q 'nothing to report' out.txt && bad "there was something to report"

# a page that passes the per-cpu lists by: reporting is told in between, which hides nothing
small='zone pages 16 max-order 3 pageblock 2\n'
lab 0 "${small}reporting\na = alloc 0\nfree a\nwhy\nwhy\n"
prints_not "per-cpu"; prints "- it goes to the head of the order-3 Movable list"
[ "$(grep -c 'reporting is told' out.txt)" -eq 2 ] || bad "reporting is not told once each time"
[ "$(tail -1 out.txt)" = "- order 3 is at or above the reporting order: reporting is told" ] ||
    bad "the merges do not come before what they cause"
lab 0 "${small}x = alloc 3 unmovable\nx2 = alloc 2 unmovable\na = alloc 2 movable\nsplit a\nfree x2\n\
free a.0 a.1 a.2\nreporting delay 2s\nfree a.3\nwhy\nshow lists\n"
prints "- it goes to the order-3 Movable list, which was empty"
# a steal that does not get the pageblock
steal='x = alloc 3\na = alloc 2\nb = alloc 0\nb2 = alloc 0\nc = alloc 1\nfree b c\nu = alloc 0 unmovable\nwhy\nshow lists\n'
lab 0 "zone pages 16 max-order 3 pageblock 3\n$steal"
prints "- its pageblock stays as it was"; prints "- all the same its free blocks went to the Unmovable lists"
prints "order  1  Unmovable    0x6"
lab 0 "zone pages 16 max-order 3 pageblock 3 profile linux-6.12\n$steal"
prints_not "all the same"; prints "order  1  Movable "
# 6.12 tells of a fallback when the page has been taken; the cause comes first, and a refill once
lab 0 'zone pages 64 pageblock 3 high 8 batch 4 profile linux-6.12\na = alloc 0 unmovable\nwhy\nwhy\n'
[ "$(grep '^- ' out.txt | cut -d ' ' -f 2-4 | head -6 | paste -sd ,)" = \
    "the per-cpu list,no Unmovable block,it found 0x0,its pageblocks became,0x0/0 comes out,0x1 is the" ] ||
    bad "the cause does not come first"
[ "$(grep -c 'list was empty: it is refilled' out.txt)" -eq 2 ] || bad "a refill is not told once each time"
[ "$(grep -c '0x0 is the head of the per-cpu list of order 0, Unmovable$' out.txt)" -eq 2 ] || bad "the page is not told"
# what a device and the guest used, where no memory changed hands
used='guest\na = alloc 1\nstore a "x"\nwhy\nmap 0x4000 a\nwhy\nrw 0x5001 2\nwhy\npin 0x4000\nwhy\n'
lab 0 "${used}dma 0x4000 1\nwhy\nunpin 0x4000\nwhy\nunmap 0x4000 2\nwhy\nload a\nwhy\n"
[ "$(grep -c '^- nothing moved on the free lists$' out.txt)" -eq 8 ] || bad "something moved"
grep -A1 '^- nothing moved' out.txt | grep '^- [^n]' >used.txt
frame=$(sed -n 's/^a = frame \(0x[0-9a-f]*\),.*/\1/p' out.txt)
next=$(printf '0x%x' $((frame + 1)))
diff -u - used.txt <<EOF || bad "what was used is not told"
- the guest's own access: a begins at frame $frame
- IOVA 0x4000 is mapped to frame $frame (pages pinned in this mapping: 0)
- IOVA 0x5001 is mapped to frame $next (pages pinned in this mapping: 0)
- IOVA 0x4000 is mapped to frame $frame (pages pinned in this mapping: 1)
- a pin keeps the frame that was mapped when it was made; the map is not asked
- IOVA 0x4000 is mapped to frame $frame (pages pinned in this mapping: 0)
- the device sees it no more; whose memory it is stays as it was
- the guest's own access: a begins at frame $frame
EOF
rm used.txt
lab 0 'zone\nwatermark min 3\nwhy\n'; [ "$(tail -1 out.txt)" = "- nothing moved on the free lists" ] || bad "more is told"
# an atomic request reserves
lab 0 'zone pages 32 pageblock 3 min 8 low 10\na = alloc 4\nb = alloc 2\nc = alloc 1\nd = alloc 0\ne = alloc 2 atomic\nwhy\n'
prints "- its pageblock became Unmovable"; prints "- the request was atomic: the pageblock is reserved"
prints "HighAtomic now"

# the lists of the cpu that the step named
script='zone pages 64 max-order 4 pageblock 3 cpus 2 high 4 batch 2\n'
for name in a b c d e; do script+="$name = alloc 0 cpu 1\n"; done
lab 0 "${script}free a cpu 1\nfree b cpu 1\nfree c cpu 1\nwhy\n"
prints "a per-cpu list (4 pages there, high 4)"; prints "- that reached high (4)"
lab 0 "${script}free a\nwhy\n"; prints "a per-cpu list (1 page there, high 4)"
# of a large batch not everything is told, but what it came to is
lab 0 'zone pages 64 max-order 4 pageblock 3 high 60 batch 20 min 3 low 5\na = alloc 0\nwhy\n'
prints "- and so on"; prints "above low (5)"
tail -1 out.txt | grep -q "0x30 is the head of the per-cpu list" || bad "the page that was served is not told"

finish
