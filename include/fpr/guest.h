/** @file guest.h
 *  One guest put together: machine, memory behind it, reporter and IOVA map; the place where
 *  pinned memory meets reporting.
 *
 *  Its passes run by hand or by a virtual clock, as its device is registered from the start. For a
 *  thread that runs them in real time (thread.h) make the guest `locked` and without a clock,
 *  fpr_reporter_unregister() fpr_guest_device() from its reporter, make the thread, and register
 *  that device with it; the thread is destroyed before the guest.
 */
#ifndef FPR_GUEST_H
#define FPR_GUEST_H

#include <fpr/arena.h>
#include <fpr/iova.h>
#include <fpr/report.h>

/** A guest. Opaque. */
struct fpr_guest;

/** What reporting does about pinned memory (a hypervisor inhibits discards while memory is pinned
 *  for a device, as its pages would no longer be those that the device writes to). */
enum fpr_pin_policy {
    FPR_PIN_SKIP = 0, /**< blocks with a pinned page are not reported. A page that another thread
                           pins between that question and the device's call goes with its block all
                           the same: such hazards are counted as with FPR_PIN_IGNORE, and none are
                           possible while nobody pins during a pass. Blocks that were reported
                           before they were pinned stay reported; their content was gone then */
    FPR_PIN_INHIBIT,  /**< while anything is pinned, reports are acknowledged, nothing returned */
    FPR_PIN_IGNORE,   /**< pinned pages are reported and discarded: the hazard, made visible */
};

/** How to build a guest. */
struct fpr_guest_config {
    enum fpr_profile profile;           /**< default FPR_PROFILE_V16 */
    uint64_t pages;                     /**< memory, one zone from frame 0 */
    bool locked;                        /**< several threads; default false */
    unsigned cpus;                      /**< default 1 */
    const struct fpr_zone_config *zone; /**< rules, geometry and watermarks of the zone instead of
                                             the profile's; start, spanned, locked and cpus are
                                             filled in, page_shift must be the system's; NULL
                                             (default): the profile's, with the system's pages */
    struct fpr_arena_config arena;      /**< backing; start and pages are filled in */
    enum fpr_arena_mode give_back;      /**< default FPR_ARENA_DONTNEED */
    struct fpr_report_config report;    /**< knobs; may_report is the guest's own */
    enum fpr_pin_policy pins;           /**< default FPR_PIN_SKIP */
    struct fpr_clock *clock;            /**< the reporter's virtual clock, outlives the guest;
                                             NULL: passes by hand */
    bool hardware; /**< a hardware-backed group is in the IOVA space beside the emulated device:
                        whatever is mapped is pinned; default false */
};

/** Counters: X(name, meaning). Of pages that were discarded, pinned_pages has the old frames that
 * the emulated device keeps; nobody can ask for those that the hardware keeps. */
#define FPR_GUEST_STATS(X)                                                                         \
    X(pinned_pages, "frames pinned now, each once")                                                \
    X(kept_back_bytes, "free, large enough to report, but left alone now because of pins")         \
    X(inhibited_calls, "report calls acknowledged without returning anything")                     \
    X(inhibited_bytes, "bytes in them")                                                            \
    X(hazards, "pages discarded while a pin on them existed, each once a discard")

/** See FPR_GUEST_STATS. */
struct fpr_guest_stats {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_GUEST_STATS(FPR_X)
#undef FPR_X
};

/** Fills the defaults. @return 0, -EINVAL. */
FPR_API int fpr_guest_config_init(struct fpr_guest_config *config);
/** Builds it: machine, arena, IOVA space (v2, merged profile), reporter with the arena's device
 *  registered. @return 0, -EINVAL, -ENOMEM, -ENOTSUP. */
FPR_API int fpr_guest_create(const struct fpr_guest_config *config, struct fpr_guest **guest);
/** Frees everything, or nothing: a guest whose IOVA space has readers is left alone as a whole, and
 *  so it is in a pass and from callbacks of its parts. NULL is accepted. */
FPR_API void fpr_guest_destroy(struct fpr_guest *guest);
/** Its parts; they live as long as the guest, and go with it alone: destroying one does nothing.
 *  Who changes the reporter's knobs begins with fpr_reporter_get_config(), which has the guest's
 *  own may_report. NULL for NULL. */
FPR_API struct fpr_machine *fpr_guest_machine(struct fpr_guest *guest);
/** See fpr_guest_machine(). */
FPR_API struct fpr_arena *fpr_guest_arena(struct fpr_guest *guest);
/** See fpr_guest_machine(). */
FPR_API struct fpr_reporter *fpr_guest_reporter(struct fpr_guest *guest);
/** See fpr_guest_machine(). */
FPR_API struct fpr_iova_space *fpr_guest_iova(struct fpr_guest *guest);
/** What it registered with its reporter: the arena's device, with the pins minded. It lives as long
 *  as the guest. NULL for NULL. */
FPR_API const struct fpr_device *fpr_guest_device(const struct fpr_guest *guest);
/** Counters, also beside other threads. @return 0, -EINVAL (also from a callback of a `locked`
 * zone). */
FPR_API int fpr_guest_get_stats(const struct fpr_guest *guest, struct fpr_guest_stats *stats);

#endif
