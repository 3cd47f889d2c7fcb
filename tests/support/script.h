/* Scripts: a machine and a list of operations on it, as text. The property tests make random ones,
 * run them on the library and on the reference model, and shrink those that show a difference.
 *
 *   # comment
 *   zone profile=v16 start=5 spanned=100 max_order=4 pageblock_order=3 ...   (one line a zone)
 *   machine compute thp        watermarks of all zones together (thp: as khugepaged raises them)
 *   hole 20 4                  frames 20..23 of the last zone are no memory
 *   alloc 0 0 3 0x8 0          slot, zone, order, gfp, cpu
 *   free 0 0                   slot, cpu
 *   pass
 *   @1 free 2 0                done while the device holds batch 1 of the pass (or advance) above
 *   @1 fail -5                 what the device answers to that batch
 *
 * Blocks are named by slot, so that a script with lines removed still means something. */
#ifndef TESTS_SCRIPT_H
#define TESTS_SCRIPT_H

#include <fpr/zone.h>

#include <stdio.h>

#define SCRIPT_SLOTS 128
#define SCRIPT_HOLDS 16
#define SCRIPT_ARGS  9
#define SCRIPT_ZONES 4
#define SCRIPT_HOLES 8

/* X(symbol, word, number of arguments): the arguments are named in script_exec.c */
#define SCRIPT_OPS(X)                                                                              \
    X(OP_ALLOC, "alloc", 5)                                                                        \
    X(OP_NALLOC, "nalloc", 5)                                                                      \
    X(OP_FREE, "free", 2)                                                                          \
    X(OP_BULK, "bulk", 3)                                                                          \
    X(OP_SPLIT, "split", 2)                                                                        \
    X(OP_MOVABLE, "movable", 2)                                                                    \
    X(OP_DRAIN, "drain", 2)                                                                        \
    X(OP_ISOLATE, "isolate", 4)                                                                    \
    X(OP_PUTBACK, "putback", 1)                                                                    \
    X(OP_ADOPT, "adopt", 2)                                                                        \
    X(OP_ISORANGE, "isorange", 4)                                                                  \
    X(OP_UNISORANGE, "unisorange", 4)                                                              \
    X(OP_WMARK, "wmark", 4)                                                                        \
    X(OP_BOOST, "boost", 3)                                                                        \
    X(OP_PCP, "pcp", 3)                                                                            \
    X(OP_RESERVE, "reserve", 3)                                                                    \
    X(OP_RECLAIMING, "reclaiming", 2)                                                              \
    X(OP_SHUFFLE, "shuffle", 2)                                                                    \
    X(OP_REGISTER, "register", 9)                                                                  \
    X(OP_UNREGISTER, "unregister", 0)                                                              \
    X(OP_PASS, "pass", 0)                                                                          \
    X(OP_ADVANCE, "advance", 1)                                                                    \
    X(OP_FAIL, "fail", 1)                                                                          \
    X(OP_FREE_AT, "free-at", 4)                                                                    \
    X(OP_SPLIT_AT, "split-at", 4)                                                                  \
    X(OP_MOVABLE_AT, "movable-at", 3)                                                              \
    X(OP_PUTBACK_AT, "putback-at", 3)                                                              \
    X(OP_ADOPT_AT, "adopt-at", 3)                                                                  \
    X(OP_ISOLATE_AT, "isolate-at", 4)                                                              \
    X(OP_PAGE, "page", 2)                                                                          \
    X(OP_COPY, "copy", 0)                                                                          \
    X(OP_BULK_PAGE, "bulk-page", 4)                                                                \
    X(OP_LOCKED_ALLOC, "locked-alloc", 4)                                                          \
    X(OP_FREE_AS, "free-as", 4)                                                                    \
    X(OP_TAKE, "take", 4)                                                                          \
    X(OP_PCP_TAKE, "pcp-take", 3)                                                                  \
    X(OP_PCP_PUSH, "pcp-push", 2)                                                                  \
    X(OP_REGROUP, "regroup", 3)                                                                    \
    X(OP_REPORTED, "reported", 4)                                                                  \
    X(OP_THRESHOLD, "threshold", 2)                                                                \
    X(OP_FOLD, "fold", 1)                                                                          \
    X(OP_CAPTURE, "capture", 2)                                                                    \
    X(OP_CAPTURE_PAUSE, "capture-pause", 2)                                                        \
    X(OP_CAPTURE_END, "capture-end", 2)

enum script_kind {
#define X(symbol, word, args) symbol,
    SCRIPT_OPS(X)
#undef X
        SCRIPT_KINDS
};

struct script_op {
    enum script_kind kind;
    int batch; /* -1: between passes; else inside the callback of that batch */
    int64_t a[SCRIPT_ARGS];
};

struct script_zone {
    struct fpr_zone_config config; /* holes, bits and mem are filled when it is built */
    struct fpr_range hole[SCRIPT_HOLES];
    uint64_t bits_seed;
};

struct script {
    struct script_zone zone[SCRIPT_ZONES];
    size_t nr_zones;
    bool compute; /* watermarks, reserves and NOFRAGMENT of all zones together */
    bool thp;     /* with khugepaged's wish */
    struct script_op *op;
    size_t n;
    size_t room;
};

const char *script_word(enum script_kind kind);
unsigned script_nr_args(enum script_kind kind);
void script_zone_init(struct script_zone *z, enum fpr_profile profile);
void script_add(struct script *s, const struct script_op *op);
void script_copy(struct script *to, const struct script *from);
void script_clear(struct script *s);
void script_print_op(FILE *out, const struct script_op *op);
void script_print(FILE *out, const struct script *s);
/* 0, or the number of the line that makes no sense. */
unsigned script_read(struct script *s, FILE *in);

/* Runs a script on the library and on the reference model (script_run.c).
 * Returns 0, or 1 with what differs first in `why`. */
int script_run(const struct script *s, char *why, size_t size);

/* The same in a process of its own: a crash or an endless loop is a difference too. */
int script_run_apart(const struct script *s, char *why, size_t size);

/* Removes whatever can go while the script still fails. */
void script_shrink(struct script *s);

/* Random scripts of one kind. */
struct script_family {
    const char *name;
    void (*make)(struct script *s, uint64_t seed, const struct script_family *family);
    unsigned rounds;
    unsigned size;       /* as in make_options */
    unsigned operations; /* of a script */
};

/* Makes and runs a script for each seed; on a failure shrinks it and prints it. Returns the number
 * of failures, 0 or 1. FPR_PROP_ROUNDS and FPR_PROP_SEED change rounds and first seed. */
int script_rounds(const struct script_family *family);

/* Handles `--script FILE` (or the environment's FPR_PROP_SCRIPT): true if it was there, with the
 * exit status. */
bool script_option(int argc, char **argv, int *status);

/* What a request can say beside its type. Inputs that were kept name these by number. */
#define SCRIPT_NR_GFP_EXTRA 13
extern const fpr_gfp script_gfp_extra[SCRIPT_NR_GFP_EXTRA];

#endif
