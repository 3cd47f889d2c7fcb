/* Trace events: one predictable branch each when nobody listens. */
#ifndef MM_EMIT_H
#define MM_EMIT_H

#include "base/check.h"
#include "mm/zone.h"

static inline bool emit_wanted(const struct fpr_zone *z)
{
    return fpr_unlikely(z->sink.event != NULL);
}

static inline void emit_block(const struct fpr_zone *z, enum fpr_event_type type, uint32_t i,
                              unsigned order, int mt)
{
    if (emit_wanted(z)) {
        const struct fpr_event e = {
            .type = type, .pfn = zone_pfn(z, i), .order = order, .migratetype = mt};
        z->sink.event(z->sink.ctx, &e);
    }
}

#endif
