/* Which setting is recommended, and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tune/tune.h"

/* A sweep of one recording over orders 0 and 9, budgets 16 and 0, delays 2000 and 100:
 *   0: 0/16/2000  1: 0/16/100  2: 0/none/2000  3: 0/none/100
 *   4: 9/16/2000  5: 9/16/100  6: 9/none/2000  7: 9/none/100 */
static void make(struct tune_sweep *sweep, const double back[8], const double cost[8])
{
    struct tune_grid grid = {.orders = {{0, 9}, 2},
                             .budgets = {{16, 0}, 2},
                             .capacities = {{32}, 1},
                             .delays = {{2000, 100}, 2}};
    tune_sweep_init(sweep);
    tune_sweep_set_grid(sweep, &grid);
    struct tune_trace *trace = tune_sweep_add_trace(sweep, "a trace");
    snprintf(trace->profile, sizeof(trace->profile), "linux-6.1");
    snprintf(trace->release, sizeof(trace->release), "6.1.0-50-cloud-amd64");
    trace->baseline.metric[TUNE_host_gib_min] = 10;
    trace->baseline.done = true;
    for (int i = 0; i < 8; i++) {
        trace->rows[i].metric[TUNE_given_back_gib_min] = back[i];
        trace->rows[i].metric[TUNE_extra_cost_ms] = cost[i];
        trace->rows[i].done = true;
    }
    tune_sweep_mark(sweep);
    tune_advise(sweep);
}

static char *words(const struct tune_sweep *sweep)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    tune_words(sweep, to);
    fclose(to);
    return text;
}

static void says(const struct tune_sweep *sweep, const char *what)
{
    char *text = words(sweep);
    if (!strstr(text, what)) {
        print_error("not said: %s\nin: %s", what, text);
    }
    assert_non_null(strstr(text, what));
    free(text);
}

static void says_not(const struct tune_sweep *sweep, const char *what)
{
    char *text = words(sweep);
    assert_null(strstr(text, what));
    free(text);
}

/* One more recording with its own kernel. */
static struct tune_trace *add(struct tune_sweep *sweep, const char *path, const char *release,
                              const char *profile, const double back[8], const double cost[8])
{
    struct tune_trace *trace = tune_sweep_add_trace(sweep, path);
    snprintf(trace->profile, sizeof(trace->profile), "%s", profile);
    snprintf(trace->release, sizeof(trace->release), "%s", release);
    trace->baseline.metric[TUNE_host_gib_min] = 10;
    trace->baseline.done = true;
    for (int i = 0; i < 8; i++) {
        trace->rows[i].metric[TUNE_given_back_gib_min] = back[i];
        trace->rows[i].metric[TUNE_extra_cost_ms] = cost[i];
        trace->rows[i].done = true;
    }
    tune_sweep_mark(sweep);
    tune_advise(sweep);
    return trace;
}

static void test_more_memory_wins_while_cpu_is_cheap(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    make(&sweep, (const double[8]){5, 6, 7, 8, 1, 2, 3, 4},
         (const double[8]){100, 200, 300, 400, 10, 20, 30, 40});
    assert_int_equal(sweep.advice.best, 3);
    assert_int_equal(sweep.advice.today, 0);
    assert_int_equal(sweep.advice.with_budget, 2);
    assert_int_equal(sweep.advice.with_delay, 1);
    says(&sweep, "Recommended: order 0, no budget, capacity 32, delay 100 ms");
    says(&sweep, "no setting tried gives back more");
    says(&sweep, "the start of a measurement");
    says(&sweep, "    echo 0 > /sys/module/page_reporting/parameters/page_reporting_order\n");
    says(&sweep, "after the balloon driver has registered");
    says(&sweep, "budget:   order 0, no budget, capacity 32, delay 2000 ms: +2.000 GiB*min");
    says(&sweep, "capacity: not tried");
    tune_sweep_free(&sweep);
}

