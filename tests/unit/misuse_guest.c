/* Wrong calls of arena.h and guest.h. (Out of memory: misuse_heap.c.) */
#include <fpr/guest.h>

#include "support/digest.h"
#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PAGES = 4096, START = 512 };

static struct fpr_arena_config arena_config;
static struct fpr_guest_config config;
static struct fpr_arena *arena, *no_arena;
static struct fpr_guest *guest, *none;

/* Where answers would go. */
static struct fpr_device device;
static void *made;

static uint64_t digest_arena(const void *object)
{
    struct fpr_arena_stats stats;
    fpr_arena_get_stats(object, &stats);
    return digest_word(digest_bytes(DIGEST_BASIS, &stats, sizeof(stats)),
                       (uint64_t)fpr_arena_resident_bytes(object));
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(fpr_arena_config_init(&arena_config), 0);
    arena_config.start = START;
    arena_config.pages = 64;
    assert_int_equal(fpr_arena_create(&arena_config, &arena), 0);
    assert_int_equal(fpr_guest_config_init(&config), 0);
    config.pages = PAGES;
    assert_int_equal(fpr_guest_create(&config, &guest), 0);
    misuse_watch(digest_arena, arena);
    misuse_watch(digest_machine, fpr_guest_machine(guest));
    misuse_watch(digest_space, fpr_guest_iova(guest));
    misuse_watch(digest_reporter, fpr_guest_reporter(guest));
    misuse_watch_bytes(&device, sizeof(device));
    misuse_watch_bytes((void *)&made, sizeof(made));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_arena_destroy(arena);
    fpr_guest_destroy(guest);
    return misuse_end();
}

#define MADE(type) ((struct type **)(void *)&made)

static void test_arena_creating(void **state)
{
    (void)state;
    struct fpr_arena_config bad;
    REFUSED(fpr_arena_config_init(NULL), -EINVAL, "no configuration");
    REFUSED(fpr_arena_create(NULL, MADE(fpr_arena)), -EINVAL, "no configuration");
    REFUSED(fpr_arena_create(&arena_config, NULL), -EINVAL, "no place for the arena");
#define BAD(field, value, answer, wrong)                                                           \
    bad = arena_config;                                                                            \
    bad.field = (value);                                                                           \
    REFUSED(fpr_arena_create(&bad, MADE(fpr_arena)), answer, wrong)
    BAD(pages, 0, -EINVAL, "no pages");
    BAD(pages, UINT64_MAX, -EINVAL, "would overflow");
    BAD(pages, 1ull << 40, -ENOMEM, "more than addresses");
    BAD(start, UINT64_MAX, -EINVAL, "wraps");
    BAD(backing, FPR_ARENA_HUGETLB + 1, -EINVAL, "no such backing");
    BAD(backing, FPR_ARENA_HUGETLB, -EINVAL, "no whole huge pages");
    BAD(thp, FPR_ARENA_THP_NEVER + 1, -EINVAL, "no such setting");
#undef BAD
    IGNORED(fpr_arena_destroy(NULL), "no arena");
}

