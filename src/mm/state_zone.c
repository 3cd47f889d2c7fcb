#include "mm/state_zone.h"

#include "mm/zone.h"

#include <errno.h>
#include <string.h>

/* A zone being read. */
struct reading {
    struct cursor *c;
    const struct state_params *params;
    struct fpr_zone *z;
    struct fpr_zone_counters counters;
    uint64_t true_free;
    uint64_t nr_free[FPR_NR_ORDERS];
    bool have_z, have_w, have_n;
    unsigned cpu; /* of the last `p` */
    struct fpr_pcp_counters pcp;
    bool pcp_open;     /* its lists are being read */
    const char *queue; /* pages of the last `q`, waiting for its `r` */
    const char *queue_stop;
    unsigned queue_list;
    fpr_pfn reserved_from; /* frames before this are dealt with */
};

static void fail(struct reading *r, const char *reason, const char *detail)
{
    fpr_cursor_fail(r->c, reason, detail);
}

static void read_z(struct reading *r)
{
    r->true_free = fpr_cursor_dec(r->c, "free");
    r->counters.highatomic = fpr_cursor_dec(r->c, "highatomic");
    r->counters.boost = fpr_cursor_dec(r->c, "boost");
    for (int k = 0; k < FPR_NR_WMARKS; k++) {
        r->counters.watermark[k] = fpr_cursor_dec(r->c, "watermark");
    }
    r->have_z = true;
}

static void read_w(struct reading *r)
{
    r->counters.stat_threshold = (unsigned)fpr_cursor_dec(r->c, "threshold");
    r->counters.free = fpr_cursor_dec(r->c, "global");
    r->counters.free_lag = fpr_cursor_int(r->c, "diff");
    uint64_t flags = fpr_cursor_dec(r->c, "flags");
    r->counters.boosted = flags & 1;
    r->counters.reclaiming = flags & 2;
    fpr_cursor_dec(r->c, "drift mark");
    for (unsigned k = 0; k < FPR_NR_ZONE_INDICES && !fpr_cursor_done(r->c); k++) {
        r->counters.lowmem_reserve[k] = fpr_cursor_dec(r->c, "lowmem reserve");
    }
    r->have_w = true;
}

static void read_n(struct reading *r)
{
    for (unsigned o = 0; o < r->params->orders; o++) {
        r->nr_free[o] = fpr_cursor_dec(r->c, "nr_free");
    }
    r->have_n = true;
}

static void read_b(struct reading *r)
{
    const char *word;
    size_t len = fpr_cursor_word(r->c, &word);
    uint64_t first = r->z->first >> r->z->pageblock_order;
    uint64_t last = (r->z->end - 1) >> r->z->pageblock_order;
    if (len != last - first + 1) {
        fail(r, "wrong number of pageblock types", NULL);
        return;
    }
    for (size_t k = 0; k < len; k++) {
        uint64_t i = (first + k) << r->z->pageblock_order;
        int mt = word[k] == '-' ? FPR_PAGEBLOCK_HOLE : word[k] - '0';
        if (fpr_zone_load_pageblock(r->z, r->z->base + (i < r->z->first ? r->z->first : i), mt)) {
            fail(r, "not a pageblock type", NULL);
            return;
        }
    }
}

static void explain(struct reading *r, int err)
{
    fail(r,
         err == -EEXIST ? "block overlaps another"
                        : "block unaligned, outside the zone, of no type or not isolated as its pageblock",
         NULL);
}

/* "<hex>[*]" */
static bool read_block(struct reading *r, fpr_pfn *pfn, bool *reported)
{
    const char *word;
    uint64_t value = 0;
    size_t len = fpr_cursor_word(r->c, &word);
    const char *p = word, *stop = word + len;
    if (len == 0 || !fpr_text_read_hex(&p, stop, &value)) {
        fail(r, "not a page frame number", NULL);
        return false;
    }
    *reported = p < stop && *p == '*';
    if (p + *reported != stop) {
        fail(r, "not a page frame number", NULL);
        return false;
    }
    *pfn = value;
    return true;
}

static void read_l(struct reading *r)
{
    uint64_t order = fpr_cursor_dec(r->c, "order"), mt = fpr_cursor_dec(r->c, "type");
    if (order >= r->params->orders || mt >= FPR_NR_MIGRATETYPES) {
        fail(r, "no such list", NULL);
        return;
    }
    while (!r->c->failed && !fpr_cursor_done(r->c)) {
        fpr_pfn pfn;
        bool reported;
        if (!read_block(r, &pfn, &reported)) {
            return;
        }
        int err = fpr_zone_load_free(r->z, pfn, (unsigned)order, (int)mt, reported);
        if (err) {
            explain(r, err);
        }
    }
}

