/* Explaining the last step: the library's events say what happened, and a copy of the machine as it
 * was before, brought along event by event, says why. */
#include "lab.h"

#include <inttypes.h>
#include <string.h>

#define DETAILS 12

struct why {
    struct lab *lab;
    struct fpr_zone *shadow; /* as it was just before the event */
    unsigned told;
    bool stolen; /* a steal moved lists: the shadow's types are no longer right */
};

static const char *type_name(int mt)
{
    return fpr_migratetype_name(mt);
}

/* Says no more than a reader takes in. */
static bool may_tell(struct why *y)
{
    y->told++;
    if (y->told == DETAILS + 1) {
        lab_say(y->lab, "- and so on");
    }
    return y->told <= DETAILS;
}

/* Why (pfn, order) does not merge with its buddy. */
static void say_no_merge(struct why *y, fpr_pfn pfn, unsigned order)
{
    const struct fpr_zone_info *info = &y->lab->w.info;
    fpr_pfn buddy = pfn ^ (1ull << order);
    enum fpr_page_kind kind;
    struct fpr_block b;
    if (order == info->max_order) {
        lab_say(y->lab, "- %s has the largest order, %u: no further merge", lab_hex(pfn).text,
                order);
    } else if (fpr_zone_page(y->shadow, buddy, &kind, &b)) {
        lab_say(y->lab, "- its buddy %s lies outside the zone: no merge", lab_hex(buddy).text);
    } else if (kind == FPR_PAGE_FREE && b.order < order) {
        lab_say(y->lab,
                "- its buddy %s is not wholly free (a block of order %u begins there): "
                "no merge",
                lab_hex(buddy).text, b.order);
    } else {
        static const char *const whats[] = {"is a hole", "is free but kept apart", "is in use",
                                            "waits on a per-cpu list", "is being reported"};
        lab_say(y->lab, "- its buddy %s %s: no merge", lab_hex(buddy).text, whats[kind]);
    }
}

static bool is_free_block(const struct fpr_zone *z, fpr_pfn pfn, unsigned order)
{
    enum fpr_page_kind kind;
    struct fpr_block b;
    return fpr_zone_page(z, pfn, &kind, &b) == 0 && kind == FPR_PAGE_FREE && b.pfn == pfn &&
           b.order == order;
}

/* Which end the block stands at now: 1 head, -1 tail, 2 alone, 0 neither. */
struct ends {
    fpr_pfn first, last;
    unsigned n;
};

static int note_end(void *ctx, const struct fpr_block *b)
{
    struct ends *e = ctx;
    e->first = e->n++ ? e->first : b->pfn;
    e->last = b->pfn;
    return 0;
}

static void say_place(struct why *y, fpr_pfn pfn, unsigned order, const struct fpr_zone *after)
{
    const struct fpr_zone_info *info = &y->lab->w.info;
    enum fpr_page_kind kind;
    struct fpr_block b;
    struct ends e = {.n = 0};
    if (fpr_zone_page(after, pfn, &kind, &b) || kind != FPR_PAGE_FREE || b.pfn != pfn) {
        return;
    }
    fpr_zone_walk_free(after, b.order, b.migratetype, note_end, &e);
    fpr_pfn parent = pfn & ~(1ull << order), uncle = parent ^ (2ull << order);
    bool likely = order + 1 < info->max_order && is_free_block(y->shadow, uncle, order + 1);
    lab_put(y->lab, "- it goes to the ");
    if (e.n == 1) {
        lab_say(y->lab, "order-%u %s list, which was empty", order, type_name(b.migratetype));
    } else if (e.last == pfn && likely) {
        lab_say(y->lab,
                "tail of the order-%u %s list because its parent's buddy %s is free: left "
                "alone, it will probably merge soon",
                order, type_name(b.migratetype), lab_hex(uncle).text);
    } else {
        lab_say(y->lab, "%s of the order-%u %s list%s", e.last == pfn ? "tail" : "head", order,
                type_name(b.migratetype), e.last == pfn ? "" : ": last in, first out");
    }
}

