#include "replay/task.h"

#include <stdlib.h>

struct task *fpr_task_get(struct task_table *table, uint32_t pid)
{
    uint32_t *bucket = &table->buckets[pid % TASK_BUCKETS];
    for (uint32_t i = *bucket; i; i = table->tasks[i - 1].next)
        if (table->tasks[i - 1].pid == pid)
            return &table->tasks[i - 1];
    if (table->nr == table->room) {
        uint32_t room = table->room ? table->room * 2 : 64;
        struct task *p = realloc(table->tasks, room * sizeof(*p));
        if (!p)
            return NULL;
        table->tasks = p;
        table->room = room;
    }
    struct task *t = &table->tasks[table->nr++];
    *t = (struct task){
        .pid = pid, .got = NONE32, .compacting = NONE32, .compacted = NONE32, .next = *bucket};
    *bucket = table->nr;
    return t;
}

void fpr_task_table_free(struct task_table *table)
{
    free(table->tasks);
    *table = (struct task_table){0};
}
