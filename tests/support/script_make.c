/* Random scripts: zones, and the order of things. */
#include "support/script_maker.h"

#include <string.h>

static void holes(struct maker *m, struct script_zone *z)
{
    fpr_pfn at = z->config.start;
    fpr_pfn end = z->config.start + z->config.spanned;
    unsigned n = (unsigned)below(m, SCRIPT_HOLES / 2);

    for (unsigned i = 0; i < n; i++) {
        uint64_t pages = between(m, 1, 1 + z->config.spanned / 6);

        at += 1 + below(m, z->config.spanned / 3 + 1);
        if (at + pages > end)
            break;
        z->hole[z->config.nr_holes++] = (struct fpr_range){.start = at, .pages = pages};
        at += pages;
    }
}

static void orders(struct maker *m, struct fpr_zone_config *c)
{
    if (m->o->size == 0) {
        c->max_order = (unsigned)between(m, 1, 5);
        c->pageblock_order = (unsigned)between(m, 1, c->max_order);
    } else if (m->o->size == 1) {
        c->max_order = (unsigned)between(m, 4, 8);
        c->pageblock_order = (unsigned)between(m, 2, c->max_order);
    } else {
        c->max_order = (unsigned)between(m, 10, 13);
        c->pageblock_order = (unsigned)between(m, 3, 10);
    }
}

static void zone_config(struct maker *m, struct script_zone *z, fpr_pfn from)
{
    static const unsigned shifts[] = {12, 12, 14, 16};
    struct fpr_zone_config *c = &z->config;
    uint64_t largest = 1ull << c->max_order;
    static const enum fpr_place places[] = {FPR_PLACE_HEAD, FPR_PLACE_TAIL};

    c->start = from;
    if (chance(m, 2))
        c->start = (c->start + largest - 1) / largest * largest;
    else
        c->start += below(m, 2 * largest);
    c->spanned = chance(m, 4) ? between(m, 1, largest) : between(m, 1, 5 * largest);
    if (chance(m, 3))
        c->spanned = (c->spanned + largest - 1) / largest * largest;
    if (chance(m, 3))
        holes(m, z);
    if (m->o->size == 3) {
        c->start = below(m, 2 * largest);
        c->spanned = (1ull << 32) - 4 * largest;
        z->config.nr_holes = 1;
        z->hole[0].start = c->start + between(m, 1, 3 * largest);
        z->hole[0].pages = c->spanned - 6 * largest;
    }
    c->locked = chance(m, 4); /* the short ways of unlocked zones are not taken then */
    c->page_shift = shifts[below(m, 4)];
    c->cpus = chance(m, 3) ? (unsigned)between(m, 2, 3) : 1;
    c->nofragment = chance(m, 3);
    c->movable_by_type = !chance(m, 4);
    c->shuffle = m->o->shuffles && chance(m, 2);
    z->bits_seed = test_random(&m->seed);
    c->boost_factor = chance(m, 2) ? 15000 : (unsigned)below(m, 40000);
    c->pcp_auto = chance(m, 4);
    c->pcp_high = chance(m, 2) ? 0 : (unsigned)below(m, 40);
    c->pcp_batch = (unsigned)between(m, 1, 8);
    if (chance(m, 6))
        c->policy.move = places[below(m, 2)];
    if (chance(m, 6))
        c->policy.putback = (enum fpr_place)below(m, 3);
    if (chance(m, 6))
        c->policy.boot = (enum fpr_place)below(m, 3);
    if (chance(m, 8))
        c->managed = between(m, 1, 2 * c->spanned);
}

void make_script(struct script *s, uint64_t seed, const struct make_options *options)
{
    struct maker m = {.s = s, .o = options, .seed = seed};
    enum fpr_profile profile = options->profile >= 0 ? (enum fpr_profile)options->profile
                                                     : (enum fpr_profile)below(&m, FPR_NR_PROFILES);
    unsigned dry = (unsigned)below(&m, 6);
    fpr_pfn from = 0;
    unsigned cpus = 0;

    memset(s, 0, sizeof *s);
    for (s->nr_zones = 0; s->nr_zones < options->zones; s->nr_zones++) {
        struct script_zone *z = &s->zone[s->nr_zones];

        script_zone_init(z, profile);
        if (s->nr_zones == 0)
            orders(&m, &z->config);
        else {
            z->config.max_order = s->zone[0].config.max_order;
            z->config.pageblock_order = s->zone[0].config.pageblock_order;
        }
        zone_config(&m, z, from);
        if (cpus == 0)
            cpus = z->config.cpus;
        z->config.cpus = cpus;
        from = z->config.start + z->config.spanned;
        z->config.index = options->zones > 1 ? (enum fpr_zone_index)s->nr_zones : FPR_ZONE_NORMAL;
        if (s->nr_zones == 2 && chance(&m, 2)) { /* DMA, DMA32 | Normal of another node */
            z->config.index = FPR_ZONE_NORMAL;
            z->config.node = 1;
        }
        z->config.page_shift = s->zone[0].config.page_shift;
    }
    s->compute = options->compute && chance(&m, 2);
    s->thp = s->compute && chance(&m, 2);
    for (unsigned z = 0; z < s->nr_zones && dry > 0; z++) {
        int64_t a[SCRIPT_ARGS] = {z};

        add(&m, -1, OP_WMARK, a); /* computed ones would refuse everything in a small zone */
    }
    if (options->reports)
        make_register(&m);
    for (unsigned i = 0; i < options->operations; i++)
        if (options->reports && chance(&m, 8))
            make_report(&m);
        else
            make_step(&m, -1);
}
