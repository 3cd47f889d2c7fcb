/* From a golden file's header and first state to a zone. */
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Kernels built from 6.1 with v16's placement of put-back, moves and boot frees. */
static bool has_v16_lists(const char *kernel)
{
    static const char suffix[] = "-v16lists";
    size_t n = strlen(kernel);
    return n >= sizeof(suffix) - 1 && !strcmp(kernel + n - (sizeof(suffix) - 1), suffix);
}

static bool choose_policy(struct replay *r)
{
    const struct golden_header *header = &r->header;
    enum fpr_profile profile = r->options->profile;
    int error = 0;
    if (!r->options->profile_given) {
        error = header->profile[0] ? fpr_profile_from_name(header->profile, &profile)
                                   : fpr_profile_from_release(header->kernel, &profile);
    }
    if (error) {
        return conform_fail(r->result, 0, "the header's %s '%s' is none that is modelled",
                            header->profile[0] ? "profile" : "kernel",
                            header->profile[0] ? header->profile : header->kernel);
    }
    struct fpr_policy *policy = &r->policy;
    if (fpr_profile_policy(profile, policy)) {
        return conform_fail(r->result, 0, "the library refuses profile %d", (int)profile);
    }
    if (!r->options->profile_given && has_v16_lists(header->kernel)) {
        policy->putback = FPR_PLACE_RULE;
        policy->move = FPR_PLACE_HEAD;
        policy->boot = FPR_PLACE_RULE;
    }
    if (header->v16_putback) {
        policy->putback = FPR_PLACE_RULE;
    }
    /* how order-9 blocks share lists was changed within 6.1.y, so the file's number decides */
    bool order0 = policy->pcp == FPR_PCP_ORDER0;
    if (order0 != (header->pcp_lists == FPR_NR_PCPTYPES) ||
        (!order0 && header->pcp_lists < policy->pcp_lists - 1)) {
        return conform_fail(r->result, header->params_line,
                            "pcp_lists is %u, which profile %s does not know", header->pcp_lists,
                            fpr_profile_name(profile));
    }
    policy->pcp_lists = header->pcp_lists;
    return true;
}

static uint64_t next_word(void *ctx)
{
    struct replay *r = ctx;
    if (r->words_at == r->nr_words) {
        r->starved = true;
        return 0;
    }
    return r->words[r->words_at++];
}

static bool create(struct replay *r)
{
    const struct golden_header *header = &r->header;
    struct fpr_zone_config zone;
    struct fpr_machine_config machine;
    int error = fpr_zone_config_init(&zone, r->policy.base);
    if (!error) {
        error = fpr_machine_config_init(&machine);
    }
    if (error) {
        return conform_fail(r->result, 0, "no default configuration: %s", strerror(-error));
    }
    zone.policy = r->policy;
    zone.start = header->start;
    zone.spanned = header->spanned;
    zone.managed = header->managed;
    zone.max_order = header->orders - 1;
    zone.pageblock_order = header->pageblock_order;
    zone.empty = true;
    zone.nofragment = header->nofragment;
    zone.movable_by_type = header->lru;
    zone.shuffle = header->shuffle;
    zone.bits = next_word;
    zone.bits_ctx = r;
    memcpy(zone.watermark, r->theirs.wmark, sizeof(zone.watermark));
    zone.boost_factor = header->boost_factor;
    zone.pcp_auto = false;
    zone.pcp_high = 0;
    zone.pcp_batch = 1;
    machine.zones = &zone;
    machine.nr_zones = 1;
    machine.compute_watermarks = false;
    error = fpr_machine_create(&machine, &r->machine);
    if (error) {
        return conform_fail(r->result, header->zone_line, "such a zone cannot be made: %s",
                            strerror(-error));
    }
    r->zone = fpr_machine_zone(r->machine, 0);
    return true;
}

static bool load_list(struct replay *r, unsigned order, int type)
{
    const struct state_list *list = &r->theirs.lists[order][type];
    for (size_t i = 0; i < list->count; i++) {
        const struct state_block *block = &r->theirs.blocks[list->first + i];
        int error = fpr_zone_load_free(r->zone, block->pfn, order, type, block->reported);
        if (error) {
            return conform_fail(
                r->result, list->line, "impossible state: block %" PRIx64 " of order %u %s",
                block->pfn, order, error == -EEXIST ? "overlaps another block" : strerror(-error));
        }
    }
    return true;
}

