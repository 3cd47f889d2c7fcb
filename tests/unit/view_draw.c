/* Drawings of a zone whose every block is known, and the JSON of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/fpr.h>
#include <fpr/view.h>

#include "support/text.h"

/* 32 frames, orders to 4, pageblocks of 8: the second one unmovable, the third one a hole. */
static struct fpr_machine *sample(const char *name)
{
    struct fpr_machine_config config;
    struct fpr_zone_config zone;
    const struct fpr_range hole = {16, 8};
    struct fpr_machine *m = NULL;
    fpr_zone_config_init(&zone, FPR_PROFILE_V16);
    zone.name = name;
    zone.spanned = 32;
    zone.max_order = 4;
    zone.pageblock_order = 3;
    zone.empty = true;
    zone.holes = &hole;
    zone.nr_holes = 1;
    zone.pcp_auto = false;
    zone.pcp_high = 6;
    zone.pcp_batch = 3;
    fpr_machine_config_init(&config);
    config.zones = &zone;
    config.nr_zones = 1;
    config.compute_watermarks = false;
    assert_int_equal(fpr_machine_create(&config, &m), 0);
    struct fpr_zone *z = fpr_machine_zone(m, 0);
    assert_int_equal(fpr_zone_load_pageblock(z, 8, FPR_UNMOVABLE), 0);
    assert_int_equal(fpr_zone_load_free(z, 2, 1, FPR_MOVABLE, false), 0);
    assert_int_equal(fpr_zone_load_free(z, 4, 2, FPR_MOVABLE, true), 0);
    assert_int_equal(fpr_zone_load_free(z, 24, 2, FPR_MOVABLE, false), 0);
    assert_int_equal(fpr_zone_load_allocated(z, 8, 2, false), 0);
    assert_int_equal(fpr_zone_load_pcp(z, 0, FPR_UNMOVABLE, 12, FPR_UNMOVABLE), 0);
    assert_int_equal(fpr_zone_load_allocated_rest(z, 0, 16, true), 0);
    assert_int_equal(fpr_zone_load_allocated_rest(z, 24, 8, true), 0);
    return m;
}

typedef int (*draw_fn)(const struct fpr_zone *zone, const struct fpr_draw_options *options,
                       fpr_write_fn write, void *ctx);

static void draws(draw_fn draw, const struct fpr_draw_options *o, const char *want)
{
    struct test_text t = {.data = NULL};
    struct fpr_machine *m = sample("Normal");
    assert_int_equal(draw(fpr_machine_zone(m, 0), o, test_text_append, &t), 0);
    assert_string_equal(t.data, want);
    free(t.data);
    fpr_machine_destroy(m);
}

static void test_lists(void **state)
{
    (void)state;
    draws(fpr_draw_free_lists, NULL,
          "order  1  Movable      0x2\n"
          "order  2  Movable      0x4* 0x18\n"
          "cpu  0, order  0  Unmovable    0xc\n");
    const struct fpr_draw_options window = {.start = 16};
    draws(fpr_draw_free_lists, &window, "order  2  Movable      0x18\n");
    const struct fpr_draw_options nothing = {.start = 16, .pages = 8};
    draws(fpr_draw_free_lists, &nothing, "no free block\n");
    const struct fpr_draw_options color = {.color = true, .start = 24};
    draws(fpr_draw_free_lists, &color,
          "order  2  \033[32mMovable\033[0m      0x18\033[1m\033[0m\n");
}

static void test_long_lists_are_cut(void **state)
{
    (void)state;
    struct test_text t = {.data = NULL};
    struct fpr_machine *m = NULL;
    const struct fpr_draw_options o = {.width = 50};
    assert_int_equal(fpr_machine_create_simple(FPR_PROFILE_V16, 1u << 16, &m), 0);
    assert_int_equal(fpr_draw_free_lists(fpr_machine_zone(m, 0), &o, test_text_append, &t), 0);
    assert_string_equal(t.data, "order 10  Movable      0xfc00 0xf800 +62 more\n");
    free(t.data);
    fpr_machine_destroy(m);
}

/* In 40 columns a short list is whole, and of a long one at least the head is there. */
static void test_lists_on_a_narrow_screen(void **state)
{
    (void)state;
    struct test_text t = {.data = NULL};
    struct fpr_machine *m = sample("Normal");
    struct fpr_zone *z = fpr_machine_zone(m, 0);
    const struct fpr_draw_options o = {.width = 40};
    for (fpr_pfn p = 14; p < 16; p++) {
        assert_int_equal(fpr_zone_pcp_push(z, p, 0, 0), 0);
    }
    assert_int_equal(fpr_zone_take(z, 2, 1), 0);
    assert_int_equal(fpr_draw_free_lists(z, &o, test_text_append, &t), 0);
    assert_string_equal(t.data, "order  2  Movable      0x4* 0x18\n"
                                "cpu  0, order  0  Unmovable    0xf\n"
                                "                               +2 more\n");
    free(t.data);
    fpr_machine_destroy(m);
}

