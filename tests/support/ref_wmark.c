/* The reference model: watermark tests, the boost, and sizes computed at boot. */
#include "support/ref.h"

/* Pages of the high-atomic reserve that ordinary requests must leave alone. */
static int64_t withheld(const struct ref_zone *z)
{
    int64_t pages = 0;

    if (!z->rules.highatomic_6_12 || z->highatomic == 0)
        return z->highatomic;
    for (unsigned o = 0; o <= z->maxo; o++)
        pages += (int64_t)(z->list[o][FPR_HIGHATOMIC].n << o);
    return pages;
}

static bool uses_reserves(const struct ref_zone *z, unsigned flags)
{
    if (z->rules.flags_6_1)
        return flags & (REF_F_HIGH | REF_F_NON_BLOCK);
    return flags & REF_F_HARDER;
}

static int64_t lowered(const struct ref_zone *z, int64_t mark, unsigned flags)
{
    if (flags & REF_F_HIGH)
        mark -= mark / 2;
    if (z->rules.flags_6_1) {
        if ((flags & REF_F_HIGH) && (flags & REF_F_NON_BLOCK))
            mark -= mark / 4;
    } else if (flags & REF_F_HARDER) {
        mark -= mark / 4;
    }
    return mark;
}

bool ref_watermark_ok(const struct ref_zone *z, unsigned order, int64_t mark, unsigned index,
                      unsigned flags)
{
    int64_t free = z->free - (((int64_t)1 << order) - 1);
    unsigned atomic_lists = z->rules.flags_6_1 ? REF_F_HIGHATOMIC : REF_F_HARDER;

    if (!uses_reserves(z, flags))
        free -= withheld(z);
    if (free <= lowered(z, mark, flags) + z->reserve[index])
        return false;
    if (order == 0)
        return true;
    for (unsigned o = order; o <= z->maxo; o++) {
        for (unsigned t = 0; t < FPR_NR_PCPTYPES; t++)
            if (z->list[o][t].n > 0)
                return true;
        if ((flags & atomic_lists) && z->list[o][FPR_HIGHATOMIC].n > 0)
            return true;
    }
    return false;
}

bool ref_watermark_fast(const struct ref_zone *z, unsigned order, int64_t mark, unsigned index,
                        unsigned flags)
{
    if (order == 0) {
        int64_t free = z->free;

        if (z->rules.shortcut_unusable && !uses_reserves(z, flags))
            free -= withheld(z);
        if (z->rules.shortcut_unusable) {
            if ((uint64_t)free > (uint64_t)(mark + z->reserve[index]))
                return true; /* also when it is negative: the kernel compares unsigned */
        } else if (!z->rules.flags_6_1 && free > mark + z->reserve[index]) {
            return true; /* v16 looks at all free pages here, whatever is reserved */
        }
    }
    if (ref_watermark_ok(z, order, mark, index, flags))
        return true;
    if (z->rules.retry_unboosted && order == 0 && z->boost > 0 && (flags & REF_F_MIN) &&
        (flags & (z->rules.flags_6_1 ? REF_F_HIGH : REF_F_ATOMIC_GFP)))
        return ref_watermark_ok(z, order, z->wmark[FPR_WMARK_MIN], index, flags);
    return false;
}

static int64_t fraction(int64_t x, int64_t n, int64_t d)
{
    return x / d * n + x % d * n / d;
}

void ref_boost(struct ref_zone *z)
{
    int64_t block = (int64_t)1 << z->pbo;
    int64_t most = fraction(z->wmark[FPR_WMARK_HIGH], z->boost_factor, 10000);

    if (z->boost_factor == 0 || 4 * block > (int64_t)z->managed || most == 0)
        return;
    if (most < block)
        most = block;
    z->boost += block;
    if (z->boost > most)
        z->boost = most;
}

static uint64_t root(uint64_t x)
{
    uint64_t r = 0;

    while ((r + 1) * (r + 1) <= x)
        r++;
    return r;
}

/* One zone alone: all of min_free_kbytes is its own. */
static void compute_watermarks(struct ref_zone *z)
{
    uint64_t kb_shift = z->page_shift - 10;
    uint64_t kb = root((z->managed << kb_shift) * 16);
    int64_t managed = (int64_t)z->managed;
    int64_t min, step;

    if (kb < 128)
        kb = 128;
    if (kb > 262144)
        kb = 262144;
    min = (int64_t)(kb >> kb_shift);
    step = min / 4;
    if (step < fraction(managed, 10, 10000))
        step = fraction(managed, 10, 10000);
    for (int i = 0; i < FPR_NR_WMARKS; i++)
        z->wmark[i] = min + i * step;
}

void ref_compute_pcp(struct ref_zone *z)
{
    int64_t mib = ((int64_t)1 << 20) >> z->page_shift;
    int64_t b = (int64_t)z->managed / 1024;
    int64_t pow = 1, high, batch;

    if (b > mib)
        b = mib;
    b /= 4;
    if (b < 1)
        b = 1;
    while (2 * pow <= b + b / 2)
        pow *= 2;
    b = pow - 1;
    batch = b > 1 ? b : 1;
    high = 6 * b;
    if (z->rules.multi_pcp) {
        high = z->wmark[FPR_WMARK_LOW] / z->cpus;
        if (high < 4 * batch)
            high = 4 * batch;
    }
    for (unsigned i = 0; i < z->cpus; i++) {
        z->pcp[i].high = high;
        z->pcp[i].batch = batch;
    }
}

void ref_compute_sizes(struct ref_zone *z, const struct fpr_zone_config *c)
{
    bool given = false;

    for (int i = 0; i < FPR_NR_WMARKS; i++) {
        z->wmark[i] = (int64_t)c->watermark[i];
        given = given || c->watermark[i] != 0;
    }
    if (!given)
        compute_watermarks(z);
    for (int i = 0; i < FPR_NR_ZONE_INDICES; i++)
        z->reserve[i] = (int64_t)c->lowmem_reserve[i];
    if (c->pcp_auto) {
        ref_compute_pcp(z);
        return;
    }
    for (unsigned i = 0; i < z->cpus; i++) {
        z->pcp[i].high = c->pcp_high;
        z->pcp[i].batch = c->pcp_batch;
    }
}
