/* Requests to a whole machine. */
#include "mm/emit.h"
#include "mm/machine.h"

#include "mm/watermark.h"

#include <errno.h>

/* Fills the request and counts the zones. Returns -EINVAL for what none of them could ever serve.
 */
static int check(const struct fpr_machine *m, struct fpr_zone *const *list, unsigned order,
                 fpr_gfp gfp, unsigned cpu, unsigned flags, struct request *r, size_t *n)
{
    if (fpr_machine_in_callback(m) || fpr_request_init(r, order, gfp, cpu, flags)) {
        return -EINVAL;
    }
    for (*n = 0; *n < m->nr_zones && list[*n]; ++*n) {
        if (order > list[*n]->max_order || cpu >= list[*n]->cpus) {
            return -EINVAL;
        }
    }
    return 0;
}

static int serve(struct fpr_machine *m, struct fpr_zone *const *list, unsigned order, fpr_gfp gfp,
                 unsigned cpu, unsigned flags, fpr_pfn *pfn)
{
    struct request r;
    size_t n;
    if (check(m, list, order, gfp, cpu, flags, &r, &n)) {
        return -EINVAL;
    }
    r.any_zone = m->nr_zones == 1;
    fpr_pfn got = FPR_PFN_NONE;
    int err = fpr_request_serve(list, n, &r, &got);
    struct fpr_zone *z = err ? (n ? list[0] : NULL) : fpr_machine_zone_of(m, got);
    if (z && z->sink.event) {
        const struct fpr_event e = {.type = FPR_EVENT_PAGE_ALLOC,
                                    .pfn = got,
                                    .order = order,
                                    .migratetype = r.mt,
                                    .gfp = gfp};
        zone_lock(z);
        emit(z, &e);
        zone_unlock(z);
    }
    if (err) {
        if (z) {
            zone_count(z, &z->stats.alloc_failures);
        }
        return err;
    }
    *pfn = got;
    return 0;
}

int fpr_alloc_pages_node(struct fpr_machine *machine, int node, unsigned order, fpr_gfp gfp,
                         unsigned cpu, fpr_pfn *pfn)
{
    struct fpr_zone *list[MAX_ZONELIST] = {NULL};
    if (!machine || !pfn || node < 0 || node > MAX_NODE) {
        return -EINVAL;
    }
    size_t n = fpr_machine_zonelist(machine, node, list);
    if (gfp & FPR_GFP_THISNODE) {
        size_t kept = 0;
        while (kept < n && list[kept]->node == node) {
            kept++;
        }
        if (kept == 0) { /* the node has no zone: it fails, but a mistake is told as one */
            struct request r;
            return check(machine, list, order, gfp, cpu, 0, &r, &n) ? -EINVAL : -ENOMEM;
        }
        list[kept < MAX_ZONELIST ? kept : MAX_ZONELIST - 1] = NULL;
        n = kept;
    }
    return n ? serve(machine, list, order, gfp, cpu, 0, pfn) : -ENOMEM;
}

int fpr_alloc_pages_flags(struct fpr_machine *machine, unsigned order, fpr_gfp gfp, unsigned cpu,
                          unsigned flags, fpr_pfn *pfn)
{
    if (!machine || !pfn) {
        return -EINVAL;
    }
    if ((gfp & FPR_GFP_THISNODE) && !flags) {
        return fpr_alloc_pages_node(machine, 0, order, gfp, cpu, pfn);
    }
    return serve(machine, machine->zonelist, order, gfp, cpu, flags, pfn);
}

int fpr_alloc_pages(struct fpr_machine *machine, unsigned order, fpr_gfp gfp, fpr_pfn *pfn)
{
    return fpr_alloc_pages_flags(machine, order, gfp, 0, 0, pfn);
}

int fpr_alloc_pages_bulk_one(struct fpr_machine *machine, fpr_gfp gfp, unsigned bulk, unsigned cpu,
                             fpr_pfn *pfn)
{
    struct request r;
    if (!machine || !pfn || fpr_machine_in_callback(machine) ||
        fpr_request_init(&r, 0, gfp, cpu, 0)) {
        return -EINVAL;
    }
    enum fpr_zone_index preferred = r.highest;
    bool have_cpu = false;
    for (size_t k = 0, found = 0; k < machine->nr_zones && machine->zonelist[k]; k++) {
        struct fpr_zone *z = machine->zonelist[k];
        have_cpu |= cpu < z->cpus;
        if (z->index > r.highest || cpu >= z->cpus) {
            continue;
        }
        preferred = found++ ? preferred : z->index;
        zone_lock(z);
        uint64_t mark =
            z->watermark[FPR_WMARK_LOW] + z->boost + z->lowmem_reserve[preferred] + bulk;
        bool enough = fpr_watermark_plain(z, mark);
        zone_unlock(z);
        if (enough) {
            return fpr_zone_alloc_bulk_page(z, r.mt, cpu, pfn);
        }
    }
    return have_cpu ? -ENOMEM : -EINVAL;
}

int fpr_free_pages_cpu(struct fpr_machine *machine, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    struct fpr_zone *z = fpr_machine_zone_of(machine, pfn);
    if (!z || (machine->nr_zones > 1 && fpr_machine_in_callback(machine))) {
        return -EINVAL; /* a zone asks for itself; here another one's callback may call */
    }
    return fpr_zone_free(z, pfn, order, cpu);
}

int fpr_free_pages(struct fpr_machine *machine, fpr_pfn pfn, unsigned order)
{
    return fpr_free_pages_cpu(machine, pfn, order, 0);
}