static void test_cpu_time_has_its_price(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    /* Order 0 gives 1 GiB*min more for 100 s: memory is worth 7.5 s a GiB*min. */
    make(&sweep, (const double[8]){5, 5, 5, 5, 4, 4, 4, 4},
         (const double[8]){1e5, 1e5, 1e5, 1e5, 10, 10, 10, 10});
    assert_int_equal(sweep.advice.best, 4);
    assert_int_equal(sweep.advice.next, 0);
    says(&sweep, "would add 1.000 GiB*min for 100.0 s of CPU: 100.0 CPU s a GiB*min, where memory "
                 "is taken to be worth 7.5");
    says(&sweep, "delay:    nothing worth having");
    sweep.gib_per_cpu = 0.1; /* CPU time for a song */
    tune_advise(&sweep);
    assert_int_equal(sweep.advice.best, 0);
    tune_sweep_free(&sweep);
}

static void test_nearly_as_good_and_less_changed_wins(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    make(&sweep, (const double[8]){4, 4, 4, 5.0, 4.96, 4, 4, 4},
         (const double[8]){10, 10, 10, 10, 10, 10, 10, 10});
    assert_int_equal(sweep.advice.top, 3);
    assert_int_equal(sweep.advice.best, 4); /* the kernel's own setting, 0.8 % less */
    says_not(&sweep, "the start of a measurement");
    says(&sweep, "within 1 % of the best (order 0, no budget, capacity 32, delay 100 ms");
    tune_sweep_free(&sweep);
}

static void test_nothing_is_worth_its_price(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    make(&sweep, (const double[8]){1e-6, 0, 0, 0, 0, 0, 0, 0},
         (const double[8]){9e4, 9e4, 9e4, 9e4, 9e4, 9e4, 9e4, 9e4});
    assert_int_equal(sweep.advice.best, -1);
    assert_int_equal(sweep.advice.today, -1);
    says(&sweep, "Recommended: leave reporting off");
    says(&sweep, "only the order can be set; no order is worth its price, so leave reporting off");
    says_not(&sweep, "echo");
    says_not(&sweep, "cannot say what is best");
    says(&sweep, "budget:   nothing worth having");
    tune_sweep_free(&sweep);
}

static void test_old_kernels_have_no_order_to_set(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    make(&sweep, (const double[8]){5, 6, 7, 8, 1, 2, 3, 4},
         (const double[8]){1, 1, 1, 1, 1, 1, 1, 1});
    snprintf(sweep.traces[0].profile, sizeof(sweep.traces[0].profile), "v16");
    tune_advise(&sweep);
    assert_int_equal(sweep.advice.today, 4);
    char *text = words(&sweep);
    assert_non_null(strstr(text, "nothing can be set"));
    assert_null(strstr(text, "echo"));
    free(text);
    tune_sweep_free(&sweep);
}

static void test_newer_kernels_keep_the_boot_order(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    make(&sweep, (const double[8]){5, 6, 7, 8, 1, 2, 3, 4},
         (const double[8]){1, 1, 1, 1, 1, 1, 1, 1});
    says(&sweep, "registration overwrites");
    snprintf(sweep.traces[0].release, sizeof(sweep.traces[0].release), "6.12.9+deb13");
    says(&sweep, "page_reporting.page_reporting_order=0");
    tune_sweep_free(&sweep);
}

static void test_a_grid_without_the_kernels_own_values(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    struct tune_grid grid = {
        .orders = {{9}, 1}, .budgets = {{4}, 1}, .capacities = {{32}, 1}, .delays = {{2000}, 1}};
    tune_sweep_init(&sweep);
    tune_sweep_set_grid(&sweep, &grid);
    struct tune_trace *trace = tune_sweep_add_trace(&sweep, "a trace");
    snprintf(trace->profile, sizeof(trace->profile), "linux-6.1");
    trace->rows[0].done = true;
    trace->rows[0].metric[TUNE_given_back_gib_min] = 1;
    tune_sweep_mark(&sweep);
    tune_advise(&sweep);
    assert_int_equal(sweep.advice.today, -1);
    assert_int_equal(sweep.advice.best, 0);
    says(&sweep, "cannot say what is best there");
    tune_sweep_free(&sweep);
}

static const double rising[8] = {5, 6, 7, 8, 1, 2, 3, 4}, cheap[8] = {1, 1, 1, 1, 1, 1, 1, 1};

