/* Explaining requests: splits, refills, steals, failures. */
#include "why.h"

#include <inttypes.h>

static void say_split(struct why *y, const struct fpr_block *b, fpr_pfn pfn, unsigned order)
{
    lab_put(y->lab, "; halved down to order %u, the other halves", order);
    for (unsigned o = b->order; o-- > order;) {
        fpr_pfn half = b->pfn + ((pfn - b->pfn) & ~((2ull << o) - 1));
        half += (pfn - half) >> o & 1 ? 0 : 1ull << o;
        lab_put(y->lab, " %s/%u", lab_hex(half).text, o);
    }
    lab_put(y->lab, " went to the lists of their orders");
}

/* A block leaves the free lists. */
void lab_on_take(struct why *y, const struct fpr_event *e)
{
    enum fpr_page_kind kind;
    struct fpr_block b;
    bool ok = fpr_zone_page(y->shadow, e->pfn, &kind, &b) == 0 && kind == FPR_PAGE_FREE;
    if (ok && lab_may_tell(y)) {
        const char *name = fpr_migratetype_name(e->migratetype);
        if (e->pfn >= y->stolen.pfn && e->pfn - y->stolen.pfn < 1ull << y->stolen.order) {
            lab_put(y->lab, "- %s/%u comes out of the stolen block %s/%u", lab_hex(e->pfn).text,
                    e->order, lab_hex(b.pfn).text, b.order);
        } else if (b.order == e->order) {
            lab_put(y->lab, "- %s is the head of the order-%u %s list", lab_hex(e->pfn).text,
                    b.order, name);
        } else {
            lab_put(y->lab, "- no %s block of order %u", name, e->order);
            if (b.order > e->order + 1) {
                lab_put(y->lab, " to %u", b.order - 1);
            }
            lab_put(y->lab, ": the smallest that fits is the head of the order-%u list, %s",
                    b.order, lab_hex(b.pfn).text);
        }
        if (b.order > e->order) {
            say_split(y, &b, e->pfn, e->order);
        }
        lab_say(y->lab, "%s", "");
        if (b.reported) {
            lab_say(y->lab,
                    "- %s had been reported: the host must bring its pages back (a refault)",
                    lab_hex(b.pfn).text);
        }
    }
    y->stolen.pfn = FPR_PFN_NONE;
    fpr_zone_take(y->shadow, e->pfn, e->order);
    if (e->percpu_refill && !y->through) {
        fpr_zone_pcp_push(y->shadow, e->pfn, e->order, y->cpu);
    }
}

static void move_block(struct why *y, const struct fpr_block *b, int mt)
{
    if (fpr_zone_take(y->shadow, b->pfn, b->order) == 0) {
        fpr_zone_free_as(y->shadow, b->pfn, b->order, mt, 0, FPR_ALLOC_PCP_LOCKED);
    }
}

/* What changes lists in a fallback. */
enum moved { MOVED_NOTHING, MOVED_BLOCK, MOVED_ALL };

static enum moved moves(const struct why *y, const struct fpr_event *e)
{
    const struct fpr_zone_info *info = &y->lab->w.info;
    if (e->change_ownership) {
        return MOVED_ALL;
    }
    if (info->policy.fallback == FPR_FALLBACK_CLAIM_STEAL) {
        return MOVED_NOTHING; /* what is left of the block stays where it was */
    }
    bool tries = e->fallback_order >= info->pageblock_order / 2 || e->migratetype != FPR_MOVABLE;
    return tries && e->fallback_order < info->pageblock_order &&
                   fpr_zone_pageblock_type(y->shadow, e->pfn) != FPR_HIGHATOMIC
               ? MOVED_ALL
               : MOVED_BLOCK;
}

/* What the fallback did to the lists: the block, or all free ones of its pageblocks, change theirs.
 */
