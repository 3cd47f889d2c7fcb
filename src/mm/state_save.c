/* The text of a state dump from a machine. */
#include "base/text.h"
#include "mm/freelist.h"
#include "mm/machine.h"
#include "mm/pcp.h"

#include <errno.h>
#include <string.h>

/* Pieces are collected to a few KiB before they are written. */
struct saving {
    char buffer[4096];
    struct fpr_text t;
    int (*write)(void *ctx, const char *text, size_t len);
    void *ctx;
    int err;
};

static void flush(struct saving *s)
{
    if (!s->err && s->t.len) {
        s->err = s->write(s->ctx, s->buffer, s->t.len);
    }
    fpr_text_init(&s->t, s->buffer, sizeof(s->buffer));
}

static void put_str(struct saving *s, const char *text)
{
    if (s->t.len + strlen(text) + 32 > sizeof(s->buffer)) {
        flush(s);
    }
    fpr_text_str(&s->t, text);
}

static void put_dec(struct saving *s, const char *before, uint64_t value)
{
    put_str(s, before);
    fpr_text_dec(&s->t, value);
}

static void put_int(struct saving *s, const char *before, int64_t value)
{
    put_str(s, before);
    fpr_text_int(&s->t, value);
}

static void put_hex(struct saving *s, const char *before, uint64_t value)
{
    put_str(s, before);
    fpr_text_hex(&s->t, value);
}

static void put_counters(struct saving *s, const struct fpr_zone *z)
{
    put_dec(s, "z ", (uint64_t)(zone_free_seen(z) + z->free_lag));
    put_dec(s, " ", z->highatomic);
    put_dec(s, " ", z->boost);
    for (int k = 0; k < FPR_NR_WMARKS; k++) {
        put_dec(s, " ", z->watermark[k]);
    }
    put_int(s, "\nw ", z->stat_threshold);
    put_int(s, " ", zone_free_seen(z));
    put_int(s, " ", z->free_lag);
    put_dec(s, " ", (z->boosted ? 1u : 0u) | (z->reclaiming ? 2u : 0u));
    put_str(s, " 0");
    for (int k = 0; k < FPR_NR_ZONE_INDICES; k++) {
        put_dec(s, " ", z->lowmem_reserve[k]);
    }
    put_str(s, "\nn");
    for (unsigned o = 0; o <= z->max_order; o++) {
        put_dec(s, " ", area_nr_free(&z->area[o]));
    }
    put_str(s, "\nb ");
    for (uint64_t k = z->first >> z->pageblock_order; k <= (z->end - 1) >> z->pageblock_order;
         k++) {
        if (z->pageblock[k] == PAGEBLOCK_HOLE) {
            put_str(s, "-");
        } else {
            put_dec(s, "", z->pageblock[k]);
        }
    }
    put_str(s, "\n");
}

static int put_block(void *ctx, const struct fpr_block *b)
{
    struct saving *s = ctx;
    put_hex(s, " ", b->pfn);
    put_str(s, b->reported ? "*" : "");
    return s->err;
}

static int put_type(void *ctx, const struct fpr_block *b)
{
    struct saving *s = ctx;
    put_dec(s, "", (uint64_t)b->migratetype);
    return s->err;
}

static void put_lists(struct saving *s, const struct fpr_zone *z)
{
    for (unsigned o = 0; o <= z->max_order; o++) {
        for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++) {
            if (z->area[o].list[mt].count) {
                put_dec(s, "l ", o);
                put_dec(s, " ", (uint64_t)mt);
                fpr_zone_walk_free(z, o, mt, put_block, s);
                put_str(s, "\n");
            }
        }
    }
}

static void put_pcp(struct saving *s, const struct fpr_zone *z, unsigned cpu)
{
    const struct pcp *p = &z->pcp[cpu];
    put_dec(s, "p ", fpr_pcp_count(p));
    put_dec(s, " ", p->high);
    put_dec(s, " ", p->batch);
    put_dec(s, " ", p->free_factor);
    put_dec(s, " ", cpu);
    put_int(s, " ", p->expire);
    put_str(s, "\n");
    for (unsigned list = 0; list < z->policy.pcp_lists; list++) {
        if (fpr_pcp_list(p, list)->count) {
            put_dec(s, "q ", list);
            fpr_zone_walk_pcp(z, cpu, list, put_block, s);
            put_dec(s, "\nr ", list);
            put_str(s, " ");
            fpr_zone_walk_pcp(z, cpu, list, put_type, s);
            put_str(s, "\n");
        }
    }
}

