/* Seeded sequences of allocations and frees, run on a zone or, as "driver", on nothing. */
#ifndef BENCH_MICRO_SEQUENCE_H
#define BENCH_MICRO_SEQUENCE_H

#include <fpr/zone.h>

#include "micro/micro.h"

/* Which orders the sequence asks for. */
enum sequence_orders { SEQUENCE_MIXED, SEQUENCE_UNIFORM, SEQUENCE_ORDER9 };

/* One sequence and what is allocated in it. */
struct sequence {
    struct fpr_zone *zone; /* NULL: the driver alone */
    enum sequence_orders orders;
    uint64_t frames;
    uint64_t target; /* frames to keep busy */
    uint64_t busy;
    uint64_t random;  /* state */
    uint64_t touched; /* frames handed out or taken back so far */
    uint64_t next;    /* the driver's next made-up frame */
    fpr_pfn *pfns;
    uint8_t *order;
    size_t count;
    size_t room;
    unsigned cpu;
};

/* 70 % of the frames busy is the target. Returns 0 or -ENOMEM. */
int sequence_init(struct sequence *s, struct fpr_zone *zone, enum sequence_orders orders,
                  uint64_t frames, uint64_t seed);
void sequence_free(struct sequence *s);
/* Does `ops` operations. */
void sequence_run(struct sequence *s, uint64_t ops);
/* Fills to the target and goes on until the mixture is steady. */
void sequence_warm_up(struct sequence *s);

/* Source of the library's metadata that counts it. */
struct counted_mem {
    struct fpr_mem_ops ops;
    uint64_t bytes; /* asked for and not given back */
};
void counted_mem_init(struct counted_mem *mem);

/* A v16 zone without a lock; pcp: with per-cpu lists. Returns 0 or a negative errno. */
int micro_zone(uint64_t frames, bool pcp, struct counted_mem *mem, struct fpr_zone **zone);
/* List operations since creation. */
uint64_t micro_moves(const struct fpr_zone *zone, bool pcp);

#endif
