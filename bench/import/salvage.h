/* A recording that was cut short or damaged: what of it is whole. */
#ifndef BENCH_IMPORT_SALVAGE_H
#define BENCH_IMPORT_SALVAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <fpr/trace.h>

/* Where a trace breaks off. */
struct import_cut {
    bool cut;
    uint64_t records; /* before that; UINT64_MAX: all */
};

/* Reads the trace once; one line on stderr if it breaks off. Returns 0, or why nothing of it can be
 * kept, with words. */
int import_find_cut(const struct fpr_recording *rec, struct import_cut *cut,
                    struct fpr_trace_error *error);

/* A folder that stands for a recording (a folder, or a native file): links to its files but those
 * that cannot be read; texts without their bad lines. One line on stderr for each loss. NULL if it
 * is a bare trace. Ends the program if the folder cannot be made. */
char *import_stage(const char *path);
/* Takes out what was recorded at the end, after a cut. */
void import_stage_drop_end(const char *stage);
void import_stage_remove(char *stage);

#endif
