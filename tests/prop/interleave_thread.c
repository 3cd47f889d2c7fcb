/* The reporter's thread: devices that come, go, are exchanged, hang and fail while a pass is in the
 * middle of a call, in every order of threads that is near the usual one and in many random ones.
 */
#include <errno.h>
#include <pthread.h>

#include <fpr/devices.h>
#include <fpr/thread.h>

#include "support/interleave_world.h"

static struct world world;
static struct fpr_thread *thread;

static void open_world(fpr_ns delay)
{
    struct fpr_report_config config;
    inter_quiet(true);
    world_open(&world, FPR_PROFILE_LINUX_6_1, 0);
    inter_check(fpr_reporter_get_config(world.reporter, &config) == 0);
    config.delay = delay;
    config.capacity = 3; /* two calls of the first pass are full, a third is not */
    inter_check(fpr_reporter_set_config(world.reporter, &config) == 0);
    inter_check(fpr_thread_create(world.reporter, &thread) == 0);
    inter_quiet(false);
}

static void close_world(void)
{
    fpr_thread_destroy(thread);
    inter_quiet(true);
    world_close(&world);
}

static void *allocate(void *arg)
{
    (void)arg;
    struct world_block block = world_take(&world, WORLD_ORDER, 1, 2);
    world_give(&world, block, 1, 2);
    return NULL;
}

/* All that is wanted is done when it has settled: nothing that was freed waits for a pass. */
static void settle_after_frees(fpr_ns delay)
{
    open_world(delay);
    pthread_t a = inter_begin(allocate, NULL);
    inter_check(fpr_thread_register(thread, &world.device) == 0);
    pthread_t b = inter_begin(allocate, NULL);
    inter_end(a);
    inter_end(b);
    inter_check(fpr_thread_settle(thread, FPR_FOREVER) == 0);
    inter_quiet(true);
    inter_check(fpr_reporter_state(world.reporter) == FPR_REPORT_IDLE);
    world_check(&world, 0);
    inter_quiet(false);
    inter_check(fpr_thread_unregister(thread, &world.device, FPR_FOREVER) == 0);
    world.gone = true;
    close_world();
}

static void settles(void)
{
    settle_after_frees(0);
}

static void settles_after_delays(void)
{
    settle_after_frees(5 * FPR_NS_PER_MS);
}

static void unregisters_in_mid_pass(void)
{
    open_world(0);
    inter_check(fpr_thread_register(thread, &world.device) == 0);
    pthread_t a = inter_begin(allocate, NULL);
    inter_check(fpr_thread_unregister(thread, &world.device, FPR_FOREVER) == 0);
    world.gone = true;
    inter_check(fpr_thread_unregister(thread, &world.device, FPR_FOREVER) == -EINVAL);
    inter_end(a);
    close_world();
}

/* The other device, in the place of the first, which must not be called then. */
static int report_to_other(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct world *w = ctx;
    bool gone = w->gone;
    w->gone = false;
    int answer = w->device.report(ctx, sg, nents);
    w->gone = gone;
    return answer;
}

/* What the first one was told of it is not told again: nothing is allocated meanwhile. */
static int report_rest_to_other(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    const struct world *w = ctx;
    for (unsigned k = 0; k < nents; k++)
        inter_check(!w->told[sg[k].pfn]);
    return report_to_other(ctx, sg, nents);
}

static void swaps(int (*report)(void *, const struct fpr_sg *, unsigned), bool beside)
{
    pthread_t a;
    open_world(0);
    struct fpr_device other = world.device;
    other.report = report;
    inter_check(fpr_thread_register(thread, &world.device) == 0);
    if (beside)
        a = inter_begin(allocate, NULL);
    inter_check(fpr_thread_swap(thread, &world.device, &other, FPR_FOREVER) == 0);
    world.gone = true;
    if (beside)
        inter_end(a);
    inter_check(fpr_thread_swap(thread, &world.device, &other, FPR_FOREVER) == -EINVAL);
    inter_check(fpr_thread_settle(thread, FPR_FOREVER) == 0);
    inter_check(fpr_thread_unregister(thread, &other, FPR_FOREVER) == 0);
    close_world();
}

