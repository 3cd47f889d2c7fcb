/* The reference model's side of a comparison: checks first, then the model. */
#include "support/side_reference.h"
#include "support/support.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_bits(void *ctx)
{
    return test_random(ctx);
}

struct ref_zone *side_reference_zone(struct side *s, fpr_pfn pfn)
{
    for (size_t i = 0; i < ref(s)->n; i++)
        if (ref_in_zone(ref(s)->zone[i], pfn))
            return ref(s)->zone[i];
    return NULL;
}

static bool bad_gfp(fpr_gfp gfp)
{
    return (gfp & ~FPR_GFP_ALL_BITS) || ((gfp & FPR_GFP_MOVABLE) && (gfp & FPR_GFP_RECLAIMABLE));
}

static int r_alloc(struct side *s, size_t zone, unsigned order, fpr_gfp gfp, unsigned cpu,
                   fpr_pfn *pfn)
{
    struct ref_zone *z = ref(s)->zone[zone];
    fpr_pfn got;

    if (order > z->maxo || cpu >= z->cpus || bad_gfp(gfp))
        return -EINVAL;
    got = ref_alloc(z, order, gfp, cpu);
    if (got == REF_NONE)
        return -ENOMEM;
    *pfn = got;
    return 0;
}

static int r_alloc_node(struct side *s, int node, unsigned order, fpr_gfp gfp, unsigned cpu,
                        fpr_pfn *pfn)
{
    fpr_pfn got;

    for (size_t i = 0; i < ref(s)->n; i++)
        if (order > ref(s)->zone[i]->maxo || cpu >= ref(s)->zone[i]->cpus)
            return -EINVAL;
    if (bad_gfp(gfp))
        return -EINVAL;
    got = ref_alloc_zones(ref(s)->zone, ref(s)->n, node, order, gfp, cpu, false);
    if (got == REF_NONE)
        return -ENOMEM;
    *pfn = got;
    return 0;
}

static int r_free(struct side *s, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    if (!z || cpu >= z->cpus || !ref_can_free(z, pfn, order))
        return -EINVAL;
    ref_free_pages(z, pfn, order, cpu);
    return 0;
}

static int r_free_bulk(struct side *s, const fpr_pfn *pfns, size_t count, unsigned cpu,
                       size_t *freed)
{
    for (*freed = 0; *freed < count; ++*freed) {
        int err = r_free(s, pfns[*freed], 0, cpu);

        if (err)
            return err;
    }
    return 0;
}

static int r_split(struct side *s, fpr_pfn pfn, unsigned order, unsigned to)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    if (!z || !ref_can_free(z, pfn, order) || to > order)
        return -EINVAL;
    ref_split(z, pfn, order, to);
    return 0;
}

static int r_movable(struct side *s, fpr_pfn pfn, unsigned order, bool on)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    if (!z || !ref_can_free(z, pfn, order))
        return -EINVAL;
    for (fpr_pfn p = pfn; p < pfn + (1ull << order); p++)
        ref_page(z, p)->movable = on;
    return 0;
}

static int r_drain(struct side *s, size_t zone, unsigned cpu)
{
    if (cpu >= ref(s)->zone[zone]->cpus)
        return -EINVAL;
    ref_drain(ref(s)->zone[zone], cpu);
    return 0;
}

static int r_isolate(struct side *s, fpr_pfn pfn, unsigned order)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    return z ? ref_isolate(z, pfn, order) : -EINVAL;
}

/* Held for the caller? */
static bool held(struct side *s, fpr_pfn pfn, unsigned order)
{
    struct ref_zone *z = side_reference_zone(s, pfn);

    if (!z || order > z->maxo || ref_page(z, pfn)->what != REF_HELD ||
        ref_page(z, pfn)->order != order)
        return false;
    for (unsigned i = 0; ref(s)->in_pass && i < ref(s)->reporter.used; i++)
        if (ref(s)->reporter.batch[i].pfn == pfn)
            return false; /* held for the device */
    return !z->capture.active || z->capture.pfn != pfn;
}

