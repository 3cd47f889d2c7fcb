/* fpr-bench import: a recording as one native file, and what is wrong with it. */
#ifndef BENCH_IMPORT_H
#define BENCH_IMPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <fpr/trace.h>

struct json_object;

/* What the recording lost or says twice; "first" is a record number, from 1. */
struct import_losses {
    uint64_t lost_events; /* that the kernel itself says were lost */
    uint64_t unpaired;    /* frees of pages that nothing allocated */
    uint64_t first_unpaired;
    fpr_pfn unpaired_pfn;
    uint64_t doubled; /* allocations of pages that were allocated */
    uint64_t first_doubled;
    fpr_pfn doubled_pfn;
    uint64_t before_trace; /* frees of pages whose start is not known: allocated before, or lost */
    uint64_t events;       /* allocations and frees looked at */
    uint64_t misfit_pages; /* of those that do not fit */
    bool foreign;          /* state.before was taken at another time than the trace says */
    bool unmarked;         /* there is a state.before, and the trace does not say of when */
    char after[160];       /* why state.after cannot be read; empty: it can, or there is none */
    uint64_t backwards;    /* records whose time is before that of the one before */
    fpr_ns back_most;      /* by so much at most */
    bool start_known;      /* from state.before or kpageflags.before */
};

/* Follows the pages through the records. Opaque. */
struct import_check;
/* Takes what the recording knows of the start. Ends the program if there is no memory. */
struct import_check *import_check_new(const struct fpr_recording *rec);
void import_check_record(struct import_check *check, const struct fpr_trace_record *record);
/* Also completes the summary's count of lost events by the recording's own. */
void import_check_end(struct import_check *check, struct fpr_trace_summary *summary,
                      struct import_losses *losses);

/* Frees and allocations that only lost events, or the state of another recording, explain. Without
 * probes of the bulk allocator and of compaction frees alone do not count. */
uint64_t import_misfits(const struct fpr_trace_summary *summary,
                        const struct import_losses *losses);

/* For people: what was read, what is wrong, and what that means for replays. */
void import_report(const struct fpr_trace_summary *summary, const struct import_losses *losses,
                   FILE *to);
struct json_object *import_json(const struct fpr_trace_summary *summary,
                                const struct import_losses *losses);

/* What was not recorded at all, what that costs (docs/accuracy.md), and what the recording is good
 * for. */
void import_lacks(const struct fpr_recording *rec, const struct fpr_trace_summary *summary,
                  const struct import_losses *losses, FILE *to);
void import_lacks_json(const struct fpr_recording *rec, const struct fpr_trace_summary *summary,
                       const struct import_losses *losses, struct json_object *json);

/* Is it a pipe or the like, which can be read once? */
bool import_is_stream(const char *path);

/* What import would say of a recording, without writing it. */
struct import_verdict {
    const char *good_for; /* its word: nothing, shape, memory, part, everything */
    char *text; /* what it lacks and what it is good for, as import prints it; to be freed */
};
/* Reads the whole trace. `stop` not 0 ends that with -EINTR. Returns 0, or why it cannot be read
 * (a pipe, which can be read once: -ESPIPE); the verdict is untouched then. */
int import_judge(const char *path, const struct fpr_trace_options *options,
                 const volatile int *stop, struct import_verdict *verdict);
/* The verdict's word. */
const char *import_good_for(const struct fpr_recording *rec,
                            const struct fpr_trace_summary *summary,
                            const struct import_losses *losses);

#endif
