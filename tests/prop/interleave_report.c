/* Allocating and freeing beside reporting passes, in every order of threads that is near the usual
 * one and in many random ones. */
#include <errno.h>
#include <pthread.h>

#include "support/interleave_world.h"

enum { MINE = 1, THEIRS = 2, OTHERS = 3 };

static struct world world;
static const unsigned cpus[WORLD_CPUS] = {0, 1};

static void open_world(enum fpr_profile profile, unsigned pcp)
{
    inter_quiet(true);
    world_open(&world, profile, pcp);
    inter_check(fpr_reporter_register(world.reporter, &world.device) == 0);
}

static void close_world(void)
{
    inter_quiet(true);
    inter_check(fpr_reporter_unregister(world.reporter, &world.device) == 0);
    world_close(&world);
}

/* A thread of its own allocates and frees; the argument is its cpu. */
static void *allocate(void *arg)
{
    unsigned cpu = *(const unsigned *)arg;
    uint8_t mark = (uint8_t)(MINE + cpu);
    struct world_block small = world_take(&world, 0, cpu, mark);
    struct world_block large = world_take(&world, WORLD_ORDER, cpu, mark);
    world_give(&world, small, cpu, mark);
    world_give(&world, large, cpu, mark);
    return NULL;
}

static void *pass(void *arg)
{
    (void)arg;
    struct fpr_pass_result result;
    inter_check(fpr_reporter_pass(world.reporter, &result) == 0);
    inter_check(result.error == world.answer);
    return NULL;
}

static void allocators_beside_a_pass(enum fpr_profile profile, unsigned pcp, unsigned other)
{
    open_world(profile, pcp);
    inter_quiet(false);
    pthread_t a = inter_begin(allocate, &cpus[0]);
    pthread_t b = inter_begin(allocate, &cpus[other]);
    pass(NULL);
    inter_end(a);
    inter_end(b);
    close_world();
}

static void two_allocators(void)
{
    allocators_beside_a_pass(FPR_PROFILE_LINUX_6_1, 0, 1);
}

static void two_allocators_v16(void)
{
    allocators_beside_a_pass(FPR_PROFILE_V16, 0, 1);
}

static void two_allocators_one_cpu(void)
{
    allocators_beside_a_pass(FPR_PROFILE_LINUX_6_1, 4, 0);
}

/* Lists that others empty and resize meanwhile. */
static void lists_are_drained(void)
{
    open_world(FPR_PROFILE_LINUX_6_1, 4);
    inter_quiet(false);
    pthread_t a = inter_begin(allocate, &cpus[0]);
    pthread_t b = inter_begin(allocate, &cpus[0]);
    inter_check(fpr_zone_drain(world.zone, 0) == 0);
    inter_check(fpr_zone_set_pcp(world.zone, 8, 3) == 0);
    inter_check(fpr_machine_drain(world.machine) == 0);
    inter_end(a);
    inter_end(b);
    close_world();
}

static void failing_device(void)
{
    world.answer = 0;
    open_world(FPR_PROFILE_LINUX_6_1, 0);
    world.answer = -EIO;
    inter_quiet(false);
    pthread_t a = inter_begin(allocate, &cpus[0]);
    pass(NULL);
    pass(NULL);
    inter_end(a);
    inter_quiet(true);
    world_check(&world, 0);
    struct fpr_report_stats stats;
    inter_check(fpr_reporter_get_stats(world.reporter, &stats) == 0);
    inter_check(stats.calls == 2 && stats.failed_calls == 2 && stats.reported_pages == 0);
    close_world();
}

/* Blocks side by side, of which every other one is free; the rest is nobody's to report. */
static struct world_block kept[4];

static void keep_every_other(void)
{
    struct world_block first[8];
    for (unsigned k = 0; k < 8; k++)
        first[k] = world_take(&world, WORLD_ORDER, 0, MINE);
    for (unsigned k = 0; k < 8; k++)
        if (first[k].pfn >> WORLD_ORDER & 1)
            world_give(&world, first[k], 0, MINE);
        else
            kept[k / 2] = first[k];
}

static void *free_kept(void *arg)
{
    const unsigned *n = arg;
    world_give(&world, kept[*n], *n & 1, MINE);
    fpr_zone_drain(world.zone, *n & 1);
    return NULL;
}

/* The neighbours of blocks that a device has are freed meanwhile. */
static void neighbours(unsigned pcp)
{
    static const unsigned which[4] = {0, 1, 2, 3};
    open_world(FPR_PROFILE_LINUX_6_1, pcp);
    keep_every_other();
    inter_quiet(false);
    pthread_t a = inter_begin(free_kept, &which[0]);
    pthread_t b = inter_begin(free_kept, &which[1]);
    pass(NULL);
    inter_end(a);
    inter_end(b);
    inter_quiet(true);
    world_check(&world, 2 << WORLD_ORDER);
    free_kept((void *)(uintptr_t)&which[2]);
    free_kept((void *)(uintptr_t)&which[3]);
    close_world();
}

