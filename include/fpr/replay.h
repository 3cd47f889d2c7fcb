/** @file replay.h
 *  Driving a machine from a recorded trace (libfprtrace).
 *
 *  A trace is prepared once (parsed, its lines tied together) and then replayed as often as
 *  wanted, also from several threads at once: a prepared trace is never changed by a replay.
 */
#ifndef FPR_REPLAY_H
#define FPR_REPLAY_H

#include <fpr/event.h>
#include <fpr/host.h>
#include <fpr/report.h>
#include <fpr/trace.h>

/** A trace made ready for replay. Opaque. */
struct fpr_prepared;

/** Prepares a folder, trace file or native file: reads it and everything beside it.
 *  @return 0, -ENOENT, -EINVAL, -EIO, -ENOMEM; `error` says where and what. */
FPR_API int fpr_prepare(const char *path, const struct fpr_trace_options *options,
                        struct fpr_prepared **prepared, struct fpr_trace_error *error);
/** Frees. NULL is accepted. */
FPR_API void fpr_prepared_free(struct fpr_prepared *prepared);
/** What the reader saw. @return 0, -EINVAL. */
FPR_API int fpr_prepared_summary(const struct fpr_prepared *prepared, struct fpr_trace_summary *s);
/** The recording's other files; lives as long as `prepared`. */
FPR_API const struct fpr_recording *fpr_prepared_recording(const struct fpr_prepared *prepared);

/** How to replay. */
enum fpr_replay_mode {
    FPR_REPLAY_AUTO = 0, /**< predict where there is a state.before, or where of reporting passes
                              only the instants are known, or if an option is about predictions;
                              else mirror */
    FPR_REPLAY_MIRROR,   /**< the kernel's own buddy-level events are applied */
    FPR_REPLAY_PREDICT,  /**< the model serves the requests itself */
};

/** Knowledge that can be hidden (names as in `--without`): X(bit name, word, meaning). */
#define FPR_KNOWLEDGE(X)                                                                           \
    X(GOT, "got", "the instant at which a page left the free lists")                               \
    X(BATCHED, "batched", "the instant at which a batched free entered the list")                  \
    X(BULK, "bulk", "allocations by the bulk allocator")                                           \
    X(TRYLOCK, "trylock", "which requests found the per-cpu lists locked")                         \
    X(FACTOR, "factor", "free_factor at the start")                                                \
    X(PCP, "pcp", "the per-cpu lists at the start")                                                \
    X(ORDER, "order", "the order of the free lists at the start")                                  \
    X(PBTYPE, "pbtype", "the pageblock types at the start")                                        \
    X(REPORT, "report", "reporting passes")                                                        \
    X(GFP, "gfp", "the zone limit of gfp flags")                                                   \
    X(REMEMBER, "remember", "the type that pages on per-cpu lists remember")                       \
    X(DRIFT, "drift", "the lag of NR_FREE_PAGES")                                                  \
    X(FOLD, "fold", "the instants at which that lag is folded in")                                 \
    X(RECLAIM, "reclaim", "when kswapd is balancing")                                              \
    X(ISOLATE, "isolate", "blocks that compaction takes")                                          \
    X(DRAIN, "drain", "drain_pages_zone() calls")                                                  \
    X(CAPTURE, "capture", "blocks that direct compaction captures")                                \
    X(LRU, "lru", "which pages count as movable")

/** Bits of hidden knowledge. */
enum fpr_knowledge {
#define FPR_X(bit, word, text) FPR_KNOW_BIT_##bit, /**< text */
    FPR_KNOWLEDGE(FPR_X)
#undef FPR_X
        FPR_NR_KNOWLEDGE /**< how many */
};

/** Who looks on while a replay goes. Zero-initialise; NULL: nobody. Everything here is told once,
 *  also where a replay is repeated to infer what the trace lacks. */
struct fpr_replay_watch {
    const struct fpr_event_sink *events;        /**< each event of the model, of all zones */
    const struct fpr_report_observer *observer; /**< begin and end of each pass of the model */
    struct fpr_clock *clock; /**< stands at the trace's time whenever one of the two is called */
    /** Sees the machine once; must not change it. An error ends the replay and is returned. */
    int (*look)(void *ctx, const struct fpr_machine *machine, fpr_ns now);
    void *look_ctx; /**< its first argument */
    fpr_ns look_at; /**< trace time, within the replay; UINT64_MAX: the end */
};

