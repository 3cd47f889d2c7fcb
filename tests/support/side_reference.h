/* The reference model's side, shared between its files. */
#ifndef TESTS_SIDE_REFERENCE_H
#define TESTS_SIDE_REFERENCE_H

#include "support/ref.h"
#include "support/script_side.h"

struct reference {
    struct ref_zone *zone[SCRIPT_ZONES];
    size_t n;
    struct ref_reporter reporter;
    uint64_t bits[SCRIPT_ZONES];
    bool in_pass;
    int err; /* of the last pass */
};

static inline struct reference *ref(struct side *s)
{
    return s->impl;
}

bool side_reference_nth_pcp(struct side *s, size_t zone, uint64_t n, struct fpr_sg *block);
bool side_reference_nth_free(struct side *s, size_t zone, unsigned order, uint64_t n, fpr_pfn *pfn);
int side_reference_page(struct side *s, size_t zone, fpr_pfn pfn, char *text, size_t size);
uint64_t side_reference_hash(struct side *s);
void side_reference_counters(struct side *s, char *text, size_t size);
bool side_reference_valid(struct side *s, char *why, size_t size);
void side_reference_dump(struct side *s, FILE *out);

struct ref_zone *side_reference_zone(struct side *s, fpr_pfn pfn);
int side_reference_bulk_page(struct side *s, size_t zone, int mt, unsigned cpu, fpr_pfn *pfn);
int side_reference_locked_alloc(struct side *s, unsigned order, fpr_gfp gfp, unsigned cpu,
                                fpr_pfn *pfn);
int side_reference_free_as(struct side *s, fpr_pfn pfn, unsigned order, int mt, unsigned cpu,
                           bool locked);
int side_reference_take(struct side *s, fpr_pfn pfn, unsigned order);
int side_reference_pcp_take(struct side *s, fpr_pfn pfn, unsigned order);
int side_reference_pcp_push(struct side *s, fpr_pfn pfn, unsigned order, unsigned cpu);
int side_reference_regroup(struct side *s, fpr_pfn pfn, unsigned order);
int side_reference_reported(struct side *s, fpr_pfn pfn, unsigned order, bool on);
int side_reference_threshold(struct side *s, size_t zone, unsigned pages);
int side_reference_fold(struct side *s, size_t zone);
int side_reference_capture(struct side *s, size_t zone, unsigned order);
int side_reference_capture_pause(struct side *s, size_t zone, bool on);
int side_reference_capture_end(struct side *s, size_t zone, fpr_pfn *pfn);

#endif