static void test_each_kernel_is_told_what_it_can_set(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    make(&sweep, rising, cheap);
    add(&sweep, "old", "5.10.0-39-amd64", "linux-5.10", rising, cheap);
    struct tune_trace *trace = add(&sweep, "new", "6.12.9+deb13", "linux-6.12",
                                   (const double[8]){1, 1, 1, 1, 5, 5, 5, 5}, cheap);
    assert_int_equal(trace->today, 4);
    assert_int_equal(sweep.traces[0].today, 0);
    assert_int_equal(sweep.traces[1].today, 4);
    assert_int_equal(sweep.advice.today, -1); /* the kernels differ */
    says(&sweep, "(6.1.0-50-cloud-amd64; a trace), only the order can be set; the best reachable "
                 "that way is order 0, budget 1/16, capacity 32, delay 2000 ms: 5.000 GiB*min");
    says(&sweep, "(5.10.0-39-amd64; old), nothing can be set");
    says(&sweep, "(6.12.9+deb13; new), only the order can be set; the best reachable that way is "
                 "order 9");
    says(&sweep, "registration overwrites");
    says(&sweep, "page_reporting.page_reporting_order=9");
    says(&sweep, "If 5.10.0-39-amd64 were changed");
    tune_sweep_free(&sweep);
}

static void test_recordings_of_one_kernel_are_told_together(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    make(&sweep, rising, cheap);
    add(&sweep, "b", "6.1.0-50-cloud-amd64", "linux-6.1", rising, cheap);
    assert_int_equal(sweep.advice.today, 0);
    says(&sweep, "Today, on the traced kernel (6.1.0-50-cloud-amd64), only the order can be set; "
                 "the best reachable that way is order 0, budget 1/16, capacity 32, delay 2000 ms: "
                 "10.000 GiB*min");
    tune_sweep_free(&sweep);
}

static void test_an_unknown_release_is_not_called_traced(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    make(&sweep, rising, cheap);
    sweep.traces[0].release[0] = '\0';
    says(&sweep, "Today, on a kernel with the rules of linux-6.1 (the recording names no release)");
    tune_sweep_free(&sweep);
}

static void judged(struct tune_sweep *sweep, size_t t, const char *word)
{
    snprintf(sweep->traces[t].good_for, sizeof(sweep->traces[t].good_for), "%s", word);
    tune_sweep_mark(sweep);
    tune_advise(sweep);
}

static void test_a_recording_good_for_nothing_gets_no_advice(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    make(&sweep, rising, cheap);
    judged(&sweep, 0, "nothing");
    says(&sweep, "Nothing is recommended");
    says_not(&sweep, "Recommended:");
    says_not(&sweep, "Today");
    says_not(&sweep, "echo");
    add(&sweep, "b", "6.1.0-50-cloud-amd64", "linux-6.1", rising, cheap);
    says(&sweep, "Not counted: a trace");
    says(&sweep, "gives back 8.000 of 10.000 GiB*min");
    tune_sweep_free(&sweep);
}

static void test_the_shape_of_curves_gives_a_hint(void **state)
{
    (void)state;
    struct tune_sweep sweep;
    make(&sweep, rising, cheap);
    judged(&sweep, 0, "shape");
    says(&sweep, "a trace is good for the shape of curves alone");
    says(&sweep, "A hint: order 0, no budget");
    says_not(&sweep, "Recommended:");
    says_not(&sweep, "echo");
    judged(&sweep, 0, "memory");
    says(&sweep, "Recommended: order 0, no budget");
    tune_sweep_free(&sweep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_more_memory_wins_while_cpu_is_cheap),
        cmocka_unit_test(test_cpu_time_has_its_price),
        cmocka_unit_test(test_nearly_as_good_and_less_changed_wins),
        cmocka_unit_test(test_nothing_is_worth_its_price),
        cmocka_unit_test(test_old_kernels_have_no_order_to_set),
        cmocka_unit_test(test_newer_kernels_keep_the_boot_order),
        cmocka_unit_test(test_a_grid_without_the_kernels_own_values),
        cmocka_unit_test(test_each_kernel_is_told_what_it_can_set),
        cmocka_unit_test(test_recordings_of_one_kernel_are_told_together),
        cmocka_unit_test(test_an_unknown_release_is_not_called_traced),
        cmocka_unit_test(test_a_recording_good_for_nothing_gets_no_advice),
        cmocka_unit_test(test_the_shape_of_curves_gives_a_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