static bool load_pages(struct replay *r)
{
    const struct golden_header *header = &r->header;
    fpr_pfn first = header->start >> header->pageblock_order;
    for (size_t i = 0; r->theirs.types[i]; i++) {
        fpr_pfn pfn = i ? (first + i) << header->pageblock_order : header->start;
        int error = fpr_zone_load_pageblock(r->zone, pfn, r->theirs.types[i] - '0');
        if (error) {
            return conform_fail(r->result, r->theirs.b_line, "type of pageblock %zu: %s", i,
                                strerror(-error));
        }
    }
    for (unsigned order = 0; order < header->orders; order++) {
        for (int type = 0; type < FPR_NR_MIGRATETYPES; type++) {
            if (!load_list(r, order, type)) {
                return false;
            }
        }
    }
    for (size_t i = 0; i < header->nr_movable; i++) {
        int error = fpr_zone_load_allocated(r->zone, header->movable[i], 0, true);
        if (error) {
            return conform_fail(
                r->result, r->record.line, "impossible m page %" PRIx64 ": %s", header->movable[i],
                error == -EEXIST ? "it is free, or named twice" : "it is out of the zone");
        }
    }
    return true;
}

static bool load_counters(struct replay *r)
{
    const struct golden_state *state = &r->theirs;
    struct fpr_zone_counters counters;
    int error = fpr_zone_get_counters(r->zone, &counters);
    if (!error) {
        counters.free = state->free;
        counters.free_lag = 0;
        counters.highatomic = state->highatomic;
        counters.boost = state->boost;
        counters.boost_factor = r->header.boost_factor;
        memcpy(counters.watermark, state->wmark, sizeof(counters.watermark));
        error = fpr_zone_load_counters(r->zone, &counters);
    }
    if (error) {
        return conform_fail(r->result, state->z_line, "impossible state: counters refused: %s",
                            strerror(-error));
    }
    return true;
}

static void count_notify(void *ctx, const struct fpr_event *event)
{
    struct replay *r = ctx;
    r->notified_events += event->type == FPR_EVENT_NOTIFY;
}

bool replay_setup(struct replay *r)
{
    if (r->theirs.has_pcp) {
        return conform_fail(r->result, r->theirs.p_line,
                            "the first state has per-cpu lists, but they are off");
    }
    if (!choose_policy(r) || !create(r) || !load_pages(r) || !load_counters(r)) {
        return false;
    }
    char reason[256] = "";
    int rule = 0;
    if (fpr_zone_validate(r->zone, &rule, reason, sizeof(reason))) {
        return conform_fail(r->result, r->record.line, "impossible state: rule %d: %s", rule,
                            reason);
    }
    struct fpr_report_config config;
    static const enum fpr_patch_level levels[] = {
        [4] = FPR_PATCH_LEVEL_P4, [7] = FPR_PATCH_LEVEL_P7, [8] = FPR_PATCH_LEVEL_P8};
    int error = fpr_report_config_init(&config);
    if (!error) {
        error = fpr_report_config_patch_level(&config, levels[r->header.patch_level]);
    }
    if (!error) {
        config.capacity = r->header.capacity;
        error = fpr_reporter_create(r->machine, NULL, &config, &r->reporter);
    }
    if (error) {
        return conform_fail(r->result, r->header.params_line, "no reporter: %s", strerror(-error));
    }
    if (!r->options->events) {
        return true;
    }
    const struct fpr_event_sink sink = {count_notify, r};
    error = fpr_zone_set_event_sink(r->zone, &sink);
    return error ? conform_fail(r->result, 0, "no event sink: %s", strerror(-error)) : true;
}

bool replay_gfp(const struct replay *r, const struct golden_record *record, fpr_gfp *gfp)
{
    /* by FORMAT's flags 0 to 4; 6.1 and later decide by HIGH and by what may block */
    static const fpr_gfp by_atomic[] = {FPR_GFP_NOMEMALLOC, 0, FPR_GFP_HIGH | FPR_GFP_ATOMIC,
                                        FPR_GFP_ATOMIC, FPR_GFP_HIGH};
    static const fpr_gfp by_blocking[] = {FPR_GFP_NOMEMALLOC, 0, FPR_GFP_HIGH};
    static const fpr_gfp by_type[] = {0, FPR_GFP_MOVABLE, FPR_GFP_RECLAIMABLE};
    bool blocking = r->policy.watermark == FPR_WATERMARK_6_1;
    if (blocking && record->flags >= sizeof(by_blocking) / sizeof(by_blocking[0])) {
        return false;
    }
    *gfp = by_type[record->type] | (blocking ? by_blocking : by_atomic)[record->flags];
    return true;
}
