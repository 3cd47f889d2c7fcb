/* Wrong calls of what takes no handle: gfp.h, profile.h, event.h, types.h, mem.h. */
#include <fpr/event.h>
#include <fpr/gfp.h>
#include <fpr/mem.h>
#include <fpr/profile.h>

#include "support/misuse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static fpr_gfp gfp;
static enum fpr_profile profile;
static struct fpr_policy policy;

static int setup(void **state)
{
    (void)state;
    misuse_watch_bytes(&gfp, sizeof(gfp));
    misuse_watch_bytes(&profile, sizeof(profile));
    misuse_watch_bytes(&policy, sizeof(policy));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return misuse_end();
}

static void test_gfp(void **state)
{
    (void)state;
    REFUSED(fpr_gfp_migratetype(FPR_GFP_ALL_BITS + 1), -EINVAL, "unknown bit");
    REFUSED(fpr_gfp_migratetype(UINT32_MAX), -EINVAL, "unknown bits");
    REFUSED(fpr_gfp_migratetype(FPR_GFP_MOVABLE | FPR_GFP_RECLAIMABLE), -EINVAL, "two types");
    REFUSED(fpr_gfp_zone(UINT32_MAX), FPR_ZONE_DMA, "unknown bits are not looked at");
    REFUSED(fpr_gfp_zone(1u << 31), FPR_ZONE_NORMAL, "unknown bits are not looked at");
    REFUSED(fpr_gfp_parse(NULL, 9, &gfp), -EINVAL, "no text");
    REFUSED(fpr_gfp_parse("GFP_KERNEL", 10, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_gfp_parse("GFP_KERNEL", 0, &gfp), -EINVAL, "empty");
    REFUSED(fpr_gfp_parse("GFP_KERNEL|", 11, &gfp), -EINVAL, "nothing behind the bar");
    REFUSED(fpr_gfp_parse("GFP_KERNEL|GFP_X", 16, &gfp), -EINVAL, "unknown word");
    REFUSED(fpr_gfp_parse("0x100000000", 11, &gfp), -EINVAL, "a number of 33 bits");
}

static void test_profile(void **state)
{
    (void)state;
    const enum fpr_profile below = (enum fpr_profile) - 1;
    REFUSED(fpr_profile_policy(FPR_NR_PROFILES, &policy), -EINVAL, "unknown profile");
    REFUSED(fpr_profile_policy(below, &policy), -EINVAL, "unknown profile");
    REFUSED(fpr_profile_policy(FPR_PROFILE_V16, NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_profile_name(FPR_NR_PROFILES), 0, "unknown profile");
    REFUSED(fpr_profile_name(below), 0, "unknown profile");
    REFUSED(fpr_profile_from_name(NULL, &profile), -EINVAL, "no name");
    REFUSED(fpr_profile_from_name("v16", NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_profile_from_name("", &profile), -EINVAL, "empty");
    REFUSED(fpr_profile_from_name("v17", &profile), -EINVAL, "unknown name");
    REFUSED(fpr_profile_from_release(NULL, &profile), -EINVAL, "no release");
    REFUSED(fpr_profile_from_release("6.1", NULL), -EINVAL, "no place for the answer");
    REFUSED(fpr_profile_from_release("", &profile), -EINVAL, "empty");
    REFUSED(fpr_profile_from_release("six", &profile), -EINVAL, "no number");
    REFUSED(fpr_profile_from_release("6.", &profile), -EINVAL, "no minor number");
    REFUSED(fpr_profile_from_release("5.4", &profile), -ENOTSUP, "too old");
    REFUSED(fpr_profile_from_release("99999999999.1", &profile), -EINVAL, "would overflow");
}

static void test_names(void **state)
{
    (void)state;
    REFUSED(fpr_event_name(FPR_NR_EVENTS), 0, "unknown kind");
    REFUSED(fpr_event_name((enum fpr_event_type) - 1), 0, "unknown kind");
    assert_string_equal(fpr_migratetype_name(-1), "?");
    assert_string_equal(fpr_migratetype_name(FPR_NR_MIGRATETYPES), "?");
    assert_string_equal(fpr_zone_index_name(-1), "?");
    assert_string_equal(fpr_zone_index_name(FPR_NR_ZONE_INDICES), "?");
}

static void test_default_memory(void **state)
{
    (void)state;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    REFUSED(mem->zalloc(mem->ctx, SIZE_MAX), 0, "more than there is");
    REFUSED(mem->zalloc(mem->ctx, SIZE_MAX - 4096), 0, "more than there is");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_gfp),
        TEST(test_profile),
        TEST(test_names),
        TEST(test_default_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
