/* Wrong calls of clock.h. (Out of memory: misuse_heap.c.) */
#include <fpr/clock.h>

#include "support/digest.h"
#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fpr_clock *ours, *other, *none;
static struct fpr_work work, second;
static unsigned runs;
static fpr_ns due;
static struct fpr_clock *made;

static uint64_t digest_clock(const void *object)
{
    fpr_ns next = 0;
    bool any = fpr_clock_next(object, &next);
    return digest_word(digest_word(digest_word(fpr_clock_now(object), any), next), runs);
}

static void run(void *ctx)
{
    (void)ctx;
    runs++;
}

static int setup(void **state)
{
    (void)state;
    runs = 0;
    work = (struct fpr_work){.run = run};
    second = (struct fpr_work){.run = run};
    assert_int_equal(fpr_clock_create(1000, &ours), 0);
    assert_int_equal(fpr_clock_create(5, &other), 0);
    assert_int_equal(fpr_clock_schedule(ours, &work, 2000), 0);
    misuse_watch(digest_clock, ours);
    misuse_watch(digest_clock, other);
    misuse_watch_bytes(&due, sizeof(due));
    misuse_watch_bytes((void *)&made, sizeof(made));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_clock_destroy(ours);
    fpr_clock_destroy(other);
    return misuse_end();
}

static void test_calls(void **state)
{
    (void)state;
    struct fpr_work idle = {0};
    REFUSED(fpr_clock_create(0, NULL), -EINVAL, "no place for the clock");
    IGNORED(fpr_clock_destroy(NULL), "no clock");
    REFUSED(fpr_clock_now(none), 0, "no clock");
    REFUSED(fpr_clock_schedule(none, &second, 1), -EINVAL, "no clock");
    REFUSED(fpr_clock_schedule(ours, NULL, 1), -EINVAL, "no work");
    REFUSED(fpr_clock_schedule(ours, &idle, 1), -EINVAL, "work without a function");
    REFUSED(fpr_clock_schedule(ours, &work, 1), -EBUSY, "queued already");
    REFUSED(fpr_clock_schedule(other, &work, 1), -EBUSY, "queued with another clock");
    REFUSED(fpr_clock_cancel(none, &work), -EINVAL, "no clock");
    REFUSED(fpr_clock_cancel(ours, NULL), -EINVAL, "no work");
    REFUSED(fpr_clock_cancel(ours, &second), 0, "not queued");
    REFUSED(fpr_clock_cancel(other, &work), 0, "queued with another clock");
    REFUSED(fpr_clock_next(none, &due), false, "no clock");
    REFUSED(fpr_clock_next(other, &due), false, "nothing queued");
    REFUSED(fpr_clock_next(ours, NULL), true, "no place for the time is not wrong");
    REFUSED(fpr_clock_advance(none, 3000), -EINVAL, "no clock");
    REFUSED(fpr_clock_advance(ours, 999), -EINVAL, "into the past");
}

/* Called from inside work. */
static void misuse_it(void *ctx)
{
    (void)ctx;
    runs++;
    IGNORED(fpr_clock_destroy(ours), "its work is running");
    REFUSED(fpr_clock_advance(ours, 1), -EINVAL, "into the past");
    REFUSED(fpr_clock_advance(ours, 2000), 0, "runs nothing from inside work");
}

static void test_from_inside_work(void **state)
{
    (void)state;
    work.run = misuse_it;
    assert_int_equal(fpr_clock_schedule(ours, &second, 2000), 0);
    assert_int_equal(fpr_clock_advance(ours, 3000), 2);
    assert_int_equal(runs, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_from_inside_work, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
