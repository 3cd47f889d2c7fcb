/* The reference model: what a machine's zones are given together. */
#include "support/ref.h"

static uint64_t root(uint64_t x)
{
    uint64_t r = 0;

    while ((r + 1) * (r + 1) <= x)
        r++;
    return r;
}

static int64_t fraction(int64_t x, int64_t n, int64_t d)
{
    return x / d * n + x % d * n / d;
}

static uint64_t min_free_kbytes(struct ref_zone **zones, size_t n, uint64_t lowmem, bool thp)
{
    uint64_t shift = zones[0]->page_shift - 10;
    uint64_t kb = root((lowmem << shift) * 16);
    uint64_t populated = 0, wish;

    if (kb < 128)
        kb = 128;
    if (kb > 262144)
        kb = 262144;
    if (!thp)
        return kb;
    for (size_t i = 0; i < n; i++)
        populated += zones[i]->managed > 0;
    wish = (1ull << zones[0]->pbo) * populated * (2 + 9);
    if (wish > lowmem / 20)
        wish = lowmem / 20;
    wish <<= shift;
    return wish > kb ? wish : kb;
}

/* What a lower zone of the node keeps from requests for higher ones. */
static void reserves(struct ref_zone **zones, size_t n, struct ref_zone *z)
{
    static const uint64_t ratio[] = {256, 256, 32, 0, 0};

    for (unsigned j = 0; j < FPR_NR_ZONE_INDICES; j++) {
        uint64_t above = 0;

        for (size_t i = 0; i < n; i++)
            if (zones[i]->node == z->node && zones[i]->index > z->index && zones[i]->index <= j)
                above += zones[i]->managed;
        z->reserve[j] = ratio[z->index] && z->managed ? (int64_t)(above / ratio[z->index]) : 0;
    }
}

/* NOFRAGMENT: a Normal zone with a DMA32 zone to fall back on first. */
static bool spares_fragmentation(struct ref_zone **zones, size_t n, const struct ref_zone *z)
{
    bool one_node = true, dma32 = false;

    for (size_t i = 0; i < n; i++) {
        one_node = one_node && zones[i]->node == z->node;
        dma32 = dma32 || (zones[i]->node == z->node && zones[i]->index == FPR_ZONE_DMA32 &&
                          zones[i]->managed > 0);
    }
    return z->index == FPR_ZONE_NORMAL && (one_node || dma32);
}

/* No zone above Normal: versions differ in how they count those. */
void ref_compute_machine(struct ref_zone **zones, size_t n, bool thp)
{
    uint64_t lowmem = 0, min_pages;

    for (size_t i = 0; i < n; i++)
        lowmem += zones[i]->managed;
    min_pages = min_free_kbytes(zones, n, lowmem, thp) >> (zones[0]->page_shift - 10);
    for (size_t i = 0; i < n; i++) {
        struct ref_zone *z = zones[i];
        int64_t min = lowmem ? (int64_t)(min_pages * z->managed / lowmem) : 0;
        int64_t step = min / 4;

        if (step < fraction((int64_t)z->managed, 10, 10000))
            step = fraction((int64_t)z->managed, 10, 10000);
        for (int k = 0; k < FPR_NR_WMARKS; k++)
            z->wmark[k] = min + k * step;
        reserves(zones, n, z);
        z->nofragment |= spares_fragmentation(zones, n, z);
    }
}
