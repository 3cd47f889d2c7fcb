/* Recomputes everything a zone keeps count of. The rules are numbered in docs/invariants.md. */
#include "base/text.h"
#include "mm/freelist.h"
#include "mm/lend.h"
#include "mm/pcp.h"

#include <errno.h>

struct verdict {
    int rule;
    struct fpr_text text;
};

static bool broken(struct verdict *v, int rule, const char *what, uint64_t where, uint64_t is,
                   uint64_t should)
{
    v->rule = rule;
    fpr_text_str(&v->text, what);
    fpr_text_str(&v->text, " at 0x");
    fpr_text_hex(&v->text, where);
    fpr_text_str(&v->text, ": ");
    fpr_text_dec(&v->text, is);
    fpr_text_str(&v->text, ", should be ");
    fpr_text_dec(&v->text, should);
    return false;
}

/* Rules 1-3: a list's links, ends and count. */
static bool check_links(const struct fpr_zone *z, const struct link *links, const struct list *l,
                        uint64_t length, unsigned shift, struct verdict *v)
{
    uint32_t k = l->head;
    for (uint64_t n = 1; n <= l->count; n++) {
        if (k >= length) {
            return broken(v, 1, "link leads out of the zone", k, k, length);
        }
        if (n == l->count) {
            return k == l->tail || broken(v, 3, "list does not end at its tail",
                                          zone_pfn(z, k << shift), k, l->tail);
        }
        uint32_t next = link_load(&links[k].next);
        if (next < length && link_load(&links[next].prev) != k) {
            return broken(v, 2, "neighbours disagree", zone_pfn(z, k << shift), links[next].prev,
                          k);
        }
        k = next;
    }
    return true;
}

/* Rules 4-6: what is on a free list. */
static bool check_list(const struct fpr_zone *z, unsigned order, int mt, struct verdict *v)
{
    const struct area *a = &z->area[order];
    const struct list *l = &a->list[mt];
    uint64_t length = a->shift ? z->nr_top : z->frames;
    if ((z->nonempty[mt] >> order & 1) != (l->count > 0)) {
        return broken(v, 4, "mask of non-empty lists", order, z->nonempty[mt], l->count);
    }
    if (!check_links(z, a->links, l, length, a->shift, v)) {
        return false;
    }
    uint32_t k = l->head;
    for (uint64_t n = 0; n < l->count; n++, k = link_load(&a->links[k].next)) {
        uint64_t i = (uint64_t)k << a->shift;
        uint16_t tag = tag_load(&a->tags[k]);
        if (!tag_is(tag, PAGE_FREE, order) || tag_mt(tag) != mt) {
            return broken(v, 5, "tag of a listed block", z->base + i, tag,
                          tag_make(PAGE_FREE, order, mt));
        }
        if (i < z->first || i + (1ull << order) > z->end || (i & ((1ull << order) - 1))) {
            return broken(v, 6, "block unaligned or outside", z->base + i, i, order);
        }
    }
    return true;
}

static bool check_lists(const struct fpr_zone *z, uint64_t *free_pages, uint64_t *blocks,
                        struct verdict *v)
{
    for (unsigned o = 0; o <= z->max_order; o++) {
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
            if (!check_list(z, o, mt, v)) {
                return false;
            }
            *free_pages += mt == FPR_ISOLATE ? 0 : (uint64_t)z->area[o].list[mt].count << o;
            *blocks += z->area[o].list[mt].count;
        }
    }
    return true;
}

/* Rules 8-9: per-cpu lists. */
static bool check_pcp(const struct fpr_zone *z, unsigned cpu, uint64_t *blocks, struct verdict *v)
{
    const struct pcp *p = &z->pcp[cpu];
    uint64_t pages = 0;
    for (unsigned list = 0; list < z->policy.pcp_lists; list++) {
        unsigned order = fpr_pcp_list_order(z, list);
        const struct list *l = fpr_pcp_list(p, list);
        if (!check_links(z, z->links, l, z->frames, 0, v)) {
            return false;
        }
        uint32_t k = l->head;
        for (uint64_t n = 0; n < l->count; n++, k = link_load(&z->links[k].next)) {
            if (!tag_is(tag_seen(z, k), PAGE_PCP, order)) {
                return broken(v, 8, "tag of a per-cpu page", zone_pfn(z, k), tag_load(&z->tags[k]),
                              tag_make(PAGE_PCP, order, 0));
            }
        }
        pages += (uint64_t)l->count << order;
        *blocks += l->count;
    }
    uint64_t count = fpr_pcp_count(p);
    return count == pages || broken(v, 9, "per-cpu count", cpu, count, pages);
}

