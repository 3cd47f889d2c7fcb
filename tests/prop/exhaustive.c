/* Every sequence of operations on tiny zones, breadth first: from each state that was not seen
 * before, every operation is tried on the library and on the reference model. States that are
 * reached in several ways are looked at once; FPR_PROP_STATES says how many a zone may have. */
#include "support/script_side.h"
#include "support/suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 40

struct path {
    uint8_t depth;
    uint8_t step[MAX_DEPTH]; /* index into the operations of the state it leads from */
};

struct search {
    const char *zone_line;
    bool reports;
    struct path *queue;
    size_t head, tail;
    uint64_t *seen;
    size_t nr_seen, room; /* a power of two */
    unsigned long limit;
    unsigned long runs;
};

static void read_zone(struct script *s, const char *line)
{
    FILE *in = fmemopen((void *)(uintptr_t)line, strlen(line), "r");

    if (!in || script_read(s, in) != 0)
        abort();
    fclose(in);
}

static void add(struct script *s, enum script_kind kind, const int64_t *a, size_t n)
{
    struct script_op op = {.kind = kind, .batch = -1};

    memcpy(op.a, a, n * sizeof *a);
    script_add(s, &op);
}

#define ADD(s, kind, ...)                                                                          \
    add(s, kind, (const int64_t[]){__VA_ARGS__},                                                   \
        sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

/* The operations that make sense with these slots: appends the i-th to the script. */
static bool nth_operation(struct script *s, const struct search *search, const struct side *side,
                          unsigned i)
{
    static const fpr_gfp gfps[] = {0, FPR_GFP_MOVABLE, FPR_GFP_RECLAIMABLE,
                                   FPR_GFP_HIGH | FPR_GFP_ATOMIC};
    const struct fpr_zone_config *c = &s->zone[0].config;
    unsigned allocs = (c->max_order + 1) * 4;

    if (i < allocs) {
        int64_t slot = 0;

        while (side->slot[slot].used)
            slot++;
        ADD(s, OP_ALLOC, slot, 0, i / 4, gfps[i % 4], 0);
        return true;
    }
    i -= allocs;
    for (int64_t k = 0; k < SCRIPT_SLOTS; k++)
        if (side->slot[k].used && i-- == 0) {
            ADD(s, OP_FREE, k, 0);
            return true;
        }
    for (int64_t k = 0; k < SCRIPT_HOLDS; k++)
        if (side->hold[k].used && i-- == 0) {
            ADD(s, OP_PUTBACK, k);
            return true;
        }
    if (i <= c->max_order && !side->hold[0].used) {
        ADD(s, OP_ISOLATE, 0, 0, i, 0);
        return true;
    }
    i -= side->hold[0].used ? 0 : c->max_order + 1;
    if (i == 0)
        ADD(s, OP_DRAIN, 0, 0);
    else if (i == 1 && search->reports)
        ADD(s, OP_PASS, 0);
    else
        return false;
    return true;
}

/* What tells states apart: the zone, and which blocks are whose. */
static uint64_t key_of(struct side *side)
{
    char text[200];
    uint64_t h = side->ops->hash(side);

    side->ops->counters(side, text, sizeof text);
    for (const char *p = text; *p; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    for (unsigned k = 0; k < SCRIPT_SLOTS; k++)
        if (side->slot[k].used) /* in any slot */
            h += (side->slot[k].pfn * 64 + side->slot[k].order + 1) * 0x9e3779b97f4a7c15u;
    for (unsigned k = 0; k < SCRIPT_HOLDS; k++)
        if (side->hold[k].used)
            h += (side->hold[k].pfn * 64 + side->hold[k].order + 1) * 0xbf58476d1ce4e5b9u;
    return h | 1;
}

static bool is_new(struct search *s, uint64_t key)
{
    size_t i = key & (s->room - 1);

    for (; s->seen[i]; i = (i + 1) & (s->room - 1))
        if (s->seen[i] == key)
            return false;
    s->seen[i] = key;
    s->nr_seen++;
    return true;
}

static void begin(struct script *s, const struct search *search)
{
    const struct fpr_zone_config *c;

    read_zone(s, search->zone_line);
    c = &s->zone[0].config;
    if (c->watermark[FPR_WMARK_HIGH] == 1)
        ADD(s, OP_WMARK, 0, 0, 0, 0);
    if (search->reports)
        ADD(s, OP_REGISTER, c->pageblock_order - 1, 1, 1, 1, 0, 0, 2000, 0, 0);
}

/* Replays a path on one side; leaves the script ready for one more operation. */
static void follow(struct script *s, const struct search *search, const struct path *path,
                   struct side *side)
{
    int err;

    begin(s, search);
    if (!side_create_library(side, s, &err))
        abort();
    while (side_step(side))
        continue;
    for (unsigned d = 0; d < path->depth; d++) {
        if (!nth_operation(s, search, side, path->step[d]))
            abort();
        side_step(side);
    }
}

static void fails(struct script *s)
{
    static char why[8192];

    script_shrink(s);
    script_run_apart(s, why, sizeof why);
    script_print(stdout, s);
    printf("# ----\n%s", why);
    fflush(stdout);
}

/* One operation after a path. Returns false if there is no such operation, sets *bad if the sides
 * part. */
static bool try_one(struct search *search, const struct path *path, unsigned i, bool *bad)
{
    struct script s;
    struct side side;
    static char why[4096];
    bool there;

    follow(&s, search, path, &side);
    there = nth_operation(&s, search, &side, i);
    if (there) {
        side_step(&side);
        search->runs++;
        if (is_new(search, key_of(&side))) {
            *bad = script_run(&s, why, sizeof why) != 0;
            if (*bad)
                fails(&s);
            if (path->depth < MAX_DEPTH && search->nr_seen < search->limit) {
                struct path *next = &search->queue[search->tail++];

                *next = *path;
                next->step[next->depth++] = (uint8_t)i;
            }
        }
    }
    side_destroy(&side);
    script_clear(&s);
    return there;
}

static unsigned explore(const char *profile, const char *rest, bool reports)
{
    const char *limit = getenv("FPR_PROP_STATES");
    struct search s = {.reports = reports};
    char line[300];
    unsigned depth = 0;
    bool bad = false;

    snprintf(line, sizeof line, "zone profile=%s %s\n", profile, rest);
    s.zone_line = line;
    s.limit = limit && *limit ? strtoul(limit, NULL, 0) : 80;
    for (s.room = 1024; s.room < 32 * s.limit; s.room *= 2)
        continue;
    s.seen = calloc(s.room, sizeof *s.seen);
    s.queue = calloc(s.limit + 1, sizeof *s.queue);
    if (!s.seen || !s.queue)
        abort();
    s.tail = 1; /* the empty path */
    for (; s.head < s.tail && !bad; s.head++) {
        depth = s.queue[s.head].depth;
        for (unsigned i = 0; !bad && i < 255; i++)
            if (!try_one(&s, &s.queue[s.head], i, &bad))
                break;
    }
    printf("%s, %s%s: %lu steps, %zu states, depth %u%s\n", profile, rest,
           reports ? ", reports" : "", s.runs, s.nr_seen, depth + 1,
           s.tail <= s.limit && s.nr_seen < s.limit ? ", all there are" : "");
    fflush(stdout);
    free(s.seen);
    free(s.queue);
    return bad;
}

static const char *const profiles[] = {"v16", "linux-5.10", "linux-5.14", "linux-6.1",
                                       "linux-6.12"};

static const char *const zones[] = {
    "spanned=8 max_order=2 pageblock_order=1 pcp_auto=0 pcp_batch=1 high=1",
    "spanned=16 max_order=3 pageblock_order=2 pcp_auto=0 pcp_high=3 pcp_batch=2 high=1",
    "start=3 spanned=13 max_order=3 pageblock_order=2 pcp_auto=0 pcp_batch=1 high=1",
    "start=8 spanned=64 max_order=4 pageblock_order=3 pcp_auto=0 pcp_batch=1 high=1 nofragment=1",
};

START_TEST(all_sequences)
{
    ck_assert_uint_eq(explore(profiles[_i % 5], zones[_i / 5 % 4], _i >= 20), 0);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("all sequences on tiny zones");
    TCase *tcase = tcase_create("exhaustive");
    int failed;

    if (script_option(argc, argv, &failed))
        return failed;
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, all_sequences, 0, 40);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
