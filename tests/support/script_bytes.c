/* Bytes as a script: each argument is a byte, brought into the range that its operation knows, with
 * a little misuse beyond. */
#include "support/script_bytes.h"

#include <string.h>

#define HEAD 16
#define STEP 8

/* How the bytes of an operation become its arguments. */
enum range {
    R_NONE = 0,
    R_SLOT,
    R_HOLD,
    R_ZONE,
    R_ORDER,   /* up to two too large */
    R_FITTING, /* an order that is one */
    R_GFP,
    R_CPU, /* or the first that is none */
    R_REAL_CPU,
    R_FRAME,   /* in the zones or just outside */
    R_ANY_PFN, /* likewise, or far away */
    R_BLOCK,   /* pageblock */
    R_FLAG,
    R_SMALL, /* 0..7 */
    R_BYTE,
    R_PAGES, /* few: watermarks and the like */
    R_TYPE,  /* migratetype of requests, or the first that is none */
    R_FREE_TYPE,
    R_NODE,
    R_FACTOR,
    R_BATCH,
    R_ANSWER,
    R_WISH, /* an order or -1 */
    R_CAPACITY,
    R_DIVISOR,
    R_MS,
};

static const unsigned char ranges[SCRIPT_KINDS][SCRIPT_ARGS] = {
    [OP_ALLOC] = {R_SLOT, R_ZONE, R_ORDER, R_GFP, R_CPU},
    [OP_NALLOC] = {R_SLOT, R_NODE, R_ORDER, R_GFP, R_CPU},
    [OP_FREE] = {R_SLOT, R_CPU},
    [OP_BULK] = {R_SLOT, R_BYTE, R_CPU},
    [OP_SPLIT] = {R_SLOT, R_ORDER},
    [OP_MOVABLE] = {R_SLOT, R_FLAG},
    [OP_DRAIN] = {R_ZONE, R_CPU},
    [OP_ISOLATE] = {R_HOLD, R_ZONE, R_FITTING, R_SMALL},
    [OP_PUTBACK] = {R_HOLD},
    [OP_ADOPT] = {R_HOLD, R_SLOT},
    [OP_ISORANGE] = {R_ZONE, R_BLOCK, R_SMALL, R_TYPE},
    [OP_UNISORANGE] = {R_ZONE, R_BLOCK, R_SMALL, R_TYPE},
    [OP_WMARK] = {R_ZONE, R_PAGES, R_PAGES, R_PAGES},
    [OP_BOOST] = {R_ZONE, R_FACTOR, R_PAGES},
    [OP_PCP] = {R_ZONE, R_PAGES, R_BATCH},
    [OP_RESERVE] = {R_ZONE, R_SMALL, R_PAGES},
    [OP_RECLAIMING] = {R_ZONE, R_FLAG},
    [OP_SHUFFLE] = {R_ZONE, R_BYTE},
    [OP_REGISTER] = {R_WISH, R_CAPACITY, R_DIVISOR, R_FLAG, R_FLAG},
    [OP_ADVANCE] = {R_MS},
    [OP_FAIL] = {R_ANSWER},
    [OP_FREE_AT] = {R_ANY_PFN, R_ORDER, R_CPU},
    [OP_SPLIT_AT] = {R_ANY_PFN, R_ORDER, R_SMALL},
    [OP_MOVABLE_AT] = {R_ANY_PFN, R_ORDER, R_FLAG},
    [OP_PUTBACK_AT] = {R_ANY_PFN, R_ORDER},
    [OP_ADOPT_AT] = {R_ANY_PFN, R_ORDER},
    [OP_ISOLATE_AT] = {R_HOLD, R_ZONE, R_ANY_PFN, R_ORDER},
    [OP_PAGE] = {R_ZONE, R_ANY_PFN},
    [OP_BULK_PAGE] = {R_SLOT, R_ZONE, R_TYPE, R_CPU},
    [OP_LOCKED_ALLOC] = {R_SLOT, R_FITTING, R_GFP, R_REAL_CPU},
    [OP_FREE_AS] = {R_SLOT, R_FREE_TYPE, R_CPU, R_FLAG},
    [OP_TAKE] = {R_SLOT, R_ZONE, R_FRAME, R_FITTING},
    [OP_PCP_TAKE] = {R_SLOT, R_ZONE, R_SMALL},
    [OP_PCP_PUSH] = {R_SLOT, R_CPU},
    [OP_REGROUP] = {R_ZONE, R_FRAME, R_FITTING},
    [OP_REPORTED] = {R_ZONE, R_FITTING, R_SMALL, R_FLAG},
    [OP_THRESHOLD] = {R_ZONE, R_PAGES},
    [OP_FOLD] = {R_ZONE},
    [OP_CAPTURE] = {R_ZONE, R_FITTING},
    [OP_CAPTURE_PAUSE] = {R_ZONE, R_FLAG},
    [OP_CAPTURE_END] = {R_SLOT, R_ZONE},
};

