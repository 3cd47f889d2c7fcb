/* Wrong calls of host.h, and every request for memory that its functions make failing. */
#include <fpr/host.h>

#include "support/digest.h"
#include "support/lean_mem.h"
#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PAGES = 1000 };

static struct lean_mem mem;
static struct fpr_host_config config;
static struct fpr_host *host, *none;

/* Where answers would go. */
static struct fpr_host *made;
static struct fpr_host_stats stats;
static struct fpr_device device;

static int setup(void **state)
{
    (void)state;
    lean_mem_init(&mem);
    assert_int_equal(fpr_host_config_init(&config), 0);
    config.pages = PAGES;
    config.mode = FPR_HOST_FREE;
    config.mem = &mem.ops;
    assert_int_equal(fpr_host_create(&config, &host), 0);
    assert_int_equal(fpr_host_touch(host, 600, 1), PAGES - 512);
    assert_int_equal(fpr_host_drop(host, 600, 8), 0);
    misuse_watch(digest_host, host);
    misuse_watch_bytes((void *)&made, sizeof(made));
    misuse_watch_bytes(&stats, sizeof(stats));
    misuse_watch_bytes(&device, sizeof(device));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_host_destroy(host);
    assert_int_equal(mem.blocks, 0);
    return misuse_end();
}

static void test_creating(void **state)
{
    (void)state;
    REFUSED(fpr_host_config_init(NULL), -EINVAL, "no configuration");
    REFUSED(fpr_host_create(NULL, &made), -EINVAL, "no configuration");
    REFUSED(fpr_host_create(&config, NULL), -EINVAL, "no place for the host");
    struct fpr_host_config bad;
#define BAD(field, value, wrong)                                                                   \
    bad = config;                                                                                  \
    bad.field = (value);                                                                           \
    REFUSED(fpr_host_create(&bad, &made), -EINVAL, wrong)
    BAD(pages, 0, "no pages");
    BAD(pages, (1ull << 40) + 1, "too many pages");
    BAD(pages, UINT64_MAX, "would overflow");
    BAD(page_shift, 11, "no such page size");
    BAD(page_shift, 17, "no such page size");
    BAD(backing_shift, 11, "no such backing page");
    BAD(backing_shift, 31, "no such backing page");
    BAD(mode, FPR_HOST_INHIBITED + 1, "no such mode");
    BAD(mem, &lean_mem_half[0], "metadata without zalloc");
    BAD(mem, &lean_mem_half[1], "metadata without free");
#undef BAD
    IGNORED(fpr_host_destroy(NULL), "no host");
}

