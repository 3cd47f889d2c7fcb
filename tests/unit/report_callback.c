/* Calls of the reporter and of its machine from every callback that they make: what would pull the
 * ground from under the caller is refused, and reporting goes on as if nobody had called. */
#include <fpr/report.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PAGES = 4096, HALF = PAGES / 2, ORDER = 4, HELD = 8 };
#define GFP FPR_GFP_HIGHUSER_MOVABLE

static struct fpr_machine *m;
static struct fpr_clock *line;
static struct fpr_reporter *r;
static struct fpr_device device;
static struct fpr_report_config config;
static fpr_pfn held[HELD], low; /* allocated blocks of that order, and a page of the lower zone */
static unsigned calls, wrong;   /* callbacks that called back, and calls that were not refused */
static bool locked;

#define EXPECT(call, answer) wrong += (call) != (answer)

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)ctx;
    (void)sg;
    (void)nents;
    return 0;
}

/* Two zones, as the sinks of one must not reach the other. */
static void make(bool lock, bool clock)
{
    struct fpr_zone_config zone[2];
    struct fpr_machine_config machine;
    for (int k = 0; k < 2; k++) {
        assert_int_equal(fpr_zone_config_init(&zone[k], FPR_PROFILE_LINUX_6_1), 0);
        zone[k].index = k ? FPR_ZONE_NORMAL : FPR_ZONE_DMA32;
        zone[k].start = k ? HALF : 0;
        zone[k].spanned = HALF;
        zone[k].max_order = zone[k].pageblock_order = ORDER;
        zone[k].locked = lock;
        zone[k].pcp_auto = false;
        zone[k].pcp_high = 0;
        zone[k].pcp_batch = 1;
    }
    assert_int_equal(fpr_machine_config_init(&machine), 0);
    machine.zones = zone;
    machine.nr_zones = 2;
    assert_int_equal(fpr_machine_create(&machine, &m), 0);
    assert_int_equal(fpr_clock_create(0, &line), 0);
    assert_int_equal(fpr_report_config_init(&config), 0);
    config.capacity = 4;
    config.budget_divisor = 0;
    assert_int_equal(fpr_reporter_create(m, clock ? line : NULL, &config, &r), 0);
    for (unsigned k = 0; k < HELD; k++)
        assert_int_equal(fpr_alloc_pages(m, ORDER, GFP, &held[k]), 0);
    assert_int_equal(fpr_alloc_pages(m, 0, FPR_GFP_DMA32, &low), 0);
    assert_true(held[0] >= HALF && low < HALF);
    device = (struct fpr_device){.name = "test", .report = report};
    locked = lock;
    calls = wrong = 0;
}

static void break_up(void)
{
    assert_true(calls > 0);
    assert_int_equal(wrong, 0);
    for (size_t k = 0; k < 2; k++)
        assert_int_equal(fpr_zone_set_event_sink(fpr_machine_zone(m, k), NULL), 0);
    for (unsigned k = 0; k < HELD; k++)
        if (held[k] != FPR_PFN_NONE)
            assert_int_equal(fpr_free_pages(m, held[k], ORDER), 0);
    assert_int_equal(fpr_free_pages(m, low, 0), 0);
    for (size_t k = 0; k < 2; k++)
        assert_int_equal(fpr_zone_validate(fpr_machine_zone(m, k), NULL, NULL, 0), 0);
    fpr_reporter_destroy(r);
    fpr_clock_destroy(line);
    fpr_machine_destroy(m);
}

static void free_one(void)
{
    for (unsigned k = 0; k < HELD; k++)
        if (held[k] != FPR_PFN_NONE) {
            assert_int_equal(fpr_free_pages(m, held[k], ORDER), 0);
            held[k] = FPR_PFN_NONE;
            return;
        }
    fail();
}

