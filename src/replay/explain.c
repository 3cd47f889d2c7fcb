/* "Why was this memory not returned?", at one moment, in words. */
#include "replay/run.h"

#include <errno.h>
#include <stdio.h>

#define MIB(bytes) ((double)(bytes) / (1024.0 * 1024.0))

struct by_order {
    const struct run *run;
    uint64_t blocks[FPR_NR_ORDERS], pages[FPR_NR_ORDERS], held[FPR_NR_ORDERS];
    uint64_t reported[FPR_NR_ORDERS];
    struct fpr_block biggest; /* held and waiting, largest first found */
};

static int count(void *ctx, const struct fpr_block *block)
{
    struct by_order *o = ctx;
    uint64_t pages = 1ull << block->order;
    int64_t held = fpr_host_resident_in(o->run->host, block->pfn, pages);
    o->blocks[block->order]++;
    o->pages[block->order] += pages;
    o->held[block->order] += held > 0 ? (uint64_t)held : 0;
    o->reported[block->order] += block->reported ? pages : 0;
    if (held > 0 && !block->reported &&
        (o->biggest.pfn == FPR_PFN_NONE || block->order > o->biggest.order))
        o->biggest = *block;
    return 0;
}

static void write_gap(FILE *out, const struct fpr_gap *gap)
{
    fprintf(out, "Free in the guest, yet held by the host:\n");
#define FPR_X(name, text) fprintf(out, "  %10.1f MiB  %s\n", MIB(gap->name), text);
    FPR_GAP_PARTS(FPR_X)
#undef FPR_X
}

static void write_orders(FILE *out, const struct run *run, const struct by_order *o)
{
    unsigned shift = run->page_shift;
    fprintf(out, "By order:  blocks      free MiB      held MiB  reported MiB\n");
    for (unsigned i = 0; i < FPR_NR_ORDERS; i++)
        if (o->blocks[i])
            fprintf(out, "  %6u %9llu %13.1f %13.1f %13.1f\n", i, (unsigned long long)o->blocks[i],
                    MIB(o->pages[i] << shift), MIB(o->held[i] << shift),
                    MIB(o->reported[i] << shift));
    if (o->biggest.pfn != FPR_PFN_NONE)
        fprintf(out, "Largest unreported block still held: frame %llx, order %u, %s\n",
                (unsigned long long)o->biggest.pfn, o->biggest.order,
                fpr_migratetype_name(o->biggest.migratetype));
}

static void write_zone(FILE *out, const struct run *run, const struct fpr_zone *zone)
{
    struct fpr_zone_info info;
    struct fpr_zone_counters c;
    fpr_zone_get_info(zone, &info);
    fpr_zone_get_counters(zone, &c);
    uint64_t need = c.watermark[FPR_WMARK_LOW] + c.boost +
                    ((uint64_t)run->config.capacity << run->config.order);
    fprintf(out, "Zone %s: %llu pages free; a pass needs more than %llu: %s\n", info.name,
            (unsigned long long)c.free, (unsigned long long)need,
            c.free > need ? "allowed" : "refused by the low watermark");
}

static void write_reporter(FILE *out, const struct run *run, fpr_ns at)
{
    static const char *const states[] = {"idle: no free has asked for a pass since the last one",
                                         "requested: a pass is waiting for its delay", "in a pass"};
    if (!run->reporter && run->recorded && run->p->nr_passes) {
        fprintf(out, "Reports are repeated as they were recorded (mirror mode): order %d.\n",
                fpr_passes_order(run));
        return;
    }
    if (!run->reporter || !run->registered) {
        fprintf(out, "No device is registered: nothing is reported, at any order.\n");
        return;
    }
    int state = fpr_reporter_state(run->reporter);
    fpr_ns due;
    fprintf(out, "Reporting order %d, capacity %u, budget divisor %u, delay %.3f s; %s\n",
            run->config.order, run->config.capacity, run->config.budget_divisor,
            (double)run->config.delay / 1e9, state >= 0 && state <= 2 ? states[state] : "?");
    if (run->clock && fpr_clock_next(run->clock, &due) && due > at)
        fprintf(out, "Next pass in %.3f s\n", (double)(due - at) / 1e9);
    else if (run->recorded && run->pass.requested &&
             run->pass.requested_at + run->config.delay + run->slack > at)
        fprintf(out, "Next pass expected in %.3f s\n",
                (double)(run->pass.requested_at + run->config.delay + run->slack - at) / 1e9);
    for (size_t i = 0; i < run->nr_zones; i++)
        write_zone(out, run, fpr_machine_zone(run->machine, i));
}

int fpr_explain_now(struct run *run, fpr_ns at)
{
    size_t size;
    FILE *out = open_memstream(&run->r->explanation, &size);
    if (!out)
        return -ENOMEM;
    struct by_order o = {.run = run, .biggest = {.pfn = FPR_PFN_NONE}};
    struct fpr_gap gap;
    fpr_gap_measure(run, &gap);
    for (size_t z = 0; z < run->nr_zones; z++)
        for (unsigned order = 0; order < FPR_NR_ORDERS; order++)
            for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
                fpr_zone_walk_free(fpr_machine_zone(run->machine, z), order, mt, count, &o);
    fprintf(out, "At %.3f s the host holds %.1f MiB of this guest.\n", (double)at / 1e9,
            MIB(fpr_host_resident_pages(run->host) << run->page_shift));
    write_gap(out, &gap);
    write_orders(out, run, &o);
    write_reporter(out, run, at);
    return fclose(out) ? -ENOMEM : 0;
}