/* A block comes to the free lists. */
static void explain_free(struct why *y, fpr_pfn pfn, unsigned order, int mt)
{
    unsigned max = y->lab->w.info.max_order, o = order;
    fpr_pfn p = pfn;
    bool tell = may_tell(y);
    struct fpr_machine *copy = NULL;
    while (o < max && is_free_block(y->shadow, p ^ (1ull << o), o)) {
        if (tell) {
            lab_say(y->lab,
                    "- %s (order %u) merged with its buddy %s because that was free and of "
                    "order %u: %s, order %u",
                    lab_hex(p).text, o, lab_hex(p ^ (1ull << o)).text, o,
                    lab_hex(p & ~(1ull << o)).text, o + 1);
        }
        p &= ~(1ull << o++);
    }
    if (tell) {
        if (o == order) {
            lab_say(y->lab, "- %s, order %u, comes back", lab_hex(p).text, o);
        }
        say_no_merge(y, p, o);
    }
    /* placed by the rule as it was, seen in the state as it becomes */
    if (tell && fpr_machine_clone(y->lab->before, &copy) == 0) {
        struct fpr_zone *after = NULL;
        if (fpr_zone_clone(y->shadow, &after) == 0) {
            fpr_zone_free_as(after, pfn, order, mt, 0, FPR_ALLOC_PCP_LOCKED);
            say_place(y, p, o, after);
        }
        fpr_zone_destroy(after);
        fpr_machine_destroy(copy);
    }
    fpr_zone_free_as(y->shadow, pfn, order, mt, 0, FPR_ALLOC_PCP_LOCKED);
}

/* Does a free of this order go to a per-cpu list? */
static bool pcp_holds(const struct why *y, unsigned order)
{
    const struct fpr_zone_info *info = &y->lab->w.info;
    struct fpr_pcp_counters p;
    fpr_zone_get_pcp(y->lab->w.zone, 0, &p);
    if (p.high == 0 && p.batch <= 1) {
        return false;
    }
    return order == 0 ||
           (info->policy.pcp != FPR_PCP_ORDER0 && (order <= 3 || order == info->pageblock_order));
}

