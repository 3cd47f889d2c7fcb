#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/devices.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "support/devices.h"

static const struct fpr_sg two[] = {{1024, 10}, {512, 9}};

struct setup {
    struct test_device host;
    struct fpr_balloon_config config;
    struct fpr_balloon *balloon;
    struct fpr_device device;
};

static void prepare(struct setup *setup, enum fpr_profile profile)
{
    test_device_init(&setup->host);
    assert_int_equal(fpr_balloon_config_init(&setup->config, profile), 0);
    setup->config.host = &setup->host.device;
}

static void create(struct setup *setup)
{
    assert_int_equal(fpr_balloon_create(&setup->config, &setup->balloon), 0);
    assert_int_equal(fpr_balloon_device(setup->balloon, &setup->device), 0);
}

static int call(struct setup *setup)
{
    return setup->device.report(setup->device.ctx, two, 2);
}

static struct fpr_balloon_stats stats(struct setup *setup)
{
    struct fpr_balloon_stats got;
    assert_int_equal(fpr_balloon_get_stats(setup->balloon, &got), 0);
    return got;
}

static void test_a_chain_is_discarded_and_acknowledged(void **state)
{
    (void)state;
    struct setup s;
    prepare(&s, FPR_PROFILE_V16);
    create(&s);
    assert_int_equal(s.device.max_nents, 128);
    assert_int_equal(s.device.order, 0);
    assert_int_equal(call(&s), 0);
    assert_int_equal(s.host.nents, 2);
    assert_int_equal(s.host.pfn, 1024);
    s.host.result = -EIO; /* the guest never learns */
    assert_int_equal(call(&s), 0);
    struct fpr_balloon_stats got = stats(&s);
    assert_int_equal(got.chains, 2);
    assert_int_equal(got.buffers, 4);
    assert_int_equal(got.acked, 2);
    assert_int_equal(got.discard_errors, 1);
    fpr_balloon_destroy(s.balloon);
}

static void test_a_short_ring_fails_the_probe(void **state)
{
    (void)state;
    struct setup s;
    s.balloon = NULL;
    prepare(&s, FPR_PROFILE_V16);
    s.config.ring_size = 31;
    assert_int_equal(fpr_balloon_create(&s.config, &s.balloon), -ENOSPC);
    assert_null(s.balloon);
    s.config.offered = 0; /* without reporting the queue does not exist */
    assert_int_equal(fpr_balloon_create(&s.config, &s.balloon), 0);
    assert_int_equal(fpr_balloon_device(s.balloon, &s.device), -ENODEV);
    fpr_balloon_destroy(s.balloon);
}

static void test_a_chain_too_long_for_the_ring_is_refused(void **state)
{
    (void)state;
    struct setup s;
    prepare(&s, FPR_PROFILE_V16);
    s.config.capacity = s.config.ring_size = 1;
    create(&s);
    assert_int_equal(call(&s), -ENOSPC);
    assert_int_equal(s.device.report(s.device.ctx, two, 1), 0);
    assert_int_equal(stats(&s).add_failed, 1);
    fpr_balloon_destroy(s.balloon);
}

/* What guest and host agree on, by what the guest does with free pages. */
static void check_features(enum fpr_profile profile, unsigned offered, const char *guest,
                           unsigned want, uint32_t poison)
{
    struct setup s;
    prepare(&s, profile);
    s.config.offered = offered;
    for (const char *c = guest; *c != '\0'; c++) {
        s.config.init_on_free |= *c == 'i';
        s.config.page_poisoning |= *c == 'p';
        s.config.poison_with_zero |= *c == 'z';
        s.config.poison_unchecked |= *c == 'u';
    }
    assert_int_equal(fpr_balloon_create(&s.config, &s.balloon), 0);
    if (fpr_balloon_features(s.balloon) != want || fpr_balloon_poison(s.balloon) != poison)
        fail_msg("profile %d, offered %x, guest \"%s\": features %x, poison %x", profile, offered,
                 guest, fpr_balloon_features(s.balloon), fpr_balloon_poison(s.balloon));
    fpr_balloon_destroy(s.balloon);
}

