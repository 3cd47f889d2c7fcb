/* The native format, version 1. All numbers are little-endian.
 *
 *   file       = magic (8) version (4) zero (4) block* end
 *   block      = kind (4) count (4) size (8) check (8) body (size)
 *   check      = checksum of kind, count, size and body, carried on from the block before; so the
 *                last one covers the file
 *   'A' body   = raw size (8) length of name (2) name packed      an attachment; count 0
 *   'R' body   = time unit (8) then for every stream: raw size (4) packed size (4); then the
 *                streams, packed                                  count records
 *   'E' body   = records (8) lost events (8)                      the end; count 0
 *   packed     = as it is if both sizes are the same, else one zstd frame
 *
 * A block's records are spread over streams, one for each kind of fact, so that like stands beside
 * like; pages are told by which guess of guess.h is right. See native_record.c.
 */
#ifndef TRACE_NATIVE_H
#define TRACE_NATIVE_H

#include "trace/bytes.h"
#include "trace/guess.h"

#define FPR_NATIVE_MAGIC                                                                           \
    "\x89"                                                                                         \
    "FPRT\r\n\x1a"
#define FPR_NATIVE_MAGIC_SIZE     8u
#define FPR_NATIVE_VERSION        1u
#define FPR_NATIVE_FILE_HEADER    16u
#define FPR_NATIVE_BLOCK_HEADER   24u
#define FPR_NATIVE_BLOCK_RECORDS  (1u << 18)
#define FPR_NATIVE_STREAM_MAX     (64u << 20) /* bytes of one stream */
#define FPR_NATIVE_ATTACHMENT_MAX ((uint64_t)1 << 32)
#define FPR_NATIVE_NAME_MAX       200u

enum { FPR_NATIVE_ATTACHMENT = 'A', FPR_NATIVE_RECORDS = 'R', FPR_NATIVE_END = 'E' };

/* Kinds of record with streams of their own; all others share the last. */
enum fpr_native_class {
    FPR_CLASS_ALLOC,
    FPR_CLASS_GOT,
    FPR_CLASS_FREE,
    FPR_CLASS_BATCHED,
    FPR_CLASS_LOCKED,
    FPR_CLASS_DRAIN,
    FPR_CLASS_NOTIFY,
    FPR_CLASS_ISOLATE,
    FPR_CLASS_REST,
    FPR_NR_CLASSES
};

/* Streams of a block of records. */
enum {
    FPR_STREAM_KIND,  /* kind, and whether task or context changed */
    FPR_STREAM_TASK,  /* pid and cpu; context */
    FPR_STREAM_GFP,   /* number in the table of flags */
    FPR_STREAM_WIDE,  /* pages that no guess hit */
    FPR_STREAM_REST,  /* what only rare records have */
    FPR_STREAM_SHAPE, /* + class: order, migratetype, refill */
    FPR_STREAM_TIME = FPR_STREAM_SHAPE + FPR_NR_CLASSES, /* + class: since the record before */
    FPR_STREAM_PAGE = FPR_STREAM_TIME + FPR_NR_CLASSES,  /* + class: which guess is right */
    FPR_NR_STREAMS = FPR_STREAM_PAGE + FPR_NR_CLASSES
};

/* In FPR_STREAM_KIND, beside the kind. */
#define FPR_NATIVE_KIND_MASK       0x1fu
#define FPR_NATIVE_TASK_CHANGED    0x20u
#define FPR_NATIVE_CONTEXT_CHANGED 0x40u
/* In FPR_STREAM_TIME: up to TIME_WIDE the difference itself, above it TIME_WIDE + n or
 * TIME_BACK + n and n bytes of a step forward or back. */
#define FPR_NATIVE_TIME_WIDE 239u
#define FPR_NATIVE_TIME_BACK 247u
/* In FPR_STREAM_PAGE: FPR_PFN_NONE. FPR_GUESS_NONE: a difference follows in FPR_STREAM_WIDE. */
#define FPR_NATIVE_NO_PAGE 254u
#define FPR_NATIVE_GFP_NEW 255u /* in FPR_STREAM_GFP: the flags follow in FPR_STREAM_REST */

/* What writer and reader both remember from record to record, over all blocks. */
struct fpr_native_state {
    struct fpr_guess *guess;
    fpr_ns time;
    uint32_t pid;
    uint16_t cpu;
    uint8_t context[2]; /* of GOT, whose flags are often nonsense, and of all others */
    unsigned nr_gfp;
    fpr_gfp gfp[FPR_NATIVE_GFP_NEW];
};

/* A block being filled. */
struct fpr_native_block {
    struct fpr_out stream[FPR_NR_STREAMS];
    uint32_t count;
    struct fpr_out deltas; /* 8 bytes and the class of every record: times wait for their unit */
    uint64_t unit;         /* divides all deltas */
};

/* A block being read. */
struct fpr_native_cursor {
    struct fpr_in stream[FPR_NR_STREAMS];
    uint32_t left; /* records */
    uint64_t unit;
};

int fpr_native_state_init(struct fpr_native_state *s);
void fpr_native_state_fini(struct fpr_native_state *s);
/* Adds a record. @return 0, -EINVAL (cannot be written), -ENOMEM */
int fpr_native_encode(struct fpr_native_state *s, struct fpr_native_block *b,
                      const struct fpr_trace_record *r);
/* Writes the times, after which the streams are complete. @return 0, -ENOMEM */
int fpr_native_finish(struct fpr_native_block *b);
/* Takes the next record; `sg` receives the entries of a report. @return 0, -EINVAL (not a block
 * that the writer makes) */
int fpr_native_decode(struct fpr_native_state *s, struct fpr_native_cursor *c,
                      struct fpr_trace_record *r, struct fpr_sg *sg);

/* Parts of a record by kind, a set of FPR_PART_*. */
enum {
    FPR_PART_ORDER = 1,
    FPR_PART_TYPE = 2,   /* migratetype */
    FPR_PART_REFILL = 4, /* nr, 0 or 1 */
    FPR_PART_PAGE = 8,
    FPR_PART_GFP = 16,
    FPR_PART_NR = 32,
    FPR_PART_VALUE = 64,
    FPR_PART_ENTRIES = 128,
    FPR_PART_TEXT = 256,
    FPR_PART_SHAPE = FPR_PART_ORDER | FPR_PART_TYPE | FPR_PART_REFILL,
};
unsigned fpr_native_parts(enum fpr_trace_type type);
enum fpr_native_class fpr_native_class_of(enum fpr_trace_type type);

/* Packs `size` bytes behind `out`. @return the packed size; 0 on lack of memory */
size_t fpr_native_pack(const void *data, size_t size, struct fpr_out *out);
/* The reverse. @return 0, -EINVAL, -ENOTSUP (zstd is not built in) */
int fpr_native_unpack(const void *packed, size_t packed_size, void *data, size_t size);

#endif
