/* The buddy allocator of the textbooks, to measure against: free lists of blocks by order, last in
 * first out as in the kernel, split and merge, 16 bytes a frame. No migratetypes, per-cpu lists,
 * watermarks or counters, and no check of what the caller gives back. */
#ifndef TESTS_TEXTBOOK_H
#define TESTS_TEXTBOOK_H

#include <stdint.h>

#define TEXTBOOK_ORDERS 11 /* 0..10 */

struct textbook;

/* A zone of `frames` frames (below 2^32 - 16), all free. NULL if there is no memory. */
struct textbook *textbook_create(uint64_t frames);

/* First frame of a block of 2^order frames, or -1. */
int64_t textbook_alloc(struct textbook *t, unsigned order);

/* Gives a block back. */
void textbook_free(struct textbook *t, uint64_t frame, unsigned order);

/* Frames that are free. O(blocks); for tests. */
uint64_t textbook_nr_free(const struct textbook *t);

void textbook_destroy(struct textbook *t);

#endif