static void neighbours_are_freed(void)
{
    neighbours(0);
}

static void neighbours_are_freed_to_lists(void)
{
    neighbours(8);
}

/* The callback runs without a lock: it may allocate and free. */
static void allocate_in_call(struct world *w)
{
    world_give(w, world_take(w, 0, 1, OTHERS), 1, OTHERS);
}

static void device_allocates(void)
{
    open_world(FPR_PROFILE_LINUX_6_1, 0);
    world.in_call = allocate_in_call;
    inter_quiet(false);
    pthread_t a = inter_begin(allocate, &cpus[0]);
    pass(NULL);
    inter_end(a);
    close_world();
}

static struct world_block contested;

static void *free_contested(void *arg)
{
    const unsigned *cpu = arg;
    int err = fpr_zone_free(world.zone, contested.pfn, contested.order, *cpu);
    inter_check(err == 0 || err == -EINVAL);
    return err ? NULL : &contested;
}

static void *split_contested(void *arg)
{
    (void)arg;
    int err = fpr_zone_split(world.zone, contested.pfn, contested.order, 0);
    inter_check(err == 0 || err == -EINVAL);
    return err ? NULL : &contested;
}

/* Of two that give one block back, or make it into several, one does. */
static void contest(void *(*other)(void *), unsigned pcp)
{
    open_world(FPR_PROFILE_LINUX_6_1, pcp);
    contested = world_take(&world, 1, 0, MINE);
    world.owner[contested.pfn] = world.owner[contested.pfn + 1] = 0;
    inter_quiet(false);
    pthread_t a = inter_begin(free_contested, &cpus[0]);
    pthread_t b = inter_begin(other, &cpus[1]);
    void *freed = inter_end(a), *also = inter_end(b);
    inter_check(!freed != !also);
    if (!freed && other == split_contested) {
        inter_check(fpr_zone_free(world.zone, contested.pfn, 0, 0) == 0);
        inter_check(fpr_zone_free(world.zone, contested.pfn + 1, 0, 0) == 0);
        world.frees_more = 1;
    }
    close_world();
}

static void two_free_one_block(void)
{
    contest(free_contested, 0);
}

static void two_free_one_block_to_lists(void)
{
    contest(free_contested, 8);
}

static void one_splits_what_the_other_frees(void)
{
    contest(split_contested, 0);
}

/* The owner splits a block and gives the pieces back; nobody else's wrong free, which
 * found the tag of the whole, may get in the way. */
static void wrong_order_beside_the_owner(void)
{
    open_world(FPR_PROFILE_LINUX_6_1, 8);
    contested = world_take(&world, 1, 0, MINE);
    world.owner[contested.pfn] = world.owner[contested.pfn + 1] = 0;
    inter_quiet(false);
    pthread_t wrong = inter_begin(free_contested, &cpus[1]);
    bool mine = fpr_zone_split(world.zone, contested.pfn, 1, 0) == 0;
    if (mine) {
        inter_check(fpr_zone_free(world.zone, contested.pfn, 0, 0) == 0);
        inter_check(fpr_zone_free(world.zone, contested.pfn + 1, 0, 0) == 0);
        world.frees_more = 1;
    }
    inter_check(!inter_end(wrong) == mine);
    close_world();
}

static unsigned wakes;
static bool no_more_wakes;

static void count_wake(void *ctx, fpr_ns delay)
{
    (void)ctx;
    (void)delay;
    inter_check(!no_more_wakes);
    wakes++;
}

/* When unregistering has returned, nobody is told any more. */
static void no_wake_after_unregistering(void)
{
    static const unsigned which[2] = {0, 1};
    const struct fpr_report_waker waker = {.wake = count_wake};
    inter_quiet(true);
    no_more_wakes = false;
    world_open(&world, FPR_PROFILE_LINUX_6_1, 0);
    inter_check(fpr_reporter_set_waker(world.reporter, &waker) == 0);
    inter_check(fpr_reporter_register(world.reporter, &world.device) == 0);
    for (unsigned k = 0; k < 2; k++)
        kept[k] = world_take(&world, WORLD_ORDER, 0, MINE);
    while (fpr_reporter_state(world.reporter) != FPR_REPORT_IDLE)
        pass(NULL);
    inter_quiet(false);
    pthread_t a = inter_begin(free_kept, &which[0]);
    pthread_t b = inter_begin(free_kept, &which[1]);
    inter_point();
    inter_check(fpr_reporter_unregister(world.reporter, &world.device) == 0);
    no_more_wakes = true;
    inter_end(a);
    inter_end(b);
    inter_quiet(true);
    no_more_wakes = false;
    inter_check(fpr_reporter_state(world.reporter) == FPR_REPORT_IDLE);
    world_close(&world);
}

