/* Random scripts: single operations. */
#include "support/script_maker.h"

static const struct fpr_zone_config *zone(const struct maker *m, int64_t i)
{
    return &m->s->zone[(uint64_t)i % m->s->nr_zones].config;
}

static int64_t order(struct maker *m, const struct fpr_zone_config *c)
{
    int64_t o = 0;

    if (chance(m, 6))
        return (int64_t)below(m, c->max_order + 1);
    if (chance(m, 10))
        return c->pageblock_order;
    while (o < c->max_order && chance(m, 2))
        o++;
    return o;
}

static int64_t gfp(struct maker *m)
{
    static const fpr_gfp types[] = {0, FPR_GFP_MOVABLE, FPR_GFP_MOVABLE | FPR_GFP_HIGHMEM,
                                    FPR_GFP_MOVABLE, FPR_GFP_RECLAIMABLE};
    fpr_gfp type = types[below(m, sizeof types / sizeof *types)];

    if (m->s->nr_zones > 1 && chance(m, 4))
        type |= chance(m, 2) ? FPR_GFP_DMA : FPR_GFP_DMA32;
    if (m->s->nr_zones > 1 && chance(m, 8))
        type |= FPR_GFP_THISNODE;
    if (m->o->misuse && chance(m, 200))
        return FPR_GFP_MOVABLE | FPR_GFP_RECLAIMABLE;
    if (m->o->misuse && chance(m, 200))
        return 0x800000;
    return type | script_gfp_extra[below(m, SCRIPT_NR_GFP_EXTRA)];
}

static int64_t cpu(struct maker *m, const struct fpr_zone_config *c)
{
    return (int64_t)below(m, c->cpus + (m->o->misuse && chance(m, 100) ? 1 : 0));
}

static void make_alloc(struct maker *m, int batch)
{
    int64_t z = (int64_t)below(m, m->s->nr_zones);
    const struct fpr_zone_config *c = zone(m, z);
    int64_t o = order(m, c);
    int64_t a[SCRIPT_ARGS] = {(int64_t)below(m, SCRIPT_SLOTS), z, o, gfp(m)};

    if (m->nr_taken < SCRIPT_SLOTS)
        m->taken[m->nr_taken++] = (uint8_t)a[0];
    if (m->s->nr_zones > 1 && !chance(m, 4)) {
        a[1] = (int64_t)below(m, 3);
        a[4] = (int64_t)below(m, c->cpus);
        add(m, batch, OP_NALLOC, a);
        return;
    }
    a[3] &= ~(int64_t)(FPR_GFP_DMA | FPR_GFP_DMA32 | FPR_GFP_THISNODE);
    a[4] = cpu(m, c);
    if (m->o->misuse && chance(m, 150))
        a[2] = (int64_t)between(m, c->max_order + 1, 70);
    add(m, batch, OP_ALLOC, a);
}

static void make_free(struct maker *m, int batch)
{
    int64_t a[SCRIPT_ARGS] = {(int64_t)below(m, SCRIPT_SLOTS), cpu(m, zone(m, 0))};

    if (m->nr_taken > 0 && !chance(m, 10)) {
        unsigned k = (unsigned)below(m, m->nr_taken);

        a[0] = m->taken[k];
        m->taken[k] = m->taken[--m->nr_taken];
    }
    add(m, batch, OP_FREE, a);
}

static void make_misuse(struct maker *m, int batch)
{
    static const enum script_kind kinds[] = {OP_FREE_AT,    OP_FREE_AT,  OP_SPLIT_AT,
                                             OP_MOVABLE_AT, OP_ADOPT_AT, OP_PUTBACK_AT};
    const struct fpr_zone_config *c = zone(m, 0);
    int64_t a[SCRIPT_ARGS];

    a[0] = (int64_t)(c->start + below(m, c->spanned + 4));
    if (chance(m, 4))
        a[0] = (int64_t)test_random(&m->seed);
    a[1] = (int64_t)below(m, c->max_order + 3);
    if (chance(m, 10))
        a[1] = (int64_t)between(m, 14, 80);
    a[2] = (int64_t)below(m, 3);
    for (unsigned i = 3; i < SCRIPT_ARGS; i++)
        a[i] = 0;
    add(m, batch, kinds[below(m, sizeof kinds / sizeof *kinds)], a);
}

static void make_range(struct maker *m, int batch)
{
    int64_t z = (int64_t)below(m, m->s->nr_zones);
    const struct fpr_zone_config *c = zone(m, z);
    uint64_t blocks = (c->spanned >> c->pageblock_order) + 2;
    int64_t a[SCRIPT_ARGS] = {z, (int64_t)below(m, blocks), (int64_t)between(m, 1, 3),
                              (int64_t)below(m, 3)};

    if (!m->o->any_ranges) { /* whole largest blocks */
        uint64_t unit = 1ull << (c->max_order - c->pageblock_order);
        uint64_t skew = (c->start >> c->pageblock_order) % unit;

        a[1] = (int64_t)(((uint64_t)a[1] / unit + 1) * unit - skew);
        if ((uint64_t)a[1] >= unit && chance(m, 2))
            a[1] -= (int64_t)unit;
        a[2] *= (int64_t)unit;
    }
    add(m, batch, chance(m, 2) ? OP_ISORANGE : OP_UNISORANGE, a);
}

