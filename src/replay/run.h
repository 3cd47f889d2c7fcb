/* One replay under way. */
#ifndef FPR_REPLAY_RUN_H
#define FPR_REPLAY_RUN_H

#include "replay/infer.h"
#include "replay/op.h"

/* A growing list of buddy-level events, each packed into a word. */
struct event_log {
    uint64_t *keys;
    size_t nr, room;
};

/* A growing list of reported blocks of the pass under way. */
struct block_log {
    struct fpr_sg *sgs;
    size_t nr, room;
};

/* The recorded pass under way, and when the next one should come. */
struct pass_track {
    bool active;    /* between its begin and its end */
    bool started;   /* the model runs it, or ran it */
    bool requested; /* the model wants a pass */
    bool chained;   /* since the end of the pass before */
    fpr_ns requested_at;
    fpr_ns free_begin; /* when the pass would have begun on the model's own clock */
    fpr_ns begin;      /* recorded */
    struct block_log kernel, model;
};

/* Compaction and kswapd, as the trace tells. */
struct behind_scenes {
    struct fpr_zone *zone; /* being compacted */
    bool capturing;
    fpr_pfn captured;                        /* FPR_PFN_NONE: nothing */
    int balancing;                           /* highest zone index, -1: not */
    uint64_t boost[2 * FPR_NR_ZONE_INDICES]; /* of each zone when balancing began */
};

/* What the last pass left behind, bytes held by the host. */
struct pass_left {
    uint64_t budget, watermark;
    uint64_t budget_stops, refused; /* counters before the pass */
};

struct run {
    const struct fpr_prepared *p;
    const struct fpr_replay_options *o;
    struct fpr_replay_result *r;
    struct fpr_trace_error *error;
    bool predict, recorded; /* mode; reporting as recorded */
    bool resync;            /* repair after each miss */
    bool follows_free;      /* resynchronising, and the trace tells what leaves the free lists */
    bool lacks_bulk;        /* bulk allocations are not known */
    uint32_t without;
    bool looked;    /* watch.c: the one look at the machine is over */
    bool unwatched; /* this run is only a part of the replay: nobody is told */
    int err;        /* of a nested step */

    struct fpr_machine *machine;
    size_t nr_zones;
    unsigned page_shift;
    struct fpr_state_header header; /* of the starting state */
    uint64_t *free_at_start;        /* one bit a frame below `frames` */
    fpr_pfn frames;                 /* one past the highest frame of machine and trace */

    size_t pc; /* next operation */
    fpr_ns now;
    fpr_ns next_timer; /* the soonest of those below and of the clock */
    fpr_ns next_sample, next_grid, explain_at, look_at, register_at;

    struct fpr_clock *clock; /* NULL: passes at recorded instants */
    struct fpr_reporter *reporter;
    struct fpr_report_config config;
    struct fpr_device device;
    fpr_ns slack; /* of the kernel's timers */
    bool registered;
    struct pass_track pass;
    struct pass_left left;
    const struct fpr_sg *flight; /* batch with the device */
    unsigned nr_flight;
    bool refused; /* mirror: the device did not take them */

    struct fpr_host *host;
    struct fpr_device host_device;

    uint32_t *map;  /* allocation number -> first frame in the model, NONE32: has none */
    uint8_t *types; /* slot of a batched free -> type remembered, 0xff: none */
    /* mirror: frames on the kernel's per-cpu lists; resynchronising: frames on the
     * kernel's free lists, as far as its events tell; one bit each */
    uint64_t *limbo;
    struct behind_scenes behind;

    struct unseen_list *scout; /* not NULL: this run only finds what went unseen */
    struct unseen_play unseen;
    struct event_log mine, theirs;
    bool mute; /* repairs are no events of the model */
    uint64_t frees_lost, misfits, silent_frees;

    size_t rss_at; /* samples of rss.csv at or before now */
    size_t samples_room;
    double err_sum, err_centred, err_first;
    size_t nr_grid;
};

typedef int (*op_fn)(struct run *run, const struct op *op);

static inline bool run_knows(const struct run *run, enum fpr_knowledge bit)
{
    return !(run->without >> bit & 1);
}

static inline unsigned run_cpu(const struct run *run, const struct op *op)
{
    return op->cpu < run->header.cpus ? op->cpu : op->cpu % run->header.cpus;
}

