#include <fpr/profile.h>

#include <errno.h>
#include <string.h>

#define V16_RULES                                                                                  \
    .putback = FPR_PLACE_RULE, .move = FPR_PLACE_HEAD, .boot = FPR_PLACE_RULE,                     \
    .merge = FPR_MERGE_UNLESS_ISOLATED, .nofragment_any_order = true,                              \
    .fallback = FPR_FALLBACK_STEAL_RETRY, .pcp = FPR_PCP_ORDER0, .pcp_lists = 3,                   \
    .highatomic = FPR_HIGHATOMIC_V16, .watermark = FPR_WATERMARK_V16, .shuffle_bit_is_tail = true

#define TAIL_RULES                                                                                 \
    .putback = FPR_PLACE_TAIL, .move = FPR_PLACE_TAIL, .boot = FPR_PLACE_TAIL,                     \
    .parent_in_zone = true, .shuffle_bit_is_tail = true

static const struct {
    const char *name;
    struct fpr_policy policy;
} profiles[FPR_NR_PROFILES] = {
    {"v16", {.base = FPR_PROFILE_V16, V16_RULES}},
    {"linux-5.10",
     {.base = FPR_PROFILE_LINUX_5_10,
      TAIL_RULES,
      .merge = FPR_MERGE_UNLESS_ISOLATED,
      .nofragment_any_order = true,
      .fallback = FPR_FALLBACK_STEAL_RETRY,
      .pcp = FPR_PCP_ORDER0,
      .pcp_lists = 3,
      .highatomic = FPR_HIGHATOMIC_V16,
      .watermark = FPR_WATERMARK_5_9}},
    {"linux-5.14",
     {.base = FPR_PROFILE_LINUX_5_14,
      TAIL_RULES,
      .merge = FPR_MERGE_UNLESS_ISOLATED,
      .nofragment_any_order = true,
      .fallback = FPR_FALLBACK_STEAL_RETRY,
      .pcp = FPR_PCP_MULTI_RR,
      .pcp_lists = 15,
      .highatomic = FPR_HIGHATOMIC_V16,
      .watermark = FPR_WATERMARK_5_9,
      .report_order_settable = true}},
    {"linux-6.1",
     {.base = FPR_PROFILE_LINUX_6_1,
      TAIL_RULES,
      .merge = FPR_MERGE_IF_MERGEABLE,
      .fallback = FPR_FALLBACK_STEAL_RETRY,
      .pcp = FPR_PCP_MULTI_DRAIN,
      .pcp_lists = 14,
      .highatomic = FPR_HIGHATOMIC_V16,
      .watermark = FPR_WATERMARK_6_1,
      .report_order_settable = true}},
    {"linux-6.12",
     {.base = FPR_PROFILE_LINUX_6_12,
      TAIL_RULES,
      .merge = FPR_MERGE_AND_CONVERT,
      .fallback = FPR_FALLBACK_CLAIM_STEAL,
      .pcp = FPR_PCP_MULTI_DRAIN,
      .pcp_lists = 14,
      .highatomic = FPR_HIGHATOMIC_6_12,
      .watermark = FPR_WATERMARK_6_1,
      .free_by_pageblock = true,
      .isolate_moves_rest = true,
      .move_needs_whole_block = true,
      .report_order_settable = true,
      .report_order_kept = true}},
};

int fpr_profile_policy(enum fpr_profile profile, struct fpr_policy *policy)
{
    if (!policy || (unsigned)profile >= FPR_NR_PROFILES) {
        return -EINVAL;
    }
    *policy = profiles[profile].policy;
    return 0;
}

const char *fpr_profile_name(enum fpr_profile profile)
{
    return (unsigned)profile < FPR_NR_PROFILES ? profiles[profile].name : NULL;
}

int fpr_profile_from_name(const char *name, enum fpr_profile *profile)
{
    if (!name || !profile) {
        return -EINVAL;
    }
    for (unsigned k = 0; k < FPR_NR_PROFILES; k++) {
        if (strcmp(name, profiles[k].name) == 0) {
            *profile = (enum fpr_profile)k;
            return 0;
        }
    }
    return -EINVAL;
}

/* Reads "major.minor"; -1 for anything else. */
static int release_number(const char *release)
{
    int part[2] = {0, 0};
    for (int k = 0; k < 2; k++) {
        if (*release < '0' || *release > '9') {
            return -1;
        }
        while (*release >= '0' && *release <= '9' && part[k] < 1000) {
            part[k] = part[k] * 10 + (*release++ - '0');
        }
        if (k == 0 && *release++ != '.') {
            return -1;
        }
    }
    return part[0] * 1000 + part[1];
}

int fpr_profile_from_release(const char *release, enum fpr_profile *profile)
{
    int n = release && profile ? release_number(release) : -1;
    if (n < 0) {
        return -EINVAL;
    }
    if (n < 5005) {
        return -ENOTSUP;
    }
    *profile = n < 5010   ? FPR_PROFILE_V16
               : n < 5014 ? FPR_PROFILE_LINUX_5_10
               : n < 5018 ? FPR_PROFILE_LINUX_5_14
               : n < 6010 ? FPR_PROFILE_LINUX_6_1
                          : FPR_PROFILE_LINUX_6_12;
    return 0;
}