static int64_t gfp(const struct script *s, unsigned byte, enum script_kind kind)
{
    static const fpr_gfp types[] = {0, FPR_GFP_MOVABLE, FPR_GFP_RECLAIMABLE,
                                    FPR_GFP_MOVABLE | FPR_GFP_HIGHMEM};
    static const fpr_gfp where[] = {0, FPR_GFP_DMA, FPR_GFP_DMA32, FPR_GFP_THISNODE};

    if (byte == 255 && kind != OP_LOCKED_ALLOC)
        return FPR_GFP_MOVABLE | FPR_GFP_RECLAIMABLE;
    return types[byte % 4] | script_gfp_extra[byte / 4 % SCRIPT_NR_GFP_EXTRA] |
           (kind == OP_NALLOC && s->nr_zones > 1 ? where[byte / 52 % 4] : 0);
}

static int64_t frame(const struct script *s, unsigned byte)
{
    const struct fpr_zone_config *first = &s->zone[0].config;
    const struct fpr_zone_config *last = &s->zone[s->nr_zones - 1].config;

    return (int64_t)(first->start + byte % (last->start + last->spanned - first->start + 2));
}

static int64_t reporting(const struct script *s, unsigned byte, enum range range)
{
    static const int64_t capacities[] = {1, 2, 3, 4, 8, 32};
    static const int64_t divisors[] = {0, 1, 2, 16};

    switch (range) {
    case R_WISH:
        return (int64_t)(byte % (s->zone[0].config.max_order + 2)) - 1;
    case R_CAPACITY:
        return capacities[byte % 6];
    case R_DIVISOR:
        return divisors[byte % 4];
    case R_MS:
        return byte * 20;
    default: /* R_ANSWER */
        return byte % 2 ? -(int64_t)byte : byte + 1;
    }
}

/* What has to do with a zone's shape. */
static int64_t shaped(const struct script *s, unsigned byte, enum range range)
{
    const struct fpr_zone_config *c = &s->zone[0].config;

    switch (range) {
    case R_ORDER:
        return byte > 250 ? byte - 200 : byte % (c->max_order + 3);
    case R_FITTING:
        return byte % (c->max_order + 1);
    case R_CPU:
        return byte > 250 ? c->cpus : byte % c->cpus;
    case R_REAL_CPU:
        return byte % c->cpus;
    case R_FRAME:
        return frame(s, byte);
    case R_ANY_PFN:
        return byte == 255 ? INT64_MAX : byte == 254 ? -1 : frame(s, byte);
    default: /* R_BLOCK */
        return (int64_t)(byte % ((c->spanned >> c->pageblock_order) + 3));
    }
}

static int64_t argument(const struct script *s, unsigned byte, enum range range,
                        enum script_kind kind)
{
    switch (range) {
    case R_NONE:
        return 0;
    case R_SLOT:
        return byte % SCRIPT_SLOTS;
    case R_HOLD:
        return byte % SCRIPT_HOLDS;
    case R_ZONE:
    case R_BYTE:
        return byte;
    case R_GFP:
        return gfp(s, byte, kind);
    case R_FLAG:
        return byte % 2;
    case R_SMALL:
        return byte % 8;
    case R_PAGES:
        return byte % 48;
    case R_TYPE:
    case R_BATCH:
        return byte % (range == R_TYPE ? 4 : 10);
    case R_FREE_TYPE:
        return byte % 6 - 1;
    case R_NODE:
        return byte % 3;
    case R_FACTOR:
        return byte % 2 ? 15000 : byte * 150;
    case R_WISH:
    case R_CAPACITY:
    case R_DIVISOR:
    case R_MS:
    case R_ANSWER:
        return reporting(s, byte, range);
    default:
        return shaped(s, byte, range);
    }
}

