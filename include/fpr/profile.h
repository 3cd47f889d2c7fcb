/** @file profile.h
 *  Which kernel is modelled: a profile is a table of small named policies, each with its code in
 *  one place, so that a researcher can take a profile and change one rule.
 */
#ifndef FPR_PROFILE_H
#define FPR_PROFILE_H

#include <fpr/types.h>

/** Kernels that the library knows. */
enum fpr_profile {
    FPR_PROFILE_V16 = 0, /**< the patch series v16 on 5.5; the same as Linux 5.7–5.9 (default) */
    FPR_PROFILE_LINUX_5_10, /**< tail placement of put-back, moves and boot frees */
    FPR_PROFILE_LINUX_5_14, /**< per-cpu lists of several orders, settable reporting order */
    FPR_PROFILE_LINUX_6_1,  /**< Debian 12's kernel */
    FPR_PROFILE_LINUX_6_12, /**< Debian 13's kernel */
};
/** Number of profiles. */
#define FPR_NR_PROFILES 5

/** Which end of a free list a block goes to. */
enum fpr_place {
    FPR_PLACE_RULE = 0, /**< as an ordinary free: tail if the parent's buddy is free, else head */
    FPR_PLACE_HEAD,     /**< always the head */
    FPR_PLACE_TAIL,     /**< always the tail */
};

/** When two buddies at or above the pageblock order may merge although their pageblocks differ. */
enum fpr_merge_rule {
    FPR_MERGE_UNLESS_ISOLATED, /**< v16–5.17: only ISOLATE is kept apart, while any exists */
    FPR_MERGE_IF_MERGEABLE,    /**< 5.18–6.9: HIGHATOMIC and ISOLATE are kept apart */
    FPR_MERGE_AND_CONVERT,     /**< 6.10+: as before, and the buddy takes the freed block's type */
};

/** What happens when the wanted type's lists are empty. */
enum fpr_fallback_rule {
    FPR_FALLBACK_STEAL_RETRY, /**< v16–6.9: move blocks to the wanted type, then try again */
    FPR_FALLBACK_CLAIM_STEAL, /**< 6.12: claim whole pageblocks, else steal one block as it is */
};

/** Layout, refill and drain of the per-cpu lists. */
enum fpr_pcp_rule {
    FPR_PCP_ORDER0,      /**< v16–5.13: order 0, round robin in growing runs */
    FPR_PCP_MULTI_RR,    /**< 5.14–5.17: orders 0–3 and the pageblock order, same round robin */
    FPR_PCP_MULTI_DRAIN, /**< 5.18+: a drain empties list after list from the one freed to */
};

/** High-order atomic reserves. */
enum fpr_highatomic_rule {
    FPR_HIGHATOMIC_V16,  /**< v16–6.1: one pageblock at a time, limit 1 % + one pageblock */
    FPR_HIGHATOMIC_6_12, /**< 6.12: none below 1 % < a pageblock; whole blocks; free part withheld
                          */
};

/** How request flags bend the watermarks. */
enum fpr_watermark_rule {
    FPR_WATERMARK_V16, /**< v16–5.8: HIGH halves, ATOMIC takes a quarter more */
    FPR_WATERMARK_5_9, /**< 5.9–5.17: the order-0 shortcut compares unsigned (may wrap) */
    FPR_WATERMARK_6_1, /**< 6.1.y: reserves by HIGH and by not blocking */
};

/** Patch level of the series for reporting. */
enum fpr_patch_level {
    FPR_PATCH_LEVEL_P8 = 0, /**< the whole series: rotation and budget (default) */
    FPR_PATCH_LEVEL_P7,     /**< rotation, no budget */
    FPR_PATCH_LEVEL_P4,     /**< neither; a full batch goes out at once */
};

/** The rules in force. Fill it with fpr_profile_policy(), then change single rules (`pcp` and
 *  `pcp_lists` together). A zone is not made with rules that none of these enumerations has, or
 * that do not fit each other (-EINVAL). */
struct fpr_policy {
    enum fpr_profile base;           /**< the profile that the table came from */
    enum fpr_place putback;          /**< blocks coming back from a report */
    enum fpr_place move;             /**< moves between lists: HEAD or TAIL, not RULE */
    enum fpr_place boot;             /**< blocks released at boot */
    bool parent_in_zone;             /**< the tail rule needs a parent that begins in the zone */
    enum fpr_merge_rule merge;       /**< merging across pageblock types */
    enum fpr_fallback_rule fallback; /**< stealing */
    bool nofragment_any_order; /**< before 5.18: NOFRAGMENT's limit holds for larger requests */
    enum fpr_pcp_rule pcp;     /**< per-cpu lists; change it together with pcp_lists */
    unsigned pcp_lists;        /**< how many per-cpu lists that makes, and no other number: 3 with
                                    FPR_PCP_ORDER0, 15 with MULTI_RR, 14 with MULTI_DRAIN */
    enum fpr_highatomic_rule highatomic; /**< reserves */
    enum fpr_watermark_rule watermark;   /**< reserve access */
    bool free_by_pageblock;      /**< 6.10+: blocks above the pageblock order are freed in pieces */
    bool pcp_forgets;            /**< what-if: a page drained from a per-cpu list is freed as its
                                      pageblock's type then, not as the one it was put there with */
    bool isolate_moves_rest;     /**< 6.10+: isolation moves the rest of the pageblock too */
    bool move_needs_whole_block; /**< 6.10+: a pageblock cut by either zone end is never moved */
    bool report_order_settable;  /**< 5.14+: reporting order other than the pageblock order */
    bool report_order_kept;      /**< 6.4+: an administrator's order survives registration */
    bool shuffle_bit_is_tail;    /**< bit 1 of the shuffle source means tail (v16 on) */
};

/** Fills the table of a profile.
 *  @param profile which kernel
 *  @param policy  out
 *  @return 0, or -EINVAL (unknown profile or NULL). Thread safe. */
FPR_API int fpr_profile_policy(enum fpr_profile profile, struct fpr_policy *policy);

/** Name of a profile: "v16", "linux-5.10", "linux-5.14", "linux-6.1", "linux-6.12".
 *  @param profile which kernel
 *  @return static text, NULL for an unknown profile. Thread safe. */
FPR_API const char *fpr_profile_name(enum fpr_profile profile);

/** Finds a profile by its name.
 *  @param name    as fpr_profile_name() gives it
 *  @param profile out, untouched on failure
 *  @return 0, or -EINVAL. Thread safe. */
FPR_API int fpr_profile_from_name(const char *name, enum fpr_profile *profile);

/** The profile nearest to a kernel release ("6.1.0-50-cloud-amd64"): 5.5–5.9 v16, 5.10–5.13,
 *  5.14–5.17, 5.18–6.9 linux-6.1, 6.10 and later linux-6.12.
 *  @param release as uname -r prints it
 *  @param profile out, untouched on failure
 *  @return 0, -EINVAL (no version number) or -ENOTSUP (older than 5.5). Thread safe. */
FPR_API int fpr_profile_from_release(const char *release, enum fpr_profile *profile);

#endif
