/* Every request for memory failing that libfpr makes of the default source: clocks, devices,
 * plug-ins, arenas, guests; and machines, whose large tables are mappings. */
#include <fpr/devices.h>
#include <fpr/guest.h>

#include "support/digest.h"
#include "support/lean_heap.h"
#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fpr_device next;
static struct fpr_arena_config arena_config;
static struct fpr_guest_config guest_config;

static int ignore(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    (void)text;
    (void)len;
    return 0;
}

/* Makes one and frees it. */
#define ACT(name, type, create)                                                                    \
    static int name(void *ctx)                                                                     \
    {                                                                                              \
        (void)ctx;                                                                                 \
        struct fpr_##type *made = NULL;                                                            \
        int err = create;                                                                          \
        fpr_##type##_destroy(made);                                                                \
        return err;                                                                                \
    }
ACT(do_clock, clock, fpr_clock_create(0, &made))
ACT(do_writer, writer, fpr_writer_create(NULL, &next, ignore, NULL, &made))
ACT(do_counting, counting, fpr_counting_create(&next, &made))
ACT(do_arena, arena, fpr_arena_create(&arena_config, &made))
ACT(do_guest, guest, fpr_guest_create(&guest_config, &made))
ACT(do_machine, machine, fpr_machine_create_simple(FPR_PROFILE_V16, 1 << 20, &made))

static int do_chain(void *ctx)
{
    (void)ctx;
    const struct fpr_device *const devices[] = {&next, &next};
    struct fpr_chain *chain = NULL;
    int err = fpr_chain_create(devices, 2, &chain);
    fpr_chain_destroy(chain);
    return err;
}

static int do_fault(void *ctx)
{
    (void)ctx;
    struct fpr_fault_config config;
    struct fpr_fault *fault = NULL;
    fpr_fault_config_init(&config);
    int err = fpr_fault_create(&config, &fault);
    fpr_fault_destroy(fault);
    return err;
}

static int do_balloon(void *ctx)
{
    (void)ctx;
    struct fpr_balloon_config config;
    struct fpr_balloon *balloon = NULL;
    fpr_balloon_config_init(&config, FPR_PROFILE_V16);
    int err = fpr_balloon_create(&config, &balloon);
    fpr_balloon_destroy(balloon);
    return err;
}

static int do_plugin(void *ctx)
{
    (void)ctx;
    struct fpr_plugin *plugin = NULL;
    int err = fpr_plugin_load(FPR_TEST_PLUGINS "/sample.so", "0", &plugin, NULL, 0);
    fpr_plugin_unload(plugin);
    return err;
}

/* A batch that cannot be kept is refused, and is not passed on; the earlier ones stay. */
static int do_recorder(void *ctx)
{
    (void)ctx;
    static const struct fpr_sg sg[] = {{512, 9}, {1024, 9}};
    struct fpr_recorder *recorder = NULL;
    struct fpr_device device;
    int err = fpr_recorder_create(NULL, &next, &recorder);
    if (!err)
        err = fpr_recorder_device(recorder, &device);
    size_t kept = 0;
    for (; kept < 65 && !err; kept += !err)
        err = device.report(device.ctx, sg, 2);
    assert_int_equal(fpr_recorder_count(recorder), kept);
    fpr_recorder_destroy(recorder);
    return err;
}

static void test_small_things(void **state)
{
    (void)state;
    assert_int_equal(lean_heap_exhaust(do_clock, NULL), 1);
    assert_int_equal(lean_heap_exhaust(do_writer, NULL), 1);
    assert_int_equal(lean_heap_exhaust(do_counting, NULL), 1);
    assert_int_equal(lean_heap_exhaust(do_chain, NULL), 1);
    assert_int_equal(lean_heap_exhaust(do_fault, NULL), 1);
    assert_int_equal(lean_heap_exhaust(do_balloon, NULL), 1);
    assert_int_equal(lean_heap_exhaust(do_plugin, NULL), 1);
    assert_int_equal(lean_heap_exhaust(do_recorder, NULL), 1 + 65 + 2);
}

static void test_memory_of_the_process(void **state)
{
    (void)state;
    assert_int_equal(fpr_arena_config_init(&arena_config), 0);
    arena_config.pages = 64;
    assert_int_equal(lean_heap_exhaust(do_arena, NULL), 1 + 2);
    arena_config.backing = FPR_ARENA_MEMFD;
    assert_int_equal(lean_heap_exhaust(do_arena, NULL), 1 + 2);
}

static void test_guest(void **state)
{
    (void)state;
    assert_int_equal(fpr_guest_config_init(&guest_config), 0);
    guest_config.pages = 4096;
    assert_true(lean_heap_exhaust(do_guest, NULL) >= 1 + 9 + 3 + 3 + 2);
}

static void test_mapped_tables(void **state)
{
    (void)state;
    assert_int_equal(lean_heap_exhaust(do_machine, NULL), 9);
}

/* A report of a pinned page that the map cannot keep a copy of fails, and nothing is lost: the
 * block is told of again. */
static void test_report_of_a_pinned_page(void **state)
{
    (void)state;
    struct fpr_guest *guest;
    struct fpr_pass_result result;
    struct fpr_guest_stats stats;
    void *page;
    assert_int_equal(fpr_guest_config_init(&guest_config), 0);
    guest_config.pages = 4096;
    guest_config.pins = FPR_PIN_IGNORE;
    guest_config.report.capacity = 1; /* a pass wants a batch free */
    guest_config.report.budget_divisor = 0;
    assert_int_equal(fpr_guest_create(&guest_config, &guest), 0);
    struct fpr_iova_space *space = fpr_guest_iova(guest);
    void *memory = fpr_arena_address(fpr_guest_arena(guest), 512);
    assert_int_equal(fpr_iova_map(space, 0, 4096, (uintptr_t)memory, FPR_IOVA_READ), 0);
    assert_int_equal(fpr_iova_pin(space, 0, 1, FPR_IOVA_READ, &page), 1);
    assert_int_equal(lean_heap_fail(1), 0);
    assert_int_equal(fpr_reporter_pass(fpr_guest_reporter(guest), &result), 0);
    assert_int_equal(lean_heap_fail(0), 1);
    assert_int_equal(result.error, -ENOMEM);
    assert_int_equal(fpr_guest_get_stats(guest, &stats), 0);
    assert_int_equal(stats.hazards, 0);
    assert_int_equal(fpr_reporter_pass(fpr_guest_reporter(guest), &result), 0);
    assert_int_equal(result.error, 0);
    assert_int_equal(fpr_guest_get_stats(guest, &stats), 0);
    assert_int_equal(stats.hazards, 1);
    fpr_guest_destroy(guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_things),
        cmocka_unit_test(test_memory_of_the_process),
        cmocka_unit_test(test_guest),
        cmocka_unit_test(test_mapped_tables),
        cmocka_unit_test(test_report_of_a_pinned_page),
    };
    fpr_device_null(&next);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
