/* Records what a simulated guest does as a native trace file, then replays that file: a model that
 * starts from the same state and is given the same requests must hand out the same pages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fpr/fpr.h>
#include <fpr/replay.h>
#include <fpr/trace.h>

enum { PAGES = 65536, SLOTS = 4096, STEPS = 40000 };

static void must(int result, const struct fpr_trace_error *error)
{
    if (result < 0) {
        fprintf(stderr, "record-and-replay: error %d: %s\n", -result, error ? error->reason : "");
        exit(1);
    }
}

struct text {
    char *data;
    size_t size;
};

static int append(void *ctx, const char *piece, size_t len)
{
    struct text *text = ctx;
    char *more = realloc(text->data, text->size + len + 1);

    if (!more)
        return -1;
    text->data = more;
    memcpy(text->data + text->size, piece, len);
    text->size += len;
    text->data[text->size] = '\0';
    return 0;
}

struct recording {
    struct fpr_trace_writer *writer;
    fpr_ns now;
    int error;
};

/* [sink] */
static void on_event(void *ctx, const struct fpr_event *event)
{
    struct recording *rec = ctx;
    struct fpr_trace_record record = {
        .context = '.',
        .order = (uint8_t)event->order,
        .migratetype = (uint8_t)event->migratetype,
        .time = rec->now,
        .pfn = event->pfn,
        .gfp = event->gfp,
    };

    switch (event->type) {
    case FPR_EVENT_PAGE_ALLOC:
        record.type = FPR_TRACE_ALLOC;
        break;
    case FPR_EVENT_PAGE_FREE:
        record.type = FPR_TRACE_FREE;
        break;
    default:
        return; /* what the allocator did for them is not needed */
    }
    rec->now += 1000;
    int err = fpr_trace_writer_put(rec->writer, &record);
    if (err && !rec->error)
        rec->error = err;
}
/* [sink] end */

static void churn(struct fpr_machine *machine)
{
    static fpr_pfn held[SLOTS];
    static unsigned orders[SLOTS];
    uint64_t random = 7;

    for (unsigned i = 0; i < SLOTS; i++)
        held[i] = FPR_PFN_NONE;
    for (unsigned step = 0; step < STEPS; step++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned i = (unsigned)(random >> 33) % SLOTS;
        if (held[i] != FPR_PFN_NONE) {
            must(fpr_free_pages(machine, held[i], orders[i]), NULL);
            held[i] = FPR_PFN_NONE;
        } else {
            orders[i] = (unsigned)(random >> 60) / 4;
            must(fpr_alloc_pages(machine, orders[i], FPR_GFP_HIGHUSER_MOVABLE, &held[i]), NULL);
        }
    }
}

static void record(const char *path)
{
    struct fpr_machine *machine;
    struct recording rec = {.now = FPR_NS_PER_S};
    struct fpr_trace_error error = {0};
    struct text state = {0};
    const struct fpr_state_header header = {.kernel = "6.1.0",
                                            .slot = "before",
                                            .time_ns = FPR_NS_PER_S,
                                            .reporting_order = -1,
                                            .reporting_state = -1,
                                            .reporting_due_ms = -1,
                                            .cpus = 1};

    must(fpr_machine_create_simple(FPR_PROFILE_LINUX_6_1, PAGES, &machine), NULL);
    /* [record] */
    must(fpr_machine_save(machine, &header, append, &state), NULL);
    must(fpr_trace_writer_open(path, &rec.writer, &error), &error);
    must(fpr_trace_writer_attach(rec.writer, "state.before", state.data, state.size), NULL);
    const struct fpr_event_sink sink = {.event = on_event, .ctx = &rec};
    must(fpr_zone_set_event_sink(fpr_machine_zone(machine, 0), &sink), NULL);
    churn(machine);
    must(rec.error, NULL);
    must(fpr_trace_writer_commit(rec.writer), NULL);
    fpr_trace_writer_close(rec.writer);
    /* [record] end */
    free(state.data);
    fpr_machine_destroy(machine);
}

static int replay(const char *path)
{
    struct fpr_prepared *prepared;
    struct fpr_replay_options options;
    struct fpr_replay_result result;
    struct fpr_trace_error error = {0};

    /* [replay] */
    must(fpr_prepare(path, NULL, &prepared, &error), &error);
    must(fpr_replay_options_init(&options), NULL);
    options.mode = FPR_REPLAY_PREDICT;
    must(fpr_replay(prepared, &options, &result, &error), &error);
    printf("%llu of %llu requests got the recorded page\n", (unsigned long long)result.allocs_exact,
           (unsigned long long)result.allocs);
    /* [replay] end */
    int differs = result.allocs == 0 || result.allocs_exact != result.allocs;
    if (differs)
        printf("first difference: %s\n", result.first_miss_cause);
    fpr_replay_result_free(&result);
    fpr_prepared_free(prepared);
    return differs;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "example.fprt";

    record(path);
    return replay(path);
}
