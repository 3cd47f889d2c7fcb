/* State of the first reading of a trace. */
#ifndef FPR_REPLAY_PREPARE_H
#define FPR_REPLAY_PREPARE_H

#include "replay/note.h"
#include "replay/op.h"
#include "replay/task.h"

struct prep {
    struct fpr_prepared *p;
    struct note_table notes;
    struct task_table tasks;
    uint32_t *id_pfn; /* recorded frame of each allocation number */
    size_t ids_room;
    bool in_pass, made_pass; /* made_pass: no `process` line, begun at a report */
    uint32_t pass_pid;
    fpr_ns last_return; /* of the device, in a made pass */
    uint32_t bulk_total, bulk_left, bulk_gfp;
    const char *field, *reason; /* of what is wrong with a record */
};

/* Takes one record of the replayed span. 0, -ENOMEM, -EINVAL (field and reason are set). */
int fpr_prep_record(struct prep *prep, const struct fpr_trace_record *rec);
/* Is the record one that can be replayed? 0, -EINVAL as fpr_prep_record(). */
int fpr_prep_check(struct prep *prep, const struct fpr_trace_record *rec);
/* Forgets everything read so far: the span starts here. */
void fpr_prep_restart(struct prep *prep);
void fpr_prep_free(struct prep *prep);

/* Shared by the files that make operations. NULL or NONE32 if memory is short. */
struct op *fpr_prep_op(struct prep *prep, const struct fpr_trace_record *rec, enum op_kind kind);
uint32_t fpr_prep_new_id(struct prep *prep, uint32_t pfn, unsigned order);
int fpr_prep_report(struct prep *prep, const struct fpr_trace_record *rec);
int fpr_prep_pass_begin(struct prep *prep, const struct fpr_trace_record *rec);
int fpr_prep_pass_end(struct prep *prep, const struct fpr_trace_record *rec);
/* Ends a pass that was begun at a bare report, if that is long enough ago. */
int fpr_prep_end_made_pass(struct prep *prep, fpr_ns now);
/* Report calls known from reports.txt alone become passes among the operations. */
int fpr_prep_merge_reports(struct prep *prep);

/* Makes room for one more element. */
bool fpr_prep_room(void **array, size_t *room, size_t used, size_t size);

#endif
