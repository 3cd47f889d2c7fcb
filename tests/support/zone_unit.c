#include "support/zone_unit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void zone_unit_configure(struct fpr_zone_config *config, enum fpr_profile profile)
{
    static const struct fpr_range hole = {UNIT_HOLE, 16};
    assert_int_equal(fpr_zone_config_init(config, profile), 0);
    config->start = UNIT_START;
    config->spanned = UNIT_PAGES;
    config->max_order = UNIT_ORDER;
    config->pageblock_order = 4;
    config->cpus = UNIT_CPUS;
    config->pcp_auto = false;
    config->pcp_high = 32;
    config->pcp_batch = 4;
    config->holes = &hole;
    config->nr_holes = 1;
}

static int first_free(void *ctx, const struct fpr_block *b)
{
    *(fpr_pfn *)ctx = b->pfn;
    return 1;
}

static fpr_pfn find_free(const struct fpr_zone *z, unsigned order)
{
    fpr_pfn at = FPR_PFN_NONE;
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES && at == FPR_PFN_NONE; mt++)
        fpr_zone_walk_free(z, order, mt, first_free, &at);
    assert_int_not_equal(at, FPR_PFN_NONE);
    return at;
}

void zone_unit_make(struct zone_unit *u, const struct fpr_zone_config *config)
{
    const fpr_gfp gfp = FPR_GFP_HIGHUSER_MOVABLE;
    fpr_pfn rest;
    assert_int_equal(fpr_zone_create(config, &u->zone), 0);
    assert_int_equal(fpr_zone_alloc(u->zone, 0, gfp, 0, &u->one), 0);
    assert_int_equal(fpr_zone_alloc(u->zone, 3, gfp, 0, &u->eight), 0);
    assert_int_equal(fpr_zone_alloc(u->zone, 4, gfp, 0, &rest), 0);
    u->held = find_free(u->zone, 4);
    assert_int_equal(fpr_zone_isolate(u->zone, u->held, 4), 0);
    assert_int_equal(fpr_zone_alloc(u->zone, 0, gfp, 1, &u->listed), 0);
    assert_int_equal(fpr_zone_free(u->zone, u->listed, 0, 1), 0);
    u->unused = find_free(u->zone, UNIT_ORDER);
}
