/** @file import.h
 *  A machine that begins where a real one stands (libfprtrace): from /proc/zoneinfo and what else
 *  there is of /proc/kpageflags, /proc/pagetypeinfo and /proc/buddyinfo.
 */
#ifndef FPR_IMPORT_H
#define FPR_IMPORT_H

#include <fpr/machine.h>
#include <fpr/trace.h>

/** How to import. Zero-initialise for defaults. */
struct fpr_import_options {
    const char *suffix; /**< of the files' names: ".before", ".after"; NULL: none, as in /proc */
    const struct fpr_policy *policy; /**< rules to use; NULL: Linux 6.1's */
    unsigned cpus;                   /**< sets of per-cpu lists, up to 1024; 0: 1 */
    const struct fpr_mem_ops *mem;   /**< metadata source; NULL: fpr_mem_default() */
};

/** What was known, and how well it fits together: files of a running machine are read one after
 *  the other, so that small differences are usual. */
struct fpr_import_result {
    /** From kpageflags: free blocks are exact; else their addresses are made up, only their
     *  numbers are the machine's. A copy that ends before the last zone does is not used. */
    bool frames_known;
    /** From pagetypeinfo: how many pageblocks and free blocks there are of each type; else guessed
     *  from what is in a pageblock (with kpageflags), or all movable. */
    bool types_known;
    uint64_t free_told;  /**< pages on free lists by buddyinfo or pagetypeinfo; else by zoneinfo,
                              which counts some per-cpu pages elsewhere */
    uint64_t free_pages; /**< pages free in the machine that was made */
    uint64_t displaced;  /**< free blocks that are in a pageblock of another type */
};

/** Makes a machine from files in a folder, plain, .gz or .zst: `zoneinfo`, which must be there,
 *  and as many of `kpageflags` (8 bytes a frame; root only), `pagetypeinfo` (root only) and
 *  `buddyinfo` as there are. "/proc" is such a folder. List order and per-cpu lists cannot be
 * known: lists are in rising order, pages on per-cpu lists count as allocated.
 *  @param folder  where
 *  @param options NULL: defaults
 *  @param machine out, untouched on failure
 *  @param result  out, may be NULL
 *  @param error   out on failure, may be NULL
 *  @return 0, -ENOENT (no zoneinfo, or none of the others), -EINVAL (malformed, or the files cannot
 *  be of one machine), -EIO, -EACCES, -ENOMEM, -ENOTSUP (compression not built in). */
FPR_API int fpr_machine_import(const char *folder, const struct fpr_import_options *options,
                               struct fpr_machine **machine, struct fpr_import_result *result,
                               struct fpr_trace_error *error);

#endif
