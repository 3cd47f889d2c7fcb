/* Events written as text are read back as the same events; the timeline is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/fpr.h>
#include <fpr/sink.h>
#include <fpr/trace.h>

#include "support/folder.h"
#include "support/text.h"

#define MOST 4000

/* Everything that happened, for comparison with what is read. */
struct seen {
    struct fpr_event event[MOST];
    fpr_ns time[MOST];
    size_t nr;
    struct fpr_clock *clock;
    struct fpr_event_sink next;
};

static void on_event(void *ctx, const struct fpr_event *e)
{
    struct seen *s = ctx;
    assert_true(s->nr < MOST);
    s->event[s->nr] = *e;
    s->time[s->nr++] = fpr_clock_now(s->clock);
    s->next.event(s->next.ctx, e);
}

/* A machine away from frame 0 that allocates, steals, refills, drains, fails and reports. */
static void live(struct fpr_sink *sink, struct seen *seen)
{
    static const fpr_gfp kinds[] = {FPR_GFP_HIGHUSER_MOVABLE,
                                    FPR_GFP_KERNEL,
                                    FPR_GFP_KERNEL | FPR_GFP_RECLAIMABLE,
                                    FPR_GFP_ATOMIC_REQUEST,
                                    FPR_GFP_TRANSHUGE_LIGHT,
                                    FPR_GFP_DMA32 | FPR_GFP_ZERO,
                                    0};
    struct fpr_machine_config config;
    struct fpr_zone_config zone;
    struct fpr_machine *m = NULL;
    struct fpr_reporter *reporter = NULL;
    struct fpr_device device;
    struct fpr_report_observer observer;
    fpr_pfn held[300];
    unsigned order[300], n = 0;
    fpr_zone_config_init(&zone, FPR_PROFILE_LINUX_6_1);
    zone.start = 4096;
    zone.spanned = 4096;
    zone.index = FPR_ZONE_DMA32;
    zone.name = "DMA32";
    fpr_machine_config_init(&config);
    config.zones = &zone;
    config.nr_zones = 1;
    assert_int_equal(fpr_machine_create(&config, &m), 0);
    const struct fpr_event_sink events = {on_event, seen};
    assert_int_equal(fpr_sink_events(sink, &seen->next), 0);
    fpr_zone_set_event_sink(fpr_machine_zone(m, 0), &events);
    assert_int_equal(fpr_reporter_create(m, seen->clock, NULL, &reporter), 0);
    assert_int_equal(fpr_sink_observer(sink, &observer), 0);
    fpr_reporter_set_observer(reporter, &observer);
    assert_int_equal(fpr_sink_device(sink, NULL, &device), 0);
    struct fpr_report_config knobs;
    fpr_reporter_get_config(reporter, &knobs);
    knobs.order = 4;
    knobs.capacity = 5;
    assert_int_equal(fpr_reporter_set_config(reporter, &knobs), 0);
    assert_int_equal(fpr_reporter_register(reporter, &device), 0);
    for (unsigned k = 0; k < 300; k++) {
        fpr_clock_advance(seen->clock, fpr_clock_now(seen->clock) + 20 * FPR_NS_PER_MS + 3000);
        order[n] = k * 7 % 6;
        if (fpr_alloc_pages(m, order[n], kinds[k % 7], &held[n]) == 0)
            n++;
        if (k % 3 == 2 && n) {
            n--;
            assert_int_equal(fpr_free_pages(m, held[n], order[n]), 0);
        }
    }
    assert_int_equal(fpr_alloc_pages(m, 10, FPR_GFP_KERNEL, &held[0]), -ENOMEM);
    fpr_machine_drain(m);
    fpr_reporter_destroy(reporter);
    fpr_machine_destroy(m);
}

