/* Making the world: a zone alone, or a guest with memory behind it and an IOVA map. */
#include "lab.h"

#include <string.h>

static const char *const profiles[] = {"v16",       "linux-5.10", "linux-5.14",
                                       "linux-6.1", "linux-6.12", NULL};
static const char *const pin_policies[] = {"skip", "inhibit", "ignore", NULL};

void lab_world_destroy(struct lab_world *w)
{
    fpr_iova_reader_destroy(w->reader);
    if (w->guest) {
        fpr_guest_destroy(w->guest);
    } else {
        fpr_reporter_destroy(w->reporter);
        fpr_machine_destroy(w->machine);
    }
    fpr_host_destroy(w->host);
    fpr_clock_destroy(w->clock);
    *w = (struct lab_world){.clock = NULL};
}

/* What `zone` and `guest` say. */
struct request {
    uint64_t pages, start, dma, max_order, pageblock, cpus, high, batch, mark[3], boost;
    int profile, pins;
    bool nofragment;
};

/* What only a guest can be asked for, or only a zone. */
static void own_options(struct lab_option *option, bool guest, struct request *r)
{
    if (guest) {
        option[0] = (struct lab_option){"pins", LAB_WORD, &r->pins, 0, 0, pin_policies, false};
        return;
    }
    option[0] = (struct lab_option){"start", LAB_NUMBER, &r->start, 0, 1ull << 40, NULL, false};
    option[1] = (struct lab_option){"dma", LAB_NUMBER, &r->dma, 1, 1u << 20, NULL, false};
}

/* What is called otherwise where a zone is made than by the command that sets it later. */
static enum lab_result hint(struct lab *lab, enum lab_result result)
{
    if (!strcmp(lab->error, "unknown option 'pcp'")) {
        return lab_fail(lab, result, "unknown option 'pcp'; the per-cpu lists are: high N batch N");
    }
    if (!strcmp(lab->error, "unknown option 'watermark'")) {
        return lab_fail(lab, result,
                        "unknown option 'watermark'; the watermarks are: min N low N high-mark N");
    }
    return result;
}

static enum lab_result read_request(struct lab *lab, const struct lab_words *words, bool guest,
                                    struct request *r)
{
    *r = (struct request){.pages = 64, .max_order = 4, .pageblock = 3, .cpus = 1, .batch = 1};
    struct lab_option options[] = {
        {"pages", LAB_NUMBER, &r->pages, 1, 1u << 20, NULL, false},
        {"max-order", LAB_NUMBER, &r->max_order, 1, FPR_MAX_ORDER, NULL, false},
        {"pageblock", LAB_NUMBER, &r->pageblock, 1, FPR_MAX_ORDER, NULL, false},
        {"profile", LAB_WORD, &r->profile, 0, 0, profiles, false},
        {"cpus", LAB_NUMBER, &r->cpus, 1, 8, NULL, false},
        {"high", LAB_NUMBER, &r->high, 0, 100000, NULL, false},
        {"batch", LAB_NUMBER, &r->batch, 1, 1000, NULL, false},
        {"min", LAB_NUMBER, &r->mark[0], 0, 1u << 20, NULL, false},
        {"low", LAB_NUMBER, &r->mark[1], 0, 1u << 20, NULL, false},
        {"high-mark", LAB_NUMBER, &r->mark[2], 0, 1u << 20, NULL, false},
        {"boost", LAB_NUMBER, &r->boost, 0, 100000, NULL, false},
        {"nofragment", LAB_FLAG, &r->nofragment, 0, 0, NULL, false},
        {0},
        {0},
        {0}};
    own_options(options + sizeof(options) / sizeof(options[0]) - 3, guest, r);
    enum lab_result result = lab_options(lab, words, 1, options);
    result = result ? hint(lab, result) : result;
    if (!result && r->dma >= r->pages) {
        result = lab_fail(lab, LAB_BAD, "dma: the zone has only %d page%s", (int)r->pages,
                          r->pages == 1 ? "" : "s");
    }
    if (!result && r->pageblock > r->max_order) {
        result = lab_fail(lab, LAB_BAD, "pageblock: an order above the largest (max-order %d)",
                          (int)r->max_order);
    }
    return result;
}

