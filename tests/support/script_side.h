/* Both sides of a comparison behind one table of functions: the library and the reference model. */
#ifndef TESTS_SCRIPT_SIDE_H
#define TESTS_SCRIPT_SIDE_H

#include "support/script.h"

#include <fpr/report.h>

/* What one step answered, and the state after it. */
struct outcome {
    size_t op; /* index in the script */
    char text[200];
    uint64_t hash; /* of all zones */
};

struct slot {
    bool used;
    fpr_pfn pfn;
    unsigned order;
};

struct side;

/* How to do things to a machine. Functions return 0 or a negative errno as the library does. */
struct side_ops {
    const char *name;
    int (*alloc)(struct side *s, size_t zone, unsigned order, fpr_gfp gfp, unsigned cpu,
                 fpr_pfn *pfn);
    int (*alloc_node)(struct side *s, int node, unsigned order, fpr_gfp gfp, unsigned cpu,
                      fpr_pfn *pfn);
    int (*free)(struct side *s, fpr_pfn pfn, unsigned order, unsigned cpu);
    int (*free_bulk)(struct side *s, const fpr_pfn *pfns, size_t count, unsigned cpu,
                     size_t *freed);
    int (*split)(struct side *s, fpr_pfn pfn, unsigned order, unsigned to);
    int (*movable)(struct side *s, fpr_pfn pfn, unsigned order, bool on);
    int (*drain)(struct side *s, size_t zone, unsigned cpu);
    int (*isolate)(struct side *s, fpr_pfn pfn, unsigned order);
    int (*putback)(struct side *s, fpr_pfn pfn, unsigned order);
    int (*adopt)(struct side *s, fpr_pfn pfn, unsigned order);
    int (*isolate_range)(struct side *s, size_t zone, fpr_pfn start, fpr_pfn end, int mt);
    int (*unisolate_range)(struct side *s, size_t zone, fpr_pfn start, fpr_pfn end, int mt);
    int (*wmark)(struct side *s, size_t zone, uint64_t min, uint64_t low, uint64_t high);
    int (*boost)(struct side *s, size_t zone, unsigned factor, uint64_t boost);
    int (*pcp)(struct side *s, size_t zone, unsigned high, unsigned batch);
    int (*reserve)(struct side *s, size_t zone, unsigned index, uint64_t pages);
    int (*reclaiming)(struct side *s, size_t zone, bool on);
    int (*shuffle)(struct side *s, size_t zone, uint64_t seed);
    int (*reg)(struct side *s, const struct fpr_report_config *config, int wish);
    int (*unreg)(struct side *s);
    int (*pass)(struct side *s, struct fpr_pass_result *result);
    int (*advance)(struct side *s, fpr_ns by);
    int (*copy)(struct side *s);
    int (*bulk_page)(struct side *s, size_t zone, int mt, unsigned cpu, fpr_pfn *pfn);
    int (*locked_alloc)(struct side *s, unsigned order, fpr_gfp gfp, unsigned cpu, fpr_pfn *pfn);
    int (*free_as)(struct side *s, fpr_pfn pfn, unsigned order, int mt, unsigned cpu, bool locked);
    int (*take)(struct side *s, fpr_pfn pfn, unsigned order);
    int (*pcp_take)(struct side *s, fpr_pfn pfn, unsigned order);
    int (*pcp_push)(struct side *s, fpr_pfn pfn, unsigned order, unsigned cpu);
    int (*regroup)(struct side *s, fpr_pfn pfn, unsigned order);
    int (*reported)(struct side *s, fpr_pfn pfn, unsigned order, bool on);
    int (*threshold)(struct side *s, size_t zone, unsigned pages);
    int (*fold)(struct side *s, size_t zone);
    int (*capture)(struct side *s, size_t zone, unsigned order);
    int (*capture_pause)(struct side *s, size_t zone, bool on);
    int (*capture_end)(struct side *s, size_t zone, fpr_pfn *pfn);
    /* The n-th block on any per-cpu list. */
    bool (*nth_pcp)(struct side *s, size_t zone, uint64_t n, struct fpr_sg *block);
    /* The n-th free block of an order, types and lists in order; false if there are fewer. */
    bool (*nth_free)(struct side *s, size_t zone, unsigned order, uint64_t n, fpr_pfn *pfn);
    int (*page)(struct side *s, size_t zone, fpr_pfn pfn, char *text, size_t size);
    uint64_t (*hash)(struct side *s);
    /* Counters that the hash does not hold. */
    void (*counters)(struct side *s, char *text, size_t size);
    /* Does it find itself consistent? */
    bool (*valid)(struct side *s, char *why, size_t size);
    /* The whole state, a list a line. */
    void (*dump)(struct side *s, FILE *out);
    void (*destroy)(struct side *s);
};

struct side {
    const struct side_ops *ops;
    const struct script *script;
    void *impl;
    struct slot slot[SCRIPT_SLOTS];
    struct slot hold[SCRIPT_HOLDS];
    struct outcome *log;
    size_t n, room;
    size_t op;      /* being done */
    size_t next;    /* the next one to do */
    int batch;      /* of the callback we are in, -1: none */
    int nr_batches; /* of the pass that runs */
    bool in_pass;
    bool registered;
    unsigned refuse; /* see may_report() */
    unsigned capture_order[SCRIPT_ZONES];
    char broken[300]; /* what `valid` said first */
    size_t broken_at;
};

/* The library's side and the reference model's; NULL: the zones cannot be built, errno in *err. */
bool side_create_library(struct side *s, const struct script *script, int *err);
bool side_create_reference(struct side *s, const struct script *script, int *err);
void side_destroy(struct side *s);

/* Does the next operation with what belongs to it; false at the script's end. */
bool side_step(struct side *s);

/* What both devices do with a batch; returns the device's answer. */
int side_report(struct side *s, const struct fpr_sg *sg, unsigned nents);

/* Allowed to build? Mirrors the documented limits of fpr_zone_create(). */
fpr_pfn side_block_start(const struct script_zone *z, int64_t block);

/* Shared by the files that do operations (script_exec.c). */
#define SKIPPED 1 /* the operation means nothing here: an empty slot, a used one */
void side_say(struct side *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct slot *side_slot(struct side *s, int64_t i);
size_t side_zone(const struct side *s, int64_t i);
int side_do(struct side *s, const struct script_op *op);
void side_register(struct side *s, const struct script_op *op); /* script_report.c */
void side_pass(struct side *s, const struct script_op *op);
int side_behind(struct side *s, const struct script_op *op); /* script_behind.c */

#endif
