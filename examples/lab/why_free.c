/* Explaining blocks that come to the free lists: merges, and the end of the list. */
#include "why.h"

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

static void say_place(struct why *y, fpr_pfn pfn, unsigned order, const struct fpr_zone *after)
{
    const struct fpr_zone_info *info = &y->lab->w.info;
    enum fpr_page_kind kind;
    struct fpr_block b;
    struct lab_ends e = {.n = 0};
    if (fpr_zone_page(after, pfn, &kind, &b) || kind != FPR_PAGE_FREE || b.pfn != pfn) {
        return;
    }
    fpr_zone_walk_free(after, b.order, b.migratetype, lab_note_end, &e);
    fpr_pfn parent = pfn & ~(1ull << order), uncle = parent ^ (2ull << order);
    bool likely = order + 1 < info->max_order && is_free_block(y->shadow, uncle, order + 1);
    lab_put(y->lab, "- it goes to the ");
    if (e.n == 1) {
        lab_say(y->lab, "order-%u %s list, which was empty", order,
                fpr_migratetype_name(b.migratetype));
    } else if (e.last == pfn && likely) {
        lab_say(y->lab,
                "tail of the order-%u %s list because its parent's buddy %s is free: left "
                "alone, it will probably merge soon",
                order, fpr_migratetype_name(b.migratetype), lab_hex(uncle).text);
    } else {
        lab_say(y->lab, "%s of the order-%u %s list%s", e.last == pfn ? "tail" : "head", order,
                fpr_migratetype_name(b.migratetype), e.last == pfn ? "" : ": last in, first out");
    }
}

/* A block comes to the free lists. */
void lab_explain_free(struct why *y, fpr_pfn pfn, unsigned order, int mt)
{
    unsigned max = y->lab->w.info.max_order, o = order;
    fpr_pfn p = pfn;
    bool tell = lab_may_tell(y);
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
    struct fpr_zone *after = NULL;
    if (tell && fpr_zone_clone(y->shadow, &after) == 0) { /* the rule saw the state before */
        fpr_zone_free_as(after, pfn, order, mt, 0, FPR_ALLOC_PCP_LOCKED);
        say_place(y, p, o, after);
        fpr_zone_destroy(after);
    }
    fpr_zone_free_as(y->shadow, pfn, order, mt, 0, FPR_ALLOC_PCP_LOCKED);
}

/* Does a free of this order go to a per-cpu list? */
static bool pcp_holds(const struct why *y, unsigned order)
{
    const struct fpr_zone_info *info = &y->lab->w.info;
    return order == 0 ||
           (info->policy.pcp != FPR_PCP_ORDER0 && (order <= 3 || order == info->pageblock_order));
}

void lab_on_free(struct why *y, const struct fpr_event *e, const struct fpr_event *next)
{
    if (y->through && next && next->type == FPR_EVENT_PCPU_DRAIN) {
        return; /* told there */
    }
    if (!pcp_holds(y, e->order)) {
        lab_explain_free(y, e->pfn, e->order, -1);
        return;
    }
    struct fpr_pcp_counters p;
    fpr_zone_pcp_push(y->shadow, e->pfn, e->order, y->cpu);
    fpr_zone_get_pcp(y->shadow, y->cpu, &p);
    if (lab_may_tell(y)) {
        lab_say(y->lab,
                "- %s went to the head of a per-cpu list (%u page%s there, high %u): it "
                "cannot merge while it waits there",
                lab_hex(e->pfn).text, p.count, p.count == 1 ? "" : "s", p.high);
    }
    if (next && next->type == FPR_EVENT_PCPU_DRAIN && lab_may_tell(y)) {
        lab_say(y->lab, "- that reached high (%u): a batch goes to the free lists, tails first",
                p.high);
    }
}
