/* Recordings that are made on the spot: "gen:memhog,mib=512,seed=3". */
#ifndef BENCH_GEN_SOURCE_H
#define BENCH_GEN_SOURCE_H

#include <fpr/replay.h>

#include "gen/gen.h"

bool gen_is_source(const char *path);
/* Ends the program if its words are wrong. */
void gen_source_check(const char *path);
/* fpr_prepare() that also takes such a name. Ends the program if that cannot be made. */
int bench_prepare(const char *path, const struct fpr_trace_options *options,
                  struct fpr_prepared **prepared, struct fpr_trace_error *error);
/* An error about the nameless file is one about the source. */
void gen_source_name_error(const char *name, const char *path, struct fpr_trace_error *error);
/* How many events the kernel lost: the trace and ringbuf.stats are two counts of the same. */
uint64_t bench_lost(const struct fpr_prepared *prepared);
/* Makes the recording of such a name as an open file without one. Ends the program if it cannot. */
int gen_source_open(const char *source);

#endif