static void steal(struct why *y, const struct fpr_event *e, enum moved moved)
{
    fpr_pfn step = 1ull << y->lab->w.info.pageblock_order, size = 1ull << e->fallback_order;
    fpr_pfn p = moved == MOVED_ALL ? e->pfn & ~(step - 1) : e->pfn;
    fpr_pfn end = moved == MOVED_ALL && size < step ? p + step : e->pfn + size;
    struct fpr_block b;
    enum fpr_page_kind kind;
    y->stolen = (struct fpr_block){.pfn = e->pfn, .order = e->fallback_order};
    for (fpr_pfn at = p; e->change_ownership && at < end; at += step) {
        fpr_zone_load_pageblock(y->shadow, at, e->migratetype);
    }
    while (moved && p < end) {
        bool there = fpr_zone_page(y->shadow, p, &kind, &b) == 0;
        if (there && kind == FPR_PAGE_FREE && b.migratetype != e->migratetype) {
            move_block(y, &b, e->migratetype);
        }
        p = there && kind == FPR_PAGE_FREE ? b.pfn + (1ull << b.order) : p + 1;
    }
}

void lab_on_steal(struct why *y, const struct fpr_event *e)
{
    static const char *const orders[] = {"Reclaimable, then Movable", "Reclaimable, then Unmovable",
                                         "Unmovable, then Movable"};
    enum moved moved = moves(y, e);
    steal(y, e, moved);
    if (!lab_may_tell(y)) {
        return;
    }
    lab_say(y->lab, "- no %s block of order %u or more was free: fallback, which looks at %s",
            fpr_migratetype_name(e->migratetype), e->order,
            e->migratetype < 3 ? orders[e->migratetype] : "the others");
    const char *name = fpr_migratetype_name(e->migratetype);
    unsigned pageblock = y->lab->w.info.pageblock_order;
    bool claims = y->lab->w.info.policy.fallback == FPR_FALLBACK_CLAIM_STEAL;
    bool largest = claims ? e->change_ownership
                          : e->migratetype != FPR_MOVABLE || e->fallback_order >= pageblock / 2;
    lab_say(y->lab, "- it found %s of order %u on the %s list: %s", lab_hex(e->pfn).text,
            e->fallback_order, fpr_migratetype_name(e->fallback_migratetype),
            largest ? "the largest, so that steals are few" : "the smallest, to break up little");
    if (e->change_ownership) {
        lab_say(y->lab, "- its pageblock%s %s, and the free blocks there went along",
                e->fallback_order > pageblock ? "s became" : " became", name);
    } else {
        lab_say(y->lab, "- its pageblock stays as it was: too little of it is free or suits %s",
                name);
        if (moved == MOVED_ALL) {
            lab_say(y->lab, "- all the same its free blocks went to the %s lists", name);
        }
    }
}

/* Has anyone but atomic requests a free block of this order or more? */
static bool block_fits(const struct fpr_zone *z, unsigned order, unsigned max_order)
{
    struct lab_ends e = {.n = 0};
    for (unsigned o = order; o <= max_order; o++) {
        for (int mt = 0; mt < FPR_NR_PCPTYPES; mt++) {
            fpr_zone_walk_free(z, o, mt, lab_note_end, &e);
        }
    }
    return e.n > 0;
}

/* The check as it went for this request. */
static void say_watermarks(struct lab *lab, const struct fpr_event *e,
                           const struct fpr_zone_counters *c)
{
    uint64_t others = (1ull << e->order) - 1, min = c->watermark[0] + c->boost;
    uint64_t reserve = c->lowmem_reserve[fpr_gfp_zone(e->gfp)];
    bool atomic = (e->gfp & FPR_GFP_HIGH) != 0;
    lab_put(lab, "- the watermark check refused: free less %" PRIu64 " for the order", others);
    if (c->highatomic && !atomic) {
        lab_put(lab, " and less the reserve for atomic requests");
    }
    lab_put(lab,
            " must be above low (%" PRIu64 "), or on the second attempt above min (%" PRIu64 ")",
            c->watermark[1] + c->boost, min);
    if (atomic) {
        lab_put(lab, ", of which an atomic request may use half and a quarter of the rest");
    }
    if (reserve) {
        lab_put(lab, "; both count %" PRIu64 " more for requests that may use a higher zone",
                reserve);
    }
    lab_say(lab, "%s", "");
}

