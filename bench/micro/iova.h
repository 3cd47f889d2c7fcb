/* The IOVA map's micro benchmarks; micro_iova_case is declared in micro.h. */
#ifndef BENCH_MICRO_IOVA_H
#define BENCH_MICRO_IOVA_H

#include "micro/micro.h"

/* rw64 rw4k rw64k map, for the mappings asked for. Returns 0 or a negative errno. */
int micro_iova(struct micro_run *run);

#endif
