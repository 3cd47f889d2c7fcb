/* Those who look on while a replay goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/replay.h>
#include <fpr/view.h>

#include <errno.h>
#include <string.h>

struct seen {
    struct fpr_clock *clock;
    uint64_t events, allocs, begins, ends, calls, looks, reports;
    fpr_ns last, looked_at;
    uint64_t free_pages;
    int look_result;
};

static void on_event(void *ctx, const struct fpr_event *event)
{
    struct seen *s = ctx;
    s->events++;
    s->allocs += event->type == FPR_EVENT_PAGE_ALLOC;
    s->last = fpr_clock_now(s->clock);
}

static void on_begin(void *ctx, fpr_ns now)
{
    struct seen *s = ctx;
    assert_true(now >= s->last); /* told twice, time would begin anew */
    s->last = now;
    s->begins++;
}

static void on_end(void *ctx, fpr_ns now, const struct fpr_pass_result *result)
{
    struct seen *s = ctx;
    assert_true(now >= s->last);
    s->ends++;
    s->calls += result->calls;
}

static int on_report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)sg;
    (void)nents;
    ((struct seen *)ctx)->reports++;
    return 0;
}

static int look(void *ctx, const struct fpr_machine *machine, fpr_ns now)
{
    struct seen *s = ctx;
    s->looks++;
    s->looked_at = now;
    s->free_pages = 0;
    for (size_t z = 0; z < fpr_machine_nr_zones(machine); z++) {
        struct fpr_zone_counters c;
        fpr_zone_get_counters(fpr_machine_zone(machine, z), &c);
        s->free_pages += c.free;
    }
    return s->look_result;
}

struct fixture {
    struct fpr_prepared *prepared;
    struct fpr_replay_options options;
    struct fpr_replay_watch watch;
    struct fpr_event_sink events;
    struct fpr_report_observer observer;
    struct fpr_device device;
    struct seen seen;
};

/* Forgets all. */
static void begin_anew(struct fixture *f)
{
    fpr_clock_destroy(f->seen.clock);
    memset(&f->seen, 0, sizeof(f->seen));
    assert_int_equal(fpr_clock_create(0, &f->seen.clock), 0);
    f->watch.clock = f->seen.clock;
}

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    assert_int_equal(fpr_prepare(FPR_TEST_DATA "/replay/warm", NULL, &f.prepared, NULL), 0);
    fpr_replay_options_init(&f.options);
    assert_int_equal(fpr_clock_create(0, &f.seen.clock), 0);
    f.events = (struct fpr_event_sink){on_event, &f.seen};
    f.observer =
        (struct fpr_report_observer){.pass_begin = on_begin, .pass_end = on_end, .ctx = &f.seen};
    f.device = (struct fpr_device){.name = "count", .report = on_report, .ctx = &f.seen};
    f.watch = (struct fpr_replay_watch){.events = &f.events,
                                        .observer = &f.observer,
                                        .clock = f.seen.clock,
                                        .look = look,
                                        .look_ctx = &f.seen,
                                        .look_at = UINT64_MAX};
    f.options.watch = &f.watch;
    f.options.device = &f.device;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    fpr_prepared_free(f->prepared);
    fpr_clock_destroy(f->seen.clock);
    return 0;
}

static struct fpr_replay_result play(struct fixture *f, int want)
{
    struct fpr_replay_result r;
    assert_int_equal(fpr_replay(f->prepared, &f->options, &r, NULL), want);
    return r;
}

/* What is told adds up to what the result says, and the result is that of a replay unwatched. */
static void test_all_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct fpr_replay_result r = play(f, 0);
    assert_true(f->seen.allocs >= r.allocs);
    assert_true(r.report_calls > 0);
    assert_int_equal(f->seen.calls, r.report_calls);
    assert_int_equal(f->seen.reports, r.report_calls);
    assert_int_equal(f->seen.begins, f->seen.ends);
    assert_int_equal(f->seen.looks, 1);
    assert_int_equal(f->seen.free_pages, r.free_pages_end);
    begin_anew(f);
    f->options.watch = NULL;
    struct fpr_replay_result alone = play(f, 0);
    assert_int_equal(alone.allocs_exact, r.allocs_exact);
    assert_int_equal(alone.buddy_events, r.buddy_events);
    assert_int_equal(alone.buddy_wrong, r.buddy_wrong);
    assert_int_equal(alone.host.refaults, r.host.refaults);
    fpr_replay_result_free(&alone);
    fpr_replay_result_free(&r);
}

/* Bulk allocations that are not known take several replays: still told once. */
static void test_repairs_are_not_told(void **state)
{
    struct fixture *f = *state;
    struct fpr_replay_result r = play(f, 0);
    uint64_t allocs = f->seen.allocs;
    fpr_replay_result_free(&r);
    begin_anew(f);
    f->options.without = 1u << FPR_KNOW_BIT_BULK;
    r = play(f, 0);
    assert_true(f->seen.allocs > 0 && f->seen.allocs <= allocs);
    assert_int_equal(f->seen.looks, 1);
    assert_int_equal(f->seen.reports, r.report_calls);
    assert_int_equal(f->seen.free_pages, r.free_pages_end);
    fpr_replay_result_free(&r);
}

/* By the model's own clock, and in a mirror, where the model's answers are not compared. */
static void test_every_mode(void **state)
{
    struct fixture *f = *state;
    f->options.as_recorded = false;
    f->options.report.order = 9;
    struct fpr_replay_result r = play(f, 0);
    assert_true(f->seen.allocs > 0);
    assert_int_equal(f->seen.reports, r.report_calls);
    assert_int_equal(f->seen.calls, r.report_calls);
    assert_int_equal(r.buddy_events, 0);
    fpr_replay_result_free(&r);
    begin_anew(f);
    fpr_replay_options_init(&f->options);
    f->options.mode = FPR_REPLAY_MIRROR;
    f->options.watch = &f->watch;
    r = play(f, 0);
    assert_true(f->seen.events > 0);
    assert_int_equal(f->seen.looks, 1);
    fpr_replay_result_free(&r);
}

static void test_looks_at_its_moment(void **state)
{
    struct fixture *f = *state;
    struct fpr_replay_result r = play(f, 0);
    const struct fpr_replay_sample *middle = &r.samples[r.nr_samples / 2];
    f->watch.look_at = middle->time;
    begin_anew(f);
    struct fpr_replay_result again = play(f, 0);
    assert_int_equal(f->seen.looks, 1);
    assert_int_equal(f->seen.looked_at, middle->time);
    assert_true(f->seen.free_pages * 4096 <= middle->free_bytes); /* without per-cpu lists */
    assert_true(f->seen.free_pages * 4096 + (64 << 20) > middle->free_bytes);
    fpr_replay_result_free(&again);
    begin_anew(f);
    f->seen.look_result = -EPIPE;
    play(f, -EPIPE);
    begin_anew(f);
    f->seen.look_result = -EPIPE;
    f->watch.look_at = UINT64_MAX;
    play(f, -EPIPE);
    fpr_replay_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_is_told_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_repairs_are_not_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_mode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_looks_at_its_moment, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
