/* What the host holds when a replay starts. */
#include "replay/prepare.h"
#include "replay/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KPF_NOPAGE 20

struct ranges {
    struct fpr_range *r;
    size_t nr, room;
};

static int add(struct ranges *l, fpr_pfn start, uint64_t pages)
{
    if (!fpr_prep_room((void **)&l->r, &l->room, l->nr, sizeof(*l->r)))
        return -ENOMEM;
    l->r[l->nr++] = (struct fpr_range){start, pages};
    return 0;
}

static int from_bits(struct ranges *l, const uint64_t *bits, fpr_pfn frames)
{
    int err = 0;
    for (fpr_pfn i = 0; i < frames && !err;) {
        if (!bits[i / 64]) {
            i = (i / 64 + 1) * 64;
            continue;
        }
        fpr_pfn from = i;
        while (i < frames && bit_get(bits, i))
            i++;
        if (i > from)
            err = add(l, from, i - from);
        else
            i++;
    }
    return err;
}

static int one_reported(void *ctx, const struct fpr_block *block)
{
    return block->reported ? add(ctx, block->pfn, 1ull << block->order) : 0;
}

/* Reserved frames of a state: "e <pfn>+<n> ...", both in hex. */
static void mark_reserved(const char *text, uint64_t *bits, fpr_pfn frames)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (line[0] != 'e' || line[1] != ' ')
            continue;
        char *at = (char *)(uintptr_t)line + 1;
        while (*at == ' ') {
            fpr_pfn pfn = strtoull(at + 1, &at, 16);
            uint64_t n = *at == '+' ? strtoull(at + 1, &at, 16) : 0;
            if (pfn < frames && n <= frames - pfn)
                bits_put(bits, pfn, n, true);
        }
    }
}

/* A state does not say which frames are holes. On PCs the great one, for devices, ends the zone. */
static void clear_hole(const struct fpr_zone *zone, const struct fpr_zone_info *info,
                       uint64_t *bits)
{
    uint64_t missing = info->spanned > info->present ? info->spanned - info->present : 0;
    if (missing < 1ull << info->pageblock_order)
        return;
    fpr_pfn p = info->start + info->spanned;
    while (missing && p > info->start) {
        enum fpr_page_kind kind;
        if (fpr_zone_page(zone, p - 1, &kind, NULL) || kind != FPR_PAGE_ALLOCATED)
            break;
        bits_put(bits, --p, 1, false);
        missing--;
    }
}

static void mark_zone(const struct fpr_zone *zone, bool guess_hole, uint64_t *bits)
{
    struct fpr_zone_info info;
    fpr_zone_get_info(zone, &info);
    for (fpr_pfn p = info.start; p < info.start + info.spanned;) {
        struct fpr_block block;
        enum fpr_page_kind kind;
        if (fpr_zone_page(zone, p, &kind, &block))
            break;
        if (kind != FPR_PAGE_RESERVED)
            bits_put(bits, block.pfn, 1ull << block.order, true);
        p = block.pfn + (1ull << block.order);
    }
    if (guess_hole)
        clear_hole(zone, &info, bits);
}

/* Frames that are memory: of a block, or reserved; kpageflags knows for sure. */
static void mark_memory(const struct run *run, uint64_t *bits)
{
    const struct fpr_recording *rec = run->p->recording;
    bool flags = rec->kpageflags_before_pages > 0;
    for (size_t z = 0; z < run->nr_zones; z++)
        mark_zone(fpr_machine_zone(run->machine, z), !flags && rec->state_before, bits);
    if (rec->state_before)
        mark_reserved(rec->state_before, bits, run->frames);
    for (fpr_pfn p = 0; p < rec->kpageflags_before_pages && p < run->frames; p++)
        bits_put(bits, p, 1, !(rec->kpageflags_before[p] >> KPF_NOPAGE & 1));
}

/* The measurement at the start, to which the host is filled up. */
static uint64_t first_measurement(const struct run *run)
{
    const struct fpr_recording *rec = run->p->recording;
    uint64_t bytes = 0;
    for (size_t i = 0; i < rec->nr_rss && rec->rss[i].time <= run->p->start; i++)
        bytes = rec->rss[i].bytes;
    return bytes;
}

int fpr_host_start(struct run *run)
{
    uint64_t *memory = calloc(run->frames / 64 + 1, sizeof(*memory));
    struct ranges all = {0}, unused = {0}, reported = {0};
    int err = memory ? 0 : -ENOMEM;
    if (!err)
        mark_memory(run, memory);
    if (!err)
        err = from_bits(&all, memory, run->frames);
    if (!err)
        err = from_bits(&unused, run->free_at_start, run->frames);
    for (size_t z = 0; z < run->nr_zones; z++)
        for (unsigned order = 0; order < FPR_NR_ORDERS; order++)
            for (int mt = 0; mt < FPR_NR_MIGRATETYPES && !err; mt++)
                err = fpr_zone_walk_free(fpr_machine_zone(run->machine, z), order, mt, one_reported,
                                         &reported) == -ENOMEM
                          ? -ENOMEM
                          : 0;
    struct fpr_host_start start = {.memory = all.r,
                                   .nr_memory = all.nr,
                                   .free = unused.r,
                                   .nr_free = unused.nr,
                                   .reported = reported.r,
                                   .nr_reported = reported.nr,
                                   .measured_bytes = first_measurement(run)};
    int64_t loaded = err ? err : fpr_host_load_start(run->host, &start);
    free(memory);
    free(all.r);
    free(unused.r);
    free(reported.r);
    return loaded < 0 ? (int)loaded : 0;
}