static inline bool bit_get(const uint64_t *bits, fpr_pfn i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static inline void bits_put(uint64_t *bits, fpr_pfn i, uint64_t nr, bool on)
{
    for (; nr; i++, nr--)
        if (on)
            bits[i / 64] |= 1ull << (i % 64);
        else
            bits[i / 64] &= ~(1ull << (i % 64));
}

/* run.c: moves time on, doing what falls due. */
void fpr_run_time(struct run *run, fpr_ns to);
/* Fills `error` about an option. Returns -EINVAL. */
int fpr_run_refuse(struct fpr_trace_error *error, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Runs operations up to the next one whose kind is a bit of `stops`, or the end. */
int fpr_run_until(struct run *run, unsigned stops);

/* watch.c */
void fpr_watch_event(struct run *run, const struct fpr_event *event);
void fpr_watch_pass(struct run *run, const struct fpr_pass_result *result); /* NULL: it begins */
int fpr_watch_look(struct run *run);
bool fpr_watch_wants_events(const struct run *run);

/* start.c */
int fpr_start_machine(struct run *run);
/* Mirror: takes all pages off the per-cpu lists. */
int fpr_start_limbo(struct run *run);
/* Resynchronising: notes what is on the free lists. */
void fpr_start_kernel_free(struct run *run);
/* hide.c: a copy of a state's text without what the replay must not know; NULL: no memory. */
char *fpr_hide_state(const char *text, size_t len, uint32_t without, size_t *out_len);
/* start_proc.c: from kpageflags and zoneinfo. */
int fpr_start_from_flags(struct run *run, const struct fpr_policy *policy);

/* One handler a kind. */
extern const op_fn fpr_mirror_ops[NR_OP_KINDS];
extern const op_fn fpr_predict_ops[NR_OP_KINDS];

/* predict.c */
struct fpr_zone *fpr_run_zone(const struct run *run, fpr_pfn pfn);
/* Orders that the per-cpu lists of the profile hold. */
bool fpr_run_pcp_holds(const struct fpr_zone *zone, unsigned order);
void fpr_run_touch(struct run *run, fpr_pfn pfn, unsigned order);
/* behind.c: compaction, kswapd, vmstat */
int fpr_on_isolate(struct run *run, const struct op *op);
int fpr_on_compact(struct run *run, const struct op *op);
int fpr_on_compact_end(struct run *run, const struct op *op);
int fpr_on_drain_zone(struct run *run, const struct op *op);
int fpr_on_fold(struct run *run, const struct op *op);
int fpr_on_balance(struct run *run, const struct op *op);
int fpr_on_balance_end(struct run *run, const struct op *op);

/* score.c: scores an answer; returns the frame that the model ends up with. */
fpr_pfn fpr_run_took(struct run *run, const struct op *op, fpr_pfn got, const char *what);
int fpr_log_put(struct event_log *log, enum op_kind kind, fpr_pfn pfn, unsigned order);
void fpr_log_check(struct run *run);
int fpr_on_buddy_event(struct run *run, const struct op *op);
void fpr_score_listen(struct run *run, bool on);

/* repair.c */
fpr_pfn fpr_run_repair(struct run *run, const struct op *op, fpr_pfn got);
void fpr_run_repair_drained(struct run *run, const struct op *op);

/* passes.c and timing.c */
int fpr_passes_start(struct run *run);
int fpr_passes_register(struct run *run);
int fpr_passes_order(const struct run *run); /* in force in the recording; -1: not known */
void fpr_passes_finish(struct run *run);
int fpr_on_pass_begin(struct run *run, const struct op *op);
int fpr_on_pass_isolate(struct run *run, const struct op *op);
int fpr_on_report(struct run *run, const struct op *op);
int fpr_on_pass_end(struct run *run, const struct op *op);
fpr_ns fpr_timer_slack(fpr_ns delay);
void fpr_timing_requested(struct run *run);
void fpr_timing_begin(struct run *run, const struct op *op);
void fpr_timing_end(struct run *run, const struct op *op);
void fpr_match_add(struct run *run, struct block_log *log, const struct fpr_sg *sg, size_t nr);
void fpr_match_pass(struct run *run);

/* fpr_host_start.c */
int fpr_host_start(struct run *run);

/* curve.c and gap.c */
int fpr_curve_start(struct run *run);
int fpr_curve_sample(struct run *run, fpr_ns at);
void fpr_curve_grid(struct run *run, fpr_ns at);
int fpr_curve_finish(struct run *run);
void fpr_gap_measure(const struct run *run, struct fpr_gap *gap);
void fpr_gap_pass_begin(struct run *run);
void fpr_gap_pass_end(struct run *run);

/* diff.c */
int fpr_diff_after(struct run *run);
/* explain.c */
int fpr_explain_now(struct run *run, fpr_ns at);

#endif