static void on_free(struct why *y, const struct fpr_event *e, const struct fpr_event *next)
{
    if (!pcp_holds(y, e->order)) {
        explain_free(y, e->pfn, e->order, -1);
        return;
    }
    struct fpr_pcp_counters p;
    fpr_zone_pcp_push(y->shadow, e->pfn, e->order, 0);
    fpr_zone_get_pcp(y->shadow, 0, &p);
    if (may_tell(y)) {
        lab_say(y->lab,
                "- %s went to the head of a per-cpu list (%u pages there, high %u): it "
                "cannot merge while it waits there",
                lab_hex(e->pfn).text, p.count, p.high);
    }
    if (next && next->type == FPR_EVENT_PCPU_DRAIN && may_tell(y)) {
        lab_say(y->lab, "- that reached high (%u): a batch goes to the free lists, tails first",
                p.high);
    }
}

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
static void on_take(struct why *y, const struct fpr_event *e, bool first_of_refill)
{
    enum fpr_page_kind kind;
    struct fpr_block b;
    if (first_of_refill && may_tell(y)) {
        lab_say(y->lab, "- the per-cpu list was empty: it is refilled with a batch");
    }
    bool ok = fpr_zone_page(y->shadow, e->pfn, &kind, &b) == 0 && kind == FPR_PAGE_FREE;
    if (ok && may_tell(y)) {
        const char *name = type_name(e->migratetype);
        if (b.migratetype != e->migratetype) {
            lab_put(y->lab, "- %s/%u comes out of the stolen block %s/%u", lab_hex(e->pfn).text,
                    e->order, lab_hex(b.pfn).text, b.order);
        } else if (b.order == e->order) {
            lab_put(y->lab, "- %s is the head of the order-%u %s list", lab_hex(e->pfn).text,
                    b.order, name);
        } else {
            lab_put(y->lab,
                    "- no %s block of order %u%s: the smallest that fits is the head of "
                    "the order-%u list, %s",
                    name, e->order, b.order == e->order + 1 ? "" : " or a little more", b.order,
                    lab_hex(b.pfn).text);
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
    fpr_zone_take(y->shadow, e->pfn, e->order);
    if (e->percpu_refill) {
        fpr_zone_pcp_push(y->shadow, e->pfn, e->order, 0);
    }
}

static void on_steal(struct why *y, const struct fpr_event *e)
{
    static const char *const orders[] = {"Reclaimable, then Movable", "Reclaimable, then Unmovable",
                                         "Unmovable, then Movable"};
    y->stolen = true;
    if (!may_tell(y)) {
        return;
    }
    lab_say(y->lab, "- no %s block of order %u or more was free: fallback, which looks at %s",
            type_name(e->migratetype), e->order,
            e->migratetype < 3 ? orders[e->migratetype] : "the others");
    lab_say(y->lab, "- it found %s of order %u on the %s list%s", lab_hex(e->pfn).text,
            e->fallback_order, type_name(e->fallback_migratetype),
            e->fallback_order > e->order ? ": a large one, so that steals are few" : "");
    if (e->change_ownership) {
        lab_say(y->lab, "- its pageblock is %s now, and the free blocks in it went along",
                type_name(e->migratetype));
    } else {
        lab_say(y->lab, "- its pageblock stays as it was: too little of it is free or suits %s",
                type_name(e->migratetype));
    }
}

static void on_failure(struct why *y, const struct fpr_event *e)
{
    struct fpr_zone_counters c;
    struct fpr_zone_stats s;
    fpr_zone_get_counters(y->lab->w.zone, &c);
    fpr_zone_get_stats(y->lab->w.zone, &s);
    uint64_t others = (1ull << e->order) - 1;
    if (s.watermark_refused == y->lab->stats_before.watermark_refused) {
        lab_say(y->lab, "- %" PRIu64 " pages are free, but no block that this request may have",
                c.free);
        return;
    }
    lab_say(y->lab,
            "- the watermark check refused: %" PRIu64 " pages are free, less %" PRIu64
            " for the order; that must be above low (%" PRIu64 "), or on the second attempt above "
            "min (%" PRIu64 ")%s",
            c.free, others, c.watermark[1] + c.boost, c.watermark[0] + c.boost,
            c.boost ? ", both with the boost" : "");
    bool enough = c.free > others + c.watermark[0] + c.boost;
    if (enough && e->order) {
        lab_say(y->lab, "- enough pages, but none in a block of order %u: fragmentation", e->order);
    }
}

static void on_alloc(struct why *y, const struct fpr_event *e)
{
    enum fpr_page_kind kind;
    struct fpr_block b;
    if (e->pfn == FPR_PFN_NONE) {
        on_failure(y, e);
        return;
    }
    if (fpr_zone_page(y->shadow, e->pfn, &kind, &b) == 0 && kind == FPR_PAGE_PCP) {
        if (may_tell(y)) {
            lab_say(y->lab,
                    "- %s is the head of the per-cpu list of order %u, %s: no lock, and "
                    "probably still in the cache",
                    lab_hex(e->pfn).text, e->order, type_name(b.migratetype));
        }
        fpr_zone_pcp_take(y->shadow, e->pfn, e->order);
    }
}

static void one_event(struct why *y, const struct fpr_event *e, const struct fpr_event *before,
                      const struct fpr_event *next)
{
    switch (e->type) {
    case FPR_EVENT_PAGE_FREE:
        on_free(y, e, next);
        break;
    case FPR_EVENT_PCPU_DRAIN:
        fpr_zone_pcp_take(y->shadow, e->pfn, e->order);
        explain_free(y, e->pfn, e->order, e->migratetype);
        break;
    case FPR_EVENT_ZONE_LOCKED:
        on_take(y, e, e->percpu_refill && !(before && before->type == FPR_EVENT_ZONE_LOCKED));
        break;
    case FPR_EVENT_EXTFRAG:
        on_steal(y, e);
        break;
    case FPR_EVENT_PAGE_ALLOC:
        on_alloc(y, e);
        break;
    case FPR_EVENT_NOTIFY:
        if (may_tell(y)) {
            lab_say(y->lab, "- order %u is at or above the reporting order: reporting is told",
                    e->order);
        }
        break;
    default:
        break;
    }
}

static void changes(struct lab *lab)
{
    struct fpr_zone_counters now, was;
    if (fpr_zone_get_counters(lab->w.zone, &now) ||
        fpr_zone_get_counters(fpr_machine_zone(lab->before, 0), &was)) {
        return;
    }
    if (now.boost > was.boost) {
        lab_say(lab, "- a mixed pageblock: the watermarks are boosted by %" PRIu64 " pages",
                now.boost);
    }
}

enum lab_result lab_cmd_why(struct lab *lab, const struct lab_words *words)
{
    (void)words;
    if (lab->done == 0) {
        return lab_fail(lab, LAB_REFUSED, "no step to explain yet");
    }
    lab_say(lab, "why: %s", lab->history[lab->done - 1]);
    if (!lab->before || lab->w.info.start + lab->w.info.spanned == 0) {
        lab_say(lab, "- boot frees memory in rising order, in the largest aligned blocks");
        return LAB_OK;
    }
    struct why y = {.lab = lab};
    if (fpr_zone_clone(fpr_machine_zone(lab->before, 0), &y.shadow)) {
        return lab_fail(lab, LAB_REFUSED, "out of memory");
    }
    const struct lab_log *log = &lab->log;
    for (size_t k = 0; k < log->nr_events; k++) {
        one_event(&y, &log->event[k], k ? &log->event[k - 1] : NULL,
                  k + 1 < log->nr_events ? &log->event[k + 1] : NULL);
    }
    fpr_zone_destroy(y.shadow);
    changes(lab);
    if (log->nr_passes) {
        lab_why_report(lab);
    } else if (y.told == 0) {
        lab_say(lab, "- nothing moved on the free lists");
    }
    return LAB_OK;
}