static void test_poison_negotiation(void **state)
{
    (void)state;
    const unsigned report = FPR_BALLOON_REPORTING, both = report | FPR_BALLOON_PAGE_POISON;
    for (int p = FPR_PROFILE_V16; p < FPR_NR_PROFILES; p++) {
        enum fpr_profile profile = (enum fpr_profile)p;
        bool old = profile == FPR_PROFILE_V16;
        check_features(profile, both, "", report, 0);
        check_features(profile, both, "p", both, 0xaaaaaaaau);
        check_features(profile, both, "pu", report, 0);
        check_features(profile, both, "pz", both, 0);
        check_features(profile, both, "i", both, 0);
        check_features(profile, both, "ip", both, 0);
        check_features(profile, report, "", report, 0);
        check_features(profile, report, "pu", report, 0);
        check_features(profile, report, "p", old ? report : 0, 0);
        check_features(profile, report, "i", old ? report : 0, 0);
        check_features(profile, ~0u, "", report, 0);
    }
}

static void test_poisoned_or_inhibited_chains_are_only_acknowledged(void **state)
{
    (void)state;
    struct setup s;
    prepare(&s, FPR_PROFILE_V16);
    s.config.page_poisoning = true;
    create(&s);
    assert_int_equal(call(&s), 0);
    assert_int_equal(s.host.calls, 0);
    assert_int_equal(stats(&s).skipped, 1);
    fpr_balloon_destroy(s.balloon);

    prepare(&s, FPR_PROFILE_V16);
    s.config.inhibited = true;
    create(&s);
    assert_int_equal(call(&s), 0);
    fpr_balloon_inhibit(s.balloon, false);
    assert_int_equal(call(&s), 0);
    fpr_balloon_inhibit(s.balloon, true);
    assert_int_equal(call(&s), 0);
    assert_int_equal(s.host.calls, 1);
    assert_int_equal(stats(&s).skipped, 2);
    assert_int_equal(stats(&s).acked, 3);
    fpr_balloon_destroy(s.balloon);
}

/* Work that reports again while the first chain waits for its acknowledgement. */
static void report_again(void *ctx)
{
    assert_int_equal(call(ctx), -EBUSY);
}

static void test_one_chain_in_flight_during_the_latency(void **state)
{
    (void)state;
    struct setup s;
    struct fpr_clock *clock;
    assert_int_equal(fpr_clock_create(1000, &clock), 0);
    prepare(&s, FPR_PROFILE_V16);
    s.config.clock = clock;
    s.config.latency = 50;
    create(&s);
    struct fpr_work again = {.run = report_again, .ctx = &s};
    assert_int_equal(fpr_clock_schedule(clock, &again, 1020), 0);
    assert_int_equal(call(&s), 0);
    assert_int_equal(fpr_clock_now(clock), 1050);
    assert_false(again.queued);
    assert_int_equal(stats(&s).busy, 1);
    assert_int_equal(stats(&s).chains, 1);
    fpr_balloon_destroy(s.balloon);
    fpr_clock_destroy(clock);
}

static void resume(void *ctx)
{
    struct setup *setup = ctx;
    assert_int_equal(stats(setup).stalls, 1);
    assert_int_equal(setup->host.calls, 0);
    fpr_balloon_stall(setup->balloon, false);
}

static void test_a_stalled_host_can_go_on(void **state)
{
    (void)state;
    struct setup s;
    prepare(&s, FPR_PROFILE_V16);
    s.config.on_stall = resume;
    s.config.on_stall_ctx = &s;
    create(&s);
    fpr_balloon_stall(s.balloon, true);
    assert_int_equal(call(&s), 0);
    assert_int_equal(call(&s), 0);
    assert_int_equal(s.host.calls, 2);
    fpr_balloon_destroy(s.balloon);
}

struct thread_call {
    struct setup *setup;
    int result;
};

static void *call_in_thread(void *ctx)
{
    struct thread_call *made = ctx;
    made->result = call(made->setup);
    return NULL;
}

/* Waiting on a stalled host, then on a slow acknowledgement; both end when the queue breaks. */
static void test_a_broken_queue_ends_every_wait(void **state)
{
    (void)state;
    for (int stalled = 0; stalled <= 1; stalled++) {
        struct setup s;
        pthread_t thread;
        prepare(&s, FPR_PROFILE_V16);
        s.config.latency = 3600 * FPR_NS_PER_S;
        create(&s);
        fpr_balloon_stall(s.balloon, stalled);
        struct thread_call made = {&s, 0};
        assert_int_equal(pthread_create(&thread, NULL, call_in_thread, &made), 0);
        while (stats(&s).chains == 0)
            sched_yield();
        fpr_balloon_break(s.balloon);
        pthread_join(thread, NULL);
        assert_int_equal(made.result, -EIO);
        assert_int_equal(call(&s), -EIO);
        assert_int_equal(stats(&s).acked, 0);
        assert_int_equal(stats(&s).add_failed, 1);
        fpr_balloon_destroy(s.balloon);
    }
}

