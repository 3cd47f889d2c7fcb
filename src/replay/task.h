/* What a task was last seen doing, by pid, for tying trace lines together. */
#ifndef FPR_REPLAY_TASK_H
#define FPR_REPLAY_TASK_H

#include "replay/op.h"

struct task {
    uint32_t pid;
    uint32_t got;         /* newest `got` without its mm_page_alloc (chained by op.aux) */
    uint32_t locked;      /* requests that found the per-cpu lists locked, not yet told */
    uint32_t locked_late; /* the same, counted for the mm_page_alloc lines */
    uint32_t compacting;  /* its running compaction's op */
    uint32_t compacted;   /* an async compaction of it that ended and may have captured */
    uint32_t next;        /* in its hash chain */
};

#define TASK_BUCKETS 1024

struct task_table {
    struct task *tasks;
    uint32_t nr, room;
    uint32_t buckets[TASK_BUCKETS]; /* index + 1, 0: empty */
};

/* The task with this pid, new if need be; NULL if memory is short. Valid until the next call. */
struct task *fpr_task_get(struct task_table *table, uint32_t pid);
void fpr_task_table_free(struct task_table *table);

#endif