/* Where a zone's lock may be held, or registering has not ended. */
static void call_reporter(void)
{
    struct fpr_device other = device;
    const struct fpr_report_config now = config;
    calls++;
    EXPECT(fpr_reporter_register(r, &other), -EINVAL);
    EXPECT(fpr_reporter_unregister(r, &device), -EINVAL);
    EXPECT(fpr_reporter_pass(r, NULL), -EINVAL);
    EXPECT(fpr_reporter_set_config(r, &now), -EINVAL);
    EXPECT(fpr_reporter_load_state(r, FPR_REPORT_IDLE, 0), -EINVAL);
    EXPECT(fpr_reporter_set_waker(r, NULL), -EINVAL);
    EXPECT(fpr_reporter_set_observer(r, NULL), -EINVAL);
    fpr_reporter_destroy(r);
    fpr_machine_destroy(m);
}

/* Where a zone's lock is held. */
static void call_machine(void)
{
    fpr_pfn pfn = 7;
    struct fpr_machine *copy = NULL;
    struct fpr_reporter *made = NULL;
    struct fpr_report_config got;
    EXPECT(fpr_reporter_create(m, NULL, NULL, &made), -EINVAL);
    for (size_t k = 0; k < 2; k++)
        EXPECT(fpr_zone_isolate_range(fpr_machine_zone(m, k), 1, 0, 0), -EINVAL);
    EXPECT(fpr_reporter_get_config(r, &got), locked ? -EINVAL : 0);
    EXPECT(fpr_alloc_pages(m, 0, GFP, &pfn), -EINVAL);
    EXPECT(fpr_alloc_pages(m, 0, FPR_GFP_DMA32, &pfn), -EINVAL);
    EXPECT(fpr_alloc_pages_node(m, 0, ORDER, GFP, 0, &pfn), -EINVAL);
    EXPECT(fpr_alloc_pages_bulk_one(m, FPR_GFP_DMA32, 1, 0, &pfn), -EINVAL);
    EXPECT(fpr_alloc_pages_bulk_one(m, GFP, 1, 0, &pfn), -EINVAL);
    EXPECT(fpr_free_pages(m, low, 0), -EINVAL);
    EXPECT(fpr_free_pages(m, held[HELD - 1], ORDER), -EINVAL);
    EXPECT(fpr_machine_drain(m), -EINVAL);
    EXPECT(fpr_machine_clone(m, &copy), -EINVAL);
    wrong += pfn != 7 || copy || made;
}

static void on_event(void *ctx, const struct fpr_event *event)
{
    (void)ctx;
    (void)event;
    call_reporter();
    call_machine();
}

static void test_event_sink(void **state)
{
    (void)state;
    const struct fpr_event_sink sink = {on_event, NULL};
    for (int lock = 0; lock < 2; lock++)
        for (size_t zone = 0; zone < 2; zone++) {
            fpr_pfn pfn;
            make(lock, !lock);
            assert_int_equal(fpr_reporter_register(r, &device), 0);
            assert_int_equal(fpr_zone_set_event_sink(fpr_machine_zone(m, zone), &sink), 0);
            assert_int_equal(fpr_zone_alloc(fpr_machine_zone(m, zone), ORDER, GFP, 0, &pfn), 0);
            assert_int_equal(fpr_free_pages(m, pfn, ORDER), 0);
            assert_int_equal(fpr_reporter_pass(r, NULL), 0);
            assert_int_equal(fpr_reporter_unregister(r, &device), 0);
            break_up();
        }
}

static bool ask_back(void *ctx, fpr_pfn pfn, unsigned order)
{
    (void)ctx;
    (void)pfn;
    (void)order;
    call_reporter();
    call_machine();
    return true;
}

static void test_may_report(void **state)
{
    (void)state;
    for (int lock = 0; lock < 2; lock++) {
        struct fpr_report_stats stats;
        make(lock, !lock);
        config.may_report = ask_back;
        assert_int_equal(fpr_reporter_set_config(r, &config), 0);
        assert_int_equal(fpr_reporter_register(r, &device), 0);
        assert_int_equal(fpr_reporter_pass(r, NULL), 0);
        assert_int_equal(fpr_reporter_get_stats(r, &stats), 0);
        assert_true(stats.reported_pages > 0);
        break_up();
    }
}