struct census {
    uint64_t free, pcp, held;
    uint64_t below; /* blocks of any kind that are smaller than the largest */
};

/* Rules 10-11: blocks of one largest block's frames neither overlap nor leave the zone. */
static bool check_frames(const struct fpr_zone *z, uint64_t from, uint64_t to, struct census *c,
                         struct verdict *v)
{
    uint64_t busy_until = from;
    for (uint64_t i = from; i < to; i++) {
        uint16_t tag = tag_seen(z, (uint32_t)i);
        if (!tag) {
            continue;
        }
        uint64_t pages = 1ull << tag_order(tag);
        if (i < busy_until) {
            return broken(v, 10, "block inside another", z->base + i, i, busy_until);
        }
        if ((i & (pages - 1)) || i < z->first || i + pages > z->end) {
            return broken(v, 11, "block unaligned or outside", z->base + i, i, pages);
        }
        busy_until = i + pages;
        c->below++;
        c->free += tag_kind(tag) == PAGE_FREE;
        c->pcp += tag_kind(tag) == PAGE_PCP;
        c->held += tag_kind(tag) == PAGE_HELD ? pages : 0;
        if ((tag & TAG_REPORTED) && tag_kind(tag) != PAGE_FREE) {
            return broken(v, 12, "Reported flag on a block that is not free", z->base + i, tag, 0);
        }
    }
    return true;
}

static bool check_blocks(const struct fpr_zone *z, struct census *c, struct verdict *v)
{
    uint64_t n = 1ull << z->max_order;
    for (uint64_t t = 0; t < z->nr_top; t++) {
        uint16_t top = tag_load(&z->top_tags[t]);
        c->free += tag_kind(top) == PAGE_FREE;
        c->held += tag_kind(top) == PAGE_HELD ? n : 0;
        if (!z->touched[t]) {
            continue;
        }
        uint64_t before = c->below;
        if (!check_frames(z, t * n, t * n + n, c, v)) {
            return false;
        }
        if (top && c->below != before) {
            return broken(v, 10, "block inside a largest free block", z->base + t * n, 1, 0);
        }
    }
    return true;
}

static bool check_zone(const struct fpr_zone *z, struct verdict *v)
{
    uint64_t free_pages = 0, free_blocks = 0, pcp_blocks = 0, isolated = 0;
    if (!check_lists(z, &free_pages, &free_blocks, v)) {
        return false;
    }
    uint64_t counted = (uint64_t)(zone_free_seen(z) + z->free_lag);
    if (counted != free_pages) {
        return broken(v, 7, "NR_FREE_PAGES", 0, counted, free_pages);
    }
    for (unsigned c = 0; c < z->cpus; c++) {
        if (!check_pcp(z, c, &pcp_blocks, v)) {
            return false;
        }
    }
    struct census c = {0, 0, 0, 0};
    if (!check_blocks(z, &c, v)) {
        return false;
    }
    if (c.free != free_blocks) {
        return broken(v, 13, "free blocks that are on no list", 0, c.free, free_blocks);
    }
    if (c.pcp != pcp_blocks) {
        return broken(v, 14, "per-cpu pages that are on no list", 0, c.pcp, pcp_blocks);
    }
    if (c.held != z->held) {
        return broken(v, 15, "isolated pages", 0, c.held, z->held);
    }
    for (uint64_t k = 0; k < z->nr_blocks; k++) {
        isolated += z->pageblock[k] == FPR_ISOLATE;
    }
    return isolated == z->nr_isolated ||
           broken(v, 16, "isolated pageblocks", 0, z->nr_isolated, isolated);
}

int fpr_zone_validate(const struct fpr_zone *zone, int *rule, char *reason, size_t size)
{
    if (!zone_usable(zone) || (!reason && size)) {
        return -EINVAL;
    }
    struct verdict v = {0, {0}};
    fpr_text_init(&v.text, reason, size);
    bool ok = check_zone(zone, &v);
    if (rule) {
        *rule = v.rule;
    }
    return ok ? 0 : -EUCLEAN;
}
