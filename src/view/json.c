/* Everything about a machine as one JSON object. */
#include "view/out.h"

#include <errno.h>

static void name(struct out *o, const char *key)
{
    fpr_out_str(o, "\"");
    fpr_out_str(o, key);
    fpr_out_str(o, "\":");
}

static void number(struct out *o, const char *key, uint64_t value)
{
    name(o, key);
    fpr_out_dec(o, value);
    fpr_out_str(o, ",");
}

static void numbers(struct out *o, const char *key, const uint64_t *values, unsigned n)
{
    name(o, key);
    for (unsigned k = 0; k < n; k++) {
        fpr_out_str(o, k ? "," : "[");
        fpr_out_dec(o, values[k]);
    }
    fpr_out_str(o, "],");
}

static void flag(struct out *o, const char *key, bool value)
{
    name(o, key);
    fpr_out_str(o, value ? "true," : "false,");
}

/* A zone's name comes from the caller: anything may stand in it. */
static void text(struct out *o, const char *key, const char *value)
{
    name(o, key);
    fpr_out_str(o, "\"");
    for (const char *c = value; *c; c++) {
        char one[2] = {*c, '\0'};
        if ((unsigned char)*c < 0x20) {
            fpr_out_str(o, (unsigned char)*c < 0x10 ? "\\u000" : "\\u00");
            fpr_out_hex(o, (unsigned char)*c);
            continue;
        }
        fpr_out_str(o, *c == '"' || *c == '\\' ? "\\" : "");
        fpr_out_str(o, one);
    }
    fpr_out_str(o, "\",");
}

static void facts(struct out *o, const struct fpr_zone_info *i)
{
    text(o, "name", i->name);
    number(o, "index", (uint64_t)i->index);
    number(o, "node", (uint64_t)i->node);
    number(o, "start", i->start);
    number(o, "spanned", i->spanned);
    number(o, "present", i->present);
    number(o, "managed", i->managed);
    number(o, "page_shift", i->page_shift);
    number(o, "max_order", i->max_order);
    number(o, "pageblock_order", i->pageblock_order);
    text(o, "profile", fpr_profile_name(i->policy.base));
}

static void counters(struct out *o, const struct fpr_zone *z, const struct fpr_zone_info *i)
{
    struct fpr_zone_counters c;
    fpr_zone_get_counters(z, &c);
    number(o, "free", c.free + (uint64_t)c.free_lag);
    numbers(o, "nr_free", c.nr_free, i->max_order + 1);
    numbers(o, "watermark", c.watermark, FPR_NR_WMARKS);
    numbers(o, "lowmem_reserve", c.lowmem_reserve, FPR_NR_ZONE_INDICES);
    number(o, "boost", c.boost);
    number(o, "boost_factor", c.boost_factor);
    number(o, "highatomic", c.highatomic);
    number(o, "isolated_pageblocks", c.nr_isolated_pageblocks);
    number(o, "held", c.held);
    number(o, "stat_threshold", c.stat_threshold);
    name(o, "free_lag");
    fpr_out_int(o, c.free_lag);
    fpr_out_str(o, ",");
    flag(o, "boosted", c.boosted);
    flag(o, "reclaiming", c.reclaiming);
}

static void stats(struct out *o, const struct fpr_zone *z)
{
    struct fpr_zone_stats s;
    fpr_zone_get_stats(z, &s);
    name(o, "stats");
    fpr_out_str(o, "{");
    const char *comma = "";
#define FPR_X(field, meaning)                                                                      \
    fpr_out_str(o, comma);                                                                         \
    name(o, #field);                                                                               \
    fpr_out_dec(o, s.field);                                                                       \
    comma = ",";
    FPR_ZONE_STATS(FPR_X)
#undef FPR_X
    fpr_out_str(o, "},");
}

struct blocks {
    struct out *o;
    bool any;
    bool pcp; /* tell the type that is remembered, else whether it is reported */
};

static int one_block(void *ctx, const struct fpr_block *b)
{
    struct blocks *s = ctx;
    fpr_out_str(s->o, s->any ? "," : "");
    fpr_out_str(s->o, "{");
    name(s->o, "pfn");
    fpr_out_dec(s->o, b->pfn);
    fpr_out_str(s->o, ",");
    if (s->pcp) {
        name(s->o, "type");
        fpr_out_dec(s->o, (uint64_t)b->migratetype);
    } else {
        name(s->o, "reported");
        fpr_out_str(s->o, b->reported ? "true" : "false");
    }
    fpr_out_str(s->o, "}");
    s->any = true;
    return s->o->err;
}

static int is_any(void *ctx, const struct fpr_block *b)
{
    *(unsigned *)ctx = b->order;
    return 1;
}

static void free_lists(struct out *o, const struct fpr_zone *z, const struct fpr_zone_info *i)
{
    const char *comma = "";
    unsigned unused;
    name(o, "free_lists");
    fpr_out_str(o, "[");
    for (unsigned order = 0; order <= i->max_order; order++) {
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
            if (fpr_zone_walk_free(z, order, mt, is_any, &unused) == 0) {
                continue;
            }
            struct blocks s = {.o = o};
            fpr_out_str(o, comma);
            fpr_out_str(o, "{");
            number(o, "order", order);
            text(o, "type", fpr_migratetype_name(mt));
            fpr_out_str(o, "\"blocks\":[");
            fpr_zone_walk_free(z, order, mt, one_block, &s);
            fpr_out_str(o, "]}");
            comma = ",";
        }
    }
    fpr_out_str(o, "],");
}