#define LEGEND_40 "U M R H I in use, by pageblock; . free;\n* reported; p per-cpu; h held; - hole\n"
#define LEGEND    "U M R H I in use, by pageblock; . free; * reported; p per-cpu; h held; - hole\n"

static void test_map(void **state)
{
    (void)state;
    draws(fpr_draw_map, NULL,
          "0x0  MM..****UUUUpUUU--------....MMMM\n"
          "pageblocks of 8 frames: 0x0 M, 0x8 U, 0x10 M\n" LEGEND);
    const struct fpr_draw_options part = {.start = 4, .pages = 6, .width = 40};
    draws(fpr_draw_map, &part,
          "0x0      ****UU\n"
          "pageblocks of 8 frames: 0x4 M, 0x8 U\n" LEGEND_40);
    const struct fpr_draw_options narrow = {.width = 40};
    draws(fpr_draw_map, &narrow,
          "0x0  MM..****UUUUpUUU--------....MMMM\n"
          "pageblocks of 8 frames: 0x0 M, 0x8 U,\n0x10 M\n" LEGEND_40);
}

/* A large zone does not fit: groups, and tenths where they are mixed. */
static void test_map_of_groups(void **state)
{
    (void)state;
    struct test_text t = {.data = NULL};
    struct fpr_machine *m = NULL;
    fpr_pfn pfn;
    assert_int_equal(fpr_machine_create_simple(FPR_PROFILE_V16, 1u << 16, &m), 0);
    assert_int_equal(fpr_zone_alloc(fpr_machine_zone(m, 0), 4, FPR_GFP_HIGHUSER_MOVABLE, 0, &pfn),
                     0);
    assert_int_equal(fpr_draw_map(fpr_machine_zone(m, 0), NULL, test_text_append, &t), 0);
    assert_non_null(strstr(t.data, "\n0xf800  ................................5"));
    assert_non_null(strstr(t.data, "a character is 32 frames; a digit: mixed"));
    free(t.data);
    fpr_machine_destroy(m);
}

/* Of one zone, whose frames are yet to be said what they are. */
static struct fpr_machine *empty_machine(uint64_t pages, unsigned max_order, unsigned pageblock)
{
    struct fpr_machine_config config;
    struct fpr_zone_config zone;
    struct fpr_machine *m = NULL;
    fpr_zone_config_init(&zone, FPR_PROFILE_V16);
    zone.spanned = pages;
    zone.max_order = max_order;
    zone.pageblock_order = pageblock;
    zone.empty = true;
    fpr_machine_config_init(&config);
    config.zones = &zone;
    config.nr_zones = 1;
    config.compute_watermarks = false;
    assert_int_equal(fpr_machine_create(&config, &m), 0);
    return m;
}

/* A cell that is wholly in use, but in more than one way, is nine tenths: there is no tenth digit.
 */
static void test_map_of_full_groups(void **state)
{
    (void)state;
    struct test_text t = {.data = NULL};
    struct fpr_machine *m = empty_machine(4096, 8, 5);
    struct fpr_zone *z = fpr_machine_zone(m, 0);
    assert_int_equal(fpr_zone_load_pcp(z, 0, FPR_MOVABLE, 0, FPR_MOVABLE), 0);
    assert_int_equal(fpr_zone_load_allocated_rest(z, 0, 4096, true), 0);
    assert_int_equal(fpr_draw_map(z, NULL, test_text_append, &t), 0);
    assert_non_null(strstr(t.data, "a character is 2 frames"));
    assert_int_equal(strncmp(t.data, "0x0    9MMM", 11), 0);
    free(t.data);
    fpr_machine_destroy(m);
}

/* A held block, and more changes of type than are told. */
static void test_map_of_many_types(void **state)
{
    (void)state;
    struct test_text t = {.data = NULL};
    struct fpr_machine *m = empty_machine(128, 4, 3);
    struct fpr_zone *z = fpr_machine_zone(m, 0);
    for (fpr_pfn p = 8; p < 128; p += 16)
        assert_int_equal(fpr_zone_load_pageblock(z, p, FPR_UNMOVABLE), 0);
    for (fpr_pfn p = 64; p < 128; p += 8)
        assert_int_equal(fpr_zone_load_free(z, p, 3, p & 8 ? FPR_UNMOVABLE : FPR_MOVABLE, false),
                         0);
    assert_int_equal(fpr_zone_load_free(z, 4, 0, FPR_MOVABLE, false), 0);
    assert_int_equal(fpr_zone_load_allocated_rest(z, 0, 128, true), 0);
    assert_int_equal(fpr_zone_isolate(z, 4, 0), 0);
    assert_int_equal(fpr_draw_map(z, NULL, test_text_append, &t), 0);
    assert_non_null(strstr(t.data, "0x0  MMMMhMMMUUUUUUUU"));
    assert_non_null(strstr(t.data, "0x50 M, 0x58 U, +4 more\n"));
    free(t.data);
    fpr_machine_destroy(m);
}

