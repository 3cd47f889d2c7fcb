/* Reporting passes of a golden file: the device's callback reads on in the file. */
#include "replay.h"

#include <errno.h>
#include <string.h>

static const struct state_titles sides = {"kernel", "model", false};

/* What the device returns when the replay is over: it ends the pass. */
enum { STOP = -ECANCELED };

static bool compare_batch(struct replay *r, const struct fpr_sg *sg, unsigned nents)
{
    const struct golden_record *record = &r->record;
    char first[128] = "";
    if (record->kind != GOLDEN_BATCH) {
        return replay_differs(r, "expected '%s', got batch %u of %u blocks", record->text, r->calls,
                              nents);
    }
    if (record->k != r->calls) {
        return conform_fail(r->result, record->line, "batch %u of the pass is numbered %u",
                            r->calls, record->k);
    }
    if (record->nr_sg > r->header.capacity) {
        return conform_fail(r->result, record->line, "a batch of %zu blocks is above the capacity",
                            record->nr_sg);
    }
    if (!batch_compare(record->sg, record->nr_sg, sg, nents, &sides, r->result, first)) {
        return replay_differs(r, "%s", first);
    }
    return replay_hashed(r);
}

/* Replays what was done in the callback. False: stop. */
static bool in_callback(struct replay *r, const struct fpr_sg *sg, unsigned nents)
{
    if (!golden_next(r->in, &r->record, r->result) || !compare_batch(r, sg, nents)) {
        return false;
    }
    for (;;) {
        if (!golden_next(r->in, &r->record, r->result)) {
            return false;
        }
        if (r->record.kind == GOLDEN_DONE) {
            break;
        }
        if (r->record.kind == GOLDEN_REPORT) {
            return conform_fail(r->result, r->record.line, "a device cannot change in a callback");
        }
        if (!replay_operation(r)) {
            return false;
        }
    }
    if (r->record.k != r->calls) {
        return conform_fail(r->result, r->record.line, "the end of batch %u is numbered %u",
                            r->calls, r->record.k);
    }
    r->calls++;
    return r->options->trace_line ? replay_before(r) : true;
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct replay *r = ctx;
    if (r->failed) {
        return STOP;
    }
    r->failed = !in_callback(r, sg, nents);
    return r->failed ? STOP : r->record.error;
}

bool replay_register(struct replay *r)
{
    int error = 0;
    if (r->registered) {
        error = fpr_reporter_unregister(r->reporter, &r->device);
        r->registered = false;
    }
    struct fpr_report_config config;
    if (!error) {
        error = fpr_reporter_get_config(r->reporter, &config);
    }
    if (!error) {
        config.order = (int)r->record.order;
        error = fpr_reporter_set_config(r->reporter, &config);
    }
    if (!error) {
        r->device = (struct fpr_device){
            .name = "golden file", .report = report, .ctx = r, .order = (int)r->record.order};
        error = fpr_reporter_register(r->reporter, &r->device);
    }
    if (error) {
        return conform_fail(r->result, r->record.line, "no reporting at order %u: %s",
                            r->record.order, strerror(-error));
    }
    r->registered = true;
    r->report_order = r->record.order;
    return true;
}

static bool compare_end(struct replay *r, const struct fpr_pass_result *pass)
{
    const struct golden_record *record = &r->record;
    if (record->kind == GOLDEN_BATCH) {
        return replay_differs(r, "expected batch %u of %zu blocks, got the end of the pass",
                              record->k, record->nr_sg);
    }
    if (record->kind != GOLDEN_PASSED) {
        return conform_fail(r->result, record->line, "record '%c' is out of place in a pass",
                            record->text[0]);
    }
    if (record->number[0] != r->calls) {
        return replay_differs(r, "expected %u batches in the pass, got %u",
                              (unsigned)record->number[0], r->calls);
    }
    bool requested = pass->calls && pass->requested;
    if (record->number[1] != requested) {
        return replay_differs(r, "expected requested %u after the pass, got %d",
                              (unsigned)record->number[1], requested);
    }
    if (r->starved) {
        return replay_differs(r,
                              "expected %zu shuffle words to do, got a placement that wants one "
                              "more",
                              r->nr_words);
    }
    return replay_hashed(r);
}

bool replay_pass(struct replay *r)
{
    if (!r->registered) {
        return conform_fail(r->result, r->record.line, "a pass before any 'C report'");
    }
    if (r->record.order != r->report_order) {
        return conform_fail(r->result, r->record.line,
                            "a pass at order %u, but the device has order %u", r->record.order,
                            r->report_order);
    }
    if (r->options->trace_line && !replay_before(r)) {
        return false;
    }
    struct fpr_pass_result pass = {0};
    r->calls = 0;
    r->in_pass = true;
    int error = fpr_reporter_pass(r->reporter, &pass);
    r->in_pass = false;
    if (r->failed) {
        return false;
    }
    if (error) {
        return replay_differs(r, "expected a pass, got error %d (%s)", error, strerror(-error));
    }
    return golden_next(r->in, &r->record, r->result) && compare_end(r, &pass);
}