static void make_setting(struct maker *m, int batch)
{
    int64_t z = (int64_t)below(m, m->s->nr_zones);
    const struct fpr_zone_config *c = zone(m, z);
    uint64_t little = chance(m, 2) ? 2 : c->spanned / 16 + 2;
    int64_t a[SCRIPT_ARGS] = {z};

    switch (below(m, 6)) {
    case 0:
        for (int i = 1; i < 4; i++)
            a[i] = (int64_t)below(m, little) + a[i - 1] * (i > 1 && !chance(m, 20));
        add(m, batch, OP_WMARK, a);
        return;
    case 1:
        a[1] = chance(m, 2) ? 15000 : (int64_t)below(m, 30000);
        a[2] = (int64_t)below(m, little);
        add(m, batch, OP_BOOST, a);
        return;
    case 2:
        a[1] = chance(m, 4) ? 0 : (int64_t)below(m, 50);
        a[2] = (int64_t)between(m, m->o->misuse ? 0 : 1, 9);
        add(m, batch, OP_PCP, a);
        return;
    case 3:
        a[1] = (int64_t)below(m, FPR_NR_ZONE_INDICES + (m->o->misuse ? 1 : 0));
        a[2] = chance(m, 3) ? 0 : (int64_t)below(m, little);
        add(m, batch, OP_RESERVE, a);
        return;
    case 4:
        a[1] = (int64_t)below(m, 2);
        add(m, batch, OP_RECLAIMING, a);
        return;
    default:
        a[1] = cpu(m, c);
        add(m, batch, OP_DRAIN, a);
        return;
    }
}

static void make_small(struct maker *m, int batch)
{
    int64_t z = (int64_t)below(m, m->s->nr_zones);
    const struct fpr_zone_config *c = zone(m, z);
    int64_t slot = (int64_t)below(m, SCRIPT_SLOTS);
    int64_t a[SCRIPT_ARGS] = {slot};

    switch (below(m, 8)) {
    case 0:
        a[1] = (int64_t)below(m, c->max_order + (m->o->misuse ? 2 : 1));
        add(m, batch, OP_SPLIT, a);
        return;
    case 1:
        a[1] = (int64_t)below(m, 2);
        add(m, batch, OP_MOVABLE, a);
        return;
    case 2:
        a[1] = (int64_t)below(m, 40);
        a[2] = cpu(m, c);
        add(m, batch, OP_BULK, a);
        return;
    case 3:
    case 4:
        a[0] = (int64_t)below(m, SCRIPT_HOLDS);
        a[1] = z;
        a[2] = order(m, c);
        a[3] = (int64_t)below(m, 4);
        add(m, batch, OP_ISOLATE, a);
        return;
    case 5:
        a[0] = (int64_t)below(m, SCRIPT_HOLDS);
        add(m, batch, OP_PUTBACK, a);
        return;
    case 6:
        a[0] = (int64_t)below(m, SCRIPT_HOLDS);
        a[1] = slot;
        add(m, batch, OP_ADOPT, a);
        return;
    default:
        a[0] = z;
        a[1] = (int64_t)(c->start + below(m, c->spanned + 2)) - (m->o->misuse ? 1 : 0);
        add(m, batch, OP_PAGE, a);
        return;
    }
}

/* `in` names a slot and a zone, `at` a zone and an order. */
static void make_capture(struct maker *m, int batch, const int64_t *in, int64_t *at)
{
    if (chance(m, 2)) {
        add(m, batch, OP_CAPTURE, at);
    } else if (chance(m, 2)) {
        at[1] = (int64_t)below(m, 2);
        add(m, batch, OP_CAPTURE_PAUSE, at);
    } else {
        add(m, batch, OP_CAPTURE_END, in);
    }
}