static void zone_config(const struct request *r, struct fpr_zone_config *c)
{
    fpr_zone_config_init(c, (enum fpr_profile)r->profile);
    c->start = r->start;
    c->spanned = r->pages;
    c->max_order = (unsigned)r->max_order;
    c->pageblock_order = (unsigned)r->pageblock;
    c->cpus = (unsigned)r->cpus;
    c->nofragment = r->nofragment;
    c->boost_factor = (unsigned)r->boost;
    c->pcp_auto = false;
    c->pcp_high = (unsigned)r->high;
    c->pcp_batch = (unsigned)r->batch;
}

/* One zone, or two: the lowest `dma` frames are one of their own then. */
static int make_machine(struct lab_world *w, const struct fpr_zone_config *zone, uint64_t dma)
{
    struct fpr_machine_config config;
    struct fpr_zone_config zones[2] = {*zone, *zone};
    zones[0].index = FPR_ZONE_DMA;
    zones[0].name = "DMA";
    zones[0].spanned = dma;
    zones[1].start += dma;
    zones[1].spanned -= dma;
    fpr_machine_config_init(&config);
    config.zones = dma ? zones : zone;
    config.nr_zones = dma ? 2 : 1;
    config.compute_watermarks = false;
    return fpr_machine_create(&config, &w->machine);
}

static int make_guest(struct lab_world *w, const struct fpr_zone_config *zone,
                      const struct request *r)
{
    struct fpr_guest_config config;
    fpr_guest_config_init(&config);
    config.profile = (enum fpr_profile)r->profile;
    config.zone = zone;
    config.pages = r->pages;
    config.cpus = (unsigned)r->cpus;
    config.arena.thp = FPR_ARENA_THP_NEVER; /* so that resident memory is the same everywhere */
    config.pins = (enum fpr_pin_policy)r->pins;
    config.clock = w->clock;
    config.report.order = (int)r->pageblock;
    config.report.capacity = 4;
    int err = fpr_guest_create(&config, &w->guest);
    if (!err) {
        w->machine = fpr_guest_machine(w->guest);
        w->reporter = fpr_guest_reporter(w->guest);
        err = fpr_iova_reader_create(fpr_guest_iova(w->guest), &w->reader);
    }
    return err;
}

static enum lab_result make(struct lab *lab, const struct lab_words *words, bool guest)
{
    struct request r;
    struct fpr_zone_config zone;
    enum lab_result result = read_request(lab, words, guest, &r);
    if (result) {
        return result;
    }
    zone_config(&r, &zone);
    struct lab_world *w = &lab->w, old = lab->w;
    *w = (struct lab_world){.clock = NULL};
    int err = fpr_clock_create(0, &w->clock);
    if (!err) {
        err = guest ? make_guest(w, &zone, &r) : make_machine(w, &zone, r.dma);
    }
    lab_world_destroy(err ? w : &old);
    if (err) {
        *w = old;
        return lab_fail(lab, LAB_REFUSED, "no such %s can be made: %s", words->word[0],
                        strerror(-err));
    }
    lab_adopt(lab);
    lab_select(lab, w->nr_zones - 1);
    for (size_t z = 0; z < w->nr_zones; z++) {
        fpr_zone_set_watermarks(fpr_machine_zone(w->machine, z), r.mark[0], r.mark[1], r.mark[2]);
    }
    lab_say(lab, "%s: %llu frame%s from %s, orders 0 to %u, pageblocks of %u, rules of %s",
            guest ? "guest" : "zone", (unsigned long long)w->frames, w->frames == 1 ? "" : "s",
            lab_hex(w->base).text, w->info.max_order, 1u << w->info.pageblock_order,
            fpr_profile_name(w->info.policy.base));
    if (w->nr_zones > 1 && !lab->quiet) {
        lab_zones(lab, lab->out);
    }
    return LAB_OK;
}

enum lab_result lab_cmd_zone(struct lab *lab, const struct lab_words *words)
{
    return make(lab, words, false);
}

enum lab_result lab_cmd_guest(struct lab *lab, const struct lab_words *words)
{
    return make(lab, words, true);
}