/* More arguments than bytes; budget and rotation are not for the eager way. */
static void finish_register(const struct script *s, const unsigned char *in, int64_t *a)
{
    if (a[4])
        a[2] = a[3] = 0;
    a[5] = in[7] / 4 % 3 ? 0 : in[7] / 12 % (s->zone[0].config.max_order + 1);
    a[6] = (in[7] % 3 + 1) * 1000;
    a[7] = in[1] / 8 % 4;
    a[8] = in[1] % 5;
}

static void add_step(struct script *s, const unsigned char *in)
{
    struct script_op op = {.kind = in[0] % SCRIPT_KINDS, .batch = -1};

    if (in[1] >= 192 && op.kind != OP_REGISTER)
        op.batch = in[1] % 4;
    for (unsigned i = 0; i < SCRIPT_ARGS && i + 2 < STEP; i++)
        op.a[i] = argument(s, in[i + 2], ranges[op.kind][i], op.kind);
    if (op.kind == OP_REGISTER)
        finish_register(s, in, op.a);
    script_add(s, &op);
}

static void add_zone(struct script *s, const unsigned char *in, fpr_pfn from)
{
    struct script_zone *z = &s->zone[s->nr_zones];
    struct fpr_zone_config *c = &z->config;
    uint64_t largest;

    script_zone_init(z, in[0] % FPR_NR_PROFILES);
    c->max_order = 1 + in[1] % 5;
    c->pageblock_order = 1 + in[1] / 5 % c->max_order;
    largest = 1ull << c->max_order;
    c->start = from + in[2] % (2 * largest);
    c->spanned = 1 + in[3 + s->nr_zones] % (5 * largest);
    c->cpus = 1 + in[5] % 3;
    c->locked = in[5] & 4;
    c->nofragment = in[5] & 8;
    c->movable_by_type = !(in[5] & 16);
    c->shuffle = in[5] & 32;
    c->pcp_auto = false;
    c->pcp_high = in[6] % 2 ? 0 : in[6] / 2 % 40;
    c->pcp_batch = 1 + in[7] % 8;
    c->boost_factor = in[7] & 8 ? 15000 : in[7] * 150u;
    if (in[8] & 1)
        c->policy.move = in[8] & 2 ? FPR_PLACE_HEAD : FPR_PLACE_TAIL;
    if (in[8] & 4)
        c->policy.putback = (enum fpr_place)(in[8] / 8 % 3);
    if (in[8] & 64)
        c->policy.boot = in[8] & 128 ? FPR_PLACE_HEAD : FPR_PLACE_TAIL;
    if (in[9] % 4 == 1 && in[9] / 4 + 2u < c->spanned) {
        z->hole[c->nr_holes].start = c->start + in[9] / 4 + 1;
        z->hole[c->nr_holes++].pages = 1;
    }
    if (in[10] % 4 == 1)
        c->managed = 1 + in[10] / 4 % c->spanned;
    z->bits_seed = in[11];
    c->index = FPR_ZONE_NORMAL;
    s->nr_zones++;
}

void script_from_bytes(struct script *s, const unsigned char *data, size_t size)
{
    unsigned char head[HEAD] = {0};

    memset(s, 0, sizeof *s);
    memcpy(head, data, size < HEAD ? size : HEAD);
    add_zone(s, head, 0);
    if (head[12] % 4 == 1) {
        s->zone[0].config.index = FPR_ZONE_DMA;
        add_zone(s, head, s->zone[0].config.start + s->zone[0].config.spanned);
    }
    s->compute = head[13] % 4 == 1;
    s->thp = s->compute && head[13] & 4;
    if (head[13] % 2 == 0) { /* those of a small zone refuse everything */
        struct script_op none = {.kind = OP_WMARK, .batch = -1};

        for (size_t z = 0; z < s->nr_zones; z++) {
            none.a[0] = (int64_t)z;
            script_add(s, &none);
        }
    }
    for (size_t at = HEAD; at < size; at += STEP) {
        unsigned char in[STEP] = {0};

        memcpy(in, data + at, size - at < STEP ? size - at : STEP);
        add_step(s, in);
    }
}