static void swaps_in_mid_pass(void)
{
    swaps(report_to_other, true);
}

static void swaps_and_goes_on(void)
{
    swaps(report_rest_to_other, false);
}

static void *hurry_and_settle(void *arg)
{
    (void)arg;
    int wanted = fpr_thread_hurry(thread);
    inter_check(wanted == 0 || wanted == 1);
    inter_check(fpr_thread_settle(thread, FPR_FOREVER) == 0);
    return NULL;
}

/* Those that wait for the thread come back when it is stopped. */
static void stops_in_mid_pass(void)
{
    open_world(FPR_NS_PER_S);
    inter_check(fpr_thread_register(thread, &world.device) == 0);
    pthread_t a = inter_begin(hurry_and_settle, NULL);
    pthread_t b = inter_begin(allocate, NULL);
    inter_check(fpr_thread_stop(thread, FPR_FOREVER) == 0);
    world.gone = true;
    inter_end(a);
    inter_end(b);
    inter_check(fpr_thread_register(thread, &world.device) == -EINVAL);
    inter_check(fpr_thread_stop(thread, FPR_FOREVER) == 0);
    close_world();
}

static void *unregister(void *arg)
{
    (void)arg;
    int err = fpr_thread_unregister(thread, &world.device, FPR_FOREVER);
    inter_check(err == 0 || err == -EINVAL);
    return err == 0 ? &world : NULL;
}

/* Of two that take the device away one does. */
static void two_unregister(void)
{
    open_world(0);
    inter_check(fpr_thread_register(thread, &world.device) == 0);
    pthread_t a = inter_begin(unregister, NULL);
    pthread_t b = inter_begin(unregister, NULL);
    void *first = inter_end(a), *second = inter_end(b);
    inter_check(!first != !second);
    world.gone = true;
    close_world();
}

static struct fpr_fault *fault;

static void *release(void *arg)
{
    (void)arg;
    fpr_fault_release(fault);
    return NULL;
}

/* A device hangs: whoever does not wait for ever comes back and finds it registered still. */
static void device_hangs(void)
{
    struct fpr_fault_config config;
    struct fpr_device device;
    open_world(0);
    inter_quiet(true);
    inter_check(fpr_fault_config_init(&config) == 0);
    config.next = &world.device;
    config.stuck_from = 2;
    inter_check(fpr_fault_create(&config, &fault) == 0);
    inter_check(fpr_fault_device(fault, &device) == 0);
    inter_quiet(false);
    inter_check(fpr_thread_register(thread, &device) == 0);
    pthread_t a = inter_begin(release, NULL);
    pthread_t b = inter_begin(allocate, NULL);
    int err = fpr_thread_unregister(thread, &device, FPR_NS_PER_MS);
    inter_check(err == 0 || err == -ETIMEDOUT);
    if (err)
        err = fpr_thread_unregister(thread, &device, FPR_FOREVER);
    inter_check(err == 0);
    world.gone = true;
    inter_end(a);
    inter_end(b);
    close_world();
    fpr_fault_destroy(fault);
}

static void fail_next(struct world *w)
{
    w->answer = w->answer ? 0 : -EIO;
}

/* A device that fails every other call is told again of what it refused. */
static void device_fails(void)
{
    open_world(0);
    world.in_call = fail_next;
    inter_check(fpr_thread_register(thread, &world.device) == 0);
    pthread_t a = inter_begin(allocate, NULL);
    inter_check(fpr_thread_hurry(thread) >= 0);
    inter_end(a);
    inter_check(fpr_thread_unregister(thread, &world.device, FPR_FOREVER) == 0);
    world.gone = true;
    close_world();
}

/* From inside the callback those that would wait for it say so. */
static void try_to_leave(struct world *w)
{
    inter_check(fpr_thread_unregister(thread, &w->device, FPR_FOREVER) == -EDEADLK);
    inter_check(fpr_thread_stop(thread, FPR_FOREVER) == -EDEADLK);
    inter_check(fpr_thread_settle(thread, FPR_FOREVER) == -EDEADLK);
}

