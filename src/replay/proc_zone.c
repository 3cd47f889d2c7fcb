/* Zones from what ordinary users have: kpageflags and zoneinfo. Free blocks are exact, as buddies
 * that are both free are always joined; the order of the lists, what is on per-cpu lists and the
 * pageblock types are guesses. */
#include "replay/proc_zone.h"

#include <errno.h>

/* Bits of /proc/kpageflags. */
enum {
    KPF_LRU = 5,
    KPF_SLAB = 7,
    KPF_BUDDY = 10,
    KPF_ANON = 12,
    KPF_NOPAGE = 20,
    KPF_PGTABLE = 26,
    KPF_RESERVED = 32,
};

static bool has(const struct page_flags *f, fpr_pfn pfn, unsigned bit)
{
    return pfn < f->nr && f->words[pfn] >> bit & 1;
}

bool fpr_page_absent(const struct page_flags *f, fpr_pfn pfn)
{
    return pfn >= f->nr || has(f, pfn, KPF_NOPAGE);
}

bool fpr_page_unused(const struct page_flags *f, fpr_pfn pfn)
{
    return fpr_page_absent(f, pfn) || has(f, pfn, KPF_RESERVED);
}

bool fpr_page_free(const struct page_flags *f, fpr_pfn pfn)
{
    return has(f, pfn, KPF_BUDDY);
}

bool fpr_page_on_lru(const struct page_flags *f, fpr_pfn pfn)
{
    return has(f, pfn, KPF_LRU);
}

bool fpr_page_movable(const struct page_flags *f, fpr_pfn pfn)
{
    return has(f, pfn, KPF_LRU) || has(f, pfn, KPF_ANON);
}

bool fpr_page_slab(const struct page_flags *f, fpr_pfn pfn)
{
    return has(f, pfn, KPF_SLAB);
}

/* Unmovable if more of its pages are the kernel's own than user or cache memory. */
static int guess_type(const struct page_flags *f, fpr_pfn start, fpr_pfn pages)
{
    uint64_t kernel = 0, movable = 0;
    for (fpr_pfn p = start; p < start + pages; p++) {
        if (fpr_page_unused(f, p) || has(f, p, KPF_BUDDY))
            continue;
        if (fpr_page_movable(f, p))
            movable++;
        else
            kernel++;
    }
    return kernel > movable ? FPR_UNMOVABLE : FPR_MOVABLE;
}

static int load_types(struct fpr_zone *zone, const struct fpr_zone_info *info,
                      const struct page_flags *f)
{
    fpr_pfn pages = 1ull << info->pageblock_order;
    int err = 0;
    for (fpr_pfn p = info->start & ~(pages - 1); !err && p < info->start + info->spanned;
         p += pages)
        err = fpr_zone_load_pageblock(zone, p < info->start ? info->start : p,
                                      guess_type(f, p, pages));
    return err;
}

unsigned fpr_page_block(const struct fpr_zone_info *info, const struct page_flags *f, fpr_pfn pfn)
{
    unsigned order = 0;
    for (; order < info->max_order; order++) {
        fpr_pfn size = 1ull << order;
        if (pfn & size || pfn + 2 * size > info->start + info->spanned)
            break;
        fpr_pfn p = pfn + size;
        while (p < pfn + 2 * size && has(f, p, KPF_BUDDY))
            p++;
        if (p < pfn + 2 * size)
            break;
    }
    return order;
}

static int load_frames(struct fpr_zone *zone, const struct fpr_zone_info *info,
                       const struct page_flags *f)
{
    int err = 0;
    for (fpr_pfn p = info->start; !err && p < info->start + info->spanned;) {
        unsigned order = 0;
        if (has(f, p, KPF_BUDDY)) {
            order = fpr_page_block(info, f, p);
            err = fpr_zone_load_free(zone, p, order, fpr_zone_pageblock_type(zone, p), false);
        } else if (!fpr_page_unused(f, p)) {
            err = fpr_zone_load_allocated(zone, p, 0, has(f, p, KPF_LRU));
        }
        p += 1ull << order;
    }
    return err;
}

int fpr_proc_zone_load_counters(struct fpr_zone *zone, const struct zoneinfo *z)
{
    struct fpr_zone_counters c;
    int err = fpr_zone_get_counters(zone, &c);
    c.boost = z->boost;
    c.stat_threshold = z->threshold;
    for (int i = 0; i < FPR_NR_WMARKS; i++)
        c.watermark[i] = z->mark[i] > z->boost ? z->mark[i] - z->boost : z->mark[i];
    for (int i = 0; i < FPR_NR_ZONE_INDICES; i++)
        c.lowmem_reserve[i] = z->reserve[i];
    return err ? err : fpr_zone_load_counters(zone, &c);
}

int fpr_proc_zone_load_flags(struct fpr_zone *zone, const struct page_flags *f)
{
    struct fpr_zone_info info;
    int err = fpr_zone_get_info(zone, &info);
    if (!err)
        err = load_types(zone, &info, f);
    return err ? err : load_frames(zone, &info, f);
}

int fpr_proc_zone_configure(struct fpr_zone_config *config, const struct zoneinfo *z,
                            const struct fpr_policy *policy, unsigned cpus)
{
    int index = fpr_zoneinfo_index(z->name);
    int err = fpr_zone_config_init(config, policy->base);
    if (err || index < 0)
        return err ? err : -EINVAL;
    config->policy = *policy;
    config->name = z->name;
    config->index = (enum fpr_zone_index)index;
    config->node = z->node;
    config->start = z->start;
    config->spanned = z->spanned;
    config->managed = z->managed;
    config->cpus = cpus;
    config->empty = true;
    config->pcp_auto = false;
    config->pcp_high = z->high;
    config->pcp_batch = z->batch ? z->batch : 1;
    for (int i = 0; i < FPR_NR_WMARKS; i++)
        config->watermark[i] = z->mark[i];
    for (int i = 0; i < FPR_NR_ZONE_INDICES; i++)
        config->lowmem_reserve[i] = z->reserve[i];
    return 0;
}