/* A free that asks for a pass is in the middle of its zone, registering is not. */
static bool freeing;

static void on_requested(void *ctx, fpr_ns now, fpr_ns due)
{
    (void)ctx;
    (void)now;
    (void)due;
    call_reporter();
    if (freeing)
        call_machine();
}

static void on_wake(void *ctx, fpr_ns delay)
{
    on_requested(ctx, 0, delay);
}

static void request(void)
{
    freeing = false;
    assert_int_equal(fpr_reporter_register(r, &device), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(fpr_reporter_pass(r, NULL), 0);
    assert_int_equal(fpr_reporter_state(r), FPR_REPORT_IDLE);
    freeing = true;
    free_one();
    assert_int_equal(calls, 2);
    assert_int_equal(fpr_reporter_state(r), FPR_REPORT_REQUESTED);
    freeing = false;
    assert_int_equal(fpr_reporter_load_state(r, FPR_REPORT_REQUESTED, 1), 0);
    assert_int_equal(fpr_reporter_pass(r, NULL), 0);
    assert_int_equal(fpr_reporter_unregister(r, &device), 0);
    break_up();
}

static void test_requested(void **state)
{
    (void)state;
    const struct fpr_report_observer observer = {.requested = on_requested};
    make(false, true);
    assert_int_equal(fpr_reporter_set_observer(r, &observer), 0);
    request();
}

static void test_waker(void **state)
{
    (void)state;
    const struct fpr_report_waker waker = {.wake = on_wake};
    for (int lock = 0; lock < 2; lock++) {
        make(lock, false);
        assert_int_equal(fpr_reporter_set_waker(r, &waker), 0);
        request();
    }
}

static void on_notify(void *ctx, struct fpr_zone *zone, unsigned order)
{
    (void)ctx;
    fpr_pfn pfn = 7;
    wrong += order != ORDER;
    calls++;
    call_machine();
    EXPECT(fpr_zone_alloc(zone, 0, GFP, 0, &pfn), -EINVAL);
    EXPECT(fpr_zone_free(zone, held[HELD - 1], ORDER, 0), -EINVAL);
    EXPECT(fpr_zone_set_notify(zone, 0, NULL, NULL), -EINVAL);
    EXPECT(fpr_zone_drain(zone, 0), -EINVAL);
}

/* A free that is told of, the short way and the long one, and out of a per-cpu list. */
static void test_notify(void **state)
{
    (void)state;
    for (int lock = 0; lock < 2; lock++) {
        make(lock, !lock);
        struct fpr_zone *z = fpr_machine_zone(m, 1);
        assert_int_equal(fpr_zone_set_notify(z, ORDER, on_notify, NULL), 0);
        free_one();
        assert_int_equal(calls, 1);
        assert_int_equal(fpr_zone_set_pcp(z, 64, 8), 0);
        fpr_pfn pfn[1 << ORDER];
        for (unsigned k = 0; k < 1 << ORDER; k++)
            assert_int_equal(fpr_zone_alloc(z, 0, GFP, 0, &pfn[k]), 0);
        for (unsigned k = 0; k < 1 << ORDER; k++)
            assert_int_equal(fpr_zone_free(z, pfn[k], 0, 0), 0);
        calls = 0;
        assert_int_equal(fpr_zone_drain(z, 0), 0);
        assert_int_equal(fpr_zone_set_notify(z, ORDER, NULL, NULL), 0);
        break_up();
    }
}

/* The pass is over, but not its caller's work. */
static void call_in_pass(void)
{
    struct fpr_device other = device;
    calls++;
    EXPECT(fpr_reporter_unregister(r, &device), -EDEADLK);
    EXPECT(fpr_reporter_register(r, &other), -EBUSY);
    EXPECT(fpr_reporter_pass(r, NULL), -EBUSY);
    EXPECT(fpr_reporter_load_state(r, FPR_REPORT_IDLE, 0), -EINVAL);
    EXPECT(fpr_reporter_set_config(r, &config), 0);
    EXPECT(fpr_reporter_set_waker(r, NULL), -EBUSY);
    EXPECT(fpr_reporter_set_observer(r, NULL), -EBUSY);
    fpr_reporter_destroy(r);
    fpr_machine_destroy(m);
}

static void on_begin(void *ctx, fpr_ns now)
{
    (void)ctx;
    (void)now;
    call_in_pass();
}

static void on_end(void *ctx, fpr_ns now, const struct fpr_pass_result *result)
{
    (void)ctx;
    (void)now;
    wrong += !result;
    call_in_pass();
}

/* The budget leaves work: the pass is followed by a request, and that by `requested`. */
static void test_ends_of_a_pass(void **state)
{
    (void)state;
    const struct fpr_report_observer observer = {
        .pass_begin = on_begin, .pass_end = on_end, .requested = on_requested};
    make(false, true);
    config.budget_divisor = 8;
    config.capacity = 1;
    freeing = false;
    assert_int_equal(fpr_reporter_set_config(r, &config), 0);
    assert_int_equal(fpr_reporter_set_observer(r, &observer), 0);
    assert_int_equal(fpr_reporter_register(r, &device), 0);
    struct fpr_pass_result result = {.requested = false};
    assert_int_equal(fpr_reporter_pass(r, &result), 0);
    assert_true(result.requested);
    assert_int_equal(calls, 4);
    assert_int_equal(fpr_reporter_state(r), FPR_REPORT_REQUESTED);
    assert_int_equal(fpr_clock_advance(line, 2 * FPR_NS_PER_S), 1);
    assert_int_equal(fpr_reporter_unregister(r, &device), 0);
    break_up();
}

/* A pass that falls due where none can begin takes place later. */
static void advance_clock(void *ctx, const struct fpr_event *event)
{
    (void)ctx;
    (void)event;
    calls++;
    wrong += fpr_clock_advance(line, 3 * FPR_NS_PER_S) < 0;
}

static void test_due_in_a_sink(void **state)
{
    (void)state;
    const struct fpr_event_sink sink = {advance_clock, NULL};
    struct fpr_report_stats stats;
    make(false, true);
    assert_int_equal(fpr_reporter_register(r, &device), 0);
    assert_int_equal(fpr_zone_set_event_sink(fpr_machine_zone(m, 0), &sink), 0);
    fpr_pfn pfn;
    assert_int_equal(fpr_alloc_pages(m, 0, FPR_GFP_DMA32, &pfn), 0);
    assert_int_equal(fpr_zone_set_event_sink(fpr_machine_zone(m, 0), NULL), 0);
    assert_int_equal(fpr_free_pages(m, pfn, 0), 0);
    assert_int_equal(fpr_reporter_get_stats(r, &stats), 0);
    assert_int_equal(stats.passes, 0);
    assert_int_equal(fpr_clock_advance(line, 4 * FPR_NS_PER_S), 1);
    assert_int_equal(fpr_reporter_get_stats(r, &stats), 0);
    assert_int_equal(stats.passes, 1);
    break_up();
}

static void test_due_while_suspended(void **state)
{
    (void)state;
    struct fpr_report_stats stats;
    make(false, true);
    assert_int_equal(fpr_reporter_register(r, &device), 0);
    assert_int_equal(fpr_reporter_suspend(r, true), 0);
    calls += fpr_clock_advance(line, 3 * FPR_NS_PER_S) > 0;
    assert_int_equal(fpr_reporter_suspend(r, false), 0);
    assert_int_equal(fpr_clock_advance(line, 4 * FPR_NS_PER_S), 1);
    assert_int_equal(fpr_reporter_get_stats(r, &stats), 0);
    assert_int_equal(stats.passes, 1);
    break_up();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_sink),    cmocka_unit_test(test_may_report),
        cmocka_unit_test(test_requested),     cmocka_unit_test(test_waker),
        cmocka_unit_test(test_notify),        cmocka_unit_test(test_ends_of_a_pass),
        cmocka_unit_test(test_due_in_a_sink), cmocka_unit_test(test_due_while_suspended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