static void test_tree(void **state)
{
    (void)state;
    draws(fpr_draw_tree, NULL,
          "0x0 order 4: split\n"
          "  0x0 order 3: split\n"
          "    0x0 order 2: split\n"
          "      0x0 order 1: in use, 2 pages in 2 blocks\n"
          "      0x2 order 1: free, Movable\n"
          "    0x4 order 2: free, Movable, reported\n"
          "  0x8 order 3: nothing free, 8 pages in 5 blocks\n"
          "0x10 order 4: split\n"
          "  0x10 order 3: hole, 8 pages in 8 blocks\n"
          "  0x18 order 3: split\n"
          "    0x18 order 2: free, Movable\n"
          "    0x1c order 2: in use, 4 pages in 4 blocks\n");
}

static void test_equal_blocks_are_one_line(void **state)
{
    (void)state;
    struct test_text t = {.data = NULL};
    struct fpr_machine *m = NULL;
    assert_int_equal(fpr_machine_create_simple(FPR_PROFILE_V16, 1u << 20, &m), 0);
    assert_int_equal(fpr_draw_tree(fpr_machine_zone(m, 0), NULL, test_text_append, &t), 0);
    assert_string_equal(t.data, "0x0 order 10 and 1023 more like it: free, Movable\n");
    free(t.data);
    fpr_machine_destroy(m);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (; (text = strstr(text, what)); text++) {
        n++;
    }
    return n;
}

/* Every element is closed, every list has its blocks, and it follows the reader's scheme. */
static void test_svg(void **state)
{
    (void)state;
    struct test_text t = {.data = NULL};
    struct fpr_machine *m = sample("Normal");
    assert_int_equal(fpr_draw_svg(fpr_machine_zone(m, 0), NULL, test_text_append, &t), 0);
    assert_int_equal(
        strncmp(t.data, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 480 ", 55), 0);
    assert_string_equal(t.data + t.len - 7, "</svg>\n");
    assert_int_equal(count(t.data, "<text"), count(t.data, "</text>"));
    assert_int_equal(count(t.data, "<rect"), count(t.data, "\"/>") - count(t.data, "<path"));
    assert_non_null(strstr(t.data, "prefers-color-scheme:dark"));
    assert_int_equal(count(t.data, "class=\"b s s"), 4); /* one a block on a list */
    assert_non_null(strstr(t.data, ">0x18</text>"));
    const char *used = strstr(t.data, ">in use:</text>"); /* what solid colours are */
    assert_non_null(used);
    assert_true(used < strstr(t.data, ">Unmovable</text>"));
    free(t.data);
    fpr_machine_destroy(m);
}

static void test_json(void **state)
{
    (void)state;
    struct test_text t = {.data = NULL};
    struct fpr_machine *m = sample("N\"\\");
    assert_int_equal(fpr_view_json(m, test_text_append, &t), 0);
    assert_int_equal(count(t.data, "{"), count(t.data, "}"));
    assert_int_equal(count(t.data, "["), count(t.data, "]"));
    assert_int_equal(count(t.data, ",}") + count(t.data, ",]"), 0);
    assert_non_null(strstr(t.data, "\"name\":\"N\\\"\\\\\""));
    assert_non_null(strstr(t.data, "\"free\":10,\"nr_free\":[0,1,2,0,0]"));
    assert_non_null(strstr(t.data, "{\"order\":2,\"type\":\"Movable\",\"blocks\":["
                                   "{\"pfn\":4,\"reported\":true},{\"pfn\":24,\"reported\":false}"
                                   "]}"));
    assert_non_null(strstr(t.data, "{\"start\":8,\"pages\":8,\"type\":\"Unmovable\"}"));
    assert_non_null(strstr(t.data, "{\"kind\":\"reserved\",\"pfn\":16,\"order\":0,\"count\":8}"));
    assert_non_null(strstr(t.data, "{\"pfn\":12,\"type\":0}"));
    free(t.data);
    fpr_machine_destroy(m);
}

static void test_errors(void **state)
{
    (void)state;
    const draw_fn all[] = {fpr_draw_free_lists, fpr_draw_map, fpr_draw_tree, fpr_draw_svg};
    struct fpr_machine *m = sample("Normal");
    const struct fpr_zone *z = fpr_machine_zone(m, 0);
    const struct fpr_draw_options outside = {.start = 32};
    struct test_text full = {.fail = 7};
    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
        assert_int_equal(all[k](NULL, NULL, test_text_append, &full), -EINVAL);
        assert_int_equal(all[k](z, NULL, NULL, NULL), -EINVAL);
        assert_int_equal(all[k](z, &outside, test_text_append, &full), -EINVAL);
        assert_int_equal(all[k](z, NULL, test_text_append, &full), 7);
    }
    fpr_machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_long_lists_are_cut),
        cmocka_unit_test(test_lists_on_a_narrow_screen),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_map_of_groups),
        cmocka_unit_test(test_map_of_full_groups),
        cmocka_unit_test(test_map_of_many_types),
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_equal_blocks_are_one_line),
        cmocka_unit_test(test_svg),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
