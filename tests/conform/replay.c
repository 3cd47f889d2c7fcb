/* Replaying a golden file: everything that the file tells is predicted and compared. */
#include "replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

static const struct state_titles sides = {"kernel", "model", false};

bool replay_differs(struct replay *r, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (r->result->reason[0]) {
        conform_detail(r->result, "what differs first besides hashes: line %lu: %s\n",
                       r->record.line, text);
        conform_detail(r->result, "  operation %lu: %s\n", r->result->ops, r->record.text);
        return false;
    }
    conform_fail(r->result, r->record.line, "%s", text);
    conform_detail(r->result, "operation %lu: %s\n", r->result->ops, r->record.text);
    return false;
}

bool replay_before(struct replay *r)
{
    return state_capture(r->zone, &r->header, r->pcp_on, &r->before) ||
           conform_fail(r->result, r->record.line, "out of memory");
}

/* Puts into the detail what the traced operation changed. Ends the replay. */
static bool trace(struct replay *r)
{
    static const struct state_titles titles = {"before", "after", true};
    if (!state_capture(r->zone, &r->header, r->pcp_on, &r->ours)) {
        return conform_fail(r->result, r->record.line, "out of memory");
    }
    conform_detail(r->result, "in the model '%.60s' changed:\n", r->record.text);
    if (state_compare(&r->before, &r->ours, &titles, r->result)) {
        conform_detail(r->result, "nothing\n");
    }
    return false;
}

bool replay_hashed(struct replay *r)
{
    r->result->ops++;
    if (r->options->trace_line && r->record.line == r->options->trace_line) {
        return trace(r);
    }
    if (!r->record.hashed || !r->options->hash || r->result->reason[0]) {
        return true;
    }
    uint64_t hash = fpr_zone_hash(r->zone, r->pcp_on);
    if (hash == r->record.hash) {
        return true;
    }
    /* a hash shows no cause, so go on to the first difference that does */
    replay_differs(r, "expected state hash %016" PRIx64 ", got %016" PRIx64, r->record.hash, hash);
    r->result->hash_only = true;
    return !r->options->brief;
}

static bool compare_dump(struct replay *r)
{
    unsigned long line = r->record.line;
    if (r->record.number[0] != r->result->ops) {
        return conform_fail(r->result, line,
                            "the state is said to follow operation %" PRIu64 ", but it follows %lu",
                            r->record.number[0], r->result->ops);
    }
    if (!golden_read_state(r->in, &r->header, &r->theirs, r->result)) {
        return false;
    }
    if (r->theirs.has_pcp != r->pcp_on) {
        return conform_fail(r->result, line, "the state %s, but they are %s",
                            r->pcp_on ? "lacks per-cpu lists" : "has per-cpu lists",
                            r->pcp_on ? "on" : "off");
    }
    if (!state_capture(r->zone, &r->header, r->pcp_on, &r->ours)) {
        return conform_fail(r->result, line, "out of memory");
    }
    bool differed = r->result->reason[0];
    if (differed) {
        conform_detail(r->result, "the first state after it (line %lu):\n", line);
    }
    if (!state_compare(&r->theirs, &r->ours, &sides, r->result)) {
        conform_detail(r->result, "state after operation %lu\n", r->result->ops);
        return false;
    }
    if (differed) {
        conform_detail(r->result, "no difference: the model agrees again, or the file is wrong\n");
        return false;
    }
    uint64_t hash = fpr_zone_hash(r->zone, r->pcp_on);
    if (r->record.hashed && r->options->hash && hash != r->record.hash) {
        return replay_differs(
            r, "expected state hash %016" PRIx64 ", got %016" PRIx64 " of the same state",
            r->record.hash, hash);
    }
    return true;
}

/* Q: the file must be complete and used up. */
static bool quit(struct replay *r)
{
    char *line = NULL;
    size_t length = 0;
    unsigned long at = r->record.line;
    if (r->record.number[0] != r->result->ops) {
        return conform_fail(r->result, at, "the file tells of %" PRIu64 " operations, but has %lu",
                            r->record.number[0], r->result->ops);
    }
    if (r->words_at != r->nr_words) {
        return replay_differs(r, "expected all shuffle words to be drawn, got %zu left",
                              r->nr_words - r->words_at);
    }
    int got = lines_next(r->in, &line, &length);
    if (got) {
        return conform_fail(r->result, lines_number(r->in), "%s",
                            got < 0 ? lines_error(r->in) : "something stands after the Q record");
    }
    return true;
}

static void run(struct replay *r)
{
    while (golden_next(r->in, &r->record, r->result)) {
        bool go_on = true;
        switch (r->record.kind) {
        case GOLDEN_STATE:
            go_on = compare_dump(r);
            break;
        case GOLDEN_PASS:
            go_on = replay_pass(r);
            break;
        case GOLDEN_QUIT:
            r->result->ok = quit(r) && !r->result->reason[0];
            return;
        default:
            go_on = replay_operation(r);
            break;
        }
        if (!go_on) {
            return;
        }
    }
}

static bool begin(struct replay *r)
{
    if (!golden_read_header(r->in, &r->header, &r->record, r->result) ||
        !golden_read_state(r->in, &r->header, &r->theirs, r->result) || !replay_setup(r)) {
        return false;
    }
    if (r->record.number[0]) {
        return conform_fail(r->result, r->record.line,
                            "the first state is not that of operation 0");
    }
    uint64_t hash = fpr_zone_hash(r->zone, false);
    if (r->record.hashed && hash != r->record.hash) {
        return conform_fail(r->result, r->record.line,
                            "the first state's hash: expected %016" PRIx64 ", got %016" PRIx64,
                            r->record.hash, hash);
    }
    return true;
}

void conform_fpr_lines(struct lines *in, const struct conform_options *options,
                       struct conform_result *result)
{
    struct replay *r = calloc(1, sizeof(*r));
    memset(result, 0, sizeof(*result));
    if (!r) {
        conform_fail(result, 0, "out of memory");
        return;
    }
    r->in = in;
    r->options = options;
    r->result = result;
    if (begin(r)) {
        run(r);
    }
    fpr_reporter_destroy(r->reporter);
    fpr_machine_destroy(r->machine);
    golden_header_free(&r->header);
    golden_record_free(&r->record);
    state_free(&r->theirs);
    state_free(&r->ours);
    state_free(&r->before);
    free(r->words);
    free(r);
}

int conform_fpr_file(const char *path, const struct conform_options *options,
                     struct conform_result *result)
{
    struct lines *in = NULL;
    int error = lines_open(path, &in);
    if (error) {
        return error;
    }
    conform_fpr_lines(in, options, result);
    lines_close(in);
    if (result->ok || !result->hash_only || options->brief || lines_open(path, &in)) {
        return 0;
    }
    /* once more, to see what the operation did whose hash differs */
    struct conform_options again = *options;
    struct conform_result *traced = calloc(1, sizeof(*traced));
    if (traced) {
        again.trace_line = result->line;
        conform_fpr_lines(in, &again, traced);
        conform_detail(result, "%s", traced->detail);
        free(traced);
    }
    lines_close(in);
    return 0;
}
