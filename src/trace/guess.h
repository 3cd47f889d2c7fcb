/* Guessing the next record's page, so that a native file need only say which guess was right.
 *
 * Writer and reader feed the same records to the same model, so both make the same guesses. The
 * model is a rough copy of what the kernel does with pages: per-cpu lists (taken at the head,
 * refilled and drained at the tail), frees in the order of the allocations, requests that name the
 * page which just left the lists. A wrong guess costs bytes, never correctness. */
#ifndef TRACE_GUESS_H
#define TRACE_GUESS_H

#include <fpr/trace.h>

/* No guess was right. */
#define FPR_GUESS_NONE 255u

struct fpr_guess;

struct fpr_guess *fpr_guess_create(void);
void fpr_guess_destroy(struct fpr_guess *g);
/* Number of guesses that exist for a kind of record. */
unsigned fpr_guess_count(enum fpr_trace_type type);
/* Guess number `i` for a record of which all but pfn is known. */
fpr_pfn fpr_guess_page(const struct fpr_guess *g, const struct fpr_trace_record *r, unsigned i);
/* The number of the right guess for r->pfn, or FPR_GUESS_NONE. */
unsigned fpr_guess_find(const struct fpr_guess *g, const struct fpr_trace_record *r);
/* From where a page that no guess hit is counted. */
fpr_pfn fpr_guess_base(const struct fpr_guess *g, const struct fpr_trace_record *r);
/* Takes note of a complete record. */
void fpr_guess_learn(struct fpr_guess *g, const struct fpr_trace_record *r);
/* Entry i of nr of the report that is probably next: what was isolated, last first. */
struct fpr_sg fpr_guess_entry(const struct fpr_guess *g, unsigned i);

#endif
