/* From a job to its files. */
#ifndef BENCH_GEN_MAKE_H
#define BENCH_GEN_MAKE_H

#include "gen/gen.h"

/* The names of the files, one a guest: FILE.fprt, or FILE-1.fprt and so on. */
char **gen_paths(const struct gen_job *job);
/* Makes all of them, or none: ends the program if it cannot, or was told to stop. */
struct gen_outcome *gen_make(const struct gen_job *job, char *const *paths);
void gen_made_free(const struct gen_job *job, char **paths, struct gen_outcome *outcomes);

#endif