/** How one replay goes. Fill with fpr_replay_options_init(). */
struct fpr_replay_options {
    enum fpr_replay_mode mode;       /**< default AUTO */
    bool profile_set;                /**< use `profile` instead of the trace's kernel */
    enum fpr_profile profile;        /**< see profile_set */
    bool resync;                     /**< repair after each miss (predict; mirror refuses it) */
    bool repair;                     /**< where bulk allocations are not known (plain traces, or
                                          hidden), infer them from a first, resynchronising replay;
                                          the better one counts. Default true */
    uint32_t without;                /**< 1 << FPR_KNOW_BIT_*: hidden knowledge (as resync) */
    bool as_recorded;                /**< reporting as recorded: order, on/off, instants (default);
                                          false: the knobs below and the clock */
    bool reporting;                  /**< with as_recorded false: a device is registered (true) */
    struct fpr_report_config report; /**< with as_recorded false: knobs */
    struct fpr_host_config host;     /**< host model; pages and page_shift are filled in */
    fpr_ns sample_every;             /**< step of the curves, 1 ms to 146 years; default 0.5 s */
    bool explain;                    /**< fill `explanation` at explain_at */
    fpr_ns explain_at;               /**< trace time, within the replay */
    /** Told of every batch before the host is; may be NULL. One with less room (max_nents) than a
     *  batch may have is refused. Its error keeps the batch from the host, is counted and, but in a
     *  mirror, ends the pass. Its order wish counts with as_recorded false and report.order -1. */
    const struct fpr_device *device;
    const struct fpr_replay_watch *watch; /**< who looks on; may be NULL */
    /** Non-zero: give up with -EINTR; may be NULL. Read atomically: a signal handler or another
     * thread may store to it so. */
    const volatile int *stop;
};
/** Fills the defaults. @return 0, -EINVAL. */
FPR_API int fpr_replay_options_init(struct fpr_replay_options *options);

/** The gap: free in the guest, yet held by the host; bytes. X(name, meaning) */
#define FPR_GAP_PARTS(X)                                                                           \
    X(no_device, "no device is registered: nothing is reported")                                   \
    X(below_order, "in blocks below the reporting order")                                          \
    X(waiting_delay, "at or above it, waiting for the next pass")                                  \
    X(waiting_budget, "at or above it, left by the last pass because the budget ran out")          \
    X(waiting_watermark, "at or above it, the pass or the isolation was refused by a watermark")   \
    X(pcp, "on per-cpu lists")                                                                     \
    X(in_flight, "isolated, with the device")                                                      \
    X(reported_held, "reported, yet held: the backing page is larger or was touched beside it")

/** See FPR_GAP_PARTS. */
struct fpr_gap {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_GAP_PARTS(FPR_X)
#undef FPR_X
};

/** One point of the curves. */
struct fpr_replay_sample {
    fpr_ns time;             /**< trace time */
    uint64_t host_bytes;     /**< resident on the simulated host */
    uint64_t measured_bytes; /**< rss.csv at or before this instant; 0 without */
    uint64_t free_bytes;     /**< free in the guest, per-cpu lists included */
    struct fpr_gap gap;      /**< why free memory is still held */
    uint64_t refaults;       /**< so far, pages */
};

/** Why predictions missed: X(name, meaning). */
#define FPR_MISS_KINDS(X)                                                                          \
    X(in_pcp, "the kernel's block is on a per-cpu list of the model")                              \
    X(in_buddy, "it is on a free list of the model")                                               \
    X(allocated, "the model has it allocated")                                                     \
    X(partly, "the model has it partly allocated")                                                 \
    X(kernel_failed, "the kernel's request failed, the model's did not")                           \
    X(model_failed, "the model's request failed")

/** See FPR_MISS_KINDS. */
struct fpr_misses {
#define FPR_X(name, text) uint64_t name; /**< text */
    FPR_MISS_KINDS(FPR_X)
#undef FPR_X
};

/** How the model's state differs from state.after, summed over zones. */
struct fpr_state_diff {
    bool known;               /**< there was a state.after */
    uint64_t blocks_missing;  /**< free blocks of the kernel that the model has not */
    uint64_t blocks_extra;    /**< the other way round */
    uint64_t lists;           /**< free lists with blocks on either side */
    uint64_t lists_reordered; /**< same blocks, other order */
    uint64_t lists_differ;    /**< other blocks */
    uint64_t pageblocks;      /**< pageblocks of another type */
    uint64_t pcp_lists;       /**< per-cpu lists that differ */
    uint64_t flags;           /**< Reported flags that differ */
    uint64_t counters;        /**< nr_free, free, boost, free_factor… that differ */
};