static enum fpr_trace_type trace_type(enum fpr_event_type type)
{
    static const enum fpr_trace_type types[FPR_NR_EVENTS] = {
        [FPR_EVENT_PAGE_ALLOC] = FPR_TRACE_ALLOC,
        [FPR_EVENT_PAGE_FREE] = FPR_TRACE_FREE,
        [FPR_EVENT_ZONE_LOCKED] = FPR_TRACE_ZONE_LOCKED,
        [FPR_EVENT_PCPU_DRAIN] = FPR_TRACE_PCPU_DRAIN,
        [FPR_EVENT_EXTFRAG] = FPR_TRACE_EXTFRAG,
        [FPR_EVENT_ISOLATE] = FPR_TRACE_ISOLATE,
        [FPR_EVENT_PUTBACK] = FPR_TRACE_OTHER,
        [FPR_EVENT_NOTIFY] = FPR_TRACE_NOTIFY,
    };
    return types[type];
}

static void same(const struct fpr_event *e, fpr_ns time, const struct fpr_trace_record *r)
{
    assert_int_equal(r->type, trace_type(e->type));
    assert_int_equal(r->time, time);
    if (e->type == FPR_EVENT_NOTIFY)
        return;
    assert_int_equal(r->pfn, e->pfn);
    assert_int_equal(r->order, e->order);
    if (e->type == FPR_EVENT_PAGE_ALLOC)
        assert_int_equal(r->gfp, e->gfp);
    if (e->type == FPR_EVENT_ZONE_LOCKED)
        assert_int_equal(r->nr, e->percpu_refill);
    if (e->type == FPR_EVENT_EXTFRAG) {
        assert_int_equal(r->nr, e->fallback_order);
        assert_int_equal(r->value, e->fallback_migratetype);
    }
    if (e->type != FPR_EVENT_PAGE_FREE && e->type != FPR_EVENT_ISOLATE)
        assert_int_equal(r->migratetype, e->migratetype);
}

static void read_back(const char *path, const struct seen *seen)
{
    struct fpr_trace *trace = NULL;
    struct fpr_trace_error error;
    struct fpr_trace_record r;
    size_t at = 0, passes = 0, reports = 0, kinds[FPR_NR_EVENTS] = {0};
    int rc;
    assert_int_equal(fpr_trace_open(path, NULL, &trace, &error), 0);
    while ((rc = fpr_trace_next(trace, &r, &error)) == 1) {
        passes += r.type == FPR_TRACE_PASS_BEGIN;
        passes -= r.type == FPR_TRACE_PASS_END;
        reports += r.type == FPR_TRACE_REPORT ? r.nr : 0;
        if (r.type == FPR_TRACE_PASS_BEGIN || r.type == FPR_TRACE_PASS_END ||
            r.type == FPR_TRACE_REPORT || r.type == FPR_TRACE_REPORT_RET)
            continue;
        while (at < seen->nr && seen->event[at].type == FPR_EVENT_PUTBACK)
            at++;
        assert_true(at < seen->nr);
        kinds[seen->event[at].type]++;
        same(&seen->event[at], seen->time[at], &r);
        at++;
    }
    if (rc)
        fail_msg("%s:%llu: %s", error.file, (unsigned long long)error.line, error.reason);
    while (at < seen->nr && seen->event[at].type == FPR_EVENT_PUTBACK)
        at++;
    assert_int_equal(at, seen->nr);
    assert_int_equal(passes, 0);
    assert_int_equal(reports, kinds[FPR_EVENT_ISOLATE]);
    for (int k = 0; k < FPR_NR_EVENTS; k++)
        assert_true(kinds[k] > 0 || k == FPR_EVENT_PUTBACK); /* nothing went untested */
    fpr_trace_close(trace);
}

