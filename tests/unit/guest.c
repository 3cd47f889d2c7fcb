/* A guest put together, and a reporter's thread beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fpr/guest.h>
#include <fpr/thread.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { PAGES = 65536 }; /* a pass needs more than 64 MiB free */

static struct fpr_guest *make(bool locked)
{
    struct fpr_guest_config config;
    struct fpr_guest *guest = NULL;
    assert_int_equal(fpr_guest_config_init(&config), 0);
    config.pages = PAGES;
    config.locked = locked;
    config.report.delay = 0;
    config.report.budget_divisor = 0;
    config.arena.thp = FPR_ARENA_THP_NEVER;
    assert_int_equal(fpr_guest_create(&config, &guest), 0);
    return guest;
}

static void test_its_device_may_be_driven_by_a_thread(void **state)
{
    (void)state;
    struct fpr_guest *guest = make(true);
    struct fpr_reporter *reporter = fpr_guest_reporter(guest);
    const struct fpr_device *device = fpr_guest_device(guest);
    struct fpr_thread *thread = NULL;
    assert_non_null(device);
    memset(fpr_arena_address(fpr_guest_arena(guest), 0), 1, 64 << 20);
    assert_true(fpr_arena_resident_bytes(fpr_guest_arena(guest)) >= 64 << 20);
    assert_int_equal(fpr_thread_create(reporter, &thread), -EBUSY);
    assert_int_equal(fpr_reporter_unregister(reporter, device), 0);
    assert_int_equal(fpr_thread_create(reporter, &thread), 0);
    assert_int_equal(fpr_thread_register(thread, device), 0);
    assert_int_equal(fpr_thread_settle(thread, FPR_FOREVER), 0);
    assert_int_equal(fpr_arena_resident_bytes(fpr_guest_arena(guest)), 0);
    fpr_guest_destroy(guest); /* does nothing: the thread goes first */
    assert_int_equal(fpr_thread_stop(thread, FPR_FOREVER), 0);
    fpr_thread_destroy(thread);
    fpr_guest_destroy(guest);
}

static void test_without_a_thread_passes_are_by_hand(void **state)
{
    (void)state;
    struct fpr_guest *guest = make(false);
    struct fpr_reporter *reporter = fpr_guest_reporter(guest);
    const struct fpr_device *device = fpr_guest_device(guest);
    assert_int_equal(fpr_reporter_unregister(reporter, device), 0);
    assert_int_equal(fpr_reporter_pass(reporter, NULL), -EINVAL);
    assert_int_equal(fpr_reporter_register(reporter, device), 0);
    assert_int_equal(fpr_reporter_pass(reporter, NULL), 0);
    fpr_guest_destroy(guest);
}

/* A frame is a page of the arena, so of the system. */
static void test_frames_are_the_systems_pages(void **state)
{
    (void)state;
    struct fpr_guest *guest = make(false);
    struct fpr_zone_info info;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    assert_int_equal(fpr_zone_get_info(fpr_machine_zone(fpr_guest_machine(guest), 0), &info), 0);
    assert_int_equal((size_t)1 << info.page_shift, page);
    fpr_guest_destroy(guest);
}

static void *allocate(void *arg)
{
    for (int k = 0; k < 2000; k++) {
        fpr_pfn pfn;
        if (fpr_alloc_pages(arg, 9, FPR_GFP_KERNEL, &pfn) == 0)
            fpr_free_pages(arg, pfn, 9);
    }
    return NULL;
}

/* Counters are asked beside threads that change what is counted; only the thread sanitizer sees it
 * go wrong. */
static void test_counters_beside_another_thread(void **state)
{
    (void)state;
    struct fpr_guest *guest = make(true);
    struct fpr_guest_stats stats;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, allocate, fpr_guest_machine(guest)), 0);
    for (int k = 0; k < 200; k++)
        assert_int_equal(fpr_guest_get_stats(guest, &stats), 0);
    pthread_join(thread, NULL);
    fpr_guest_destroy(guest);
}

static void ask(void *ctx, const struct fpr_event *event)
{
    (void)event;
    struct fpr_guest_stats stats;
    assert_int_equal(fpr_guest_get_stats(ctx, &stats), -EINVAL);
}

static void test_no_counters_from_a_locked_zones_callback(void **state)
{
    (void)state;
    struct fpr_guest *guest = make(true);
    struct fpr_zone *zone = fpr_machine_zone(fpr_guest_machine(guest), 0);
    struct fpr_event_sink sink = {ask, guest};
    fpr_pfn pfn;
    assert_int_equal(fpr_zone_set_event_sink(zone, &sink), 0);
    assert_int_equal(fpr_alloc_pages(fpr_guest_machine(guest), 0, FPR_GFP_KERNEL, &pfn), 0);
    assert_int_equal(fpr_zone_set_event_sink(zone, NULL), 0);
    fpr_guest_destroy(guest);
}

