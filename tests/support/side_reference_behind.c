/* The reference model's side: what a kernel does behind its users' backs. */
#include "support/side_reference.h"

#include <errno.h>

static bool bad_block(const struct ref_zone *z, fpr_pfn pfn, unsigned order)
{
    return !z || order > z->maxo || pfn % (1ull << order) ||
           pfn + (1ull << order) > z->start + z->span;
}

int side_reference_bulk_page(struct side *s, size_t zone, int mt, unsigned cpu, fpr_pfn *pfn)
{
    struct ref_zone *z = ref(s)->zone[zone];
    fpr_pfn got;

    if (mt < 0 || mt >= FPR_NR_PCPTYPES || cpu >= z->cpus)
        return -EINVAL;
    got = ref_pcp_bulk_page(z, (unsigned)mt, cpu);
    if (got == REF_NONE)
        return -ENOMEM;
    ref_mark(z, got, 0, REF_ALLOCATED, z->movable_by_type && mt == FPR_MOVABLE);
    *pfn = got;
    return 0;
}

int side_reference_locked_alloc(struct side *s, unsigned order, fpr_gfp gfp, unsigned cpu,
                                fpr_pfn *pfn)
{
    fpr_pfn got = ref_alloc_zones(ref(s)->zone, ref(s)->n, 0, order, gfp, cpu, true);

    if (got == REF_NONE)
        return -ENOMEM;
    *pfn = got;
    return 0;
}

int side_reference_free_as(struct side *s, fpr_pfn pfn, unsigned order, int mt, unsigned cpu,
                           bool locked)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    if (!z || cpu >= z->cpus || !ref_can_free(z, pfn, order) || mt < -1 || mt > FPR_ISOLATE)
        return -EINVAL;
    ref_free_as(z, pfn, order, mt, cpu, locked);
    return 0;
}

int side_reference_take(struct side *s, fpr_pfn pfn, unsigned order)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    return bad_block(z, pfn, order) ? -EINVAL : ref_take(z, pfn, order);
}

int side_reference_pcp_take(struct side *s, fpr_pfn pfn, unsigned order)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    if (bad_block(z, pfn, order))
        return -EINVAL;
    return ref_pcp_take(z, pfn, order) ? 0 : -ENOENT;
}

int side_reference_pcp_push(struct side *s, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    if (!z || cpu >= z->cpus || !ref_can_free(z, pfn, order))
        return -EINVAL;
    return ref_pcp_push(z, pfn, order, cpu) ? 0 : -EINVAL;
}

int side_reference_regroup(struct side *s, fpr_pfn pfn, unsigned order)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    return bad_block(z, pfn, order) ? -EINVAL : ref_regroup(z, pfn, order);
}

int side_reference_reported(struct side *s, fpr_pfn pfn, unsigned order, bool on)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    if (!z || !ref_is_free(z, pfn, order))
        return -EINVAL;
    ref_page(z, pfn)->reported = on;
    return 0;
}

int side_reference_threshold(struct side *s, size_t zone, unsigned pages)
{
    ref(s)->zone[zone]->threshold = pages;
    ref_account(ref(s)->zone[zone], 0);
    return 0;
}

int side_reference_fold(struct side *s, size_t zone)
{
    struct ref_zone *z = ref(s)->zone[zone];

    z->free += z->lag;
    z->lag = 0;
    return 0;
}

int side_reference_capture(struct side *s, size_t zone, unsigned order)
{
    struct ref_zone *z = ref(s)->zone[zone];

    if (order > z->maxo)
        return -EINVAL;
    if (z->capture.active)
        return -EBUSY;
    z->capture.active = true;
    z->capture.paused = false;
    z->capture.order = order;
    z->capture.pfn = REF_NONE;
    return 0;
}

int side_reference_capture_pause(struct side *s, size_t zone, bool on)
{
    struct ref_zone *z = ref(s)->zone[zone];

    if (!z->capture.active)
        return -EINVAL;
    z->capture.paused = on;
    return 0;
}

int side_reference_capture_end(struct side *s, size_t zone, fpr_pfn *pfn)
{
    struct ref_zone *z = ref(s)->zone[zone];

    if (!z->capture.active)
        return -EINVAL;
    *pfn = z->capture.pfn;
    if (*pfn != REF_NONE)
        ref_mark(z, *pfn, z->capture.order, REF_ALLOCATED, false);
    z->capture.active = false;
    z->capture.pfn = REF_NONE;
    return 0;
}