static void test_text_is_read_back(void **state)
{
    (void)state;
    static struct seen seen;
    struct test_text text = {NULL, 0, 0};
    struct fpr_sink *sink = NULL;
    struct test_folder folder;
    char path[128];
    assert_int_equal(fpr_clock_create(FPR_NS_PER_S, &seen.clock), 0);
    const struct fpr_sink_config config = {
        .clock = seen.clock, .write = test_text_append, .ctx = &text};
    assert_int_equal(fpr_sink_create(&config, &sink), 0);
    live(sink, &seen);
    assert_int_equal(fpr_sink_end(sink), 0);
    test_folder_make(&folder);
    test_folder_write(&folder, "trace.txt", text.data);
    snprintf(path, sizeof(path), "%s/trace.txt", folder.path);
    read_back(path, &seen);
    test_folder_remove(&folder);
    fpr_sink_destroy(sink);
    fpr_clock_destroy(seen.clock);
    free(text.data);
}

/* Flags that 6.1 guests printed (tests/data/trace, bench/data), each once. */
static const char *const recorded_flags[] = {
    "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO",
    "GFP_HIGHUSER_MOVABLE|__GFP_COMP",
    "GFP_NOFS|__GFP_HIGHMEM|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_HARDWALL|__GFP_MOVABLE",
    "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_WRITE",
    "GFP_KERNEL_ACCOUNT|__GFP_ZERO",
    "__GFP_IO|__GFP_FS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC",
    "GFP_TRANSHUGE_LIGHT|__GFP_NORETRY|__GFP_THISNODE",
    "GFP_KERNEL|__GFP_NOWARN|__GFP_NORETRY|__GFP_RECLAIMABLE",
    "GFP_NOWAIT|__GFP_NOWARN",
    "GFP_NOFS|__GFP_NOFAIL|__GFP_COMP|__GFP_HARDWALL|__GFP_MOVABLE",
    "__GFP_IO|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC|__GFP_RECLAIMABLE",
    "GFP_HIGHUSER|__GFP_ACCOUNT",
    "GFP_TRANSHUGE|__GFP_NORETRY|__GFP_THISNODE",
    "GFP_ATOMIC|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_RECLAIMABLE",
    "GFP_KERNEL|__GFP_HIGHMEM|__GFP_NOWARN|__GFP_ZERO",
    "GFP_TRANSHUGE",
    "GFP_KERNEL",
    "GFP_NOFS|__GFP_COMP",
    "GFP_NOWAIT|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC",
    "none",
};

static void flags_come_back(const char *flags, size_t len)
{
    struct test_text text = {NULL, 0, 0};
    struct fpr_sink *sink = NULL;
    struct fpr_event_sink events;
    struct fpr_event e = {.type = FPR_EVENT_PAGE_ALLOC, .pfn = 1};
    const struct fpr_sink_config config = {.write = test_text_append, .ctx = &text};
    assert_int_equal(fpr_gfp_parse(flags, len, &e.gfp), 0);
    assert_int_equal(fpr_sink_create(&config, &sink), 0);
    assert_int_equal(fpr_sink_events(sink, &events), 0);
    events.event(events.ctx, &e);
    assert_int_equal(fpr_sink_end(sink), 0);
    const char *written = text.data ? strstr(text.data, "gfp_flags=") : NULL;
    if (!written || strncmp(written + 10, flags, len) || written[10 + len] != '\n')
        fail_msg("%.*s became %s", (int)len, flags, written ? written : "nothing");
    fpr_sink_destroy(sink);
    free(text.data);
}