/* One block of order 9 is mapped, and nothing else of the guest's memory is. */
static struct fpr_guest *make_mapped(enum fpr_pin_policy pins, bool hardware)
{
    struct fpr_guest_config config;
    struct fpr_guest *guest = NULL;
    assert_int_equal(fpr_guest_config_init(&config), 0);
    config.pages = PAGES;
    config.report.delay = 0;
    config.report.budget_divisor = 0;
    config.arena.thp = FPR_ARENA_THP_NEVER;
    config.pins = pins;
    config.hardware = hardware;
    assert_int_equal(fpr_guest_create(&config, &guest), 0);
    uint64_t at = (uintptr_t)fpr_arena_address(fpr_guest_arena(guest), 512);
    for (uint64_t iova = 0x10000000; iova <= 0x20000000; iova += 0x10000000) /* twice */
        assert_int_equal(fpr_iova_map(fpr_guest_iova(guest), iova, 2 << 20, at, 3), 0);
    return guest;
}

static struct fpr_guest_stats stats_of(const struct fpr_guest *guest)
{
    struct fpr_guest_stats stats;
    assert_int_equal(fpr_guest_get_stats(guest, &stats), 0);
    return stats;
}

/* Mapping pins in a hardware-backed container: reporting leaves such blocks alone, or everything,
 * or does harm. */
static void test_hardware_pins_what_is_mapped(void **state)
{
    (void)state;
    struct fpr_guest_stats stats;
    for (int pins = FPR_PIN_SKIP; pins <= FPR_PIN_IGNORE; pins++) {
        struct fpr_guest *guest = make_mapped((enum fpr_pin_policy)pins, true);
        struct fpr_iova_space *space = fpr_guest_iova(guest);
        assert_int_equal(stats_of(guest).pinned_pages, 512); /* memory, not pins */
        assert_int_equal(fpr_iova_locked_pages(space), 1024);
        assert_int_equal(fpr_reporter_pass(fpr_guest_reporter(guest), NULL), 0);
        stats = stats_of(guest);
        assert_int_equal(stats.kept_back_bytes > 0, pins == FPR_PIN_SKIP);
        assert_int_equal(stats.inhibited_calls > 0, pins == FPR_PIN_INHIBIT);
        assert_int_equal(stats.hazards, pins == FPR_PIN_IGNORE ? 512 : 0);
        assert_int_equal(fpr_iova_unmap_all(space, NULL), 0);
        assert_int_equal(stats_of(guest).pinned_pages, 0);
        assert_int_equal(stats_of(guest).kept_back_bytes, 0);
        fpr_guest_destroy(guest);
    }
}

/* A frame that is pinned through two mappings is one frame, before and after a discard. */
static void test_a_frame_pinned_twice_counts_once(void **state)
{
    (void)state;
    void *pages[3];
    struct fpr_guest *guest = make_mapped(FPR_PIN_IGNORE, false);
    struct fpr_iova_space *space = fpr_guest_iova(guest);
    assert_int_equal(fpr_iova_pin(space, 0x10000000, 3, 3, pages), 3);
    assert_int_equal(fpr_iova_pin(space, 0x20001000, 1, 3, pages), 1);
    assert_int_equal(stats_of(guest).pinned_pages, 3);
    assert_int_equal(stats_of(guest).hazards, 0);
    assert_int_equal(fpr_reporter_pass(fpr_guest_reporter(guest), NULL), 0);
    assert_int_equal(stats_of(guest).hazards, 3);
    assert_int_equal(stats_of(guest).pinned_pages, 3);
    assert_int_equal(fpr_iova_unpin_range(space, 0x10000000, 2 << 20), 3);
    assert_int_equal(stats_of(guest).pinned_pages, 1);
    assert_int_equal(fpr_iova_pin(space, 0x10001000, 1, 3, pages), 1); /* the new frame beside it */
    assert_int_equal(stats_of(guest).pinned_pages, 2);
    fpr_guest_destroy(guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_its_device_may_be_driven_by_a_thread),
        cmocka_unit_test(test_without_a_thread_passes_are_by_hand),
        cmocka_unit_test(test_frames_are_the_systems_pages),
        cmocka_unit_test(test_counters_beside_another_thread),
        cmocka_unit_test(test_hardware_pins_what_is_mapped),
        cmocka_unit_test(test_a_frame_pinned_twice_counts_once),
        cmocka_unit_test(test_no_counters_from_a_locked_zones_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