/* Is the frame in a run of this sort? m: allocated and movable; e: reserved. */
static bool in_run(const struct fpr_zone *z, uint64_t i, bool movable, uint64_t *next)
{
    struct fpr_block b;
    enum fpr_page_kind kind;
    fpr_zone_page(z, z->base + i, &kind, &b);
    *next = kind == FPR_PAGE_RESERVED ? i + 1 : b.pfn - z->base + (1ull << b.order);
    if (!movable) {
        return kind == FPR_PAGE_RESERVED;
    }
    return kind == FPR_PAGE_ALLOCATED && (tag_load(&z->tags[b.pfn - z->base]) & TAG_MOVABLE) != 0;
}

static void put_runs(struct saving *s, const struct fpr_zone *z, const char *letter, bool movable)
{
    put_str(s, letter);
    for (uint64_t i = z->first, next; i < z->end; i = next) {
        uint64_t start = i;
        if (!in_run(z, i, movable, &next)) {
            continue;
        }
        for (i = next; i < z->end && in_run(z, i, movable, &next); i = next) {
        }
        put_hex(s, " ", z->base + start);
        put_hex(s, "+", i - start);
        next = i;
    }
    put_str(s, "\n");
}

static void put_zone(struct saving *s, const struct fpr_zone *z)
{
    put_str(s, "Z ");
    put_str(s, z->name);
    put_hex(s, " ", z->start);
    put_dec(s, " ", z->spanned);
    put_dec(s, " ", z->present);
    put_dec(s, " ", z->managed);
    put_int(s, " ", z->node);
    put_dec(s, " ", z->index);
    put_str(s, "\n");
    put_counters(s, z);
    put_lists(s, z);
    for (unsigned c = 0; c < z->cpus; c++) {
        put_pcp(s, z, c);
    }
    put_runs(s, z, "m", true);
    put_runs(s, z, "e", false);
    put_str(s, ".\n");
}

static void put_header(struct saving *s, const struct fpr_machine *m,
                       const struct fpr_state_header *h)
{
    const struct fpr_zone *z = m->zones[0];
    put_str(s, "# fpr-state 1\nkernel ");
    put_str(s, h && h->kernel[0] ? h->kernel : fpr_profile_name(z->policy.base));
    put_str(s, "\nslot ");
    put_str(s, h && h->slot[0] ? h->slot : "saved");
    put_dec(s, "\ntime ", h ? h->time_ns : 0);
    put_dec(s, "\nparams orders ", z->max_order + 1);
    put_dec(s, " pageblock_order ", z->pageblock_order);
    put_dec(s, " mtypes ", FPR_NR_MIGRATETYPES);
    put_dec(s, " isolate ", FPR_ISOLATE);
    put_dec(s, " capacity 32 pcp_lists ", z->policy.pcp_lists);
    put_dec(s, " zones ", FPR_NR_ZONE_INDICES);
    put_dec(s, " cpus ", z->cpus);
    put_dec(s, "\nboost_factor ", z->boost_factor);
    if (h) {
        put_hex(s, "\nvmemmap ", h->vmemmap);
        if (h->reporting_order >= 0) {
            put_int(s, "\nreporting_order ", h->reporting_order);
        }
        if (h->reporting_state >= 0) {
            put_int(s, "\nreporting ", h->reporting_state);
            put_int(s, " ", h->reporting_pending);
            put_int(s, " ", h->reporting_due_ms);
        }
    }
    put_str(s, "\n");
}

int fpr_machine_save(const struct fpr_machine *machine, const struct fpr_state_header *header,
                     int (*write)(void *ctx, const char *text, size_t len), void *ctx)
{
    if (!machine || !write || !machine->nr_zones) {
        return -EINVAL;
    }
    struct saving s = {.write = write, .ctx = ctx};
    fpr_text_init(&s.t, s.buffer, sizeof(s.buffer));
    put_header(&s, machine, header);
    for (size_t k = 0; k < machine->nr_zones && !s.err; k++) {
        put_zone(&s, machine->zones[k]);
    }
    put_dec(&s, "Q ", machine->nr_zones);
    put_str(&s, " ok\n");
    flush(&s);
    return s.err;
}