static void on_failure(struct why *y, const struct fpr_event *e)
{
    struct fpr_zone_counters c;
    struct lab *lab = y->lab;
    fpr_zone_get_counters(lab->w.zone, &c);
    uint64_t others = (1ull << e->order) - 1;
    uint64_t least = others + c.watermark[0] + c.boost + c.lowmem_reserve[fpr_gfp_zone(e->gfp)] +
                     (e->gfp & FPR_GFP_HIGH ? 0 : c.highatomic);
    bool fits = block_fits(lab->w.zone, e->order, lab->w.info.max_order);
    y->told++;
    if (lab->w.info.index > fpr_gfp_zone(e->gfp) && lab->w.info.index != FPR_ZONE_MOVABLE) {
        lab_say(lab, "- the request may not use zone %s", lab->w.info.name);
        return;
    }
    lab_say(lab, "- %" PRIu64 " page%s free%s", c.free, c.free == 1 ? " is" : "s are",
            c.highatomic ? ", some of them in a reserve for atomic requests" : "");
    if (!fits) {
        lab_say(lab, "- but none of them in a block of order %u or more that it may have%s",
                e->order, c.free > others + c.highatomic ? ": fragmentation" : "");
    }
    if (e->gfp & FPR_GFP_MEMALLOC) {
        lab_say(lab, "- watermarks do not hold for it");
    } else if (fits || c.free <= least) {
        say_watermarks(lab, e, &c);
    }
}

/* By how much a request that was served passed the check, where watermarks are in use. */
static void say_passed(struct why *y, const struct fpr_event *e)
{
    struct fpr_zone_counters c;
    struct lab *lab = y->lab;
    fpr_zone_get_counters(fpr_machine_zone(lab->before, lab->w.zone_at), &c);
    int64_t left = (int64_t)c.free - (int64_t)(1ull << e->order) + 1;
    int64_t low = (int64_t)(c.watermark[1] + c.boost), min = (int64_t)(c.watermark[0] + c.boost);
    int64_t reserve = (int64_t)c.lowmem_reserve[fpr_gfp_zone(e->gfp)] +
                      (e->gfp & FPR_GFP_HIGH ? 0 : (int64_t)c.highatomic);
    if (low == 0 || e->gfp & FPR_GFP_MEMALLOC) {
        return;
    }
    y->told++; /* not too much: it is what the rest came to */
    lab_put(lab, "- the watermark check: %" PRIu64 " free less %llu for the order", c.free,
            (1ull << e->order) - 1);
    if (reserve) {
        lab_put(lab, " and %" PRId64 " kept from it", reserve);
    }
    lab_put(lab, " is %" PRId64 ", ", left - reserve);
    if (left - reserve > low) {
        lab_say(lab, "above low (%" PRId64 ")", low);
    } else if (left - reserve > min) {
        lab_say(lab, "not above low (%" PRId64 "), so kswapd is woken, but above min (%" PRId64 ")",
                low, min);
    } else {
        lab_say(lab, "not above min (%" PRId64 "), but within the part of it that it may use", min);
    }
}

/* A large request that may use the reserve has one made for the next. */
static void say_reserved(struct why *y, fpr_pfn pfn)
{
    const struct fpr_zone *was = fpr_machine_zone(y->lab->before, y->lab->w.zone_at);
    if (fpr_zone_pageblock_type(y->lab->w.zone, pfn) == FPR_HIGHATOMIC &&
        fpr_zone_pageblock_type(was, pfn) != FPR_HIGHATOMIC) {
        y->told++;
        lab_say(y->lab,
                "- the request was atomic: the pageblock is reserved for such requests, so it is "
                "HighAtomic now, and what is free there went to the HighAtomic lists");
    }
}

void lab_on_alloc(struct why *y, const struct fpr_event *e, bool refilled)
{
    enum fpr_page_kind kind;
    struct fpr_block b;
    if (e->pfn == FPR_PFN_NONE) {
        on_failure(y, e);
        return;
    }
    say_passed(y, e);
    if (fpr_zone_page(y->shadow, e->pfn, &kind, &b) == 0 && kind == FPR_PAGE_PCP) {
        y->told++;
        lab_say(y->lab, "- %s is the head of the per-cpu list of order %u, %s%s",
                lab_hex(e->pfn).text, e->order, fpr_migratetype_name(e->migratetype),
                refilled ? "" : ": no lock is taken, and it is probably still in the cache");
        fpr_zone_pcp_take(y->shadow, e->pfn, e->order);
    }
    say_reserved(y, e->pfn);
}
