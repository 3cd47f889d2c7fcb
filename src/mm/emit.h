/* Trace events: one predictable branch each when nobody listens. */
#ifndef MM_EMIT_H
#define MM_EMIT_H

#include "base/check.h"
#include "mm/zone.h"

static inline bool emit_wanted(const struct fpr_zone *z)
{
    return fpr_unlikely(z->sink.event != NULL);
}

static inline void emit(const struct fpr_zone *zone, const struct fpr_event *e)
{
    struct fpr_zone *z =
        (struct fpr_zone *)(uintptr_t)zone; /* nothing that could be seen changes */
    zone_call_begin(z);
    z->sink.event(z->sink.ctx, e);
    zone_call_end(z);
}

static inline void emit_block(const struct fpr_zone *z, enum fpr_event_type type, uint32_t i,
                              unsigned order, int mt)
{
    if (emit_wanted(z)) {
        const struct fpr_event e = {
            .type = type, .pfn = zone_pfn(z, i), .order = order, .migratetype = mt};
        emit(z, &e);
    }
}

#endif