/** What a replay found. Arrays are freed by fpr_replay_result_free(). */
struct fpr_replay_result {
    enum fpr_replay_mode mode;       /**< the one used */
    char profile[16];                /**< rules used */
    char start[160];                 /**< where the starting state came from and what that costs */
    uint64_t events;                 /**< records replayed */
    double seconds;                  /**< CPU time of the replay itself */
    fpr_ns span;                     /**< trace time covered */
    uint64_t free_pages_end;         /**< NR_FREE_PAGES, exact, all zones */
    bool free_set_known;             /**< there is a state.after or kpageflags.after */
    uint64_t free_set_missing;       /**< pages free in the kernel, not in the model */
    uint64_t free_set_extra;         /**< the other way round */
    uint64_t allocs;                 /**< requests scored */
    uint64_t allocs_exact;           /**< with the kernel's pfn; mirror: of a block that the model
                                          has off its free lists */
    bool missed;                     /**< there was a miss */
    uint64_t first_miss;             /**< number of the request, from 0 */
    char first_miss_cause[320];      /**< in words */
    struct fpr_misses misses;        /**< by kind */
    uint64_t repaired;               /**< pages of bulk allocations that were inferred */
    uint64_t failed;                 /**< requests that only the kernel could serve: it reclaimed */
    uint64_t frees_lost;             /**< frees of pages that the model has not allocated */
    uint64_t buddy_events;           /**< zone_locked and drain events of the trace */
    uint64_t buddy_wrong;            /**< not predicted */
    uint64_t batches;                /**< recorded report calls within the span */
    uint64_t batches_wrong;          /**< of these, not predicted entry by entry */
    uint64_t report_calls;           /**< of the model */
    uint64_t reported_bytes;         /**< of the model */
    uint64_t device_failed;          /**< calls that the options' device refused */
    int device_error;                /**< what it answered first; 0: none */
    uint64_t recorded_report_bytes;  /**< of the trace */
    uint64_t matched_report_bytes;   /**< reported by both in the same pass */
    uint64_t notifications;          /**< of the model */
    uint64_t notifications_recorded; /**< of the trace; UINT64_MAX if it has none */
    uint64_t passes;                 /**< recorded */
    uint64_t passes_within_60ms;     /**< whose instant was predicted within 60 ms */
    double pass_drift_max_ms;        /**< free-running: largest drift of an instant */
    bool rss_known;                  /**< there is an rss.csv */
    double rss_mae_mib;              /**< mean error of the host curve */
    double rss_mae_centred_mib;      /**< the same, first difference removed */
    double rss_max_mib;              /**< largest error */
    double host_mean_mib;            /**< of the curve */
    double host_peak_mib;            /**< of the curve */
    double host_end_mib;             /**< at the end */
    double host_gib_min;             /**< integral */
    double back_50_s;                /**< after the last peak: time until half of what came back had
                                          come back; -1: nothing did */
    double back_90_s;                /**< the same for 90 % */
    double back_99_s;                /**< the same for 99 % */
    struct fpr_host_stats host;      /**< refaults, zeroing, splits … */
    struct fpr_report_stats report;  /**< calls, entries, walks … */
    uint64_t cost_ns;                /**< by the cost constants */
    struct fpr_gap gap_mean;         /**< mean over the span */
    struct fpr_gap gap_end;          /**< at the end */
    struct fpr_state_diff state_after; /**< against the kernel's */
    struct fpr_replay_sample *samples; /**< the curves */
    size_t nr_samples;                 /**< how many */
    char *explanation;                 /**< text, NULL unless asked for */
};
/** Replays. Deterministic: the same prepared trace and options give the same result
 *  (but `seconds`).
 *  @param result out; empty on failure, so that there is nothing to free
 *  @return 0, -EINVAL (option out of range; `error` names it), -ENOMEM, -EINTR. */
FPR_API int fpr_replay(const struct fpr_prepared *prepared,
                       const struct fpr_replay_options *options, struct fpr_replay_result *result,
                       struct fpr_trace_error *error);
/** Frees what the result points to. */
FPR_API void fpr_replay_result_free(struct fpr_replay_result *result);

/** Finds a word of FPR_KNOWLEDGE. @return its bit number or -EINVAL. */
FPR_API int fpr_knowledge_find(const char *word, size_t len);

#endif
