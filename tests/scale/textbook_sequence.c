/* The sequences of the micro benchmarks compiled once more, with the textbook's allocator where the
 * zone was: neither side then pays for a call through a pointer. */
#include <fpr/zone.h>

#include "support/textbook.h"

static inline int ask_textbook(struct fpr_zone *zone, unsigned order, fpr_pfn *pfn)
{
    int64_t frame = textbook_alloc((struct textbook *)zone, order);
    if (frame < 0)
        return -1;
    *pfn = (fpr_pfn)frame;
    return 0;
}

#define fpr_zone_alloc(zone, order, gfp, cpu, pfn) ask_textbook(zone, order, pfn)
#define fpr_zone_free(zone, pfn, order, cpu)       textbook_free((struct textbook *)(zone), pfn, order)
#define sequence_init                              textbook_sequence_init
#define sequence_free                              textbook_sequence_free
#define sequence_run                               textbook_sequence_run
#define sequence_warm_up                           textbook_sequence_warm_up
#define counted_mem_init                           textbook_counted_mem_init
#define micro_zone                                 textbook_micro_zone
#define micro_moves                                textbook_micro_moves
#include "micro/sequence.c" // NOLINT(bugprone-suspicious-include)