static int r_putback(struct side *s, fpr_pfn pfn, unsigned order)
{
    if (!held(s, pfn, order))
        return -EINVAL;
    ref_putback(side_reference_zone(s, pfn), pfn, order,
                side_reference_zone(s, pfn)->rules.putback);
    return 0;
}

static int r_adopt(struct side *s, fpr_pfn pfn, unsigned order)
{
    if (!held(s, pfn, order))
        return -EINVAL;
    ref_mark(side_reference_zone(s, pfn), pfn, order, REF_ALLOCATED, false);
    return 0;
}

/* Blocks of any order end at the ends of largest blocks, and in the zone's last whole pageblock. */
static bool bad_end(const struct ref_zone *z, fpr_pfn end)
{
    uint64_t pages = 1ull << z->pbo, zone_end = z->start + z->span;

    return end % pages || end < z->start || end > zone_end ||
           (end % (1ull << z->maxo) && end - z->start >= pages && zone_end - end >= pages);
}

static bool bad_range(const struct ref_zone *z, fpr_pfn start, fpr_pfn end, int mt)
{
    return start >= end || bad_end(z, start) || bad_end(z, end) || mt < 0 || mt >= FPR_HIGHATOMIC;
}

static int r_isolate_range(struct side *s, size_t zone, fpr_pfn start, fpr_pfn end, int mt)
{
    if (bad_range(ref(s)->zone[zone], start, end, mt))
        return -EINVAL;
    return ref_isolate_range(ref(s)->zone[zone], start, end, (unsigned)mt);
}

static int r_unisolate_range(struct side *s, size_t zone, fpr_pfn start, fpr_pfn end, int mt)
{
    if (bad_range(ref(s)->zone[zone], start, end, mt))
        return -EINVAL;
    ref_unisolate_range(ref(s)->zone[zone], start, end, (unsigned)mt);
    return 0;
}

static int r_wmark(struct side *s, size_t zone, uint64_t min, uint64_t low, uint64_t high)
{
    struct ref_zone *z = ref(s)->zone[zone];

    z->wmark[FPR_WMARK_MIN] = (int64_t)min;
    z->wmark[FPR_WMARK_LOW] = (int64_t)low;
    z->wmark[FPR_WMARK_HIGH] = (int64_t)high;
    return 0;
}

static int r_boost(struct side *s, size_t zone, unsigned factor, uint64_t boost)
{
    ref(s)->zone[zone]->boost_factor = factor;
    ref(s)->zone[zone]->boost = (int64_t)boost;
    return 0;
}

static int r_pcp(struct side *s, size_t zone, unsigned high, unsigned batch)
{
    if (batch == 0)
        return -EINVAL;
    ref_set_pcp(ref(s)->zone[zone], high, batch);
    return 0;
}

static int r_reserve(struct side *s, size_t zone, unsigned index, uint64_t pages)
{
    if (index >= FPR_NR_ZONE_INDICES)
        return -EINVAL;
    ref(s)->zone[zone]->reserve[index] = (int64_t)pages;
    return 0;
}

static int r_reclaiming(struct side *s, size_t zone, bool on)
{
    ref(s)->zone[zone]->reclaiming = on;
    return 0;
}

static int r_shuffle(struct side *s, size_t zone, uint64_t seed)
{
    ref_shuffle_zone(ref(s)->zone[zone], next_bits, &seed);
    return 0;
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    return side_report(ctx, sg, nents);
}

static int r_reg(struct side *s, const struct fpr_report_config *config, int wish)
{
    struct reference *r = ref(s);
    struct ref_reporter *p = &r->reporter;

    if (s->registered)
        return -EBUSY;
    if (config->capacity < 1 || config->capacity > 65536 || config->order < -1 ||
        config->order > (int)r->zone[0]->maxo)
        return -EINVAL;
    p->zone = r->zone;
    p->nr_zones = r->n;
    p->order = r->zone[0]->pbo;
    if (wish > 0 && r->zone[0]->rules.multi_pcp)
        p->order = (unsigned)wish;
    if (config->order >= 0)
        p->order = (unsigned)config->order;
    p->capacity = config->capacity;
    p->divisor = config->budget_divisor;
    p->rotate = config->rotate;
    p->eager = config->eager;
    p->delay = config->delay;
    p->putback_set = config->putback_set;
    p->putback = config->putback;
    p->may_report = config->may_report;
    p->may_report_ctx = config->may_report_ctx;
    p->report = report;
    p->ctx = s;
    ref_register(p);
    return 0;
}

