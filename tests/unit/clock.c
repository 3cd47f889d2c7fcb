#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/clock.h>

#include <errno.h>

/* Work that notes in a shared log who ran when, and may do one more thing. */
struct log {
    struct fpr_clock *clock;
    int ids[16];
    fpr_ns times[16];
    int count;
};

struct probe {
    struct fpr_work work;
    struct log *log;
    int id;
    fpr_ns again;   /* queue itself once more, so much later */
    fpr_ns consume; /* advance the clock by so much from inside */
};

static void probe_run(void *ctx)
{
    struct probe *probe = ctx;
    struct log *log = probe->log;
    assert_false(probe->work.queued);
    log->ids[log->count] = probe->id;
    log->times[log->count++] = fpr_clock_now(log->clock);
    if (probe->again > 0) {
        fpr_ns due = fpr_clock_now(log->clock) + probe->again;
        probe->again = 0;
        assert_int_equal(fpr_clock_schedule(log->clock, &probe->work, due), 0);
    }
    if (probe->consume > 0)
        assert_int_equal(fpr_clock_advance(log->clock, fpr_clock_now(log->clock) + probe->consume),
                         0);
}

static struct probe probe(struct log *log, int id)
{
    return (struct probe){.log = log, .id = id};
}

static void queue(struct probe *probe, fpr_ns due)
{
    probe->work.run = probe_run;
    probe->work.ctx = probe;
    assert_int_equal(fpr_clock_schedule(probe->log->clock, &probe->work, due), 0);
}

static void test_stands_where_it_was_put(void **state)
{
    (void)state;
    struct fpr_clock *clock;
    assert_int_equal(fpr_clock_create(7, &clock), 0);
    assert_int_equal(fpr_clock_now(clock), 7);
    assert_int_equal(fpr_clock_advance(clock, 6), -EINVAL);
    assert_int_equal(fpr_clock_advance(clock, 7), 0);
    assert_int_equal(fpr_clock_advance(clock, UINT64_MAX), 0);
    assert_int_equal(fpr_clock_now(clock), UINT64_MAX);
    fpr_clock_destroy(clock);
}

static void test_runs_by_due_then_by_queueing(void **state)
{
    (void)state;
    struct log log = {0};
    assert_int_equal(fpr_clock_create(0, &log.clock), 0);
    struct probe a = probe(&log, 1), b = probe(&log, 2), c = probe(&log, 3), d = probe(&log, 4);
    queue(&a, 20);
    queue(&b, 10);
    queue(&c, 20);
    queue(&d, 21);
    fpr_ns due = 0;
    assert_true(fpr_clock_next(log.clock, &due));
    assert_int_equal(due, 10);
    assert_int_equal(fpr_clock_advance(log.clock, 20), 3);
    assert_int_equal(log.count, 3);
    assert_int_equal(log.ids[0], 2);
    assert_int_equal(log.ids[1], 1);
    assert_int_equal(log.ids[2], 3);
    assert_int_equal(log.times[0], 10);
    assert_int_equal(log.times[2], 20);
    assert_true(d.work.queued);
    fpr_clock_destroy(log.clock);
    assert_false(d.work.queued);
}

static void test_work_can_queue_itself_again(void **state)
{
    (void)state;
    struct log log = {0};
    assert_int_equal(fpr_clock_create(0, &log.clock), 0);
    struct probe a = probe(&log, 1);
    a.again = 5;
    queue(&a, 10);
    assert_int_equal(fpr_clock_advance(log.clock, 15), 2);
    assert_int_equal(log.times[1], 15);
    assert_false(fpr_clock_next(log.clock, NULL));
    fpr_clock_destroy(log.clock);
}

static void test_advance_from_inside_work_delays_the_rest(void **state)
{
    (void)state;
    struct log log = {0};
    assert_int_equal(fpr_clock_create(0, &log.clock), 0);
    struct probe slow = probe(&log, 1), late = probe(&log, 2), beyond = probe(&log, 3);
    slow.consume = 100;
    queue(&slow, 10);
    queue(&late, 30);
    queue(&beyond, 110);
    /* The advance ends at 20, but slow work moved the clock to 110: both others are overdue. */
    assert_int_equal(fpr_clock_advance(log.clock, 20), 3);
    assert_int_equal(log.ids[1], 2);
    assert_int_equal(log.times[1], 110);
    assert_int_equal(log.times[2], 110);
    assert_int_equal(fpr_clock_now(log.clock), 110);
    fpr_clock_destroy(log.clock);
}

static void test_due_in_the_past_runs_at_the_next_advance(void **state)
{
    (void)state;
    struct log log = {0};
    assert_int_equal(fpr_clock_create(50, &log.clock), 0);
    struct probe a = probe(&log, 1);
    queue(&a, 10);
    assert_int_equal(log.count, 0);
    assert_int_equal(fpr_clock_advance(log.clock, 50), 1);
    assert_int_equal(log.times[0], 50);
    fpr_clock_destroy(log.clock);
}

static void test_cancel_takes_work_out(void **state)
{
    (void)state;
    struct log log = {0};
    assert_int_equal(fpr_clock_create(0, &log.clock), 0);
    struct probe a = probe(&log, 1), b = probe(&log, 2);
    queue(&a, 1);
    queue(&b, 2);
    assert_int_equal(fpr_clock_schedule(log.clock, &a.work, 9), -EBUSY);
    assert_int_equal(fpr_clock_cancel(log.clock, &b.work), 1);
    assert_int_equal(fpr_clock_cancel(log.clock, &b.work), 0);
    assert_int_equal(fpr_clock_advance(log.clock, 5), 1);
    assert_int_equal(log.ids[0], 1);
    fpr_clock_destroy(log.clock);
}

static void test_mistakes_are_returned(void **state)
{
    (void)state;
    struct fpr_work work = {0};
    struct fpr_clock *clock;
    assert_int_equal(fpr_clock_create(0, NULL), -EINVAL);
    assert_int_equal(fpr_clock_create(0, &clock), 0);
    assert_int_equal(fpr_clock_schedule(clock, &work, 1), -EINVAL);
    assert_int_equal(fpr_clock_schedule(clock, NULL, 1), -EINVAL);
    assert_int_equal(fpr_clock_schedule(NULL, &work, 1), -EINVAL);
    assert_int_equal(fpr_clock_cancel(clock, NULL), -EINVAL);
    assert_int_equal(fpr_clock_cancel(NULL, &work), -EINVAL);
    assert_int_equal(fpr_clock_advance(NULL, 1), -EINVAL);
    assert_false(fpr_clock_next(NULL, NULL));
    assert_int_equal(fpr_clock_now(NULL), 0);
    fpr_clock_destroy(clock);
    fpr_clock_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stands_where_it_was_put),
        cmocka_unit_test(test_runs_by_due_then_by_queueing),
        cmocka_unit_test(test_work_can_queue_itself_again),
        cmocka_unit_test(test_advance_from_inside_work_delays_the_rest),
        cmocka_unit_test(test_due_in_the_past_runs_at_the_next_advance),
        cmocka_unit_test(test_cancel_takes_work_out),
        cmocka_unit_test(test_mistakes_are_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
