/* What the files of the simulated host share. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <fpr/host.h>

struct fpr_host {
    struct fpr_host_config config;
    const struct fpr_mem_ops *mem;
    unsigned unit_order; /* log2 of the guest pages of a unit */
    uint64_t unit_pages; /* the same as a number */
    uint64_t units;
    uint64_t *resident;      /* bit a page: the host holds it */
    uint64_t *dropped;       /* bit a page: reported, dropped, not back since */
    uint64_t *given;         /* bit a page: reported but still held; NULL if the mode has no such */
    uint64_t *split;         /* bit a unit: mapped page by page */
    uint32_t *count;         /* resident pages of each unit */
    uint64_t resident_total; /* pages */
    uint64_t huge_total;     /* pages in units that are whole and not split */
    uint64_t given_total;    /* pages */
    struct fpr_range *memory; /* ranges that load_start() was told of; NULL: all pages */
    size_t nr_memory;
    struct fpr_host_stats stats;
};

/* A range of pages inside one unit. */
struct fpr_host_part {
    uint64_t unit;
    fpr_pfn pfn;
    uint64_t pages;
};

bool fpr_host_in_memory(const struct fpr_host *host, fpr_pfn pfn, uint64_t pages);
/* The first unit's share of a range that is not empty. */
struct fpr_host_part fpr_host_first_part(const struct fpr_host *host, fpr_pfn pfn, uint64_t pages);
fpr_pfn fpr_host_unit_start(const struct fpr_host *host, uint64_t unit);
uint64_t fpr_host_unit_pages(const struct fpr_host *host, uint64_t unit);
/* Makes pages of one unit resident, whatever brought them; returns how many were absent. */
uint64_t fpr_host_fill(struct fpr_host *host, struct fpr_host_part part);
/* Forgets pages of one unit as a report does, in whatever way the mode says; no counters. */
uint64_t fpr_host_discard(struct fpr_host *host, struct fpr_host_part part);
/* Whether a reported block is left alone because of its alignment. */
bool fpr_host_skips(const struct fpr_host *host, fpr_pfn pfn, uint64_t pages);

#endif
