/* The library's side, shared between its files. */
#ifndef TESTS_SIDE_LIBRARY_H
#define TESTS_SIDE_LIBRARY_H

#include "support/script_side.h"

struct library {
    struct fpr_machine *machine;
    struct fpr_zone *zone[SCRIPT_ZONES];
    struct fpr_clock *clock;
    struct fpr_reporter *reporter;
    struct fpr_device device;
    uint64_t bits[SCRIPT_ZONES];
};

static inline struct library *lib(struct side *s)
{
    return s->impl;
}

int side_library_copy(struct side *s);
bool side_library_nth_pcp(struct side *s, size_t zone, uint64_t n, struct fpr_sg *block);
bool side_library_nth_free(struct side *s, size_t zone, unsigned order, uint64_t n, fpr_pfn *pfn);
int side_library_page(struct side *s, size_t zone, fpr_pfn pfn, char *text, size_t size);
uint64_t side_library_hash(struct side *s);
void side_library_counters(struct side *s, char *text, size_t size);
bool side_library_valid(struct side *s, char *why, size_t size);
void side_library_dump(struct side *s, FILE *out);

#endif