/* What was freed too late for a pass must have asked for another one. */
static void no_request_is_lost(void)
{
    static const unsigned which[2] = {0, 1};
    const struct fpr_report_waker waker = {.wake = count_wake};
    inter_quiet(true);
    world_open(&world, FPR_PROFILE_LINUX_6_1, 0);
    inter_check(fpr_reporter_set_waker(world.reporter, &waker) == 0);
    struct world_block apart[2], between[2];
    for (unsigned k = 0; k < 2; k++) {
        apart[k] = world_take(&world, WORLD_ORDER, 0, MINE);
        between[k] = world_take(&world, WORLD_ORDER, 0, OTHERS);
        inter_check(between[k].pfn == (apart[k].pfn ^ 1u << WORLD_ORDER));
        kept[k] = apart[k];
    }
    inter_check(fpr_reporter_register(world.reporter, &world.device) == 0);
    while (fpr_reporter_state(world.reporter) != FPR_REPORT_IDLE)
        pass(NULL);
    wakes = 0;
    inter_quiet(false);
    pthread_t a = inter_begin(free_kept, &which[0]);
    pthread_t b = inter_begin(free_kept, &which[1]);
    pass(NULL);
    inter_end(a);
    inter_end(b);
    inter_quiet(true);
    world_check(&world, 2 << WORLD_ORDER);
    bool asked = fpr_reporter_state(world.reporter) == FPR_REPORT_REQUESTED;
    inter_check(asked || !world.unreported);
    inter_check(!asked || wakes > 0);
    world_give(&world, between[0], 0, OTHERS);
    world_give(&world, between[1], 0, OTHERS);
    close_world();
}

static void *suspend_and_resume(void *arg)
{
    (void)arg;
    inter_check(fpr_reporter_suspend(world.reporter, true) == 0);
    inter_point();
    inter_check(fpr_reporter_suspend(world.reporter, false) == 0);
    return NULL;
}

/* A pass that is cut short leaves nothing isolated, and asks for another. */
static void suspended_in_mid_pass(void)
{
    open_world(FPR_PROFILE_LINUX_6_1, 0);
    inter_quiet(false);
    pthread_t a = inter_begin(suspend_and_resume, NULL);
    struct fpr_pass_result result = {.calls = 0};
    int err = fpr_reporter_pass(world.reporter, &result);
    inter_check(err == 0 || err == -ECANCELED);
    inter_check(result.error == 0 || (result.error == -ECANCELED && result.requested));
    inter_end(a);
    inter_quiet(true);
    world_check(&world, 0);
    close_world();
}

/* Knobs change in the middle of a pass, which keeps its own. */
static void *change_knobs(void *arg)
{
    (void)arg;
    struct fpr_report_config config;
    inter_check(fpr_reporter_get_config(world.reporter, &config) == 0);
    config.capacity = 7;
    config.order = 3;
    inter_check(fpr_reporter_set_config(world.reporter, &config) == 0);
    config.capacity = 1;
    config.order = WORLD_ORDER;
    inter_check(fpr_reporter_set_config(world.reporter, &config) == 0);
    return NULL;
}

static void knobs_in_mid_pass(void)
{
    open_world(FPR_PROFILE_LINUX_6_1, 0);
    inter_quiet(false);
    pthread_t a = inter_begin(change_knobs, NULL);
    pthread_t b = inter_begin(allocate, &cpus[1]);
    pass(NULL);
    inter_end(a);
    inter_end(b);
    close_world();
}

static const struct inter_scenario scenarios[] = {
    {"two_allocators", two_allocators, 2, 3000, 1000},
    {"two_allocators_v16", two_allocators_v16, 1, 1000, 500},
    {"two_allocators_one_cpu", two_allocators_one_cpu, 2, 2000, 500},
    {"lists_are_drained", lists_are_drained, 2, 2000, 500},
    {"failing_device", failing_device, 2, 3000, 500},
    {"neighbours_are_freed", neighbours_are_freed, 2, 3000, 500},
    {"neighbours_are_freed_to_lists", neighbours_are_freed_to_lists, 2, 2000, 500},
    {"device_allocates", device_allocates, 2, 2000, 300},
    {"two_free_one_block", two_free_one_block, 3, 1000, 100},
    {"two_free_one_block_to_lists", two_free_one_block_to_lists, 3, 1000, 100},
    {"one_splits_what_the_other_frees", one_splits_what_the_other_frees, 3, 1000, 100},
    {"wrong_order_beside_the_owner", wrong_order_beside_the_owner, 4, 2000, 100},
    {"no_wake_after_unregistering", no_wake_after_unregistering, 3, 2000, 300},
    {"no_request_is_lost", no_request_is_lost, 2, 4000, 500},
    {"suspended_in_mid_pass", suspended_in_mid_pass, 3, 12000, 2000},
    {"knobs_in_mid_pass", knobs_in_mid_pass, 2, 2000, 500},
};

int main(void)
{
    return inter_main("reporting, interleaved", scenarios,
                      sizeof(scenarios) / sizeof(scenarios[0]));
}