static void test_flags_as_the_kernel_prints_them(void **state)
{
    (void)state;
    static const char *const traces[] = {"ftrace-6.1.txt", "compact-cut.txt", "gcc-cut.txt",
                                         "pressure-cut.txt", "steal-cut.txt"};
    char path[512], line[1024];
    unsigned lines = 0;
    for (size_t k = 0; k < sizeof(recorded_flags) / sizeof(recorded_flags[0]); k++)
        flags_come_back(recorded_flags[k], strlen(recorded_flags[k]));
    for (size_t k = 0; k < sizeof(traces) / sizeof(traces[0]); k++) {
        snprintf(path, sizeof(path), "%s/trace/%s", FPR_TEST_DATA, traces[k]);
        FILE *f = fopen(path, "r");
        assert_non_null(f);
        while (lines < 5000 * (k + 1) && fgets(line, sizeof(line), f)) {
            const char *flags = strstr(line, "gfp_flags=");
            if (!flags)
                continue;
            flags_come_back(flags + 10, strcspn(flags + 10, " \n"));
            lines++;
        }
        fclose(f);
    }
    assert_true(lines > 100);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

static void test_timeline(void **state)
{
    (void)state;
    static struct seen seen;
    struct test_text text = {NULL, 0, 0};
    struct fpr_sink *sink = NULL;
    assert_int_equal(fpr_clock_create(0, &seen.clock), 0);
    const struct fpr_sink_config config = {
        .format = FPR_SINK_TIMELINE, .clock = seen.clock, .write = test_text_append, .ctx = &text};
    assert_int_equal(fpr_sink_create(&config, &sink), 0);
    live(sink, &seen);
    assert_int_equal(fpr_sink_end(sink), 0);
    size_t len = text.len;
    assert_int_equal(fpr_sink_end(sink), 0);
    assert_int_equal(text.len, len);
    assert_int_equal(strncmp(text.data, "{\"displayTimeUnit\"", 18), 0);
    assert_string_equal(text.data + text.len - 4, "\n]}\n");
    assert_int_equal(count(text.data, "{"), count(text.data, "}"));
    assert_int_equal(count(text.data, ",}") + count(text.data, ",]") + count(text.data, ",,"), 0);
    assert_int_equal(count(text.data, "\"ph\":\"B\""), count(text.data, "\"ph\":\"E\""));
    assert_true(count(text.data, "\"ph\":\"B\"") > 0);
    assert_int_equal(count(text.data, "\"tid\":1,\"name\":\"") - 1, seen.nr);
    fpr_sink_destroy(sink);
    fpr_clock_destroy(seen.clock);
    free(text.data);
}

static void test_errors(void **state)
{
    (void)state;
    struct test_text text = {NULL, 0, -ENOSPC};
    struct fpr_sink *sink = NULL;
    struct fpr_event_sink events;
    struct fpr_sink_config config = {.write = NULL};
    assert_int_equal(fpr_sink_create(&config, &sink), -EINVAL);
    assert_int_equal(fpr_sink_create(NULL, &sink), -EINVAL);
    assert_null(sink);
    config.write = test_text_append;
    config.ctx = &text;
    assert_int_equal(fpr_sink_create(&config, &sink), 0);
    text.fail = 0; /* the first error stays, and nothing more is written */
    assert_int_equal(fpr_sink_events(sink, &events), 0);
    events.event(events.ctx, &(struct fpr_event){.type = FPR_EVENT_PAGE_FREE});
    assert_int_equal(text.len, 0);
    assert_int_equal(fpr_sink_end(sink), -ENOSPC);
    assert_int_equal(fpr_sink_end(NULL), -EINVAL);
    assert_int_equal(fpr_sink_events(NULL, &events), -EINVAL);
    assert_int_equal(fpr_sink_observer(sink, NULL), -EINVAL);
    assert_int_equal(fpr_sink_device(sink, NULL, NULL), -EINVAL);
    fpr_sink_destroy(sink);
    fpr_sink_destroy(NULL);
}

/* Nobody watches here: firing must do nothing. That the probes are there, readelf tells. */
static void test_usdt(void **state)
{
    (void)state;
    struct fpr_event_sink events = {NULL, NULL};
    assert_int_equal(fpr_usdt_events(NULL), -EINVAL);
    int rc = fpr_usdt_events(&events);
    if (rc == -ENOTSUP)
        skip();
    assert_int_equal(rc, 0);
    for (int k = 0; k < FPR_NR_EVENTS; k++)
        events.event(events.ctx, &(struct fpr_event){.type = (enum fpr_event_type)k});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_read_back),
        cmocka_unit_test(test_flags_as_the_kernel_prints_them),
        cmocka_unit_test(test_timeline),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_usdt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
