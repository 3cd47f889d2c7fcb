/* A tiny recorded guest: one zone of 4096 frames, the upper three quarters free, per-cpu lists of
 * batch 8 that are empty. Reporting order 4: a pass needs 16 + (32 << order) pages free. Frames
 * 400, 401, 402 ... are what it hands out first. */
#ifndef TESTS_TINY_H
#define TESTS_TINY_H

#define TINY_HEAD                                                                                  \
    "# fpr-state 1\nkernel 6.1.0-test\nslot before\ntime 1000000000\n"                             \
    "params orders 11 pageblock_order 9 mtypes 5 isolate 4 capacity 32 pcp_lists 14 zones 5 "      \
    "cpus 1\nboost_factor 0\ntotalreserve 0\nvmemmap ffffea0000000000\nreporting_order 4\n"

#define TINY_ZONE                                                                                  \
    "Z DMA32 0 4096 4096 4096 0 1\nz 3072 0 0 8 16 24\nw 0 3072 0 0 0 0 0 0 0 0\n"                 \
    "n 0 0 0 0 0 0 0 0 0 0 3\nb 11111111\nl 10 1 400 800 c00\np 0 64 8 0 0 0\nm\ne\n.\nQ 1 ok\n"

#define TINY_STATE TINY_HEAD TINY_ZONE

/* Lines of an ftrace text trace; `t` is the fraction after "1.", a string of six digits. */
#define LINE(task, flags, t, rest) "  " task " [000] " flags " 1." t ": " rest "\n"
#define TASK(t, rest)              LINE("work-7", ".....", t, rest)
#define IRQ(t, rest)               LINE("work-7", "d.h..", t, rest)
#define KWORKER(t, rest)           LINE("kworker/0:1-9", ".....", t, rest)

#define BEGIN_SPAN                                                                                 \
    LINE("run.sh-1", "d....", "000000", "ctl_write: FS_DUMP_BEGIN before")                         \
    LINE("run.sh-1", "d....", "000001", "ctl_write: FS_DUMP_END before")
#define END_SPAN LINE("run.sh-1", "d....", "900000", "ctl_write: FS_DUMP_BEGIN after")

#define MOVABLE0     " order=0 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE"
#define ALLOC(pfn)   "mm_page_alloc: page=0000000000000000 pfn=0x" pfn MOVABLE0
#define FREE(pfn)    "mm_page_free: page=0000000000000000 pfn=0x" pfn " order=0"
#define BATCHED(pfn) "mm_page_free_batched: page=0000000000000000 pfn=0x" pfn
/* page structure addresses are ffffea0000000000 + 64 * pfn */
#define GOT(address) "got: (get_page_from_freelist+0x4ea/0x11a0) page=0xffffea00000" address

#endif