static void close_queue(struct reading *r)
{
    if (r->queue) {
        fail(r, "a q line without its r line", NULL);
    }
}

static void close_pcp(struct reading *r)
{
    close_queue(r);
    if (r->pcp_open && fpr_zone_load_pcp_counters(r->z, r->cpu, &r->pcp)) {
        fail(r, "per-cpu counts do not agree with the lists, or are out of range", NULL);
    }
    r->pcp_open = false;
}

static void read_p(struct reading *r)
{
    close_pcp(r);
    r->pcp.count = (unsigned)fpr_cursor_dec(r->c, "count");
    r->pcp.high = (unsigned)fpr_cursor_dec(r->c, "high");
    r->pcp.batch = (unsigned)fpr_cursor_dec(r->c, "batch");
    r->pcp.free_factor = (unsigned)fpr_cursor_dec(r->c, "free_factor");
    uint64_t cpu = fpr_cursor_done(r->c) ? 0 : fpr_cursor_dec(r->c, "cpu");
    r->pcp.expire = fpr_cursor_done(r->c) ? 0 : (int)fpr_cursor_int(r->c, "expire");
    if (cpu >= r->params->cpus) {
        fail(r, "no such cpu", NULL);
        return;
    }
    r->cpu = (unsigned)cpu;
    r->pcp_open = true;
}

static void read_q(struct reading *r)
{
    close_queue(r);
    if (!r->pcp_open) {
        fail(r, "a q line without its p line", NULL);
        return;
    }
    r->queue_list = (unsigned)fpr_cursor_dec(r->c, "list index");
    r->queue = r->c->at;
    r->queue_stop = r->c->stop;
}

/* Types that the pages of the last `q` remember: now they can be loaded. */
static void read_r(struct reading *r)
{
    uint64_t list = fpr_cursor_dec(r->c, "list index");
    const char *types;
    size_t n = fpr_cursor_word(r->c, &types);
    if (!r->queue || list != r->queue_list) {
        fail(r, "an r line without its q line", NULL);
        return;
    }
    struct cursor pages = *r->c;
    pages.at = r->queue;
    pages.stop = r->queue_stop;
    for (size_t k = 0; k < n && !pages.failed; k++) {
        fpr_pfn pfn = fpr_cursor_hex(&pages, "page of a per-cpu list");
        int err =
            pages.failed ? 0 : fpr_zone_load_pcp(r->z, r->cpu, r->queue_list, pfn, types[k] - '0');
        if (err) {
            explain(r, err);
            return;
        }
    }
    if (pages.failed || !fpr_cursor_done(&pages)) {
        fail(r, "q and r lines do not have the same length", NULL);
    }
    r->queue = NULL;
}

/* "<hex>+<hex>" */
static bool read_run(struct reading *r, struct fpr_range *run)
{
    const char *word;
    size_t len = fpr_cursor_word(r->c, &word);
    const char *p = word, *stop = word + len;
    if (!fpr_text_read_hex(&p, stop, &run->start) || p == stop || *p++ != '+' ||
        !fpr_text_read_hex(&p, stop, &run->pages) || p != stop) {
        fail(r, "not a run of pages", NULL);
        return false;
    }
    return true;
}

static void read_m(struct reading *r)
{
    close_pcp(r);
    while (!r->c->failed && !fpr_cursor_done(r->c)) {
        struct fpr_range run;
        if (read_run(r, &run) && fpr_zone_load_allocated_rest(r->z, run.start, run.pages, true)) {
            fail(r, "run outside the zone", NULL);
        }
    }
}

/* Every frame from the last reserved run up to `to` that is nothing else was allocated. */
static void allocate_up_to(struct reading *r, fpr_pfn to)
{
    if (to > r->reserved_from) {
        fpr_zone_load_allocated_rest(r->z, r->reserved_from, to - r->reserved_from, false);
    }
}

static void read_e(struct reading *r)
{
    while (!r->c->failed && !fpr_cursor_done(r->c)) {
        struct fpr_range run;
        if (!read_run(r, &run)) {
            return;
        }
        if (run.start < r->reserved_from || run.pages > r->z->start + r->z->spanned - run.start ||
            run.start > r->z->start + r->z->spanned) {
            fail(r, "reserved runs must rise and lie in the zone", NULL);
            return;
        }
        allocate_up_to(r, run.start);
        r->reserved_from = run.start + run.pages;
    }
}

