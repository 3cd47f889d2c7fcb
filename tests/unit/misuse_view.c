/* Wrong calls of view.h. */
#include <fpr/view.h>

#include "support/digest.h"
#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fpr_machine *m, *none;
static const struct fpr_zone *z, *no_zone;
static int index_out;

static int accept(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    (void)text;
    (void)len;
    return 0;
}

static int stop(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    (void)text;
    (void)len;
    return -EPIPE;
}

static int setup(void **state)
{
    (void)state;
    fpr_pfn pfn;
    assert_int_equal(fpr_machine_create_simple(FPR_PROFILE_LINUX_6_1, 4096, &m), 0);
    assert_int_equal(fpr_alloc_pages(m, 0, FPR_GFP_KERNEL, &pfn), 0);
    z = fpr_machine_zone(m, 0);
    misuse_watch(digest_machine, m);
    misuse_watch_bytes(&index_out, sizeof(index_out));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fpr_machine_destroy(m);
    return misuse_end();
}

static void test_formats(void **state)
{
    (void)state;
    REFUSED(fpr_view_buddyinfo(none, accept, NULL), -EINVAL, "no machine");
    REFUSED(fpr_view_buddyinfo(m, NULL, NULL), -EINVAL, "nowhere to write");
    REFUSED(fpr_view_buddyinfo(m, stop, NULL), -EPIPE, "what the writer says");
    REFUSED(fpr_view_pagetypeinfo(none, accept, NULL), -EINVAL, "no machine");
    REFUSED(fpr_view_pagetypeinfo(m, NULL, NULL), -EINVAL, "nowhere to write");
    REFUSED(fpr_view_pagetypeinfo(m, stop, NULL), -EPIPE, "what the writer says");
    REFUSED(fpr_view_unusable_index(none, accept, NULL), -EINVAL, "no machine");
    REFUSED(fpr_view_unusable_index(m, NULL, NULL), -EINVAL, "nowhere to write");
    REFUSED(fpr_view_unusable_index(m, stop, NULL), -EPIPE, "what the writer says");
    REFUSED(fpr_view_extfrag_index(none, accept, NULL), -EINVAL, "no machine");
    REFUSED(fpr_view_extfrag_index(m, NULL, NULL), -EINVAL, "nowhere to write");
    REFUSED(fpr_view_extfrag_index(m, stop, NULL), -EPIPE, "what the writer says");
    REFUSED(fpr_view_json(none, accept, NULL), -EINVAL, "no machine");
    REFUSED(fpr_view_json(m, NULL, NULL), -EINVAL, "nowhere to write");
    REFUSED(fpr_view_json(m, stop, NULL), -EPIPE, "what the writer says");
    REFUSED(fpr_zone_unusable_index(no_zone, 0), -EINVAL, "no zone");
    REFUSED(fpr_zone_unusable_index(z, 11), -EINVAL, "no such order");
    REFUSED(fpr_zone_unusable_index(z, UINT32_MAX), -EINVAL, "no such order");
    REFUSED(fpr_zone_extfrag_index(no_zone, 0, &index_out), -EINVAL, "no zone");
    REFUSED(fpr_zone_extfrag_index(z, 11, &index_out), -EINVAL, "no such order");
    REFUSED(fpr_zone_extfrag_index(z, 0, NULL), -EINVAL, "no place for the answer");
}

typedef int (*draw_fn)(const struct fpr_zone *zone, const struct fpr_draw_options *options,
                       fpr_write_fn write, void *ctx);

static void refuse_drawing(draw_fn draw)
{
    const struct fpr_draw_options behind = {.start = 4096}, none_such = {.start = FPR_PFN_NONE};
    const struct fpr_draw_options much = {.pages = UINT64_MAX}, wide = {.width = UINT32_MAX};
    const struct fpr_draw_options half = {.width = 0x80000020};
    REFUSED(draw(no_zone, NULL, accept, NULL), -EINVAL, "no zone");
    REFUSED(draw(z, NULL, NULL, NULL), -EINVAL, "nowhere to write");
    REFUSED(draw(z, &behind, accept, NULL), -EINVAL, "begins behind the zone");
    REFUSED(draw(z, &none_such, accept, NULL), -EINVAL, "begins at no frame");
    REFUSED(draw(z, NULL, stop, NULL), -EPIPE, "what the writer says");
    REFUSED(draw(z, &much, accept, NULL), 0, "more than there is: all of it");
    REFUSED(draw(z, &wide, accept, NULL), 0, "wider than any screen");
    REFUSED(draw(z, &half, accept, NULL), 0, "wider than any screen");
}

static void test_drawings(void **state)
{
    (void)state;
    refuse_drawing(fpr_draw_free_lists);
    refuse_drawing(fpr_draw_map);
    refuse_drawing(fpr_draw_tree);
    refuse_drawing(fpr_draw_svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_formats, setup, teardown),
        cmocka_unit_test_setup_teardown(test_drawings, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