static void test_order_wish_of_64k_pages(void **state)
{
    (void)state;
    struct setup s;
    for (int p = FPR_PROFILE_V16; p < FPR_NR_PROFILES; p++) {
        prepare(&s, (enum fpr_profile)p);
        s.config.page_shift = 16;
        create(&s);
        assert_int_equal(s.device.order, p >= FPR_PROFILE_LINUX_5_14 ? 5 : 0);
        fpr_balloon_destroy(s.balloon);
    }
}

/* A balloon in front of a simulated host, as a guest sees it. */
static void test_with_a_simulated_host(void **state)
{
    (void)state;
    struct setup s;
    struct fpr_host_config config;
    struct fpr_host *host;
    struct fpr_device behind;
    assert_int_equal(fpr_host_config_init(&config), 0);
    config.pages = 2048;
    assert_int_equal(fpr_host_create(&config, &host), 0);
    assert_int_equal(fpr_host_device(host, &behind), 0);
    prepare(&s, FPR_PROFILE_LINUX_6_1);
    s.config.host = &behind;
    create(&s);
    fpr_host_touch(host, 0, 2048);
    assert_int_equal(call(&s), 0);
    assert_int_equal(fpr_host_resident_pages(host), 512);
    fpr_balloon_destroy(s.balloon);
    fpr_host_destroy(host);
}

static void test_mistakes_are_returned(void **state)
{
    (void)state;
    struct setup s;
    const struct fpr_device empty = {.name = "no function"};
    s.balloon = NULL;
    assert_int_equal(fpr_balloon_config_init(NULL, FPR_PROFILE_V16), -EINVAL);
    assert_int_equal(fpr_balloon_config_init(&s.config, (enum fpr_profile)99), -EINVAL);
    prepare(&s, FPR_PROFILE_V16);
    s.config.ring_size = 0;
    assert_int_equal(fpr_balloon_create(&s.config, &s.balloon), -EINVAL);
    s.config.ring_size = 32769;
    assert_int_equal(fpr_balloon_create(&s.config, &s.balloon), -EINVAL);
    prepare(&s, FPR_PROFILE_V16);
    s.config.capacity = 0;
    assert_int_equal(fpr_balloon_create(&s.config, &s.balloon), -EINVAL);
    prepare(&s, FPR_PROFILE_V16);
    s.config.host = &empty;
    assert_int_equal(fpr_balloon_create(&s.config, &s.balloon), -EINVAL);
    assert_int_equal(fpr_balloon_create(NULL, &s.balloon), -EINVAL);
    assert_int_equal(fpr_balloon_device(NULL, &s.device), -EINVAL);
    assert_int_equal(fpr_balloon_get_stats(NULL, NULL), -EINVAL);
    assert_int_equal(fpr_balloon_features(NULL), 0);
    assert_int_equal(fpr_balloon_poison(NULL), 0);
    assert_null(s.balloon);
    fpr_balloon_inhibit(NULL, true);
    fpr_balloon_stall(NULL, true);
    fpr_balloon_break(NULL);
    fpr_balloon_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chain_is_discarded_and_acknowledged),
        cmocka_unit_test(test_a_short_ring_fails_the_probe),
        cmocka_unit_test(test_a_chain_too_long_for_the_ring_is_refused),
        cmocka_unit_test(test_poison_negotiation),
        cmocka_unit_test(test_poisoned_or_inhibited_chains_are_only_acknowledged),
        cmocka_unit_test(test_one_chain_in_flight_during_the_latency),
        cmocka_unit_test(test_a_stalled_host_can_go_on),
        cmocka_unit_test(test_a_broken_queue_ends_every_wait),
        cmocka_unit_test(test_order_wish_of_64k_pages),
        cmocka_unit_test(test_with_a_simulated_host),
        cmocka_unit_test(test_mistakes_are_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