static void finish(struct reading *r)
{
    close_pcp(r);
    allocate_up_to(r, r->z->start + r->z->spanned);
    if (!r->have_z || !r->have_n) {
        fail(r, "zone without its z or n line", NULL);
        return;
    }
    if (!r->have_w) {
        r->counters.free = r->true_free;
    }
    struct fpr_zone_counters now;
    fpr_zone_get_counters(r->z, &now);
    for (unsigned o = 0; o < r->params->orders; o++) {
        if (now.nr_free[o] != r->nr_free[o]) {
            fail(r, "nr_free does not agree with the lists", NULL);
            return;
        }
    }
    r->counters.boost_factor = r->params->boost_factor;
    if (r->true_free != r->counters.free + (uint64_t)r->counters.free_lag ||
        fpr_zone_load_counters(r->z, &r->counters)) {
        fail(r, "free pages do not agree with the lists, or a counter is out of range", NULL);
    }
}

static int create(struct reading *r)
{
    struct fpr_zone_config zc;
    char name[16] = "";
    const char *word;
    size_t len = fpr_cursor_word(r->c, &word);
    memcpy(name, word, len < sizeof(name) ? len : sizeof(name) - 1);
    fpr_zone_config_init(&zc, r->params->policy.base);
    zc.policy = r->params->policy;
    zc.name = name;
    zc.start = fpr_cursor_hex(r->c, "start");
    zc.spanned = fpr_cursor_dec(r->c, "spanned");
    uint64_t present = fpr_cursor_dec(r->c, "present");
    zc.managed = fpr_cursor_dec(r->c, "managed");
    zc.node = (int)fpr_cursor_dec(r->c, "node");
    uint64_t index = fpr_cursor_dec(r->c, "zone index");
    zc.index = index < FPR_NR_ZONE_INDICES ? (enum fpr_zone_index)index : FPR_ZONE_DEVICE;
    zc.nofragment = index == FPR_ZONE_NORMAL;
    zc.max_order = r->params->orders - 1;
    zc.pageblock_order = r->params->pageblock_order;
    zc.cpus = r->params->cpus;
    zc.empty = true;
    zc.pcp_auto = false;
    zc.pcp_batch = 1;
    zc.boost_factor = r->params->boost_factor;
    zc.mem = r->params->mem;
    if (r->c->failed) {
        return -EINVAL;
    }
    int err = fpr_zone_create(&zc, &r->z);
    if (err == -EINVAL) {
        fail(r, "impossible zone", NULL);
    } else if (!err) {
        r->z->present = present;
    }
    return err;
}

/* Reads the record behind its letter; false at the zone's end. */
static bool read_record(struct reading *r)
{
    static void (*const readers[])(struct reading *) = {
        ['z'] = read_z, ['w'] = read_w, ['n'] = read_n, ['b'] = read_b, ['l'] = read_l,
        ['p'] = read_p, ['q'] = read_q, ['r'] = read_r, ['m'] = read_m, ['e'] = read_e,
    };
    const char *word;
    size_t len = fpr_cursor_word(r->c, &word);
    if (fpr_word_is(word, len, ".")) {
        return false;
    }
    unsigned char letter = (unsigned char)*word;
    if (len != 1 || letter >= sizeof(readers) / sizeof(readers[0]) || !readers[letter]) {
        fail(r, "unknown record", NULL);
        return false;
    }
    readers[letter](r);
    if (letter != 'q' && !r->c->failed && !fpr_cursor_done(r->c)) {
        fail(r, "too many fields", NULL);
    }
    return true;
}

int fpr_state_read_zone(struct cursor *c, const struct state_params *params, struct fpr_zone **zone)
{
    struct reading r = {.c = c, .params = params};
    int err = create(&r);
    if (err) {
        return err;
    }
    r.reserved_from = r.z->start;
    bool more = true;
    while (more && fpr_cursor_line(c)) {
        more = read_record(&r);
    }
    if (more && !c->failed) {
        fail(&r, "cut short inside a zone", NULL);
    }
    if (!c->failed) {
        finish(&r);
    }
    if (c->failed) {
        fpr_zone_destroy(r.z);
        return -EINVAL;
    }
    *zone = r.z;
    return 0;
}