static int r_unreg(struct side *s)
{
    if (!s->registered)
        return -EINVAL;
    if (ref(s)->in_pass)
        return -EDEADLK;
    ref_unregister(&ref(s)->reporter);
    return 0;
}

static int r_pass(struct side *s, struct fpr_pass_result *result)
{
    struct reference *r = ref(s);

    if (!s->registered)
        return -EINVAL;
    if (r->in_pass)
        return -EBUSY;
    r->in_pass = true;
    result->error = ref_pass(&r->reporter);
    r->in_pass = false;
    result->calls = r->reporter.calls;
    result->requested = r->reporter.state == FPR_REPORT_REQUESTED;
    return 0;
}

static int r_advance(struct side *s, fpr_ns by)
{
    struct reference *r = ref(s);

    r->in_pass = true;
    ref_advance(&r->reporter, r->reporter.now + by);
    r->in_pass = false;
    return 0;
}

static int r_copy(struct side *s)
{
    (void)s;
    return 0;
}

static void r_destroy(struct side *s)
{
    for (size_t i = 0; i < ref(s)->n; i++)
        ref_zone_destroy(ref(s)->zone[i]);
    free(ref(s));
}

static const struct side_ops ops = {
    .name = "reference",
    .alloc = r_alloc,
    .alloc_node = r_alloc_node,
    .free = r_free,
    .free_bulk = r_free_bulk,
    .split = r_split,
    .movable = r_movable,
    .drain = r_drain,
    .isolate = r_isolate,
    .putback = r_putback,
    .adopt = r_adopt,
    .isolate_range = r_isolate_range,
    .unisolate_range = r_unisolate_range,
    .wmark = r_wmark,
    .boost = r_boost,
    .pcp = r_pcp,
    .reserve = r_reserve,
    .reclaiming = r_reclaiming,
    .shuffle = r_shuffle,
    .reg = r_reg,
    .unreg = r_unreg,
    .pass = r_pass,
    .advance = r_advance,
    .copy = r_copy,
    .bulk_page = side_reference_bulk_page,
    .locked_alloc = side_reference_locked_alloc,
    .free_as = side_reference_free_as,
    .take = side_reference_take,
    .pcp_take = side_reference_pcp_take,
    .pcp_push = side_reference_pcp_push,
    .regroup = side_reference_regroup,
    .reported = side_reference_reported,
    .threshold = side_reference_threshold,
    .fold = side_reference_fold,
    .capture = side_reference_capture,
    .capture_pause = side_reference_capture_pause,
    .capture_end = side_reference_capture_end,
    .nth_pcp = side_reference_nth_pcp,
    .nth_free = side_reference_nth_free,
    .page = side_reference_page,
    .hash = side_reference_hash,
    .counters = side_reference_counters,
    .valid = side_reference_valid,
    .dump = side_reference_dump,
    .destroy = r_destroy,
};

bool side_create_reference(struct side *s, const struct script *script, int *err)
{
    struct reference *r = calloc(1, sizeof *r);

    if (!r)
        abort();
    memset(s, 0, sizeof *s);
    s->ops = &ops;
    s->script = script;
    s->batch = -1;
    for (size_t i = 0; i < script->nr_zones; i++) {
        struct fpr_zone_config c = script->zone[i].config;

        c.holes = script->zone[i].hole;
        r->bits[i] = script->zone[i].bits_seed;
        c.bits = next_bits;
        c.bits_ctx = &r->bits[i];
        r->zone[i] = ref_zone_create(&c);
    }
    r->n = script->nr_zones;
    if (script->compute)
        ref_compute_machine(r->zone, r->n, script->thp);
    for (size_t i = 0; script->compute && i < r->n; i++)
        if (script->zone[i].config.pcp_auto)
            ref_compute_pcp(r->zone[i]);
    s->impl = r;
    *err = 0;
    return true;
}
