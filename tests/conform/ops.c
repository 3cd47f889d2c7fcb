/* Operations and settings of a golden file. */
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void pfn_text(fpr_pfn pfn, char text[24])
{
    snprintf(text, 24, pfn == FPR_PFN_NONE ? "-" : "%" PRIx64, pfn);
}

static bool refused(struct replay *r, int error)
{
    return replay_differs(r, "expected '%s' to be taken, got error %d (%s)", r->record.text, error,
                          strerror(-error));
}

uint64_t replay_notifications(const struct replay *r)
{
    struct fpr_zone_stats stats = {0};
    if (r->options->events) {
        return r->notified_events;
    }
    fpr_zone_get_stats(r->zone, &stats);
    return stats.notifications;
}

/* What ends every hashed operation: its note, then its hash. */
static bool finish(struct replay *r)
{
    bool told = replay_notifications(r) != r->notified_before;
    char note = r->in_pass ? '.' : told ? 'n' : '-';
    if (r->starved) {
        return replay_differs(r,
                              "expected %zu shuffle words to do, got a placement that wants one "
                              "more",
                              r->nr_words);
    }
    if (note != r->record.note) {
        return replay_differs(r, "expected note %c, got %c", r->record.note, note);
    }
    return replay_hashed(r);
}

static bool request(struct replay *r)
{
    const struct golden_record *record = &r->record;
    fpr_gfp gfp = 0;
    if (record->order >= r->header.orders) {
        return conform_fail(r->result, record->line, "order %u is above the largest, %u",
                            record->order, r->header.orders - 1);
    }
    if (!replay_gfp(r, record, &gfp)) {
        return conform_fail(r->result, record->line, "flags %u do not exist in profile %s",
                            record->flags, fpr_profile_name(r->policy.base));
    }
    fpr_pfn pfn = FPR_PFN_NONE;
    int error = fpr_zone_alloc(r->zone, record->order, gfp, 0, &pfn);
    if (error && error != -ENOMEM) {
        return refused(r, error);
    }
    if (pfn != record->pfn) {
        char want[24];
        char got[24];
        pfn_text(record->pfn, want);
        pfn_text(pfn, got);
        return replay_differs(r, "expected pfn %s, got %s", want, got);
    }
    return finish(r);
}

static bool release(struct replay *r)
{
    int error = fpr_zone_free(r->zone, r->record.pfn, r->record.order, 0);
    return error ? refused(r, error) : finish(r);
}

static bool set_pcp(struct replay *r)
{
    const uint64_t *v = r->record.number;
    int error = fpr_zone_set_pcp(r->zone, (unsigned)v[0], (unsigned)v[1]);
    r->pcp_on = r->record.on;
    return error ? refused(r, error) : true;
}

static bool push_word(struct replay *r)
{
    if (!r->header.shuffle) {
        return conform_fail(r->result, r->record.line, "a shuffle word, but shuffling is off");
    }
    if (!golden_grow((void **)&r->words, &r->words_capacity, r->nr_words, sizeof(*r->words))) {
        return conform_fail(r->result, r->record.line, "out of memory");
    }
    r->words[r->nr_words++] = r->record.number[0];
    return true;
}

/* The boost factor and boost, which the file may set to what it likes. */
static bool set_boost(struct replay *r)
{
    const uint64_t *v = r->record.number;
    int error = fpr_zone_set_boost(r->zone, (unsigned)v[0], v[1]);
    return error ? refused(r, error) : true;
}

bool replay_operation(struct replay *r)
{
    const struct golden_record *record = &r->record;
    const uint64_t *v = record->number;
    int error = 0;
    if (record->line == r->options->trace_line && !replay_before(r)) {
        return false;
    }
    if (!r->in_pass) {
        r->notified_before = replay_notifications(r);
    }
    switch (record->kind) {
    case GOLDEN_ALLOC:
        return request(r);
    case GOLDEN_FREE:
        return release(r);
    case GOLDEN_SPLIT:
        error = fpr_zone_split(r->zone, record->pfn, record->order, record->to);
        return error ? refused(r, error) : true;
    case GOLDEN_DRAIN:
        error = fpr_zone_drain(r->zone, 0);
        return error ? refused(r, error) : finish(r);
    case GOLDEN_PCP:
        return set_pcp(r);
    case GOLDEN_REPORT:
        return replay_register(r);
    case GOLDEN_WMARK:
        error = fpr_zone_set_watermarks(r->zone, v[0], v[1], v[2]);
        return error ? refused(r, error) : true;
    case GOLDEN_BOOST:
        return set_boost(r);
    case GOLDEN_SHUFFLE:
        return push_word(r);
    default:
        return conform_fail(r->result, record->line, "record '%c' is out of place here",
                            record->text[0]);
    }
}
