/* A prepared trace: the compact operations that a replay runs through, and what they refer to. */
#ifndef FPR_REPLAY_OP_H
#define FPR_REPLAY_OP_H

#include <fpr/replay.h>

/* A recorded frame or an allocation number that is none. */
#define NONE32 UINT32_MAX
/* Instead of an allocation number: freed, although the trace freed it before and allocated it by no
 * event since (bulk allocations and compaction do that unseen). */
#define FREED32 (NONE32 - 1)

enum op_kind {
    OP_NOTHING = 0,  /* a line whose partner turned out elsewhere */
    OP_ALLOC,        /* a request; pfn: the kernel's answer */
    OP_FREE,         /* a free enters the lists here, or is only prepared (OP_F_BATCHED) */
    OP_BATCHED,      /* the free prepared by an earlier OP_FREE enters the lists */
    OP_BULK,         /* one page of the bulk allocator; aux: pages wanted by the call */
    OP_TAKEN,        /* the kernel's block left the free lists */
    OP_DRAINED,      /* the kernel's block went from a per-cpu list to the free lists */
    OP_ISOLATE,      /* compaction took a free block */
    OP_PASS_BEGIN,   /* a reporting pass starts */
    OP_PASS_ISOLATE, /* the pass took a free block */
    OP_REPORT,       /* device called; aux: first of its entries, gfp: how many */
    OP_REPORT_RET,   /* device returned; aux: its result */
    OP_PASS_END,     /* the pass is over */
    OP_FOLD,         /* NR_FREE_PAGES lag folded in */
    OP_BALANCE,      /* kswapd starts on the zones up to index aux */
    OP_BALANCE_END,  /* kswapd is done */
    OP_COMPACT,      /* compaction starts in the zone at pfn; order: what it may capture */
    OP_COMPACT_END,  /* compaction is done */
    OP_DRAIN_ZONE,   /* drain_pages_zone() */
    NR_OP_KINDS
};

enum op_flags {
    OP_F_EARLY = 1,      /* ALLOC at the instant of its `got` line: used while that is known */
    OP_F_LATE = 2,       /* the same request at its mm_page_alloc line: used if it is hidden */
    OP_F_IRQ = 4,        /* in interrupt context: never captured */
    OP_F_LOCKED = 8,     /* found the per-cpu lists locked */
    OP_F_COMPACTED = 16, /* ALLOC after direct compaction by its task: may be a captured block */
    OP_F_CAPTURED = 32,  /* ALLOC that was given a captured block */
    OP_F_BATCHED = 64,   /* FREE with a later OP_BATCHED; COMPACT that may capture */
    OP_F_LAST = 128,     /* BULK: last page of its call */
};

/* One operation, 32 bytes. Pages are named by the number of the allocation that they came from
 * and their offset in it, so that the kernel's frames are needed only to score answers. */
struct op {
    fpr_ns time;
    uint32_t pfn; /* recorded frame, NONE32: a failed request */
    uint32_t id;  /* allocation number; FREE: NONE32 for pages older than the trace, FREED32 */
    uint32_t gfp; /* ALLOC, BULK: flags; FREE, BATCHED: slot of the remembered type */
    uint32_t aux; /* FREE, BATCHED: offset in the allocation; else see enum op_kind */
    uint16_t cpu;
    uint8_t kind;
    uint8_t order;
    uint8_t mt;
    uint8_t flags;
};

/* A recorded pass. */
struct pass_span {
    fpr_ns begin, end;
};

struct fpr_prepared {
    struct fpr_recording *recording;
    struct fpr_trace_summary summary;
    struct op *ops;
    size_t nr_ops, ops_room;
    struct fpr_sg *sgs; /* entries of all report calls */
    size_t nr_sgs, sgs_room;
    struct pass_span *passes;
    size_t nr_passes, passes_room;
    uint32_t nr_ids;                 /* allocations, bulk pages and isolated blocks */
    uint32_t nr_slots;               /* batched frees */
    fpr_pfn top;                     /* one past the highest frame named by the trace */
    fpr_ns start, end;               /* the replayed span */
    fpr_ns first_notify;             /* UINT64_MAX: none */
    uint64_t events;                 /* records in the span */
    uint64_t nr[FPR_NR_TRACE_TYPES]; /* the same by kind */
    uint64_t unpaired_free;          /* frees of pages that the trace never allocated */
    uint64_t report_bytes;           /* recorded */
    unsigned min_report_order;       /* lowest order reported; FPR_NR_ORDERS: none */
    bool marked;                     /* the trace says when its state.before was taken */
    bool has_got;                    /* `got` lines: instants of allocation are known */
};

#endif