static void cpu_lists(struct out *o, const struct fpr_zone *z, unsigned cpu, unsigned lists)
{
    const char *comma = "";
    unsigned order = 0;
    name(o, "lists");
    fpr_out_str(o, "[");
    for (unsigned k = 0; k < lists; k++) {
        if (fpr_zone_walk_pcp(z, cpu, k, is_any, &order) == 0) {
            continue;
        }
        struct blocks s = {.o = o, .pcp = true};
        fpr_out_str(o, comma);
        fpr_out_str(o, "{");
        number(o, "list", k);
        number(o, "order", order);
        fpr_out_str(o, "\"blocks\":[");
        fpr_zone_walk_pcp(z, cpu, k, one_block, &s);
        fpr_out_str(o, "]}");
        comma = ",";
    }
    fpr_out_str(o, "]");
}

static void pcp(struct out *o, const struct fpr_zone *z, const struct fpr_zone_info *i)
{
    name(o, "pcp");
    for (unsigned cpu = 0; cpu < i->cpus; cpu++) {
        struct fpr_pcp_counters p;
        fpr_zone_get_pcp(z, cpu, &p);
        fpr_out_str(o, cpu ? ",{" : "[{");
        number(o, "cpu", cpu);
        number(o, "count", p.count);
        number(o, "high", p.high);
        number(o, "batch", p.batch);
        number(o, "free_factor", p.free_factor);
        name(o, "expire");
        fpr_out_int(o, p.expire);
        fpr_out_str(o, ",");
        cpu_lists(o, z, cpu, i->pcp_lists);
        fpr_out_str(o, "}");
    }
    fpr_out_str(o, "],");
}

/* Runs of pageblocks of one type. */
static void pageblocks(struct out *o, const struct fpr_zone *z, const struct fpr_zone_info *i)
{
    fpr_pfn end = i->start + i->spanned, step = 1ull << i->pageblock_order, from = i->start;
    const char *comma = "";
    name(o, "pageblocks");
    fpr_out_str(o, "[");
    while (from < end) {
        int type = fpr_zone_pageblock_type(z, from);
        fpr_pfn p = (from & ~(step - 1)) + step;
        while (p < end && fpr_zone_pageblock_type(z, p) == type) {
            p += step;
        }
        p = p < end ? p : end;
        fpr_out_str(o, comma);
        fpr_out_str(o, "{");
        number(o, "start", from);
        number(o, "pages", p - from);
        name(o, "type");
        fpr_out_str(o, "\"");
        fpr_out_str(o, type < 0 ? "hole" : fpr_migratetype_name(type));
        fpr_out_str(o, "\"}");
        comma = ",";
        from = p;
    }
    fpr_out_str(o, "],");
}

/* Runs of neighbouring blocks of one kind and order that are on no list. */
static void others(struct out *o, const struct fpr_zone *z, const struct fpr_zone_info *i)
{
    static const char *const names[] = {[FPR_PAGE_RESERVED] = "reserved",
                                        [FPR_PAGE_ALLOCATED] = "allocated",
                                        [FPR_PAGE_HELD] = "held"};
    fpr_pfn end = i->start + i->spanned, p = i->start;
    const char *comma = "";
    name(o, "blocks");
    fpr_out_str(o, "[");
    while (p < end && !o->err) {
        enum fpr_page_kind kind = FPR_PAGE_RESERVED, next;
        struct fpr_block b = {.order = 0}, n = {.order = 0};
        fpr_zone_page(z, p, &kind, &b);
        fpr_pfn from = p;
        uint64_t count = 0;
        do {
            p += 1ull << b.order;
            count++;
        } while (p < end && fpr_zone_page(z, p, &next, &n) == 0 && next == kind &&
                 n.order == b.order);
        if (kind == FPR_PAGE_FREE || kind == FPR_PAGE_PCP) {
            continue;
        }
        fpr_out_str(o, comma);
        fpr_out_str(o, "{");
        text(o, "kind", names[kind]);
        number(o, "pfn", from);
        number(o, "order", b.order);
        name(o, "count");
        fpr_out_dec(o, count);
        fpr_out_str(o, "}");
        comma = ",";
    }
    fpr_out_str(o, "]");
}

int fpr_view_json(const struct fpr_machine *machine, fpr_write_fn write, void *ctx)
{
    if (!machine || !write) {
        return -EINVAL;
    }
    struct out o;
    fpr_out_init(&o, write, ctx);
    fpr_out_str(&o, "{\"zones\":[");
    for (size_t k = 0; k < fpr_machine_nr_zones(machine); k++) {
        const struct fpr_zone *z = fpr_machine_zone(machine, k);
        struct fpr_zone_info i;
        fpr_zone_get_info(z, &i);
        fpr_out_str(&o, k ? ",\n{" : "\n{");
        facts(&o, &i);
        counters(&o, z, &i);
        stats(&o, z);
        pageblocks(&o, z, &i);
        free_lists(&o, z, &i);
        pcp(&o, z, &i);
        others(&o, z, &i);
        fpr_out_str(&o, "}");
    }
    fpr_out_str(&o, "\n]}\n");
    return fpr_out_end(&o);
}