static void test_arena(void **state)
{
    (void)state;
    struct fpr_arena_stats stats;
    const fpr_pfn end = START + 64;
    REFUSED(fpr_arena_address(no_arena, START), 0, "no arena");
    REFUSED(fpr_arena_address(arena, START - 1), 0, "before the arena");
    REFUSED(fpr_arena_address(arena, end), 0, "behind the arena");
    REFUSED(fpr_arena_address(arena, FPR_PFN_NONE), 0, "no frame");
    REFUSED(fpr_arena_page_size(no_arena), 0, "no arena");
    REFUSED(fpr_arena_resident_bytes(no_arena), -EINVAL, "no arena");
    REFUSED(fpr_arena_resident_in(no_arena, START, 1), -EINVAL, "no arena");
    REFUSED(fpr_arena_resident_in(arena, START - 1, 1), -EINVAL, "before the arena");
    REFUSED(fpr_arena_resident_in(arena, end, 1), -EINVAL, "behind the arena");
    REFUSED(fpr_arena_resident_in(arena, end - 1, 2), -EINVAL, "reaches out");
    REFUSED(fpr_arena_resident_in(arena, START + 1, UINT64_MAX), -EINVAL, "wraps");
    REFUSED(fpr_arena_device(no_arena, FPR_ARENA_DONTNEED, &device), -EINVAL, "no arena");
    REFUSED(fpr_arena_device(arena, FPR_ARENA_DONTNEED, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_arena_device(arena, FPR_ARENA_PROCESS_MADVISE + 1, &device), -EINVAL, "no mode");
    REFUSED(fpr_arena_device(arena, FPR_ARENA_REMOVE, &device), -ENOTSUP, "needs a memfd");
    REFUSED(fpr_arena_device(arena, FPR_ARENA_PUNCH, &device), -ENOTSUP, "needs a memfd");
    REFUSED(fpr_arena_get_stats(no_arena, &stats), -EINVAL, "no arena");
    REFUSED(fpr_arena_get_stats(arena, NULL), -EINVAL, "no place for the answer");
}

/* Memory outside the arena is never given back, whatever the block says. */
static void test_foreign_blocks(void **state)
{
    (void)state;
    const struct fpr_sg wrong[] = {{0, 0},          {START + 64, 0}, {START, 7},
                                   {START + 63, 1}, {START, 63},     {START, UINT32_MAX},
                                   {UINT64_MAX, 0}};
    struct fpr_arena_stats stats;
    *(char *)fpr_arena_address(arena, START) = 'x';
    assert_int_equal(fpr_arena_device(arena, FPR_ARENA_DONTNEED, &device), 0);
    assert_int_equal(device.report(device.ctx, wrong, 7), 0);
    assert_int_equal(fpr_arena_get_stats(arena, &stats), 0);
    assert_int_equal(stats.outside_entries, 7);
    assert_int_equal(stats.returned_bytes, 0);
    assert_int_equal(*(char *)fpr_arena_address(arena, START), 'x');
}

static void test_guest(void **state)
{
    (void)state;
    struct fpr_guest_config bad;
    struct fpr_guest_stats stats;
    struct fpr_zone_config zone;
    REFUSED(fpr_guest_config_init(NULL), -EINVAL, "no configuration");
    REFUSED(fpr_guest_create(NULL, MADE(fpr_guest)), -EINVAL, "no configuration");
    REFUSED(fpr_guest_create(&config, NULL), -EINVAL, "no place for the guest");
#define BAD(field, value, answer, wrong)                                                           \
    bad = config;                                                                                  \
    bad.field = (value);                                                                           \
    REFUSED(fpr_guest_create(&bad, MADE(fpr_guest)), answer, wrong)
    BAD(profile, FPR_NR_PROFILES, -EINVAL, "unknown profile");
    BAD(pages, 0, -EINVAL, "no pages");
    BAD(pages, UINT64_MAX, -EINVAL, "wraps");
    BAD(cpus, 0, -EINVAL, "no cpu");
    BAD(cpus, UINT32_MAX, -EINVAL, "too many cpus");
    BAD(arena.backing, FPR_ARENA_HUGETLB + 1, -EINVAL, "no such backing");
    BAD(give_back, FPR_ARENA_PROCESS_MADVISE + 1, -EINVAL, "no such mode");
    BAD(give_back, FPR_ARENA_PUNCH, -ENOTSUP, "needs a memfd");
    BAD(report.capacity, 0, -EINVAL, "no entries");
    BAD(report.order, 11, -EINVAL, "larger than any block");
    BAD(pins, FPR_PIN_IGNORE + 1, -EINVAL, "no such policy");
    assert_int_equal(fpr_zone_config_init(&zone, FPR_PROFILE_V16), 0);
    zone.max_order = 0;
    BAD(zone, &zone, -EINVAL, "impossible geometry");
    assert_int_equal(fpr_zone_config_init(&zone, FPR_PROFILE_V16), 0);
    zone.page_shift = (size_t)1 << 14 == fpr_arena_page_size(arena) ? 12 : 14;
    BAD(zone, &zone, -EINVAL, "other pages than the system's");
#undef BAD
    REFUSED(fpr_guest_machine(none), 0, "no guest");
    REFUSED(fpr_guest_arena(none), 0, "no guest");
    REFUSED(fpr_guest_reporter(none), 0, "no guest");
    REFUSED(fpr_guest_iova(none), 0, "no guest");
    REFUSED(fpr_guest_device(none), 0, "no guest");
    REFUSED(fpr_guest_get_stats(none, &stats), -EINVAL, "no guest");
    REFUSED(fpr_guest_get_stats(guest, NULL), -EINVAL, "no place for the answer");
    IGNORED(fpr_guest_destroy(NULL), "no guest");
}

static void test_parts(void **state)
{
    (void)state;
    IGNORED(fpr_machine_destroy(fpr_guest_machine(guest)), "the guest's machine");
    IGNORED(fpr_zone_destroy(fpr_machine_zone(fpr_guest_machine(guest), 0)), "the guest's zone");
    IGNORED(fpr_reporter_destroy(fpr_guest_reporter(guest)), "the guest's reporter");
    IGNORED(fpr_arena_destroy(fpr_guest_arena(guest)), "the guest's arena");
    IGNORED(fpr_iova_space_destroy(fpr_guest_iova(guest)), "the guest's IOVA map");
    *(char *)fpr_arena_address(fpr_guest_arena(guest), 0) = 'x'; /* it is there still */
    assert_int_equal(fpr_reporter_pass(fpr_guest_reporter(guest), NULL), 0);
}

/* The map cannot go, and so nothing does. */
static void test_guest_with_readers(void **state)
{
    (void)state;
    struct fpr_iova_reader *reader;
    assert_int_equal(fpr_iova_reader_create(fpr_guest_iova(guest), &reader), 0);
    IGNORED(fpr_guest_destroy(guest), "its map has a reader");
    fpr_iova_reader_destroy(reader);
}

static bool ended;

static int on_visit(void *ctx, uint64_t iova, uint64_t size, uint64_t vaddr, unsigned prot)
{
    (void)ctx;
    (void)iova;
    (void)size;
    (void)vaddr;
    (void)prot;
    ended = true;
    fpr_guest_destroy(guest); /* the map, whose lock is held, cannot be compared */
    return 0;
}

static void on_unmap(void *ctx, struct fpr_iova_space *space, uint64_t iova, uint64_t size)
{
    (void)ctx;
    ended = true;
    fpr_guest_destroy(guest);
    assert_int_equal(fpr_iova_unpin_range(space, iova, size), 1);
}

static void test_guest_from_its_map(void **state)
{
    (void)state;
    struct fpr_iova_space *space = fpr_guest_iova(guest);
    const uint64_t page = fpr_arena_page_size(fpr_guest_arena(guest));
    const uint64_t at = (uint64_t)(uintptr_t)fpr_arena_address(fpr_guest_arena(guest), 0);
    const uint64_t iova = 16 * page;
    void *pinned;
    assert_int_equal(fpr_iova_map(space, iova, page, at, FPR_IOVA_READ | FPR_IOVA_WRITE), 0);
    ended = false;
    assert_int_equal(fpr_iova_walk(space, on_visit, NULL), 0);
    assert_true(ended);
    assert_int_equal(fpr_iova_set_device(space, on_unmap, NULL), 0);
    assert_int_equal(fpr_iova_pin(space, iova, 1, FPR_IOVA_WRITE, &pinned), 1);
    ended = false;
    assert_int_equal(fpr_iova_unmap(space, iova, page, NULL), 0);
    assert_true(ended);
    assert_int_equal(fpr_reporter_pass(fpr_guest_reporter(guest), NULL), 0);
}

static void on_end(void *ctx, fpr_ns now, const struct fpr_pass_result *result)
{
    (void)ctx;
    (void)now;
    (void)result;
    ended = true;
    IGNORED(fpr_guest_destroy(guest), "in a pass");
}

static void on_event(void *ctx, const struct fpr_event *event)
{
    (void)ctx;
    (void)event;
    ended = true;
    fpr_guest_destroy(guest); /* the zone cannot be compared here, where it is about to change */
}

static void test_guest_from_callbacks(void **state)
{
    (void)state;
    const struct fpr_report_observer observer = {.pass_end = on_end};
    const struct fpr_event_sink sink = {.event = on_event};
    struct fpr_zone *zone = fpr_machine_zone(fpr_guest_machine(guest), 0);
    fpr_pfn pfn;
    ended = false;
    assert_int_equal(fpr_reporter_set_observer(fpr_guest_reporter(guest), &observer), 0);
    assert_int_equal(fpr_reporter_pass(fpr_guest_reporter(guest), NULL), 0);
    assert_true(ended);
    assert_int_equal(fpr_reporter_set_observer(fpr_guest_reporter(guest), NULL), 0);
    ended = false;
    assert_int_equal(fpr_zone_set_event_sink(zone, &sink), 0);
    assert_int_equal(fpr_zone_alloc(zone, 0, FPR_GFP_KERNEL, 0, &pfn), 0);
    assert_true(ended);
    assert_int_equal(fpr_zone_set_event_sink(zone, NULL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_arena_creating),       TEST(test_arena),
        TEST(test_foreign_blocks),       TEST(test_guest),
        TEST(test_guest_from_callbacks), TEST(test_parts),
        TEST(test_guest_with_readers),   TEST(test_guest_from_its_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