static void test_pages(void **state)
{
    (void)state;
    REFUSED(fpr_host_load_resident(none, 0, 1), -EINVAL, "no host");
    REFUSED(fpr_host_touch(none, 0, 1), -EINVAL, "no host");
    REFUSED(fpr_host_drop(none, 0, 1), -EINVAL, "no host");
    REFUSED(fpr_host_resident_in(none, 0, 1), -EINVAL, "no host");
    static const struct {
        fpr_pfn pfn;
        uint64_t pages;
        const char *wrong;
    } outside[] = {
        {PAGES, 1, "behind the memory"},
        {PAGES - 1, 2, "reaches out"},
        {PAGES + 1, 0, "behind the memory"},
        {0, UINT64_MAX, "reaches out"},
        {UINT64_MAX, 2, "wraps"},
        {PAGES - 1, UINT64_MAX, "wraps"},
    };
    for (size_t k = 0; k < sizeof(outside) / sizeof(outside[0]); k++) {
        fpr_pfn pfn = outside[k].pfn;
        uint64_t pages = outside[k].pages;
        REFUSED(fpr_host_load_resident(host, pfn, pages), -EINVAL, outside[k].wrong);
        REFUSED(fpr_host_touch(host, pfn, pages), -EINVAL, outside[k].wrong);
        REFUSED(fpr_host_drop(host, pfn, pages), -EINVAL, outside[k].wrong);
        REFUSED(fpr_host_resident_in(host, pfn, pages), -EINVAL, outside[k].wrong);
    }
    REFUSED(fpr_host_pressure(none), -EINVAL, "no host");
    REFUSED(fpr_host_resident_pages(none), 0, "no host");
    REFUSED(fpr_host_huge_pages(none), 0, "no host");
    REFUSED(fpr_host_get_stats(none, &stats), -EINVAL, "no host");
    REFUSED(fpr_host_get_stats(host, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_host_cost_ns(none, 1, 1), 0, "no host");
    REFUSED(fpr_host_device(none, &device), -EINVAL, "no host");
    REFUSED(fpr_host_device(host, NULL), -EINVAL, "no place for the answer");
}

/* A hypervisor skips what is not the guest's memory, and says that all went well. */
static void test_foreign_blocks(void **state)
{
    (void)state;
    const struct fpr_sg wrong[] = {{PAGES, 0}, {512, 9}, {0, 64}, {0, UINT32_MAX}, {UINT64_MAX, 0}};
    struct fpr_host_stats before, after;
    assert_int_equal(fpr_host_device(host, &device), 0);
    fpr_host_get_stats(host, &before);
    int64_t resident = fpr_host_resident_in(host, 0, PAGES);
    assert_int_equal(device.report(device.ctx, wrong, 5), 0);
    fpr_host_get_stats(host, &after);
    assert_int_equal(after.misaligned_entries - before.misaligned_entries, 5);
    assert_int_equal(fpr_host_resident_in(host, 0, PAGES), resident);
}

static void test_start(void **state)
{
    (void)state;
    const struct fpr_range behind = {PAGES, 1}, wraps = {1, UINT64_MAX};
    struct fpr_host_start start = {0};
    REFUSED(fpr_host_load_start(none, &start), -EINVAL, "no host");
    REFUSED(fpr_host_load_start(host, NULL), -EINVAL, "no start");
#define BAD(list, count, value, wrong)                                                             \
    start = (struct fpr_host_start){.list = (value), .count = 1};                                  \
    REFUSED(fpr_host_load_start(host, &start), -EINVAL, wrong)
    BAD(memory, nr_memory, NULL, "a count without a list");
    BAD(memory, nr_memory, &behind, "behind the memory");
    BAD(memory, nr_memory, &wraps, "wraps");
    BAD(free, nr_free, NULL, "a count without a list");
    BAD(free, nr_free, &behind, "behind the memory");
    BAD(reported, nr_reported, NULL, "a count without a list");
    BAD(reported, nr_reported, &wraps, "wraps");
#undef BAD
    REFUSED(fpr_host_load_measured(none, 1, false), -EINVAL, "no host");
    REFUSED(fpr_host_load_measured(host, 0, true), PAGES - 512,
            "less than there is changes nothing");
}

static int do_create(void *ctx)
{
    const struct fpr_host_config *c = ctx;
    struct fpr_host *copy = NULL;
    int err = fpr_host_create(c, &copy);
    fpr_host_destroy(copy);
    return err;
}

static void test_no_memory(void **state)
{
    (void)state;
    const struct fpr_range all = {0, PAGES};
    const struct fpr_host_start start = {.memory = &all, .nr_memory = 1};
    assert_int_equal(lean_mem_exhaust(&mem, do_create, &config), 6);
    config.mode = FPR_HOST_DONTNEED;
    assert_int_equal(lean_mem_exhaust(&mem, do_create, &config), 5);
    mem.fail_on = false;
    for (unsigned n = 1; n <= 2; n++) {
        size_t out = mem.bytes;
        mem.fail_at = mem.asked + n;
        REFUSED(fpr_host_load_start(host, &start), -ENOMEM, "no memory");
        mem.fail_at = 0;
        assert_int_equal(mem.bytes, out);
    }
    assert_int_equal(fpr_host_load_start(host, &start), PAGES);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_creating), TEST(test_pages),     TEST(test_foreign_blocks),
        TEST(test_start),    TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