/* What a kernel does behind its users' backs. */
static void make_behind(struct maker *m, int batch)
{
    int64_t z = (int64_t)below(m, m->s->nr_zones);
    const struct fpr_zone_config *c = zone(m, z);
    int64_t slot = (int64_t)below(m, SCRIPT_SLOTS), o = order(m, c);
    int64_t pfn = (int64_t)(c->start + below(m, c->spanned + 1));
    int64_t in[SCRIPT_ARGS] = {slot, z};
    int64_t at[SCRIPT_ARGS] = {z, o};

    switch (below(m, 13)) {
    case 0:
        in[2] = (int64_t)below(m, 3 + (m->o->misuse ? 1 : 0));
        in[3] = cpu(m, c);
        add(m, batch, OP_BULK_PAGE, in);
        return;
    case 1:
        in[1] = o;
        in[2] = gfp(m);
        in[3] = (int64_t)below(m, c->cpus);
        if ((in[2] & FPR_GFP_RECLAIMABLE && in[2] & FPR_GFP_MOVABLE) || in[2] & 0x800000)
            in[2] = 0;
        add(m, batch, OP_LOCKED_ALLOC, in);
        return;
    case 2:
    case 3:
        if (m->nr_taken > 0)
            in[0] = m->taken[below(m, m->nr_taken)];
        in[1] = (int64_t)below(m, 4) - 1;
        in[2] = (int64_t)below(m, c->cpus);
        in[3] = chance(m, 3);
        add(m, batch, OP_FREE_AS, in);
        return;
    case 4:
    case 5:
        in[2] = pfn;
        in[3] = o;
        add(m, batch, OP_TAKE, in);
        return;
    case 6:
        in[2] = (int64_t)below(m, 6);
        add(m, batch, OP_PCP_TAKE, in);
        return;
    case 7:
        if (m->nr_taken > 0)
            in[0] = m->taken[below(m, m->nr_taken)];
        in[1] = (int64_t)below(m, c->cpus);
        add(m, batch, OP_PCP_PUSH, in);
        return;
    case 8:
        at[1] = pfn;
        at[2] = o;
        add(m, batch, OP_REGROUP, at);
        return;
    case 9:
        at[2] = (int64_t)below(m, 3);
        at[3] = !chance(m, 4);
        add(m, batch, OP_REPORTED, at);
        return;
    case 10:
        at[1] = chance(m, 2) ? 0 : (int64_t)below(m, 20);
        add(m, batch, chance(m, 2) ? OP_THRESHOLD : OP_FOLD, at);
        return;
    default:
        make_capture(m, batch, in, at);
        return;
    }
}

void make_step(struct maker *m, int batch)
{
    int64_t a[SCRIPT_ARGS] = {(int64_t)below(m, SCRIPT_SLOTS), (int64_t)test_random(&m->seed)};
    uint64_t dice = below(m, 100);

    if (m->o->behind && chance(m, 5))
        make_behind(m, batch);
    else if (dice < 43)
        make_alloc(m, batch);
    else if (dice < 80)
        make_free(m, batch);
    else if (dice < 91)
        make_small(m, batch);
    else if (dice < 94)
        make_setting(m, batch);
    else if (dice < 97 && m->o->misuse)
        make_misuse(m, batch);
    else if (dice < 98 && (m->o->ranges || m->o->any_ranges))
        make_range(m, batch);
    else if (dice < 99 && m->o->shuffles)
        add(m, batch, OP_SHUFFLE, a);
    else if (chance(m, 4))
        add(m, batch, OP_COPY, a);
    else
        for (unsigned n = (unsigned)below(m, m->nr_taken + 1); n > 0; n--)
            make_free(m, batch); /* much at once: passes need something to report */
}

void make_register(struct maker *m)
{
    static const int64_t capacities[] = {1, 1, 2, 3, 4, 8, 32};
    static const int64_t divisors[] = {0, 1, 1, 2, 16};
    const struct fpr_zone_config *c = zone(m, 0);
    bool p4 = chance(m, 4);
    int64_t a[SCRIPT_ARGS] = {0};

    a[0] = chance(m, 3) ? -1 : (int64_t)below(m, c->max_order + 1);
    if (chance(m, 2) && a[0] > 2)
        a[0] = (int64_t)below(m, 3);
    a[1] = capacities[below(m, 7)];
    a[2] = p4 ? 0 : divisors[below(m, 5)];
    a[3] = !p4 && !chance(m, 5);
    a[4] = p4;
    a[5] = chance(m, 3) ? (int64_t)below(m, c->max_order + 1) : 0;
    a[6] = (int64_t)between(m, 1, 3) * 1000;
    a[7] = chance(m, 4) ? (int64_t)below(m, 4) : 0;
    a[8] = chance(m, 5) ? (int64_t)between(m, 1, 4) : 0;
    add(m, -1, OP_REGISTER, a);
}

static void make_pass(struct maker *m)
{
    int64_t a[SCRIPT_ARGS] = {(int64_t)below(m, 5000)};
    int batches = (int)below(m, 4);

    add(m, -1, chance(m, 2) ? OP_PASS : OP_ADVANCE, a);
    for (int b = 0; b < batches; b++) {
        uint64_t n = chance(m, 2) ? 0 : below(m, 5);
        int64_t answer[SCRIPT_ARGS] = {chance(m, 2) ? -5 : 7};

        while (n-- > 0)
            make_step(m, b);
        if (chance(m, 20))
            add(m, b, chance(m, 2) ? OP_PASS : OP_UNREGISTER, answer);
        if (chance(m, 8))
            add(m, b, OP_FAIL, answer);
    }
}

void make_report(struct maker *m)
{
    int64_t none[SCRIPT_ARGS] = {0};

    if (chance(m, 20)) {
        add(m, -1, OP_UNREGISTER, none);
        make_register(m);
    } else if (chance(m, 30)) {
        make_register(m);
    } else {
        make_pass(m);
    }
}
