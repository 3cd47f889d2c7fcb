/* The library's side: looking at its state. */
#include "support/side_library.h"

#include <inttypes.h>

struct nth {
    uint64_t left;
    fpr_pfn pfn;
};

static int count_down(void *ctx, const struct fpr_block *block)
{
    struct nth *n = ctx;

    n->pfn = block->pfn;
    return n->left-- == 0;
}

bool side_library_nth_free(struct side *s, size_t zone, unsigned order, uint64_t n, fpr_pfn *pfn)
{
    struct nth nth = {.left = n};

    for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
        if (fpr_zone_walk_free(lib(s)->zone[zone], order, mt, count_down, &nth) == 1) {
            *pfn = nth.pfn;
            return true;
        }
    return false;
}

struct nth_block {
    uint64_t left;
    struct fpr_sg block;
};

static int count_block_down(void *ctx, const struct fpr_block *block)
{
    struct nth_block *n = ctx;

    n->block = (struct fpr_sg){.pfn = block->pfn, .order = block->order};
    return n->left-- == 0;
}

bool side_library_nth_pcp(struct side *s, size_t zone, uint64_t n, struct fpr_sg *block)
{
    struct nth_block nth = {.left = n};
    struct fpr_zone_info info;

    fpr_zone_get_info(lib(s)->zone[zone], &info);
    for (unsigned c = 0; c < info.cpus; c++)
        for (unsigned l = 0; l < info.pcp_lists; l++)
            if (fpr_zone_walk_pcp(lib(s)->zone[zone], c, l, count_block_down, &nth) == 1) {
                *block = nth.block;
                return true;
            }
    return false;
}

int side_library_page(struct side *s, size_t zone, fpr_pfn pfn, char *text, size_t size)
{
    enum fpr_page_kind kind = FPR_PAGE_RESERVED;
    struct fpr_block b = {0};
    int err = fpr_zone_page(lib(s)->zone[zone], pfn, &kind, &b);

    snprintf(text, size, "kind %d, block %" PRIu64 ":%u reported %d", kind, b.pfn, b.order,
             b.reported);
    return err;
}

uint64_t side_library_hash(struct side *s)
{
    uint64_t h = 0;

    for (size_t i = 0; i < s->script->nr_zones; i++)
        h = h * 31 + fpr_zone_hash(lib(s)->zone[i], true);
    return h;
}

static int mix_block(void *ctx, const struct fpr_block *block)
{
    uint64_t *h = ctx;

    *h = (*h ^ block->pfn) * 0x100000001b3u;
    *h = (*h ^ (block->order * 8u + (unsigned)block->migratetype)) * 0x100000001b3u;
    return 0;
}

/* Lowmem reserves, and all per-cpu lists of all cpus with the types remembered. */
static uint64_t pcp_hash(struct side *s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < s->script->nr_zones; i++) {
        struct fpr_zone *zone = lib(s)->zone[i];
        struct fpr_zone_counters c;
        struct fpr_zone_info info;

        fpr_zone_get_counters(zone, &c);
        for (int k = 0; k < FPR_NR_ZONE_INDICES; k++)
            h = (h ^ c.lowmem_reserve[k]) * 0x100000001b3u;

        fpr_zone_get_info(zone, &info);
        for (unsigned cpu = 0; cpu < info.cpus; cpu++)
            for (unsigned l = 0; l < info.pcp_lists; l++) {
                fpr_zone_walk_pcp(zone, cpu, l, mix_block, &h);
                h = (h ^ l) * 0x100000001b3u;
            }
    }
    return h;
}

void side_library_counters(struct side *s, char *text, size_t size)
{
    struct library *l = lib(s);
    size_t n = 0;

    for (size_t i = 0; i < s->script->nr_zones; i++) {
        struct fpr_zone_counters c;
        struct fpr_pcp_counters p;

        fpr_zone_get_counters(l->zone[i], &c);
        fpr_zone_get_pcp(l->zone[i], 0, &p);
        n += (size_t)snprintf(text + n, size > n ? size - n : 0,
                              "marks %" PRIu64 " %" PRIu64 " %" PRIu64 " isolated %" PRIu64
                              " held %" PRIu64 " pcp %u/%u lag %" PRId64 " ",
                              c.watermark[0], c.watermark[1], c.watermark[2],
                              c.nr_isolated_pageblocks, c.held, p.high, p.batch, c.free_lag);
    }
    snprintf(text + n, size > n ? size - n : 0, "lists %08x state %d",
             (unsigned)(pcp_hash(s) >> 32),
             l->reporter && s->registered ? fpr_reporter_state(l->reporter) : -1);
}

bool side_library_valid(struct side *s, char *why, size_t size)
{
    for (size_t i = 0; i < s->script->nr_zones; i++) {
        char reason[200] = "";
        int rule = 0;
        int err = fpr_zone_validate(lib(s)->zone[i], &rule, reason, sizeof reason);

        if (err) {
            snprintf(why, size, "validate: zone %zu: %d, rule %d: %s", i, err, rule, reason);
            return false;
        }
    }
    return true;
}

static int print_block(void *ctx, const struct fpr_block *block)
{
    fprintf(ctx, " %" PRIu64 "%s", block->pfn, block->reported ? "*" : "");
    return 0;
}

void side_library_dump(struct side *s, FILE *out)
{
    for (size_t i = 0; i < s->script->nr_zones; i++) {
        struct fpr_zone *zone = lib(s)->zone[i];
        const struct fpr_zone_config *config = &s->script->zone[i].config;
        struct fpr_zone_counters c;
        struct fpr_zone_info info;

        fpr_zone_get_counters(zone, &c);
        fpr_zone_get_info(zone, &info);
        fprintf(out, "zone %zu free %" PRIu64 " highatomic %" PRIu64 " boost %" PRIu64 "\n", i,
                c.free, c.highatomic, c.boost);
        fprintf(out, "types ");
        for (fpr_pfn p = info.start; p < info.start + info.spanned;
             p = ((p >> info.pageblock_order) + 1) << info.pageblock_order)
            fprintf(out, "%d", fpr_zone_pageblock_type(zone, p));
        fprintf(out, "\n");
        for (unsigned o = 0; o <= config->max_order; o++)
            for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
                fprintf(out, "list %u %d:", o, mt);
                fpr_zone_walk_free(zone, o, mt, print_block, out);
                fprintf(out, "\n");
            }
        for (unsigned cpu = 0; cpu < info.cpus; cpu++)
            for (unsigned l = 0; l < info.pcp_lists; l++) {
                fprintf(out, "pcp %u %u:", cpu, l);
                fpr_zone_walk_pcp(zone, cpu, l, print_block, out);
                fprintf(out, "\n");
            }
    }
}