static void leaving_from_inside(void)
{
    open_world(0);
    world.in_call = try_to_leave;
    inter_check(fpr_thread_register(thread, &world.device) == 0);
    inter_check(fpr_thread_unregister(thread, &world.device, FPR_FOREVER) == 0);
    world.gone = true;
    close_world();
}

static void *raise_capacity(void *arg)
{
    (void)arg;
    struct fpr_report_config config;
    inter_check(fpr_reporter_get_config(world.reporter, &config) == 0);
    config.capacity = 5; /* more than either device takes */
    inter_check(fpr_reporter_set_config(world.reporter, &config) == -ENOSPC);
    return NULL;
}

/* There is no moment at which neither device is there to say what it cannot take. */
static void swaps_while_knobs_change(void)
{
    open_world(0);
    world.device.max_nents = 3;
    struct fpr_device other = world.device;
    inter_check(fpr_thread_register(thread, &world.device) == 0);
    pthread_t a = inter_begin(raise_capacity, NULL);
    inter_check(fpr_thread_swap(thread, &world.device, &other, FPR_FOREVER) == 0);
    inter_end(a);
    inter_check(fpr_thread_unregister(thread, &other, FPR_FOREVER) == 0);
    world.gone = true;
    close_world();
}

static uint64_t passes(void)
{
    struct fpr_report_stats stats;
    inter_check(fpr_reporter_get_stats(world.reporter, &stats) == 0);
    return stats.passes;
}

static void *resume(void *arg)
{
    (void)arg;
    inter_check(fpr_reporter_suspend(world.reporter, false) == 0);
    return NULL;
}

/* The thread sleeps while its reporter is suspended, which taking a device away does not end. */
static void suspended_by_its_user(void)
{
    open_world(0);
    struct fpr_device other = world.device;
    inter_check(fpr_reporter_suspend(world.reporter, true) == 0);
    inter_check(fpr_thread_register(thread, &world.device) == 0);
    pthread_t a = inter_begin(allocate, NULL);
    inter_check(fpr_thread_settle(thread, FPR_NS_PER_MS) == -ETIMEDOUT);
    inter_check(fpr_thread_swap(thread, &world.device, &other, FPR_FOREVER) == 0);
    inter_check(fpr_thread_settle(thread, FPR_NS_PER_MS) == -ETIMEDOUT);
    inter_end(a);
    inter_check(passes() == 0);
    pthread_t b = inter_begin(resume, NULL);
    inter_check(fpr_thread_settle(thread, FPR_FOREVER) == 0);
    inter_check(passes() > 0);
    inter_end(b);
    inter_check(fpr_thread_unregister(thread, &other, FPR_FOREVER) == 0);
    world.gone = true;
    close_world();
}

static const struct inter_scenario scenarios[] = {
    {"settles", settles, 2, 2000, 500},
    {"settles_after_delays", settles_after_delays, 2, 2000, 500},
    {"unregisters_in_mid_pass", unregisters_in_mid_pass, 2, 2000, 1000},
    {"swaps_in_mid_pass", swaps_in_mid_pass, 2, 2000, 1000},
    {"swaps_and_goes_on", swaps_and_goes_on, 2, 2000, 500},
    {"stops_in_mid_pass", stops_in_mid_pass, 2, 2000, 1000},
    {"two_unregister", two_unregister, 2, 2000, 500},
    {"device_hangs", device_hangs, 2, 2000, 1000},
    {"device_fails", device_fails, 2, 2000, 500},
    {"leaving_from_inside", leaving_from_inside, 2, 1000, 200},
    {"swaps_while_knobs_change", swaps_while_knobs_change, 2, 2000, 500},
    {"suspended_by_its_user", suspended_by_its_user, 2, 1000, 300},
};

int main(void)
{
    return inter_main("the reporter's thread, interleaved", scenarios,
                      sizeof(scenarios) / sizeof(scenarios[0]));
}
